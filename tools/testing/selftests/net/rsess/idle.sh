#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Ten thousand sessions are opened, do nothing and are closed: all their memory
# returns.  On a kernel that checks itself there are fewer of them.

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=leftovers.sh
. "$here/leftovers.sh"
sessions=$((10000 / ${RSESS_SLOW:-1}))
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

returned() {
	measure "$dir/after"
	[ -z "$(grown $sessions)" ]
}

# As long as it becomes less: a busy machine takes minutes.
returns() {
	local left now=

	until until_true returned; do
		left=$now
		now=$(left_over)
		[ -z "$left" ] || [ "$now" -lt "$left" ] || return
	done
}

plan 2
# What is allocated once is no leak.
"$programs/idle_sessions" 100
measure "$dir/before"
"$programs/idle_sessions" $sessions
result $? idle.sessions_open_and_close
returns
result $? idle.all_memory_returns
echo "# grown: $(growth)"
[ "$failed" -eq 0 ]
