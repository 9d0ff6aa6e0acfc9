#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs in the machine: where the instructions of a row go.  The clock counts
# instructions; the period is prime, so that it is in step with nothing.
#
# usage: profile.sh PROGRAM ROW [CONTESTANT]

set -eu
data=$(mktemp)
trap 'rm -f "$data"' EXIT
perf record -q -e cpu-clock -c 7919 -a -g -o "$data" -- \
	"$1" -r 1 -n 8 -c "${3:-session}" "$2"
perf report -i "$data" --stdio --no-children -g caller,0.5,callee --percent-limit 5 --sort symbol 2>/dev/null | grep -v "^#" | grep . | head -60
perf report -i "$data" --stdio --no-children -g none --percent-limit 0.4 \
	--sort symbol 2>/dev/null | grep -v '^#' | grep . | head -70
