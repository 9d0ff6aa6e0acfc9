# SPDX-License-Identifier: GPL-2.0
#
# make                 the module, for the running kernel or KVER=RELEASE or KDIR=DIR
# make rsessrun        runs programs over AF_RSESS that know nothing of it
# make tool            rsess, which shows and steers sockets; it wants libmnl, json-c
#                      and ncurses
# make install         into /lib/modules of that kernel, with the uapi headers, and
#                      rsessrun and rsess, which go below PREFIX (/usr/local)
# make deb             Debian packages, into build/deb; the module's has its source, for DKMS
# make htmldocs        the documentation as HTML, into build/htmldocs
# make model           every state of a model of the session protocol
# make fuzz            RUNS=N inputs to the codec and to the session, in user space
# make demo            the main job, in a throw-away VM; TRANSPORT=sctp: over SCTP;
#                      ADOPTER=dlm, cifs: users of TCP in the kernel, with sessions and without
# make check           the tests, in VMs, in the time that a person waits
# make check-all       all tests, in every variant
# make check-apps      programs of Debian, unchanged, in a VM
# make check-suites    tests of CPython, libuv, liburing and Tcl beside TCP, in a VM
# make check-adopters  users of TCP in Debian's kernel, unchanged, in a VM
# make check-deb       the Debian packages, from dpkg-buildpackage to purge
# make check-watch     Wireshark's dissector and the scripts of bpftrace
# make check-debug     check and more, with a kernel that checks itself; FORM=all: check-all
# make check-kcsan     a soak, with a kernel that finds data races
# make soak RESETS=N   N resets over random transfers, in a VM; TRANSPORT=sctp, mptcp, vsock
# make bench           what a session costs beside TCP, in instructions
# make bench-plot      draws what it has found, for the documentation
# make bench-profile   where those of ROW=rr1 go
# make lint            checkpatch, sparse and W=1, manual pages, documentation
# make coverage        what the tests reach, and make check of that
#
# demo, check, check-all, check-apps, check-suites, check-adopters, check-watch, soak, bench and
# lint take KERNEL=RELEASE or a series of Debian's kernels (6.1, 6.12, 7.3); check and check-all
# also UM=1, for User-mode Linux, and JOBS=N, how much runs at a time (2). What is needed is
# installed when they are run by root.
#
# Objects go to build/RELEASE, so that several kernels can be built for. With
# KUNIT=DIR, printed by tools/testing/kunit/build.sh, the KUnit suites are built
# as well, and what they call is exported: that goes to build/RELEASE-kunit.

ifdef KDIR
KVER	?= $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
		$(KDIR)/include/generated/utsrelease.h 2>/dev/null),RELEASE)
else
KVER	?= $(shell uname -r)
KDIR	:= /lib/modules/$(KVER)/build
endif
BUILD	:= $(CURDIR)/build/$(KVER)$(if $(KUNIT),-kunit)
KERNEL	?= 6.1
RESETS	?= 1000
SELFTESTS := tools/testing/selftests/net/rsess

# As many as there are processors, unless make was told how many. Two targets at a time would
# be in each other's way: they share the directory.
JOBS_OF_MAKE := $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# The tree is linked file by file into the build directory: kbuild puts objects
# beside their sources.
SOURCES	:= Kbuild net include $(SELFTESTS)/kuser $(SELFTESTS)/seeded
KBUILD	 = $(MAKE) $(JOBS_OF_MAKE) -C $(KDIR) M=$(BUILD) KUNIT=$(KUNIT) \
	   $(if $(KUNIT),KBUILD_EXTRA_SYMBOLS=$(KUNIT)/Module.symvers)

export KUNIT

all: module

$(BUILD)/.sources: FORCE
	@test -d $(KDIR)/ || { \
		echo "rsess: no kernel build directory $(KDIR);" \
		     "on Debian: apt-get install linux-headers-$(KVER)" >&2; \
		exit 1; }
	@mkdir -p $(BUILD)
	@find $(BUILD) -xtype l -delete
	@cp -rsf $(addprefix $(CURDIR)/,$(SOURCES)) $(BUILD)/
	@touch $@

