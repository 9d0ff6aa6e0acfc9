#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a kernel maintainer runs first: checkpatch --strict on every file, sparse
# and W=1 on the module; what is read by people: manual pages, documentation, the
# completion of bash; what the filters of rsess mean; and what is given to Prometheus and
# systemd, see monitoring.sh.  Prints what they find, and TAP.
#
# usage: lint.sh [RELEASE|SERIES]

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

choose_kernel "${1:-6.1}"
source=/usr/src/linux-source-6.1.tar.xz
scripts=$(cache_dir)/checkpatch-6.1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
failed=0
tests=0

result() { # NAME; fails if something was printed
	tests=$((tests + 1))
	if [ -s "$out" ]; then
		sed 's/^/# /' "$out"
		echo "not ok $tests - lint.$1"
		failed=1
	else
		echo "ok $tests - lint.$1"
	fi
}

# checkpatch is not part of this repository: it comes out of Debian's source
# package of the kernel, once.
get_checkpatch() {
	[ -e "$scripts/checkpatch.pl" ] && return
	need_packages "$source:linux-source-6.1" perl:perl
	mkdir -p "$scripts"
	tar -xJf "$source" -C "$scripts" --strip-components=2 --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch'
}

# Tests are written with the macros of kselftest_harness.h and KUnit, trace
# events with TRACE_EVENT(), and what they have in common is a macro that is a
# list: checkpatch takes none of them for the declarations that they are.
# ASSERT_*() is two statements, the second of which leaves the test: a loop
# around it needs braces.
ignored() {
	case $1 in
	include/trace/*) echo OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,COMPLEX_MACRO,\
MACRO_ARG_REUSE ;;
	tools/*) echo BRACES,CAMELCASE,COMPLEX_MACRO,LINE_SPACING,\
MACRO_ARG_PRECEDENCE,MACRO_ARG_REUSE,MACRO_WITH_FLOW_CONTROL,\
MULTISTATEMENT_MACRO_USE_DO_WHILE,PREFER_KERNEL_TYPES ;;
	*) echo LINUX_VERSION_CODE ;;
	esac
}

checkpatch() {
	local f

	cd "$root"
	git ls-files '*.c' '*.h' | while read -r f; do
		perl "$scripts/checkpatch.pl" --strict --no-tree --terse \
			--ignore "$(ignored "$f")" -f "$f" |
			grep -v '^total:' || true
	done
	rm -f .checkpatch-camelcase.git.*
}

# What sparse says of the kernel's own headers, with who includes them.
without_kernel() {
	awk '/: note: in included file/ { held = held $0 "\n"; next }
		/^\/usr\/src\/.*: warning:/ { held = ""; next }
		{ printf "%s%s\n", held, $0; held = "" }
		END { printf "%s", held }'
}

# Everything is built anew, or it would not be looked at.
compile() { # MAKE-ARGUMENTS...
	local build=$root/build/lint

	rm -rf "$build"
	mkdir -p "$build"
	cp -rs "$root/Kbuild" "$root/net" "$root/include" \
		"$root/tools/testing/selftests/net/rsess"/{kuser,seeded} "$build/"
	make -C "/lib/modules/$release/build" M="$build" KUSER=1 SEEDED=1 "$@" modules \
		2>&1 | grep -E '(warning|error|note|context):|\*\*\*' |
		without_kernel || true
	rm -rf "$build"
}

# Which manuals this machine has is no matter of ours.
manuals() {
	cd "$root"
	git ls-files '*.[1-9]' | xargs mandoc -T lint 2>/dev/null |
		grep -v 'referenced manual not found' || true
}

# What rsess takes for a filter, with what finds bad memory.
filters() {
	local dir=$root/build/lint-filters

	make -s -C "$root/tools/rsess/tool" OUTPUT="$dir" filter_test \
		CFLAGS="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover" &&
		"$dir/filter_test" || echo "filter_test has failed"
}

get_checkpatch
need_packages mandoc:mandoc \
	/usr/share/bash-completion/bash_completion:bash-completion
need_packages sparse:sparse git:git gcc:gcc make:make /usr/include/stdio.h:libc6-dev
echo "TAP version 13"
echo "1..7"
checkpatch >"$out"
result checkpatch
compile W=1 C=2 CHECK=sparse >"$out"
result sparse_and_W=1
# What says that it fetches something says so here.
need_packages systemd-analyze:systemd /usr/bin/python3:python3 \
	sphinx-build:python3-sphinx
"$here/apps/packages.sh" prometheus >/dev/null
manuals >"$out"
result manuals
"$here/completion_test.sh" >"$out" 2>&1
result completion
filters >"$out" 2>&1
result filters
"$here/monitoring.sh" >"$out" 2>&1
result monitoring
"$here/../htmldocs.sh" >"$out" 2>&1 || true
result htmldocs
exit "$failed"
