#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Asks the completion of rsessrun as bash does, and prints what is wrong.

set -u
here=$(dirname "$(readlink -f "$0")")
tools=$here/../rsess
# shellcheck disable=SC1091
. /usr/share/bash-completion/bash_completion
# shellcheck source-path=SCRIPTDIR source=../rsess/rsessrun.bash-completion
. "$tools/rsessrun.bash-completion"

# It tells readline how to go on, and there is none.
compopt() { :; }

# complete_words WORD...: what the last one can become
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMP_LINE=$*
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	_rsessrun
	printf '%s\n' "${COMPREPLY[@]+"${COMPREPLY[@]}"}"
}

# offers EXPECTED WORD...
offers() {
	complete_words "${@:2}" | grep -qxF -e "$1" ||
		echo "$1 is not offered for: ${*:2}"
}

# Each that the help has, and no other one.
diff <("$tools/rsessrun.sh" --help | grep -oE -e '(^| )-{1,2}[a-z-]+' | tr -d ' ' | sort -u) \
	<(complete_words rsessrun - | grep -vx -e -- | sort -u) 2>&1
offers --ports rsessrun --po
offers basename rsessrun basen
offers basename rsessrun -v -p 80 basen
offers basename rsessrun -- basen
[ -z "$(complete_words rsessrun -p 8)" ] || echo "ports are completed"
