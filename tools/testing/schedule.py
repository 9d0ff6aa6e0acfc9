#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Runs the jobs of a test run, several at a time, the longest first.

usage: schedule.py [--at-once N] [--every SECONDS] DIR <JOBS

A line of JOBS is

    NAME SECONDS TESTS COMMAND

SECONDS is how long the job takes about, TESTS about how many tests it has, or @FILE
with their names, one a line. COMMAND is for the shell and prints TAP.

What a job prints goes to DIR/NAME.out. Standard output gets a line now and then
that tells how far the run is, each test that fails, and in the end how long each
job took, and the ten slowest tests.

A test of @FILE without a result is a failed test in DIR/NAME.out: the machine that
was to run it has died, or was stopped. So is a job that fails without a failed test.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

RESULT = re.compile(r' *(not )?ok\b(?: +\d+)?(?: +-)?(?: +([^#\n]*[^#\s]))?')
PLAN = re.compile(r'1\.\.(\d+)')
START = re.compile(r'# +RUN +(\S+) \.\.\.')


class Job:
    """A job of the run, and what is known of it so far."""

    def __init__(self, line, out):
        self.name, seconds, tests, self.command = line.split(None, 3)
        self.seconds = float(seconds)
        self.names = []
        if tests.startswith('@'):
            with open(tests[1:], encoding='utf-8') as names:
                self.names = names.read().split()
            tests = len(self.names)
        self.planned = int(tests)
        self.path = os.path.join(out, self.name + '.out')
        self.seen = Counter()
        self.times = []         # (seconds, name of the test)
        self.done = self.failed = 0
        self.started = self.ended = None
        self.test = None        # the one that runs
        self.depth = 0          # of the last result
        self.since = None
        self.process = None

    def elapsed(self):
        """Seconds that the job has run."""
        if self.started is None:
            return 0
        return (self.ended or time.monotonic()) - self.started

    def left(self, pace):
        """Seconds that the job still takes, about, if others took pace times what
        was expected of them."""
        if self.ended:
            return 0
        by_time = self.seconds * pace - self.elapsed()
        if not self.done:
            return max(by_time, 1)
        by_tests = self.elapsed() * (self.tests() - self.done) / self.done
        return max((by_time + by_tests) / 2, 1)

    def tests(self):
        """How many tests the job has, as far as is known."""
        return self.done if self.ended else max(self.planned, self.done)

    def read(self, line):
        """Takes a line of TAP. Returns true if it is a test that failed."""
        now = time.monotonic()
        plan = PLAN.match(line)
        if plan and not self.names:
            self.planned = max(self.planned, self.done + int(plan.group(1)))
        start = START.match(line)
        if start:
            self.test, self.since = start.group(1), now
            return False
        result = RESULT.match(line)
        if not result:
            return False
        # One that sums up the deeper results above it is not a test of its own.
        depth, self.depth = self.depth, len(line) - len(line.lstrip(' '))
        if depth > self.depth:
            return False
        # A test that was skipped may be without a name.
        name = result.group(2) or self.test or '?'
        self.seen[name] += 1
        self.times.append((now - self.since, name))
        self.done += 1
        self.test, self.since = None, now
        failed = bool(result.group(1)) and '# TODO' not in line
        self.failed += failed
        return failed

    def without_result(self):
        """Names of tests that were to run and did not."""
        return list((Counter(self.names) - self.seen).elements())


