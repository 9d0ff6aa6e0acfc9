#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Connects, and has 9P mounted over the socket.
#
# usage: mount_fd.py ADDRESS PORT DIRECTORY OPTIONS

import ctypes
import os
import socket
import sys

address, port, directory, options = sys.argv[1:]
sock = socket.create_connection((address, int(port)))
options += ",trans=fd,rfdno=%d,wfdno=%d" % (sock.fileno(), sock.fileno())
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(address.encode(), directory.encode(), b"9p", 0, options.encode()):
    sys.exit("mount_fd.py: " + os.strerror(ctypes.get_errno()))
