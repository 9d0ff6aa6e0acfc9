#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# GFS2 of Debian's kernel on two nodes that share a disk, with corosync and dlm_controld of
# Debian: its locks are the DLM's, whose connections are sessions, and reset all the time.
# What both nodes write has to be there, and the DLM must not have noticed.
#
# To be run in two guests that are thrown away, vm/run --nodes 2 --disk 1G. The first one
# prints TAP. Needs root and the modules.
#
# usage: gfs2.sh --packages DIR [--seconds N] [TEST...]
#
# --packages is what apps/packages.sh has made of corosync, dlm-controld and gfs2-utils;
# --seconds is how long files are used under resets (300).

set -u
PATIENCE=120
# shellcheck source-path=SCRIPTDIR source=nodes.sh
. "$(dirname "$(readlink -f "$0")")/nodes.sh"
port=21064
seconds=300
packages=
mnt=/mnt
disk=/dev/vda
log=/var/log/cluster
tests_wanted=(mounts is_adopted is_used_under_resets ends is_clean)

# --- what each node does ---------------------------------------------------------

# Names are addresses: dlm_controld asks corosync for them. Nobody is there to cut the other
# one off, and both have to boot.
configure() {
	mkdir -p /etc/corosync /etc/dlm $log /var/lib/corosync /dev/misc &&
	cat >/etc/corosync/corosync.conf <<-END &&
	totem {
		version: 2
		cluster_name: rsess
		transport: udpu
		crypto_cipher: none
		crypto_hash: none
		token: 30000
		consensus: 40000
	}
	nodelist {
		node {
			ring0_addr: 10.9.0.1
			name: node1
			nodeid: 1
		}
		node {
			ring0_addr: 10.9.0.2
			name: node2
			nodeid: 2
		}
	}
	quorum {
		provider: corosync_votequorum
		expected_votes: 2
		two_node: 1
		wait_for_all: 0
	}
	logging {
		to_stderr: no
		to_syslog: no
		to_logfile: yes
		logfile: $log/corosync.log
	}
	END
	cat >/etc/dlm/dlm.conf <<-END
	enable_fencing=0
	enable_startup_fencing=0
	enable_quorum_lockspace=0
	enable_quorum_fencing=0
	END
}

# Where dlm_controld looks for them if there is no udev.
name_devices() {
	local device

	for device in dlm-control dlm-monitor dlm_plock; do
		ln -sf "../$device" /dev/misc/ || return
	done
}

both_are_there() {
	corosync-quorumtool -l 2>/dev/null | grep -q node1 &&
	corosync-quorumtool -l 2>/dev/null | grep -q node2
}

controls() {
	dlm_tool status 2>/dev/null | grep -q '^cluster nodeid'
}

start_cluster() { # PACKAGES
	have_packages "$1" && configure && mount_configfs &&
	modprobe -a virtio_blk dlm gfs2 && name_devices || return
	corosync -f >$log/corosync.out 2>&1 &
	until_true both_are_there || return
	dlm_controld -D >$log/dlm_controld.log 2>&1 &
	until_true controls
}

show_logs() {
	tail -n 20 $log/* | sed 's/^/# /'
}

end_program() { # NAME
	pkill -x "$1" && until_true has_ended "$1"
}

has_ended() { # NAME
	! pidof "$1" >/dev/null
}

unmount_disk() {
	umount $mnt
}

end_cluster() {
	end_program dlm_controld && end_program corosync && rmmod gfs2 dlm
}

mount_disk() {
	mount -t gfs2 -o noatime $disk $mnt
}

use_files() {
	"$adopters/files.py" use $mnt "$NODE" "$1"
}

# Connections of the DLM that have come to this node.
connects() {
	dmesg | grep -c 'dlm: got connection from'
}

# --- what the first one does with both ------------------------------------------------

reconnects() {
	echo $(($(connects) + $(other connects)))
}

use_files_of_both() {
	local status=0

	other use_files "$seconds" >"$scratch/use.2" 2>&1 &
	use_files "$seconds" >"$scratch/use.1" 2>&1 || status=1
	wait $! || status=1
	sed 's/^/# /' "$scratch"/use.*
	return $status
}

# --- the tests ---------------------------------------------------------------------------

mounts() {
	mkfs.gfs2 -q -O -p lock_dlm -t rsess:files -j 2 -J 16 $disk >/dev/null 2>&1 && both mount_disk
}

is_adopted() {
	echo "# adopted: $(adopted dlm), $(other adopted dlm);" \
		"sessions: $(sessions), $(other sessions)"
	[ "$(sessions)" -ge 1 ] && [ "$(other sessions)" -eq "$(sessions)" ]
}

# What they have counted, and as many lines, are there.
is_used_under_resets() {
	local found used

	torn_unnoticed use_files_of_both || return
	found=$("$adopters/files.py" check $mnt) || return
	used=$(cat "$scratch"/use.* | value increments)
	echo "# found: $found"
	[ "$used" -ge 200 ] && [ "$found" = "increments=$used lines=$used" ]
}

ends() {
	both unmount_disk && both end_cluster && [ "$(sessions)" -eq 0 ]
}

is_clean() {
	fsck.gfs2 -n $disk >"$scratch/fsck" 2>&1 || {
		sed 's/^/# /' "$scratch/fsck"
		return 1
	}
}

answer_call "$@"
while [ $# -gt 0 ]; do
	case $1 in
	--packages) packages=$2; shift 2 ;;
	--seconds) seconds=$2; shift 2 ;;
	-*) exit 2 ;;
	*) break ;;
	esac
done
[ $# -eq 0 ] || tests_wanted=("$@")
serve_the_first
plan $((${#tests_wanted[@]} + 1))
both adopt dlm && both start_cluster "$packages"
result $? gfs2.starts
[ "$failed" -eq 0 ] || both show_logs
run_tests gfs2 "${tests_wanted[@]}"
end_the_second
[ "$failed" -eq 0 ]
