# SPDX-License-Identifier: MIT
"""What all system tests share: running programs inside through ./linnet run.

LINNET_KERNEL=FILE runs them on another kernel; with Debian's Linux there, they show
whether a failure is the kernel's or the harness's.
"""
import os
import pathlib
import subprocess

import pexpect
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINNET = str(ROOT / "linnet")
KERNEL = os.environ.get("LINNET_KERNEL")
PROMPT = r"root@linnet:\S*# "
# After the program, on its error output: what the kernel logged as a warning or worse, but for
# the calls it lacks, and only what came from the kernel (facility 0).
COMPLAINTS = r"""
"$@"
status=$?
timeout 1 cat /dev/kmsg | sed -n '/^[0-4],/{/system call .* is not there/!s/^/kernel: /p}' >&2
exit $status
"""


def pytest_addoption(parser):
    parser.addoption("--deep", action="store_true", help="also tests that take minutes")


def pytest_configure(config):
    config.addinivalue_line("markers", "deep: takes minutes; only with --deep")
    config.addinivalue_line("markers", "linnet: makes sense on our own kernel only")


def pytest_collection_modifyitems(config, items):
    """Deselects what was not asked for: a test that did not run is not counted."""
    keep, drop = [], []
    for item in items:
        deep = "deep" in item.keywords and not config.getoption("--deep")
        foreign = "linnet" in item.keywords and KERNEL
        (drop if deep or foreign else keep).append(item)
    config.hook.pytest_deselected(items=drop)
    items[:] = keep


def command(*options):
    """The words of ./linnet run with these options, for the kernel under test."""
    words = [LINNET, "run", "--timeout", "120"]
    if KERNEL:
        # Linux measures its clock against the PIT alone on microvm, and gives up when
        # the host is busy; the PC has better clocks.
        words += ["--kernel", os.path.abspath(KERNEL), "--machine", "pc"]
    return words + list(options)


class Linnet:
    """Runs programs inside; each call boots a machine of its own."""

    def run(self, *program, options=(), stdin=b"", timeout=150):
        """Runs PROGRAM; gives a CompletedProcess with bytes."""
        return subprocess.run(command(*options) + ["--", *program], input=stdin,
                              capture_output=True, timeout=timeout, check=False)

    def sh(self, script, **more):
        """Runs a shell script; gives what it printed, or fails with all it said."""
        done = self.run("/bin/sh", "-c", script, **more)
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        return done.stdout.decode()

    def run_in(self, tree, cpus, *program, memory="1G", seconds=200, stdin=b""):
        """Runs a program of a Debian archive with bash and sed; gives output and status.

        Fails when the kernel complained, or the machine did not end well.
        """
        options = ["--initrd", str(tree), "--memory", memory, "--cpus", cpus,
                   "--timeout", str(seconds)]
        done = self.run("/bin/bash", "-c", COMPLAINTS, "run", *program, options=options,
                        timeout=seconds + 30, stdin=stdin)
        said = done.stderr.decode(errors="replace")
        assert "kernel: " not in said and done.returncode not in (124, 125), \
            (done.returncode, said, done.stdout)
        return done.stdout, done.returncode

    def popen(self, *program, options=(), **more):
        return subprocess.Popen(command(*options) + ["--", *program], **more)

    def terminal(self, *program, options=(), rows=24, columns=80):
        """A program, or the shell, at a terminal of that size: a pexpect object."""
        words = command(*options) + (["--", *program] if program else [])
        return pexpect.spawn(words[0], words[1:], timeout=60, dimensions=(rows, columns))

    def shell(self, **more):
        """The interactive shell, at its first prompt."""
        terminal = self.terminal(**more)
        terminal.expect(PROMPT)
        return terminal


@pytest.fixture
def linnet():
    return Linnet()


@pytest.fixture(scope="session")
def root():
    return ROOT
