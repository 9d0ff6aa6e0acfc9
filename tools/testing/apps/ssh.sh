# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# OpenSSH: sftp takes 50 MB there and back.
# shellcheck disable=SC2034,SC2086,SC2154

needs='openssh-server openssh-client'
port=2222

# The user that sshd becomes until somebody has logged in.
add_user() {
	getent passwd sshd >/dev/null ||
		echo "sshd:x:74:65534::/run/sshd:/usr/sbin/nologin" >>/etc/passwd
	mkdir -p /run/sshd
}

prepare() {
	add_user
	ssh-keygen -q -t ed25519 -N '' -f "$work/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$work/user_key"
	head -c 50000000 /dev/urandom >"$work/file"
	cat >"$work/batch" <<-END
	put $work/file $work/there
	get $work/there $work/back
	END
	cat >"$work/sshd_config" <<-END
	ListenAddress $server_addr:$port
	HostKey $work/host_key
	AuthorizedKeysFile $work/user_key.pub
	StrictModes no
	PermitRootLogin yes
	PidFile none
	Subsystem sftp /usr/lib/openssh/sftp-server
	END
}

serve() {
	at_server /usr/sbin/sshd -D -e -f "$work/sshd_config"
}

round() {
	rm -f "$work/there" "$work/back"
	at_client sftp -q -F none -i "$work/user_key" -P $port -b "$work/batch" \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		root@$server_addr &&
	cmp "$work/file" "$work/there" &&
	cmp "$work/file" "$work/back"
}
