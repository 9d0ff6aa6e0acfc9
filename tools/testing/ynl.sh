#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the kernel's generator makes of Documentation/netlink/specs/rsess.yaml is
# include/uapi/linux/rsess_netlink.h. The generator is that of Linux 7.3: older ones are
# not there, or do not know all. It comes out of Debian's source package, once.
#
# usage: ynl.sh [--write]
#
# --write writes the header. Else prints TAP and, as its last line, how many passed, failed
# and were skipped. Installs what it misses.

set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

spec=Documentation/netlink/specs/rsess.yaml
header=$root/include/uapi/linux/rsess_netlink.h
ynl=$(cache_dir)/ynl-7.3

# fetch DIRECTORY: the source package is in the root that the kernel 7.3 is built for in.
fetch() {
	choose_kernel 7.3
	tar -xJf "$(kernel_root "$release")/usr/src/$(kernel_source "$release").tar.xz" \
		-C "$1" --strip-components=1 --wildcards \
		'*/Documentation/netlink/*.yaml' '*/tools/net/ynl/pyynl/*'
}

# The generator wants the specification where the kernel would have it.
generate() {
	mkdir "$tree/Documentation"
	cp -r "$ynl/Documentation/netlink" "$tree/Documentation/"
	cp "$root/$spec" "$tree/$spec"
	: >"$tree/MAINTAINERS"
	/usr/bin/python3 "$ynl/tools/net/ynl/pyynl/ynl_gen_c.py" --mode uapi --header \
		--spec "$tree/$spec"
}

need_packages /usr/bin/python3:python3 xz:xz-utils \
	/usr/lib/python3/dist-packages/yaml:python3-yaml \
	/usr/lib/python3/dist-packages/jsonschema:python3-jsonschema
make_once "$ynl" tools fetch >&2
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
generate >"$tree/header"
if [ "${1:-}" = --write ]; then
	cp "$tree/header" "$header"
	exit
fi
echo "TAP version 13"
echo "1..1"
if diff -u "$header" "$tree/header" | sed 's/^/# /'; then
	echo "ok 1 - ynl.header"
else
	echo "not ok 1 - ynl.header"
fi | tee "$tree/log"
"$here/selftests/net/rsess/tap_total.sh" "$tree/log"
