#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds each fuzz target into $OUT, with its seeds and its dictionary, the way
# OSS-Fuzz asks for: https://google.github.io/oss-fuzz/getting-started/new-project-guide/
# SRC, WORK, OUT, CC, CXX, CFLAGS, CXXFLAGS and LIB_FUZZING_ENGINE come from there, or
# from tests/fuzz/oss-fuzz/try.
set -euo pipefail
cd "$SRC/ddump"

# The targets run on a machine without these libraries, so they bring theirs.
make -j"$(nproc)" build="$WORK/ddump" FORTIFY='' HARDENING='' \
	HARDENING_LDFLAGS="-Wl,-rpath,'\$\$ORIGIN/lib'" \
	FUZZ_LINKER="$CXX" FUZZ_LINKER_FLAGS="$CXXFLAGS" FUZZ_ENGINE="$LIB_FUZZING_ENGINE" \
	fuzz-programs

mkdir -p "$OUT/lib"
for source in tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	cp "$WORK/ddump/$name" "$OUT/"
	seeds=("tests/fuzz/corpus/$name")
	[ "$name" != fuzz_reader ] || seeds+=(tests/data/pcapng)
	rm -f "$OUT/${name}_seed_corpus.zip"
	find "${seeds[@]}" -type f | zip -qj@ "$OUT/${name}_seed_corpus.zip"
	[ ! -e "tests/fuzz/dictionaries/$name.dict" ] ||
		cp "tests/fuzz/dictionaries/$name.dict" "$OUT/"
	ldd "$OUT/$name"
done | awk '$2 == "=>" && $3 ~ /^\// && $1 !~ /^lib(c|m|rt|dl|pthread|resolv)\.so/ { print $3 }' |
	sort -u | xargs -I % cp -L % "$OUT/lib/"
