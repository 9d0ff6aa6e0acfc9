#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rsess(8), in build/tool. Runs in the VM, with --autoload.

# Functions are called by name.
# shellcheck disable=SC2317

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
root=$(readlink -f "$here/../../../../..")
rsess=$root/build/tool/rsess
cat=$programs/rsess_cat
port=7300
dir=$(mktemp -d)
pids=()
began=$(date +%s)

cleanup() {
	kill "${pids[@]}" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

check() { # NAME COMMAND...
	try "tool.$1" "${@:2}"
}

# shows PATTERN OPTION...: how many lines have it
shows() {
	"$rsess" show -H "${@:2}" | tee "$dir/shown" | grep -cE -e "$1"
}

# counts N PATTERN OPTION...
counts() {
	local n

	n=$(shows "${@:2}")
	[ "$n" -eq "$1" ] && return
	echo "$n of $1 lines have $2: ${*:3}"
	cat "$dir/shown"
	return 1
}

# ends STATUS PATTERN COMMAND...: with a line like that, and no other
ends() {
	local status=0

	"${@:3}" >"$dir/said" 2>&1 </dev/null || status=$?
	[ "$status" -eq "$1" ] && grep -qE -e "$2" "$dir/said" &&
		[ "$(grep -c . "$dir/said")" -eq 1 ] && return
	echo "status $status of: ${*:3}"
	cat "$dir/said"
	return 1
}

# python CODE ARGUMENT...: "rsess show -j" is its standard input, rows what it says
python() {
	python3 -c "import json, sys
rows = json.load(sys.stdin)
$1" "${@:2}"
}

# --- the module -----------------------------------------------------------------

# textfile PATTERN: what node_exporter reads then has such a line
textfile() {
	mkdir -p "$dir/textfile" &&
		PATH=${rsess%/*}:$PATH "$root/tools/monitoring/rsess-textfile" \
			"$dir/textfile" 2>/dev/null &&
		grep -qx "$1" "$dir/textfile/rsess.prom"
}

# The two that tell of it.
has_no_metrics() {
	local status=0

	"$rsess" stat --prometheus >"$dir/metrics" 2>/dev/null || status=$?
	[ $status -eq 3 ] && grep -qx 'rsess_up 0' "$dir/metrics" &&
		[ "$(grep -vc '^#' "$dir/metrics")" -eq 2 ] && has_time &&
		textfile 'rsess_up 0'
}

# In the last line, and of now: the test began before.
has_time() {
	[[ $(tail -n 1 "$dir/metrics") =~ ^rsess_stat_timestamp_seconds\ ([0-9]+)$ ]] &&
		[ "${BASH_REMATCH[1]}" -ge "$began" ] &&
		[ "${BASH_REMATCH[1]}" -le "$(date +%s)" ]
}

is_missing() {
	ends 3 'not loaded' "$rsess" show && ends 3 'not loaded' "$rsess" stat &&
		ends 3 'not loaded' "$rsess" limits &&
		ends 3 'not loaded' "$rsess" monitor &&
		ends 3 'not loaded' "$rsess" top -b && ends 3 'not loaded' "$rsess" top &&
		ends 3 'not loaded' "$rsess" kill state all &&
		ends 3 'not loaded' "$rsess" resume state all &&
		[ "$("$rsess" show -j 2>/dev/null | tr -d '\n')" = "[]" ] &&
		has_no_metrics &&
		! [ -d /sys/module/rsess ]
}

# A kernel that has a module of the name, and nothing of what is asked for.
is_too_old() {
	local status

	mount -t tmpfs tmpfs /sys/module && mkdir /sys/module/rsess || return
	echo 0.0.1 >/sys/module/rsess/version
	ends 4 'rsess 0.0.1 .*too old' "$rsess" show &&
		ends 4 'rsess 0.0.1 .*too old' "$rsess" stat &&
		ends 4 'rsess 0.0.1 .*too old' "$rsess" monitor &&
		judges 1 '^WARNING: rsess 0.0.1 .*older' &&
		ends 4 'rsess 0.0.1 .*too old' "$rsess" resume state all
	status=$?
	umount /sys/module
	return $status
}

# A unit behind a number, a sign, a space, nothing, none of it, and what does not fit.
refuses_numbers() {
	local n

	for n in 1x -1 +1 ' 1' '' 0 0x1 2147484 99999999999999999999; do
		ends 2 'no number of seconds' "$rsess" stat -d "$n" &&
			ends 3 'no number of seconds' "$rsess" check -t "$n" || return
	done
	for n in 1k -1 '' 0 2147483648 99999999999999999999; do
		ends 2 'no number of bytes' "$rsess" monitor -b "$n" || return
	done
}

# --- check ----------------------------------------------------------------------

# judges STATUS PATTERN [ARGUMENT...]: "rsess check" has a line like that
judges() {
	local status=0

	"$rsess" check "${@:3}" >"$dir/said" 2>&1 || status=$?
	[ "$status" -eq "$1" ] && grep -qE -e "$2" "$dir/said" && return
	echo "status $status of: check ${*:3}"
	cat "$dir/said"
	return 1
}

# What else this machine has is no matter of ours.
judges_modules() {
	local new=/lib/modules/99.0-new conf=/etc/modprobe.d/tool.conf

	ends 3 'one HOST:PORT' "$rsess" check a b &&
		mount -t tmpfs tmpfs /boot && mkdir $new || return
	judges 0 '^OK: rsess [0-9.]+ is installed' && touch /boot/vmlinuz-99.0-new &&
		judges 1 '^WARNING: the newest kernel, 99.0-new, .*headers are not' &&
		mkdir $new/build && touch $new/build/Makefile &&
		judges 1 '^WARNING: the newest kernel, 99.0-new, .* but headers' &&
		mkdir -p ${conf%/*} && echo install rsess /bin/false >$conf &&
		judges 2 '^CRITICAL: a line of modprobe.d .*: install /bin/false' &&
		echo blacklist rsess >$conf &&
		judges 2 '^CRITICAL: a line of modprobe.d, .blacklist rsess.'
	result=$?
	rm -rf $new $conf
	return $result
}

judges_what_is_loaded() {
	judges 0 '^OK: rsess [0-9.]+ is loaded'
}

# Of two addresses either one may be tried first: one is served, then the other one, then none.
judges_each_address() {
	local address

	printf '%s twice.test\n' ::1 127.0.0.1 >>/etc/hosts
	for address in ::1 127.0.0.1; do
		python3 -c "import socket
with socket.create_server(('$address', $port),
                          family=socket.AF_INET6 if ':' in '$address' else socket.AF_INET) as s:
    print('ready', flush=True)
    s.accept()[0].recv(1)" >"$dir/tcp$address" &
		pids+=($!)
		until_true test -s "$dir/tcp$address" &&
			judges 1 '^WARNING: twice.test:.*plain TCP' twice.test:$port || return
	done
	judges 2 '^CRITICAL: twice.test:.*: Connection refused .*, Connection refused ' \
		twice.test:$port
}

judges_peers() {
	judges 2 "^CRITICAL: 127.0.0.1:$port: Connection refused" 127.0.0.1:$port &&
		judges 3 '^UNKNOWN: nonsense' nonsense && judges 3 '^UNKNOWN' '[::1]:' &&
		start listener -l && until_true counts 1 . -l &&
		judges 0 "^OK: 127.0.0.1:$port: there is a session" 127.0.0.1:$port || return
	kill "${pids[-1]}"
	python3 -c "import socket
with socket.create_server(('::1', $port), family=socket.AF_INET6) as s:
    print('ready', flush=True)
    s.accept()[0].recv(1)" >"$dir/tcp" &
	pids+=($!)
	until_true test -s "$dir/tcp" &&
		judges 1 '^WARNING: .*plain TCP \(plain-peer\): ' "[::1]:$port"
}

# --- show -----------------------------------------------------------------------

listens() {
	counts 1 "^LISTEN +0 +1 +127.0.0.1:$port .*\"rsess_cat\",pid=${pids[0]}," -lp
}

has_session() {
	start listener -l
	until_true listens && start dialer && until_true counts 2 '^ESTAB ' &&
		counts 0 . -l && counts 2 . -a && counts 2 . -an
}

has_processes() {
	counts 2 "users:\(\(\"rsess_cat\",pid=(${pids[0]}|${pids[1]}),fd=[0-9]+\)\)" -p &&
		counts 0 users: && counts 1 . "pid=${pids[0]}" &&
		counts 2 . process rsess_cat && counts 0 . pid 1
}

has_info() {
	counts 1 ' role:dialer link:live resumes:0 lost:0 epoch:0 .* downtime:0ms' -i &&
		counts 1 ' role:acceptor link:live ' -i &&
		counts 2 ' tcp:\( cong:[a-z]+ rtt:[0-9.]+ms .* cwnd:[1-9]' -i &&
		counts 2 ' age:[0-9]+ms down:0ms ' -o &&
		counts 2 ' memory:\( rmem:[0-9]+ rcvbuf:[1-9]' -m &&
		counts 2 ' transport:\( protocol:tcp local:127.0.0.1:' -t &&
		counts 2 ' uid:0 inode:[1-9][0-9]* sk:[0-9a-f]+ .* id:[0-9a-f]{32}' -e
}

# TCP's own module knows the transport by the cookie and the addresses that are told.
has_transport() {
	local cookie

	cookie=$("$rsess" show -Ht "dport = :$port" |
		sed -nE 's/.* transport:\(.* cookie:([0-9a-f]+) .*/\1/p')
	[ -n "$cookie" ] && ss -Hnte "dport = :$port" | grep -qw "sk:$cookie"
}

is_filtered() {
	local id

	id=$("$rsess" show -He role dialer | sed -nE 's/.* id:([0-9a-f]{8}).*/\1/p')
	counts 1 . "sport = :$port" && counts 1 . dst "127.0.0.0/8:$port" &&
		counts 0 . state syn-sent && counts 2 . state established &&
		counts 1 . "( role dialer )" and not 'lost>0' && counts 2 . "id=$id" &&
		counts 2 . 'age<1d' 'down=0' && counts 0 . plain &&
		ends 2 "filter: no address: 'nowhere'" "$rsess" show dst nowhere
}

# Numbers are those of the text.
has_json() {
	"$rsess" show -jpi role dialer >"$dir/json" && python '
row, = rows
assert row["state"] == "ESTAB" and row["link"] == "live", row
assert row["peer"] == "127.0.0.1:" + sys.argv[1], row
assert row["transport"]["protocol"] == "tcp", row
assert row["tcp"]["mss"] > 0 and row["tcp"]["rtt_ms"] > 0, row
assert row["users"] == [{"name": "rsess_cat", "pid": int(sys.argv[2]),
	"fd": row["users"][0]["fd"]}], row
assert len(row["id"]) == 32 and row["memory"]["rcvbuf"] > 0, row
assert row["age_ms"] >= row["down_ms"] == 0, row' $port "${pids[1]}" <"$dir/json"
}

# A name that is no text of UTF-8 is to be read all the same.
has_odd_name() {
	local odd

	odd=$dir/$(printf 'a\377"\\\033b')
	cp "$cat" "$odd" && cat=$odd start odd -l || return
	until_true odd_is_shown && kill "${pids[-1]}"
}

odd_is_shown() {
	"$rsess" show -jlp | python '
assert [u["name"] for row in rows for u in row["users"]] == ["a?\"\\?b"], rows'
}

enter_cgroup() { # NAME
	mkdir -p "/sys/fs/cgroup/$1" && echo $$ >"/sys/fs/cgroup/$1/cgroup.procs"
}

# One in a unit, or below it, and one in a slice.
has_unit() {
	enter_cgroup tool.slice/tool-a.slice/tool@a.service/below && start unit -l &&
		enter_cgroup tool.slice || return
	"$cat" -l 127.0.0.1 $((port + 1)) <"$dir/in" >/dev/null 2>&1 &
	pids+=($!)
	enter_cgroup . && until_true counts 2 . -l "pid = ${pids[-2]} or pid = ${pids[-1]}" &&
		counts 1 '\) unit:tool@a\.service$' -lp && counts 0 unit: -l &&
		counts 1 ":$port " -l unit tool@a.service &&
		counts 0 . -l unit != tool@a.service && counts 0 . unit tool@b.service &&
		[ "$(as_nobody "$rsess" show -Hl unit tool@a.service | wc -l)" -eq 1 ] &&
		"$rsess" show -jlp | python '
assert sorted(row.get("unit", "") for row in rows) == ["", "tool@a.service"], rows'
	result=$?
	kill "${pids[@]:(-2)}"
	return $result
}

# Deeper than a path is long and a process has descriptors; then it is removed.
nest() { # mkdir | rmdir
	python3 - "$1" <<-'END'
	import os, sys
	name, depth = "d" * 200, 60
	fd = os.open("/sys/fs/cgroup/tool.slice/tool@deep.service", os.O_RDONLY)
	fds = [fd]
	for i in range(depth):
	    if sys.argv[1] == "mkdir":
	        os.mkdir(name, dir_fd=fds[-1])
	    fds.append(os.open(name, os.O_RDONLY, dir_fd=fds[-1]))
	if sys.argv[1] == "mkdir":
	    procs = os.open("cgroup.procs", os.O_WRONLY, dir_fd=fds[-1])
	    os.write(procs, str(os.getppid()).encode())
	else:
	    for fd in fds[-2::-1]:
	        os.rmdir(name, dir_fd=fd)
	END
}

# Whoever has a cgroup makes others there, as deep as he likes.
has_deep_unit() {
	mkdir -p /sys/fs/cgroup/tool.slice/tool@deep.service && nest mkdir &&
		start deep -l && enter_cgroup . &&
		until_true counts 1 . -l "pid = ${pids[-1]}" &&
		[ "$(ulimit -n 32; "$rsess" show -Hl unit tool@deep.service | wc -l)" -eq 1 ]
	result=$?
	enter_cgroup .
	kill "${pids[-1]}"
	wait "${pids[-1]}" 2>/dev/null
	nest rmdir && return $result
}

# churn NAME: makes cgroups and removes them, until it is killed
churn() {
	exec python3 - "/sys/fs/cgroup/$1" <<-'END'
	import os, signal, sys
	end = []
	signal.signal(signal.SIGTERM, lambda *_: end.append(1))
	print("ready", flush=True)
	while not end:
	    for name in (sys.argv[1] + str(i) for i in range(16)):
	        os.mkdir(name)
	        os.rmdir(name)
	END
}

# Cgroups that come and go do not end the search.
has_unit_while_others_vanish() {
	local i loops=()

	enter_cgroup tool.slice/tool@busy.service && start busy -l && enter_cgroup . &&
		until_true counts 1 . -l "pid = ${pids[-1]}" || return
	for i in a b c d; do
		churn "tool-$i" >"$dir/churn-$i" &
		loops+=($!)
		until_true test -s "$dir/churn-$i"
	done
	result=0
	for ((i = 0; i < 50 && !result; i++)); do
		counts 1 . -l unit tool@busy.service || result=1
	done
	kill "${loops[@]}" "${pids[-1]}"
	wait "${loops[@]}" "${pids[-1]}" 2>/dev/null
	return $result
}

# would_kill N FILTER...: so many sockets
would_kill() {
	[ "$("$rsess" kill -n "${@:2}" 2>/dev/null | grep -c .)" -eq "$1" ]
}

# Nothing is done by "not unit" to a socket of whose unit nothing is known.
spares_unknown_units() {
	enter_cgroup tool.slice/tool@gone.service && start gone -l && enter_cgroup . &&
		until_true counts 1 . -l "pid = ${pids[-1]}" &&
		would_kill 1 state listening and not unit tool@b.service &&
		would_kill 0 state listening and not unit tool@gone.service &&
		would_kill 1 state listening and unit tool@gone.service &&
		echo "${pids[-1]}" >/sys/fs/cgroup/cgroup.procs &&
		until_true rmdir /sys/fs/cgroup/tool.slice/tool@gone.service &&
		counts 1 . -l not unit tool@gone.service &&
		ends 1 'no such socket' "$rsess" kill state listening and \
			not unit tool@gone.service &&
		would_kill 1 state listening &&
		ends 1 'units are not known: there is no file system of cgroups' \
			unshare -m sh -c 'mount -t tmpfs tmpfs /sys/fs/cgroup && exec "$@"' - \
			"$rsess" kill state listening and not unit tool@b.service &&
		counts 1 . -l "pid = ${pids[-1]}"
	result=$?
	kill "${pids[-1]}"
	return $result
}

# alone COMMAND...: where no other processes are seen
alone() {
	unshare -fpm --mount-proc "$@"
}

# Nor by "not process" to one that somebody has who is not seen.
spares_unknown_processes() {
	start hidden -l && until_true counts 1 . -l "pid = ${pids[-1]}" &&
		would_kill 1 state listening and not process nothing &&
		would_kill 0 state listening and not pid "${pids[-1]}" &&
		[ "$(alone "$rsess" show -lH not process nothing | grep -c .)" -eq 1 ] &&
		ends 1 'no such socket' alone "$rsess" kill state listening and \
			not process nothing &&
		ends 1 'no such socket' alone "$rsess" kill state listening and \
			not pid "${pids[-1]}" &&
		[ "$(alone "$rsess" kill -n state listening 2>/dev/null | grep -c .)" -eq 1 ]
	result=$?
	kill "${pids[-1]}"
	return $result
}

is_shown_to_nobody() {
	[ "$(as_nobody "$rsess" show -H | wc -l)" -eq 2 ] &&
		! as_nobody "$rsess" show -He | grep ' id:' &&
		as_nobody "$rsess" show -jp | python '
assert all("id" not in row and not row["users"] for row in rows), rows'
}

has_namespace() {
	ip netns add other && [ -z "$("$rsess" -N other show -Ha)" ] &&
		ends 1 'nowhere: No such file' "$rsess" -N nowhere show &&
		ends 5 CAP_SYS_ADMIN as_nobody "$rsess" -N other show
	result=$?
	ip netns del other
	return $result
}

# --- kill, resume -------------------------------------------------------------

refuses_empty_filter() {
	ends 2 'empty filter' "$rsess" kill && ends 2 'empty filter' "$rsess" kill ' ' &&
		ends 2 'empty filter' "$rsess" resume --dry-run &&
		ends 2 'not understood' "$rsess" kill all && counts 2 '^ESTAB '
}

refuses_nobody() {
	ends 5 CAP_NET_ADMIN as_nobody "$rsess" kill state all &&
		ends 5 CAP_NET_ADMIN as_nobody "$rsess" resume state all &&
		counts 2 '^ESTAB '
}

# has_redial MS: the dialer would not dial by itself for so long
has_redial() {
	"$rsess" show -j role dialer link none | python '
assert [row for row in rows if row["redial_ms"] > int(sys.argv[1])]' "$1" 2>/dev/null
}

# Each order is an attempt, and the time until the next one doubles.
waits_long() {
	"$rsess" resume role dialer
	has_redial 100000
}

resumes() {
	ends 1 'only the peer can dial' "$rsess" resume role acceptor &&
		[ -z "$("$rsess" resume role dialer)" ] &&
		sysctl -qw net.rsess.dial_max_ms=3600000 &&
		nft add table inet refuse &&
		nft add chain inet refuse in '{ type filter hook input priority 0; }' &&
		nft add rule inet refuse in tcp dport $port reject with tcp reset || return
	ss -Kt "dport = :$port" >/dev/null
	PATIENCE=100 until_true waits_long
	result=$?
	nft delete table inet refuse
	[ $result -eq 0 ] && "$rsess" resume --dry-run role dialer | grep -q ESTAB &&
		has_redial 50000 && "$rsess" resume role dialer | grep -q ESTAB &&
		until_true counts 2 ' link:live resumes:1 lost:1 ' -i
}

kills() {
	[ "$("$rsess" kill --dry-run state established | grep -c ESTAB)" -eq 2 ] &&
		counts 2 '^ESTAB ' &&
		[ "$("$rsess" kill "dport = :$port" | grep -c ESTAB)" -eq 1 ] &&
		until_true errors_are ECONNABORTED ECONNRESET &&
		until_true none_are_left && ends 1 'no such socket' "$rsess" kill state all
}

# --- monitor --------------------------------------------------------------------

# follow NAME OPTION...: a monitor whose lines go to NAME
follow() {
	"$rsess" monitor "${@:2}" >"$dir/$1" &
	pids+=($!)
	until_true test -s "$dir/$1"
}

# tells N PATTERN: the file "events" has so many such lines
tells() {
	[ "$(grep -cE -e "$2" "$dir/events")" -eq "$1" ] ||
		{ echo "not $1 times $2"; cat "$dir/events"; false; }
}

refuses_to_tell_nobody() {
	ends 5 CAP_NET_ADMIN as_nobody "$rsess" monitor
}

# With the listener of the session there is something from the beginning.
tells_events() {
	start listener -l
	until_true counts 1 . -l && follow events && until_true tells 1 ' now .* state:LISTEN' &&
		ends 1 'no such socket' "$rsess" kill -n exclude syn-sent &&
		start dialer && until_true tells 2 ' new +127.0.0.1:' || return
	ss -Kt "dport = :$port" >/dev/null
	until_true tells 2 ' lost +127.0.0.1:.* resumes:0 lost:1 ' &&
		until_true tells 2 ' resumed +127.0.0.1:.* resumes:1 lost:1 ' &&
		"$rsess" kill role dialer >/dev/null &&
		until_true tells 2 ' ended +127.0.0.1:.* reason:admin ' &&
		tells 1 ' ended .* role:dialer ' && until_true none_are_left
}

# --- drain ----------------------------------------------------------------------

is_drained() { # LINE
	[ "$("$rsess" drain)" = "$1" ] || { "$rsess" drain; false; }
}

drains() {
	is_drained 'drain off, 0 sessions' &&
		ends 5 CAP_NET_ADMIN as_nobody "$rsess" drain on &&
		[ "$(as_nobody "$rsess" drain)" = 'drain off, 0 sessions' ] &&
		ends 2 'on, off, or nothing' "$rsess" drain maybe &&
		[ "$("$rsess" drain on)" = 'drain on, 0 sessions' ] || return
	start listener -l
	until_true counts 1 . -l && start dialer &&
		until_true counts 1 ' fallback:drain' -i "dport = :$port" && counts 2 . plain &&
		is_drained 'drain on, 0 sessions' && counts 1 . reason drain "dport = :$port" &&
		[ "$("$rsess" drain off)" = 'drain off, 0 sessions' ] &&
		kill "${pids[@]:(-2)}" && until_true none_are_left
}

# --- stat, limits ---------------------------------------------------------------

# Each line of the file, by its name.
has_stat() {
	local name value

	"$rsess" stat -z >"$dir/stat" || return
	while read -r name value; do
		grep -qE "^${name#Rsess} +$value\$" "$dir/stat" ||
			{ echo "$name $value"; return 1; }
	done </proc/net/rsess_stat
	grep -qE '^Sessions +2$' "$dir/stat" && grep -qE '^Orphans +0$' "$dir/stat" &&
		! "$rsess" stat | grep ' 0$' && "$rsess" stat | grep -qE '^TransportsLost +2$'
}

has_growth() {
	"$rsess" stat -d 1 >"$dir/stat" && grep -qE '^Sessions +2$' "$dir/stat" &&
		! grep SessionsDialed "$dir/stat" && [ "$(counter SessionsDialed)" -eq 1 ]
}

has_metrics() {
	"$rsess" stat --prometheus >"$dir/metrics" &&
		grep -qx 'rsess_transports_lost_total 2' "$dir/metrics" &&
		grep -qx '# TYPE rsess_transports_lost_total counter' "$dir/metrics" &&
		grep -qx 'rsess_sessions 2' "$dir/metrics" &&
		grep -qx '# TYPE rsess_sessions gauge' "$dir/metrics" &&
		grep -qx "rsess_max_sessions $(sysctl -n net.rsess.max_sessions)" "$dir/metrics" &&
		grep -qx 'rsess_up 1' "$dir/metrics" && has_time &&
		! grep -vE '^(# (HELP|TYPE) )?rsess_[a-z_]+(\{version="[0-9.]+"\})? ' \
			"$dir/metrics" &&
		! grep -v '^#' "$dir/metrics" | cut -d ' ' -f 1 | sort | uniq -d | grep .
}

# Alerts and dashboard ask for nothing that there is not.
has_watched_metrics() {
	local name watched=0 status=0

	textfile 'rsess_up 1' || return
	while read -r name; do
		watched=$((watched + 1))
		grep -q "^${name}[ {]" "$dir/textfile/rsess.prom" && continue
		echo "there is no $name"
		status=1
	done < <(grep -ohE '\brsess_[a-z0-9_]+' "$root"/tools/monitoring/*.{yml,json} | sort -u)
	[ $watched -gt 0 ] && return $status
}

has_limits() {
	local file

	"$rsess" limits >"$dir/limits" || return
	for file in /proc/sys/net/rsess/*; do
		grep -qE "^net.rsess.${file##*/} +$(cat "$file") " "$dir/limits" ||
			{ echo "$file"; return 1; }
	done
	grep -qE '^net.rsess.max_sessions +[0-9]+ +2 SessionsRefused=0$' "$dir/limits" &&
		grep -qE '^module parameter family +18 ' "$dir/limits"
}

# --- top ------------------------------------------------------------------------

# top ARGUMENT...: one screen, as text, in $dir/top; its sockets in $dir/rows
top() {
	"$rsess" top -b -n 1 "$@" >"$dir/top" && sed '1,4d; /^$/d' "$dir/top" >"$dir/rows"
}

# rows_are N PATTERN ARGUMENT...: top shows so many sockets, and they look so
rows_are() {
	top "${@:3}" && [ "$(wc -l <"$dir/rows")" -eq "$1" ] &&
		[ "$(grep -cE -e "$2" "$dir/rows")" -eq "$1" ] || { cat "$dir/top"; false; }
}

# first_is PATTERN ARGUMENT...: of its sockets
first_is() {
	top "${@:2}" && head -n 1 "$dir/rows" | grep -qE -e "$1" || { cat "$dir/top"; false; }
}

# Ports are sorted as numbers.
has_top() {
	local gauges

	gauges="$(counter Sessions) sessions, $(counter Orphans) orphans, "
	gauges+="$(counter Tombstones) tombstones, $(counter Listeners) listeners"
	rows_are 2 '^127.0.0.1:.* live .* ESTAB' || return
	grep -qxE "rsess [0-9:]{8}: $gauges" "$dir/top" &&
		grep -qx 'per second: not known before the next reading' "$dir/top" &&
		grep -q '^2 sockets by Down$' "$dir/top" &&
		rows_are 1 ' dialer ' role dialer && rows_are 0 . 'lost>99' &&
		rows_are 2 " rsess_cat/(${pids[0]}|${pids[1]}) " -p &&
		first_is "^127.0.0.1:$port " -s local && first_is ":$port " -r -s peer &&
		first_is ' acceptor ' -s role && first_is ' dialer ' --reverse --sort Role &&
		[ "$("$rsess" top -bn 3 -d 1 lost=0 | grep -c '^rsess ')" -eq 3 ] &&
		rows_are 2 " rsess_cat/(${pids[0]}|${pids[1]}) " -s process &&
		top -s unit && sed -n 4p "$dir/top" | grep -q ' Process .* Unit$' &&
		ends 2 'no such column: units' "$rsess" top -s units &&
		ends 2 'no number of times' "$rsess" top -bn 0 &&
		ends 2 'no number of seconds' "$rsess" top -d 0.5 &&
		ends 2 'filter: ' "$rsess" top lost &&
		as_nobody "$rsess" top -bn 1 | grep -q ESTAB
}

fallbacks() {
	awk '/^RsessFallback/ { sum += $2 } END { print sum }' /proc/net/rsess_stat
}

# What each screen says it was for a second, times those seconds, is what was counted.
rates_are_true() {
	python3 - "$dir/rates" $(($(counter TransportsLost) - $1)) \
		$(($(counter Resumes) - $2)) $(($(fallbacks) - $3)) <<-'END'
	import re, sys
	told = [0, 0, 0]
	number = r"([0-9.]+)"
	with open(sys.argv[1]) as f:
	    for s, lost, resumes, plain in re.findall(f"over {number} s: {number} transports lost, "
	            f"{number} resumes, .* sent again, {number} fallbacks", f.read()):
	        told = [x + float(s) * float(y) for x, y in zip(told, (lost, resumes, plain))]
	print(told, sys.argv[2:])
	counted = [int(x) for x in sys.argv[2:]]
	sys.exit(0 in counted or any(abs(x - y) > 0.4 for x, y in zip(told, counted)))
	END
}

# It was told to wait for long.
has_resumed() {
	"$rsess" resume role dialer link none >/dev/null 2>&1
	counts 2 ' link:live .* lost:2 ' -i 'lost>0'
}

# Of one that has fallen back there is no number of transports: it comes last, either way.
has_rates() {
	local before

	before="$(counter TransportsLost) $(counter Resumes) $(fallbacks)"
	"$cat" -l 127.0.0.1 $((port + 1)) <"$dir/in" >/dev/null 2>&1 &
	pids+=($!)
	until_true counts 1 . -l "sport = :$((port + 1))" || return
	"$rsess" top -b >"$dir/rates" &
	pids+=($!)
	until_true grep -q '^per second' "$dir/rates" &&
		exec 4<>"/dev/tcp/127.0.0.1/$((port + 1))" &&
		ss -Kt "dport = :$port" >/dev/null && until_true has_resumed &&
		until_true counts 1 . plain &&
		top -s lost && tail -n 1 "$dir/rows" | grep -q ' plain ' &&
		top -r -s lost && tail -n 1 "$dir/rows" | grep -q ' plain ' &&
		until_true rates_are_true $before
	result=$?
	exec 4>&-
	kill "${pids[@]:(-2)}"
	[ $result -eq 0 ] && until_true counts 2 . -a
}

has_screen() {
	"$here/top_screen.py" "$rsess"
}

has_fallback() {
	local reason

	exec 4<>"/dev/tcp/127.0.0.1/$1" || return
	reason=$("$rsess" show -Hi plain "sport = :$1" | grep -oE 'fallback:[a-z-]+')
	exec 4>&-
	[ "$reason" = fallback:plain-peer ]
}

fallback() {
	start plain -l
	until_true counts 1 . -l && has_fallback $port
}

# --- many -----------------------------------------------------------------------

# many COUNT: holds so many connections, two sessions each, until it is killed
many() {
	python3 - "$1" $port <<-'END' >"$dir/ready" &
	import resource, signal, socket, sys
	count = int(sys.argv[1])
	address = "127.0.0.1", int(sys.argv[2])
	resource.setrlimit(resource.RLIMIT_NOFILE, (2 * count + 100,) * 2)
	listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 258)
	listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	listener.bind(address)
	listener.listen(4096)
	held = []
	for i in range(count):
	    held.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM, 258))
	    held[-1].connect(address)
	    held.append(listener.accept()[0])
	print("ready", flush=True)
	signal.pause()
	END
	holder=$!
	pids+=("$holder")
	PATIENCE=300 until_true grep -q ready "$dir/ready"
}

