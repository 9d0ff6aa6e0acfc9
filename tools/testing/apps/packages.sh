#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints a directory with the programs of the packages named, and all they need
# that this machine lacks. Nothing is installed, so no daemon is started and none
# is left behind: the packages are fetched and unpacked into the cache. A guest
# lays what is in the directory over its own /usr.
#
# usage: packages.sh [--suite NAME] PACKAGE...
#
# With --suite they are those of another Debian, and the directory has all that they need:
# it is a root for chroot.

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"

# What apt would install, as PACKAGE=VERSION.
missing() {
	apt-get -qq -s install --no-install-recommends "$@" |
		sed -nE 's/^Inst (\S+) (\[\S+\] )?\((\S+) .*/\1=\3/p' | sort
}

# A list of packages is enough to know what is in the directory.
find_missing() {
	list=$(set -o pipefail; missing "$@" 2>/dev/null) && return
	apt-get -qq update >&2 || true
	list=$(set -o pipefail; missing "$@") && return
	say "apt knows no such packages: $*"
	exit 1
}

# fetch DIRECTORY PACKAGE=VERSION...: the lists may be too old for the archive.
fetch() {
	mkdir -p "$1"
	[ $# -gt 1 ] || return 0
	say "fetching ${*:2}"
	(cd "$1" && apt-get -qq -o APT::Sandbox::User=root download \
		"${@:2}" >&2) && return
	rm -f "$1"/*.deb
	apt-get -qq update >&2 || true
	return 1
}

# unpack DIRECTORY: /bin, /lib and /sbin are links into /usr, as on the system itself.
unpack() (
	set -o pipefail

	mkdir -p "$1/usr"
	for dir in bin lib lib64 sbin; do
		mkdir "$1/usr/$dir"
		ln -s "usr/$dir" "$1/$dir"
	done
	for deb in "$1"/debs/*.deb; do
		[ ! -e "$deb" ] || dpkg-deb --fsys-tarfile "$deb" |
			tar -x --keep-directory-symlink -C "$1" || return
	done
	rm -r "$1/debs"
)

make_dir() {
	partial=$dir.$$
	# shellcheck disable=SC2086
	fetch "$partial/debs" $list || return
	unpack "$partial" || return
	# Another one may have been faster.
	mv -T "$partial" "$dir" 2>/dev/null || [ -d "$dir" ]
}

partial='' apt=''
trap 'rm -rf "$partial" "$apt"' EXIT
if [ "$1" = --suite ]; then
	apt=$(mktemp -d)
	own_apt "$apt" "$(packages_of "$2")"
	shift 2
fi
find_missing "$@"
for _ in 1 2; do
	dir=$(cache_dir)/apps/$({ echo "$list"; declare -f unpack; } | sha256sum |
		cut -c1-12)
	[ ! -d "$dir" ] || break
	make_dir || find_missing "$@"
done
[ -d "$dir" ] || { say "could not fetch: $list"; exit 1; }
echo "$dir"
