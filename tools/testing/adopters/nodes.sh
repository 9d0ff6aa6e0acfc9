# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts have in common that run on two nodes, vm/run --nodes 2. The first one has
# the second one call their functions. One sets $greeting besides, what its module says of
# a connection that has come. To be sourced.

self=$(readlink -f "$0")
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"
device=eth0
pause=0.5

mount_configfs() {
	modprobe configfs &&
	{ mountpoint -q /sys/kernel/config ||
		mount -t configfs configfs /sys/kernel/config; }
}

adopt() { # [MODULES]
	[ -e $parameters ] || insmod "$ko" && echo "$1" >$parameters/modules
}

other() { # FUNCTION [ARGUMENT...]
	"$adopters/node.py" "$self" --call "$@"
}

both() { # FUNCTION [ARGUMENT...]
	local pid status=0

	other "$@" &
	pid=$!
	"$@" || status=1
	wait $pid || status=1
	return $status
}

# Connections that have come to this node.
connects() {
	dmesg | grep -c "${greeting:?}"
}

# And to both.
reconnects() {
	echo $(($(connects) + $(other connects)))
}

# answer_call "$@": what other() asks for; does not return then. To be called when all
# functions are there.
answer_call() {
	[ "${1:-}" = --call ] || return 0
	"${@:2}"
	exit
}

# The second node does not return, and ends with the first one.
serve_the_first() {
	if [ "$NODE" -ne 1 ]; then
		"$adopters/node.py" --serve
		exit
	fi
	trap '"$adopters/node.py" --end' EXIT
}
