# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# PostgreSQL with pgbench, scale 1: 1,000 transactions in a round. Afterwards the
# sums of all tables agree, and no transaction is missing or was done twice.
# shellcheck disable=SC2034,SC2086,SC2154

needs='postgresql'
port=5432

# It refuses to be root.
as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)

prepare() {
	bin=$(echo /usr/lib/postgresql/*/bin)
	mkdir "$work/data" "$work/socket"
	chown nobody:nogroup "$work/data" "$work/socket"
	"${as_user[@]}" "$bin/initdb" -D "$work/data" -U postgres -A trust \
		--no-sync --locale=C
	echo "host all all 10.9.0.0/24 trust" >>"$work/data/pg_hba.conf"
}

# The one before was killed.
serve() {
	rm -f "$work/data/postmaster.pid"
	at_server "${as_user[@]}" "$bin/postgres" -D "$work/data" -p $port \
		-h $server_addr -k "$work/socket"
}

bench() {
	at_client "$bin/pgbench" -h $server_addr -p $port -U postgres "$@" postgres
}

# It listens before it is ready.
populate() {
	until_true bench --initialize --scale 1
}

round() {
	bench --no-vacuum --client 4 --jobs 2 --transactions 250 \
		>"$work/bench.log" 2>&1 || { cat "$work/bench.log"; return 1; }
	grep -q 'actually processed: 1000/1000$' "$work/bench.log"
}

settle() {
	local sums

	sums=$(at_client "$bin/psql" -h $server_addr -p $port -U postgres -qtA \
		-F ' ' postgres <<-END
		SELECT (SELECT sum(abalance) FROM pgbench_accounts),
		       (SELECT sum(bbalance) FROM pgbench_branches),
		       (SELECT sum(tbalance) FROM pgbench_tellers),
		       (SELECT sum(delta) FROM pgbench_history),
		       (SELECT count(*) FROM pgbench_history);
		END
	) || return
	echo "sums: $sums; rounds: $number"
	# shellcheck disable=SC2086
	set -- $sums
	[ "$1" = "$2" ] && [ "$1" = "$3" ] && [ "$1" = "$4" ] &&
	[ "$5" = $((number * 1000)) ]
}
