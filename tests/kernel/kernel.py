#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""kernel.py [--cpus N] [NAME]: runs the debug kernel's tests of itself (base/ktest.h) in QEMU.

One machine runs all that end by themselves; each KTEST_PANICS then has a machine of its
own, and passes when that panics. NAME chooses tests whose names contain it. The last
line is "kernel: N passed, M failed". The kernel must be built: make DEBUG=1.
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

PANICS = re.compile(r"^KTEST_PANICS\((\w+)\)", re.M)


def boot(words, initrd, cpus):
    """What the console says, until the machine ends or its time is up."""
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", "-M", "microvm", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "256", "-smp", cpus,
         "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
         "-kernel", str(ROOT / "build/debug/linnet.elf"), "-initrd", initrd,
         "-append", "console=ttyS0 panic=-1 " + words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    dog = threading.Timer(240, qemu.kill)
    dog.start()
    text = qemu.communicate()[0].decode(errors="replace").replace("\r", "")
    dog.cancel()
    return text


def run_ordinary(pattern, initrd, cpus):
    text = boot("ktest" + ("=" + pattern if pattern else ""), initrd, cpus)
    plan = re.search(r"^1\.\.(\d+)$", text, re.M)
    passed = len(re.findall(r"^ok \d+ - ", text, re.M))
    expected = int(plan.group(1)) if plan else 1
    if passed != expected:
        print(text[-6000:])
    return passed, expected - passed


def run_panicking(name, initrd, cpus):
    text = boot("ktest=" + name, initrd, cpus)
    before_init = text.split("# ktest:")[0]
    good = "Kernel panic" in before_init[before_init.find("# ktest_seed"):] and "# ktest:" not in text
    print("%s %s" % ("ok" if good else "not ok", name), flush=True)
    if not good:
        print(text[-3000:])
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cpus", default="1")
    parser.add_argument("pattern", nargs="?", default="")
    options = parser.parse_args()
    pattern = options.pattern
    names = [n for path in sorted((ROOT / "tests/kernel").glob("*.c"))
             for n in PANICS.findall(path.read_text()) if pattern in n]
    with tempfile.NamedTemporaryFile(suffix=".cpio") as initrd:
        # A first program that powers off ends the machine after the tests.
        initrd.write(newc.archive({"init": (ROOT / "build/user/bootprobe").read_bytes(),
                                   "dev": None}))
        initrd.flush()
        passed, failed = run_ordinary(pattern, initrd.name, options.cpus)
        for name in names:
            good = run_panicking(name, initrd.name, options.cpus)
            passed += good
            failed += not good
    print("kernel: %d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


sys.exit(main())
