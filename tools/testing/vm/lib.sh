# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions shared by the test tools. Source this file.

PATH=$PATH:/usr/sbin:/sbin
vm_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
tree=$(readlink -f "$vm_dir/../../..")

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Where things made once and used again are kept: out of the tree.
cache_dir() {
	printf '%s/rsess\n' "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}"
}

# make_once DIRECTORY FILE COMMAND...: a directory of the cache, made unless it has FILE.
# COMMAND is given an empty one to fill, which gets the name when it is whole; it may exit
# when it fails. Two processes may do so at once: one of the directories stays.
make_once() {
	local dir=$1 file=$2 tmp

	[ ! -e "$dir/$file" ] || return 0
	mkdir -p "${dir%/*}"
	tmp=$(mktemp -d "$dir.XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$tmp'" EXIT
	chmod 755 "$tmp"
	"${@:3}" "$tmp"
	mv -T "$tmp" "$dir" 2>/dev/null || rm -rf "$tmp"
	trap - EXIT
	[ -e "$dir/$file" ]
}

# need_packages CMD:PACKAGE...
# Installs each PACKAGE whose CMD is missing. A CMD with a slash is a path.
need_packages() {
	local pair packages=()

	for pair in "$@"; do
		have "${pair%%:*}" || packages+=("${pair#*:}")
	done
	[ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
}

have() {
	case $1 in
	*/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# The lists of packages are fetched only when the ones at hand don't do.
install_packages() {
	if [ "$(id -u)" -ne 0 ]; then
		say "missing packages: $*"
		exit 1
	fi
	say "installing $*"
	apt_install "$@" 2>/dev/null && return
	{ apt-get -qq update && apt_install "$@"; } && return
	say "could not install: $*"
	exit 1
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install -y --no-install-recommends "$@" >&2
}

# own_apt DIRECTORY LINE...: from here on, apt knows the packages of the sources in LINEs,
# and keeps what it knows in DIRECTORY. The machine's own settings hold, such as those of
# a proxy, but nothing of what it knows of packages; and nothing of this machine changes.
own_apt() {
	mkdir -p "$1"/{archives,lists}/partial
	: >"$1/status"
	printf '%s\n' "${@:2}" >"$1/sources.list"
	cat >"$1/settings" <<-EOT
	APT::Default-Release "";
	APT::Sandbox::User "root";
	Dir::Cache "$1";
	Dir::Etc::preferences "/dev/null";
	Dir::Etc::preferencesparts "/dev/null";
	Dir::Etc::sourcelist "$1/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	Dir::State "$1";
	Dir::State::status "$1/status";
	EOT
	export APT_CONFIG=$1/settings
	apt-get -qq update >&2
}

# What a line for own_apt() is like for the packages of a SUITE.
packages_of() { # SUITE
	echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"http://deb.debian.org/debian $1 main"
}

# --- kernels ---------------------------------------------------------------
# Where things are is known to these functions alone. A kernel of a package is in
# /boot and /lib/modules: this machine's, or those of a root that kernel/trixie.sh
# made. One that kernel/build.sh made for tests is in a directory of its own.

kernel_dir() {
	echo "$(cache_dir)/kernel/$1"
}

# is_built RELEASE: it is one of kernel/build.sh, with all that is needed built in
is_built() {
	[ -d "$(kernel_dir "$1")" ]
}

trixie_dir() {
	echo "$(cache_dir)/trixie/$1"
}

# kernel_root RELEASE: the root of another Debian that has the kernel, the compiler
# and the C library that its headers want; nothing if that is this machine's.
kernel_root() {
	[ ! -d "$(trixie_dir "$1")" ] || trixie_dir "$1"
}

# is_installed RELEASE: it is a package of this machine
is_installed() {
	! is_built "$1" && [ -z "$(kernel_root "$1")" ]
}

# is_um RELEASE: it is User-mode Linux
is_um() {
	case $1 in
	*-um-* | *-gcov-*) true ;;
	*) false ;;
	esac
}

# slowness_of RELEASE: how many times slower than others it makes a machine
slowness_of() {
	case $1 in
	*-debug-*) echo 8 ;;
	*-kcsan-*) echo 4 ;;
	*) echo 1 ;;
	esac
}

# threads_of RELEASE: how the emulated processors run. Where each has a thread of its own, a
# kernel may die, or hang, of "int3" while it patches its code (static keys): the emulation
# may run what was there before. Of older ones "init" keeps the branches as they are that
# tests would change most.
threads_of() {
	case $1 in
	7.*) echo single ;;
	*) echo multi ;;
	esac
}