# all_is_told NAME: what a monitor got, and what it says that it missed, is what happened
# since $lost and $resumed
all_is_told() {
	python3 - "$dir/$1" $(($(counter TransportsLost) - lost + $(counter Resumes) - resumed)) <<-'END'
	import json, sys
	told = missed = 0
	with open(sys.argv[1]) as f:
	    for line in f.read().rpartition("\n")[0].splitlines():
	        event = json.loads(line)
	        told += event["event"] in ("lost", "resumed")
	        missed += event.get("events", 0)
	print(sys.argv[1], told, missed, sys.argv[2])
	sys.exit(told + missed != int(sys.argv[2]) or (sys.argv[1].endswith("slow") and not missed))
	END
}

# One that may run, and one that may not while transports are lost: it has to say so.
tells_what_it_missed() {
	resumed=$(counter Resumes)
	follow quick -j && follow slow -j -b 20000 || return
	lost=$(counter TransportsLost)
	kill -STOP "${pids[-1]}"
	ss -Kt "sport = :$port" >/dev/null 2>&1
	PATIENCE=120 until_true lost_are_counted
	kill -CONT "${pids[-1]}"
	until_true all_is_told quick && until_true all_is_told slow &&
		[ "$(grep -c '"event":"now"' "$dir/slow")" -ge 4000 ]
}

