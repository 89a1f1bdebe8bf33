#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""hostile.py [--seed N] [--rounds N]: damaged programs by the thousand on the SAN=address build.

Each round boots a machine with 1500 programs whose headers are damaged at random, and
executes each twice (tests/system/scripts/hostile.c). Whatever they do, the machine ends
as it should, memory is what it was, and the sanitizer says nothing.
"""
import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tools")]
import conftest  # noqa: E402 (the path above is where they are)
import hostile  # noqa: E402
import programs  # noqa: E402

SCRIPT = ROOT / "tests/system/scripts/hostile.c"
KERNEL = ROOT / "build/kasan/linnet.elf"


def one_round(seed):
    runner = programs.c_program("hostile", SCRIPT.read_text())
    members = {"h/" + name: data for name, data in hostile.noise(1500, seed)}
    initrd = programs.initramfs("hostile-deep", {"hostile": runner.read_bytes(), **members})
    done = conftest.Linnet().run("/hostile", timeout=900, options=[
        "--kernel", str(KERNEL), "--initrd", str(initrd), "--verbose", "--memory", "512M",
        "--cpus", "2", "--timeout", "800"])
    said = done.stderr.decode(errors="replace")
    good = done.stdout.endswith(b"end\n") and b"lost" not in done.stdout and "sanitizer:" not in said
    if not good:
        print(done.stdout[-2000:].decode(errors="replace"), said[-6000:], sep="\n")
    print("%s round with seed %d" % ("ok" if good else "not ok", seed), flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    results = [one_round(options.seed + i) for i in range(options.rounds)]
    print("hostile: %d passed, %d failed" % (sum(results), len(results) - sum(results)))
    return 0 if all(results) else 1


sys.exit(main())
