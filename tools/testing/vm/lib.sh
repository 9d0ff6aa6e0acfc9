# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Functions shared by the test tools. Source this file.

PATH=$PATH:/usr/sbin:/sbin

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

# --- packaged kernels ------------------------------------------------------
# Where Debian's packages put things is known to these functions alone.

kernel_image() {
	echo "/boot/vmlinuz-$1"
}

kernel_config() {
	echo "/boot/config-$1"
}

kernel_headers() {
	echo "/lib/modules/$1/build"
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

# choose_kernel RELEASE|SERIES
# Sets $release. Installs the kernel if need be.
choose_kernel() {
	case $1 in
	*-*)
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