# Each transport that was lost is one that a session tells of.
lost_are_counted() {
	"$rsess" show -j | python '
assert len(rows) == int(sys.argv[1]), len(rows)
assert all(row["link"] == "live" for row in rows)
assert sum(row["lost"] for row in rows) == int(sys.argv[2]) - int(sys.argv[3])' \
		2000 "$(counter TransportsLost)" "$others" 2>"$dir/why" ||
		{ tail -n 1 "$dir/why"; false; }
}

# Most first, and not more than there is room for.
has_order() {
	local one

	one=$("$rsess" show -H role dialer | sed -nE '1s/.* 127.0.0.1:([0-9]+) +127.*/\1/p')
	ss -Kt "sport = :$one" >/dev/null 2>&1
	until_true is_ordered && "$here/top_screen.py" "$rsess" 24
}

is_ordered() {
	top -s lost && python3 -c 'import sys
lost = [int(line.split()[4]) for line in open(sys.argv[1])]
sys.exit(len(lost) != 2000 or lost != sorted(lost, reverse=True) or lost[0] == lost[-1])' \
		"$dir/rows"
}

parses_while_torn() {
	many 1000 || return
	others=$(counter TransportsLost)
	for _ in 1 2 3 4 5; do
		ss -Kt "sport = :$port" >/dev/null 2>&1 &
		"$rsess" show -j | python3 -m json.tool >/dev/null || return
		wait $!
	done
	[ "$(counter TransportsLost)" -ge $((others + 1000)) ] &&
		PATIENCE=120 until_true lost_are_counted
}

