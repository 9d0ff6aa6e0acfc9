#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# liburing's tests that are about stream sockets: a program each.

set -u
for program in "$1"/test/*.t; do
	name=$(basename "$program" .t)
	timeout -k 10 120 "$program" >out 2>&1 </dev/null
	case $? in
	0) echo "ok $name" ;;
	77) echo "skip $name" ;;
	*)
		echo "fail $name"
		sed "s/^/$name: /" out >&2
		;;
	esac
done
