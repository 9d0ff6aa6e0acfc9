#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Byte-range locks, and what a client may keep to itself as long as it is alone with a file,
# while connections are torn: of one share that is mounted twice, over two connections.
#
# usage: locks.py FIRST SECOND SECONDS
#
# FIRST locks a part of a file and writes without a word to the server; SECOND may not lock
# that part until FIRST gives it back, and then reads what was written. Prints how often;
# fails if anything was not so.

import errno
import fcntl
import os
import sys
import time

first, second, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
end = time.monotonic() + seconds
PATIENCE = 30
rounds = refused = 0


def lock(fd):
    """May it be locked, at once?"""
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 100, 50)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN):
            raise
        return False
    return True


while time.monotonic() < end:
    name = "lock%d" % (rounds % 10)
    data = os.urandom(4000)
    one = os.open(os.path.join(first, name), os.O_CREAT | os.O_RDWR)
    assert lock(one), "nobody has the lock, and it is refused"
    os.pwrite(one, data, 0)
    two = os.open(os.path.join(second, name), os.O_RDWR)
    for _ in range(5):
        assert not lock(two), "two have the lock"
        refused += 1
        time.sleep(0.2)
    fcntl.lockf(one, fcntl.LOCK_UN, 100, 50)
    late = time.monotonic() + PATIENCE
    while not lock(two):
        assert time.monotonic() < late, "the lock was given back, and nobody gets it"
        time.sleep(0.05)
    assert os.pread(two, len(data), 0) == data, "not what was written"
    os.close(two)
    os.close(one)
    rounds += 1
print("# %d locks, which the other one asked for %d times in vain" % (rounds, refused))
sys.exit(not rounds)
