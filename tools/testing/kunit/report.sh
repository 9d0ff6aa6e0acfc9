#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# usage: report.sh <KERNEL-LOG
#
# Finds the results of KUnit suites in a kernel's log and prints them as flat
# TAP: one line for each test case, named SUITE.CASE, after what KUnit said of
# it. Exits with 1 if a case failed, a suite did not end or had no cases, or
# there was no suite at all.

set -eu

# A suite in the log, without the time stamps:
#	    # Subtest: SUITE
#	    1..2
#	    ok 1 CASE
#	    # CASE: EXPECTATION FAILED at FILE:LINE
#	    Expected a == b, but
#	    not ok 2 CASE
#	not ok 1 SUITE
# Results of a case with parameters are a further four blanks to the right.
tr -d '\r' | awk '
function result(ok, name) {
	total++
	failed += !ok
	printf "%s %d - %s\n", ok ? "ok" : "not ok", total, name
}

function remark(text) {
	sub(/^ *(# *)?/, "", text)
	print "# " text
}

function begin(name) {
	abandon()
	suite = name
	message = "none"
	cases = planned = bad = 0
}

function abandon() {
	if (suite != "")
		result(0, suite " did not end")
}

# The result of a suite says no more than those of its cases, unless some are
# missing or it failed as a whole.
function end(ok) {
	if (cases == 0)
		result(0, suite " has no cases")
	else if (cases != planned)
		result(0, suite " ran " cases " of " planned " cases")
	else if (!ok && !bad)
		result(0, suite)
	suite = ""
}

function title(line) {
	sub(/^ *(not )?ok [0-9]+ (- )?/, "", line)
	return line
}

# Further lines of a message have the time stamp of the first, or none.
{
	stamp = ""
	if (match($0, /^(<[0-9]+>)?\[[^]]*\](\[[^]]*\])? ?/)) {
		stamp = substr($0, 1, RLENGTH)
		$0 = substr($0, RLENGTH + 1)
	}
}

/^    # Subtest: / {
	begin(substr($0, 16))
	next
}

# A suite that could not start has a result only.
/^(not )?ok [0-9]+ / {
	name = title($0)
	sub(/ # SKIP.*/, "", name)
	if (suite == "")
		result(/^ok/, name)
	else if (name == suite)
		end(/^ok/)
	next
}

suite == "" {
	next
}

/^    1\.\.[0-9]+$/ {
	planned = substr($0, 8)
	next
}

/^    (not )?ok [0-9]+ / {
	cases++
	bad += /^    not/
	result(/^    ok/, suite "." title($0))
	message = "none"
	next
}

/^        (not )?ok [0-9]+ / {
	remark(title($0) ": " (/^ *ok/ ? "ok" : "failed"))
	message = "none"
	next
}

/^ *KTAP version/ || /^ *# (Subtest: |.*pass:[0-9]+ fail:)/ {
	next
}

/^ *# / {
	remark($0)
	message = stamp
	next
}

stamp == message || stamp == "" && message != "none" {
	remark($0)
}

END {
	abandon()
	printf "1..%d\n", total
	exit total == 0 || failed > 0
}'
