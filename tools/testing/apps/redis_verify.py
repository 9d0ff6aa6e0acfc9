#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Sends commands to a redis server without waiting, and compares each answer.

usage: redis_verify.py [--memcached] ADDRESS PORT

INCR tells a command that was lost, or carried out twice. With --memcached the server is
one of that, and has other words for the same.
"""

import random
import socket
import sys
import threading

KEYS = 5000


def command(*words):
    """The words, as they go over the wire."""
    out = [b"*%d\r\n" % len(words)]
    for word in words:
        out.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(out)


def script():
    """Each command with its answer."""
    values = [random.randbytes(random.randrange(1, 400)) for _ in range(KEYS)]
    yield command(b"FLUSHALL"), b"+OK\r\n"
    for i, value in enumerate(values):
        yield command(b"SET", b"key:%d" % i, value), b"+OK\r\n"
        yield command(b"INCR", b"count"), b":%d\r\n" % (i + 1)
    for i, value in enumerate(values):
        answer = b"$%d\r\n%s\r\n" % (len(value), value)
        yield command(b"GET", b"key:%d" % i), answer
    yield command(b"DBSIZE"), b":%d\r\n" % (KEYS + 1)


def memcached_script():
    """The same for memcached."""
    values = [random.randbytes(random.randrange(1, 400)) for _ in range(KEYS)]
    yield b"flush_all\r\n", b"OK\r\n"
    yield b"set count 0 0 1\r\n0\r\n", b"STORED\r\n"
    for i, value in enumerate(values):
        yield (b"set key:%d 0 0 %d\r\n%s\r\n" % (i, len(value), value),
               b"STORED\r\n")
        yield b"incr count 1\r\n", b"%d\r\n" % (i + 1)
    for i, value in enumerate(values):
        yield (b"get key:%d\r\n" % i,
               b"VALUE key:%d 0 %d\r\n%s\r\nEND\r\n" % (i, len(value), value))


def main():
    args = sys.argv[1:]
    lines = list(memcached_script() if args[0] == "--memcached" else script())
    sock = socket.create_connection((args[-2], int(args[-1])))
    request = b"".join(line[0] for line in lines)
    sender = threading.Thread(target=sock.sendall, args=(request,), daemon=True)
    sender.start()
    reader = sock.makefile("rb")
    for number, (_, want) in enumerate(lines):
        got = reader.read(len(want))
        if got != want:
            sys.exit(f"answer {number}: {got[:80]}, not {want[:80]}")
    sender.join()
    print(f"{len(lines)} answers as they should be")


main()
