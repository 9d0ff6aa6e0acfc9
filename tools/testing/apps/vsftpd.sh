# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# vsftpd, with curl, which sends files and fetches them over one control connection: that
# is what is reset. Each file has a connection of its own beside it.
#
# The sandbox of vsftpd allows sockets of TCP only.
# shellcheck disable=SC2034,SC2086,SC2154

needs='vsftpd curl'
port=21
files=60

prepare() {
	local i

	mkdir -p "$work/root/in" "$work/empty" "$work/files"
	chmod 755 "$work/root"
	chown daemon "$work/root/in"
	for i in $(seq $files); do
		head -c $((i * 3000)) /dev/urandom >"$work/files/$i"
	done
	cat >"$work/vsftpd.conf" <<-END
	listen=YES
	background=NO
	listen_address=$server_addr
	listen_port=$port
	anonymous_enable=YES
	local_enable=NO
	write_enable=YES
	anon_upload_enable=YES
	anon_other_write_enable=YES
	anon_umask=022
	anon_root=$work/root
	ftp_username=daemon
	nopriv_user=nobody
	no_anon_password=YES
	secure_chroot_dir=$work/empty
	seccomp_sandbox=NO
	END
}

serve() {
	at_server vsftpd "$work/vsftpd.conf"
}

round() {
	rm -rf "$work/back" "$work/root/in"/*
	mkdir "$work/back"
	at_client curl --no-progress-meter --fail-early \
		-T "$work/files/{$(seq -s , $files)}" "ftp://$server_addr/in/" &&
	at_client curl --no-progress-meter --fail-early \
		"ftp://$server_addr/in/[1-$files]" -o "$work/back/#1" &&
	diff -r "$work/files" "$work/back"
}
