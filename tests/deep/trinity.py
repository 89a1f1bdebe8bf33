#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""trinity.py [--seed N] [--minutes N] [--san NAME]: system calls with random arguments.

Debian's trinity runs as nobody, again and again with seeds that follow from the first, for
20 minutes on 2 processors of a sanitizer build. Then all of its processes are ended and
its files, System V objects and message queues removed, which outlive processes. The kernel must not have panicked nor reported anything, and processes,
free frames and slab memory must be back to where they were, but for what caches keep.
"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILDS = {"undefined": "ubsan", "address": "kasan", "thread": "kcsan"}

# The first round warms caches; what is compared is after it and after the last.
SCRIPT = r"""
seed=%(seed)d end=$(($(date +%%s) + %(seconds)d))
clean() {
	pkill -KILL -u nobody; sleep 2; cd /; rm -rf /tmp/t
	find /tmp /dev/shm -user nobody -delete 2>/dev/null
	ipcrm --all
	mkdir -p /queues; mount -t mqueue queues /queues 2>/dev/null && { rm -f /queues/*; umount /queues; }
	sleep 1
}
figures() {
	echo "@ $1 tasks $(ls -d /proc/[0-9]* | wc -l)" $(grep -E '^(MemFree|Slab|KernelStack|PageTables)' /proc/meminfo | tr -d ' ')
}
round() {
	mkdir -p /tmp/t; chmod 1777 /tmp /tmp/t; cd /tmp/t
	setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs \
		timeout -k 5 60 trinity -q -q -l off --disable-fds=sockets -C 4 -s $seed -N 100000 >/dev/null 2>&1
	echo "@ round $seed ended $?"
	seed=$((seed + 1))
	clean
}
round; figures before
while [ $(date +%%s) -lt $end ]; do round; done
figures after
"""


def figures(text, name):
    line = re.search(r"^@ %s tasks (\d+) (.*)$" % name, text, re.M)
    if not line:
        return None
    values = {"tasks": int(line.group(1))}
    values.update((key, int(n)) for key, n in re.findall(r"(\w+):(\d+)", line.group(2)))
    return values


def faults(text, console, slack):
    """What is wrong, in words."""
    if "Kernel panic" in console or "sanitizer:" in console:
        at = re.search(r"sanitizer:|Kernel panic", console).start()
        yield "the kernel reported:\n" + console[at:at + 6000]
    before, after = figures(text, "before"), figures(text, "after")
    if not before or not after:
        yield "the machine did not come to the end:\n" + console[-3000:]
        return
    print("before: %s\nafter:  %s" % (before, after))
    if after["tasks"] > before["tasks"]:
        yield "processes were left"
    if after["MemFree"] < before["MemFree"] - slack:
        yield "%d KiB are gone" % (before["MemFree"] - after["MemFree"])
    for key in ("Slab", "KernelStack", "PageTables"):
        if key in before and after[key] > before[key] + slack:
            yield "%s grew by %d KiB" % (key, after[key] - before[key])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--san", choices=BUILDS, default="address")
    parser.add_argument("--slack", type=int, default=4096, help="KiB that caches may have kept")
    options = parser.parse_args()
    initrd = subprocess.run(["tools/debtree", "trinity", "util-linux", "procps", "findutils", "grep"],
                            cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    seconds = int(options.minutes * 60)
    script = SCRIPT % {"seed": options.seed, "seconds": seconds}
    done = subprocess.run(
        ["./linnet", "run", "--kernel", "build/%s/linnet.elf" % BUILDS[options.san], "--memory", "1G",
         "--cpus", "2", "--verbose", "--timeout", str(2 * seconds + 600), "--initrd", initrd,
         "--append", "kcsan_seed=%d" % options.seed, "--", "/bin/bash", "-c", script],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    text, console = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    print("".join(line + "\n" for line in text.splitlines() if line.startswith("@ ")), end="")
    found = list(faults(text, console, options.slack))
    for fault in found:
        print("trinity: " + fault)
    print("trinity: %d passed, %d failed" % (not found, len(found)))
    return 1 if found else 0


sys.exit(main())
