#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# 9P of Debian's kernel, unchanged, with diod under rsessrun in the same machine, while their
# connections are reset all the time.  9P never connects anew: over TCP one reset is the end
# of a mount.
#
# To be run in a guest that is thrown away.  Prints TAP.  Needs root and the modules.
#
# usage: 9p.sh --packages DIR [--seconds N] [TEST...]
#
# --packages is what apps/packages.sh has made of diod. Calls are made for --seconds (20).

set -u
port=564
# shellcheck source-path=SCRIPTDIR source=share.sh
. "$(dirname "$(readlink -f "$0")")/share.sh"
packages=
client=9pnet_fd
all=$client
server=
tests_wanted=(is_adopted writes_under_resets many_calls_under_resets
	takes_the_socket_of_a_program is_lost_over_tcp falls_back)
options=version=9p2000.L,uname=root,access=user,cache=none,aname=$share

# --- server and client -------------------------------------------------------------

serve() { # [COMMAND...]
	"$@" diod -f -n -c /dev/null -L stderr -l 127.0.0.1:$port -e "$share" \
		>"$scratch/server.out" 2>&1 &
	server=$!
	until_true is_served
}

mount_share() {
	mount -i -t 9p -o "trans=tcp,port=$port,$options" 127.0.0.1 "$mnt"
}

end_server() {
	kill $server
	wait $server
	until_true is_not_served
}

# Each mount has a socket.
reconnects() {
	adopted $client
}

# --- the tests -------------------------------------------------------------------------

is_adopted() {
	[ "$(adopted $client)" -eq 1 ] && [ "$(sessions)" -eq 2 ]
}

# trans=fd: a program gives the mount the socket that it has connected.
takes_the_socket_of_a_program() {
	umount "$mnt" && echo >$parameters/modules &&
	"${rsessrun[@]}" "$adopters/mount_fd.py" 127.0.0.1 $port "$mnt" "$options" &&
	[ "$(sessions)" -eq 2 ] && writes_under_resets
}

# What sessions are there for.
is_lost_over_tcp() {
	end
	begin "" "${rsessrun[@]}" && ! torn until_hit 1 write_file 2>/dev/null &&
	[ "$resumes" -eq 0 ]
}

take_options "$@"
have_packages "$packages" || exit 4
modprobe -a 9p $client && insmod "$ko" && mkdir "$share" "$mnt" &&
	head -c 16M /dev/urandom >"$scratch/file" || exit 4
plan $((${#tests_wanted[@]} + 1))
begin_sessions
result $? 9p.mounts
[ "$failed" -eq 0 ] || cat "$scratch/server.out"
run_tests 9p "${tests_wanted[@]}"
end
[ "$failed" -eq 0 ]
