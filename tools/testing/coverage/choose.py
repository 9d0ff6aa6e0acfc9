#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the rows of the selftests cover, by itself and together.

usage: choose.py ROWS QUICK [--choose]

ROWS is what rows.py printed, QUICK the file with the variants of the quick form. The
output is TAP: the quick form covers at least 97 of 100 places that all rows
together do. With --choose it is such a file: each program keeps a session, one that
is reset, and both roles, over IPv4 or IPv6; further rows are taken by what they add
for their time, until the share is reached.
"""

import json
import sys

HEAD = """# SPDX-License-Identifier: GPL-2.0
#
# The variants of "make check", by what they add to what is covered: the output of
# tools/testing/coverage.sh --choose. A program that is not here runs whole."""
SHARE = 0.97
# What --choose aims at: a race is lost now and then, and what it covers with it.
AIM = 0.998
# What no program is without, whatever it adds: its variants without the digits.
KEPT = ['-', 'rsess', 'reset', 'dialer', 'acceptor']


def read_rows(path):
    """All places, and {(program, variant): (seconds, status, bits)}"""
    with open(path, encoding='utf-8') as file:
        places = json.loads(file.readline())
        rows = {}
        for line in file:
            name, variant, seconds, status, bits = line.split()
            rows[name, variant] = float(seconds), int(status), int(bits, 16)
    return places, rows


def read_quick(path):
    """{program: variants} of those that do not run whole"""
    quick = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            words = line.split('#')[0].split()
            if words:
                quick[words[0]] = words[1:]
    return quick


def union(rows, wanted=lambda row: True):
    """What some rows cover together."""
    bits = 0
    for row, (_, _, more) in rows.items():
        if wanted(row):
            bits |= more
    return bits


def number(bits):
    """How many places."""
    return bin(bits).count('1')


def masks(places):
    """Lines and branches."""
    lines = sum(1 << n for n, place in enumerate(places) if '.' not in
                place.split(':')[1])
    return {'lines': lines, 'branches': ((1 << len(places)) - 1) ^ lines}


def kept(rows, program):
    """Of each kind of KEPT the row that covers most."""
    for kind in KEPT:
        alike = [row for row in rows
                 if row[0] == program and row[1].rstrip('46') == kind]
        if alike:
            yield max(alike, key=lambda row: number(rows[row][2]))


def choose(rows, split):
    """Variants of the programs of split, the best first, until there is enough."""
    chosen = {row for program in split for row in kept(rows, program)}
    left = {row for row in rows if row[0] in split} - chosen
    taken = union(rows, lambda row: row[0] not in split or row in chosen)
    enough = number(union(rows)) * AIM
    while left and number(taken) < enough:
        best = max(sorted(left), key=lambda row: number(rows[row][2] & ~taken) /
                   (rows[row][0] + 1))
        left.remove(best)
        chosen.add(best)
        taken |= rows[best][2]
    return chosen


def show_choice(rows, split):
    """A file for the quick form; a program needs one row at least."""
    chosen = choose(rows, split)
    print(HEAD)
    for program in split:
        mine = [variant for name, variant in rows if name == program]
        variants = [v for v in mine if (program, v) in chosen] or mine[:1]
        if len(variants) < len(mine):
            print(program, *variants, sep='\t')


def report(places, rows, quick):
    """TAP; returns true if there is enough."""
    def is_quick(row):
        return row[0] not in quick or row[1] in quick[row[0]]

    everything, some = union(rows), union(rows, is_quick)
    seconds = [sum(v[0] for v in rows.values()),
               sum(v[0] for row, v in rows.items() if is_quick(row))]
    good = True
    for what, mask in masks(places).items():
        of, all_, part = number(mask), number(everything & mask), number(some & mask)
        good &= part >= SHARE * all_
        print(f'# {what}: {of}, all rows {all_} ({100 * all_ / of:.1f} %), quick form '
              f'{part} ({100 * part / all_:.1f} % of that)')
    print(f'# {seconds[0]:.0f} s, quick form {seconds[1]:.0f} s')
    for row, value in rows.items():
        if value[1]:
            print(f'# status {value[1]}: {row[0]} {row[1]}')
    print('1..1')
    print(f"{'' if good else 'not '}ok 1 - coverage.quick_form_has_97_of_100")
    return good


def main():
    """Returns the exit status."""
    places, rows = read_rows(sys.argv[1])
    quick = read_quick(sys.argv[2])
    if '--choose' in sys.argv:
        show_choice(rows, sorted({row[0] for row in rows if row[1] != '*'}))
        return 0
    return 0 if report(places, rows, quick) else 1


if __name__ == '__main__':
    sys.exit(main())
