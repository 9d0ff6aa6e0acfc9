#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packages are installed: does a socket load the module, and do the tools find it?
# Runs in the VM.
#
# usage: load.sh INSTALLED VERSION

# Functions are called by name.
# shellcheck disable=SC2317

set -u
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh disable=SC1091
. "$(dirname "$(readlink -f "$0")")/../selftests/net/rsess/lib.sh"
version=$2

loaded() {
	[ -d /sys/module/rsess ]
}

socket_loads_it() {
	! loaded &&
		python3 -c 'import socket; socket.socket(18, socket.SOCK_STREAM)' && loaded
}

# Of the running kernel, from DKMS, and no other one.
it_is_the_packages() {
	case $(modinfo -n rsess) in
	/lib/modules/$(uname -r)/updates/dkms/rsess.ko*) ;;
	*) false ;;
	esac &&
		[ "$(cat /sys/module/rsess/version)" = "$version" ] &&
		[ "$(modinfo -F version rsess_adopt)" = "$version" ] &&
		modprobe rsess_adopt && [ -d /sys/module/rsess_adopt ]
}

# A client and a server that know nothing of it.
rsessrun_has_sessions() {
	/usr/bin/rsessrun python3 - <<-END
	import socket
	listener = socket.create_server(("127.0.0.1", 7300))
	dialer = socket.create_connection(("127.0.0.1", 7300))
	peer, _ = listener.accept()
	dialer.sendall(b"hello")
	assert peer.recv(5) == b"hello"
	rows = open("/proc/net/rsess").read()
	assert "dialer" in rows and "acceptor" in rows, rows
	END
}

# What the timer would have run: nobody has turned it on.
metrics_are_written() {
	local units=/lib/systemd/system to=/var/lib/prometheus/node-exporter

	[ -e $units/rsess-textfile.timer ] &&
		[ ! -e /etc/systemd/system/timers.target.wants/rsess-textfile.timer ] &&
		mkdir -p $to &&
		eval "$(sed -n 's/^ExecStart=//p' $units/rsess-textfile.service)" &&
		grep -qx 'rsess_up 1' $to/rsess.prom
}

# They are closed by now; some may wait for the peer.
rsess_shows_sockets() {
	[ "$(/usr/bin/rsess --version)" = "rsess $version" ] &&
		/usr/bin/rsess show -ja | python3 -m json.tool >/dev/null
}

# Each line of the example is a sysctl that there is, with its default.
sysctls_are_the_defaults() {
	local name value lines=0

	while read -r name value; do
		[ "$(sysctl -n "$name")" = "$value" ] || return
		lines=$((lines + 1))
	done < <(sed -nE 's/^#(net[^ ]*) = (.*)/\1 \2/p' \
		/usr/share/doc/rsess-tools/examples/sysctl.conf)
	[ $lines -gt 0 ]
}

# The lines of the example, as if they were wanted.
parameters_are_taken() {
	sed 's/^#\(options\)/\1/' /usr/share/doc/rsess-tools/examples/modprobe.conf \
		>/etc/modprobe.d/rsess.conf &&
		modprobe -r rsess_adopt rsess && modprobe rsess_adopt &&
		[ "$(cat /sys/module/rsess_adopt/parameters/modules)" = sunrpc@2049 ] &&
		[ "$(cat /sys/module/rsess/parameters/protocol)" = 258 ]
}

# "install rsess /bin/false" of the example
no_socket_loads_it() {
	sed -n 's/^#\(install\)/\1/p' /usr/share/doc/rsess-tools/examples/modprobe.conf \
		>/etc/modprobe.d/rsess.conf && modprobe -r rsess_adopt rsess &&
		! python3 -c 'import socket; socket.socket(18, socket.SOCK_STREAM)' \
			2>/dev/null && ! loaded
}

at=deb.$(uname -r | cut -d. -f 1,2)
plan 8
tar -C / -xf "$1"
ip link set lo up
try "$at.socket_loads_the_module" socket_loads_it
try "$at.the_module_is_that_of_the_package" it_is_the_packages
try "$at.rsessrun_has_sessions" rsessrun_has_sessions
try "$at.rsess_shows_sockets" rsess_shows_sockets
try "$at.metrics_are_written" metrics_are_written
try "$at.example_of_sysctls" sysctls_are_the_defaults
try "$at.example_of_parameters" parameters_are_taken
try "$at.example_of_no_module" no_socket_loads_it
[ "$failed" -eq 0 ]
