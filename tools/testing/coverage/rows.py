#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""In the guest: runs each row of the selftests by itself and prints what it covers.

usage: rows.py BUILD SELFTESTS PROGRAM...

A row is a program with one variant of its fixtures, or a script. BUILD is where the
module was built, with gcov, SELFTESTS where the scripts are; PROGRAM may be a path.

The first line of the output is a list in JSON of all places: lines as FILE:LINE,
branches as FILE:LINE.NUMBER. Each further one is

    PROGRAM VARIANT SECONDS STATUS HEX

and bit N of HEX says whether the place N was reached.
"""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

GCOV = '/sys/kernel/debug/gcov'
# Its variants are attacks: each is a test of its own, and short.
WHOLE = ['hostile']


def reset():
    """Forgets what was counted."""
    with open(f'{GCOV}/reset', 'w', encoding='ascii') as file:
        file.write('1')


def copy_counters(build, to):
    """The kernel's counters, each beside what the compiler said of the file."""
    for path in glob.glob(f'{GCOV}{build}/net/rsess/*.gcda'):
        base = os.path.basename(path)[:-5]
        with open(path, 'rb') as file, open(f'{to}/{base}.gcda', 'wb') as copy:
            copy.write(file.read())
        os.symlink(f'{build}/net/rsess/{base}.gcno', f'{to}/{base}.gcno')
        yield f'{to}/{base}.gcda'


def count(build):
    """How often each place was reached since reset()."""
    reached = {}
    with tempfile.TemporaryDirectory() as to:
        files = sorted(copy_counters(build, to))
        out = subprocess.run(['gcov', '-b', '-j', '-t', *files], cwd=to, check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for text in out.stdout.decode().splitlines():
        for file in json.loads(text)['files']:
            name = os.path.basename(file['file'])
            if not re.search(r'net/rsess/[a-z_]+\.[ch]$', file['file']):
                continue
            for line in file['lines']:
                place = f"{name}:{line['line_number']}"
                reached[place] = reached.get(place, 0) + line['count']
                for number, branch in enumerate(line['branches']):
                    place = f"{name}:{line['line_number']}.{number}"
                    reached[place] = reached.get(place, 0) + branch['count']
    return reached


def variants(path):
    """What --list names; a fixture without variants has one called "-"."""
    out = subprocess.run([path, '--list'], check=True, stdout=subprocess.PIPE)
    names = [name.split('.') for name in out.stdout.decode().split()]
    return list(dict.fromkeys(n[1] if len(n) > 2 else '-' for n in names))


def rows(selftests, programs):
    """(name, variant, command)"""
    for program in programs:
        name = os.path.basename(program)
        if name.endswith('.sh'):
            yield name, '*', [f'{selftests}/{name}']
        elif name in WHOLE:
            yield name, '*', [program]
        else:
            for variant in variants(program):
                yield name, variant, [program, '*', variant]


def main():
    """Prints everything."""
    build, selftests = sys.argv[1:3]
    places = sorted(count(build))
    print(json.dumps(places))
    for name, variant, command in rows(selftests, sys.argv[3:]):
        reset()
        started = time.monotonic()
        status = subprocess.run(['timeout', '-k', '10', '900', *command],
                                stdout=subprocess.DEVNULL, check=False,
                                stderr=subprocess.DEVNULL).returncode
        seconds = time.monotonic() - started
        reached = count(build)
        bits = sum(1 << n for n, place in enumerate(places) if reached.get(place))
        print(name, variant, f'{seconds:.1f}', status, f'{bits:x}', flush=True)


if __name__ == '__main__':
    main()
