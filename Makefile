# make           ./ddump and ./ddump-worker
# make install   what is built to DESTDIR and PREFIX, an absolute path where
#                units may be; every directory below can be set
# make check     the tests of modules and programs; those that need root skip
#                without it
# make V=1       shows commands; SANITIZE=address,undefined builds with those
# README.md has the rest of the targets.

VERSION = 0.1.0

PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/ddump
EXAMPLESDIR ?= $(PREFIX)/share/doc/ddump-worker/examples
SYSTEMDUNITDIR ?= $(PREFIX)/lib/systemd/system
CATALOGDIR ?= $(PREFIX)/lib/systemd/catalog
# where Wireshark looks since version 4.6, and before: tshark -G folders
EXTCAPDIRS ?= $(PREFIX)/libexec/wireshark/extcap $(PREFIX)/lib/wireshark/extcap
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# on Debian vendor-completions instead of site-functions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions

CC ?= cc
CLANG ?= clang
GCC ?= gcc
INSTALL ?= install
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy
CPPCHECK ?= cppcheck

# The caller's flags come last. HARDENING and HARDENING_LDFLAGS go together.
CFLAGS ?= -O2 -g
FORTIFY ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDENING ?= -fstack-protector-strong -fPIE
HARDENING_LDFLAGS ?= -pie -Wl,-z,relro -Wl,-z,now
WARNINGS ?= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wvla -Wformat=2 \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings

PACKAGES = libpcap libsystemd libcurl openssl
PACKAGE_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
WORKER_LIBS ?= $(shell $(PKG_CONFIG) --libs libpcap libsystemd)
CLIENT_LIBS ?= $(shell $(PKG_CONFIG) --libs libcurl openssl)

# With SANITIZE all of it, the programs included, stays in a folder of its own.
ifdef SANITIZE
comma = ,
build = build/sanitize-$(subst $(comma),-,$(SANITIZE))
bin = $(build)/
FORTIFY =
HARDENING =
HARDENING_LDFLAGS =
sanitize = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
else
build = build
bin = ./
endif

all_cppflags = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DDDUMP_VERSION='"$(VERSION)"' -Isrc $(FORTIFY) \
	$(PACKAGE_CFLAGS) $(CPPFLAGS)
all_cflags = -std=gnu17 $(WARNINGS) $(HARDENING) $(sanitize) $(CFLAGS)
all_ldflags = $(HARDENING_LDFLAGS) -Wl,--as-needed $(sanitize) $(LDFLAGS)

