#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Programs that know nothing of AF_RSESS, under rsessrun. They are written in
# Python, each is a function of rsessrun_app.py and judges its own sockets.
#
# Prints TAP. Needs root, python3, systemd-socket-activate (package systemd), and
# rsessrun in build/rsessrun. Runs in the VM: it unloads the module.

# Functions are called by name.
# shellcheck disable=SC2317

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
root=$(readlink -f "$here/../../../../..")
built=$root/build/rsessrun
rsessrun=$built/rsessrun
app=$here/rsessrun_app.py
ko=$root/build/$(uname -r)/rsess.ko
limit=$((120 * ${RSESS_SLOW:-1}))
port=7290
# Seconds: an earlier test may have left sessions behind whose peer has gone, which
# keep the module as long as net.rsess.orphan_timeout_ms.
orphans=200
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# run OPTION... -- NAME ARGUMENT...: a program of rsessrun_app.py, under rsessrun
run() {
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	timeout -k 5 "$limit" "$rsessrun" "${options[@]}" \
		/usr/bin/python3 "$app" "$@"
}

# with_server COMMAND...: the server is $server; the client is COMMAND
with_server() {
	local status=0

	"${server[@]}" &
	"$@" || status=1
	wait $! || status=1
	return $status
}

# prints PATTERN COMMAND...: on standard error
prints() {
	"${@:2}" 2>"$scratch/said" >/dev/null
	grep -Eq -- "$1" "$scratch/said" && return
	sed 's/^/# /' "$scratch/said"
	return 1
}

prints_nothing() {
	! prints . "$@" >/dev/null
}

# status_is N COMMAND...
status_is() {
	local status=0

	"${@:2}" >/dev/null 2>&1 || status=$?
	[ "$status" -eq "$1" ]
}

# --- programs ---------------------------------------------------------------

ipv4() { run -- talk 127.0.0.1; }
ipv6() { run -- talk ::1; }
protocol_is_named() { run -- protocol_is_named; }
others_stay() { run -- others_stay; }
flags_of_socket() { run -- flags_of_socket; }
fork_exec() { run -- fork_exec; }
dup() { run -- dup; }
scm_rights() { run -- scm_rights; }
many_threads() { run -- many_threads; }

# The listening socket is made by one program and used by another.
socket_activation() {
	local server=(run_activate)

	with_server run -- say_hello $port
}

run_activate() {
	timeout -k 5 "$limit" "$rsessrun" systemd-socket-activate \
		-E LD_PRELOAD -l 127.0.0.1:$port \
		/usr/bin/python3 "$app" activated
}

# --- filters ----------------------------------------------------------------

port_list() { run -p $port -- by_port $port $((port + 1)); }
port_range() { run -p "22,$((port - 2))-$((port + 2))" -- by_port $port 6999; }
ports_twice() { run -p 1-2 --ports=$port -- by_port $port 6999; }
before_use_it_is_tcp() { run -p $port -- before_use_it_is_tcp; }
options_are_kept() { run -p $port -- options $port; }
defaults_are_not_copied() { run -p $port -- defaults $port; }
flags_are_kept() { run -p $port -- flags_at_exchange $port; }
not_blocking() { run -p $port -- not_blocking $port; }
many_threads_filtered() { run -p 1-65535 -- many_threads; }
refused() { run -p $port -- refused $port; }
bound() { run -p $port -- bound $port; }
bound_elsewhere() { run -p $port -- bound_elsewhere $port; }
in_use() { run -p $port -- in_use $port; }
any_port() { run -l -- any_port; }
watched() { run -p $port -- watched $port; }
datagrams() { run -p $port -- datagrams $port; }
restart() { run -p $port -- restart $port; }
bad_calls() { run -p $port -- bad_calls $port; }
full_table() { run -p $port,$((port + 1)) -- full_table $port; }

