#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""sched.py [--again] [--json] [--instr-only] [--row NAME]...: Linnet beside Debian's Linux.

The same initramfs with the same program (tests/bench/*.c) is booted on both kernels
in the same QEMU, and each row is measured by two clocks: counted instructions, which
repeat exactly, and wall time, where the two kernels run in turn and each row keeps its
best sample. Linux's figures are kept in build/bench by the program's hash.
"""
import argparse
import hashlib
import json
import math
import pathlib
import re
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
CLOCKS = {"instructions": ["-icount", "shift=0,sleep=off", "-rtc", "base=2027-01-01,clock=vm",
                           "-seed", "1"],
          "wall": []}
# By wall Linux needs a clock it trusts, which microvm lacks.
MACHINE = {"instructions": "microvm", "wall": "pc"}
TURNS = 3  # by wall, each kernel runs so often
NOISE = 1.2  # by wall, less than this is equal
# Rows that cannot be measured yet, and why.
MISSING = {"AF_UNIX round trip": "sockets", "loopback TCP round trip": "sockets",
           "loopback TCP connect": "sockets", "loopback UDP round trip": "sockets"}


def say(*words):
    print("bench:", *words, file=sys.stderr, flush=True)


def initrd(clock, rows):
    orders = "\n".join([clock] + rows) + "\n"
    return newc.archive({"rows": (BUILD / "rows").read_bytes(),
                         "tiny": (BUILD / "tiny").read_bytes(), "orders": orders.encode()})


def boot(kernel, words, clock, rows, limit=600):
    """Runs the rows once; gives their figures by name."""
    with tempfile.NamedTemporaryFile(dir=BUILD, suffix=".cpio") as archive:
        archive.write(initrd(clock, rows))
        archive.flush()
        qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-M", MACHINE[clock], "-accel", "tcg", *CLOCKS[clock], "-smp", "1",
             "-cpu", CPU, "-m", "1024", "-nodefaults", "-no-reboot", "-display", "none",
             "-serial", "stdio", "-kernel", str(kernel), "-initrd", archive.name,
             "-append", WORDS + " " + words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        dog = threading.Timer(limit, qemu.kill)
        dog.start()
        text = qemu.communicate()[0].decode(errors="replace").replace("\r", "")
        dog.cancel()
    figures = {name: int(value) / 100 for value, name in re.findall(r"@row (\d+) (.+)", text)}
    if "@done" not in text:
        say("%s stopped early:\n%s" % (pathlib.Path(kernel).name, text[-3000:]))
    return figures


def best(kept, new):
    """The lower figure of each row."""
    for name, value in new.items():
        kept[name] = min(value, kept.get(name, value))
    return kept


def cache_file():
    parts = b"".join((BUILD / name).read_bytes() for name in ("rows", "tiny"))
    return BUILD / ("linux-%s.json" % hashlib.sha256(parts).hexdigest()[:16])


def measure(arguments):
    """Figures of both kernels, by clock, by row."""
    oracle = subprocess.run([str(ROOT / "tools/oracle")], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    kept = cache_file()
    linux = json.loads(kept.read_text()) if kept.is_file() and not arguments.again else {}
    linnet = {}
    for clock in CLOCKS:
        if clock == "wall" and arguments.instr_only:
            continue
        fresh = not linux.get(clock) or not all(row in linux[clock] for row in arguments.row)
        for turn in range(TURNS if clock == "wall" else 1):
            say("%s, run %d" % (clock, turn + 1))
            new = boot(ROOT / "build/linnet.elf", "", clock, arguments.row)
            linnet[clock] = best(linnet.get(clock, {}), new)
            # By wall the neighbour's load counts, so the two always run in turn.
            if fresh or clock == "wall":
                figures = boot(oracle, LINUX, clock, arguments.row)
                linux[clock] = best(linux.get(clock, {}), figures)
    kept.write_text(json.dumps(linux, indent=1))
    return linnet, linux


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else 0


def table(linnet, linux):
    """Prints all rows; gives the names of those slower than Linux."""
    clocks = list(linnet)
    head = "%-30s" % "" + "".join("%12s%12s%8s  " % ("Linnet", "Linux", "ratio") for _ in clocks)
    print("%-30s" % "" + "".join("%-34s" % ("  " + c) for c in clocks))
    print(head)
    slow, ratios = [], {clock: [] for clock in clocks}
    for name in next(iter(linux.values())):
        if not any(name in linnet[clock] for clock in clocks):
            continue
        line, marks = "%-30s" % name, ""
        for clock in clocks:
            ours, theirs = linnet[clock].get(name), linux[clock].get(name)
            if not ours or not theirs:
                line += "%12s%12s%8s  " % (ours or "-", theirs or "-", "-")
                continue
            ratio = theirs / ours
            ratios[clock].append(ratio)
            line += "%12.0f%12.0f%7.2fx  " % (ours, theirs, ratio)
            if ratio < (0.99 if clock == "instructions" else 1 / NOISE):
                marks += " SLOWER by " + clock
        slow += [name] if marks else []
        print(line + marks)
    print("%-30s" % "geometric mean" + "".join("%31.2fx  " % mean(ratios[c]) for c in clocks))
    return slow


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--instr-only", action="store_true")
    parser.add_argument("--row", action="append", default=[])
    arguments = parser.parse_args()
    subprocess.run(["make", "-s", "-C", str(ROOT / "tests/bench")], check=True)
    linnet, linux = measure(arguments)
    if arguments.json:
        print(json.dumps({"linnet": linnet, "linux": linux}, indent=1))
        return 0
    slow = table(linnet, linux)
    for name, reason in MISSING.items():
        print("%-30s not measured: %s are missing" % (name, reason))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
