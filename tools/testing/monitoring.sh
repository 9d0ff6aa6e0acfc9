#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is in tools/monitoring, without a kernel: are the alerts and the dashboard understood
# by Prometheus, and do the alerts fire when they should; are the units understood by
# systemd; does a file appear whole, and vanish when it would not be. Prints what is wrong.
# That the metrics are those of rsess is seen where the module is, in tool.sh.

set -u
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"
from=$root/tools/monitoring
failed=0

wrong() {
	echo "$*"
	failed=1
}

# silently COMMAND...: what it says is of interest if it fails
silently() {
	"$@" >"$work/said" 2>&1 || { cat "$work/said"; wrong "failed: ${*##*/}"; }
}

# --- Prometheus, Grafana ----------------------------------------------------------

# The dashboard's queries as rules, with something for what Grafana puts in.
queries() {
	python3 - "$from/rsess-dashboard.json" <<-'END'
	import json, re, sys
	with open(sys.argv[1]) as f:
	    dashboard = json.load(f)
	panels = dashboard["panels"]
	ids = [panel["id"] for panel in panels]
	assert panels and len(set(ids)) == len(ids), ids
	rules = []
	for panel in panels:
	    for target in panel["targets"]:
	        expr = target["expr"].replace("$__rate_interval", "5m")
	        rules.append({"record": "query:%d" % len(rules),
	                      "expr": re.sub(r"\$(job|instance)\b", ".*", expr)})
	assert "$" not in str(rules), rules
	print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
	END
}

judge_metrics() {
	local promtool

	promtool=$("$here/apps/packages.sh" prometheus)/usr/bin/promtool ||
		{ wrong "there is no promtool"; return; }
	silently "$promtool" check rules --lint=all --lint-fatal "$from/rsess.rules.yml"
	silently "$promtool" test rules "$here/monitoring/rules_test.yml"
	queries >"$work/queries.yml" || wrong "the dashboard is not understood"
	silently "$promtool" check rules "$work/queries.yml"
	for alert in $(sed -n 's/.*- alert: //p' "$from/rsess.rules.yml"); do
		grep -q "alertname=\"$alert\"" "$here/monitoring/rules_test.yml" ||
			wrong "no test of $alert"
	done
}

# --- systemd ----------------------------------------------------------------------

# With the program where it is here.
judge_units() {
	local unit

	for unit in rsess-textfile.service rsess-textfile.timer; do
		sed "s,/usr/share/rsess/monitoring,$from," "$from/$unit" >"$work/$unit"
	done
	systemd-analyze verify --man=no "$work"/rsess-textfile.* >"$work/said" 2>&1 ||
		wrong "systemd does not like the units"
	grep rsess-textfile "$work/said" && wrong "systemd says something of the units"
	grep -q "^ExecStart=$from/rsess-textfile " "$work/rsess-textfile.service" ||
		wrong "the service runs something else"
	# Lines of systemd are info, and what the program says would be.
	grep -qx LogLevelMax=notice "$from/rsess-textfile.service" &&
		grep -qx SyslogLevel=warning "$from/rsess-textfile.service" ||
		wrong "what the service says is lost"
}

# --- the file ---------------------------------------------------------------------

# rsess_is COMMANDS: what is in the way of the real one
rsess_is() {
	printf '#!/bin/sh\n%s\n' "$1" >"$work/bin/rsess"
	chmod +x "$work/bin/rsess"
}

# writes STATUS FILES: rsess-textfile ends so, and these files are there then
writes() {
	local status=0 files

	PATH=$work/bin:$PATH "$from/rsess-textfile" "$work/out" 2>"$work/said" || status=$?
	files=$(cd "$work/out" && find . ! -type d -printf '%P ')
	[ "$status:$files" = "$1:$2" ] ||
		wrong "status $status, files '$files' with: $(tail -n 1 "$work/bin/rsess")"
	# What is wrong is said once.
	[ "$status" -eq 0 ] || [ -s "$work/said" ] || wrong "it fails silently"
}

# At once, each with a file of its own: the first one waits until the second one has written.
judge_two() {
	rsess_is "echo 'rsess_up 1'; echo '$1'
		[ ! -e '$work/second' ] || exit 0
		: >'$work/second'
		PATH='$work/bin:$PATH' '$from/rsess-textfile' '$work/out'
		[ -s '$work/out/rsess.prom' ]"
	rm -f "$work/out/rsess.prom"
	writes 0 'rsess.prom '
	is_in_file 'rsess_up 1' "$1"
}

# Ended, as systemd ends a service: nothing is left of it.
judge_end() {
	local pid

	rsess_is ": >'$work/started'; exec sleep 1000"
	PATH=$work/bin:$PATH setsid "$from/rsess-textfile" "$work/out" 2>/dev/null &
	pid=$!
	for _ in $(seq 600); do
		[ -e "$work/started" ] && break
		sleep 0.1
	done
	kill -TERM -- "-$pid"
	wait "$pid" && wrong "it was ended and has not failed"
	[ "$(find "$work/out" ! -type d -printf '%P ')" = 'rsess.prom ' ] ||
		wrong "when it is ended something is left: $(ls -A "$work/out")"
}

is_in_file() { # LINES...
	printf '%s\n' "$@" | cmp -s - "$work/out/rsess.prom" ||
		{ cat "$work/out/rsess.prom"; wrong "the file is not: $*"; }
}

judge_file() {
	local time='rsess_stat_timestamp_seconds 1700000000' inode

	mkdir "$work/bin" "$work/out"
	rsess_is "[ \"\$*\" = 'stat --prometheus' ] && echo 'rsess_up 1' && echo '$time'"
	(umask 077; writes 0 'rsess.prom ')
	is_in_file 'rsess_up 1' "$time"
	[ "$(stat -c %a "$work/out/rsess.prom")" = 644 ] || wrong "others cannot read it"
	exec 3<"$work/out/rsess.prom"		# or the new one could get its number
	inode=$(stat -c %i "$work/out/rsess.prom")
	rsess_is "echo 'rsess_up 0'; echo '$time'; echo missing >&2; exit 3"
	writes 0 'rsess.prom '
	is_in_file 'rsess_up 0' "$time"
	[ ! -s "$work/said" ] || wrong "it says that there is no module"
	[ "$(stat -c %i "$work/out/rsess.prom")" -ne "$inode" ] || wrong "it was not replaced"
	exec 3<&-
	rsess_is "echo 'rsess_up 0'; echo '$time'; echo old >&2; exit 4"
	writes 0 'rsess.prom '
	grep -qx old "$work/said" || wrong "it does not say why"
	# Nobody gets another file written, by a link.
	touch "$work/other"
	PATH=$work/bin:$PATH sh -c 'ln -s "$1/other" "$1/out/.rsess.prom.$$" &&
		exec "$2/rsess-textfile" "$1/out"' - "$work" "$from" 2>/dev/null
	[ ! -s "$work/other" ] && [ -f "$work/out/rsess.prom" ] &&
		[ ! -L "$work/out/rsess.prom" ] || wrong "a link was followed"
	judge_two "$time"
	judge_end
	# What is not whole: nothing, a part, a part of the last line, an end by a signal.
	for said in 'exit 127' "echo 'rsess_up 1'; exit 1" "echo 'rsess_up 1'; echo '${time% *} 17'" \
		"echo 'rsess_up 1'; kill -KILL \$\$"; do
		touch "$work/out/rsess.prom"
		rsess_is "$said"
		writes 1 ''
	done
}

need_packages systemd-analyze:systemd /usr/bin/python3:python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
judge_metrics
judge_units
judge_file
exit "$failed"
