#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs a program with AF_RSESS in the place of TCP; see rsessrun(1).
#
# The program's calls are interposed by librsessrun.so, which is beside this script
# in the build tree, and in $libdir when it is installed. What it is to do, it
# finds in the environment; see tools/rsess/rsessrun.h.

set -u
libdir=

usage() {
	cat <<-END
	usage: rsessrun [options] [--] PROGRAM [ARGUMENT...]
	  -p, --ports LIST    only these ports, as 80,7000-7010: of the peer when the
	                      program connects, its own when it listens
	  -c, --connect-only  only what the program connects
	  -l, --listen-only   only what it listens at
	  -v, --verbose       tell on standard error which sockets are taken
	  -h, --help          this text
	END
}

fail() {
	echo "rsessrun: $*" >&2
	exit 125
}

misused() {
	echo "rsessrun: $*" >&2
	usage >&2
	exit 125
}

is_port() {
	case $1 in
	'' | *[!0-9]* | ??????*) return 1 ;;
	esac
	[ "$1" -ge 1 ] && [ "$1" -le 65535 ]
}

# is_range N or N-M
is_range() {
	is_port "${1%%-*}" && is_port "${1#*-}" && [ "${1%%-*}" -le "${1#*-}" ]
}

add_ports() {
	rest=$1,
	while [ -n "$rest" ]; do
		is_range "${rest%%,*}" || misused "not a list of ports: $1"
		rest=${rest#*,}
	done
	ports=${ports:+$ports,}$1
}

set_role() {
	[ "${role:-$1}" = "$1" ] || misused "-c and -l exclude each other"
	role=$1
}

find_library() {
	here=$(dirname "$(readlink -f "$0")")
	for library in "$here/librsessrun.so" "$libdir/librsessrun.so"; do
		[ ! -e "$library" ] || break
	done
	[ -r "$library" ] || fail "librsessrun.so not found"
	# The dynamic linker ends a name at these.
	case $library in
	*[:\ ]*) fail "cannot be preloaded: $library" ;;
	esac
}

# What an rsessrun outside of this one has set does not count.
unset RSESSRUN_PORTS RSESSRUN_ROLE RSESSRUN_VERBOSE
ports=
role=
while [ $# -gt 0 ]; do
	case $1 in
	-p | --ports)
		[ $# -gt 1 ] || misused "$1 needs a list"
		add_ports "$2"
		shift ;;
	-p?*) add_ports "${1#-p}" ;;
	--ports=*) add_ports "${1#*=}" ;;
	-c | --connect-only) set_role connect ;;
	-l | --listen-only) set_role listen ;;
	-v | --verbose) export RSESSRUN_VERBOSE=1 ;;
	-h | --help) usage; exit ;;
	--) shift; break ;;
	-*) misused "unknown option: $1" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || misused "no program"

find_library
[ -z "$ports" ] || export RSESSRUN_PORTS="$ports"
[ -z "$role" ] || export RSESSRUN_ROLE="$role"
export LD_PRELOAD="$library${LD_PRELOAD:+:$LD_PRELOAD}"
exec "$@"
