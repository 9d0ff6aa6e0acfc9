#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: trixie.sh SERIES|RELEASE
#
# Gets a kernel of trixie-backports, the newest of a series (7.3). Its headers want
# trixie's compiler, and their tools trixie's C library, so the cache gets the root of
# a small trixie, where trixie_dir of vm/lib.sh finds it:
#	boot, lib/modules	the kernel
#	usr/src			its headers, and the source package
#	the rest		make, the compiler and what else a module is built with
# Packages are unpacked there and not installed.

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"

# What the headers depend on comes along; no package says that it needs these.
tools=(base-files bash coreutils dash findutils gcc-14 grep make mawk sed)

newest() {
	apt-cache pkgnames "linux-image-$1." | sed 's/^linux-image-//' |
		grep -xE '[0-9.]+\+deb13-amd64' | sort -V | tail -n 1
}

# fetch RELEASE
fetch() {
	apt-get -qq install -y --no-install-recommends --download-only \
		"${tools[@]}" "linux-binary-$1" "linux-headers-$1" \
		"linux-modules-$1" "$(kernel_source "$1")" >&2
}

# unpack DIRECTORY RELEASE: the scripts of packages don't run, so the links that they
# would make are made here.
unpack() {
	local deb file

	for deb in "$apt"/archives/*.deb; do
		dpkg-deb -x "$deb" "$1"
	done
	ln -s mawk "$1/usr/bin/awk"
	ln -s gcc-14 "$1/usr/bin/gcc"
	for file in vmlinuz config; do
		ln -s "../lib/modules/$2/$file" "$1/boot/$file-$2"
	done
	depmod -b "$1" "$2"
}

make_root() {
	local dir

	dir=$(trixie_dir "$release")
	[ ! -d "$dir" ] || return 0
	say "unpacking the kernel $release with trixie's compiler, only once"
	mkdir "$partial/root"
	fetch "$release"
	unpack "$partial/root" "$release"
	mv -T "$partial/root" "$dir"
}

[ $# -eq 1 ] || { echo "usage: trixie.sh SERIES|RELEASE" >&2; exit 1; }
need_packages apt-get:apt depmod:kmod flock:util-linux
partial=$(trixie_dir partial)
apt=$partial/apt
mkdir -p "${partial%/*}"
exec {lock}>"${partial%/*}/lock"
flock "$lock"
rm -rf "$partial"
trap 'rm -rf "$partial"' EXIT
own_apt "$apt" "$(packages_of trixie)" "$(packages_of trixie-backports)"
case $1 in
*-*) release=$1 ;;
*) release=$(newest "$1") ;;
esac
[ -n "$release" ] || { say "trixie-backports has no kernel $1"; exit 1; }
make_root
