#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: build.sh RELEASE|SERIES
#
# Builds kunit.ko for a kernel, which lacks it, from lib/kunit of the same
# kernel's source package, unless that was done before. Prints the
# directory D where it is. To build a module of tests with it:
#	ccflags-y := -I D/include -include D/pre.h
#	make ... KBUILD_EXTRA_SYMBOLS=D/Module.symvers

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"

# lib/kunit in $1, the headers in $1/include/kunit. The headers of the test
# modules go to the same directory.
unpack_sources() {
	local name

	name=$(kernel_source "$release")
	tar -xJf "$archive" -C "$1" --strip-components=1 \
		"$name/lib/kunit" "$name/include/kunit"
	mv "$1"/lib/kunit/*.[ch] "$1/"
	rm -r "${1:?}/lib"
	cp "$here/Makefile" "$here/pre.h" "$1/"
	cp "$here/run_suites.h" "$1/include/"
}

# What differs between kernels and what a test module has to know.
write_features() {
	echo '/* SPDX-License-Identifier: GPL-2.0 */'
	! grep -Eqz '__kunit_test_suites_init\([^;]*bool run_tests\)' \
		"$1/include/kunit/test.h" ||
		echo '#define HAVE_KUNIT_RUN_TESTS_ARG 1'
}

# The kernel has neither the suites in struct module nor the current test in
# struct task_struct. Suites are run by run_suites.h, and which test a thread
# runs is not known, see pre.h.
patch_sources() {
	sed -i -E \
		-e '/^static void kunit_module_(init|exit)\(/,/^}/d' \
		-e '/kunit_module_(init|exit)\(mod\);/d' \
		-e '/struct module \*mod = data;/d' \
		-e '/current->kunit_test = /d' \
		-e 's/current->kunit_test/kunit_get_current_test()/' "$1/test.c"
}

build() {
	local arch=()

	unpack_sources "$1"
	write_features "$1" >"$1/features.h"
	patch_sources "$1"
	! is_um "$release" || arch=(ARCH=um)
	kernel_make "$release" -C "$(kernel_headers "$release")" "${arch[@]}" \
		M="$1" modules >"$1/log" 2>&1 || {
		cat "$1/log" >&2
		say "kunit.ko for $release cannot be built"
		return 1
	}
}

# A change of these files or of the source package makes another directory.
build_id() {
	{
		cat "$here"/{Makefile,pre.h,run_suites.h,build.sh}
		stat -c '%s %Y' "$archive"
	} | sha256sum | cut -c 1-12
}

[ $# -eq 1 ] || { echo "usage: build.sh RELEASE|SERIES" >&2; exit 1; }
choose_kernel "$1"
archive=$(kernel_root "$release")/usr/src/$(kernel_source "$release").tar.xz
need_packages make:make gcc:gcc xz:xz-utils "$archive:$(kernel_source "$release")"

dir=$(cache_dir)/kunit/$release-$(build_id)
make_once "$dir" kunit.ko build
echo "$dir"
