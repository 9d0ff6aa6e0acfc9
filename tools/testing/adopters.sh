#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Users of TCP in the kernel whose sockets rsess_adopt.ko makes sessions, in a VM.
#
# usage: adopters.sh [--table] [RELEASE|SERIES [SCRIPT...]]
#
# A SCRIPT is named in the table below, with what it needs of a machine; none is all.
# --table has it show TCP beside sessions, instead of tests: for "make demo".

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

# NAME, options of vm/run
scripts='
nfs	--mem 256M --disk 1G
dlm	--mem 1G --smp 1 --nodes 2
cifs	--mem 1G
nvme	--mem 256M --disk 1G
ksmbd	--mem 1G
gfs2	--mem 1G --smp 1 --nodes 2 --disk 1G
ocfs2	--mem 1G --smp 1 --nodes 2 --disk 1G
'

# Prints what each script wants to be told.
arguments_nfs() {
	local packages

	packages=$("$here/apps/packages.sh" nfs-kernel-server) &&
		echo "--packages $packages"
}

arguments_dlm() {
	local named old

	old=$("$here/adopters/build_dlm.sh" old "$release") && echo "--old $old" || return
	case $release in
	7.3.*)
		named=$("$here/adopters/build_dlm.sh" named "$release") &&
			echo "--named $named"
	esac
}

arguments_nvme() {
	:
}

arguments_cifs() {
	local packages

	packages=$("$here/apps/packages.sh" samba) && make -s -C "$here/../rsess" >&2 &&
		echo "--packages $packages"
}

arguments_gfs2() {
	local packages

	packages=$("$here/apps/packages.sh" corosync dlm-controld gfs2-utils) &&
		echo "--packages $packages"
}

arguments_ocfs2() {
	local packages

	packages=$("$here/apps/packages.sh" ocfs2-tools) && echo "--packages $packages"
}

arguments_ksmbd() {
	local packages

	packages=$("$here/apps/packages.sh" --suite trixie ksmbd-tools) &&
		echo "--ksmbd $packages"
}

script_of() { # NAME
	case $1 in
	ksmbd) echo cifs.sh ;;
	*) echo "$1.sh" ;;
	esac
}

# The ksmbd of Debian's 6.1 crashes by itself, over TCP too: opinfo_put() of no opinfo.
kernel_for() { # NAME
	case $1:$release in
	ksmbd:6.1.*)
		say "ksmbd does not work with $release, 6.12 takes its place"
		echo 6.12 ;;
	*) echo "$release" ;;
	esac
}

# run NAME OPTION...
run() (
	choose_kernel "$(kernel_for "$1")"
	make_for "$release" module || return
	arguments=$("arguments_$1") || return
	# shellcheck disable=SC2086
	"$here/vm/run" --kernel "$release" "${@:2}" --timeout 1200 \
		-- "$here/adopters/$(script_of "$1")" $arguments $table
)

run_all() { # [SCRIPT...]
	local name options status=0

	while read -r name options; do
		[ -n "$name" ] && wanted "$name" "$@" || continue
		# shellcheck disable=SC2086
		run "$name" $options </dev/null || status=$?
	done <<<"$scripts"
	return $status
}

# wanted NAME SCRIPT...
wanted() {
	[ $# -eq 1 ] || [[ " ${*:2} " == *" $1 "* ]]
}

table=
if [ "${1:-}" = --table ]; then
	table=$1
	shift
fi
choose_kernel "${1:-6.1}"
[ $# -eq 0 ] || shift
need_packages gcc:gcc make:make pkill:procps ip:iproute2 tcpkill:dsniff nft:nftables \
	/usr/bin/python3:python3 mkfs.ext4:e2fsprogs mkswap:util-linux
make_for "$release" module
if [ -n "$table" ]; then
	run_all "$@"
	exit
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
run_all "$@" > >(tee "$log") || status=$?
wait $!
"$here/selftests/net/rsess/tap_total.sh" "$log" || exit $((status ? status : 1))
exit $status
