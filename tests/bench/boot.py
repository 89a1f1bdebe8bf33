#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""boot.py [--again]: how much it takes to boot, beside Debian's Linux.

Both kernels run in the same QEMU on the same processor model with the same initramfs
(the default one, with a probe added), and QEMU counts instructions: one virtual
nanosecond each, so that every run gives the same figures. Linux runs as shipped and
with its self-tests off. Its figures are kept in build/bench/linux.json; --again
measures them anew.
"""
import gzip
import json
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

BUILD = ROOT / "build"
KEPT = BUILD / "bench/linux.json"
CPU = "max,erms=off,fsrm=off,pku=off,la57=off,smap=off,mpx=off"
SHELL = ("while read name value unit; do case $name in MemAvailable:) "
         "echo @available $value;; esac; done </proc/meminfo; echo @shell")
LIMITS = {"microvm, plain": 5.0, "microvm, gzip": 40.0, "held": 8.0, "least": 24, "size": 1.0}


def initrd(kind):
    """The default initramfs with the probe, or with orders for our init."""
    plain = (BUILD / "initramfs.cpio").read_bytes()
    if kind == "shell":
        orders = ["mode=tty", "arg=/bin/sh", "arg=-c", "arg=" + SHELL]
        return plain + newc.archive({".linnet/run": "\0".join(orders + [""]).encode()})
    plain += newc.archive({"probe": (BUILD / "user/bootprobe").read_bytes()})
    return gzip.compress(plain, 9, mtime=0) if kind == "gzip" else plain


def boot(kernel, words, kind, machine="microvm", memory=256, limit=180):
    """Boots once, counting instructions; gives what the console said."""
    init = "/init" if kind == "shell" else "/probe"
    with tempfile.NamedTemporaryFile(dir=BUILD, suffix=".cpio") as archive:
        archive.write(initrd(kind))
        archive.flush()
        qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-M", machine, "-accel", "tcg", "-icount", "shift=0,sleep=off",
             "-rtc", "base=2027-01-01,clock=vm", "-seed", "1", "-smp", "1", "-cpu", CPU,
             "-m", str(memory), "-nodefaults", "-no-reboot", "-display", "none",
             "-serial", "stdio", "-chardev", "null,id=other",
             "-device", "isa-serial,chardev=other,index=1", "-kernel", str(kernel),
             "-initrd", archive.name,
             "-append", "console=ttyS0 panic=-1 rdinit=%s %s" % (init, words)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        dog = threading.Timer(limit, qemu.kill)
        dog.start()
        text = qemu.communicate()[0].decode(errors="replace")
        dog.cancel()
        return text


def figure(text, name):
    """The number behind @NAME, or None when the machine never got there."""
    found = re.search(r"@%s (\d+)" % name, text)
    return int(found.group(1)) if found else None


def instructions(kernel, words, kind, machine):
    """Millions of instructions from reset to the first of init."""
    count = figure(boot(kernel, words, kind, machine), "boot")
    return None if count is None else count / 1e6


def held(kernel, words):
    """Mebibytes that are not available in a machine of 256 while a shell is idle."""
    available = figure(boot(kernel, words, "shell"), "available")
    return None if available is None else 256 - available / 1024


def least(kernel, words):
    """The least mebibytes of memory in which a shell is reached."""
    low, high = 4, 256
    if "@shell" not in boot(kernel, words, "shell", memory=high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if "@shell" in boot(kernel, words, "shell", memory=middle, limit=60):
            high = middle
        else:
            low = middle
    return high


def measure(kernel, words, image):
    """All figures of one kernel, by the names that the table uses."""
    figures = {}
    for machine in ("microvm", "pc", "q35"):
        for kind in ("plain", "gzip"):
            print("bench: %s on %s, %s" % (pathlib.Path(kernel).name, machine, kind),
                  file=sys.stderr)
            figures["%s, %s" % (machine, kind)] = instructions(kernel, words, kind, machine)
    print("bench: memory of %s" % pathlib.Path(kernel).name, file=sys.stderr)
    figures["held"] = held(kernel, words)
    figures["least"] = least(kernel, words)
    figures["size"] = os.stat(image).st_size / 1048576
    return figures


def linux(again):
    if KEPT.is_file() and not again:
        return json.loads(KEPT.read_text())
    kernel = subprocess.run([str(ROOT / "tools/oracle")], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    image = ROOT / "build/oracle/vmlinuz"
    figures = {"shipped": measure(kernel, "quiet", image),
               "quick": measure(kernel, "quiet cryptomgr.notests", image)}
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(figures, indent=1))
    return figures


def row(label, unit, ours, shipped, quick, limit):
    def show(value, form="%10.2f"):
        return "%10s" % "-" if value is None else form % value

    ratio = "%9.1fx" % (quick / ours) if ours and quick else "%10s" % "-"
    verdict = ""
    if limit is not None:
        good = ours is not None and ours <= limit
        verdict = "  %s %g" % ("within" if good else "OVER", limit)
    print("%-34s %-6s%s%s%s%s%s" % (label, unit, show(ours), show(shipped), show(quick), ratio,
                                    verdict))


def main():
    theirs = linux("--again" in sys.argv)
    ours = measure(BUILD / "linnet.elf", "quiet", BUILD / "linnet.elf")
    print("%-34s %-6s%10s%10s%10s%10s" % ("", "", "Linnet", "Linux", "no tests", "ratio"))
    labels = {"held": ("memory held by an idle shell", "MiB"),
              "least": ("least memory that reaches a shell", "MiB"),
              "size": ("size of the kernel's file", "MiB")}
    for name, value in ours.items():
        label, unit = labels.get(name, ("reset to init: " + name, "Minstr"))
        row(label, unit, value, theirs["shipped"].get(name), theirs["quick"].get(name),
            LIMITS.get(name))
    missed = [n for n, limit in LIMITS.items() if ours[n] is None or ours[n] > limit]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
