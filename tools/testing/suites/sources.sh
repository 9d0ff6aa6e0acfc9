#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints a directory with the sources of one of Debian's packages, unpacked and built:
# what its tests need.
#
# usage: sources.sh PACKAGE COMMAND...
#
# COMMAND is run in the directory when that is made. It is made once for each version of
# the package, in the cache.

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"

newest() {
	apt-cache showsrc --only-source "$1" | sed -n 's/^Version: //p' |
		sort -V | tail -n 1
}

make_dir() {
	partial=$sources.$$
	trap 'rm -rf "$partial"' EXIT
	mkdir -p "$partial"
	say "fetching and building the tests of $package $version, only once"
	(cd "$partial" && apt-get -qq source --download-only \
		"$package=$version" >&2 &&
	 dpkg-source -x ./*.dsc "$partial/src" >&2 &&
	 cd "$partial/src" && "$@" >"$partial/log" 2>&1) || {
		[ ! -e "$partial/log" ] || tail -n 20 "$partial/log" >&2
		say "could not make $package"
		exit 1
	}
	mv "$partial/src" "$sources"
}

[ $# -gt 1 ] || { echo "usage: sources.sh PACKAGE COMMAND..." >&2; exit 2; }
need_packages apt-get:apt dpkg-source:dpkg-dev flock:util-linux
package=$1
shift
apt=$(cache_dir)/suites/apt
mkdir -p "$apt"
exec {lock}>"${apt%/*}/lock"
flock "$lock"
own_apt "$apt" "deb-src http://deb.debian.org/debian bookworm main"
version=$(newest "$package")
[ -n "$version" ] || { say "bookworm has no sources of $package"; exit 1; }
# What is built depends on the command too.
sources=$(cache_dir)/suites/$package-$version-$(echo "$*" | sha256sum | cut -c1-8)
[ -d "$sources" ] || make_dir "$@"
echo "$sources"
