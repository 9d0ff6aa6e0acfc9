#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make check" and "make check-all": builds everything, then runs the tests, two
# jobs at a time, and tells on the way how far it is. The end says what failed and
# how long it took; the last line, how many tests passed, failed and were skipped.
# Installs what it misses.
#
# usage: check.sh [--quick|--rest|--all] [RELEASE|SERIES|FLAVOUR] [PART...]
#
# --quick is "make check": selftests run in the variants that add to what is covered,
# see selftests/net/rsess/quick. --rest is what that leaves out. --all, both, is what
# counts if none is given. What a job prints is in build/check.
#
# A PART is a job of the tables below, or a name before a dot, which is all jobs
# of that name. A FLAVOUR is a kernel with checks of its own, see kernel/build.sh.
# "um" and "debug" run the same tests; "debug" has more: memory that cannot be had,
# and mistakes that the kernel has to see. "kcsan" gets a soak and such a mistake.
#
# JOBS=N in the environment runs N jobs at a time.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
self=$here/selftests/net/rsess
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

# --- what there is to run ------------------------------------------------------

# NAME, about how many seconds the job takes in the quick form and in the rest, about
# how many tests it has, the command. Where the seconds are 0 the form has none of it.
# The seconds say which job is started first, and how much is left.
jobs='
model		120	0	255	part_model
scripts.netns	250	0	16	selftests namespaces.sh
scripts.run	260	0	53	selftests trace.sh rsessrun.sh idle.sh
soak.sctp	110	0	1	soak sctp
field		110	0	5	part_field
fuzz		120	0	3	part_fuzz
apps		90	0	2	part_apps
soak.tcp	70	0	1	soak tcp
selftests.wire	85	28	0	selftests reset_points protocol handshake offpath tags
selftests.api	75	440	0	selftests socket_api session_options listening unprivileged
um		70	0	182	part_um
selftests.open	70	13	0	selftests negotiate psk bounds many
lint		85	0	7	part_lint
soak.mptcp	60	0	1	soak mptcp
soak.vsock	40	0	1	soak vsock
selftests.poll	60	190	0	selftests tcp_process tcp_poll tcp_epoll
selftests.rules	130	0	0	selftests rules doors
selftests.field	60	160	0	selftests field_bugs accounting locked
selftests.like	60	160	0	selftests tcp_states tcp_options tcp_listen
selftests.calls	42	100	0	selftests tcp_stream tcp_flags tcp_splice tcp_calls tcp_stamps
selftests.bad	40	0	0	selftests hostile
selftests.seen	25	15	0	selftests diag events
selftests.over	37	95	0	selftests transports sctp
vm		50	0	29	part_vm
ss		0	60	11	part_ss
tool		0	115	44	part_tool
ynl		0	20	1	part_ynl
selinux		60	0	41	part_selinux
module		30	0	9	part_module
kernel_user	75	0	14	part_kernel_user
adopt		0	150	18	part_adopt
kunit		13	0	238	part_kunit
schedule	5	0	24	part_schedule
'
jobs_of_debug='
faults		600	0	61	part_faults
seeded		200	0	6	part_seeded
'

# What a session costs in instructions: the baseline is of this kernel.
jobs_of_bookworm='
bench		30	0	36	part_bench
'

# Jobs of this kernel, a line each. Those that are built for tests have no ftrace.
table() {
	case $release in
	6.1.0-*) grep . <<<"$jobs_of_bookworm" ;;
	esac
	case $kernel in
	kcsan) grep '^soak.tcp' <<<"$jobs"; grep '^seeded' <<<"$jobs_of_debug" ;;
	debug) printf '%s\n' "$jobs" "$jobs_of_debug" | grep . | grep -v '^adopt' ;;
	um) grep -v '^adopt' <<<"$jobs" | grep . ;;
	*) grep . <<<"$jobs" ;;
	esac
}

# wanted NAME PART...: no PART is all of them
wanted() {
	local name=$1 part

	[ $# -gt 1 ] || return 0
	shift
	for part in "$@"; do
		case $name in
		"$part" | "$part".*) return ;;
		esac
	done
	false
}

# --- the jobs --------------------------------------------------------------------

# vm SECONDS OPTION... -- COMMAND...
vm() {
	"$here/vm/run" --kernel "$release" --mem "$(memory_of "$release")" \
		--timeout $(($1 * slow)) "${@:2}"
}

part_schedule() {
	"$here/schedule_test.sh"
}

# The sources are the same for any kernel.
part_lint() {
	"$here/lint.sh" "$(is_installed "$release" && echo "$release" || echo 6.1)"
}

part_model() {
	"$here/model.sh"
}

part_fuzz() {
	"$here/fuzz/run.sh" --quick
}

# With what iproute2 takes to build, the first time.
part_ss() {
	"$here/iproute2.sh" "$release"
}

part_tool() {
	vm 900 --autoload -- env RSESS_SLOW=$slow "$self/tool.sh"
}

part_ynl() {
	"$here/ynl.sh"
}

part_vm() {
	"$here/vm/selftest.sh" "$release"
}

part_bench() {
	"$here/bench/bench.sh" --quick "$release"
}

part_kunit() {
	vm 1800 --no-module -- "$here/kunit/run.sh"
}

part_kernel_user() {
	vm 600 -- "$self/kernel_user.sh"
}