handed_over() {
	timeout -k 5 "$limit" /usr/bin/python3 "$app" hand_over $port \
		"$rsessrun" -p $port
}

connect_only_listen_only() {
	local server=(run -l -- serve "$port")

	with_server run -c -- call $port
}

connect_only_port() {
	local server=(run -l -p "$port" -- serve "$port")

	with_server run -c -p $port -- call $port
}

# --- rsessrun itself --------------------------------------------------------

verbose() {
	prints "^rsessrun\[[0-9]+\]: descriptor [0-9]+: made as AF_RSESS$" \
		run -v -- talk 127.0.0.1 &&
	prints "descriptor [0-9]+: listens at port $port, AF_RSESS$" \
		run -v -p $port -- by_port $port 6999 &&
	prints "descriptor [0-9]+: connects to port $port, AF_RSESS$" \
		run -v -p $port -- by_port $port 6999 &&
	prints "descriptor [0-9]+: listens at port 6999, TCP$" \
		run -v -p $port -- by_port $port 6999 &&
	prints "descriptor [0-9]+: connects to port 6999, TCP$" \
		run -v -p $port -- by_port $port 6999 &&
	prints_nothing run -v -p $port -- datagrams 6999 &&
	prints_nothing run -- talk 127.0.0.1
}

# A library that is there already is asked after ours.
preloaded_is_kept() {
	cp "$built/librsessrun.so" "$scratch/other.so"
	LD_PRELOAD=$scratch/other.so "$rsessrun" env >"$scratch/env"
	grep -Fqx "LD_PRELOAD=$built/librsessrun.so:$scratch/other.so" \
		"$scratch/env" &&
	LD_PRELOAD=$scratch/other.so "$rsessrun" grep -c other.so \
		/proc/self/maps >/dev/null &&
	LD_PRELOAD=$scratch/other.so run -- talk 127.0.0.1
}

# What the outer one was told does not reach the inner one's program.
nested() {
	"$rsessrun" -v -c -p 1 "$rsessrun" -p 2 env >"$scratch/env" &&
	grep -qx RSESSRUN_PORTS=2 "$scratch/env" &&
	! grep -q -e RSESSRUN_ROLE -e RSESSRUN_VERBOSE "$scratch/env"
}

exit_status() {
	status_is 0 "$rsessrun" true &&
	status_is 7 "$rsessrun" sh -c 'exit 7' &&
	status_is 127 "$rsessrun" "$scratch/nothing" &&
	status_is 126 "$rsessrun" "$scratch" &&
	status_is 0 "$rsessrun" --help
}

usage() {
	local ports

	for ports in '' 0 65536 x 1- -1 5-4 1,,2 1,x 1-2-3 99999999999999999; do
		status_is 125 "$rsessrun" -p "$ports" true || {
			echo "# -p '$ports' was taken"
			return 1
		}
	done
	status_is 125 "$rsessrun" &&
	status_is 125 "$rsessrun" -p &&
	status_is 125 "$rsessrun" -c -l true &&
	status_is 125 "$rsessrun" --no-such-option true &&
	status_is 0 "$rsessrun" -c -c -p1,2-3,65535 --ports 4 -- true
}

arguments_are_kept() {
	[ "$("$rsessrun" -v -- printf '<%s>' 'a b' -p '*' '')" = "<a b><-p><*><>" ]
}

installed() {
	local to=$scratch/to rsessrun=$scratch/to/bin/rsessrun

	make -s -C "$root/tools/rsess" install PREFIX="$to" &&
	run -- talk 127.0.0.1 &&
	grep -q "$to/lib/librsessrun.so" <("$rsessrun" cat /proc/self/maps) &&
	[ -e "$to/share/man/man1/rsessrun.1" ] &&
	make -s -C "$root/tools/rsess" uninstall PREFIX="$to" &&
	[ -z "$(find "$to" -type f)" ]
}

# --- where nothing but TCP is allowed ----------------------------------------

