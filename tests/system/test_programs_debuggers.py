# SPDX-License-Identifier: MIT
"""gdb, strace, ltrace, and what lists processes and files, from Debian's packages.

What they say, but for numbers and addresses, has to be the same as on Debian's Linux.
"""
import pathlib
import subprocess

import oracle
import programs
import pytest

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
PACKAGES = ("gdb strace ltrace lsof psmisc procps coreutils sed grep bash util-linux libc-bin ncurses-base "
            "mawk").split()
PARTS = ("gdb_steps gdb_watches gdb_events gdb_threads gdb_attaches gdb_cores with_strace "
         "with_ltrace with_listings").split()
LAZY = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	puts(argv[1]);
	return getenv("NONE") ? 0 : (int)strlen(argv[1]);
}
"""


def compiled(name, source, *options):
    """A program with shared libraries, as debuggers like it."""
    programs.OUT.mkdir(parents=True, exist_ok=True)
    path = programs.OUT / name
    subprocess.run(["gcc", "-g", "-O0", "-pthread", *options, "-xc", "-", "-o", str(path)],
                   input=source, text=True, check=True, cwd="/tmp")
    return path.read_bytes()


@pytest.fixture(scope="module")
def initrd():
    debugged = compiled("debugged", (SCRIPTS / "debugged.c").read_text())
    lazy = compiled("lazy", LAZY, "-no-pie", "-fno-builtin", "-Wl,-z,lazy")
    return programs.debian("debuggers", PACKAGES, {
        "work/debuggers.sh": (SCRIPTS / "debuggers.sh").read_bytes(),
        "work/debugged": debugged, "work/lazy": lazy})


@pytest.mark.parametrize("cpus", ["1", "2", "4"])
def test_prints_what_linux_prints(linnet, initrd, cpus):
    words = ["bash", "/work/debuggers.sh", *PARTS]
    expected, status = oracle.linux(words, initrd, memory="1G")
    assert status == 0, expected.decode()
    got, status = linnet.run_in(initrd, cpus, *words, seconds=400)
    oracle.assert_same(expected, got)
    assert status == 0
