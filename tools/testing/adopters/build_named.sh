#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: build_named.sh RELEASE|SERIES
#
# Builds what names AF_RSESS itself, unless that was done before: the DLM and the client of
# SMB, from the kernel's source package and the patches of the documentation. Prints the
# path of dlm.ko. Of the client those files are compiled that the patch touches: the rest
# takes tools that kernel headers do not have.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../../..")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"
patches=$root/Documentation/networking/rsess/patches

# make_here DIRECTORY [TARGET...]
make_here() {
	kernel_make "$release" -C "$(kernel_headers "$release")" M="$1" \
		KCFLAGS="-Werror -I$tree/include/trace/events -I$tree/include" "${@:2}"
}

build() {
	tree=$1
	tar -xJf "$archive" -C "$1" --strip-components=1 \
		"$(kernel_source "$release")"/fs/{dlm,smb,nls}
	# The header of the DLM's tracepoints looks for fs/dlm from there.
	mkdir -p "$1"/include/{trace/events,net,uapi/linux}
	cp "$root/include/net/rsess.h" "$1/include/net"
	cp "$root/include/uapi/linux/rsess.h" "$1/include/uapi/linux"
	{
		patch -d "$1" -p1 -f <"$patches/dlm.patch" &&
		patch -d "$1" -p1 -f <"$patches/smb-client.patch" &&
		make_here "$1/fs/dlm" modules &&
		make_here "$1/fs/smb/client" cifsfs.o connect.o fs_context.o \
			sess.o transport.o
	} >"$1/log" 2>&1 || {
		cat "$1/log" >&2
		say "a patch does not fit $release"
		return 1
	}
}

[ $# -eq 1 ] || { echo "usage: build_named.sh RELEASE|SERIES" >&2; exit 1; }
choose_kernel "$1"
archive=$(kernel_root "$release")/usr/src/$(kernel_source "$release").tar.xz
need_packages make:make gcc:gcc xz:xz-utils patch:patch "$archive:$(kernel_source "$release")"

dir=$(cache_dir)/named/$release-$(cat "$patches"/*.patch "$root"/include/net/rsess.h \
	"$root"/include/uapi/linux/rsess.h "$0" | sha256sum | cut -c 1-12)
make_once "$dir" fs/dlm/dlm.ko build
echo "$dir/fs/dlm/dlm.ko"
