#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make fuzz": RUNS executions of the two fuzzers, within ten minutes on two slow
# processors; one that would take longer is stopped, and has failed.  With --quick,
# for "make check", it is some seconds, and the same inputs each time.
#
# Prints TAP and, as its last line, how many passed, failed and were skipped.  What
# is found is a failure; its input stays in build/fuzz/findings.
#
# usage: run.sh [--quick|--merge]
#
# RUNS=N	how many executions, 10000000
# SEED=N	of the random numbers; else another one each time
# SRC=DIR	another tree, whose module is fuzzed with this one's fuzzers
#
# --merge adds to the committed corpus what the last run found and what no input
# there does, and drops what is not needed.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../../..")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"

out=$root/build/fuzz
seconds=570		# all of it, but for building
max_len=128
places="net/rsess|testing/fuzz"
tests=0

# A leak is looked for when what was allocated is not what was freed.  A quarantine
# that fits into the cache, and short stack traces, are faster; for long ones
# start the fuzzer with nothing but the input that it found.
export ASAN_OPTIONS=quarantine_size_mb=2:malloc_context_size=2:detect_leaks=1

report() { # ok|not ok, TEXT
	tests=$((tests + 1))
	echo "$1 $tests - fuzz.$2" | tee -a "$out/tap"
}

build() {
	need_packages clang:clang make:make /usr/include/stdio.h:libc6-dev
	need_packages \
		"$(clang -print-runtime-dir)/libclang_rt.fuzzer-$(uname -m).a:libclang-rt-dev"
	mkdir -p "$out"
	make -s -j"$(nproc)" -C "$here" OUT="$out" SRC="${SRC:-$root}"
}

# fuzz JOB TARGET PERCENT: what it says is in JOB.log
fuzz() {
	local job=$1 target=$2 left=$((deadline - SECONDS))
	local seed=()

	[ -z "${SEED:-}" ] || seed=("-seed=$SEED")
	mkdir -p "$out/found/$job"
	"$out/$target" -runs=$((runs * $3 / 100)) -max_len=$max_len \
		-max_total_time=$((left > 0 ? left : 1)) -timeout=10 \
		-entropic=0 -reload=0 -print_final_stats=1 "${seed[@]}" \
		-artifact_prefix="$out/findings/$target-" \
		"$out/found/$job" "$here/corpus/$target" >"$out/$job.log" 2>&1
}

# The result of a job.
judge() { # JOB TARGET PERCENT STATUS
	local log=$out/$1.log wanted=$((runs * $3 / 100)) ran seed

	ran=$(awk '/^stat::number_of_executed_units/ { print $2 }' "$log")
	seed=$(awk '/^INFO: Seed:/ { print $3 }' "$log")
	if [ "$4" -ne 0 ]; then
		grep -aE "failed:|ERROR:|runtime error:|^ +#.*/($places)/" "$log" |
			head -n 20 | sed 's/^/# /'
		grep -aoE 'Test unit written to .*|^Base64: .*' "$log" |
			sed 's/^/# /'
		report "not ok" "$1: no finding (seed $seed)"
	elif [ "${ran:-0}" -lt "$wanted" ]; then
		echo "# stopped after $seconds s"
		report "not ok" "$1: $wanted executions, not ${ran:-0}"
	else
		report ok "$1: $ran executions (seed $seed)"
	fi
}

# One after the other; the first that fails does not stop the others.
work() { # JOB TARGET PERCENT ...
	local status

	while [ $# -gt 0 ]; do
		status=0
		fuzz "$1" "$2" "$3" || status=$?
		echo "$1 $2 $3 $status" >>"$out/results"
		shift 3
	done
}

# Inputs that reach code that no other does; how often is not looked at.
merge() {
	local target new

	for target in wire input; do
		new=$(mktemp -d)
		"$out/$target" -merge=1 -use_counters=0 -max_len=$max_len "$new" \
			"$here/corpus/$target" "$out/found/$target"* \
			>"$out/merge.log" 2>&1
		# What was named by hand is kept, once.
		find "$here/corpus/$target" -regextype posix-extended \
			-regex '.*/[0-9a-f]{40}' -delete
		sha1sum "$here/corpus/$target"/* | while read -r sum _; do
			rm -f "$new/$sum"
		done
		cp "$new"/* "$here/corpus/$target/"
		rm -rf "$new"
	done
	du -sb "$here/corpus"/*
}

runs=${RUNS:-10000000}
case ${1:-} in
--quick)
	runs=${RUNS:-500000} SEED=${SEED:-1} seconds=200 ;;
--merge)
	build
	merge
	exit ;;
esac

build >&2
mkdir -p "$out/findings"
rm -rf "$out/found" "$out/tap" "$out/results"
deadline=$((SECONDS + seconds))

# The codec is fifteen times as fast.
work wire wire 80 input2 input 8 &
work input input 12 &
wait

printf 'TAP version 13\n1..3\n' | tee "$out/tap"
while read -r job target percent status; do
	judge "$job" "$target" "$percent" "$status"
done < <(sort -r "$out/results")
"$here/../selftests/net/rsess/tap_total.sh" "$out/tap"
