#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# NFS 4.2 and 3, server and client in one machine with little memory: both ends of each of
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
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
port=2049
# Pages that are to be written wait for each of the others.
tear_options=(--kinds ss)
nfsd=/proc/fs/nfsd
packages=
users=sunrpc@2049
tests_wanted=(is_adopted writes_and_reads_under_resets writes_dirty_pages_under_resets
	swaps_under_resets writes_and_reads_over_ipv6 writes_and_locks_with_nfs3
	falls_back)
while [ $# -gt 0 ]; do
	case $1 in
	--packages) packages=$2; shift 2 ;;
	--plain) users=; unset 'tests_wanted[-1]'; shift ;;
	-*) exit 2 ;;
	*) break ;;
	esac
done
[ $# -eq 0 ] || tests_wanted=("$@")
export=$scratch/export
mnt=$scratch/mnt

# --- server and client ----------------------------------------------------------

# rpcbind gives its rights away, to a user that this machine may not have.
serve_registry() {
	id _rpc >/dev/null 2>&1 ||
	echo "_rpc:x:65533:65534::/run/rpcbind:/usr/sbin/nologin" >>/etc/passwd || return
	mkdir -p /run/rpcbind /run/sendsigs.omit.d /var/lib/nfs/sm /var/lib/nfs/sm.bak &&
	rpcbind -w && rpc.statd --no-notify && until_true is_registered portmapper
}

is_registered() { # SERVICE
	rpcinfo -p 127.0.0.1 | awk -v service="$1" \
		'$3 == "tcp" && $5 == service { found = 1 } END { exit !found }'
}

# A client and a server that share the limits of dirty pages throttle each other.
serve() {
	sysctl -qw vm.dirty_background_ratio=60 vm.dirty_ratio=80 &&
	modprobe -a virtio_blk ext4 nfsd nfsv4 nfsv3 &&
	mkdir -p "$export" "$mnt" /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs &&
	mkfs.ext4 -q /dev/vda && mount /dev/vda "$export" &&
	mount -t nfsd nfsd $nfsd &&
	touch /var/lib/nfs/etab /var/lib/nfs/rmtab && serve_registry || return
	rpc.mountd -F -N 2 >"$scratch/mountd.log" 2>&1 &
	exportfs -i -o rw,no_root_squash,fsid=0,insecure,no_subtree_check \
		"*:$export" &&
	echo "-2 +3 +4" >$nfsd/versions &&
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
mount_nfs() { # [ADDRESS]
	local address=${1:-127.0.0.1}

	mount -i -t nfs4 -o "vers=4.2,sec=sys,addr=$address,clientaddr=$address" \
		"[$address]:/" "$mnt"
}

mount_nfs3() {
	mount -i -t nfs \
		-o "vers=3,proto=tcp,port=$port,sec=sys,addr=127.0.0.1,mountproto=tcp" \
		"127.0.0.1:$export" "$mnt"
}

# How often the client has connected.
reconnects() {
	awk -v mnt="$mnt" '$5 == mnt { mine = 1 } mine && $1 == "xprt:" { print $5; exit }' \
		/proc/self/mountstats
}

drop_caches() {
	sync -f "$export"
	echo 3 >/proc/sys/vm/drop_caches
}

# With --plain NFS may notice.
torn_well() {
	if [ -n "$users" ]; then
		torn_unnoticed "$@"
	else
		torn "$@"
	fi
}

# --- the tests ---------------------------------------------------------------------

# Listeners of IPv4 and IPv6, and a client; and both ends of its session.
is_adopted() {
	echo "# adopted: $(cat $parameters/adopted)"
	[ "$(adopted sunrpc)" -ge 3 ] && [ "$(sessions)" -eq 2 ]
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
	torn_well until_hit 1 write_and_read
}

# A file that is larger than the memory which is left for it.
dirty_pages() {
	"$adopters/pages.py" dirty "$mnt/pages" 64 && drop_caches &&
	"$adopters/pages.py" check "$export/pages" 64
}

writes_dirty_pages_under_resets() {
	local before

	before=$(($(vmstat pgscan_kswapd) + $(vmstat pgscan_direct)))
	torn_well dirty_pages || return
	echo "# pages that were looked at for memory:" \
		"$(($(vmstat pgscan_kswapd) + $(vmstat pgscan_direct) - before))"
	[ $(($(vmstat pgscan_kswapd) + $(vmstat pgscan_direct))) -gt "$before" ] &&
	rm "$mnt/pages"
}

# The one who needs memory writes it through a session.
swaps_under_resets() {
	dd if=/dev/zero of="$mnt/swap" bs=1M count=64 conv=fsync status=none &&
	chmod 600 "$mnt/swap" &&
	swapped_to "$mnt/swap" torn_well limited 20 "$adopters/pages.py" swap 40
}

is_connected_over_ipv6() {
	[ -n "$(ss -Ht state established "dst = [::1]:$port")" ]
}

over_ipv6() {
	write_and_read && until_true is_connected_over_ipv6
}

writes_and_reads_over_ipv6() {
	umount "$mnt" && mount_nfs ::1 && torn_well until_hit 1 over_ipv6
}

# Its locks are those of lockd, whose sockets are sunrpc's too, with other ports.
write_and_lock() {
	write_and_read && touch "$mnt/locked" &&
	flock -n "$mnt/locked" true &&
	flock "$mnt/locked" sh -c 'flock -n -E 9 "$1" true; [ $? -eq 9 ]' sh "$mnt/locked" &&
	rm "$mnt/locked"
}

writes_and_locks_with_nfs3() {
	umount "$mnt" && is_registered nlockmgr &&
	mount_nfs3 && torn_well until_hit 1 write_and_lock
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

have_packages "$packages" || exit 4
insmod "$ko" modules=$users && serve || {
	cat "$scratch/mountd.log"
	exit 4
}
plan $((${#tests_wanted[@]} + 1))
mount_nfs
result $? nfs.mounts
run_tests nfs "${tests_wanted[@]}"
umount "$mnt"
echo 0 >$nfsd/threads
[ "$failed" -eq 0 ]
