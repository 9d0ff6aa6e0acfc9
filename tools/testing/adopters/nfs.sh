#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# NFS 4.2, server and client in one machine with little memory: both ends of each of
# their connections are adopted, and reset all the time.  What is written has to be there,
# also when the kernel must write through a session to have memory at all.
#
# To be run in a guest that is thrown away, with an empty disk.  Prints TAP.  Needs root and
# the modules.
#
# usage: nfs.sh [--packages DIR] [--plain] [TEST...]
#
# --packages is what apps/packages.sh has made of nfs-kernel-server; --plain leaves the
# sockets to TCP, for comparison.

set -u
here=$(dirname "$(readlink -f "$0")")
self=$here/../selftests/net/rsess
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh
. "$self/lib.sh"
ko=$here/../../../build/$(uname -r)/rsess_adopt.ko
parameters=/sys/module/rsess_adopt/parameters
port=2049
nfsd=/proc/fs/nfsd
packages=
users=sunrpc@2049
tests_wanted=(is_adopted writes_and_reads_under_resets writes_dirty_pages_under_resets
	swaps_under_resets falls_back)
while [ $# -gt 0 ]; do
	case $1 in
	--packages) packages=$2; shift 2 ;;
	--plain) users=; unset 'tests_wanted[-1]'; shift ;;
	-*) exit 2 ;;
	*) break ;;
	esac
