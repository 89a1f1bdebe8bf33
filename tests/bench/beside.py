#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Linnet beside Debian's Linux: what ./linnet bench sched and ./linnet bench ipc share.

The same initramfs with the same program (tests/bench/*.c) is booted on both kernels
in the same QEMU. Up to three parts: `instructions` are counted, and repeat exactly; by
`wall` time the two kernels run in turn and each row keeps its best sample; `two` are
ratios of two workers to one on two processors, nine runs of each kernel in turn.
Linux's instructions are kept in build/bench by the hash of the initramfs.

Exit status: 0 when all figures are within their limits, 1 when some are not, 2 when
something could not be measured.
"""
import argparse
import dataclasses
import hashlib
import json
import math
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import newc  # noqa: E402 (the path above is where it is)

BUILD = ROOT / "build/bench"
CPU = "max,erms=off,fsrm=off,pku=off,la57=off,smap=off,mpx=off"
# Both: where things lie decides how many page tables an operation makes.
WORDS = "console=ttyS0 panic=-1 quiet norandmaps rdinit=/rows"
# Linux at its fastest.
LINUX = "mitigations=off init_on_alloc=0 cryptomgr.notests nokaslr no_timer_check"
# Except when instructions are counted, Linux needs a clock it trusts, which microvm lacks.
MACHINE = {"instructions": ["-M", "microvm", "-smp", "1", "-icount", "shift=0,sleep=off",
                            "-rtc", "base=2027-01-01,clock=vm", "-seed", "1"],
           "wall": ["-M", "pc", "-smp", "1"],
           "two": ["-M", "pc", "-smp", "2"]}
CLOCKS = ("instructions", "wall")
TURNS = {"instructions": 1, "wall": 3, "two": 9}
# The limits. A row may be slower than Linux by this factor, for what figures vary by.
NOISE = {"instructions": 1.01, "wall": 1.2}
MEAN_LEAST = 1.5
TWO_LEAST = 1.8  # at best; and the median is Linux's or more


@dataclasses.dataclass
class Suite:
    """What is measured: the rows that tests/bench/bench.c knows by this name."""
    name: str
    parts: tuple
    most: dict  # instructions that a row may take, whatever Linux does
    alone: tuple = ()  # rows that are figures of their own: not in the mean
    tree: object = lambda: b""  # an archive to put the program's behind
    members: dict = dataclasses.field(default_factory=dict)  # files beside the program
    memory: str = "1024"  # MiB


class Failure(Exception):
    """A machine did not give the figures asked for."""


def say(*words):
    print("bench:", *words, file=sys.stderr, flush=True)


def initrd(suite, part, rows):
    orders = "\n".join([suite.name, part] + rows) + "\n"
    return suite.tree() + newc.archive({
        "rows": (BUILD / "rows").read_bytes(), "tiny": (BUILD / "tiny").read_bytes(),
        "orders": orders.encode(), **suite.members})


def boot(suite, kernel, words, part, rows, limit=600):
    """Runs the rows once; gives their figures by name."""
    with tempfile.NamedTemporaryFile(dir=BUILD, suffix=".cpio") as archive:
        archive.write(initrd(suite, part, rows))
        archive.flush()
        qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", *MACHINE[part],
             "-cpu", CPU, "-m", suite.memory, "-nodefaults", "-no-reboot", "-display", "none",
             "-serial", "stdio", "-kernel", str(kernel), "-initrd", archive.name,
             "-append", WORDS + " " + words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        dog = threading.Timer(limit, qemu.kill)
        dog.start()
        text = qemu.communicate()[0].decode(errors="replace").replace("\r", "")
        dog.cancel()
    figures = {name: int(value) / 100 for value, name in re.findall(r"@row (\d+) (.+)", text)}
    missed = [row for row in rows if row not in figures]
    if "@done" not in text or not figures or missed:
        raise Failure("%s, %s: the rows did not all run%s\n%s" %
                      (pathlib.Path(kernel).name, part,
                       "; none is called " + ", ".join(missed) if missed else "", text[-3000:]))
    return figures


def collect(kept, new):
    """Adds a run's figures to the lists of each row's."""
    for name, value in new.items():
        kept.setdefault(name, []).append(value)


def cache_file(suite):
    return BUILD / ("linux-%s.json" % hashlib.sha256(initrd(suite, "", [])).hexdigest()[:16])


def linux_instructions(suite, oracle, arguments):
    """They repeat, so they are kept. Everything else is measured in turn, whatever the host does."""
    kept = cache_file(suite)
    figures = json.loads(kept.read_text()) if kept.is_file() and not arguments.again else {}
    if not figures or not all(row in figures for row in arguments.row):
        figures.update(boot(suite, oracle, LINUX, "instructions", arguments.row))
        if not arguments.row or kept.is_file():
            kept.write_text(json.dumps(figures, indent=1))
    return {name: [value] for name, value in figures.items()}


def measure(suite, arguments):
    """All runs' figures of both kernels, by part, by row."""
    oracle = subprocess.run([str(ROOT / "tools/oracle")], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    linnet, linux = {}, {}
    for part in arguments.part:
        rows = [] if part == "two" else arguments.row
        ours, theirs = linnet.setdefault(part, {}), linux.setdefault(part, {})
        for turn in range(TURNS[part]):
            say("%s, run %d of %d" % (part, turn + 1, TURNS[part]))
            collect(ours, boot(suite, ROOT / "build/linnet.elf", "smp", part, rows))
            if part != "instructions":
                collect(theirs, boot(suite, oracle, LINUX, part, rows))
        if part == "instructions":
            theirs.update(linux_instructions(suite, oracle, arguments))
    return linnet, linux


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def judge_row(suite, name, part, ours, theirs):
    """What is wrong with a row's figures, in words, or None."""
    if ours > theirs * NOISE[part]:
        return "%s: slower than Linux by %s" % (name, part)
    if part == "instructions" and ours > suite.most.get(name, ours):
        return "%s: more than %d instructions" % (name, suite.most[name])
    return None


def table(suite, linnet, linux, whole):
    """The lines about both clocks, and what is over its limits."""
    clocks = [clock for clock in CLOCKS if clock in linnet]
    lines = ["%-34s" % "" + "".join("%-32s" % ("  " + c) for c in clocks),
             "%-34s" % "" + "".join("%11s%11s%8s  " % ("Linnet", "Linux", "ratio") for _ in clocks)]
    wrong, ratios = [], {clock: [] for clock in clocks}
    for name in linnet[clocks[0]]:
        line = "%-34s" % name
        for clock in clocks:
            ours, theirs = min(linnet[clock][name]), min(linux[clock][name])
            ratio = theirs / max(ours, 0.01)
            if name not in suite.alone:
                ratios[clock].append(ratio)
            line += "%11.0f%11.0f%7.2fx  " % (ours, theirs, ratio)
            wrong.append(judge_row(suite, name, clock, ours, theirs))
        lines.append(line.rstrip())
    lines.append("%-34s" % "geometric mean" +
                 "".join("%29.2fx  " % mean(ratios[c]) for c in clocks if ratios[c]).rstrip())
    if whole:
        wrong += ["geometric mean: under %.1f by %s" % (MEAN_LEAST, c) for c in clocks
                  if mean(ratios[c]) < MEAN_LEAST]
    return lines, [w for w in wrong if w]


def table_two(linnet, linux):
    """The same about two processors."""
    lines = ["%-34s%s" % ("two workers to one, 9 runs", "  Linnet: best, median   Linux: best, median")]
    wrong = []
    for name, ours in linnet.items():
        theirs = linux[name]
        figures = max(ours), statistics.median(ours), max(theirs), statistics.median(theirs)
        lines.append("%-34s%14.2f%8.2f%16.2f%8.2f" % (name, *figures))
        if figures[0] < TWO_LEAST:
            wrong.append("%s: never %.1f times as fast as one" % (name, TWO_LEAST))
        if figures[1] < figures[3]:
            wrong.append("%s: less than Linux in the median" % name)
    return lines, wrong


def report(suite, linnet, linux, whole):
    """The lines of the whole report and what is over its limits."""
    lines, wrong = table(suite, linnet, linux, whole) if set(linnet) - {"two"} else ([], [])
    if "two" in linnet:
        more, also = table_two(linnet["two"], linux["two"])
        lines, wrong = lines + more, wrong + also
    return lines + ["OVER ITS LIMIT: " + w for w in wrong], wrong


def main(suite):
    """Measures and prints as the command line says; gives the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", action="append", choices=suite.parts)
    parser.add_argument("--row", action="append", default=[])
    arguments = parser.parse_args()
    if not arguments.part:
        arguments.part = list(CLOCKS) if arguments.row else list(suite.parts)
    subprocess.run(["make", "-s", "-C", str(ROOT / "tests/bench")], check=True)
    try:
        linnet, linux = measure(suite, arguments)
    except Failure as failure:
        say(failure)
        return 2
    lines, wrong = report(suite, linnet, linux, not arguments.row)
    if arguments.json:
        print(json.dumps({"linnet": linnet, "linux": linux, "wrong": wrong}, indent=1))
    else:
        print("\n".join(lines))
    return 1 if wrong else 0

