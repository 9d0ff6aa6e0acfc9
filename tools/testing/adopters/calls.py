#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Many small files: each is made, written, read back and removed. Prints how many, and which
# calls have failed; fails if one has, or if a file was not what was written.
#
# usage: calls.py DIRECTORY SECONDS

import collections
import errno
import os
import sys
import time

directory, seconds = sys.argv[1], float(sys.argv[2])
end = time.monotonic() + seconds
errors = collections.Counter()
files = 0


def use(path, data):
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC)
    try:
        os.write(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.stat(path)
    fd = os.open(path, os.O_RDONLY)
    try:
        if os.read(fd, len(data) + 1) != data:
            errors["wrong contents"] += 1
    finally:
        os.close(fd)
    os.unlink(path)


while time.monotonic() < end:
    try:
        use("%s/f%d" % (directory, files % 50), os.urandom(3000))
    except OSError as error:
        errors[errno.errorcode.get(error.errno, str(error.errno))] += 1
    files += 1
print("# %d files; " % files +
      (", ".join("%s: %d" % e for e in errors.items()) or "no error"))
sys.exit(bool(errors) or not files)