done
[ $# -eq 0 ] || tests_wanted=("$@")
PATH=/usr/sbin:/usr/bin:/sbin:/bin
# In memory, which is short.
scratch=$(mktemp -d)
export=$scratch/export
mnt=$scratch/mnt

# --- server and client ----------------------------------------------------------

# A client and a server that share the limits of dirty pages throttle each other.
serve() {
	sysctl -qw vm.dirty_background_ratio=60 vm.dirty_ratio=80 &&
	modprobe -a virtio_blk ext4 nfsd nfsv4 &&
	mkdir -p "$export" "$mnt" /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs &&
	mkfs.ext4 -q /dev/vda && mount /dev/vda "$export" &&
	mount -t nfsd nfsd $nfsd &&
	touch /var/lib/nfs/etab /var/lib/nfs/rmtab || return
	rpc.mountd -F -N 3 -N 2 >"$scratch/mountd.log" 2>&1 &
	exportfs -i -o rw,no_root_squash,fsid=0,insecure,no_subtree_check \
		"*:$export" &&
	echo "-2 -3 +4" >$nfsd/versions &&
	echo 10 >$nfsd/nfsv4leasetime && echo 10 >$nfsd/nfsv4gracetime &&
	echo "tcp $port" >$nfsd/portlist &&
	echo 4 >$nfsd/threads && echo Y >$nfsd/v4_end_grace
}

listen_again() {
	echo "tcp $port" 2>/dev/null >$nfsd/portlist
}

serve_again() {
	echo 0 >$nfsd/threads && until_true listen_again &&
	echo 4 >$nfsd/threads && echo Y >$nfsd/v4_end_grace
}

# The kernel makes the client's sockets; the mount is not that of a helper.
mount_nfs() {
	mount -i -t nfs4 -o vers=4.2,sec=sys,addr=127.0.0.1,clientaddr=127.0.0.1 \
		127.0.0.1:/ "$mnt"
}

# How often the client has connected.
connects() {
	awk -v mnt="$mnt" '$5 == mnt { mine = 1 } mine && $1 == "xprt:" { print $5; exit }' \
		/proc/self/mountstats
}

vmstat() {
	awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat
}

drop_caches() {
	sync -f "$export"
	echo 3 >/proc/sys/vm/drop_caches
}

# torn COMMAND...: while it runs, the connections are reset.  Enough of them are hit, and
# NFS does not notice.
torn() {
	local resumes connects status=0

	resumes=$(counter Resumes)
	connects=$(connects)
	"$self/tear.sh" --kinds ss --pause 0.3 --seconds 3600 --turns 10000 lo $port \
		>"$scratch/tear.log" &
	tear=$!
	"$@" || status=1
	kill $tear
	wait $tear
	echo "# $(tail -n 1 "$scratch/tear.log"), $(($(counter Resumes) - resumes)) resumes," \
		"connects of NFS: $connects, $(connects)"
	[ $status -eq 0 ] && [ -n "$users" ] || return $status
	[ "$(counter Resumes)" -ge $((resumes + 3)) ] &&
	[ "$(connects)" -eq "$connects" ]
}

# --- the tests ---------------------------------------------------------------------

# Listeners of IPv4 and IPv6, and a client; and both ends of its session.
is_adopted() {
	echo "# adopted: $(cat $parameters/adopted)"
	[ "$(awk '$1 == "sunrpc" { print $2 }' $parameters/adopted)" -ge 3 ] &&
	[ "$(grep -c "ESTABLISHED.*:$port" /proc/net/rsess)" -eq 2 ]
}

write_and_read() {
	local i

	dd if=/dev/urandom of="$scratch/random" bs=64k count=128 status=none &&
	for i in 1 2; do
		dd if="$scratch/random" of="$mnt/random" bs=16k conv=fsync \
			status=none &&
		drop_caches && cmp "$scratch/random" "$mnt/random" &&
		cmp "$scratch/random" "$export/random" || return
	done
	rm "$scratch/random" "$mnt/random"
}

writes_and_reads_under_resets() {
	torn write_and_read
}

# A file that is larger than the memory which is left for it.
dirty_pages() {
	"$here/pages.py" dirty "$mnt/pages" 64 && drop_caches &&
	"$here/pages.py" check "$export/pages" 64
}

writes_dirty_pages_under_resets() {
	local before

	before=$(($(vmstat pgscan_kswapd) + $(vmstat pgscan_direct)))
	torn dirty_pages || return
	echo "# pages that were looked at for memory:" \
		"$(($(vmstat pgscan_kswapd) + $(vmstat pgscan_direct) - before))"
	[ $(($(vmstat pgscan_kswapd) + $(vmstat pgscan_direct))) -gt "$before" ] &&
	rm "$mnt/pages"
}

# limited MBYTES COMMAND...: it has so much memory.  The server of the same machine has
# the rest: where it had none, no NFS could be swapped to.
limited() {
	local group=/sys/fs/cgroup/limited

	echo +memory >/sys/fs/cgroup/cgroup.subtree_control &&
	mkdir -p $group && echo "${1}M" >$group/memory.max &&
	(echo $BASHPID >$group/cgroup.procs && exec "${@:2}")
}

# The one who needs memory writes it through a session.
swaps_under_resets() {
	local before

	before=$(vmstat pswpin)
	dd if=/dev/zero of="$mnt/swap" bs=1M count=64 conv=fsync status=none &&
	chmod 600 "$mnt/swap" && mkswap "$mnt/swap" >/dev/null &&
	swapon "$mnt/swap" && torn limited 20 "$here/pages.py" swap 40 || return
	echo "# swapped: $(vmstat pswpout) out, $(vmstat pswpin) in"
	[ "$(vmstat pswpin)" -gt "$before" ] && swapoff "$mnt/swap"
}

# A server that has no sessions gets the port when those that there were have ended. The
# client has the struct sock that it had before connect(), to the end.
falls_back() {
	local before

	umount "$mnt" && echo >$parameters/modules && serve_again &&
	echo "$users" >$parameters/modules || return
	before=$(counter FallbackPeer)
	mount_nfs && write_and_read && umount "$mnt" && mount_nfs &&
	[ "$(counter FallbackPeer)" -gt "$before" ] &&
	! grep -q "ESTABLISHED.*:$port" /proc/net/rsess
}

[ -z "$packages" ] ||
	mount -t overlay -o "ro,lowerdir=$packages/usr:/usr" overlay /usr || exit 4
insmod "$ko" modules=$users && serve || {
	cat "$scratch/mountd.log"
	exit 4
}
plan $((${#tests_wanted[@]} + 1))
mount_nfs
result $? nfs.mounts
for name in "${tests_wanted[@]}"; do
	"$name"
	result $? "nfs.$name"
done
umount "$mnt"
echo 0 >$nfsd/threads
[ "$failed" -eq 0 ]
