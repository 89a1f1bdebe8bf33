# SPDX-License-Identifier: MIT
"""The figures that must not get worse; QEMU counts instructions, so they repeat."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
import boot  # noqa: E402 (the path above is where it is)

KERNEL = ROOT / "build/linnet.elf"
pytestmark = pytest.mark.linnet


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run(["flock", "build/.lock", "make", "-f", "tools/host.mk"], cwd=ROOT, check=True)


@pytest.mark.parametrize("kind", ["plain", "gzip"])
def test_instructions_to_init(kind):
    count = boot.instructions(KERNEL, "quiet", kind, "microvm")
    assert count and count <= boot.LIMITS["microvm, " + kind]


def test_memory_held_by_an_idle_shell():
    held = boot.held(KERNEL, "quiet")
    assert held and held <= boot.LIMITS["held"]


def test_shell_in_little_memory():
    assert "@shell" in boot.boot(KERNEL, "quiet", "shell", memory=boot.LIMITS["least"])


def test_size_of_the_kernel():
    assert KERNEL.stat().st_size < boot.LIMITS["size"] * 1048576
