#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make model": searches the model of the session protocol,
# Documentation/networking/rsess/model/, with spin.  What is searched, what has to
# hold, and which mistake has to be caught by what is in the tables below.
#
# Prints TAP and, as its last line, how many passed, failed and were skipped.
#
# usage: model.sh [NAME...]	only searches and mistakes of that name

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

model=$root/Documentation/networking/rsess/model/rsess.pml
memory=4000		# MiB of one search
seconds=200		# of one search
depth=5000		# steps
only=" $* "
tests=0

need_packages spin:spin gcc:gcc /usr/include/stdio.h:libc6-dev

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/tap
cd "$work"

properties="retention exactly_once ack_is_promise one_live_incarnation drained
	credit no_silent_restart bounded last_byte survives honest no_deadlock"

wanted() { # NAME
	[ "$only" = "  " ] || [[ $only == *" $1 "* ]]
}

report() { # ok|not ok, TEXT
	tests=$((tests + 1))
	echo "$1 $tests - $2" | tee -a "$log"
}

# compile DEFINES...: ./pan.  To optimise it takes longer than it saves.
compile() {
	rm -f pan
	spin -a "$@" "$model" >compile.out 2>&1 &&
		gcc -O0 -w -DMEMLIM="$memory" -DCOLLAPSE $claim -o pan pan.c \
			>>compile.out 2>&1
}

# search OPTIONS...: what pan says is in ./out
search() {
	timeout "$seconds" ./pan -m"$depth" "$@" >out 2>&1
}

# Was everything looked at?
complete() {
	grep -q '^Full statespace search' out &&
		grep -q '^pan: elapsed time' out &&
		! grep -qE 'Search not completed|too small|out of memory|MEMLIM' out
}

# What pan says when a property is violated.
text_of() { # PROPERTY
	case $1 in
	no_deadlock) echo "invalid end state " ;;
	*) echo "assertion violated $1 " ;;
	esac
}

first_error() {
	grep -m1 '^pan:[0-9]' out || tail -n 1 out
}

states() {
	awk '/states, stored/ { n = $1 }
	     /depth reached/ { for (i = 1; i < NF; i++)
				if ($i == "reached") d = $(i + 1) }
	     END { printf "%d states, depth %d", n, d }' out
}

# check NAME DEFINES...: every property holds in everything that can happen
check() {
	local name=$1 property status

	shift
	wanted "$name" || return 0
	if ! compile -DPROBES "$@"; then
		sed 's/^/# /' compile.out
		report "not ok" "$name: compiles"
		return
	fi
	status=0
	search ${options:+$options} || status=$?
	grep -oE '^reached: [0-9]+' out >>reached || true
	if [ "$status" -ne 0 ] || ! complete || ! grep -q 'errors: 0$' out; then
		echo "# $*: $(first_error)"
		report "not ok" "$name: exhaustive, without an error"
		return
	fi
	for property in ${claims:-$properties}; do
		report ok "$name: $property ($(states))"
	done
}

# mistake NAME PROPERTY DEFINES...: BUG_NAME violates that property
mistake() {
	local name=$1 property=$2

	shift 2
	wanted "$name" || return 0
	if ! compile "-DBUG_${name^^}" "$@"; then
		sed 's/^/# /' compile.out
		report "not ok" "seeded $name compiles"
		return
	fi
	# The first error may be another one: then all are looked through.
	search || true
	if ! grep -q "$(text_of "$property")" out; then
		timeout "$seconds" stdbuf -oL ./pan -m"$depth" -c0 2>&1 |
			grep -m1 "$(text_of "$property")" >>out || true
	fi
	if grep -q "$(text_of "$property")" out; then
		report ok "seeded $name is caught by $property"
	else
		echo "# $*: $(first_error)"
		report "not ok" "seeded $name is caught by $property"
	fi
}

# Every place that the model names was come to in some search.
places() {
	local name number

	[ "$only" = "  " ] || return 0
	while read -r name number; do
		if grep -qx "reached: $number" reached; then
			report ok "reached: ${name,,}"
		else
			report "not ok" "reached: ${name,,}"
		fi
	done < <(awk '/^#define AT_/ { print substr($2, 4), $3 }' "$model")
}

claim=-DSAFETY
claims=
options=
: >reached

# --- what has to hold ---------------------------------------------------------

# NAME, bounds and what may happen: see the top of the model.
check one_way		-DBYTES_D=2 -DBYTES_A=0 -DSLOTS=2
check two_way		-DBYTES_D=1 -DBYTES_A=1 -DSLOTS=2
check two_resets	-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 -DRESETS=2
check write_first	-DBYTES_D=3 -DBYTES_A=3 -DSNDBUF=2 -DWINDOW=1 \
			-DWRITE_FIRST=1 -DRESETS=0
check write_first_reset	-DBYTES_D=2 -DBYTES_A=2 -DSNDBUF=1 -DWINDOW=1 \
			-DWRITE_FIRST=1 -DSLOTS=2
