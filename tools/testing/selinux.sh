#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tests of labels, on a kernel that has SELinux: a policy with two types, under which
# everything is allowed.  It is that of mdp ("make dummy policy") in the kernel's sources,
# and made once.
#
# usage: selinux.sh [RELEASE|SERIES]
#
# Prints TAP and, as its last line, how many passed, failed and were skipped.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

sources=/usr/src/linux-source-6.1.tar.xz
policy=$(cache_dir)/selinux-6.1/policy

# What "allow" of mdp is for its one type holds for the other one too.
make_policy() {
	local dir

	dir=$(mktemp -d)
	tar -xJf "$sources" -C "$dir" --strip-components=1 --wildcards \
		'*/scripts/selinux/mdp/*' '*/security/selinux/include/*'
	mkdir -p "$dir/include/linux"
	: >"$dir/include/linux/kconfig.h"
	gcc -w -I"$dir/include" -I"$dir/security/selinux/include" \
		-include linux/capability.h -o "$dir/mdp" \
		"$dir/scripts/selinux/mdp/mdp.c"
	"$dir/mdp" "$dir/all.conf" "$dir/contexts"
	sed -e 's/^type base_t;/&\ntype listen_t;/' \
		-e 's/^role base_r types { base_t };/role base_r types { base_t listen_t };/' \
		-e 's/^allow base_t base_t:/allow { base_t listen_t } { base_t listen_t }:/' \
		"$dir/all.conf" >"$dir/policy.conf"
	mkdir -p "${policy%/*}"
	checkpolicy -U allow -o "$dir/policy" "$dir/policy.conf" >&2
	mv "$dir/policy" "$policy"
	rm -r "$dir"
}

choose_kernel "${1:-6.1}"
need_packages gcc:gcc make:make nft:nftables ip:iproute2 checkpolicy:checkpolicy \
	/usr/include/stdio.h:libc6-dev "$sources:linux-source-6.1" xz:xz-utils
[ -e "$policy" ] || make_policy
make -s -C "$here/selftests/net/rsess" >&2

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$here/vm/run" --kernel "$release" --append 'security=selinux selinux=1 enforcing=0' -- bash -c "
	mount -t selinuxfs selinuxfs /sys/fs/selinux &&
	cat '$policy' >/sys/fs/selinux/load &&
	'$root/build/selftests/labels'" 2>&1 | tee "$log" || true
"$here/selftests/net/rsess/tap_total.sh" "$log"
