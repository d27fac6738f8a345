# How cost grows. In: results, a directory with targets.dat, captures.dat and
# filter.dat, of two columns each. Out: SVG.
set terminal svg size 960,300 background "white" font "sans-serif,12"
set multiplot layout 1,3
set logscale x
set yrange [0:*]
set grid lc rgb "#dddddd"
set style data linespoints
set style line 1 lc rgb "#1f5fa8" lw 2 pt 7 ps 0.6
unset key

set title "client: ns of CPU per packet"
set xlabel "targets"
plot results."/targets.dat" ls 1

set title "worker: ns of CPU per packet"
set xlabel "captures at once on a host"
plot results."/captures.dat" ls 1

set title "worker's host: ns per packet"
set xlabel "terms of the filter"
plot results."/filter.dat" ls 1
