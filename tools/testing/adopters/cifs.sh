#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# CIFS of Debian's kernel, unchanged, with Samba's smbd under rsessrun in the same machine,
# while their connections are reset all the time: what was written is there, no call fails,
# and CIFS does not connect anew.
#
# To be run in a guest that is thrown away.  Prints TAP.  Needs root and the modules.
#
# usage: cifs.sh --packages DIR | --ksmbd DIR [--table] [--seconds N] [TEST...]
#
# --packages is what apps/packages.sh has made of samba; --ksmbd is what it has made of
# ksmbd-tools, whose server is the kernel's. --table is for the demo: not TAP, but TCP beside
# sessions. Calls are made, and locks taken, for --seconds (20).

set -u
port=445
# shellcheck source-path=SCRIPTDIR source=share.sh
. "$(dirname "$(readlink -f "$0")")/share.sh"
packages=
ksmbd=
table=
locks=locks_under_resets
mnt2=$scratch/mnt2
server=
# Of the tests, and what is adopted.
name=cifs
client=cifs
all=$client
mbytes=16

# --- server and client -------------------------------------------------------------

configure() {
	mkdir -p "$share" "$mnt" "$mnt2" "$scratch"/{lock,state,cache,private,pid,ncalrpc} &&
	mount -t tmpfs -o size=1300M,mode=777 tmpfs "$share" &&
	cat >"$scratch/smb.conf" <<-END
	[global]
	server role = standalone server
	map to guest = Bad User
	guest account = root
	smb ports = $port
	interfaces = lo
	bind interfaces only = yes
	disable netbios = yes
	lock directory = $scratch/lock
	state directory = $scratch/state
	cache directory = $scratch/cache
	private dir = $scratch/private
	pid directory = $scratch/pid
	ncalrpc dir = $scratch/ncalrpc
	log file = $scratch/smbd.log
	load printers = no
	printing = bsd
	server min protocol = SMB2
	[share]
	path = $share
	guest ok = yes
	read only = no
	END
}

# When smbd ends it ends its whole group.
serve_smbd() { # [COMMAND...]
	setsid "$@" smbd -F --no-process-group -s "$scratch/smb.conf" \
		>"$scratch/server.out" 2>&1 &
}

# The programs of ksmbd may want another C library. The kernel sees the share where this
# script does.
configure_ksmbd() {
	local root=$scratch/root dir

	mkdir -p "$root" "$scratch/over" && mount -t tmpfs tmpfs "$scratch/over" &&
	mkdir "$scratch/over"/{up,work} &&
	mount -t overlay -o \
		"lowerdir=$ksmbd,upperdir=$scratch/over/up,workdir=$scratch/over/work" \
		overlay "$root" &&
	mkdir -p "$root"/{dev,proc,sys,run,etc/ksmbd} "$root$share" &&
	for dir in /dev /proc /sys /run; do
		mount --bind $dir "$root$dir" || return
	done &&
	mount --bind "$share" "$root$share" && cp /etc/{passwd,group} "$root/etc" &&
	: >"$root/etc/ksmbd/ksmbdpwd.db" && modprobe ksmbd &&
	cat >"$root/etc/ksmbd/ksmbd.conf" <<-END
	[global]
	guest account = nobody
	map to guest = bad user
	interfaces = lo
	bind interfaces only = yes
	[share]
	path = $share
	guest ok = yes
	read only = no
	force user = root
	force group = root
	END
}

# Its socket is the kernel's, and closed when the kernel is told so.
serve_ksmbd() {
	chroot "$scratch/root" /usr/sbin/ksmbd.mountd -n -C /etc/ksmbd/ksmbd.conf \
		-P /etc/ksmbd/ksmbdpwd.db >"$scratch/server.out" 2>&1 &
}

serve() { # [COMMAND...]
	if [ -n "$ksmbd" ]; then serve_ksmbd; else serve_smbd "$@"; fi
	server=$!
	until_true is_served
}

end_server() {
	[ -z "$ksmbd" ] || echo hard >/sys/class/ksmbd-control/kill_server
	kill $server
	wait $server
	until_true is_not_served
}

# Not by the helper, which this machine need not have.
mount_share() { # [OPTIONS [DIRECTORY]]
	mount -i -t cifs "//127.0.0.1/share" "${2:-$mnt}" \
		-o "ip=127.0.0.1,username=nobody,password=none,vers=3.0,soft${1:+,$1}"
}

