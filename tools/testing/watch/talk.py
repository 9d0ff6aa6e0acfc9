#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Both ends of one session that loses its connection twice.

usage: talk.py tcp|sctp TAG PORT SCTPKILL

Prints as JSON what a capture of it has to show. Needs root, nft and ss.
"""
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import time

AF_RSESS = 18
SOL_RSESS = 0x5253
RSESS_INFO = 2
RSESS_TAG = 8
BODY = bytes(range(256)) * 800
LOST = b"sent twice " * 300

libc = ctypes.CDLL(None, use_errno=True)


def until(what, true):
    end = time.monotonic() + 120
    while not true():
        if time.monotonic() > end:
            sys.exit("in vain: " + what)
        time.sleep(0.02)


def read_lines(path):
    with open(path, encoding="ascii") as file:
        return file.readlines()


def checked(code):
    if code < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    return code


def address(port):
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, bytes((127, 0, 0, 1)))


def make(protocol, tag):
    sock = socket.socket(AF_RSESS, socket.SOCK_STREAM, protocol)
    sock.setsockopt(SOL_RSESS, RSESS_TAG, tag)
    return sock


def accept(listener):
    fd = checked(libc.accept(listener.fileno(), None, None))
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fd)


def info(sock):
    raw = sock.getsockopt(SOL_RSESS, RSESS_INFO, 120)
    link, = struct.unpack_from("=1xB", raw)
    resumes, lost = struct.unpack_from("=II", raw, 12)
    written, una, sent = struct.unpack_from("=QQQ", raw, 40)
    return {"live": link == 3, "resumes": resumes, "lost": lost, "id": raw[20:36].hex(),
            "written": written, "una": una, "sent": sent, "tagged": raw[96]}


def read(sock, count):
    got = bytearray()
    while len(got) < count:
        some = sock.recv(count - len(got))
        if not some:
            sys.exit("an early end")
        got += some
    return bytes(got)


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Breaker:
    """Resets what is between the two ends."""

    def __init__(self, transport, port, sctpkill):
        self.transport, self.port, self.sctpkill = transport, str(port), sctpkill

    def reset(self, speaker, dialer, *limit):
        """The speaker says something, for sctpkill answers packets."""
        lost = info(dialer)["lost"]
        killer = None
        if self.transport == "tcp":
            run("ss", "-Kt", "dport = :" + self.port)
        else:
            killer = subprocess.Popen((self.sctpkill, "-q", "-i", "lo", "-e", "1", *limit,
                                       self.port))
            until("sctpkill listens", lambda: packet_sockets(killer.pid))
        speaker.send(b"!")
        until("a loss", lambda: info(dialer)["lost"] > lost)
        if killer:
            killer.terminate()
            killer.wait()


def packet_sockets(pid):
    """Has that process one?"""
    inodes = {line.split()[8] for line in read_lines("/proc/net/packet")[1:]}
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass
    return any(f"socket:[{inode}]" in links for inode in inodes)


def main():
    transport, tag, port, sctpkill = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    protocol = {"tcp": 6, "sctp": 132}[transport]
    breaker = Breaker(transport, port, sctpkill)
    listener, dialer = make(protocol, tag), make(protocol, tag)
    # The last one's connections may be in TIME_WAIT at either end.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    checked(libc.bind(listener.fileno(), address(port), 16))
    checked(libc.listen(listener.fileno(), 1))
    checked(libc.connect(dialer.fileno(), address(port), 16))
    acceptor = accept(listener)
    said = {"dialer": b"", "acceptor": b""}

    request = b"GET /page HTTP/1.1\r\nHost: rsess\r\n\r\n"
    dialer.sendall(request)
    read(acceptor, len(request))
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
    acceptor.sendall(answer)
    read(dialer, len(answer))

    # One loss with nothing on its way but one byte.
    breaker.reset(acceptor, dialer, "-n", "1")
    read(dialer, 1)
    until("resume", lambda: info(dialer)["live"])

    # One with bytes that the acceptor never got, nor a dial before the end of that.
    run("nft", f"add table inet talk; add chain inet talk in {{ type filter hook input "
        f"priority 0; }}; add rule inet talk in {transport} dport {port} drop")
    dialer.sendall(LOST)
    until("sent", lambda: info(dialer)["sent"] == info(dialer)["written"])
    breaker.reset(acceptor, dialer)
    run("nft", "delete table inet talk")
    read(acceptor, len(LOST))
    read(dialer, 1)
    until("resume", lambda: info(dialer)["live"])
    facts = info(dialer)

    dialer.shutdown(socket.SHUT_WR)
    if acceptor.recv(1) or acceptor.close() or dialer.recv(1):
        sys.exit("bytes too many")
    dialer.close()
    listener.close()
    until("the end", lambda: len(read_lines("/proc/net/rsess")) == 1)
    said["dialer"] = request + LOST
    said["acceptor"] = answer + b"!!"
    json.dump({"id": facts["id"], "resumes": facts["resumes"], "tagged": facts["tagged"],
               "lost": len(LOST), "port": port,
               "said": {who: bytes.hex() for who, bytes in said.items()}}, sys.stdout)


main()
