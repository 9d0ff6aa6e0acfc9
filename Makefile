# SPDX-License-Identifier: GPL-2.0
#
# make                 the module, for the running kernel or KVER=RELEASE or KDIR=DIR
# make install         into /lib/modules of that kernel, with the uapi header
# make demo            the main job, in a throw-away VM
# make check           the tests, in a VM
# make soak RESETS=N   N resets over random transfers, in a VM
# make lint            checkpatch, sparse and W=1
#
# Objects go to build/RELEASE, so that several kernels can be built for.

KVER	?= $(if $(KDIR),$(shell $(MAKE) -s -C $(KDIR) kernelrelease),$(shell uname -r))
KDIR	?= /lib/modules/$(KVER)/build
BUILD	:= $(CURDIR)/build/$(KVER)
RESETS	?= 1000

# The tree is linked file by file into the build directory: kbuild puts objects
# beside their sources.
SOURCES	:= Kbuild net include
KBUILD	 = $(MAKE) -C $(KDIR) M=$(BUILD) KUNIT=$(KUNIT)

export KUNIT

all: module

$(BUILD)/.sources: FORCE
	@test -d $(KDIR)/ || { \
		echo "rsess: no kernel build directory $(KDIR);" \
		     "on Debian: apt-get install linux-headers-$(KVER)" >&2; \
		exit 1; }
	@mkdir -p $(BUILD)
	@find $(BUILD) -xtype l -delete
	@cp -rsu $(addprefix $(CURDIR)/,$(SOURCES)) $(BUILD)/
	@touch $@

module: $(BUILD)/.sources
	@$(KBUILD) modules
	@ln -sf net/rsess/rsess.ko $(BUILD)/rsess.ko

clean:
	rm -rf build

FORCE:

.PHONY: all module clean FORCE
