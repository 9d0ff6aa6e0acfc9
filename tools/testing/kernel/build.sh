#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: build.sh [--if-built] FLAVOUR
#
# Builds a kernel for tests from the source package of Debian's, unless that was
# done before, and prints its release. With --if-built it fails where that is still
# to be done. A flavour is a list of the *.config files
# beside this script:
#	debug	for the VM: KASAN, lockdep, kmemleak and other checks
#	kcsan	for the VM: data races
#	um	User-mode Linux
#	gcov	User-mode Linux that counts which lines of a module run
# It goes to the cache, where kernel_dir of vm/lib.sh finds it:
#	image		what the VM boots, or the program that is the kernel
#	config, modules	what a packaged kernel has in /boot and /lib/modules
#	build		what external modules are built with

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"

package=linux-source-6.1
archive=/usr/src/$package.tar.xz

usage() {
	echo "usage: build.sh [--if-built] debug|kcsan|um|gcov" >&2
	exit 1
}

fragments() {
	case $1 in
	debug) echo tests x86 checks debug adopters ;;
	kcsan) echo tests x86 kcsan ;;
	um) echo tests checks um ;;
	gcov) echo tests gcov ;;
	*) usage ;;
	esac | tr ' ' '\n' | sed "s|.*|$here/&.config|"
}

# A later fragment has the last word.
merged() {
	# shellcheck disable=SC2046
	cat $(fragments "$flavour")
}

# Lets faults be injected below a module's functions, as newer kernels do: with
# frame pointers the filter works on x86-64 too.
allow_stacktrace_filter() {
	sed -i '/^config FAULT_INJECTION_STACKTRACE_FILTER/,/^config/ {
		/depends on !X86_64/d
	}' "$1"
}

# User-mode Linux moves the registers of a processor as a whole, and has room for
# 2696 bytes: with AMX there are 11008, and its first process ends at once.
fit_registers() {
	sed -i 's/DEFINE_LONGS(HOST_FP_SIZE, 2696)/DEFINE_LONGS(HOST_FP_SIZE, 12288)/' "$1"
}

# The kernel's sources, unpacked once for all flavours.
unpack() {
	local tmp

	[ ! -e "$source" ] || return 0
	mkdir -p "${source%/*}"
	tmp=$(mktemp -d "$source.XXXXXX")
	tar -xJf "$archive" -C "$tmp" --strip-components=1
	allow_stacktrace_filter "$tmp/lib/Kconfig.debug"
	fit_registers "$tmp/arch/x86/um/user-offsets.c"
	mv -T "$tmp" "$source" 2>/dev/null || rm -rf "$tmp"
}

flavour_make() {
	make -C "$source" O="$1/build" ARCH="$arch" -j "$(nproc)" \
		LOCALVERSION="-$flavour-$id" KBUILD_BUILD_USER=rsess \
		KBUILD_BUILD_HOST=rsess KBUILD_BUILD_TIMESTAMP=0 "${@:2}"
}

last_words() {
	sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1=n/; /^CONFIG_/p' "$1" |
		awk -F= '{ last[$1] = $2 }
			END { for (s in last) if (last[s] != "n") print s "=" last[s] }'
}

# What a fragment asks for may not be there, or depend on something else.
configure() {
	local missing

	merged >"$1/wanted"
	flavour_make "$1" KCONFIG_ALLCONFIG="$1/wanted" allnoconfig
	missing=$(last_words "$1/wanted" | grep -vxFf "$1/build/.config" || :)
	[ -z "$missing" ] || {
		echo "not in the configuration: $missing" >&2
		return 1
	}
}

# The objects are four fifths of what was built, and no module needs them.
tidy() {
	find "$1/build" -name '*.o' ! -path '*/scripts/*' -delete
	find "$1/build" -name '.*.cmd' ! -path '*/scripts/*' -delete
	rm -f "$1"/build/{vmlinux,vmlinux.a,.tmp_vmlinux*}
}

build() {
	configure "$1" &&
		flavour_make "$1" "$target" modules &&
		flavour_make "$1" INSTALL_MOD_PATH="$1/root" modules_install &&
		[ "$(flavour_make "$1" -s kernelrelease)" = "$release" ] &&
		collect "$1" && tidy "$1"
}

# What the guest needs goes to its places; the kernel itself comes last, for it
# says that all is there.
collect() {
	rm -rf "$1/modules"
	cp "$1/build/.config" "$1/config" &&
		mv "$1/root/lib/modules/$release" "$1/modules" &&
		rm -rf "$1/modules"/{build,source} "$1/root" &&
		mv "$1/build/$image" "$1/image"
}

# A change of the configuration or of the package makes another kernel.
build_id() {
	{ merged; echo "$version-$patches"; } | sha256sum | cut -c 1-8
}

if_built=
[ "${1:-}" != --if-built ] || { if_built=yes; shift; }
[ $# -eq 1 ] || usage
flavour=$1
fragments "$flavour" >/dev/null
# With KASAN it is the packed image that can be booted: the entry for unpacked ones
# is instrumented, and runs before there is any shadow memory.
case $flavour in
um | gcov) arch=um target=linux image=linux ;;
*) arch=x86_64 target=bzImage image=arch/x86/boot/bzImage ;;
esac
[ -z "$if_built" ] || [ -e "$archive" ] || exit 1
need_packages "$archive:$package" make:make gcc:gcc flex:flex bison:bison bc:bc \
	xz:xz-utils modprobe:kmod flock:util-linux /usr/include/gelf.h:libelf-dev \
	/usr/include/stdio.h:libc6-dev
version=$(dpkg-query -W -f '${Version}' "$package")
# To be counted up when what unpack() changes in the sources is changed.
patches=2
source=$(cache_dir)/kernel/source-$version-$patches
id=$(build_id)
release=${version%-*}-$flavour-$id
dir=$(kernel_dir "$release")
if [ -n "$if_built" ]; then
	[ -e "$dir/image" ] || exit 1
	echo "$release"
	exit
fi

mkdir -p "$dir/build"
exec {lock}>"$dir/lock"
flock "$lock"
if [ ! -e "$dir/image" ]; then
	say "building the kernel $release: this takes a while, but only once"
	unpack
	build "$dir" >"$dir/log" 2>&1 || {
		tail -n 40 "$dir/log" >&2
		say "the kernel $release cannot be built, see $dir/log"
		exit 1
	}
fi
echo "$release"
