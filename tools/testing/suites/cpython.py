#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Runs a module of CPython's own tests, and prints a line for each test.

    ok|fail|skip NAME

A test that takes too long fails; what it had begun may go on.
"""

import faulthandler
import os
import re
import signal
import sys
import unittest
import warnings

from test import support

PATIENCE = 90
# Other kinds of sockets, and peers on the Internet.
OTHERS = re.compile("VSOCK|SCTP|CAN|RDS|Hyper|Bluetooth|UDP|Datagram|QIPCRTR|J1939"
                    "|ISOTP|CryptoAPI|Network")


class TooLong(Exception):
    """A test has not ended."""


def give_up(signum, frame):
    raise TooLong


class Lines(unittest.TestResult):
    """A line for each test; of its parts the worst one counts."""

    def __init__(self, out):
        super().__init__()
        self.out = out

    def startTest(self, test):
        super().startTest(test)
        self.word = "ok"
        signal.alarm(PATIENCE)

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)
        self.tell(self.word, test.id())

    def tell(self, word, name):
        name = name.removeprefix("test.").replace(" ", "_")
        print(word, name, file=self.out, flush=True)

    def spoil(self, test, err):
        self.word = "fail"
        sys.__stderr__.write(f"{test.id()}: {self._exc_info_to_string(err, test)}")
        # What belongs to no test, such as the beginning of a class.
        if not isinstance(test, unittest.TestCase):
            self.tell("fail", test.id())

    def addError(self, test, err):
        self.spoil(test, err)

    def addFailure(self, test, err):
        self.spoil(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.spoil(test, err)

    def addUnexpectedSuccess(self, test):
        self.word = "fail"

    def addSkip(self, test, reason):
        self.word = "skip"
        if not isinstance(test, unittest.TestCase):
            self.tell("skip", test.id())


def choose(tests):
    """Leave out what is about neither TCP nor this host alone."""
    for part in tests:
        if isinstance(part, unittest.TestSuite):
            choose(part)
    tests._tests = [part for part in tests._tests
                    if isinstance(part, unittest.TestSuite) or
                    not OTHERS.search(part.id())]


def main():
    warnings.simplefilter("ignore")
    faulthandler.enable()
    signal.signal(signal.SIGALRM, give_up)
    # What tests print is not for who reads the lines.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # Limits of the tests' own are for machines that are faster.
    support.LOOPBACK_TIMEOUT = 15
    # A module that asks for the network as such wants no more than this host.
    support.use_resources = ["network"]
    tests = unittest.defaultTestLoader.loadTestsFromName("test." + sys.argv[1])
    support.use_resources = []
    choose(tests)
    tests.run(Lines(out))
    # Threads of tests that had to be given up do not keep it.
    sys.stderr.flush()
    os._exit(0)


main()
