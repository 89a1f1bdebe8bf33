#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""guest.py [--kernel FILE] [--cpus N] [--cpu MODEL] [--append WORDS] [--verbose] [TEST ...]: the guest ring of tests.

Builds tests/guest/*.c, runs the binaries on Debian's Linux and on Linnet in the same
QEMU, and compares what they printed, line for line. Each TAP line is one test. What
Linux printed is kept in build/guest/linux/, by the hash of the binary.

A kernel that stops in the middle of a test costs that test; it is started again for
the ones after it. One that panics fails the run whenever it does, between two tests or on
its way to power off too. Debug and sanitizer builds, told by the folder of their kernel, have
more time.
"""
import argparse
import difflib
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import newc  # noqa: E402 (the path above is where it is)

BUILD = ROOT / "build" / "guest"
CACHE = BUILD / "linux"
SILENCE = 60		# seconds without a word after which a machine is taken for dead
LIMIT = 30		# seconds of the machine's own for a test
SLOWER = {"debug": 2, "ubsan": 2, "kasan": 4, "kcsan": 8}	# by the build's folder
PANIC = re.compile(r"Kernel panic|^sanitizer: ")
TAP = re.compile(r"(ok|not ok) \d+ - |1\.\.\d|# ")
AFTER = ""		# stands, among the names of tests, for a panic in none of them
MAX_BOOTS = 12
# These look at five levels of page tables, which Linux turns on in the code that unpacks it or not
# at all. The others have a processor with four, as most machines, unless one is named.
WIDE = {"wide"}
MODEL = "max"


class Outcome:
    """What one test printed, and how it ended: "exit 0", "signal 11", "timeout"..."""

    def __init__(self):
        self.lines = []
        self.noise = []
        self.end = "the kernel stopped"

    def text(self):
        return self.lines + ["@ " + self.end]


def boot(kernel, names, machine, verbose, cpus, words, cpu):
    """Boots once with these tests; gives {name: Outcome} and the console's last lines."""
    slower = SLOWER.get(pathlib.Path(kernel).parent.name, 1)
    members = {"init": (ROOT / "build/user/runtests").read_bytes(), "dev": None,
               "proc": None, "tmp": None, "tests/limit": b"%d\n" % (LIMIT * slower),
               "tests/list": "".join(n + "\n" for n in names).encode()}
    for name in names:
        members["tests/" + name] = (BUILD / name).read_bytes()
    with tempfile.NamedTemporaryFile(dir=BUILD, suffix=".cpio") as initrd:
        initrd.write(newc.archive(members))
        initrd.flush()
        qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-M", machine, "-accel", "tcg,thread=multi", "-cpu", cpu,
             "-m", "512", "-smp", cpus,
             "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
             "-chardev", "null,id=loop", "-device", "isa-serial,chardev=loop,index=1",
             "-kernel", str(kernel), "-initrd", initrd.name,
             "-append", "console=ttyS0 quiet panic=-1 rdinit=/init" + (" " + words if words else "")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            return listen(qemu, verbose, SILENCE * slower)
        finally:
            qemu.kill()
            qemu.wait()


def listen(qemu, verbose, silence):
    """Hears the machine to its end; gives {name: Outcome} and the console's last lines."""
    outcomes, current, tail, panicked = {}, None, [], False
    dog = threading.Timer(silence, qemu.kill)
    dog.start()
    for raw in qemu.stdout:
        dog.cancel()
        dog = threading.Timer(silence, qemu.kill)
        dog.start()
        line = raw.decode(errors="replace").rstrip("\r\n")
        tail = (tail if panicked else tail[-40:])[-200:] + [line]
        if verbose:
            print("   |", line)
        panicked |= bool(PANIC.search(line))
        if line.startswith("@begin "):
            current = outcomes.setdefault(line.split()[1], Outcome())
        elif line.startswith("@end ") and current:
            current.end = " ".join(line.split()[2:])
            current = None
        elif current:
            (current.lines if TAP.match(line) else current.noise).append(line)
    dog.cancel()
    if current:
        current.noise = tail
    elif panicked:
        outcomes[AFTER] = Outcome()
        outcomes[AFTER].noise = tail
    return outcomes, tail


def run_all(kernel, names, machine, verbose=False, cpus="1", words="", cpu=MODEL):
    """Boots until each test had its turn."""
    results, left = {}, list(names)
    for _ in range(MAX_BOOTS):
        if not left:
            break
        outcomes, tail = boot(kernel, left, machine, verbose, cpus, words, cpu)
        results.update(outcomes)
        if not outcomes.keys() - {AFTER}:
            outcome = Outcome()
            outcome.noise = tail
            results.update({name: outcome for name in left})
            break
        left = [n for n in left if n not in outcomes]
    for name in left:
        results.setdefault(name, Outcome())
    return results


def run_both(kernel, wide_kernel, names, machine, verbose=False, cpus="1", words="", cpu=MODEL):
    """run_all() for those that want five levels, and the others."""
    wide = [n for n in names if n in WIDE]
    results = run_all(wide_kernel, wide, machine, verbose, cpus, words, cpu)
    results.update(run_all(kernel, [n for n in names if n not in WIDE], machine, verbose, cpus, words,
                           cpu + ",la57=off" if cpu == MODEL else cpu))
    return results


def ask(kernel, names, cpu, files, last):
    """Runs them on Linux and keeps what it prints. On a busy host one may fail there, and is asked again."""
    print("guest: asking Linux about %d tests" % len(names), file=sys.stderr)
    outcomes = run_both(kernel, kernel.replace("vmlinux", "vmlinuz"), names, "pc", cpu=cpu)
    for name, outcome in ((n, outcomes[n]) for n in names):
        text = "\n".join(outcome.text()) + "\n"
        if outcome.end == "exit 0":
            files[name].write_text(text)
        elif last:
            print("guest: %s fails on Linux:\n%s" % (name, text), file=sys.stderr)


def oracle(names, cpu):
    """What Linux prints; from the cache where the binary is the same, and the processor."""
    kernel = subprocess.run([str(ROOT / "tools/oracle")], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    kernel_id = os.stat(kernel).st_size
    CACHE.mkdir(parents=True, exist_ok=True)
    runner = (ROOT / "build/user/runtests").read_bytes()
    files = {}
    for name in names:
        digest = hashlib.sha256(runner + (BUILD / name).read_bytes()).hexdigest()[:16]
        files[name] = CACHE / ("%s-%s-%d%s" % (name, digest, kernel_id,
                                               "" if cpu == MODEL else "-" + cpu))
    for last in (False, False, True):
        missing = [n for n in names if not files[n].exists()]
        if missing:
            ask(kernel, missing, cpu, files, last)
    return {n: files[n].read_text().splitlines() if files[n].exists() else None for n in names}


def judge(name, expected, outcome):
    """Prints the differences; gives how many tests passed and failed."""
    if expected is None:
        print("not ok %s: no word from Linux" % name)
        return 0, 1
    got = outcome.text()
    points = [line for line in expected if re.match(r"(ok|not ok) ", line)]
    good = set(line for line in got if line.startswith("ok "))
    passed = sum(line in good for line in points)
    failed = len(points) - passed
    if got == expected:
        print("ok %s: %d" % (name, passed))
        return passed, 0
    print("not ok %s: %d of %d (%s)" % (name, failed, len(points), outcome.end))
    for line in list(difflib.unified_diff(expected, got, "linux", "linnet", "", "", 1))[2:62]:
        print("   ", line)
    panic = any(PANIC.search(line) for line in outcome.noise)
    for line in outcome.noise if panic else outcome.noise[-25:]:
        print("    console:", line)
    return passed, max(failed, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", default=str(ROOT / "build/linnet.elf"))
    parser.add_argument("--machine", default="microvm")
    parser.add_argument("--cpus", default="1", help="processors of Linnet; Linux has one")
    parser.add_argument("--cpu", default=MODEL, help="model of the processor, of both")
    parser.add_argument("--append", default="", help="words for Linnet's command line")
    parser.add_argument("--verbose", action="store_true", help="show the console")
    parser.add_argument("--linux-only", action="store_true", help="only try them on Linux")
    parser.add_argument("--deep", action="store_true", help="nothing more, as yet")
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    for folder in ("user", "tests/guest"):
        subprocess.run(["make", "--no-print-directory", "-C", str(ROOT / folder), "-j2"],
                       check=True, stdout=sys.stderr)
    names = options.tests or sorted(p.stem for p in (ROOT / "tests/guest").glob("*.c"))
    expected = oracle(names, options.cpu)
    if options.linux_only:
        for name in names:
            print("\n".join(["== " + name] + (expected[name] or [])))
        return 0 if all(expected.values()) else 1
    results = run_both(options.kernel, options.kernel, names, options.machine, options.verbose,
                       options.cpus, options.append, options.cpu)
    passed = failed = 0
    for name in names:
        more, bad = judge(name, expected[name], results[name])
        passed += more
        failed += bad
    if AFTER in results:
        print("not ok: a panic outside of tests")
        for line in results[AFTER].noise:
            print("    console:", line)
        failed += 1
    print("guest: %d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