class Run:
    """All jobs, and who runs them."""

    def __init__(self, jobs):
        self.jobs = jobs
        self.waiting = sorted(jobs, key=lambda job: -job.seconds)
        self.started = time.monotonic()
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.at_once = 1

    def say(self, text):
        """One writer at a time."""
        with self.lock:
            print(text, flush=True)

    def work(self):
        """Runs jobs until none is left."""
        while True:
            with self.lock:
                if not self.waiting or self.over.is_set():
                    return
                job = self.waiting.pop(0)
                job.started = job.since = time.monotonic()
                # In a session of its own, so that its children end with it.
                job.process = subprocess.Popen(
                    ['bash', '-c', job.command], stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    encoding='utf-8', errors='replace', start_new_session=True)
            self.follow(job)

    def follow(self, job):
        """Reads what a job prints, up to its end."""
        with open(job.path, 'w', encoding='utf-8') as out:
            for line in job.process.stdout:
                out.write(line)
                out.flush()
                if job.read(line):
                    self.say(f'# {job.name}: {line.strip()}')
            status = job.process.wait()
            for line in self.verdict(job, status):
                out.write(line + '\n')
                job.read(line)
                self.say(f'# {job.name}: {line}')
        job.ended = time.monotonic()
        self.say(f'# {job.name}: {job.done} tests, {job.failed} failed, '
                 f'{clock(job.elapsed())}')

    @staticmethod
    def verdict(job, status):
        """What is missing in the output of a job that ended with a status."""
        missing = job.without_result()
        if missing:
            yield (f'# {job.name} ended with status {status} and took '
                   f'{len(missing)} tests along')
        for name in missing:
            yield f'not ok - {name} # no result'
        if status and not job.failed:
            yield f'not ok - {job.name}: exit status {status}'

    def progress(self):
        """How far the run is, in one line."""
        running = [job for job in self.jobs if job.started and not job.ended]
        done = sum(job.done for job in self.jobs)
        tests = sum(job.tests() for job in self.jobs)
        failed = sum(job.failed for job in self.jobs)
        parts = ', '.join(f'{job.name} {job.done}/{job.tests()}' for job in running)
        return (f'# {clock(time.monotonic() - self.started)}: {done} of {tests} '
                f'tests, {failed} failed; about {self.minutes_left()} min left; '
                f'{parts}')

    def minutes_left(self):
        """By what jobs have taken so far, beside what was expected of them."""
        ended = [job for job in self.jobs if job.ended]
        expected = sum(job.seconds for job in ended)
        pace = sum(job.elapsed() for job in ended) / expected if expected else 1
        left = [job.left(pace) for job in self.jobs]
        return round(max(sum(left) / self.at_once, max(left, default=0)) / 60 + 0.5)

    def run(self, at_once, every):
        """Returns true if every job has run."""
        self.at_once = at_once
        workers = [threading.Thread(target=self.work) for _ in range(at_once)]
        for worker in workers:
            worker.start()
        said = time.monotonic()
        while any(worker.is_alive() for worker in workers):
            if self.over.wait(0.2):
                break
            if time.monotonic() - said >= every:
                said = time.monotonic()
                self.say(self.progress())
        for worker in workers:
            worker.join()
        return not self.over.is_set()

    def stop(self, *_):
        """Ends the jobs: of a signal."""
        self.over.set()
        for job in self.jobs:
            if job.process and job.process.poll() is None:
                os.killpg(job.process.pid, signal.SIGTERM)

    def report(self):
        """How long it took."""
        print('# time of each part:')
        for job in sorted(self.jobs, key=lambda job: -job.elapsed()):
            print(f'#   {clock(job.elapsed())}  {job.name}, {job.done} tests')
        print('# the ten slowest tests:')
        times = [(*test, job.name) for job in self.jobs for test in job.times]
        for seconds, name, job in sorted(times, reverse=True)[:10]:
            print(f'#   {clock(seconds)}  {name} ({job})')
        print(f'# {clock(time.monotonic() - self.started)} in all', flush=True)


def clock(seconds):
    """Minutes and seconds."""
    return f'{int(seconds) // 60}:{int(seconds) % 60:02d}'


def main():
    """Returns the exit status: 0, whatever the tests say, 1 if it was stopped."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--at-once', type=int, default=2)
    parser.add_argument('--every', type=float, default=20)
    parser.add_argument('dir')
    options = parser.parse_args()
    os.makedirs(options.dir, exist_ok=True)
    run = Run([Job(line, options.dir) for line in sys.stdin if line.strip()])
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, run.stop)
    complete = run.run(options.at_once, options.every)
    run.report()
    return 0 if complete else 1


if __name__ == '__main__':
    sys.exit(main())
