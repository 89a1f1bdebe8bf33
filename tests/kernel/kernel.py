#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kernel.py [OPTIONS] [NAME]: runs the debug kernel's tests of itself (base/ktest.h) in QEMU.

One machine runs all that end by themselves; each KTEST_PANICS then has a machine of its
own, and passes when that panics and says what the test's comments "expect: REGULAR
EXPRESSION" ask for, in this order. With --san, on that sanitizer's build, the bugs planted
for it come instead of those (KTEST_REPORTS): each must be reported in its words. NAME
chooses tests whose names contain it. The last line is "kernel: N passed, M failed". The
kernel must be built: make DEBUG=1, or make SAN=...
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import newc  # noqa: E402 (the path above is where it is)

PANICS = re.compile(r"^KTEST_PANICS\((\w+)\)(.*?)^}", re.M | re.S)
EXPECT = re.compile(r"/\* expect: (.*?) \*/")
REPORTS = re.compile(r'^KTEST_REPORTS\((\w+),\s*"([^"]*)"\)', re.M)
BUILDS = {None: "debug", "undefined": "ubsan", "address": "kasan", "thread": "kcsan"}


def boot(options, words, initrd):
    """What the console says, until the machine ends or its time is up."""
    kernel = ROOT / "build" / BUILDS[options.san] / "linnet.elf"
    words += " ktest_seed=%d" % options.seed if options.seed else ""
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", "-M", "microvm", "-accel", "tcg,thread=multi", "-cpu", options.cpu,
         "-m", "512" if options.san else "256", "-smp", str(options.cpus),
         "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
         "-kernel", str(kernel), "-initrd", initrd, "-append", "console=ttyS0 panic=-1 " + words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    dog = threading.Timer(900 if options.san else 240, qemu.kill)
    dog.start()
    text = qemu.communicate()[0].decode(errors="replace").replace("\r", "")
    dog.cancel()
    return text


def run_ordinary(options, initrd):
    text = boot(options, "ktest" + ("=" + options.name if options.name else ""), initrd)
    plan = re.search(r"^1\.\.(\d+)$", text, re.M)
    passed = len(re.findall(r"^ok \d+ - ", text, re.M))
    expected = int(plan.group(1)) if plan else 1
    if passed != expected or "Kernel panic" in text or "\nsanitizer:" in text:
        print(text[-6000:])
        print("\n".join(re.findall(r"^(?:# .*:\d+:.*|not ok .*)$", text, re.M)))
        return min(passed, expected), max(expected - passed, 1)
    return passed, 0


def says(report, pieces):
    """Whether matches of these expressions follow each other."""
    at = 0
    for piece in pieces:
        found = re.compile(piece).search(report, at)
        if not found:
            print("not said: " + piece)
            return False
        at = found.end()
    return True


def run_panicking(options, name, pieces, initrd):
    """A test that must end in a panic that says all of this, before init starts."""
    text = boot(options, "ktest=" + name, initrd)
    report = text[max(text.find("# ktest_seed"), 0):]
    good = "Kernel panic" in report and says(report, pieces) and "# ktest:" not in text
    print("%s %s" % ("ok" if good else "not ok", name), flush=True)
    if not good:
        print(text[-6000:])
    return good


def must_panic(options):
    """The tests that end in a panic, and the expressions that what it says must match."""
    if options.san:
        text = (ROOT / "tests/kernel/planted" / (options.san + ".c")).read_text()
        found = [(name, [re.escape(words)]) for name, words in REPORTS.findall(text)]
    else:
        found = [(name, [piece for line in EXPECT.findall(body) for piece in line.split(".*")])
                 for path in sorted((ROOT / "tests/kernel").glob("*.c"))
                 for name, body in PANICS.findall(path.read_text())]
    return [(name, pieces) for name, pieces in found if options.name in name]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--san", choices=["undefined", "address", "thread"])
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--cpu", default="max", help="model of the processor")
    parser.add_argument("--seed", type=int, default=0, help="of the order and of random choices")
    parser.add_argument("--planted", action="store_true", help="only what must panic")
    parser.add_argument("--ordinary", action="store_true", help="only what must not")
    parser.add_argument("name", nargs="?", default="")
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.NamedTemporaryFile(suffix=".cpio") as initrd:
        # A first program that powers off ends the machine after the tests.
        initrd.write(newc.archive({"init": (ROOT / "build/user/bootprobe").read_bytes(),
                                   "dev": None}))
        initrd.flush()
        if not options.planted:
            passed, failed = run_ordinary(options, initrd.name)
        for name, pieces in [] if options.ordinary else must_panic(options):
            good = run_panicking(options, name, pieces, initrd.name)
            passed += good
            failed += not good
    print("kernel: %d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


sys.exit(main())
