#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make htmldocs": the documentation as HTML, into build/htmldocs. A warning is a failure.
# Installs what it misses.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/..")
# shellcheck source-path=SCRIPTDIR source=testing/vm/lib.sh disable=SC1091
. "$here/testing/vm/lib.sh"

need_packages sphinx-build:python3-sphinx
# -C: in the kernel's tree the settings are the kernel's.
sphinx-build -q -W --keep-going -C -D master_doc=index -D project=rsess \
	-d "$root/build/doctrees" "$root/Documentation/networking/rsess" \
	"$root/build/htmldocs"
