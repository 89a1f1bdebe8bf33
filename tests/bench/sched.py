#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""sched.py [--again] [--json] [--part PART]... [--row NAME]...: what all else rests on.

System calls, files, faults, processes, threads and switches, beside Debian's Linux.
"""
import sys

import beside

SUITE = beside.Suite(name="sched", parts=("instructions", "wall", "two"),
                     most={"lateness, timer slack 1": 10000})

if __name__ == "__main__":
    sys.exit(beside.main(SUITE))
