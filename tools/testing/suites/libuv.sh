#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# libuv's tests that are about TCP, each by itself.

set -u
program=$1/build/uv_run_tests
wanted='^(tcp|tcp6|ipc|poll|shutdown)_|connect_unspecified|connection_fail'
wanted+='|multiple_listen|delayed_accept|getsockname_tcp|callback_stack|not_readable'
wanted+='|not_writable|readable_on_eof|socket_buffer_size|close_order'
wanted+='|spawn_tcp_server|emfile'
export UV_RUN_AS_ROOT=1 UV_TEST_TIMEOUT_MULTIPLIER=20

"$program" --list | awk '{ print $1 }' | grep -E "$wanted" | while read -r name; do
	timeout -k 10 120 "$program" "$name" >out 2>&1 </dev/null
	case $(<out) in
	*'# SKIP'*) echo "skip $name" ;;
	'ok '* | *$'\n''ok '*) echo "ok $name" ;;
	*)
		echo "fail $name"
		tail -n 40 out | sed "s/^/$name: /" >&2
		;;
	esac
done
