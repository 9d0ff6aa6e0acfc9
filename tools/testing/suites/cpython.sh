#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Modules of CPython's Lib/test that are about stream sockets.

set -u
here=$(dirname "$(readlink -f "$0")")
modules='test_asynchat test_asyncio.test_server test_asyncio.test_sock_lowlevel
	test_asyncio.test_streams test_asyncore test_ftplib test_httplib
	test_httpservers test_imaplib test_poplib test_smtplib test_socket
	test_socketserver test_ssl test_telnetlib test_xmlrpc'

for module in $modules; do
	timeout -k 10 600 python3 "$here/cpython.py" "$module"
done
