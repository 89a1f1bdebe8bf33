# SPDX-License-Identifier: MIT
"""Debian's Linux in the same QEMU, as the judge of what programs print.

What Linux printed is kept in build/system/linux/, by the hash of all that went in.
"""
import difflib
import hashlib
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = ROOT / "build/system/linux"


def linux(words, initrd, stdin=b"", memory="256M"):
    """What WORDS print (bytes) and the status they end with on Linux, with that initramfs."""
    kernel = subprocess.run([str(ROOT / "tools/oracle")], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    parts = [initrd.read_bytes(), stdin, memory.encode(), *(w.encode() for w in words),
             str(pathlib.Path(kernel).stat().st_size).encode()]
    key = hashlib.sha256(b"".join(hashlib.sha256(p).digest() for p in parts)).hexdigest()[:24]
    file = CACHE / key
    if not file.exists():
        done = subprocess.run([str(ROOT / "linnet"), "run", "--kernel", kernel, "--machine", "pc",
                               "--memory", memory, "--timeout", "400", "--initrd", str(initrd),
                               "--", *words], input=stdin, capture_output=True, check=False)
        assert done.returncode not in (124, 125), done.stderr.decode(errors="replace")
        CACHE.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%d\n" % done.returncode + done.stdout)
    status, output = file.read_bytes().split(b"\n", 1)
    return output, int(status)


def assert_same(expected, got):
    """Compares two texts (bytes); fails with the lines that differ."""
    lines = [text.decode(errors="replace").splitlines() for text in (expected, got)]
    difference = list(difflib.unified_diff(*lines, "expected", "inside", "", "", 2, ""))
    assert not difference, "\n".join(difference[:300])