# refused_by PATTERN COMMAND...: it runs, and is told so in one line
refused_by() {
	"${@:2}" 2>"$scratch/said" &&
	grep -Eqx "rsessrun\[[0-9]+\]: AF_RSESS is refused by $1: plain TCP" \
		"$scratch/said" &&
	[ "$(wc -l <"$scratch/said")" -eq 1 ] || {
		sed 's/^/# /' "$scratch/said"
		return 1
	}
}

# systemd has EAFNOSUPPORT, container engines EPERM or EACCES.
seccomp() {
	local code

	for code in 97 1 13; do
		refused_by 'a seccomp filter .*' run -- sandboxed $code &&
		refused_by 'a seccomp filter .*' \
			run -p 1-65535 -- sandboxed $code &&
		refused_by 'a seccomp filter .*' run -- sandboxed_later $code ||
			return
	done
}

# User-mode Linux that is made for tests has it not.
has_seccomp() {
	grep -q ^Seccomp: /proc/self/status
}

has_apparmor() {
	grep -qs Y /sys/module/apparmor/parameters/enabled
}

# run, under a profile that allows what TCP needs
confined() (
	echo "exec rsess_test" >/proc/self/attr/apparmor/exec && run "$@"
)

apparmor() {
	mountpoint -q /sys/kernel/security ||
		mount -t securityfs securityfs /sys/kernel/security
	apparmor_parser -r -K <<-END || return
	profile rsess_test {
		file,
		/** ix,
		capability,
		network inet stream,
		network inet6 stream,
	}
	END
	refused_by 'AppArmor, profile rsess_test' confined -- plain &&
	refused_by 'AppArmor, profile rsess_test' \
		confined -p 1-65535 -- plain
}

# --- a kernel without it ----------------------------------------------------

is_unloaded() {
	rmmod rsess 2>/dev/null
	[ ! -d /sys/module/rsess ]
}

# Nor does modprobe find it. A program sees plain TCP, and is told so once.
without_module() {
	local modprobe status=0

	modprobe=$(cat /proc/sys/kernel/modprobe)
	echo /bin/false >/proc/sys/kernel/modprobe
	PATIENCE=$orphans until_true is_unloaded &&
	run -- plain &&
	run -p $port -- plain &&
	prints "^rsessrun\[[0-9]+\]: the kernel has no AF_RSESS: plain TCP$" \
		run -v -- plain &&
	[ "$(wc -l <"$scratch/said")" -eq 1 ] || status=1
	echo "$modprobe" >/proc/sys/kernel/modprobe
	[ -d /sys/module/rsess ] || insmod "$ko" || status=1
	return $status
}

# The module may have been given another number.
other_family() {
	local status=0

	PATIENCE=$orphans until_true is_unloaded &&
	insmod "$ko" family=19 && run -- talk 127.0.0.1 || status=1
	until_true is_unloaded && insmod "$ko" || status=1
	return $status
}

names=(ipv4 ipv6 protocol_is_named others_stay flags_of_socket fork_exec dup
	scm_rights socket_activation many_threads
	port_list port_range ports_twice before_use_it_is_tcp connect_only_listen_only
	connect_only_port options_are_kept defaults_are_not_copied flags_are_kept
	not_blocking many_threads_filtered refused bound bound_elsewhere in_use
	any_port watched datagrams restart bad_calls full_table handed_over
	verbose preloaded_is_kept nested exit_status usage arguments_are_kept
	installed without_module other_family)
! has_seccomp || names+=(seccomp)
! has_apparmor || names+=(apparmor)
[ $# -eq 0 ] || names=("$@")

plan ${#names[@]}
for name in "${names[@]}"; do
	# The kernel may keep the port for what has been accepted there.
	port=$((port + 10))
	status=0
	"$name" || status=1
	result $status "rsessrun.$name"
done
[ "$failed" -eq 0 ]
