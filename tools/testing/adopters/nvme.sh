#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# NVMe over TCP, host and target in one machine with little memory: both ends of each of
# their connections are adopted, and reset all the time.  The controller is not reset, and
# what is written has to be there, also what is swapped out.
#
# To be run in a guest that is thrown away, with an empty disk.  Prints TAP.  Needs root and
# the modules.
#
# usage: nvme.sh [TEST...]

set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
port=4420
nqn=rsess
config=/sys/kernel/config/nvmet
controller=/sys/class/nvme/nvme0
disk=/dev/nvme0n1
mnt=$scratch/mnt
tests_wanted=(is_adopted writes_and_reads_under_resets has_a_file_system_under_resets
	swaps_under_resets falls_back)
[ $# -eq 0 ] || tests_wanted=("$@")

# --- target and host --------------------------------------------------------------

set_attribute() { # FILE VALUE
	printf %s "$2" >"$1"
}

configure() {
	modprobe -a virtio_blk ext4 nvmet nvmet-tcp nvme-tcp &&
	{ mountpoint -q /sys/kernel/config ||
		mount -t configfs configfs /sys/kernel/config; } &&
	mkdir -p "$mnt" $config/subsystems/$nqn/namespaces/1 $config/ports/1 &&
	set_attribute $config/subsystems/$nqn/attr_allow_any_host 1 &&
	set_attribute $config/subsystems/$nqn/namespaces/1/device_path /dev/vda &&
	set_attribute $config/subsystems/$nqn/namespaces/1/enable 1 &&
	set_attribute $config/ports/1/addr_adrfam ipv4 &&
	set_attribute $config/ports/1/addr_traddr 127.0.0.1 &&
	set_attribute $config/ports/1/addr_trsvcid $port &&
	set_attribute $config/ports/1/addr_trtype tcp
}

listen() {
	ln -s $config/subsystems/$nqn $config/ports/1/subsystems/ 2>/dev/null
}

end_target() {
	rm -f $config/ports/1/subsystems/$nqn
}

is_there() {
	[ -b $disk ]
}

is_gone() {
	! [ -e $controller ]
}

connect() {
	set_attribute /dev/nvme-fabrics \
		"transport=tcp,traddr=127.0.0.1,trsvcid=$port,nqn=$nqn,nr_io_queues=1" &&
	until_true is_there
}

disconnect() {
	echo 1 >$controller/delete_controller && until_true is_gone
}

# The host says so when it has lost a connection.
reconnects() {
	dmesg | grep -c 'nvme nvme0: starting error recovery'
}

# --- the tests ------------------------------------------------------------------------

# A queue for commands and one for the disk.
is_adopted() {
	echo "# adopted:" $(cat $parameters/adopted)
	[ "$(adopted nvme_tcp)" -eq 2 ] && [ "$(adopted nvmet_tcp)" -eq 1 ] &&
	[ "$(sessions)" -eq 4 ]
}

write_and_read() {
	local i

	for i in 1 2 3; do
		head -c 8M /dev/urandom >"$scratch/random" &&
		dd if="$scratch/random" of=$disk bs=64k oflag=direct status=none &&
		dd if=$disk bs=64k count=128 iflag=direct status=none |
			cmp - "$scratch/random" &&
		dd if=/dev/vda bs=64k count=128 iflag=direct status=none |
			cmp - "$scratch/random" || return
	done
	rm "$scratch/random"
}

writes_and_reads_under_resets() {
	torn_unnoticed until_hit 1 write_and_read
}

use_files() {
	mkfs.ext4 -q $disk && mount $disk "$mnt" &&
	"$adopters/calls.py" "$mnt" 15 && umount "$mnt" && e2fsck -fn $disk >"$scratch/fsck"
}

has_a_file_system_under_resets() {
	torn_unnoticed use_files
}

swaps_under_resets() {
	swapped_to $disk torn_unnoticed limited 20 "$adopters/pages.py" swap 40
}

has_reconnected() {
	[ "$(reconnects)" -gt "$had" ]
}

# A target that has no sessions gets the port when those that there were have ended. The host
# notices a reset then.
falls_back() {
	local before had

	disconnect && end_target && echo nvme_tcp >$parameters/modules &&
	until_true listen || return
	before=$(counter FallbackPeer)
	connect && write_and_read &&
	[ "$(counter FallbackPeer)" -eq $((before + 2)) ] && [ "$(sessions)" -eq 0 ] ||
		return
	had=$(reconnects)
	ss -Kt "dport = :$port" >/dev/null && until_true has_reconnected &&
	write_and_read
}

insmod "$ko" modules=nvme_tcp,nvmet_tcp && configure && listen || exit 4
plan $((${#tests_wanted[@]} + 1))
connect
result $? nvme.connects
run_tests nvme "${tests_wanted[@]}"
disconnect
end_target
[ "$failed" -eq 0 ]
