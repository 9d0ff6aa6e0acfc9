#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs soak in a network namespace of its own and looks for what it left behind:
# sessions, sockets, references, memory, messages of the kernel.
#
# The last line is "soak: PASS resets=N transfers=N bytes=N seed=N" or
# "soak: FAIL reason".

set -u

# shellcheck source-path=SCRIPTDIR source=leftovers.sh
. "$(dirname "$(readlink -f "$0")")/leftovers.sh"

help() {
	cat <<-END
	usage: soak.sh [--resets N] [--self-test] [options of soak]
	  --resets N   established connections to destroy (default 1000)
	  --self-test  no module: does soak find what it is there to find?
	END
	exit 2
}

here=$(dirname "$(readlink -f "$0")")
soak=${OUTPUT:-$here/../../../../../build/selftests}/soak
ns="rsess-soak"
resets=1000
args=()
self_test=
rsess=1
over=tcp
slow=${RSESS_SLOW:-1}
patience=$((45 + 15 * slow))	# seconds
while [ $# -gt 0 ]; do
	case $1 in
	--resets) resets=$2; shift 2 ;;
	--self-test) self_test=1; shift ;;
	--help) help ;;
	--family)
		[ "$2" = rsess ] || rsess=
		args+=("$1" "$2")
		shift 2 ;;
	--over)
		over=$2
		args+=("$1" "$2")
		shift 2 ;;
	*) args+=("$1"); shift ;;
	esac
done

fail() {
	echo "soak: FAIL $*"
	exit 1
}

cleanup() {
	ip netns del $ns 2>/dev/null
	[ -z "${dir:-}" ] || rm -rf "$dir"
}

# Where the handshake says nothing both sides have to want a session; and MPTCP tells
# nobody that it was reset, so an answer is not awaited for long. Its listeners, kept
# for tombstones, keep the namespace: sessions have no more than a minute, or than
# three slow handshakes take. SCTP would wait a second or more for what was lost.
new_netns() {
	local knob handshake=10

	ip netns add $ns || fail "no network namespace"
	ip -n $ns link set lo up
	[ "$over" != mptcp ] || handshake=5
	case $over in
	mptcp | vsock)
		for knob in negotiate=1 stall_timeout_ms=$((500 * slow)) \
			handshake_timeout_ms=$((handshake * slow * 1000)) \
			timeout_ms=$((patience * 1000)); do
			ip netns exec $ns sysctl -qw "net.rsess.$knob" ||
				fail "$knob"
		done ;;
	sctp)
		modprobe sctp 2>/dev/null
		for knob in rto_min=$((100 * slow)) rto_initial=$((500 * slow)); do
			ip netns exec $ns sysctl -qw "net.sctp.$knob" || fail "$knob"
		done ;;
	esac
}

run_soak() {
	ip netns exec $ns "$soak" "${args[@]}" "$@" | tee "$dir/out"
	return "${PIPESTATUS[0]}"
}

# field KEY: the value in what soak printed.
field() {
	sed -n "s/.* $1=\([0-9]*\).*/\1/p" "$dir/out"
}

# --- what may be left behind ---------------------------------------------

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift

	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}

no_sessions() {
	[ "$(ip netns exec $ns tail -n +2 /proc/net/rsess | wc -l)" -eq 0 ]
}

unused() {
	[ "$(cat /sys/module/rsess/refcnt)" -le "$refs_before" ]
}

kmemleak_scan() {
	local file=/sys/kernel/debug/kmemleak

	[ -w $file ] || return 0
	echo scan >$file
	sleep 6
	echo scan >$file
	cat $file
}

kernel_messages() {
	dmesg --level=emerg,alert,crit,err,warn |
		grep -vE 'TCP: request_sock_TCP|hrtimer: interrupt took|clocksource: Long readout'
}

# Most data races are between other parts of the kernel: vm/run tells which are
# ours.
same_messages() {
	[ -e /sys/kernel/debug/kcsan ] ||
		cmp -s "$dir/dmesg.before" "$dir/dmesg.after"
}

# What must be gone when the namespace is. It is deleted twice: after a first
# short run, so that what is allocated once is not taken for a leak.
tear_down() {
	local start=$SECONDS

	if [ -n "$rsess" ]; then
		# An orphan may last for net.rsess.timeout_ms, see new_netns.
		wait_for $((patience + 60)) no_sessions || {
			ip netns exec $ns cat /proc/net/rsess
			fail "sessions left"
		}
		echo "soak: no session left after $((SECONDS - start)) s"
	fi
	ip netns del $ns
	[ -z "$rsess" ] || wait_for $((patience + 140)) unused ||
		fail "module references left: $(cat /sys/module/rsess/refcnt), before $refs_before"
}

settled() {
	measure "$dir/after"
	[ -z "$(grown "$(field transfers)")" ]
}

# --- does soak find it? ----------------------------------------------------

expect_fault() {
	local fault=$1 text=$2

	if run_soak --resets 0 --transfers 60 --fault "$fault" 2>"$dir/err"; then
		fail "did not see the fault: $fault"
	fi
	grep -q "$text" "$dir/err" || fail "$fault was not told as: $text"
}

do_self_test() {
	args=(--family tcp)
	new_netns
	run_soak --resets 0 --transfers 300 || fail "plain TCP without resets"
	expect_fault flip "byte at offset 500000 is wrong"
	expect_fault drop "at offset 500000 7 bytes are missing"
	expect_fault repeat "at offset 500000 what was at 499984 comes again"
	expect_fault swap "at offset 500000 64 bytes are missing"
	expect_fault cut "the stream ended at offset"
	if run_soak --resets 100 2>"$dir/err"; then
		fail "plain TCP survived resets"
	fi
	echo "soak: PASS self-test"
}

# --- the run -----------------------------------------------------------------

[ -x "$soak" ] || fail "$soak is not built"
dir=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT TERM
if [ -n "$self_test" ]; then
	do_self_test
	exit
fi

refs_before=0
if [ -n "$rsess" ]; then
	modprobe rsess 2>/dev/null
	[ -e /sys/module/rsess ] || fail "the module is not loaded"
	refs_before=$(cat /sys/module/rsess/refcnt)
fi

echo "soak: warming up"
new_netns
run_soak --resets $((resets < 40 ? resets : 40)) || fail "a stream, while warming up (see above)"
tear_down
sleep 2
measure "$dir/before"
kernel_messages >"$dir/dmesg.before"

new_netns
run_soak --resets "$resets" || fail "a stream (see above)"
tear_down
wait_for 300 settled || fail "memory left: $(grown "$(field transfers)" | tr '\n' ' ')"
echo "soak: grown: $(growth)"
leaks=$(kmemleak_scan)
if [ -n "$leaks" ]; then
	echo "$leaks"
	fail "kmemleak"
fi
kernel_messages >"$dir/dmesg.after"
if ! same_messages; then
	diff "$dir/dmesg.before" "$dir/dmesg.after" | grep '^>'
	fail "messages of the kernel"
fi
echo "soak: PASS resets=$(field resets) transfers=$(field transfers)" \
	"bytes=$(field bytes) seed=$(field seed)"
