# SPDX-License-Identifier: MIT
"""The judge of ./linnet bench sched and ipc, on figures made up."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))
import beside  # noqa: E402 (the path above is where it is)
import sched  # noqa: E402


pytestmark = pytest.mark.linnet


def judge(ours, theirs, part="instructions", whole=False):
    lines, wrong = beside.report(sched.SUITE, {part: ours}, {part: theirs}, whole)
    assert all(any(w in line for line in lines) for w in wrong)
    return wrong


def test_equal_figures_are_within_the_limits():
    assert judge({"stat": [100.0]}, {"stat": [100.0]}) == []


def test_slower_by_instructions_is_wrong():
    assert judge({"stat": [103.0]}, {"stat": [100.0]})


def test_by_wall_the_best_run_counts_and_noise_is_allowed():
    assert judge({"stat": [500.0, 118.0]}, {"stat": [100.0]}, "wall") == []
    assert judge({"stat": [125.0]}, {"stat": [100.0, 130.0]}, "wall")


def test_mean_counts_when_all_rows_ran():
    assert judge({"stat": [80.0]}, {"stat": [100.0]}) == []
    assert judge({"stat": [80.0]}, {"stat": [100.0]}, whole=True)


def test_lateness_has_a_limit_of_its_own():
    assert judge({"lateness, timer slack 1": [10001.0]}, {"lateness, timer slack 1": [40000.0]})


@pytest.mark.parametrize("ours, theirs, count", [
    ([1.7, 1.9, 1.9], [1.8, 1.8, 1.9], 0), ([1.7, 1.7, 1.9], [1.8, 1.8, 1.9], 1),
    ([1.7, 1.7, 1.7], [1.6, 1.6, 1.9], 1)])
def test_two_processors(ours, theirs, count):
    assert len(judge({"faults": ours}, {"faults": theirs}, "two")) == count


def test_machine_that_runs_nothing_is_an_error(tmp_path, monkeypatch):
    """Once printed as 0.00x, with exit status 0."""
    (tmp_path / "rows").write_bytes(b"")
    (tmp_path / "tiny").write_bytes(b"")
    monkeypatch.setattr(beside, "BUILD", tmp_path)
    with pytest.raises(beside.Failure):
        beside.boot(sched.SUITE, ROOT / "build/linnet.elf", "", "instructions", [], limit=30)


def test_row_of_no_such_name_is_an_error():
    done = subprocess.run([str(ROOT / "linnet"), "bench", "sched", "--part", "instructions",
                           "--row", "nothing"], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "none is called nothing" in done.stderr
