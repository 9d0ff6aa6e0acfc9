#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Captures a session over each transport, and looks at it with tshark. Runs in the VM.

set -u
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh disable=SC1091
. "$(dirname "$(readlink -f "$0")")/../selftests/net/rsess/lib.sh"
dissector=$(readlink -f "$here/../../wireshark/rsess.lua")
sctpkill=$here/../../../build/selftests/sctpkill
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"

captures() { # NAME
	[ -s "$dir/$1.pcap" ]
}

# The capture has got so far when it has a packet that was sent in the end.
has_all() { # NAME
	echo end-of-capture >/dev/udp/127.0.0.1/80
	grep -qa end-of-capture "$dir/$1.pcap"
}

# capture NAME TRANSPORT TAG: port 80, whose dissector is HTTP's
capture() {
	local status

	tcpdump -Z root -i lo -U --immediate-mode -s 2000 -B 32768 \
		-w "$dir/$1.pcap" port 80 2>"$dir/tcpdump" &
	until_true captures "$1" || return
	python3 "$here/talk.py" "$2" "$3" 80 "$sctpkill" >"$dir/$1.json" &&
		until_true has_all "$1"
	status=$?
	kill %1 && wait %1 2>/dev/null
	chmod 644 "$dir/$1.pcap"
	grep -q '^0 packets dropped by kernel' "$dir/tcpdump" ||
		sed 's/^/# /' "$dir/tcpdump"
	return $status
}

# Segments as of a network, also in what is captured.
ip link set lo mtu 1500 gso_max_segs 1 up
echo "TAP version 13"
for row in tcp:tcp:0 tcp_tags:tcp:1 sctp:sctp:0 sctp_tags:sctp:1; do
	IFS=: read -r name transport tag <<<"$row"
	capture "$name" "$transport" "$tag"
	result $? "dissector.$name.is_captured"
	"$here/check.py" "$name" "$dir/$name.json" "$dir/$name.pcap" "$dissector" || failed=1
done
[ "$failed" -eq 0 ]
