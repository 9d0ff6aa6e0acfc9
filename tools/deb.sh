#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make deb": Debian packages of what is in the tree, checked by lintian, into build/deb.
# Installs what it misses.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/..")
# shellcheck source-path=SCRIPTDIR source=testing/vm/lib.sh disable=SC1091
. "$here/testing/vm/lib.sh"
out=$root/build/deb

# The version is in three places, each for other readers.
check_versions() {
	local version=$1 place

	for place in net/rsess/version.h CHANGELOG.md; do
		grep -qm 1 -F "$version" "$root/$place" && continue
		say "debian/changelog has version $version, $place another one"
		exit 1
	done
}

# Not in the tree itself, where git would see what debhelper leaves.
copy_tree() {
	mkdir -p "$1"
	tar -C "$root" --exclude=./build --exclude=./.git -cf - . | tar -C "$1" -xf -
}

need_packages gcc:gcc make:make dpkg-buildpackage:dpkg-dev dh:debhelper \
	dh_dkms:dh-dkms lintian:lintian /usr/include/stdio.h:libc6-dev \
	/usr/include/libmnl/libmnl.h:libmnl-dev /usr/include/json-c/json.h:libjson-c-dev \
	/usr/include/curses.h:libncurses-dev
version=$(dpkg-parsechangelog -l "$root/debian/changelog" -S Version)
check_versions "$version"
rm -rf "$out"
copy_tree "$out/rsess-$version"
cd "$out/rsess-$version"
dpkg-buildpackage -us -uc >"$out/log" 2>&1 || { cat "$out/log"; exit 1; } >&2
cd "$out"
rm -r "rsess-$version"
lintian --no-cfg --allow-root --pedantic --display-info \
	--fail-on error,warning,info,pedantic ./*.changes >&2
ls ./*.deb
