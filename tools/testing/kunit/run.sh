#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# usage: run.sh
#
# Runs the KUnit suites in the kernel it is called on and prints TAP. Meant for
# a virtual machine:
#	make KVER=RELEASE KUNIT="$(tools/testing/kunit/build.sh RELEASE)"
#	tools/testing/vm/run --kernel RELEASE --no-module -- \
#		tools/testing/kunit/run.sh
# Exits with 1 if a test failed, or the modules could not be loaded and removed.

set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$(readlink -f "$0")")
built=$(readlink -f "$here/../../..")/build/$(uname -r)-kunit

bail_out() {
	echo "Bail out! $*"
	exit 1
}

load() {
	insmod "$@" || bail_out "$1 cannot be loaded"
}

# load_depends MODULE: the kernel's own modules that it needs
load_depends() {
	for name in $(modinfo -F depends "$1" | tr , ' '); do
		modprobe "$name" || bail_out "$name cannot be loaded"
	done
}

# The log from a line of ours on.
log() {
	dmesg | awk -v mark="$mark" 'found { print } index($0, mark) { found = 1 }'
}

for name in kunit rsess rsess_kunit; do
	[ -e "$built/$name.ko" ] || bail_out "$built/$name.ko is not there"
done

mark="run.sh: the suites of process $$"
load "$built/kunit.ko" enable=1
load_depends "$built/rsess.ko"
load "$built/rsess.ko"
echo "$mark" >/dev/kmsg
load "$built/rsess_kunit.ko"

status=0
log | "$here/report.sh" || status=1
rmmod rsess_kunit rsess kunit || status=1
exit $status
