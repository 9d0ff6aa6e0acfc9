#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: build_dlm.sh old|named RELEASE|SERIES
#
# Builds another DLM from the kernel's source package, unless that was done before, and
# prints the path of the module:
#
#   old    as it was before midcomms, which resends what a connection has lost: with the
#          number of the protocol that had none
#   named  which names AF_RSESS itself, by the patch of the documentation. With it those
#          files of the client of SMB are compiled that its patch touches: the rest takes
#          tools that kernel headers do not have.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../../..")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"
patches=$root/Documentation/networking/rsess/patches

unpack() { # DIRECTORY...: of fs
	tar -xJf "$archive" -C "$tree" --strip-components=1 \
		"${@/#/$(kernel_source "$release")/fs/}"
	# The header of the DLM's tracepoints looks for fs/dlm from there.
	mkdir -p "$tree"/include/{trace/events,net,uapi/linux}
}

make_in() { # DIRECTORY [FLAGS [TARGET...]]
	kernel_make "$release" -C "$(kernel_headers "$release")" M="$tree/$1" \
		KCFLAGS="-I$tree/include/trace/events ${2:-}" "${@:3}"
}

make_old() {
	unpack dlm
	sed -i 's/^\(#define DLM_HEADER_MINOR\s\).*/\10x00000001/' \
		"$tree/fs/dlm/dlm_internal.h"
	make_in fs/dlm "" modules
}

make_named() {
	local flags="-Werror -I$tree/include"

	unpack dlm smb nls
	cp "$root/include/net/rsess.h" "$tree/include/net"
	cp "$root/include/uapi/linux/rsess.h" "$tree/include/uapi/linux"
	patch -d "$tree" -p1 -f <"$patches/dlm.patch" &&
	patch -d "$tree" -p1 -f <"$patches/smb-client.patch" &&
	make_in fs/dlm "$flags" modules &&
	make_in fs/smb/client "$flags" cifsfs.o connect.o fs_context.o sess.o transport.o
}

build() { # DIRECTORY
	tree=$1
	"make_$which" >"$tree/log" 2>&1 || {
		cat "$tree/log" >&2
		say "the $which dlm.ko for $release cannot be built"
		return 1
	}
}

case $#:${1:-} in
2:old | 2:named) which=$1 ;;
*) echo "usage: build_dlm.sh old|named RELEASE|SERIES" >&2; exit 1 ;;
esac
choose_kernel "$2"
archive=$(kernel_root "$release")/usr/src/$(kernel_source "$release").tar.xz
need_packages make:make gcc:gcc xz:xz-utils patch:patch "$archive:$(kernel_source "$release")"

dir=$(cache_dir)/dlm/$which-$release-$({
	stat -c '%s %Y' "$archive"
	cat "$0" "$patches"/*.patch "$root"/include/{net,uapi/linux}/rsess.h
} | sha256sum | cut -c 1-12)
make_once "$dir" fs/dlm/dlm.ko build
echo "$dir/fs/dlm/dlm.ko"
