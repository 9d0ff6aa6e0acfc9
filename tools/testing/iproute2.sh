#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The patch for ss, on the sources of Debian's iproute2: it applies, what comes of it is
# built, and shows sockets. It is built once for a version of iproute2, of the patch, and
# of the headers. Installs what it misses; of iproute2 nothing is installed.
#
# usage: iproute2.sh [RELEASE|SERIES|FLAVOUR]
#
# IPROUTE2=DIR in the environment takes the sources in DIR, of another version.
#
# Prints TAP and, as its last line, how many passed, failed and were skipped.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

patch=$root/tools/iproute2/0001-ss-rsess.patch
headers=("$root"/include/uapi/linux/rsess{,_diag}.h)

# fetch DIRECTORY: the sources of the version that this machine has. Its apt need not have
# lists of any.
fetch() (
	own_apt "$1/apt" "deb-src http://deb.debian.org/debian bookworm main" \
		"deb-src http://deb.debian.org/debian-security bookworm-security main"
	cd "$1" && apt-get -qq source "iproute2=$version" >&2
)

# build DIRECTORY: leaves ss there
build() {
	local dir

	mkdir "$1/source"
	if [ -n "${IPROUTE2:-}" ]; then
		cp -r "$IPROUTE2" "$1/source/iproute2-$version"
	else
		fetch "$1/source"
	fi
	dir=$(echo "$1"/source/iproute2-*/)
	patch -s -p1 -d "$dir" <"$patch"
	(cd "$dir" && ./configure >/dev/null && make -s -j"$(nproc)" SUBDIRS='lib misc' \
		TARGETS=ss CCOPTS="-O2 -I$root/include/uapi") >&2
	mv "$dir/misc/ss" "$1/ss"
	rm -r "$1/source"
}

choose_kernel "${1:-6.1}"
need_packages gcc:gcc make:make bison:bison patch:patch dpkg-source:dpkg-dev \
	pkg-config:pkg-config /usr/include/stdio.h:libc6-dev ip:iproute2 setpriv:util-linux
if [ -n "${IPROUTE2:-}" ]; then
	version=$(sed -n 's/.*"\(.*\)".*/\1/p' "$IPROUTE2/include/version.h")
else
	version=$(dpkg-query -Wf '${source:Version}' iproute2)
fi
built=$(cache_dir)/iproute2/$version-$(cat "$patch" "${headers[@]}" | sha256sum |
	cut -c 1-8)
make_once "$built" ss build
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$here/vm/run" --kernel "$release" --autoload --timeout 600 -- \
	env SS="$built/ss" RSESS_SLOW="$(slowness_of "$release")" \
	"$here/selftests/net/rsess/ss.sh" | tee "$log" || true
"$here/selftests/net/rsess/tap_total.sh" "$log"