objects = $(patsubst %.c,$(build)/%.o,$(sort $(wildcard $(1))))
shared_objects = $(call objects,src/common/*.c src/format/*.c)
worker_objects = $(call objects,src/worker/*.c)
client_objects = $(call objects,src/client/*.c)
unit_tests = $(patsubst %.c,$(build)/%,$(wildcard tests/unit/test_*.c))
fuzz_targets = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
test_tools = $(patsubst %.c,$(build)/%,$(wildcard tests/tools/*.c))

ifneq ($(V),1)
quiet = @printf '  %-7s %s\n' $(1) $@;
endif

all: $(bin)ddump $(bin)ddump-worker

# Changes when the compiler or a flag does, and then everything is built anew;
# but what is installed is what has been built.
$(build)/flags: $(if $(filter-out install,$(or $(MAKECMDGOALS),all)),FORCE)
	@mkdir -p $(@D)
	@echo '$(CC) $(subst ','"'"',$(all_cppflags)) $(all_cflags) $(all_ldflags)' \
		| cmp -s - $@ || \
	echo '$(CC) $(subst ','"'"',$(all_cppflags)) $(all_cflags) $(all_ldflags)' > $@

$(build)/%.o: %.c $(build)/flags
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) -MMD -MP $(all_cppflags) $(all_cflags) -c -o $@ $<

$(bin)ddump-worker: $(worker_objects) $(shared_objects)
	$(if $(WORKER_LIBS),,$(error $(PKG_CONFIG) does not know libpcap and libsystemd))
	$(call quiet,LD)$(CC) $(all_cflags) $(all_ldflags) -o $@ $^ $(WORKER_LIBS)

$(bin)ddump: $(client_objects) $(shared_objects)
	$(if $(CLIENT_LIBS),,$(error $(PKG_CONFIG) does not know libcurl and openssl))
	$(call quiet,LD)$(CC) $(all_cflags) $(all_ldflags) -o $@ $^ $(CLIENT_LIBS)

install: all
	$(if $(filter-out /%,$(PREFIX)),$(error PREFIX is to be an absolute path, without blanks))
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) \
		$(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man8 \
		$(DESTDIR)$(SYSTEMDUNITDIR) $(DESTDIR)$(CATALOGDIR) \
		$(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(FISHCOMPDIR) \
		$(DESTDIR)$(ZSHCOMPDIR) \
		$(DESTDIR)$(DOCDIR) $(addprefix $(DESTDIR),$(EXTCAPDIRS))
	$(INSTALL) -m 755 $(bin)ddump $(DESTDIR)$(BINDIR)/ddump
	set -e; for directory in $(EXTCAPDIRS); do \
		ln -srf $(DESTDIR)$(BINDIR)/ddump $(DESTDIR)$$directory/ddump; done
	$(INSTALL) -m 755 $(bin)ddump-worker $(DESTDIR)$(SBINDIR)/ddump-worker
	$(INSTALL) -m 644 man/ddump.1 $(DESTDIR)$(MANDIR)/man1/
	sed 's|/usr/share/doc/ddump-worker/examples|$(EXAMPLESDIR)|g' \
		man/ddump-worker.8 > $(DESTDIR)$(MANDIR)/man8/ddump-worker.8
	chmod 644 $(DESTDIR)$(MANDIR)/man8/ddump-worker.8
	set -e; for page in $(unit_pages); do \
		echo .so man8/ddump-worker.8 > $(DESTDIR)$(MANDIR)/man8/$$page; \
		chmod 644 $(DESTDIR)$(MANDIR)/man8/$$page; done
	$(INSTALL) -m 644 units/ddump-worker.socket $(DESTDIR)$(SYSTEMDUNITDIR)/
	sed 's|@SBINDIR@|$(SBINDIR)|g' units/ddump-worker@.service.in \
		> $(DESTDIR)$(SYSTEMDUNITDIR)/ddump-worker@.service
	chmod 644 $(DESTDIR)$(SYSTEMDUNITDIR)/ddump-worker@.service
	$(INSTALL) -m 644 units/ddump.catalog $(DESTDIR)$(CATALOGDIR)/
	set -e; for name in ddump ddump-worker; do \
		$(INSTALL) -m 644 src/completions/$$name.bash \
			$(DESTDIR)$(BASHCOMPDIR)/$$name; \
		$(INSTALL) -m 644 src/completions/$$name.fish \
			$(DESTDIR)$(FISHCOMPDIR)/$$name.fish; \
		$(INSTALL) -m 644 src/completions/$$name.zsh \
			$(DESTDIR)$(ZSHCOMPDIR)/_$$name; done
	$(INSTALL) -m 644 $(documents) $(DESTDIR)$(DOCDIR)/
	set -e; for file in $(examples); do \
		$(INSTALL) -D -m 644 units/examples/$$file \
			$(DESTDIR)$(EXAMPLESDIR)/$$file; done

# by their names as well
unit_pages = ddump-worker.socket.8 ddump-worker@.service.8
documents = README.md NEWS.md LICENSE
examples = $(patsubst units/examples/%,%,$(wildcard units/examples/*.conf \
	units/examples/*.cfg units/examples/Caddyfile units/examples/*.d/*))

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/ddump $(DESTDIR)$(SBINDIR)/ddump-worker \
		$(DESTDIR)$(MANDIR)/man1/ddump.1 \
		$(DESTDIR)$(MANDIR)/man8/ddump-worker.8 \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(unit_pages)) \
		$(DESTDIR)$(SYSTEMDUNITDIR)/ddump-worker.socket \
		$(DESTDIR)$(SYSTEMDUNITDIR)/ddump-worker@.service \
		$(DESTDIR)$(CATALOGDIR)/ddump.catalog \
		$(patsubst %,$(DESTDIR)%/ddump,$(EXTCAPDIRS)) \
		$(addprefix $(DESTDIR)$(BASHCOMPDIR)/,ddump ddump-worker) \
		$(addprefix $(DESTDIR)$(FISHCOMPDIR)/,ddump.fish ddump-worker.fish) \
		$(addprefix $(DESTDIR)$(ZSHCOMPDIR)/_,ddump ddump-worker) \
		$(addprefix $(DESTDIR)$(DOCDIR)/,$(documents)) \
		$(addprefix $(DESTDIR)$(EXAMPLESDIR)/,$(examples))
	-rmdir --ignore-fail-on-non-empty $(addprefix $(DESTDIR)$(EXAMPLESDIR)/,\
			$(sort $(filter-out ./,$(dir $(examples))))) \
		$(DESTDIR)$(EXAMPLESDIR) $(DESTDIR)$(dir $(EXAMPLESDIR)) \
		$(DESTDIR)$(DOCDIR)

# The tracked files as they are, in the time of the last commit: the same bytes
# wherever it is made.
tarball = ddump-$(VERSION).tar.gz
dist: $(tarball)
$(tarball): FORCE
	@mkdir -p build
	@git ls-files -z > build/tracked && test -s build/tracked || \
		{ echo "make dist takes a git checkout of ddump" >&2; exit 1; }
	$(call quiet,TAR)tar --null --files-from=build/tracked --format=ustar \
		--owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX \
		--mtime="@$$(git log -1 --format=%ct)" \
		--transform='s,^,ddump-$(VERSION)/,' -I 'gzip -9n' -cf $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# The Debian packages, from that alone; and later ones, to test upgrades.
packages: build/packages/built
build/packages/built: $(tarball)
	rm -rf $(@D)
	tests/packages/build $< $(@D)
	@touch $@

build/packages/next/built: build/packages/built
	rm -rf $(@D)
	DEB_BUILD_OPTIONS="$$DEB_BUILD_OPTIONS nocheck" \
		tests/packages/build $(tarball) $(@D) +next
	@touch $@

# Tests. Archives, so that a test links just the modules that it asks for:
# all but the two mains.
$(build)/libddump.a: $(shared_objects) \
		$(filter-out %/worker/worker.o,$(worker_objects)) \
		$(filter-out %/client/ddump.o,$(client_objects))
	@rm -f $@
	$(call quiet,AR)$(AR) rc $@ $^

$(build)/tests/unit/test_%: $(build)/tests/unit/test_%.o $(build)/libddump.a
	$(call quiet,LD)$(CC) $(all_cflags) $(all_ldflags) -o $@ $^ \
		$(WORKER_LIBS) $(CLIENT_LIBS) -lcmocka

$(build)/tests/tools/%: $(build)/tests/tools/%.o $(build)/libddump.a
	$(call quiet,LD)$(CC) $(all_cflags) $(all_ldflags) -o $@ $^ \
		$(WORKER_LIBS) $(CLIENT_LIBS)

# make check replays the corpora without a fuzzer
$(build)/tests/fuzz/replay_%: $(build)/tests/fuzz/fuzz_%.o \
		$(build)/tests/fuzz/replay.o $(build)/libddump.a
	$(call quiet,LD)$(CC) $(all_cflags) $(all_ldflags) -o $@ $^ \
		$(WORKER_LIBS) $(CLIENT_LIBS)

replays = $(fuzz_targets:fuzz_%=$(build)/tests/fuzz/replay_%)

# stand between a test's program and its clock, or the system
preloads = $(patsubst %.c,$(build)/%.so,$(wildcard tests/preload/*.c))
$(build)/tests/preload/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) -D_GNU_SOURCE -fPIC -shared $(CFLAGS) -o $@ $<

places = BIN="$(patsubst %/.,%,$(CURDIR)/$(bin:%/=%))" \
	BUILD="$(CURDIR)/$(build)"

# Built by sudo, all the same it is whose the checkout is.
give_back = $(if $(SUDO_UID),@find . -path ./build/fleet -prune -o \
	-user root -exec chown -h --reference=Makefile {} +)

# PARTS="unit fuzz" runs less
check: all $(unit_tests) $(test_tools) $(preloads) $(replays)
	$(give_back)
	$(places) tests/run $(PARTS)

# the parts that need nothing of the machine: packages are built with them
check-modules: $(unit_tests) $(replays)
	$(places) tests/run unit fuzz

# the system tests as root, where nothing may be skipped
check-root: all $(test_tools) $(preloads)
	CI=true $(places) tests/run system

# every byte at every place of a request; make check sends every seventh
check-hostile: all $(test_tools)
	HOSTILE_SHARE=1 CI=true $(places) tests/run tests/system/worker_hostile.bats

# make check has a few thousand of these
ROUNDS ?= 150000
check-differential: all $(test_tools)
	ROUNDS=$(ROUNDS) CI=true $(places) tests/run \
		tests/system/differential.bats

# what Debian's and Fedora's maintainers would look at
check-packages: packages
	$(places) tests/run tests/packages

# containers with real systemd, which install the packages; debootstraps their root once, as root
check-fleet: all $(test_tools)
	$(places) tests/fleet/run

# each call that can fail does, once; a disk is full at each size; either side
# is killed, KILLS times. CASES="kill disk" runs less, FAULTS=places, too
KILLS ?= 500
check-faults: all $(test_tools) $(preloads)
	KILLS=$(KILLS) $(places) tests/faults/run $(CASES)

# what is still reachable at the end is OpenSSL's alone
check-valgrind: $(unit_tests)
	@printf '%s\n' $(unit_tests) | xargs -P "$$(nproc)" -I % sh -c \
		'valgrind -q --error-exitcode=1 --leak-check=full \
			--errors-for-leak-kinds=definite,indirect,possible \
			% >%.valgrind 2>&1 && echo "ok - % under valgrind" || \
			{ cat %.valgrind; exit 1; }'

# Each target for FUZZ_SECONDS; what it finds stays in build/fuzz.
FUZZ_SECONDS ?= 600
fuzz_cflags = -std=gnu17 -O1 -g -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all $(all_cppflags)
fuzz_sources = $(filter-out src/worker/worker.c src/client/ddump.c,\
	$(wildcard src/*/*.c))

