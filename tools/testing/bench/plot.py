#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Draws the ratios that bench.py has written.

usage: plot.py FIGURES.json PICTURE.svg

A group of bars for each row of the bench, a bar for each contestant: as high as TCP's
instructions by its own. The line at 1 is TCP.
"""
import json
import sys

import matplotlib

matplotlib.use("svg")
# Text stays text, and the same figures make the same file.
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "rsess",
                            "font.size": 9})
from matplotlib import pyplot  # noqa: E402  the backend is chosen first

# What is drawn of it, and its name and colour.
BARS = {"session": ("session", "#1b6ca8"),
        "tagged": ("session with tags", "#8fbcdb"),
        "fallback": ("fallen back", "#6a9f58"),
        "mptcp": ("MPTCP, one path", "#c9a227"),
        "bystander": ("TCP beside a listener", "#a0a0a0")}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="ascii") as file:
        data = json.load(file)
    rows = {name: entry for name, entry in data.items() if "ratio" in entry}
    width = 0.8 / len(BARS)
    figure, axes = pyplot.subplots(figsize=(1 + 0.9 * len(rows), 4))
    for i, (who, (label, colour)) in enumerate(BARS.items()):
        at = [(n, row) for n, row in enumerate(rows.values())
              if who in row["ratio"]]
        axes.bar([n + (i - (len(BARS) - 1) / 2) * width for n, _ in at],
                 [row["ratio"][who] for _, row in at], width, color=colour,
                 yerr=[row["spread"][who] / 2 for _, row in at], label=label,
                 error_kw={"elinewidth": 0.6})
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xticks(range(len(rows)), list(rows), rotation=30, ha="right")
    axes.set_ylabel("TCP's instructions by its own")
    axes.set_ylim(0, 1.4)
    axes.legend(ncols=3, loc="upper center", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