# memory_of RELEASE: what a machine with it gets
memory_of() {
	! is_built "$1" && echo 2G || echo 4G
}

kernel_image() {
	! is_built "$1" && echo "$(kernel_root "$1")/boot/vmlinuz-$1" ||
		echo "$(kernel_dir "$1")/image"
}

kernel_config() {
	! is_built "$1" && echo "$(kernel_root "$1")/boot/config-$1" ||
		echo "$(kernel_dir "$1")/config"
}

kernel_modules() {
	! is_built "$1" && echo "$(kernel_root "$1")/lib/modules/$1" ||
		echo "$(kernel_dir "$1")/modules"
}

# As kernel_make sees it.
kernel_headers() {
	! is_built "$1" && echo "/lib/modules/$1/build" ||
		echo "$(kernel_dir "$1")/build"
}

# kernel_source RELEASE: the source package that it comes from: that of 6.1.0-56-amd64
# is linux-source-6.1
kernel_source() {
	echo "$1" | sed -E 's/^([0-9]+\.[0-9]+).*/linux-source-\1/'
}

# kernel_make RELEASE ARGUMENT...: "make", with the tools that the kernel's headers want
kernel_make() {
	local root

	root=$(kernel_root "$1")
	if [ -z "$root" ]; then
		make "${@:2}"
	else
		in_root "$root" make "${@:2}"
	fi
}

# in_root ROOT COMMAND...: runs it in another root, which gets what a build needs of
# this machine: it is mounted in the same places, for that command only.
in_root() {
	local unshare=(unshare -m)

	[ "$(id -u)" -eq 0 ] || unshare+=(-r)
	mkdir -p "$(cache_dir)"
	# shellcheck disable=SC2016
	"${unshare[@]}" bash -euc '
		root=$1
		shift
		while [ "$1" != -- ]; do
			mkdir -p "$root$1"
			mount --rbind "$1" "$root$1"
			shift
		done
		exec chroot "$root" "${@:2}"' in_root "$1" \
		"$tree" "$(cache_dir)" "${TMPDIR:-/tmp}" /dev /proc -- "${@:2}"
}

# make_for RELEASE ARGUMENT...: the project's Makefile, for that kernel
make_for() {
	local args=("KVER=$1" "KDIR=$(kernel_headers "$1")")

	! is_um "$1" || args+=(ARCH=um)
	[[ $1 != *-gcov-* ]] || args+=(GCOV_PROFILE=y)
	kernel_make "$1" -s -C "$tree" "${args[@]}" "${@:2}"
}

# has_kernel RELEASE: it can be booted and built for. A root is there as a whole or
# not at all, and so is what was built.
has_kernel() {
	is_built "$1" || [ -n "$(kernel_root "$1")" ] ||
		{ [ -e "$(kernel_image "$1")" ] && [ -e "$(kernel_headers "$1")" ]; }
}

# find_kernel RELEASE|SERIES: the newest plain kernel of a series, if there is one
find_kernel() {
	local dir release

	! has_kernel "$1" || { echo "$1"; return; }
	for dir in /lib/modules/"$1".* "$(trixie_dir "$1")".*; do
		release=${dir##*/}
		[[ $release =~ ^[0-9.]+(-[0-9]+|\+deb[0-9]+)-amd64$ ]] || continue
		! has_kernel "$release" || echo "$release"
	done | sort -V | tail -n 1
}

# get_kernel RELEASE|SERIES: installs it, or unpacks it into the cache
get_kernel() {
	case $1 in
	7.3 | *+deb13-*) "$vm_dir/../kernel/trixie.sh" "$1" ;;
	6.12) install_packages linux-image-6.12-amd64 linux-headers-6.12-amd64 ;;
	6.1) install_packages linux-image-amd64 linux-headers-amd64 ;;
	*-*) install_packages "linux-image-$1" "linux-headers-$1" ;;
	esac
}

# choose_kernel RELEASE|SERIES|FLAVOUR
# Sets $release. Installs, unpacks or builds the kernel if need be.
choose_kernel() {
	case $1 in
	debug | kcsan | um | gcov)
		release=$("$vm_dir/../kernel/build.sh" "$1") || exit 125
		return ;;
	esac
	release=$(find_kernel "$1")
	[ -z "$release" ] || return 0
	get_kernel "$1" || exit 125
	release=$(find_kernel "$1")
	[ -z "$release" ] || return 0
	say "no kernel $1"
	exit 125
}
