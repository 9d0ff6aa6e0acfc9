#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tests of labels, on a kernel that has SELinux: a policy with some types, under which
# everything is allowed.  It is that of mdp ("make dummy policy") in the kernel's sources,
# and made once. Packets of IPv4 have the labels of their sockets, in the form that is for
# the loopback device only.
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

# What "allow" of mdp is for its one type holds for these too. Sockets that are noport_t may
# use no port, and there may be none of a transport that are nosock_t.
types='listen_t dial_t'
policy=$(cache_dir)/selinux-6.1/policy-$(sha256sum "$0" | cut -c 1-8)

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
	# shellcheck disable=SC2086
	sed -e "s/^type base_t;/&$(printf '\\ntype %s;' $types noport_t nosock_t)/" \
		-e "s/^role base_r types { base_t/& $types noport_t nosock_t/" \
		-e "s/^allow base_t base_t:\(.*\)/allow { base_t $types } { base_t $types }:\1\nallow base_t noport_t:\1\nallow base_t nosock_t:\1\nallow noport_t { base_t noport_t }:\1/" \
		"$dir/all.conf" |
		sed -E -e "s/^(allow noport_t .*:(tcp|sctp)_socket) .*/\1 ~{ name_bind name_connect };/" \
		-e "s/^(allow base_t nosock_t:(tcp|sctp|vsock)_socket) .*/\1 ~{ create };/" \
		>"$dir/policy.conf"
	mkdir -p "${policy%/*}"
	checkpolicy -U allow -o "$dir/policy" "$dir/policy.conf" >&2
	mv "$dir/policy" "$policy"
	rm -r "$dir"
}

choose_kernel "${1:-6.1}"
need_packages gcc:gcc make:make nft:nftables ip:iproute2 checkpolicy:checkpolicy \
	netlabelctl:netlabel-tools /usr/include/stdio.h:libc6-dev "$sources:linux-source-6.1" xz:xz-utils
[ -e "$policy" ] || make_policy
make -s -C "$here/selftests/net/rsess" >&2

log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$here/vm/run" --kernel "$release" --append 'security=selinux selinux=1 enforcing=0' -- bash -c "
	mount -t selinuxfs selinuxfs /sys/fs/selinux &&
	cat '$policy' >/sys/fs/selinux/load &&
	netlabelctl cipsov4 add local doi:1 && netlabelctl map del default &&
	netlabelctl map add default protocol:cipsov4,1 &&
	netlabelctl map add default protocol:unlbl,6 &&
	netlabelctl map add domain:listen_t address:0.0.0.0/0 protocol:cipsov4,1 &&
	'$root/build/selftests/labels'" 2>&1 | tee "$log" || true
"$here/selftests/net/rsess/tap_total.sh" "$log"
