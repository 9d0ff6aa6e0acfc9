# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0
#
# What the scripts have in common whose two nodes share a disk with a file system. One sets
# $name, $module, $port and $greeting, and has these functions, which each node calls:
#	prepare PACKAGES	all is there for a mount
#	mount_disk
#	end_cluster		after umount
# and these of the first node: make_file_system, and check_disk, when it is not mounted. To be
# sourced.

# shellcheck source-path=SCRIPTDIR source=nodes.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/nodes.sh"
PATIENCE=120
mnt=/mnt
disk=/dev/vda
log=/var/log/cluster
seconds=300
tests_wanted=(mounts is_adopted is_used_under_resets ends is_clean)

unmount_disk() {
	umount $mnt
}

use_files() { # SECONDS
	"$adopters/files.py" use $mnt "$NODE" "$1"
}

show_logs() {
	tail -n 20 $log/* | sed 's/^/# /'
}

# --- the tests ---------------------------------------------------------------------------

mounts() {
	make_file_system >"$scratch/mkfs" 2>&1 && both mount_disk
}

is_adopted() {
	echo "# adopted: $(adopted "$module"), $(other adopted "$module");" \
		"sessions: $(sessions), $(other sessions)"
	[ "$(sessions)" -ge 1 ] && [ "$(other sessions)" -eq "$(sessions)" ] &&
	[ "$(reconnects)" -ge 1 ]
}

# What they have counted, and as many lines, are there.
is_used_under_resets() {
	local found used status=0

	torn_unnoticed both use_files "$seconds" >"$scratch/use" 2>&1 || status=1
	sed 's/^\([^#]\)/# \1/' "$scratch/use"
	[ $status -eq 0 ] && found=$("$adopters/files.py" check $mnt) || return
	used=$(value increments <"$scratch/use")
	echo "# found: $found"
	[ "$used" -ge 200 ] && [ "$found" = "increments=$used lines=$used" ]
}

ends() {
	both unmount_disk && both end_cluster && until_true has_none
}

is_clean() {
	check_disk >"$scratch/fsck" 2>&1 || {
		sed 's/^/# /' "$scratch/fsck"
		return 1
	}
}

# run_nodes "$@": of the script
run_nodes() {
	local packages=

	answer_call "$@"
	take_options "$@"
	serve_the_first
	plan $((${#tests_wanted[@]} + 1))
	both adopt "$module" && both prepare "$packages"
	result $? "$name.starts"
	# A mount would wait for ever.
	if [ "$failed" -eq 0 ]; then
		run_tests "$name" "${tests_wanted[@]}"
	else
		both show_logs
	fi
	[ "$failed" -eq 0 ]
}
