# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts have in common that mount what a server of the same machine shares, and have
# their connections reset all the time. One sets $port before, then $client, the module, and
# $all, the modules that are adopted; and has these functions:
#	serve [COMMAND...]	start the server, under COMMAND
#	end_server
#	mount_share
# To be sourced.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"
share=$scratch/share
mnt=$scratch/mnt
seconds=20
# By this the sockets of a server are sessions.
rsessrun=("$built/rsessrun/rsessrun" -p "$port")

# --- server and client -------------------------------------------------------------

is_served() {
	[ -n "$(ss -Hltn "sport = :$port")" ]
}

is_not_served() {
	! is_served
}

# begin MODULES [COMMAND...]: the server runs under COMMAND
begin() {
	echo "$1" >$parameters/modules && serve "${@:2}" && mount_share
}

begin_sessions() {
	begin "$all" "${rsessrun[@]}"
}

end() {
	umount "$mnt"
	end_server
}

# What is mounted at $mnt is $share.
write_file() { # [NAME]: it is in $scratch, too
	local file=${1:-file}

	dd if="$scratch/$file" of="$mnt/$file" bs=256k conv=fsync 2>"$scratch/dd" &&
	cmp "$scratch/$file" "$share/$file"
}

# --- the tests -------------------------------------------------------------------------

writes_under_resets() {
	torn_unnoticed until_hit 1 write_file
}

many_calls_under_resets() {
	torn_unnoticed "$adopters/calls.py" "$mnt" "$seconds"
}

# A server that has no sessions: TCP.
falls_back() {
	local before

	end
	before=$(counter FallbackPeer)
	begin "$client" && write_file && [ "$(counter FallbackPeer)" -gt "$before" ]
}