none_are_left() {
	local left

	left=$("$rsess" show -Hap | tee "$dir/shown" | wc -l)
	[ "$left" -eq 0 ] || { echo "$left are left"; head -n 3 "$dir/shown"; false; }
}

end_many() {
	kill "$holder"
	wait "$holder" 2>/dev/null
	PATIENCE=120 until_true none_are_left
}

is_member() { # PID: of a group of generic netlink
	awk -v id="$1" '$2 == 16 && $3 == id && $4 !~ /^0*$/ { found = 1 }
		END { exit !found }' /proc/net/netlink
}

ends_with_the_module() {
	local pid status=0

	"$rsess" monitor >"$dir/events" 2>"$dir/said" &
	pid=$!
	until_true is_member $pid && until_true modprobe -r rsess || return
	wait $pid || status=$?
	cat "$dir/said"
	[ $status -eq 3 ] && grep -q unloaded "$dir/said"
}

is_asleep() { # PID
	grep -q nanosleep "/proc/$1/wchan"
}

# It is held while it waits for its second reading.
tells_of_another_module() {
	local pid status=0

	"$rsess" stat -d 10 >"$dir/said" 2>&1 &
	pid=$!
	until_true is_asleep $pid && kill -STOP $pid && until_true modprobe -r rsess &&
		modprobe rsess
	kill -CONT $pid
	wait $pid || status=$?
	cat "$dir/said"
	[ $status -eq 1 ] && grep -q 'loaded anew' "$dir/said" &&
		[ "$(grep -c . "$dir/said")" -eq 1 ]
}

