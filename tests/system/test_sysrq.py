# SPDX-License-Identifier: MIT
"""Keys that make the kernel tell about itself (kernel/base/sysrq.h)."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tell(keys, cpus=2):
    script = "".join("echo %s > /proc/sysrq-trigger; " % key for key in keys)
    done = subprocess.run([str(ROOT / "linnet"), "run", "--verbose", "--cpus", str(cpus), "--", "/bin/sh", "-c",
                           "sleep 1000 & " + script + "exit 7"], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 7
    return done.stdout + done.stderr


def test_help_names_the_keys():
    text = tell("h")
    for word in ("show-all-locks(d)", "show-task-states(t)", "show-blocked-tasks(w)",
                 "show-backtrace-all-active-cpus(l)", "help(h)"):
        assert word in text


def test_tasks_and_processors_with_call_chains():
    text = tell("tl", cpus=3)
    assert "task:worker/2" in text and "worker_main+0x" in text
    assert "state: sleeps" in text and "sched_switch+0x" in text
    for cpu in range(3):
        assert "processor %d, thread " % cpu in text
    assert "sched_idle+0x" in text


def test_locks_and_blocked_tasks_without_any_deadlock():
    text = tell("dw")
    assert "show-all-locks(d)" in text and "show-blocked-tasks(w)" in text
    assert "DEADLOCK" not in text
