#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make check-suites": the tests of CPython, libuv, liburing and Tcl, as Debian has them,
# over sessions and beside TCP, in a VM. Sources and packages go to the cache.
#
# usage: suites.sh [RELEASE|SERIES|FLAVOUR [SUITE...]]
#
# What the tests themselves print is in build/suites.log.

set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

# Tests of liburing that are about stream sockets.
liburing='232c93d07b74 accept accept-link accept-reuse connect files-exit-hang-poll
	files-exit-hang-timeout poll-link recv-msgall-stream recv-multishot ring-leak2
	send-zerocopy shutdown socket socket-rw socket-rw-eagain socket-rw-offset'

sources_of() {
	local commands

	case $1 in
	libuv)
		commands='cmake -B build -DBUILD_TESTING=ON . &&
			make -C build uv_run_tests'
		"$here/suites/sources.sh" libuv1 sh -c "$commands" ;;
	liburing)
		commands="./configure --cc=gcc && make -C src && make -C test"
		# shellcheck disable=SC2086
		"$here/suites/sources.sh" liburing sh -c \
			"$commands $(printf '%s.t ' $liburing)" ;;
	tcl) "$here/suites/sources.sh" tcl8.6 true ;;
	esac
}

choose_kernel "${1:-6.1}"
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- cpython libuv liburing tcl
slow=$(slowness_of "$release")
need_packages gcc:gcc make:make cmake:cmake ip:iproute2 /usr/include/stdio.h:libc6-dev
programs=$("$here/apps/packages.sh" python3 libpython3.11-testsuite tcl8.6)
suites=()
for name in "$@"; do
	sources=$(sources_of "$name")
	suites+=("$name=$sources")
done
make_for "$release" module
make -s -C "$root/tools/rsess"
log=$root/build/suites.log
status=0
"$here/vm/run" --kernel "$release" --mem "$(memory_of "$release")" \
	--timeout $((2400 * slow)) -- \
	"$here/suites/run.sh" --packages "$programs" "${suites[@]}" |
	tee "$log" | grep --line-buffered -v '^|' || status=$?
exit "$status"