plan 44
mkfifo "$dir/in"
exec 3<>"$dir/in"
check missing is_missing
check too_old is_too_old
check numbers refuses_numbers
check modules judges_modules
check session has_session
check loaded judges_what_is_loaded
check processes has_processes
check info has_info
check transport has_transport
check filter is_filtered
check json has_json
check odd_name has_odd_name
check unit has_unit
check deep_unit has_deep_unit
check busy_unit has_unit_while_others_vanish
check unknown_unit spares_unknown_units
check unknown_process spares_unknown_processes
check nobody is_shown_to_nobody
check namespace has_namespace
check empty_filter refuses_empty_filter
check no_right refuses_nobody
check resume resumes
check monitor_of_nobody refuses_to_tell_nobody
check stat has_stat
check growth has_growth
check metrics has_metrics
check watched_metrics has_watched_metrics
check limits has_limits
check top has_top
check top_rates has_rates
check top_screen has_screen
check kill kills
check events tells_events
check drain drains
check fallback fallback
kill "${pids[@]}" 2>/dev/null
check ended until_true none_are_left
check peers judges_peers
check each_address judges_each_address
check torn parses_while_torn
check top_order has_order
check missed tells_what_it_missed
check many_ended end_many
check reloaded tells_of_another_module
check unloaded ends_with_the_module
exit $((failed > 0))
