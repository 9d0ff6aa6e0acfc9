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
# shellcheck source-path=SCRIPTDIR source=shared_disk.sh
. "$(dirname "$(readlink -f "$0")")/shared_disk.sh"
name=gfs2
module=dlm
port=21064
greeting='dlm: got connection from'

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

prepare() { # PACKAGES
	have_packages "$1" && configure && mount_configfs &&
	modprobe -a virtio_blk dlm gfs2 && name_devices || return
	corosync -f >$log/corosync.out 2>&1 &
	until_true both_are_there || return
	dlm_controld -D >$log/dlm_controld.log 2>&1 &
	until_true controls
}

end_program() { # NAME
	pkill -x "$1" && until_true has_ended "$1"
}

has_ended() { # NAME
	! pidof "$1" >/dev/null
}

end_cluster() {
	end_program dlm_controld && end_program corosync && rmmod gfs2 dlm
}

make_file_system() {
	mkfs.gfs2 -q -O -p lock_dlm -t rsess:files -j 2 -J 16 $disk
}

mount_disk() {
	mount -t gfs2 -o noatime $disk $mnt
}

check_disk() {
	fsck.gfs2 -n $disk
}

run_nodes "$@"
