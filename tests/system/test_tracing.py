# SPDX-License-Identifier: MIT
"""Debian's strace, gdb and ltrace, unmodified, on programs with threads, and on core files."""
import pathlib
import re
import subprocess

import programs
import pytest

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
CPUS = pytest.mark.parametrize("cpus", ["1", "2", "4"])


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """An initramfs with the tools, and a program with debug information at /work/traced."""
    built = tmp_path_factory.mktemp("traced") / "traced"
    subprocess.run(["gcc", "-g", "-O0", "-o", built, SCRIPTS / "traced.c", "-lpthread"], check=True)
    return programs.debian("tracing", ["strace", "gdb", "ltrace"],
                           {"work/traced": built.read_bytes()})


@pytest.fixture
def run(linnet, tree):
    """Runs a script of bash on CPUS processors; gives what it printed."""
    def runs(cpus, text):
        options = ["--initrd", str(tree), "--memory", "1G", "--cpus", cpus, "--timeout", "150"]
        done = linnet.run("/bin/bash", "-c", "cd /tmp\n" + text + "\nexit 0", options=options,
                          timeout=180)
        output = done.stdout.decode(errors="replace")
        assert done.returncode == 0, (output, done.stderr)
        return output
    return runs


def gdb(*commands):
    """Words of a shell command that gives gdb these commands."""
    words = ["timeout 100 gdb -q -batch -ex 'set pagination off' -ex 'set confirm off'"]
    return " ".join(words + ["-ex '%s'" % c for c in commands])


@CPUS
def test_strace_follows_all(run, cpus):
    output = run(cpus, """
        strace -f -o out bash -c 'echo hi; /bin/true; (exit 3)'; echo "status $?"; cat out
        strace -f -o threads /work/traced; echo "status $?"; cat threads""")
    assert output.startswith("hi\nstatus 3\n")
    assert len(re.findall(r"execve\(", output)) >= 3
    assert re.search(r'write\(1, "hi\\n", 3\) += 3\n', output)
    assert re.search(r"\d+ +\+\+\+ exited with 3 \+\+\+\n", output)
    assert "value 42\nstatus 3\n" in output
    threads = output.split("value 42\nstatus 3\n")[1]
    assert len(re.findall(r"clone3\(\{flags=CLONE_VM\|", threads)) >= 3
    assert len(re.findall(r"\+\+\+ exited with ", threads)) == 4
    assert not re.search(r"unfinished \.\.\.>\n\Z", threads)


@CPUS
def test_gdb_breakpoint_watchpoint_threads(run, cpus):
    output = run(cpus, gdb("break square", "run", "bt 2", "info threads", "delete", "watch value",
                           "continue", "continue", "delete", "continue") + " /work/traced 2>&1")
    assert re.search(r'Thread \d "traced" hit Breakpoint 1, square', output)
    assert re.search(r"#1 .* in work \(arg=", output)
    assert len(re.findall(r"Thread 0x\w+ \(LWP \d+\)", output)) >= 2
    assert len(re.findall(r"Hardware watchpoint 2: value\n\nOld value = \d+\nNew value = \d+\n",
                          output)) == 2, output
    assert "value 42\n" in output
    assert re.search(r"\[Inferior 1 \(process \d+\) exited with code 03\]", output)


@CPUS
def test_gdb_attaches_and_lets_go(run, cpus):
    output = run(cpus, "/work/traced s & pid=$!; sleep 1\n" +
                 gdb("attach $pid", "bt 3", "detach").replace("'attach $pid'", '"attach $pid"') +
                 " 2>&1; kill $pid; wait $pid; echo status $?")
    assert re.search(r"#0 .* in clock_nanosleep", output), output
    assert re.search(r"\[Inferior 1 \(process \d+\) detached\]", output)
    assert output.endswith("status 143\n"), output


@CPUS
def test_gdb_reads_a_core_file(run, cpus):
    output = run(cpus, "ulimit -c unlimited; /work/traced c; echo status $?; ls core*\n" +
                 gdb("bt", "print value", "info threads", "x/i $rip") + " /work/traced core 2>&1")
    assert "status 139\ncore\n" in output
    assert "Program terminated with signal SIGSEGV" in output
    assert re.search(r"#0 .* crash \(p=0x10\)", output)
    assert re.search(r"#1 .* main \(argc=2", output)
    assert "$1 = 42\n" in output


@CPUS
def test_ltrace(run, cpus):
    output = run(cpus, "timeout 60 ltrace -f -o out /work/traced; echo status $?; cat out")
    assert output.startswith("value 42\nstatus 0\n"), output
    assert "+++ exited (status 3) +++" in output
    assert re.search(r'printf\("value %d\\n", 42', output), output
    assert len(re.findall(r"pthread_create\(", output)) == 3, output
