# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# rsync with a daemon: a tree of 405 small files and three big ones goes there and
# comes back.
# shellcheck disable=SC2034,SC2086,SC2154

needs='rsync'
port=8730

make_tree() {
	local i

	mkdir -p "$1/small"
	head -c 3000000 /dev/urandom | split -a 3 -b 7411 - "$1/small/"
	for i in 1 5 20; do
		head -c ${i}000000 /dev/urandom >"$1/big$i"
	done
}

prepare() {
	mkdir "$work/there"
	make_tree "$work/tree"
	cat >"$work/rsyncd.conf" <<-END
	use chroot = no
	reverse lookup = no
	uid = root
	gid = root
	pid file = $work/rsyncd.pid
	log file = /dev/stderr
	[there]
		path = $work/there
		read only = no
	END
}

serve() {
	rm -f "$work/rsyncd.pid"
	at_server rsync --daemon --no-detach --config="$work/rsyncd.conf" \
		--address=$server_addr --port=$port
}

sync_trees() {
	at_client rsync --archive --delete "$@"
}

round() {
	local there=rsync://$server_addr:$port/there/

	rm -rf "$work/back"
	sync_trees "$work/tree/" "$there$number/" &&
	sync_trees "$there$number/" "$work/back/" &&
	rm -r "$work/there/$number" &&
	diff -r "$work/tree" "$work/back"
}
