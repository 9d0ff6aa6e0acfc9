# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Which QEMU emulates. Source this file, after lib.sh.
#
# A kernel patches its own code while it runs: static keys (nft, BPF in cgroups, time
# stamps), ftrace, kprobes. A QEMU before 8.1 reads the code that it translates with no
# lock, so that what another processor writes at this moment may get lost. The guest then
# meets the same "int3" for ever, which looks like a soft lockup of whatever it was in.
# In newer ones a window is left: QEMU drops what it has translated before it writes. So
# "init" keeps netfilter's keys on, and see threads_of.

qemu_needed=8.1

# is_right COMMAND...: it is not too old
is_right() {
	local version

	version=$("$@" --version 2>/dev/null | sed -n 's/.* version \([0-9.]*\).*/\1/p')
	[ -n "$version" ] &&
		printf '%s\n' "$qemu_needed" "$version" | sort -CV
}

# fill_qemu DIRECTORY: the packages are unpacked there. The libraries are the machine's.
# In a shell of its own, for apt is another one here.
fill_qemu() (
	local deb

	say "unpacking QEMU of $backports, only once"
	own_apt "$1/apt" "$(debian "$backports")"
	cd "$1/apt"
	apt-get -qq download qemu-system-{x86,common,data} seabios >&2
	for deb in *.deb; do
		dpkg-deb -x "$deb" "$1"
	done
	rm -r "$1/apt"
)

# choose_qemu COUNT: sets $qemu, the command and its first arguments. With one processor
# any is right; they count iterations of string instructions differently, so what is counted
# is counted by the machine's own.
choose_qemu() {
	local backports dir

	need_packages qemu-system-x86_64:qemu-system-x86
	qemu=(qemu-system-x86_64)
	[ -z "$1" ] && ! is_right "${qemu[@]}" || return 0
	# shellcheck disable=SC1091
	backports=$(. /etc/os-release && echo "$VERSION_CODENAME-backports")
	dir=$(cache_dir)/qemu/$backports
	make_once "$dir" usr/bin/qemu-system-x86_64 fill_qemu
	qemu=("$dir/usr/bin/qemu-system-x86_64" -L "$dir/usr/share/qemu"
		-L "$dir/usr/share/seabios")
	is_right "${qemu[@]}" || die "no QEMU of version $qemu_needed or newer"
}