part_adopt() {
	vm 600 --one-thread -- "$self/adopt.sh"
}

part_module() {
	vm 300 --autoload -- "$self/module.sh"
}

part_selinux() {
	if ! is_built "$release"; then
		"$here/selinux.sh" "$release"
	else
		echo "ok - selinux # SKIP this kernel has no SELinux"
	fi
}

# Two of the programs of "make check-apps", for a shorter time.
part_apps() {
	"$here/apps.sh" "$release" run.sh --quick --seconds 15 nginx redis
}

part_field() {
	"$here/apps.sh" "$release" field.sh
}

# The part of the tests that is about frames, under KASAN and lockdep: in the time of
# a boot or two, but building that kernel takes too long for "make check".
part_um() {
	! is_um "$release" || return 0
	release=$("$here/kernel/build.sh" --if-built um) || {
		echo "ok - um # SKIP no User-mode Linux yet: make check UM=1 builds it"
		return
	}
	make_for "$release" module
	selftests protocol handshake reset_points psk
}

part_faults() {
	# shellcheck disable=SC2046
	selftests $(make -s -C "$self" print-fault-tests)
}

part_seeded() {
	"$here/seeded.sh" "$kernel"
}

# selftests PROGRAM...
selftests() {
	vm 3600 -- env RSESS_SLOW=$slow "$self/run.sh" "--$form" \
		--timeout $((1200 * slow)) "$@"
}

# soak TRANSPORT: not TAP, one test
soak() {
	local resets=40

	case $form:$kernel:$1 in
	*:debug:tcp | *:kcsan:tcp) resets=300 ;;
	quick:*:tcp) resets=30 ;;
	quick:*) resets=20 ;;
	*:tcp) resets=60 ;;
	esac
	if TRANSPORT=$1 "$here/soak.sh" "$release" "$resets"; then
		echo "ok - soak.$1"
	else
		echo "not ok - soak.$1"
	fi
}

# --- all of it -------------------------------------------------------------------

build() {
	local kunit

	say "building the module for $release, and the tests"
	make_for "$release" module kuser
	make -s -j "$(nproc)" -C "$self"
	make -s -C "$here/../rsess"
	make -s -C "$here/../rsess/tool"
	kunit=$("$here/kunit/build.sh" "$release")
	make_for "$release" KUNIT="$kunit" module
}

# tests_of NAME COUNT PROGRAM...: a file with the names if they are known. Nothing if this
# form has none of the tests: a job that runs nothing is a failure.
tests_of() {
	local names=$out/$1.names

	[[ $1 == selftests.* ]] || { echo "$2"; return; }
	"$self/run.sh" "--$form" --list-tests "${@:3}" >"$names" || return
	[ ! -s "$names" ] || echo "@$names"
}

# What schedule.py reads, of the parts that are wanted.
list_jobs() {
	local name quick rest count seconds tests command

	while read -r name quick rest count command; do
		wanted "$name" "$@" || continue
		case $form in
		quick) seconds=$quick ;;
		rest) seconds=$rest ;;
		all) seconds=$((quick + rest)) ;;
		esac
		[ "$seconds" -ne 0 ] || continue
		# shellcheck disable=SC2086
		tests=$(tests_of "$name" "$count" ${command#selftests}) || {
			say "cannot tell which tests $name has"
			return 1
		}
		[ -n "$tests" ] || continue
		# shellcheck disable=SC2086
		echo "$name $((seconds * slow)) $tests" \
			"$(printf '%q ' "$here/check.sh" --job "--$form" "$kernel" \
				"$release" $command)"
	done < <(table)
}

# run_job KERNEL RELEASE COMMAND...: what a job is
run_job() {
	kernel=$1
	release=$2
	slow=$(slowness_of "$release")
	"${@:3}"
}

run_jobs() {
	local status=0

	"$here/schedule.py" --at-once "${JOBS:-2}" "$out" <"$out/jobs" || status=$?
	"$self/tap_total.sh" --tell "$out"/*.out || status=1
	return $status
}

form=all
job=
while [ $# -gt 0 ]; do
	case $1 in
	--quick | --rest | --all) form=${1#--} ;;
	--job) job=yes ;;
	-*) sed -n '/^# usage/,/^$/s/^# \?//p' "$0" >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
if [ -n "$job" ]; then
	run_job "$@"
	exit
fi

kernel=${1:-6.1}
[ $# -eq 0 ] || shift
out=$root/build/check
need_packages gcc:gcc make:make nft:nftables tcpkill:dsniff ip:iproute2 \
	/usr/include/stdio.h:libc6-dev /usr/include/liburing.h:liburing-dev \
	/usr/include/libmnl/libmnl.h:libmnl-dev /usr/include/json-c/json.h:libjson-c-dev \
	/usr/include/curses.h:libncurses-dev \
	/usr/src/linux-source-6.1.tar.xz:linux-source-6.1 xz:xz-utils \
	apparmor_parser:apparmor lsof:lsof fuser:psmisc /usr/bin/python3:python3 systemd-socket-activate:systemd
choose_kernel "$kernel"
slow=$(slowness_of "$release")
build >&2
rm -rf "$out"
mkdir -p "$out"
list_jobs "$@" >"$out/jobs"
[ -s "$out/jobs" ] || { say "no such part: $*"; exit 2; }
run_jobs
