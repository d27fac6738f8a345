# SPDX-License-Identifier: MIT
# make           ./ddump and ./ddump-worker
# make install   what is built to DESTDIR and PREFIX, an absolute path where
#                units may be; every directory below can be set
# make check-unit  unit tests and fuzz corpora, in a minute; needs no root
# make check     tests of modules and programs; without root some are skipped
# make V=1       shows commands; SANITIZE=address,undefined builds with sanitizers
# tests/tests.mk has the rules of all tests, CONTRIBUTING.md a list of targets.

VERSION = 0.2.0

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
# ddump finds its files from where it is itself: in ../share
DATADIR ?= $(PREFIX)/share
# for everybody, and copied to a user's folder by Wireshark: wireshark -C ddump
PROFILESDIR ?= $(DATADIR)/wireshark/profiles
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# Debian uses vendor-completions instead of site-functions.
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

comma = ,

# With SANITIZE all files, the programs included, are in a folder of their own.
ifdef SANITIZE
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

ifneq ($(V),1)
quiet = @printf '  %-7s %s\n' $(1) $@;
endif

all: $(bin)ddump $(bin)ddump-worker

# Changes with the compiler and with flags; then everything is built anew,
# except by make install, which installs existing files unchanged.
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
		$(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
		$(DESTDIR)$(MANDIR)/man8 \
		$(DESTDIR)$(SYSTEMDUNITDIR) $(DESTDIR)$(CATALOGDIR) \
		$(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(FISHCOMPDIR) \
		$(DESTDIR)$(ZSHCOMPDIR) \
		$(DESTDIR)$(DATADIR)/ddump $(DESTDIR)$(DOCDIR) $(addprefix $(DESTDIR),$(EXTCAPDIRS)) \
		$(addprefix $(DESTDIR)$(PROFILESDIR)/,$(profiles))
	$(INSTALL) -m 755 $(bin)ddump $(DESTDIR)$(BINDIR)/ddump
	set -e; for directory in $(EXTCAPDIRS); do \
		ln -srf $(DESTDIR)$(BINDIR)/ddump $(DESTDIR)$$directory/ddump; done
	$(INSTALL) -m 644 src/wireshark/ddump.lua $(DESTDIR)$(DATADIR)/ddump/
	set -e; for profile in $(profiles); do \
		$(INSTALL) -m 644 $(addprefix src/wireshark/,$(profile_files)) \
			$(DESTDIR)$(PROFILESDIR)/$$profile/; done
	cat src/wireshark/preferences src/wireshark/preferences.native \
		> $(DESTDIR)$(PROFILESDIR)/ddump-native/preferences
	$(INSTALL) -m 755 $(bin)ddump-worker $(DESTDIR)$(SBINDIR)/ddump-worker
	$(INSTALL) -m 644 man/ddump.1 $(DESTDIR)$(MANDIR)/man1/
	$(INSTALL) -m 644 man/ddump-stream.5 $(DESTDIR)$(MANDIR)/man5/
	sed 's|/usr/share/doc/ddump-worker/examples|$(EXAMPLESDIR)|g' \
		man/ddump-worker.8 > $(DESTDIR)$(MANDIR)/man8/ddump-worker.8
	chmod 644 $(DESTDIR)$(MANDIR)/man8/ddump-worker.8
	set -e; for page in $(unit_pages); do \
		echo .so man8/ddump-worker.8 > $(DESTDIR)$(MANDIR)/man8/$$page; \
		chmod 644 $(DESTDIR)$(MANDIR)/man8/$$page; done
	sed '$(unknown_settings)' units/ddump-worker.socket \
		> $(DESTDIR)$(SYSTEMDUNITDIR)/ddump-worker.socket
	chmod 644 $(DESTDIR)$(SYSTEMDUNITDIR)/ddump-worker.socket
	$(INSTALL) -m 644 units/system-ddump.slice $(DESTDIR)$(SYSTEMDUNITDIR)/
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
	$(INSTALL) -m 644 $(documents:wireshark.html=src/wireshark/wireshark.html) \
		$(DESTDIR)$(DOCDIR)/
	set -e; for file in $(examples); do \
		$(INSTALL) -D -m 644 units/examples/$$file \
			$(DESTDIR)$(EXAMPLESDIR)/$$file; done

# A sed script for units: before version 255 systemd warns of an unknown setting
# each time it loads a unit.
unknown_settings = $(if $(shell $(PKG_CONFIG) --atleast-version=255 libsystemd \
	&& echo known),,/^\# From version 255/$(comma)/^PollLimit/d)

# links to the manual page, for the names of the units
unit_pages = ddump-worker.socket.8 ddump-worker@.service.8
documents = README.md NEWS.md LICENSE wireshark.html
# the second one has one setting more
profiles = ddump ddump-native
profile_files = preferences colorfilters dfilter_macros recent
examples = $(patsubst units/examples/%,%,$(wildcard units/examples/*.conf \
	units/examples/*.cfg units/examples/*.cil units/examples/Caddyfile \
	units/examples/*.d/*))

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/ddump $(DESTDIR)$(SBINDIR)/ddump-worker \
		$(DESTDIR)$(MANDIR)/man1/ddump.1 \
		$(DESTDIR)$(MANDIR)/man5/ddump-stream.5 \
		$(DESTDIR)$(MANDIR)/man8/ddump-worker.8 \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(unit_pages)) \
		$(DESTDIR)$(SYSTEMDUNITDIR)/ddump-worker.socket \
		$(DESTDIR)$(SYSTEMDUNITDIR)/ddump-worker@.service \
		$(DESTDIR)$(SYSTEMDUNITDIR)/system-ddump.slice \
		$(DESTDIR)$(CATALOGDIR)/ddump.catalog \
		$(patsubst %,$(DESTDIR)%/ddump,$(EXTCAPDIRS)) \
		$(DESTDIR)$(DATADIR)/ddump/ddump.lua \
		$(foreach profile,$(profiles),\
			$(addprefix $(DESTDIR)$(PROFILESDIR)/$(profile)/,$(profile_files))) \
		$(addprefix $(DESTDIR)$(BASHCOMPDIR)/,ddump ddump-worker) \
		$(addprefix $(DESTDIR)$(FISHCOMPDIR)/,ddump.fish ddump-worker.fish) \
		$(addprefix $(DESTDIR)$(ZSHCOMPDIR)/_,ddump ddump-worker) \
		$(addprefix $(DESTDIR)$(DOCDIR)/,$(documents)) \
		$(addprefix $(DESTDIR)$(EXAMPLESDIR)/,$(examples))
	-rmdir --ignore-fail-on-non-empty $(addprefix $(DESTDIR)$(EXAMPLESDIR)/,\
			$(sort $(filter-out ./,$(dir $(examples))))) \
		$(DESTDIR)$(EXAMPLESDIR) $(DESTDIR)$(dir $(EXAMPLESDIR)) \
		$(DESTDIR)$(DOCDIR) $(DESTDIR)$(DATADIR)/ddump \
		$(addprefix $(DESTDIR)$(PROFILESDIR)/,$(profiles)) $(DESTDIR)$(PROFILESDIR)

# The tracked files as they are, with the time of the last commit: the same
# bytes on every machine.
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

# The Debian packages, built from the tarball only; and later ones, to test
# upgrades.
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

include tests/tests.mk

deps:
	tests/deps

# other targets of the same command need what deps installs
ifneq ($(filter deps,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

clean:
	rm -rf build ddump ddump-worker $(tarball)

.PHONY: all install uninstall dist packages deps clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find build \( -path build/fleet -o -path build/suite \
	-o -path build/packages -o -path build/compat -o -path build/mutate \
	-o -path 'build/foreign/*/root' \) \
	-prune -o -name '*.d' -print 2>/dev/null)
