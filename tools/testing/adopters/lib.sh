# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts have in common. One sets $port, and has a function reconnects, which
# prints how often the user of the kernel has connected anew. To be sourced.

adopters=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
selftests=$adopters/../selftests/net/rsess
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh
. "$selftests/lib.sh"
built=$adopters/../../../build
ko=$built/$(uname -r)/rsess_adopt.ko
parameters=/sys/module/rsess_adopt/parameters
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# In memory.
scratch=$(mktemp -d)
# Where and how the connections are reset.
device=lo
pause=0.3
tear_options=()

# The programs of the directory that apps/packages.sh has made are there, too.
have_packages() { # [DIRECTORY]
	[ -z "$1" ] || mount -t overlay -o "ro,lowerdir=$1/usr:/usr" overlay /usr
}

adopted() { # MODULE
	awk -v name="$1" '$1 == name { print $2 }' $parameters/adopted
}

# Ends of them in this machine.
sessions() {
	grep -c "ESTABLISHED.*:$port" /proc/net/rsess
}

has_sessions() {
	[ "$(sessions)" -gt 0 ]
}

has_none() {
	! has_sessions
}

# torn COMMAND...: while it runs the connections are reset; sets $resets, $resumes, $again
torn() {
	local tear status=0

	resumes=$(counter Resumes)
	again=$(reconnects)
	"$selftests/tear.sh" "${tear_options[@]}" --pause $pause --seconds 3600 \
		--turns 10000 "$device" "$port" >"$scratch/tear" &
	tear=$!
	"$@" || status=1
	kill $tear
	wait $tear
	resets=$(sed -n 's/.* resets=\([0-9]*\) turns.*/\1/p' "$scratch/tear")
	resumes=$(($(counter Resumes) - resumes))
	again=$(($(reconnects) - ${again:?}))
	return $status
}

# How many connections were reset by now.
hits() {
	sed -n 's/^tear: .* resets=\([0-9]*\)$/\1/p' "$scratch/tear" |
		awk '{ n += $1 } END { print n + 0 }'
}

# until_hit TIMES COMMAND...: again and again, so often at least, until enough of them were
# reset: a quick machine would be done before.
until_hit() {
	local i

	for ((i = 0; i < 50 && (i < $1 || $(hits) < 5); i++)); do
		"${@:2}" || return
	done
}

# torn(), and nobody noticed.
torn_unnoticed() {
	local status=0

	torn "$@" || status=1
	echo "# $resets resets, $resumes resumes, connected anew: $again"
	[ $status -eq 0 ] && [ "$resumes" -ge 3 ] && [ "$again" -eq 0 ]
}

# value NAME: of NAME=VALUE; the sum where there are more
value() {
	sed -n "s/^.*\<$1=\([0-9]*\).*$/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

vmstat() {
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

# limited MBYTES COMMAND...: it has so much memory.  The server of the same machine has
# the rest: where it had none, nothing could be swapped to.
limited() {
	local group=/sys/fs/cgroup/limited

	echo +memory >/sys/fs/cgroup/cgroup.subtree_control &&
	mkdir -p $group && echo "${1}M" >$group/memory.max &&
	(echo $BASHPID >$group/cgroup.procs && exec "${@:2}")
}

# swapped_to FILE COMMAND...: it is run, and pages come back from there.
swapped_to() {
	local before

	before=$(vmstat pswpin)
	mkswap "$1" >/dev/null && swapon "$1" || return
	"${@:2}" || { swapoff "$1"; return 1; }
	echo "# swapped: $(vmstat pswpout) out, $(vmstat pswpin) in"
	[ "$(vmstat pswpin)" -gt "$before" ] && swapoff "$1"
}

# take_options "$@": sets $packages, $seconds, and $tests_wanted where tests are named
take_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--packages) packages=$2 ;;
		--seconds) seconds=$2 ;;
		-*) exit 2 ;;
		*) break ;;
		esac
		shift 2
	done
	[ $# -eq 0 ] || tests_wanted=("$@")
}

run_tests() { # PREFIX NAME...
	local prefix=$1 name

	shift
	for name in "$@"; do
		"$name"
		result $? "$prefix.$name"
	done
}
