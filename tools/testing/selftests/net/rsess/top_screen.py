#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# "rsess top" on terminals of all sizes, and of none. Prints what is wrong.
#
# usage: top_screen.py RSESS [LINES]
#
# With LINES, there are more sockets than these: it shows what there is room for.

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 60 * int(os.environ.get("RSESS_SLOW", "1"))


class Terminal:
    """rsess top, and whoever sits before it"""

    def __init__(self, size, *options, term="xterm", prepare=lambda: None):
        self.master, slave = pty.openpty()
        self.resize(*size)
        environment = dict(os.environ, TERM=term)
        environment.pop("LINES", None)
        environment.pop("COLUMNS", None)
        if not term:
            del environment["TERM"]

        def on_it():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            prepare()

        self.program = subprocess.Popen([sys.argv[1], "top", *options], stdin=slave,
                                        stdout=slave, stderr=slave, env=environment,
                                        start_new_session=True, preexec_fn=on_it)
        os.close(slave)
        self.seen = b""

    def resize(self, lines, columns):
        self.seen = b""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds):
        """False when nothing will come any more"""
        if not select.select([self.master], [], [], seconds)[0]:
            raise AssertionError(f"nothing comes behind {self.seen[-200:]}")
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.seen += data
        return bool(data)

    def expect(self, text):
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.seen:
            if time.monotonic() > end or not self.read(PATIENCE):
                raise AssertionError(f"no {text!r} in {self.seen[-500:]}")

    def redraws(self, text):
        """Only what has changed is drawn, but for a new size: then all is."""
        end = time.monotonic() + PATIENCE
        lines = 24
        while text.encode() not in self.seen:
            if time.monotonic() > end:
                raise AssertionError(f"no {text!r} in {self.seen[-500:]}")
            lines = 49 - lines
            self.resize(lines, 120)
            while select.select([self.master], [], [], 0.5)[0] and self.read(0):
                if text.encode() in self.seen:
                    break

    def ends(self, status):
        while self.read(PATIENCE):
            pass
        is_status = self.program.wait(PATIENCE)
        os.close(self.master)
        assert is_status == status, f"status {is_status}: {self.seen[-500:]}"


def goes_through_sizes(size):
    t = Terminal(size)
    t.expect("\033")
    t.redraws("sockets by Down")
    t.press(">")
    t.redraws("sockets by Lost")
    t.press("r")
    t.redraws("sockets by Lost, reversed")
    t.press("\033OD<")                  # an arrow, and a letter
    t.redraws("sockets by Link, reversed")
    t.resize(*size)
    t.press(" x\t")
    t.press("q")
    t.ends(0)


def refuses(term):
    t = Terminal((24, 80), term=term)
    t.ends(1)
    assert b"no terminal that it knows" in t.seen, t.seen


def ends_when_hung_up():
    """It cannot be told if it ignores the signal."""
    t = Terminal((24, 80), prepare=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    t.expect("sockets by")
    os.close(t.master)
    assert t.program.wait(PATIENCE) == 0, t.program.returncode


def shows_what_there_is_room_for(lines):
    t = Terminal((lines, 200), "-n", "1")
    t.ends(0)
    assert t.seen.count(b"127.0.0.1:") == 2 * (lines - 4), t.seen


if len(sys.argv) > 2:
    shows_what_there_is_room_for(int(sys.argv[2]))
else:
    for size in (24, 80), (1, 80), (1, 1), (0, 0), (2, 3), (5, 40), (300, 500):
        goes_through_sizes(size)
    for term in "nonsense", "dumb", "":
        refuses(term)
    ends_when_hung_up()