build/fuzz/%: tests/fuzz/%.c $(fuzz_sources) $(wildcard src/*/*.h)
	@mkdir -p $(@D)
	$(call quiet,FUZZ)$(CLANG) $(fuzz_cflags) -o $@ $< $(fuzz_sources) \
		$(WORKER_LIBS) $(CLIENT_LIBS)

fuzz: $(fuzz_targets:%=build/fuzz/%)
	set -e; for target in $(fuzz_targets); do \
		seeds=tests/fuzz/corpus/$$target; \
		[ $$target != fuzz_reader ] || \
			seeds="$$seeds tests/data/pcapng"; \
		mkdir -p build/fuzz/corpus/$$target; \
		build/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) \
			-timeout=10 -print_final_stats=1 -verbosity=0 \
			-artifact_prefix=build/fuzz/$$target- \
			build/fuzz/corpus/$$target $$seeds; done

# What of the parsers their corpora reach, with what fuzzing has added to them.
fuzz-coverage:
	$(MAKE) build=build/coverage CFLAGS="-O0 -g --coverage" fuzz-replays
	BUILD=build/coverage tests/fuzz/coverage

fuzz-replays: $(replays)

# Captures come and go, targets die and return: nothing may grow meanwhile.
SOAK_SECONDS ?= 1800
soak: all $(test_tools)
	$(places) SOAK_SECONDS=$(SOAK_SECONDS) tests/soak/run

bench: all $(test_tools)
	$(places) tests/bench/run

sources = $(wildcard src/*/*.[ch] tests/*/*.[ch])
scripts = .ci/run $(wildcard src/completions/*.bash tests/run tests/deps \
	tests/demo tests/verify-units tests/packages/build debian/tests/capture \
	debian/*.prerm tests/*/*.bash tests/*/*.bats tests/*/run tests/fuzz/coverage) \
	$(filter-out %.md %.svg %.gnuplot %/run %.bash,$(wildcard tests/bench/*))

# on all processors, for what stands where the % is
each_source = printf '%s\n' $(wildcard src/*/*.c) | xargs -P "$$(nproc)" -I %

# Declarations stand in front of a function, whatever cppcheck thinks of their
# scope. gcc takes for leaked what is put into a caller's array or tsearch(3)'s
# tree: of leaks clang-tidy tells, which is clang's analyser, too, and every
# test under sanitizers. What else is excepted says so in its place.
lint:
	$(CLANG_FORMAT) --dry-run -Werror $(sources)
	$(CPPCHECK) --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=all --suppress=missingIncludeSystem \
		--suppress=variableScope --suppress=unmatchedSuppression -Isrc \
		-D_GNU_SOURCE -DDDUMP_VERSION='""' src
	$(each_source) $(GCC) $(all_cppflags) -std=gnu17 -O2 -fanalyzer -Werror \
		-Wno-analyzer-malloc-leak -S -o /dev/null %
	$(each_source) $(CLANG_TIDY) --quiet % -- $(all_cppflags) -std=gnu17
	shellcheck -x $(scripts)
# which other pages are here is the machine's matter
	! mandoc -Tlint -W base,all man/*.[18] 2>&1 | \
		grep -v 'mandoc.db lacks\|referenced manual not found'
	tests/verify-units

format:
	$(CLANG_FORMAT) -i $(sources)

deps:
	tests/deps

# what comes behind deps needs what deps installs
ifneq ($(filter deps,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

demo: all $(test_tools)
	$(give_back)
	$(places) tests/demo

clean:
	rm -rf build ddump ddump-worker $(tarball)

.PHONY: all install uninstall dist packages check check-modules check-root \
	check-hostile check-differential check-packages check-fleet \
	check-faults check-valgrind fuzz fuzz-coverage fuzz-replays soak bench \
	lint format deps demo clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find build \( -path build/fleet -o -path build/packages \) \
	-prune -o -name '*.d' -print 2>/dev/null)