module: $(BUILD)/.sources
	@$(KBUILD) modules
	@ln -sf net/rsess/rsess.ko $(BUILD)/rsess.ko
	@! [ -e $(BUILD)/net/rsess/adopt/rsess_adopt.ko ] || \
		ln -sf net/rsess/adopt/rsess_adopt.ko $(BUILD)/rsess_adopt.ko
	$(if $(KUNIT),@ln -sf net/rsess/rsess_kunit.ko $(BUILD)/rsess_kunit.ko)
	$(if $(KUNIT),@cp $(KUNIT)/kunit.ko $(BUILD)/kunit.ko)

rsessrun:
	@$(MAKE) -C tools/rsess

tool:
	@$(MAKE) -C tools/rsess/tool

# The test of users in the kernel.
kuser: $(BUILD)/.sources
	@$(KBUILD) KUSER=1 modules
	@ln -sf net/rsess/rsess.ko $(BUILD)/rsess.ko
	@ln -sf kuser/rsess_kuser.ko $(BUILD)/rsess_kuser.ko
	@! [ -e $(BUILD)/kuser/rsess_patch.ko ] || \
		ln -sf kuser/rsess_patch.ko $(BUILD)/rsess_patch.ko

# Mistakes that a kernel with checks has to see.
seeded: $(BUILD)/.sources
	@$(KBUILD) SEEDED=1 modules
	@ln -sf net/rsess/rsess.ko $(BUILD)/rsess.ko
	@ln -sf seeded/rsess_seeded.ko $(BUILD)/rsess_seeded.ko

# Nothing is loaded here: socket() loads the module when it is asked for.
# depmod is called again, for kbuild leaves it out where it finds no System.map.
install: module rsessrun tool
	@$(KBUILD) CONFIG_MODULE_SIG_ALL= modules_install
	depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(KVER)
	for h in rsess rsess_diag rsess_netlink; do \
		install -D -m 644 include/uapi/linux/$$h.h \
			$(DESTDIR)/usr/include/linux/$$h.h || exit; \
	done
	@$(MAKE) -C tools/rsess install
	@$(MAKE) -C tools/rsess/tool install

uninstall:
	rm -f $(INSTALL_MOD_PATH)/lib/modules/$(KVER)/*/net/rsess/rsess.ko \
		$(INSTALL_MOD_PATH)/lib/modules/$(KVER)/*/net/rsess/adopt/rsess_adopt.ko \
		$(DESTDIR)/usr/include/linux/rsess.h \
		$(DESTDIR)/usr/include/linux/rsess_diag.h \
		$(DESTDIR)/usr/include/linux/rsess_netlink.h
	depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(KVER)
	@$(MAKE) -C tools/rsess uninstall
	@$(MAKE) -C tools/rsess/tool uninstall

demo:
	@tools/demo/run

check:
	@JOBS=$(JOBS) tools/testing/check.sh --quick $(if $(UM),um,$(KERNEL))

check-all:
	@JOBS=$(JOBS) tools/testing/check.sh --all $(if $(UM),um,$(KERNEL))

check-apps:
	@tools/testing/apps.sh $(KERNEL)

check-suites:
	@tools/testing/suites.sh $(KERNEL)

check-adopters:
	@tools/testing/adopters.sh $(KERNEL)

deb:
	@tools/deb.sh

htmldocs:
	@tools/htmldocs.sh

check-deb:
	@tools/testing/deb.sh

check-watch:
	@tools/testing/watch.sh $(KERNEL)

FORM	?= quick
check-debug:
	@JOBS=$(JOBS) tools/testing/check.sh --$(FORM) debug

check-kcsan:
	@JOBS=$(JOBS) tools/testing/check.sh --all kcsan

coverage:
	@tools/testing/coverage.sh

soak:
	@tools/testing/soak.sh $(KERNEL) $(RESETS)

bench:
	@tools/testing/bench/bench.sh $(KERNEL)

bench-plot:
	@tools/testing/bench/bench.sh --plot

ROW	?= rr1
bench-profile:
	@tools/testing/bench/bench.sh --profile $(ROW) $(KERNEL)

lint:
	@tools/testing/lint.sh $(KERNEL)

model:
	@tools/testing/model.sh

fuzz:
	@RUNS=$(RUNS) tools/testing/fuzz/run.sh

clean:
	rm -rf build

FORCE:

.PHONY: all module rsessrun tool kuser seeded install uninstall deb htmldocs demo check \
	check-all check-apps check-suites check-adopters check-deb check-watch \
	check-debug check-kcsan coverage soak bench bench-plot bench-profile lint \
	model fuzz clean FORCE
