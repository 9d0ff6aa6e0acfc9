#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Reads TAP and KTAP, from files or standard input, and prints
#
#	N passed, N failed, N skipped
#
# Counted are result lines.  One that sums up the indented results above it, as
# KTAP has for each suite, is not a test of its own.  A plan that promises more
# results than there are means that something died: one more failure for each
# that is missing.  The exit status is 1 if anything failed or nothing was run.
#
# With --tell each failed test and the last lines in front of it come first: the
# output of a long run ends with what is to be mended.

tell=0
if [ "${1:-}" = --tell ]; then
	tell=1
	shift
fi
awk -v tell=$tell '
BEGIN { LINES = 20 }

# A result or a plan may be indented; how deep says whom it belongs to.
function level(line) {
	match(line, /^ */)
	return RLENGTH
}

# The plan of this depth is over: are there as many results as promised?
function close_plan(d) {
	if (d in plan && seen[d] < plan[d]) {
		failed += plan[d] - seen[d]
		tell_failed(plan[d] - seen[d] " tests without a result")
	}
	delete plan[d]
	seen[d] = 0
}

# What failed, and what was said since the result before.
function tell_failed(why,	i) {
	if (!tell)
		return
	for (i = said > LINES ? said - LINES : 0; i < said; i++)
		print line[i % LINES]
	print "failed: " why
}

function close_plans(from,	d) {
	for (d in plan)
		if (d + 0 >= from)
			close_plan(d)
}

FNR == 1 { close_plans(0); split("", below); split("", seen) }

/^ *K?TAP version/ { close_plan(level($0)); next }

/^ *1\.\.[0-9]+/ {
	d = level($0)
	n = $0
	sub(/^ *1\.\./, "", n)
	if (!(d in plan) && seen[d] && seen[d] == n + 0) {
		seen[d] = 0	# it came behind its results
		next
	}
	close_plan(d)
	plan[d] = n + 0
	if (n ~ /# *SKIP/)
		skipped++
	next
}

/^ *(not )?ok( |$)/ {
	d = level($0)
	# Deeper results since the last one here: this is their sum.
	sum = 0
	for (e in below)
		if (e + 0 > d && below[e]) {
			sum = 1
			close_plan(e)
			below[e] = 0
		}
	below[d] = 1
	seen[d]++
	if (sum)
		next
	if ($0 ~ /# *(SKIP|skip)/)
		skipped++
	else if ($1 == "not" && $0 !~ /# *TODO/) {
		failed++
		tell_failed($0)
	} else {
		passed++
	}
	said = 0
	next
}

/^Bail out!/ { failed++; tell_failed($0) }

{ line[said++ % LINES] = $0 }

END {
	close_plans(0)
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed || !(passed + skipped)
}
' "$@"
