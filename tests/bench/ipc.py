#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""ipc.py [--again] [--json] [--part PART]... [--row NAME]...: processes that talk.

Sockets, events, messages, terminals and shells, beside Debian's Linux. The shells, what
they start and Python are Debian's packages.
"""
import functools
import pathlib
import subprocess
import sys

import beside

PACKAGES = "dash coreutils sed grep mawk diffutils python3-minimal".split()


@functools.cache
def tree():
    path = subprocess.run([str(beside.ROOT / "tools/debtree"), *PACKAGES], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    return pathlib.Path(path).read_bytes()


SUITE = beside.Suite(
    name="ipc", parts=("instructions", "wall"), most={},
    alone=("start python3", "a configure-like script"), tree=tree,
    members={"configure": (pathlib.Path(__file__).parent / "configure").read_bytes()})

if __name__ == "__main__":
    sys.exit(beside.main(SUITE))
