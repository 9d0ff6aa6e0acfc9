#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Installs packages in a layer over this machine's root, and purges them. In between it
# leaves what is in the layer as a tar file. In a mount namespace that is its own.
#
# usage: root.sh DIRECTORY PACKAGES FIRST [RELEASE...]
#
# FIRST and the others are kernels. When the packages are installed only FIRST has headers.

# Functions are called by name.
# shellcheck disable=SC2317

set -u
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh disable=SC1091
. "$(dirname "$(readlink -f "$0")")/../selftests/net/rsess/lib.sh"
dir=$1
packages=$2
first=$3
shift 3
version=$(dpkg-deb -f "$packages"/rsess-dkms_*.deb Version)
layer=$dir/layer
excluded=6.5.0-1-amd64

in_root() {
	chroot "$layer/root" "$@"
}

make_root() {
	local sub

	mkdir "$layer" && mount -t tmpfs -o size=4G tmpfs "$layer" &&
		mkdir "$layer"/{upper,work,root} &&
		mount -t overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" \
			overlay "$layer/root" &&
		for sub in dev proc sys; do
			mount --rbind /$sub "$layer/root/$sub" || return
		done &&
		mkdir -p "$layer/root/debs" &&
		cp -r "$dir/dkms" "$packages"/*.deb "$layer/root/debs/" &&
		rm "$layer"/root/debs/*-dbgsym_*.deb
}

# What is in the layer that no package manager keeps for itself.
files() {
	(cd "$layer/upper" && find . ! -type d ! -path './var/lib/dpkg/*' \
		! -path './var/log/*' ! -path './var/cache/*' ! -path './debs/*' \
		! -path './tmp/*' ! -path './usr/lib/modules/*/modules.*' | sort)
}

installed() { # RELEASE
	in_root dkms status rsess -k "$1" | grep -q ': installed$'
}

dpkg_install() {
	in_root sh -c 'DEBIAN_FRONTEND=noninteractive dpkg -i $*' - "$@"
}

# The link to the headers, as if their package were not there.
hide_headers() { # RELEASE...
	local release

	for release; do
		mv "$layer/root/lib/modules/$release/build" \
			"$layer/root/lib/modules/$release/no-build" || return
	done
}

# What the package of the headers does when it is installed. DKMS only mentions it if
# kbuild cannot clean.
install_headers() { # RELEASE
	local status

	mv "$layer/root/lib/modules/$1/no-build" "$layer/root/lib/modules/$1/build" &&
		in_root /etc/kernel/header_postinst.d/dkms "$1" >"$dir/hook" 2>&1
	status=$?
	cat "$dir/hook"
	[ $status -eq 0 ] && installed "$1" && ! grep 'bad exit status' "$dir/hook"
}

install_all() {
	dpkg_install '/debs/*.deb' && installed "$first"
}

# Compressed, if the kernel's own are.
both_modules() { # RELEASE
	(cd "$layer/upper/usr/lib/modules/$1/updates/dkms" &&
		compgen -G "rsess.ko*" && compgen -G "rsess_adopt.ko*")
}

log_is_silent() {
	local log

	for log in "$layer"/upper/var/lib/dkms/rsess/*/*/*/log/make.log; do
		[ -s "$log" ] && ! grep -E 'warning:|[Ee]rror' "$log" || return
	done
}

# A kernel whose headers are there, and which the module is not for.
add_excluded() {
	mkdir "$layer/root/lib/modules/$excluded" &&
		ln -s "$(readlink -f "/lib/modules/$first/build")" \
			"$layer/root/lib/modules/$excluded/build"
}

# What the packages of a kernel and of its headers do.
kernel_hooks() {
	in_root /etc/kernel/postinst.d/dkms "$excluded" &&
		in_root /etc/kernel/header_postinst.d/dkms "$excluded" &&
		! installed "$excluded"
}

# As the package does when it is installed on such a machine.
package_skips_it() {
	in_root sh -c 'echo autoinstall_all_kernels=1 >>/etc/dkms/framework.conf' &&
		dpkg_install '/debs/rsess-dkms_*.deb' && ! installed "$excluded" &&
		installed "$first"
}

header_compiles() {
	in_root gcc -x c -o /dev/null -Wall -Werror - <<-END
	#include <sys/socket.h>
	#include <linux/rsess.h>
	int main(void) { return socket(AF_RSESS, SOCK_STREAM, IPPROTO_RSESS) < RSESS_INFO; }
	END
}

# The modules of a machine that has the headers and the key, on one that has neither.
pack() {
	in_root dkms mktarball "rsess/$version" -k "$first" --archive rsess.tar.gz &&
		cp "$layer/root/var/lib/dkms/rsess/$version/tarball/rsess.tar.gz" \
			"$layer/root/debs/"
}

unpack() {
	hide_headers "$first" && in_root dkms ldtarball /debs/rsess.tar.gz &&
		in_root dkms install "rsess/$version" -k "$first" && installed "$first" &&
		[ "$(modinfo -F signer "$(compgen -G \
			"$layer/root/lib/modules/$first/updates/dkms/rsess.ko*")")" = \
			"DKMS module signing key" ]
}

# As the timer has left them; one was ended while it wrote.
write_metrics() {
	local to=$layer/root/var/lib/prometheus/node-exporter

	mkdir -p "$to" && touch "$to/rsess.prom" "$to/.rsess.prom.1234"
}

# A key was made with the first module, and belongs to DKMS. Some kernels have no headers
# any more.
purge() {
	rm -r "$layer/root/lib/modules/$excluded" && write_metrics &&
		in_root dpkg -P rsess-dkms rsess-tools librsess-dev || return
	files | grep -vE '^\./var/lib/dkms/mok\.(key|pub)$' >"$dir/after"
	diff "$dir/before" "$dir/after" && ! nothing_known
}

nothing_known() {
	grep -r rsess "$layer"/upper/usr/lib/modules/*/modules.{dep,alias} ||
		in_root dkms status | grep rsess
}

prepare() {
	make_root && hide_headers "$@" && get_dkms
}

# What purging has to leave is what is there now.
get_dkms() {
	if compgen -G "$dir/dkms/*.deb" >/dev/null; then
		dpkg_install '/debs/dkms/*.deb' || return
	fi
	files >"$dir/before"
}

plan $((10 + 2 * $#))
try deb.dkms_is_installed prepare "$@" || exit 1
try deb.packages_are_installed install_all
try deb.both_modules_are_built both_modules "$first"
for release; do
	! installed "$release"
	result $? "deb.without_headers_it_waits"
	try deb.headers_of_another_kernel_build_it install_headers "$release"
done
try deb.log_of_the_build_is_silent log_is_silent
try deb.header_compiles header_compiles
tar -C "$layer/upper" --exclude=./debs --exclude=./var/cache -cf "$dir/installed.tar" .
try deb.modules_are_packed pack
hide_headers "$@"
add_excluded
try deb.hooks_of_an_excluded_kernel_succeed kernel_hooks
try deb.package_skips_an_excluded_kernel package_skips_it
try deb.purge_leaves_nothing purge
try deb.modules_are_unpacked_elsewhere unpack
umount -R "$layer"
[ "$failed" -eq 0 ]
