#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the selftests, all of them or those named, and prints TAP: the output of
# each program under a heading, and behind it
#
#	N passed, N failed, N skipped
#
# --quick is for a run that a person waits for: of the programs that the file "quick"
# names, the variants there only. --rest is what --quick leaves out, --all is both.
#
# A program that crashes, takes too long or runs fewer tests than it had planned
# counts as one more failed test.  The exit status is 1 if anything failed.
#
# Needs root, a kernel with rsess, and the programs (make).

set -u
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../../../../..")

help() {
	cat <<-END
	usage: run.sh [options] [TEST...]
	  --dir DIR        where the programs are (default: build/selftests)
	  --timeout N      seconds for each of them (default: 1200)
	  --quick, --rest  a part of the variants: see the file "quick" (default: --all)
	  --list           name them and end
	  --list-tests     name their tests, those of the scripts excepted, and end
	END
	exit 2
}

dir=$root/build/selftests
limit=1200
scripts="namespaces.sh trace.sh rsessrun.sh idle.sh"
list=
form=all
while [ $# -gt 0 ]; do
	case $1 in
	--dir) dir=$2; shift 2 ;;
	--timeout) limit=$2; shift 2 ;;
	--quick | --rest | --all) form=${1#--}; shift ;;
	--list | --list-tests) list=${1#--}; shift ;;
	-*) help ;;
	*) break ;;
	esac
done

# Scripts may find the programs here.
export RSESS_SELFTESTS=$dir

if [ $# -eq 0 ]; then
	# shellcheck disable=SC2046,SC2086
	set -- $(make -s -C "$here" print-tests) $scripts
fi
# quick_variants PROGRAM: those of the quick form; none where all are
quick_variants() {
	sed -n "s/^$1[[:space:]]//p" "$here/quick"
}

# variants_of PATH: a fixture without variants has one called "-"
variants_of() {
	"$1" --list | awk -F. '{ v = NF > 2 ? $2 : "-" } !seen[v]++ { print v }'
}

# choose NAME PATH: sets $args to what the program is called with in this form.
# Fails if nothing of it is to be run.
choose() {
	local quick

	args=()
	quick=$(quick_variants "$1")
	case $form:$quick in
	all:* | quick:) return ;;
	rest:) return 1 ;;
	quick:*) read -ra args <<<"$quick" ;;
	rest:*) mapfile -t args < <(variants_of "$2" |
			grep -vxFf <(tr -s ' \t' '\n' <<<"$quick"))
		[ ${#args[@]} -gt 0 ] || return ;;
	esac
	args=('*' "${args[@]}")
}

# find_test NAME: its path, or nothing
find_test() {
	local f

	for f in "$dir/$1" "$here/$1" "$1"; do
		if [ -f "$f" ] && [ -x "$f" ]; then
			readlink -f "$f"
			return
		fi
	done
}

list_tests() {
	local name path

	for name in "$@"; do
		path=$(find_test "$name")
		[[ $path == "$dir"/* ]] && choose "$name" "$path" || continue
		"$path" --list "${args[@]}"
	done
}

case $list in
list) printf '%s\n' "$@"; exit ;;
list-tests) list_tests "$@"; exit ;;
esac

log=$(mktemp)
one=$(mktemp)
trap 'rm -f "$log" "$one"' EXIT

for name in "$@"; do
	echo "# $name"
	path=$(find_test "$name")
	if [ -z "$path" ]; then
		echo "not ok - $name: no such program" | tee -a "$log"
		continue
	fi
	choose "$name" "$path" || continue
	timeout -k 10 "$limit" "$path" "${args[@]}" 2>&1 | tee "$one"
	code=${PIPESTATUS[0]}
	# A test that failed gives exit status 1, one that could not run gives 4.
	if [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then
		echo "not ok - $name: no end after $limit seconds" |
			tee -a "$one"
	elif [ "$code" -gt 1 ] && [ "$code" -ne 4 ]; then
		echo "not ok - $name: exit status $code" | tee -a "$one"
	elif [ "$code" -eq 1 ] && ! grep -q '^ *not ok' "$one"; then
		echo "not ok - $name: failed without saying where" |
			tee -a "$one"
	fi
	cat "$one" >>"$log"
done

"$here/tap_total.sh" "$log"
