#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mistakes made on purpose: is each of them seen by the kernel that the tests run
# on, and do its complaints reach whoever runs them? A machine is started for each,
# for many checks of a kernel report once and then no more. Prints TAP.
#
# usage: seeded.sh [debug|kcsan|um]

set -u
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

flavour=${1:-debug}
case $flavour in
kcsan) mistakes=(race) ;;
*) mistakes=(inversion use_after_free leak refcount sleep) ;;
esac

# What the log has to say, besides the name of the function that is wrong.
report() {
	case $1 in
	inversion) echo 'possible circular locking dependency detected' ;;
	use_after_free) echo 'BUG: KASAN: .*use-after-free in seeded_use_after_free' ;;
	leak) echo 'kmemleak: [0-9]* new suspected memory leaks' ;;
	race) echo 'BUG: KCSAN: data-race in .*seeded_race_thread' ;;
	refcount) echo 'refcount_t: decrement hit 0; leaking memory' ;;
	sleep) echo 'BUG: sleeping function called from invalid context' ;;
	esac
}

# load MISTAKE: sets $code
load() {
	code=0
	"$here/vm/run" --kernel "$release" --mem 1G --timeout 900 \
		--log "$scratch/log" -- insmod "$ko" mistake="$1" \
		>"$scratch/out" 2>&1 || code=$?
}

result() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count seeded.$2"
		return
	fi
	echo "not ok $count seeded.$2"
	echo "# status $code"
	tail -n 60 "$scratch/out" | sed 's/^/# /'
	failed=1
}

is_caught() {
	[ "$code" -eq 125 ] && grep -q "$(report "$1")" "$scratch/log" &&
		grep -q "seeded_$1" "$scratch/log"
}

count=0
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
choose_kernel "$flavour"
ko=$root/build/$release/rsess_seeded.ko
make_for "$release" seeded >&2 || exit 1

echo "TAP version 13"
echo "1..$((${#mistakes[@]} + 1))"
# Without one all is well: a report is due to the mistake.
load none
result $code nothing_is_reported_without_a_mistake
for mistake in "${mistakes[@]}"; do
	load "$mistake"
	is_caught "$mistake"
	result $? "${mistake}_is_caught"
done
exit $failed
