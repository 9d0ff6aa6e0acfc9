# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions shared by the test tools. Source this file.

PATH=$PATH:/usr/sbin:/sbin
vm_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Where things made once and used again are kept: out of the tree.
cache_dir() {
	printf '%s/rsess\n' "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}"
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

# --- kernels ---------------------------------------------------------------
# Where things are is known to these functions alone: a kernel of a package is in
# /boot and /lib/modules, one that kernel/build.sh made in a directory of its own.

kernel_dir() {
	echo "$(cache_dir)/kernel/$1"
}

is_built() {
	[ -d "$(kernel_dir "$1")" ]
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

# memory_of RELEASE: what a machine with it gets
memory_of() {
	! is_built "$1" && echo 2G || echo 4G
}

kernel_image() {
	! is_built "$1" && echo "/boot/vmlinuz-$1" ||
		echo "$(kernel_dir "$1")/image"
}

kernel_config() {
	! is_built "$1" && echo "/boot/config-$1" ||
		echo "$(kernel_dir "$1")/config"
}

kernel_modules() {
	! is_built "$1" && echo "/lib/modules/$1" ||
		echo "$(kernel_dir "$1")/modules"
}

kernel_headers() {
	! is_built "$1" && echo "/lib/modules/$1/build" ||
		echo "$(kernel_dir "$1")/build"
}

# make_for RELEASE ARGUMENT...: the project's Makefile, for that kernel
make_for() {
	local args=("KVER=$1" "KDIR=$(kernel_headers "$1")")

	! is_um "$1" || args+=(ARCH=um)
	[[ $1 != *-gcov-* ]] || args+=(GCOV_PROFILE=y)
	make -s -C "$vm_dir/../../.." "${args[@]}" "${@:2}"
}

# The newest plain kernel of a series with its image and its headers.
newest_release() {
	local dir release

	for dir in /lib/modules/"$1".*; do
		release=${dir##*/}
		[[ $release =~ ^[0-9.]+-[0-9]+-amd64$ ]] || continue
		[ -e "$(kernel_image "$release")" ] || continue
		[ -e "$(kernel_headers "$release")" ] || continue
		echo "$release"
	done | sort -V | tail -n 1
}

# choose_kernel RELEASE|SERIES|FLAVOUR
# Sets $release. Installs or builds the kernel if need be.
choose_kernel() {
	case $1 in
	debug | kcsan | um | gcov)
		release=$("$vm_dir/../kernel/build.sh" "$1") || exit 125
		return ;;
	*-*)
		! is_built "$1" || { release=$1; return; }
		release=$1
		need_packages "$(kernel_image "$release"):linux-image-$release" \
			"$(kernel_headers "$release"):linux-headers-$release"
		return ;;
	esac
	release=$(newest_release "$1")
	[ -z "$release" ] || return 0
	install_packages linux-image-amd64 linux-headers-amd64
	release=$(newest_release "$1")
	[ -z "$release" ] || return 0
	say "no kernel of the series $1"
	exit 125
}
