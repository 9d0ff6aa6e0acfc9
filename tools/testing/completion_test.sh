#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Asks the completions of rsessrun and rsess as bash does, and prints what is wrong.

set -u
here=$(dirname "$(readlink -f "$0")")
tools=$here/../rsess
# shellcheck disable=SC1091
. /usr/share/bash-completion/bash_completion
# shellcheck source-path=SCRIPTDIR source=../rsess/rsessrun.bash-completion
. "$tools/rsessrun.bash-completion"
# shellcheck source-path=SCRIPTDIR source=../rsess/tool/rsess.bash-completion
. "$tools/tool/rsess.bash-completion"

# It tells readline how to go on, and there is none.
compopt() { :; }

# complete_words WORD...: what the last one can become
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMP_LINE=$*
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	"_$1"
	printf '%s\n' "${COMPREPLY[@]+"${COMPREPLY[@]}"}"
}

# offers EXPECTED WORD...
offers() {
	complete_words "${@:2}" | grep -qxF -e "$1" ||
		echo "$1 is not offered for: ${*:2}"
}

# --- rsessrun: each option that the help has, and no other one

diff <("$tools/rsessrun.sh" --help | grep -oE -e '(^| )-{1,2}[a-z-]+' | tr -d ' ' | sort -u) \
	<(complete_words rsessrun - | grep -vx -e -- | sort -u) 2>&1
offers --ports rsessrun --po
offers basename rsessrun basen
offers basename rsessrun -v -p 80 basen
offers basename rsessrun -- basen
[ -z "$(complete_words rsessrun -p 8)" ] || echo "ports are completed"

# --- rsess: what the sources have

# commands: of the table in main.c
commands() {
	sed -n 's/^\t{ "\([a-z]*\)",\tcmd_.*/\1/p' "$tools/tool/main.c"
}

# long_options COMMAND: those of getopt_long() in its function
long_options() {
	cat "$tools"/tool/*.c |
		sed -n "/^int cmd_$1(/,/^}/p" |
		sed -n 's/^\t\t{ "\([a-z-]*\)", [a-z]*_argument,.*/--\1/p'
}

fields() {
	sed -n 's/^\t{ "\([a-z]*\)",\tFIELD_.*/\1/p' "$tools/tool/fields.c"
}

# columns: by which "rsess top" sorts
columns() {
	sed -n '/^static const struct column columns/,/^}/s/^\t{ "\([A-Za-z]*\)",.*/\L\1/p' \
		"$tools/tool/top_table.c"
}

diff <(commands | sort) <(complete_words rsess '' | sort) 2>&1
for field in $(fields) state src dport not; do
	offers "$field" rsess show "$field"
	grep -qw "$field" "$tools/tool/rsess.8" || echo "rsess.8 has no $field"
done
for command in $(commands); do
	for option in $(long_options "$command"); do
		offers "$option" rsess "$command" "$option"
	done
done
diff <(columns | sort) <(complete_words rsess top -s '' | sort) 2>&1
for column in $(columns); do
	grep -qiw "$column" "$tools/tool/rsess.8" || echo "rsess.8 has no $column"
done
offers lost rsess top los
offers --json rsess -N other show --j
offers established rsess show state est
offers dialer rsess show role d
offers --net rsess --n
offers off rsess drain of
offers --dry-run rsess kill --d
[ -z "$(complete_words rsess limits r)" ] || echo "limits has no filter"
