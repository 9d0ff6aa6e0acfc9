#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Locks of the DLM, by the files that it has for programs; see <linux/dlm_device.h>.
#
# usage: dlm_locks.py join LOCKSPACE       returns when the group has it
#        dlm_locks.py leave LOCKSPACE
#        dlm_locks.py hold LOCKSPACE NUMBER OF OUT
#        dlm_locks.py count LOCKSPACE NUMBER SECONDS
#        dlm_locks.py sum LOCKSPACE NUMBER
#
# There are NUMBER resources, each with a counter in its lock value block. "count" takes a
# lock for itself, increments the counter, and gives the lock back, of one resource after
# the other at random; it prints how often, and how long it has waited at most. It ends
# with 3 when a lock is not granted within PATIENCE seconds. "sum" prints the sum of the
# counters.
#
# "hold" has locks that disturb nobody, so that counters stay, until it is killed: of each
# resource of which the number modulo OUT is OF. The node that is first has the resource.

import os
import random
import select
import struct
import sys
import time

VERSION = struct.pack("=3I", 6, 0, 2)
LOCK, CREATE, REMOVE = 1, 4, 5
NL, EX = 0, 5
CONVERT, VALBLK = 0x4, 0x8
LVB_LEN = 32
PATIENCE = 30


def request(command, body):
    return VERSION + struct.pack("=BB2x", command, 1) + body


def write(path, data):
    fd = os.open(path, os.O_RDWR)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)


def lockspace(flags, minor, name):
    # The union that this is part of has the size of its largest member.
    return struct.pack("=II", flags, minor) + name.encode() + bytes(120)


def join(name):
    write("/dev/dlm-control", request(CREATE, lockspace(0, 0, name)))


def leave(name):
    minor = os.minor(os.stat("/dev/dlm_" + name).st_rdev)
    write("/dev/dlm-control", request(REMOVE, lockspace(0, minor, "")))


class Hang(Exception):
    pass


class Locks:
    """One lock of each of the resources."""

    def __init__(self, name, resources):
        self.fd = os.open("/dev/dlm_" + name, os.O_RDWR | os.O_NONBLOCK)
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)
        self.ids = {}
        for i in resources:
            self.ids[i] = 0
            self.ids[i] = self.lock(i, NL, VALBLK)[0]

    def lock(self, resource, mode, flags, value=b""):
        """Waits until it is granted; the lock's number and the value block"""
        name = b"r%d" % resource
        # Whom to call, and with what, is for a library: it must not be 0.
        os.write(self.fd, request(LOCK, struct.pack(
            "=BBHIIIQQ5Q", mode, len(name), 0, flags, self.ids[resource], 0, 0,
            0, 0, 1, 0, 0, 1) + value.ljust(LVB_LEN, b"\0") + name))
        if not self.poll.poll(PATIENCE * 1000):
            raise Hang(resource)
        result = os.read(self.fd, 1024)
        status, number = struct.unpack_from("=iI", result, 40)
        at, = struct.unpack_from("=I", result, 68)
        if status:
            raise OSError(-status, os.strerror(-status))
        return number, result[at:at + LVB_LEN] if at else bytes(LVB_LEN)

    def take(self, resource):
        """The counter"""
        value = self.lock(resource, EX, CONVERT | VALBLK)[1]
        return struct.unpack_from("=Q", value)[0]

    def give(self, resource, counter):
        self.lock(resource, NL, CONVERT | VALBLK, struct.pack("=Q", counter))


def hold(name, number, of, out):
    Locks(name, (i for i in range(number) if i % out == of))
    print("held", flush=True)
    while True:
        time.sleep(1000)


def count(name, number, seconds):
    locks = Locks(name, range(number))
    operations = worst = 0
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            i = random.randrange(number)
            begin = time.monotonic()
            locks.give(i, locks.take(i) + 1)
            worst = max(worst, time.monotonic() - begin)
            operations += 1
    except Hang:
        return 3
    finally:
        print("operations=%d worst=%.2f" % (operations, worst), flush=True)
    return 0


def total(name, number):
    locks = Locks(name, range(number))
    counters = 0
    for i in range(number):
        counter = locks.take(i)
        locks.give(i, counter)
        counters += counter
    print("sum=%d" % counters)


command, name, *numbers = sys.argv[1:]
sys.exit({"join": join, "leave": leave, "hold": hold, "count": count, "sum": total}
         [command](name, *(int(n) for n in numbers)))
