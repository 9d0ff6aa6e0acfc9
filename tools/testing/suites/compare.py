#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Compares what tests of other projects say over sessions with what they say over TCP.

usage: compare.py DIFFERENCES DIRECTORY

DIRECTORY has a file SUITE.WAY for each suite and way, where WAY is tcp, rsess or
resets, with lines "ok|fail|skip TEST". A line of DIFFERENCES is

    SUITE TEST WAY REASON

TEST is a pattern as of the shell, WAY is rsess, resets or both. With a "?" behind WAY it
depends on the moment whether there is a difference; without, one that is listed and does
not show is a failure. With "<6.7" behind it, it is one of kernels before that. Prints what
differs, and at the end

    N passed, N failed, N skipped

A test that does not pass on TCP says nothing of sessions: it is skipped.
"""

import fnmatch
import pathlib
import platform
import re
import sys

WAYS = {"rsess": ("rsess",), "resets": ("resets",), "both": ("rsess", "resets")}


def release(version):
    """The numbers of a kernel's version, to be compared."""
    return [int(number) for number in version.split("-")[0].split(".")[:2]]


class Difference:
    """One that is known."""

    def __init__(self, line):
        self.suite, self.test, way, self.reason = line.split(None, 3)
        way, may, before = re.fullmatch(r"(\w+)(\??)(?:<(.*))?", way).groups()
        self.may = bool(may)
        self.here = not before or release(platform.release()) < release(before)
        self.ways = WAYS[way]
        self.seen = set()

    def covers(self, suite, way, test):
        return (suite == self.suite and way in self.ways and
                fnmatch.fnmatchcase(test, self.test))


def read_differences(path):
    known = [Difference(line) for line in pathlib.Path(path).read_text().splitlines()
             if line.strip() and not line.startswith("#")]
    return [difference for difference in known if difference.here]


def read_outcomes(path):
    """What each test said; the worst of several."""
    outcomes = {}
    for line in path.read_text().splitlines():
        word, test = line.split(None, 1)
        if outcomes.get(test) != "fail":
            outcomes[test] = word
    return outcomes


def compare(suite, way, tcp, here, known):
    """How many tests passed, failed and were skipped."""
    passed, failed, skipped = 0, 0, 0
    for test in sorted(tcp.keys() | here.keys()):
        was, now = tcp.get(test, "nothing"), here.get(test, "nothing")
        if was != "ok":
            skipped += 1
        elif now == "ok":
            passed += 1
        else:
            found = [d for d in known if d.covers(suite, way, test)]
            for difference in found:
                difference.seen.add(way)
            passed += bool(found)
            failed += not found
            why = found[0].reason if found else "NOT LISTED"
            print(f"# {suite}, {way}: {test}: {now}, not as on TCP: {why}")
    return passed, failed, skipped


def main():
    known = read_differences(sys.argv[1])
    directory = pathlib.Path(sys.argv[2])
    total = [0, 0, 0]
    suites = set()
    for path in sorted(directory.glob("*.tcp")):
        suite = path.stem
        suites.add(suite)
        tcp = read_outcomes(path)
        if "ok" not in tcp.values():
            print(f"# {suite}: no test passes on TCP")
            total[1] += 1
        for test in (test for test, word in tcp.items() if word == "fail"):
            print(f"# {suite}, tcp: {test}: fails")
        for way in WAYS["both"]:
            here = read_outcomes(path.with_suffix("." + way))
            counts = compare(suite, way, tcp, here, known)
            total = [sum(pair) for pair in zip(total, counts)]
    for difference in known:
        for way in difference.ways:
            if (difference.suite in suites and not difference.may and
                    way not in difference.seen):
                print(f"# {difference.suite}, {way}: {difference.test}: "
                      f"is listed, and as on TCP")
                total[1] += 1
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    sys.exit(total[1] != 0)


main()
