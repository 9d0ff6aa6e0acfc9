# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# MariaDB with mysqlslap: 1,000 rows in a round. Afterwards no row is missing or was
# written twice.
# shellcheck disable=SC2034,SC2086,SC2154

needs='mariadb-server mariadb-client'
port=3306

prepare() {
	mkdir "$work/data"
	mariadb-install-db --no-defaults --user=root --datadir="$work/data" \
		--auth-root-authentication-method=normal --skip-test-db
}

# The one before was killed.
serve() {
	at_server mariadbd --no-defaults --user=root --datadir="$work/data" \
		--socket="$work/socket" --pid-file="$work/pid" \
		--bind-address=$server_addr --port=$port --skip-name-resolve \
		--innodb-flush-log-at-trx-commit=0
}

# At the server's own socket root may do everything.
sql() {
	ip netns exec "$server" mariadb --no-defaults --socket="$work/socket" \
		-N -e "$1"
}

populate() {
	until_true sql 'SELECT 1' &&
	sql "CREATE OR REPLACE DATABASE slap;
		CREATE TABLE slap.t (i INT AUTO_INCREMENT PRIMARY KEY, n INT);
		CREATE OR REPLACE USER slap@'10.9.0.1';
		GRANT ALL ON slap.* TO slap@'10.9.0.1';"
}

round() {
	at_client mariadb-slap --no-defaults --host=$server_addr --port=$port \
		--user=slap --no-drop --create-schema=slap --concurrency=4 \
		--number-of-queries=1000 --delimiter=';' \
		--query='INSERT INTO t (n) VALUES (1)'
}

settle() {
	local rows

	rows=$(sql 'SELECT COUNT(*) FROM slap.t')
	echo "rows: $rows; rounds: $number"
	[ "$rows" = $((number * 1000)) ]
}
