#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes a table of what bench says, and compares it with a baseline.

usage: bench.py [--json FILE] [--baseline FILE] [--update] [--tap] < lines

A line is: row, contestant, round, value, unit.  For a contestant beside TCP in the same
round the ratio is TCP's value by its own: 1 is as cheap as TCP, 0.5 is twice its cost.

--json FILE      write all figures there
--baseline FILE  fail where the median of a ratio is more than 0.03 below the one there
--update         write the ratios there instead
--tap            print a line of TAP for each ratio that has a baseline
"""
import argparse
import json
import statistics
import sys

TOLERANCE = 0.03
# Ratios are of these contestants, in the order of the table's columns.
COLUMNS = ("session", "tagged", "fallback", "mptcp", "bystander")
# Not a ratio: what of it is shown.
ABSOLUTE = {"next": "ns from a reset to the next byte there and back",
            "crowd": "ns of each session, reset with all others, until it echoes",
            "idle": "bytes of slabs of a connection, both ends"}


def read(lines):
    """{row: {contestant: {round: value}}}, in the order of the rows."""
    rows = {}
    for line in lines:
        words = line.split()
        if len(words) != 5 or not words[2].isdigit():
            continue
        row, who, number, value, _ = words
        rows.setdefault(row, {}).setdefault(who, {})[int(number)] = int(value)
    return rows


def ratios(row):
    """{contestant: ratio of each round}, of a row."""
    tcp = row.get("tcp", {})
    return {who: [tcp[n] / row[who][n] for n in sorted(row[who]) if n in tcp]
            for who in COLUMNS if who in row}


def figures(rows):
    """What is written to the file: medians, ratios and their spread."""
    out = {}
    for name, row in rows.items():
        entry = {"median": {who: statistics.median(v.values())
                            for who, v in row.items()}}
        if name not in ABSOLUTE:
            entry["ratio"] = {who: round(statistics.median(r), 3)
                              for who, r in ratios(row).items() if r}
            entry["spread"] = {who: round(max(r) - min(r), 3)
                               for who, r in ratios(row).items() if r}
        out[name] = entry
    return out


def table(data, mark):
    """Prints the ratios, then what is no ratio; each line begins with @mark."""
    print(f"{mark}{'row':<12}{'TCP':>12}" + "".join(f"{c:>18}" for c in COLUMNS))
    for name, entry in data.items():
        if "ratio" not in entry:
            continue
        cells = "".join(
            f"{entry['ratio'][c]:>9.3f} ±{entry['spread'][c] / 2:<7.3f}"
            if c in entry["ratio"] else " " * 18 for c in COLUMNS)
        print(f"{mark}{name:<12}{entry['median'].get('tcp', 0):>12.0f}  {cells}")
    for name, entry in data.items():
        if "ratio" in entry:
            continue
        print(f"{mark}{name}: {ABSOLUTE[name]}: " +
              ", ".join(f"{who} {value:.0f}"
                        for who, value in entry["median"].items()))


def baseline_of(data):
    """The ratios that the module has a part in."""
    return {name: {who: r for who, r in entry["ratio"].items() if who != "mptcp"}
            for name, entry in data.items() if "ratio" in entry}


def compare(data, base, tap):
    """How many ratios are worse than those of the baseline."""
    worse = 0
    for row, entry in base.items():
        for who, want in entry.items():
            got = data.get(row, {}).get("ratio", {}).get(who)
            bad = got is None or got < want - TOLERANCE
            worse += bad
            if tap:
                print(f"{'not ok' if bad else 'ok'} - bench.{row}.{who}")
            if bad:
                print(f"# {row}, {who}: {got}, the baseline is {want}")
    return worse


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--baseline")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--tap", action="store_true")
    args = parser.parse_args()

    data = figures(read(sys.stdin))
    if not data:
        sys.exit("bench.py: nothing was measured")
    table(data, "# " if args.tap else "")
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            json.dump(data, file, indent=1)
    if not args.baseline:
        return
    if args.update:
        with open(args.baseline, "w", encoding="ascii") as file:
            json.dump(baseline_of(data), file, indent=1, sort_keys=True)
            file.write("\n")
        return
    with open(args.baseline, encoding="ascii") as file:
        base = json.load(file)
    sys.exit(1 if compare(data, base, args.tap) else 0)


if __name__ == "__main__":
    main()
