#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Pages that can be told apart, and more of them than there is memory for.
#
#	pages.py dirty FILE MBYTES	maps FILE, and writes every page of it, while most
#					of the free memory is taken
#	pages.py check FILE MBYTES	is that what is in FILE?
#	pages.py swap MBYTES		has so many in memory that is not a file's, and looks
#					whether they are as they were

import mmap
import os
import struct
import sys

PAGE = 4096
MBYTE = 1 << 20


def page(i):
    return struct.pack("<Q", i * 0x9E3779B97F4A7C15 % 2**64) * (PAGE // 8)


def available():
    for line in open("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024


def fill(memory):
    for i in range(len(memory) // PAGE):
        memory[i * PAGE:(i + 1) * PAGE] = page(i)


def check(read, n):
    for i in range(n):
        if read(i) != page(i):
            sys.exit("page %d of %d is another" % (i, n))


def dirty(name, mbytes):
    taken = bytearray(available() // 4 * 3)
    taken[::PAGE] = b"x" * len(taken[::PAGE])
    fd = os.open(name, os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, int(mbytes) * MBYTE)
    memory = mmap.mmap(fd, int(mbytes) * MBYTE)
    fill(memory)
    memory.flush()
    os.fsync(fd)


def check_file(name, mbytes):
    with open(name, "rb") as f:
        check(lambda i: f.read(PAGE), int(mbytes) * MBYTE // PAGE)


def swap(mbytes):
    memory = mmap.mmap(-1, int(mbytes) * MBYTE)
    fill(memory)
    check(lambda i: memory[i * PAGE:(i + 1) * PAGE], len(memory) // PAGE)


{"dirty": dirty, "check": check_file, "swap": swap}[sys.argv[1]](*sys.argv[2:])
