#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packages are installed, and the kernel takes no module whose signature it does not
# trust, as with Secure Boot. Nobody has enrolled the key of DKMS. Runs in the VM, with
# module.sig_enforce=1.
#
# usage: enforce.sh INSTALLED VERSION

# Functions are called by name.
# shellcheck disable=SC2317

set -u
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh disable=SC1091
. "$(dirname "$(readlink -f "$0")")/../selftests/net/rsess/lib.sh"

# Signed, but by a stranger.
dkms_has_signed_it() {
	[ "$(modinfo -F signer rsess)" = "DKMS module signing key" ]
}

# The same kernel takes its own.
distributions_is_loaded() {
	modprobe dummy && [ -d /sys/module/dummy ]
}

refused() { # COMMAND...
	! "$@" 2>/tmp/said && grep -q 'Key was rejected by service' /tmp/said &&
		[ ! -d /sys/module/rsess ]
}

in_log() {
	dmesg | grep -q "$1"
}

untrusted_is_refused() {
	refused modprobe rsess && in_log 'module with unavailable key is rejected'
}

unsigned_is_refused() {
	cp "$(modinfo -n rsess)" /tmp/rsess.ko && strip -g /tmp/rsess.ko &&
		[ -z "$(modinfo -F signer /tmp/rsess.ko)" ] &&
		refused insmod /tmp/rsess.ko && in_log 'unsigned module is rejected'
}

# No such family; programs under rsessrun go on with TCP, and can be told to say so.
programs_have_tcp() {
	rsessrun -v python3 - 2>/tmp/said <<-END
	import errno, socket
	for what, error in (((18, socket.SOCK_STREAM), errno.EAFNOSUPPORT),
	                    ((socket.AF_INET, socket.SOCK_STREAM, 258), errno.EPROTONOSUPPORT)):
	    try:
	        socket.socket(*what)
	        raise SystemExit("a socket of a module that was refused")
	    except OSError as e:
	        assert e.errno == error, e
	listener = socket.create_server(("127.0.0.1", 7300))
	dialer = socket.create_connection(("127.0.0.1", 7300))
	peer, _ = listener.accept()
	dialer.sendall(b"hello")
	assert peer.recv(5) == b"hello"
	END
	[ $? -eq 0 ] && grep -q AF_RSESS /tmp/said
}

plan 5
tar -C / -xf "$1"
ip link set lo up
try deb.enforce.dkms_has_signed_it dkms_has_signed_it
try deb.enforce.modules_of_the_distribution_are_loaded distributions_is_loaded
try deb.enforce.untrusted_signature_is_refused untrusted_is_refused
try deb.enforce.unsigned_module_is_refused unsigned_is_refused
try deb.enforce.programs_have_tcp programs_have_tcp
[ "$failed" -eq 0 ]
