# SPDX-License-Identifier: MIT
# How cost grows. In: results, a directory with targets.dat, captures.dat and
# filter.dat, whose heads say what their columns are. Out: SVG.
set terminal svg size 960,300 background "white" font "sans-serif,12"
set multiplot layout 1,3
set logscale x
set yrange [*<0:*]
set grid lc rgb "#dddddd"
set style data linespoints
set style line 1 lc rgb "#1f5fa8" lw 2 pt 7 ps 0.6
set style line 2 lc rgb "#c0571f" lw 2 pt 5 ps 0.6
unset key

set title "client: ns of CPU per packet"
set xlabel "targets"
plot results."/targets.dat" ls 1

set title "captured host: ns of CPU per packet"
set xlabel "captures at once"
set key top left
plot results."/captures.dat" using 1:($1*$2) ls 1 title "all workers", \
	"" using 1:3 ls 2 title "kernel"
unset key

set title "captured host: ns of the kernel per packet"
set xlabel "terms of a filter, none of which matches"
plot results."/filter.dat" ls 1
