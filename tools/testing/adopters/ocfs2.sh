#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# OCFS2 of Debian's kernel on two nodes that share a disk, with its own cluster stack: the
# connections of ocfs2_nodemanager are sessions, and reset all the time. What both nodes write
# has to be there, and o2net must not have noticed.
#
# To be run in two guests that are thrown away, vm/run --nodes 2 --disk 1G. The first one
# prints TAP. Needs root and the modules.
#
# usage: ocfs2.sh --packages DIR [--seconds N] [TEST...]
#
# --packages is what apps/packages.sh has made of ocfs2-tools; --seconds is how long files are
# used under resets (300).

set -u
# shellcheck source-path=SCRIPTDIR source=shared_disk.sh
. "$(dirname "$(readlink -f "$0")")/shared_disk.sh"
name=ocfs2
module=ocfs2_nodemanager
port=7777
greeting='o2net: Accepted connection from'

# A node finds itself by its name.
prepare() { # PACKAGES
	local n

	have_packages "$1" && mkdir -p /etc/ocfs2 $log && hostname "node$NODE" &&
	{
		printf 'cluster:\n\tnode_count = 2\n\tname = rsess\n'
		for n in 1 2; do
			printf '\nnode:\n\tnumber = %s\n\tname = node%s\n' $n $n
			printf '\tip_address = 10.9.0.%s\n\tip_port = %s\n' $n $port
			printf '\tcluster = rsess\n'
		done
	} >/etc/ocfs2/cluster.conf &&
	mount_configfs && modprobe -a virtio_blk ocfs2 ocfs2_stack_o2cb &&
	o2cb register-cluster rsess >$log/o2cb.log 2>&1
}

end_cluster() {
	o2cb unregister-cluster rsess &&
	rmmod ocfs2_stack_o2cb ocfs2_dlm ocfs2 ocfs2_nodemanager
}

make_file_system() {
	mkfs.ocfs2 -q -N 2 -J size=16M --cluster-stack=o2cb --cluster-name=rsess $disk
}

mount_disk() {
	mount.ocfs2 -o noatime $disk $mnt
}

check_disk() {
	fsck.ocfs2 -n -f $disk
}

run_nodes "$@"
