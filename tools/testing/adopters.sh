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

# NAME, script, options of vm/run
scripts='
nfs	nfs.sh		--mem 256M --disk 1G
dlm	dlm.sh		--mem 1G --smp 1 --nodes 2
cifs	cifs.sh		--mem 5G
9p	9p.sh		--mem 1G
nvme	nvme.sh		--mem 256M --disk 1G
ksmbd	cifs.sh		--mem 5G
gfs2	gfs2.sh		--mem 1G --smp 1 --nodes 2 --disk 1G
ocfs2	ocfs2.sh	--mem 1G --smp 1 --nodes 2 --disk 1G
'

# option NAME COMMAND...: prints the option, with what COMMAND prints
option() {
	local value

	value=$("${@:2}") && echo "$1 $value"
}

packages() { # OPTION ARGUMENT... of packages.sh
	option "$1" "$here/apps/packages.sh" "${@:2}"
}

# Prints what each script wants to be told.
arguments_nfs() {
	packages --packages nfs-kernel-server
}

arguments_dlm() {
	option --old "$here/adopters/build_dlm.sh" old "$release" || return
	case $release in
	7.3.*) option --named "$here/adopters/build_dlm.sh" named "$release"
	esac
}

arguments_9p() {
	make -s -C "$here/../rsess" >&2 && packages --packages diod
}

arguments_nvme() {
	:
}

arguments_cifs() {
	make -s -C "$here/../rsess" >&2 && packages --packages samba
}

arguments_ksmbd() {
	packages --ksmbd --suite trixie ksmbd-tools
}

arguments_gfs2() {
	packages --packages corosync dlm-controld gfs2-utils
}

arguments_ocfs2() {
	packages --packages ocfs2-tools
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

# run NAME SCRIPT OPTION...
run() (
	choose_kernel "$(kernel_for "$1")"
	make_for "$release" module || return
	arguments=$("arguments_$1") || return
	# shellcheck disable=SC2086
	"$here/vm/run" --kernel "$release" "${@:3}" --timeout 1200 \
		-- "$here/adopters/$2" $arguments $table
)

run_all() { # [SCRIPT...]
	local name script options status=0

	while read -r name script options; do
		[ -n "$name" ] && wanted "$name" "$@" || continue
		# shellcheck disable=SC2086
		run "$name" "$script" $options </dev/null || status=$?
	done <<<"$scripts"
	return $status
}

# wanted NAME [NAME...]
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
