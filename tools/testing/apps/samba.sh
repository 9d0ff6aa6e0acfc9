# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Samba: smbclient writes files to a share and reads them back.
# shellcheck disable=SC2034,SC2086,SC2154

needs='samba smbclient'
port=445
sizes='1000 100000 3000000 20000000'

prepare() {
	local size

	mkdir -p "$work/share" "$work/files" "$work"/{private,lock,state,cache,pid,ncalrpc}
	for size in $sizes; do
		head -c "$size" /dev/urandom >"$work/files/$size"
	done
	cat >"$work/smb.conf" <<-END
	[global]
		server role = standalone server
		map to guest = Bad User
		guest account = root
		smb ports = $port
		bind interfaces only = yes
		interfaces = $server_addr/24
		private dir = $work/private
		lock directory = $work/lock
		state directory = $work/state
		cache directory = $work/cache
		pid directory = $work/pid
		ncalrpc dir = $work/ncalrpc
		log file = $work/smbd.log
		disable spoolss = yes
		load printers = no
	[share]
		path = $work/share
		guest ok = yes
		guest only = yes
		read only = no
	END
}

serve() {
	rm -f "$work/pid"/*
	at_server smbd --foreground --no-process-group -s "$work/smb.conf" \
		--debug-stdout
}

round() {
	local size commands=

	rm -rf "$work/back"
	mkdir "$work/back"
	for size in $sizes; do
		commands+="put $work/files/$size $size; get $size $work/back/$size; "
	done
	at_client smbclient -s "$work/smb.conf" -N -p $port \
		"//$server_addr/share" -t 600 -c "$commands" &&
	diff -r "$work/files" "$work/back"
}
