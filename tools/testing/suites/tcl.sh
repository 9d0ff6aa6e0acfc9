#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tcl's tests of sockets and of its HTTP client.

set -u
# Limits of the tests' own, of 5 seconds, are for machines that are faster.
cp -r "$1/tests" .
sed -i 's/-timeout [1-9]000*/&0/' tests/http.test tests/http11.test
for file in socket http http11; do
	timeout -k 10 400 tclsh "tests/$file.test" -verbose pse -tmpdir "$PWD" \
		>out 2>&1 </dev/null
	sed -nE -e 's/^\+\+\+\+ (\S+) PASSED.*/ok \1/p' \
		-e 's/^\+\+\+\+ (\S+) SKIPPED.*/skip \1/p' \
		-e 's/^==== (\S+) .* FAILED$/fail \1/p' out | sort -u
	sed "s/^/$file: /" out >&2
done
