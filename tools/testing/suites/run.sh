#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test suites of other projects, unchanged: on plain TCP, over rsessrun, and over
# rsessrun while every connection is reset five times a second. Each run has a network
# namespace of its own. To be run in a guest that is thrown away; see ../suites.sh.
#
# A suite is a program NAME.sh beside this one, which runs in an empty directory. Its
# argument is the directory with the sources, if it has some. It prints a line for each
# test: "ok", "fail" or "skip" and a name; what else is of interest goes to stderr.
#
# What came of it compare.py says at the end; what the suites print comes behind a "|".

set -u
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh
. "$here/../selftests/net/rsess/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../apps/net.sh
. "$here/../apps/net.sh"

help() {
	cat <<-END
	usage: run.sh [options] [NAME[=SOURCES]...]
	  --packages DIR  what apps/packages.sh has made; it is laid over /usr
	END
	exit 2
}

packages=
while [ $# -gt 0 ]; do
	case $1 in
	--packages) packages=$2; shift 2 ;;
	-*) help ;;
	*) break ;;
	esac
done

# tear HOST: reset all connections there, five times a second. Listeners are left alone,
# and so are attempts to connect, which fail on TCP too. The next time comes when no session
# is without a connection, as on a slow machine none would get one, but two seconds later at
# the latest. Does not return.
tear() {
	exec ip netns exec "$1" bash -c '
		while sleep 0.2; do
			for _ in {1..10}; do
				grep -qwe none -e dialing -e greeting /proc/net/rsess || break
				sleep 0.2
			done
			ss -K -t state established
		done' >/dev/null 2>&1
}

# marked NAME.WAY: lines that are not for who only wants to know what came of it
marked() {
	sed -u "s/^/| $1: /"
}

# one WAY NAME=SOURCES: a suite in its own namespace
one() {
	local way=$1 name=${2%%=*} host=rsess-$1-${2%%=*} begin=$SECONDS
	local tearer=

	run=()
	[ "$way" = tcp ] || run=("$rsessrun" --)
	ip netns add "$host"
	ip -n "$host" link set lo up
	mkdir "$scratch/$host"
	if [ "$way" = resets ]; then
		tear "$host" &
		tearer=$!
	fi
	(cd "$scratch/$host" && ip netns exec "$host" "${run[@]}" \
		"$here/$name.sh" "${2#*=}") 2>"$scratch/log.$host" </dev/null |
		tee "$scratch/$name.$way" | marked "$name.$way"
	[ -z "$tearer" ] || { kill "$tearer"; wait "$tearer"; } 2>/dev/null
	ip netns pids "$host" | xargs -r kill -9 2>/dev/null
	tail -n 3000 "$scratch/log.$host" | marked "$name.$way"
	echo "# $name, $way: $(wc -l <"$scratch/$name.$way") tests," \
		"$((SECONDS - begin)) seconds, $(stat "$host" SessionsAccepted)" \
		"sessions, $(stat "$host" Resumes) resumes"
	ip netns del "$host"
}

set_up
# Those of the first suite wait more than they compute, so all of its ways run at a time.
ways='tcp rsess resets'
status=0
for way in $ways; do
	one "$way" "$1" &
done
shift
for suite in "$@"; do
	for way in $ways; do
		one "$way" "$suite"
	done
done
wait
"$here/compare.py" "$here/differences" "$scratch" || status=1
exit $status
