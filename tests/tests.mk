# SPDX-License-Identifier: MIT
# The rules of tests, fuzzers, benchmarks and lint; the Makefile includes them.
# make check-unit  unit tests and fuzz corpora, in a minute; TEST=merge runs one
# make check       all of these, and the system tests
# CONTRIBUTING.md describes each target.

unit_tests = $(patsubst %.c,$(build)/%,$(wildcard tests/unit/test_*.c))
fuzz_targets = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
test_tools = $(patsubst %.c,$(build)/%,$(wildcard tests/tools/*.c))

# Archives, so that a test links only the modules that it uses: all modules of the
# programs but the two mains, and what tests share.
$(build)/libddump.a: $(shared_objects) \
		$(filter-out %/worker/main.o,$(worker_objects)) \
		$(filter-out %/client/main.o,$(client_objects))
	@rm -f $@
	$(call quiet,AR)$(AR) rc $@ $^

$(build)/libtests.a: $(call objects,tests/lib/*.c)
	@rm -f $@
	$(call quiet,AR)$(AR) rc $@ $^

libraries = $(build)/libtests.a $(build)/libddump.a

# Package builds optimize across modules. To link each test in that way would take minutes.
no_lto = $(if $(findstring -ffat-lto-objects,$(CFLAGS)),-fno-lto)

$(build)/tests/unit/test_%: $(build)/tests/unit/test_%.o $(libraries)
	$(call quiet,LD)$(CC) $(all_cflags) $(all_ldflags) $(no_lto) -o $@ $^ \
		$(WORKER_LIBS) $(CLIENT_LIBS) -lcmocka

$(build)/tests/tools/%: $(build)/tests/tools/%.o $(libraries)
	$(call quiet,LD)$(CC) $(all_cflags) $(all_ldflags) $(no_lto) -o $@ $^ \
		$(WORKER_LIBS) $(CLIENT_LIBS)

# make check replays the corpora without a fuzzer
$(build)/tests/fuzz/replay_%: $(build)/tests/fuzz/fuzz_%.o \
		$(build)/tests/fuzz/replay.o $(libraries)
	$(call quiet,LD)$(CC) $(all_cflags) $(all_ldflags) $(no_lto) -o $@ $^ \
		$(WORKER_LIBS) $(CLIENT_LIBS)

replays = $(fuzz_targets:fuzz_%=$(build)/tests/fuzz/replay_%)

# libraries between a program under test and its clock, or the system
preloads = $(patsubst %.c,$(build)/%.so,$(wildcard tests/preload/*.c))
$(build)/tests/preload/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) -D_GNU_SOURCE -fPIC -shared $(CFLAGS) -o $@ $<

places = BIN="$(patsubst %/.,%,$(CURDIR)/$(bin:%/=%))" \
	BUILD="$(CURDIR)/$(build)"

# What sudo has built belongs to the owner of the checkout.
give_back = $(if $(SUDO_UID),@find . \( -path ./build/fleet -o \
	-path ./build/suite \) -prune -o \
	-user root -exec chown -h --reference=Makefile {} +)

# PARTS="unit fuzz" runs less
check: all $(unit_tests) $(test_tools) $(preloads) $(replays)
	$(give_back)
	$(places) tests/run $(PARTS)

# The parts that need neither root nor a network: package builds run them.
# TEST=merge runs tests/unit/test_merge.c alone.
one_test = $(TEST:test_%=%)
check-unit: $(if $(TEST),$(build)/tests/unit/test_$(one_test),unit-tests fuzz-replays)
	$(places) TEST=$(one_test) tests/run $(if $(TEST),unit,unit fuzz)

# the system tests, or PARTS, as root; a skipped test fails
check-root: all $(test_tools) $(preloads)
	CI=true $(places) tests/run $(or $(PARTS),system)

# every byte at every position of a request; make check sends every seventh
HOSTILE_SHARE ?= 1
check-hostile: all $(test_tools)
	HOSTILE_SHARE=$(HOSTILE_SHARE) CI=true $(places) tests/run tests/system/worker_hostile.bats

# random requests; make check sends a few thousand
ROUNDS ?= 150000
check-differential: all $(test_tools)
	ROUNDS=$(ROUNDS) CI=true $(places) tests/run \
		tests/system/differential.bats

# random packets for captures without payload: by the program, the encoder, and a
# worker; make check takes fewer
PACKETS ?= 1000000
check-payload: all $(build)/tests/unit/test_payload_limit $(test_tools)
	DDUMP_PACKETS=$(PACKETS) TEST=payload_limit $(places) tests/run unit
	PACKETS=$(PACKETS) CI=true $(places) tests/run tests/system/worker_payload.bats

# simulated networks whose truth is known, for -paths: no packet is reported as lost that
# was not; make check takes fewer
PATH_WORLDS ?= 1000
check-paths: $(build)/tests/unit/test_path_worlds
	PATH_WORLDS=$(PATH_WORLDS) TEST=path_worlds $(places) tests/run unit

# the checks of Debian's and Fedora's maintainers
check-packages: packages
	$(places) tests/run tests/packages

# containers with real systemd, which install the packages; the first run makes
# their root file system by debootstrap, as root
check-fleet: all $(test_tools)
	$(places) tests/fleet/run

# on another Debian release, such as SUITE=trixie, from a bare system on, as root;
# STEPS runs less: "werror lint unit root user packages fleet"
check-suite: all $(test_tools)
	$(places) tests/suite/run

# cross-compiled, and run by qemu-user; the default is big-endian
ARCH ?= s390x
check-foreign: $(test_tools)
	$(places) tests/foreign/run $(ARCH)

# today's programs against those of 0.1.0, as root
check-compat: all $(test_tools) $(preloads)
	$(give_back)
	$(places) tests/compat/run $(PARTS)

# each call that can fail fails once; a disk is full at each size; either side
# is killed, KILLS times. CASES="kill disk" runs less, and so does FAULTS=places
KILLS ?= 500
check-faults: all $(test_tools) $(preloads)
	KILLS=$(KILLS) $(places) tests/faults/run $(CASES)

# Only OpenSSL leaves memory that is still reachable at the end. The test of the
# filter of system calls is left out, because valgrind would have to obey it.
valgrind_tests = $(filter-out %/test_syscall_filter,$(unit_tests))
check-valgrind: $(unit_tests)
	@printf '%s\n' $(valgrind_tests) | PATH_WORLDS=3 xargs -P "$$(nproc)" -I % sh -c \
		'valgrind -q --error-exitcode=1 --leak-check=full \
			--errors-for-leak-kinds=definite,indirect,possible \
			% >%.valgrind 2>&1 && echo "ok - % under valgrind" || \
			{ cat %.valgrind; echo "not ok - % under valgrind"; exit 1; }'

# in full what CI runs in small parts because it takes too long
check-long:
	.ci/run long

# Each fuzz target runs for FUZZ_SECONDS; its findings stay in build/fuzz.
# OSS-Fuzz has an engine and a linker of its own.
FUZZ_SECONDS ?= 600
FUZZ_ENGINE ?= -fsanitize=fuzzer
FUZZ_LINKER ?= $(CC)
FUZZ_LINKER_FLAGS ?= $(all_cflags)
$(build)/fuzz_%: $(build)/tests/fuzz/fuzz_%.o $(libraries)
	$(call quiet,LD)$(FUZZ_LINKER) $(FUZZ_LINKER_FLAGS) $(all_ldflags) \
		-o $@ $^ $(FUZZ_ENGINE) $(WORKER_LIBS) $(CLIENT_LIBS)

fuzz-programs: $(fuzz_targets:%=$(build)/%)

fuzz:
	$(MAKE) build=build/fuzz CC=$(CLANG) CFLAGS="-O1 -g" \
		SANITIZE=fuzzer-no-link,address,undefined fuzz-programs
	set -e; for target in $(fuzz_targets); do \
		seeds=tests/fuzz/corpus/$$target; \
		[ $$target != fuzz_reader ] || \
			seeds="$$seeds tests/data/pcapng"; \
		mkdir -p build/fuzz/corpus/$$target; \
		build/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) \
			$$(find tests/fuzz/dictionaries -name $$target.dict \
				-printf -dict=%p) \
			-timeout=10 -print_final_stats=1 -verbosity=0 \
			-artifact_prefix=build/fuzz/$$target- \
			build/fuzz/corpus/$$target $$seeds; done

# The same targets as OSS-Fuzz builds them.
oss-fuzz:
	BUILD="$(CURDIR)/$(build)" FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/oss-fuzz/try

# The lines of the parsers that their corpora reach, with the files that fuzzing
# has added.
fuzz-coverage:
	$(MAKE) build=build/coverage CFLAGS="-O0 -g --coverage" fuzz-replays
	BUILD=build/coverage tests/fuzz/coverage

unit-tests: $(unit_tests)

fuzz-replays: $(replays)

# Tests that pass although the code is wrong: tests/mutate/run
mutate:
	BUILD="$(CURDIR)/$(build)" MUTANTS="$(MUTANTS)" SEED="$(SEED)" FILES="$(FILES)" \
		tests/mutate/run

# Captures come and go, targets die and return: memory and descriptors must not grow.
SOAK_SECONDS ?= 1800
soak: all $(test_tools)
	$(places) SOAK_SECONDS=$(SOAK_SECONDS) tests/soak/run

# Output files are rotated under load: no packet is lost or written twice.
ROTATION_SECONDS ?= 7200
soak-rotation: all $(test_tools)
	$(places) ROTATION_SECONDS=$(ROTATION_SECONDS) tests/soak/rotation

# PARTS="merge live" runs less; SMOKE=1 measures briefly and writes no results
bench: all $(test_tools)
	$(places) SMOKE=$(SMOKE) tests/bench/run $(PARTS)

# instructions per packet, beside those of another revision: BASE, by default the last commit
bench-instructions: $(addprefix $(build)/tests/tools/,capture_files merge_core path_core stream_core)
	$(places) SMOKE=$(SMOKE) BASE=$(BASE) CFLAGS="$(CFLAGS)" tests/bench/instructions

sources = $(wildcard src/*/*.[ch] tests/*/*.[ch])
scripts = .ci/run $(wildcard src/completions/*.bash tests/run tests/deps \
	tests/stages.bash \
	tests/soak/rotation tests/foreign/root tests/verify-includes tests/verify-units tests/packages/build debian/tests/capture \
	debian/*.prerm tests/*/*.bash tests/*/*.bats tests/*/run tests/fuzz/coverage \
	tests/fuzz/oss-fuzz/build.sh tests/fuzz/oss-fuzz/try) \
	$(filter-out %.md %.svg %.gnuplot %/run %.bash,$(wildcard tests/bench/*))

# runs a command for each source on all processors; % is the source
each_source = printf '%s\n' $(wildcard src/*/*.c) | xargs -P "$$(nproc)" -I %

# Variables are declared at the top of a function, so cppcheck's variableScope is
# off. gcc reports a leak for what is stored in a caller's array or in a tree of
# tsearch(3), or put by dup2(2) at descriptors 0 to 2; clang-tidy, which contains
# clang's analyzer, and the tests under sanitizers find leaks without that. Of
# cppcheck's other findings: libcurl's types decide the parameters of a callback,
# unit tests call functions that only one file uses, and its own limits are not
# findings. Other exceptions are explained where they are.
lint:
	$(CLANG_FORMAT) --dry-run -Werror $(sources)
	$(CPPCHECK) --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=all --suppress=missingIncludeSystem \
		--suppress=variableScope --suppress=unmatchedSuppression \
		--suppress=constParameterCallback --suppress=staticFunction \
		--suppress=checkersReport \
		--suppress=normalCheckLevelMaxBranches -Isrc \
		-D_GNU_SOURCE -DDDUMP_VERSION='""' src
	$(each_source) $(GCC) $(all_cppflags) -std=gnu17 -O2 -fanalyzer -Werror \
		-Wno-analyzer-malloc-leak -Wno-analyzer-fd-leak -S -o /dev/null %
	$(each_source) $(CLANG_TIDY) --quiet % -- $(all_cppflags) -std=gnu17
	shellcheck -x $(scripts)
# which other pages are installed depends on the machine
	! mandoc -Tlint -W base,all man/*.[158] 2>&1 | \
		grep -v 'mandoc.db lacks\|referenced manual not found'
	! grep -L 'SPDX-License-Identifier: MIT' Makefile tests/tests.mk $(sources) $(scripts) | grep .
	tests/verify-units '$(unknown_settings)'
	tests/verify-includes

format:
	$(CLANG_FORMAT) -i $(sources)

demo: all $(test_tools)
	$(give_back)
	$(places) tests/demo/run

.PHONY: check check-unit check-root check-hostile check-differential check-payload check-paths \
	check-packages check-fleet check-foreign check-suite check-compat \
	check-faults check-valgrind check-long fuzz fuzz-coverage fuzz-programs oss-fuzz mutate \
	unit-tests fuzz-replays soak soak-rotation bench bench-instructions lint format demo