# How often CIFS has connected anew.
reconnects() {
	sed -n 's/^\([0-9]*\) session .*/\1/p' /proc/fs/cifs/Stats
}

# --- the tests -------------------------------------------------------------------------

is_adopted() {
	echo "# adopted: $(cat $parameters/adopted)"
	grep -q '^cifs [1-9]' $parameters/adopted &&
	[ "$(sessions)" -eq 2 ]
}

writes_a_gib_under_resets() {
	local status=0

	head -c 1G /dev/urandom >"$scratch/gib" &&
	torn_unnoticed until_hit 1 write_file gib || status=1
	rm -f "$scratch/gib" "$mnt/gib"
	return $status
}

# The same share over two connections.
locks_under_resets() {
	local status=0

	mount_share nosharesock "$mnt2" || return
	[ "$(sessions)" -eq 4 ] &&
	torn_unnoticed "$adopters/locks.py" "$mnt" "$mnt2" $seconds || status=1
	umount "$mnt2" && return $status
}

begin_to_write() {
	[ -s "$share/long" ]
}

# A writer is killed, and who comes after it finds a share that works.
kill_writer() {
	local pid begun

	# In the same place, so that it does not end.
	(while :; do
		dd if=/dev/zero of="$mnt/long" bs=64k count=1000 conv=notrunc status=none
	done) &
	pid=$!
	until_true begin_to_write && sleep 0.$((RANDOM % 5))
	begun=$?
	kill -9 $pid
	pkill -9 -x dd
	wait $pid 2>/dev/null	# the shell would tell that it was killed
	[ $begun -eq 0 ] && rm "$mnt/long" && write_file
}

is_killed_under_resets() {
	torn_unnoticed until_hit 5 kill_writer
}

writes_again() {
	write_file 2>/dev/null
}

# No session lives longer than its server: the client is told, and does what it does with
# TCP.
starts_anew() {
	local before

	before=$(reconnects)
	end_server && serve "${rsessrun[@]}" &&
	until_true writes_again && [ "$(reconnects)" -gt "$before" ] &&
	[ "$(sessions)" -eq 2 ]
}

# --- the table -------------------------------------------------------------------------

print_row() {
	printf '%-10s %6s %7s %10s  %-15s %6s  %s\n' "$@"
}

row() { # NAME
	local same=yes calls='' status=0

	torn until_hit 1 write_file >/dev/null 2>&1 || { same=NO; status=1; }
	print_row "$1" "$resets" "$resumes" "$again" \
		"files of $mbytes MiB" "$same" "" >>"$scratch/table"
	torn "$adopters/calls.py" "$mnt" $seconds >"$scratch/calls" 2>&1 || status=1
	calls=$(tail -n 1 "$scratch/calls")
	print_row "$1" "$resets" "$resumes" "$again" "many calls" \
		"$([ $status -eq 0 ] && echo yes || echo NO)" "${calls#\# }" \
		>>"$scratch/table"
	return $status
}

show_table() {
	local status=0

	begin "" || return
	! row TCP || status=1
	end
	begin_sessions || return
	row sessions || status=1
	end
	echo
	print_row '' resets resumes reconnects '' right errors
	cat "$scratch/table"
	echo
	if [ $status -eq 0 ]; then
		echo "demo: PASS"
	else
		echo "demo: FAIL"
	fi
	return $status
}

while [ $# -gt 0 ]; do
	case $1 in
	--packages) packages=$2; shift 2 ;;
	--ksmbd)
		ksmbd=$2
		name=ksmbd
		all=cifs,ksmbd
		# It gives one that is taken to the other client, over TCP, too.
		locks=
		shift 2 ;;
	--table) table=yes; shift ;;
	--seconds) seconds=$2; shift 2 ;;
	-*) exit 2 ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || set -- is_adopted writes_under_resets writes_a_gib_under_resets \
	many_calls_under_resets $locks is_killed_under_resets starts_anew falls_back
have_packages "$packages" || exit 4
modprobe cifs && insmod "$ko" && configure && { [ -z "$ksmbd" ] || configure_ksmbd; } &&
	head -c ${mbytes}M /dev/urandom >"$scratch/file" || exit 4
if [ -n "$table" ]; then
	show_table
	exit
fi
plan $(($# + 1))
begin_sessions
result $? $name.mounts
[ "$failed" -eq 0 ] || cat "$scratch/server.out"
run_tests $name "$@"
end
[ "$failed" -eq 0 ]
