#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compares what tshark shows of a capture with what was sent, and prints TAP.

usage: check.py NAME FACTS CAPTURE DISSECTOR

FACTS is what talk.py has printed.
"""
import json
import os
import subprocess
import sys

FIELDS = ("frame.number", "tcp.stream", "tcp.len", "rsess.session", "rsess.id", "rsess.connection",
          "rsess.dialer", "rsess.type", "rsess.length", "rsess.payload", "rsess.new",
          "rsess.tag", "rsess.resume", "rsess.retransmission", "rsess.gap",
          "rsess.malformed", "http.request.uri", "http.response.code")
HELLO, WELCOME, RESUME, RESUMED, DATA, FIN, ABORT = 1, 2, 3, 4, 5, 7, 11

failed = []


def result(name, true, *seen):
    if not true:
        failed.append(name)
        print("#", *seen)
    print(f"{'ok' if true else 'not ok'} - dissector.{sys.argv[1]}.{name}")


def demote():
    """Wireshark runs no Lua for root."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def tshark(capture, dissector, *more):
    words = ["tshark", "-r", capture, "-X", "lua_script:" + dissector,
             "-o", "tcp.try_heuristic_first:TRUE",
             "-o", "sctp.try_heuristic_first:TRUE", *more]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=demote if os.getuid() == 0 else None, env={**os.environ, "HOME": "/tmp"})
    complaints = [line for line in done.stderr.splitlines() if "Running as" not in line]
    if done.returncode or complaints or "Lua Error" in done.stdout:
        print("#", "\n# ".join(complaints))
        result("tshark", False, done.returncode)
    return done.stdout


def packets(capture, dissector, *more):
    words = ["-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-Y", "rsess"]
    for field in FIELDS:
        words += ["-e", field]
    for line in tshark(capture, dissector, *words, *more).splitlines():
        values = [value.split(",") if value else [] for value in line.split("|")]
        yield dict(zip(FIELDS, values))


def every(seen, field):
    return [value for packet in seen for value in packet[field]]


def streams(seen):
    """The bytes of both directions, each once."""
    said = {"dialer": "", "acceptor": ""}
    for packet in seen:
        who = "dialer" if packet["rsess.dialer"][:1] == ["1"] else "acceptor"
        for payload, new in zip(packet["rsess.payload"], packet["rsess.new"]):
            count = 2 * int(new)
            said[who] += payload[len(payload) - count:]
    return said


def check_all(facts, seen):
    types = [int(kind) for kind in every(seen, "rsess.type")]
    lengths = [int(length) for length in every(seen, "rsess.length")]
    connections = facts["resumes"] + 1

    result("one_session_by_its_id", set(every(seen, "rsess.id")) == {facts["id"]} and
           set(every(seen, "rsess.session")) == {"0"}, facts["id"], set(every(seen, "rsess.id")))
    result("followed_over_its_connections",
           {int(n) for n in every(seen, "rsess.connection")} == set(range(connections)) and
           types.count(HELLO) == 1 and types.count(RESUME) == facts["resumes"], types)
    result("bytes_as_they_were_sent", streams(seen) == facts["said"],
           {who: len(s) for who, s in streams(seen).items()},
           {who: len(s) for who, s in facts["said"].items()})
    result("no_frame_is_malformed", not every(seen, "rsess.malformed") and
           not every(seen, "rsess.gap"), every(seen, "rsess.malformed"))
    with_tag = [kind for kind in types
                if kind not in (HELLO, WELCOME, RESUME, RESUMED, ABORT)]
    result("tags_told_apart",
           len(every(seen, "rsess.tag")) == (len(with_tag) if facts["tagged"] else 0),
           len(every(seen, "rsess.tag")), len(with_tag))
    result("each_resume_is_told", len(every(seen, "rsess.resume")) == facts["resumes"])
    again = sum(len(payload) // 2 for payload in every(seen, "rsess.payload")) - \
        sum(int(new) for new in every(seen, "rsess.new"))
    result("retransmission_is_told",
           again >= facts["lost"] and every(seen, "rsess.retransmission"), again)
    result("payload_is_that_of_the_port", every(seen, "http.request.uri") == ["/page"] and
           every(seen, "http.response.code") == ["200"], every(seen, "http.request.uri"))
    return lengths


def check_segments(seen, lengths):
    segment = max(int(length) for length in every(seen, "tcp.len"))
    result("frames_over_segments", max(lengths) > segment > 0, max(lengths), segment)


def check_gap(capture, dissector, seen, facts):
    """Without what follows WELCOME on the first connection."""
    welcome = next(packet["frame.number"][0] for packet in seen
                   if str(WELCOME) in packet["rsess.type"])
    part = capture + ".part"
    open(part, "w").close()
    os.chmod(part, 0o666)
    tshark(capture, dissector, "-Y", f"tcp.stream > 0 || frame.number <= {welcome}", "-w", part)
    seen = list(packets(part, dissector))
    result("gap_is_told", every(seen, "rsess.gap") and
           set(every(seen, "rsess.id")) == {facts["id"]}, every(seen, "rsess.gap"))


def main():
    facts = json.load(open(sys.argv[2]))
    capture, dissector = sys.argv[3], sys.argv[4]
    seen = list(packets(capture, dissector))
    lengths = check_all(facts, seen)
    if every(seen, "tcp.stream"):
        check_segments(seen, lengths)
        check_gap(capture, dissector, seen, facts)
    two = list(packets(capture, dissector, "-2"))
    result("the_same_in_two_passes", two == seen)
    sys.exit(bool(failed))


main()
