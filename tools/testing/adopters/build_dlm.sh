#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: build_dlm.sh RELEASE|SERIES
#
# Builds the DLM as it was before midcomms, which resends what a connection has lost, unless
# that was done before: from the kernel's source package, with the number of the protocol
# that had none. Prints the path of the module.

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"

build() {
	tar -xJf "$archive" -C "$1" --strip-components=1 \
		"$(kernel_source "$release")/fs/dlm"
	sed -i 's/^\(#define DLM_HEADER_MINOR\s\).*/\10x00000001/' \
		"$1/fs/dlm/dlm_internal.h"
	# The header of its tracepoints looks for fs/dlm from there.
	mkdir -p "$1/include/trace/events"
	kernel_make "$release" -C "$(kernel_headers "$release")" M="$1/fs/dlm" \
		KCFLAGS="-I$1/include/trace/events" modules >"$1/log" 2>&1 || {
		cat "$1/log" >&2
		say "dlm.ko for $release cannot be built"
		return 1
	}
}

[ $# -eq 1 ] || { echo "usage: build_dlm.sh RELEASE|SERIES" >&2; exit 1; }
choose_kernel "$1"
archive=$(kernel_root "$release")/usr/src/$(kernel_source "$release").tar.xz
need_packages make:make gcc:gcc xz:xz-utils "$archive:$(kernel_source "$release")"

dir=$(cache_dir)/dlm/$release-$(stat -c '%s %Y' "$archive" "$0" | sha256sum | cut -c 1-12)
make_once "$dir" fs/dlm/dlm.ko build
echo "$dir/fs/dlm/dlm.ko"
