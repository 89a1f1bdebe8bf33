# SPDX-License-Identifier: MIT
"""Several processors: how many run, what limits them, and that programs get them all."""
import re

import pytest

COUNT = "grep -c ^processor /proc/cpuinfo; nproc; grep -c '^cpu[0-9]' /proc/stat"


@pytest.mark.linnet
@pytest.mark.parametrize("cpus, words, running", [
    ("1", "", 1), ("2", "", 2), ("3", "", 3), ("4", "", 4), ("8", "", 8), ("16", "", 16),
    ("4", "nosmp", 1), ("4", "maxcpus=2", 2), ("4", "maxcpus=1", 1), ("4", "maxcpus=0", 1),
    ("2", "maxcpus=9", 2), ("4", "nosmp maxcpus=4", 1),
])
def test_as_many_processors_as_there_should_be(linnet, cpus, words, running):
    text = linnet.sh(COUNT, options=["--cpus", cpus, "--append", words])
    assert text.split() == [str(running)] * 3


BUSY = """
for i in 1 2 3 4; do
	(n=0; while [ $n -lt 60000 ]; do n=$((n + 1)); done) &
done
wait
grep '^cpu[0-9]' /proc/stat
"""


def test_four_busy_programs_use_four_processors(linnet):
    text = linnet.sh(BUSY, options=["--cpus", "4"])
    busy = [sum(map(int, re.split(" +", line)[1:4])) for line in text.splitlines()]
    assert len(busy) == 4
    assert min(busy) > 0.4 * max(busy), text


def test_a_program_runs_where_it_is_told_to(linnet):
    script = "for cpu in 0 1 2 3 2 1; do taskset -c $cpu cut -d ' ' -f 39 /proc/self/stat; done"
    assert linnet.sh(script, options=["--cpus", "4"]).split() == list("012321")


def test_interrupts_are_counted_by_processor(linnet):
    script = "for cpu in 0 1 2; do taskset -c $cpu usleep 20000; done; cat /proc/interrupts"
    head, *lines = linnet.sh(script, options=["--cpus", "3"]).splitlines()
    assert head.split() == ["CPU0", "CPU1", "CPU2"]
    rows = {line.split(":")[0].strip(): line.split(":")[1].split()[:3] for line in lines}
    assert {"4", "NMI", "LOC", "SPU", "RES", "CAL", "TLB"} <= rows.keys()
    assert all(number.isdigit() for name in rows for number in rows[name] if name not in ("ERR", "MIS")), rows
    assert all(int(number) for number in rows["LOC"]), rows
    assert sum(map(int, rows["RES"] + rows["CAL"])), rows