check stop_by_dialer	-DBYTES_D=0 -DBYTES_A=1 -DSLOTS=2 \
			-DCLOSE_D=1 -DENDLESS_A=1
check stop_by_acceptor	-DBYTES_D=1 -DBYTES_A=0 -DSLOTS=2 \
			-DCLOSE_A=1 -DENDLESS_D=1
check repeats		-DBYTES_D=2 -DBYTES_A=0 -DREPEATS=1 -DRESETS=0
check replays		-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 -DREPLAYS=1
check tombstone		-DBYTES_D=0 -DBYTES_A=0 -DUNLISTEN=1 -DEXPIRES=1
check reboot		-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 -DREBOOTS=1 -DREPLAYS=1 \
			-DRESETS=0
check abort		-DBYTES_D=0 -DBYTES_A=0 -DABORTS=1 -DSLOTS=2
check silence		-DBYTES_D=0 -DBYTES_A=1 -DSILENT=1 -DSLOTS=2
check drops		-DBYTES_D=0 -DBYTES_A=1 -DSLOTS=2 -DDROPS=1 -DRESETS=0 \
			-DUNLISTEN=1
check sctp		-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 -DTRANSPORT=AS_SCTP \
			-DUNLISTEN=1 -DDROPS=1 -DSILENT=1
check vsock		-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 -DTRANSPORT=AS_VSOCK \
			-DUNLISTEN=1 -DDROPS=1 -DSILENT=1
check liar		-DBYTES_D=0 -DBYTES_A=1 -DLIAR=1 -DSLOTS=2

# Every run ends, also the infinite ones: there is none.
claim=
claims=progress
options=-a
check progress		-DLIVENESS -DBYTES_D=1 -DBYTES_A=0 -DSLOTS=2
claim=-DSAFETY
claims=
options=

places

# --- what has to be caught ----------------------------------------------------

# NAME, the property that it breaks, bounds and what may happen.
mistake ack_before_queueing	ack_is_promise \
	-DBYTES_D=1 -DBYTES_A=0 -DSLOTS=2
mistake free_on_transport_ack	retention	-DBYTES_D=1 -DBYTES_A=0 -DSLOTS=2
mistake offset_trusted		retention	-DBYTES_D=0 -DBYTES_A=1 -DLIAR=1 \
	-DSLOTS=2
mistake duplicate_kept		exactly_once	-DBYTES_D=2 -DBYTES_A=0 \
	-DREPEATS=1 -DRESETS=0
mistake epoch_ignored		one_live_incarnation \
	-DBYTES_D=0 -DBYTES_A=0 -DREPLAYS=1
mistake hello_any_time		one_live_incarnation \
	-DBYTES_D=0 -DBYTES_A=0 -DREPLAYS=1
mistake not_drained		drained		-DBYTES_D=1 -DBYTES_A=0 -DSLOTS=2
mistake credit_ignored		credit		-DBYTES_D=2 -DBYTES_A=0 \
	-DWINDOW=1 -DRESETS=0
mistake no_credit		no_deadlock	-DBYTES_D=3 -DBYTES_A=3 \
	-DSNDBUF=2 -DWINDOW=1 -DWRITE_FIRST=1 -DRESETS=0
mistake credit_forgotten	no_deadlock	-DBYTES_D=0 -DBYTES_A=2 \
	-DWINDOW=1 -DSLOTS=2
mistake limit_from_rcv_nxt	bounded		-DBYTES_D=3 -DBYTES_A=0 \
	-DWINDOW=1 -DRESETS=0
mistake silent_restart		no_silent_restart \
	-DBYTES_D=0 -DBYTES_A=0 -DREBOOTS=1 -DRESETS=0
mistake mac_ignored		no_silent_restart \
	-DBYTES_D=0 -DBYTES_A=0 -DREBOOTS=1 -DREPLAYS=1 -DRESETS=0
mistake fin_once		no_deadlock	-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2
mistake stop_once		no_deadlock	-DBYTES_D=0 -DBYTES_A=1 -DSLOTS=2 \
	-DCLOSE_D=1 -DENDLESS_A=1
mistake no_time_wait		last_byte	-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2
mistake no_tombstone		last_byte	-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2
mistake tombstone_too_short	last_byte	-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 \
	-DEXPIRES=1
mistake listener_not_kept	last_byte	-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 \
	-DUNLISTEN=1
mistake idle_dialer		no_deadlock	-DBYTES_D=0 -DBYTES_A=1 -DSLOTS=2 \
	-DSILENT=1
mistake both_shut		last_byte	-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 \
	-DTRANSPORT=AS_SCTP -DDROPS=1 -DRESETS=0
mistake host_is_proof		last_byte	-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 \
	-DTRANSPORT=AS_SCTP -DDROPS=1 -DRESETS=0 -DUNLISTEN=1
mistake yes_not_enough		bounded		-DBYTES_D=0 -DBYTES_A=0 -DSLOTS=2 \
	-DTRANSPORT=AS_VSOCK

echo "1..$tests"
"$here/selftests/net/rsess/tap_total.sh" "$log"
