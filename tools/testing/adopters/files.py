#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Files that two nodes have in common: a counter that each increments, and a hundred files
# to which each appends; both under flock(). Neither GFS2 without a lock nor OCFS2 at all
# asks the other node where a file ends for O_APPEND, but fstat() does.
#
# usage: files.py use DIR NODE SECONDS
#        files.py check DIR
#
# "use" prints increments=N lines=N worst=SECONDS; "check" prints increments=N lines=N of
# what is there, and fails if a file has not the lines of each node in order and entire.

import fcntl
import os
import sys
import time

FILES = 100


def counter(directory):
    return os.path.join(directory, "counter")


def name(directory, number):
    return os.path.join(directory, "files", "file-%02d" % number)


def increment(file):
    fcntl.flock(file, fcntl.LOCK_EX)
    value = int(os.pread(file, 20, 0) or b"0") + 1
    os.pwrite(file, b"%020d" % value, 0)
    fcntl.flock(file, fcntl.LOCK_UN)


def append(path, line):
    """Opened by its name each time."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    if os.pwrite(file, line, os.fstat(file).st_size) != len(line):
        sys.exit("a short write to " + path)
    os.close(file)


def use(directory, node, seconds):
    os.makedirs(os.path.join(directory, "files"), exist_ok=True)
    file = os.open(counter(directory), os.O_RDWR | os.O_CREAT, 0o600)
    worst = 0
    lines = 0
    begin = now = time.monotonic()
    while now < begin + seconds or lines < FILES:
        increment(file)
        append(name(directory, lines % FILES),
               b"node %d line %06d\n" % (node, lines // FILES))
        lines += 1
        before, now = now, time.monotonic()
        worst = max(worst, now - before)
    os.close(file)
    print("increments=%d lines=%d worst=%.2f" % (lines, lines, worst))


def check(directory):
    """The lines of a node have to be 0, 1, 2 ... in each file."""
    lines = 0
    for number in range(FILES):
        following = {}
        with open(name(directory, number), encoding="ascii") as file:
            for line in file:
                _, node, _, index = line.split()
                if int(index) != following.get(node, 0):
                    sys.exit("file %d: %s of node %s, not %d" % (
                        number, index, node, following.get(node, 0)))
                following[node] = int(index) + 1
                lines += 1
        if len(following) != 2:
            sys.exit("file %d has no lines of one node" % number)
    with open(counter(directory), encoding="ascii") as file:
        print("increments=%d lines=%d" % (int(file.read()), lines))


if sys.argv[1] == "use":
    use(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    check(sys.argv[2])
