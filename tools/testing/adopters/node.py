#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Of two nodes (vm/run --nodes 2) the first one has the second one run commands.
#
# usage: node.py --serve       on the second node, until it is told to end
#        node.py --end         on the first one
#        node.py COMMAND...    on the first one: the output and the status are COMMAND's
#
# A connection has one command, as JSON; the answer is the output, a zero byte and the
# status.

import json
import socket
import subprocess
import sys
import threading
import time

SECOND = ("10.9.0.2", 9999)
PATIENCE = 120


def read_all(sock):
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


def run(sock, command):
    """Gives the output piece by piece."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while part := process.stdout.read1(65536):
        sock.sendall(part)
    sock.sendall(b"\0%d" % process.wait())
    sock.close()


def serve():
    listener = socket.create_server(SECOND)
    while True:
        sock, _ = listener.accept()
        command = json.loads(read_all(sock))
        if not command:
            return
        threading.Thread(target=run, args=(sock, command), daemon=True).start()


def connect():
    """The other node may still boot."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(SECOND, 5)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def ask(command):
    sock = connect()
    sock.settimeout(None)
    sock.sendall(json.dumps(command).encode())
    sock.shutdown(socket.SHUT_WR)
    status = b""
    while part := sock.recv(65536):
        output, zero, rest = part.partition(b"\0")
        if status:
            status += part
            continue
        sys.stdout.buffer.write(output)
        sys.stdout.flush()
        status = zero + rest
    return int(status[1:]) if len(status) > 1 else 125


if sys.argv[1:] == ["--serve"]:
    serve()
elif sys.argv[1:] == ["--end"]:
    ask([])
else:
    sys.exit(ask(sys.argv[1:]))
