# SPDX-License-Identifier: MIT
"""./linnet run -- PROGRAM: bytes, statuses and signals arrive unchanged."""
import hashlib
import os
import signal
import subprocess
import time

import pexpect
import pytest
from conftest import LINNET, PROMPT, ROOT, command


def test_issue_example(linnet):
    done = linnet.run("/bin/sh", "-c", "uname -srm; cat /proc/meminfo | head -3; exit 7")
    assert done.returncode == 7
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("Linux ") and lines[0].endswith(" x86_64")
    assert lines[1].startswith("MemTotal:")


@pytest.mark.parametrize("program, status", [
    (["true"], 0),
    (["false"], 1),
    (["sh", "-c", "exit 255"], 255),
    (["sh", "-c", "kill -TERM $$"], 128 + 15),
    (["sh", "-c", "kill -SEGV $$"], 128 + 11),
    (["/no/such/program"], 127),
    (["no-such-program"], 127),
    (["/etc/passwd"], 126),
])
def test_exit_status(linnet, program, status):
    assert linnet.run(*program).returncode == status


def test_output_and_error_stay_apart(linnet):
    done = linnet.run("sh", "-c", "echo out; echo err >&2; printf 'no newline'")
    assert done.stdout == b"out\nno newline"
    assert b"err\n" in done.stderr


def test_input_is_binary_clean_both_ways(linnet):
    data = bytes(range(256)) * 1000
    done = linnet.run("cat", stdin=data)
    assert done.returncode == 0
    assert done.stdout == data


def test_large_output(linnet):
    done = linnet.run("sh", "-c", "seq 1 60000; echo end")
    expected = "".join("%d\n" % n for n in range(1, 60001)) + "end\n"
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(expected.encode()).digest()


def test_end_of_input_is_seen(linnet):
    assert linnet.run("sh", "-c", "read a; echo got $a; read b || echo end",
                      stdin=b"word\n").stdout == b"got word\nend\n"


def test_program_that_ignores_its_input(linnet):
    done = linnet.run("sh", "-c", "exec <&-; sleep 1; echo fine", stdin=b"x" * 100000)
    assert (done.returncode, done.stdout) == (0, b"fine\n")


def test_arguments_arrive_as_they_are(linnet):
    words = ["", "a b", "*", "$HOME", "\\", "'\"", "line\nbreak", "\u00e4\u4e16"]
    done = linnet.run("sh", "-c", 'for w; do printf "[%s]" "$w"; done', "sh", *words)
    assert done.stdout.decode() == "".join("[%s]" % w for w in words)


def test_reader_that_leaves_ends_the_program():
    done = subprocess.run(
        ["sh", "-c", '"$@" | head -n 1', "sh", *command("--", "yes")],
        capture_output=True, timeout=150, check=False)
    assert done.stdout == b"y\n"


def test_background_child_does_not_delay_the_end(linnet):
    start = time.time()
    done = linnet.run("sh", "-c", "sleep 1000 & echo started; exit 3")
    assert (done.returncode, done.stdout) == (3, b"started\n")
    assert time.time() - start < 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_passed_on(linnet, number):
    process = linnet.popen("sh", "-c", "trap 'echo caught; exit 9' INT TERM; echo ready; "
                           "while :; do sleep 1; done",
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.stdout.read() == b"caught\n"
    assert process.wait(60) == 9


def test_timeout_ends_the_machine(linnet):
    done = linnet.run("sleep", "1000", options=["--timeout", "15"])
    assert done.returncode == 124


def test_standard_input_as_a_script():
    words = command()
    done = subprocess.run(words, input=b"echo $((6 * 7))\nexit 5\n", capture_output=True,
                          timeout=150, check=False)
    assert (done.returncode, done.stdout) == (5, b"42\n")


def test_program_at_a_terminal(linnet):
    terminal = linnet.terminal("sh", "-c", "tty -s && stty size; exit 4", rows=31, columns=97)
    terminal.expect("31 97\r\n")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 4


def test_shell_at_a_terminal(linnet):
    shell = linnet.shell()
    shell.sendline("echo $((1000 + 234))")
    shell.expect("\r\n1234\r\n")
    shell.expect(PROMPT)
    shell.sendline("sleep 1000")
    time.sleep(1)
    shell.sendcontrol("c")
    shell.expect(PROMPT)
    shell.setwinsize(40, 120)
    time.sleep(1)
    shell.sendline("stty size")
    shell.expect("40 120\r\n")
    shell.expect(PROMPT)
    shell.sendline("exit 6")
    shell.expect(pexpect.EOF)
    shell.wait()
    assert shell.exitstatus == 6


def test_poweroff_typed_in_the_shell(linnet):
    shell = linnet.shell()
    shell.sendline("poweroff")
    shell.expect(pexpect.EOF)
    shell.wait()
    assert shell.exitstatus == 0


def test_escape_ends_a_stuck_machine(linnet):
    shell = linnet.shell()
    shell.send("\x1d\x1d")
    shell.expect("machine ended")
    shell.wait()
    assert shell.exitstatus == 128 + signal.SIGTERM


def test_own_initramfs_gets_our_init(linnet, root, tmp_path):
    initrd = root / "build" / "initramfs.cpio"
    done = linnet.run("sh", "-c", "tr '\\0' ' ' </proc/1/cmdline; exit 2",
                      options=["--initrd", os.fspath(initrd)])
    assert (done.returncode, done.stdout.strip()) == (2, b"/.linnet/init")


def test_appended_words_reach_the_command_line(linnet):
    assert "one=1 two" in linnet.sh("cat /proc/cmdline",
                                    options=["--append", "one=1", "--append", "two"])


def test_memory_and_processors(linnet):
    text = linnet.sh("grep MemTotal /proc/meminfo", options=["--memory", "512M", "--cpus", "2"])
    assert 400 * 1024 < int(text.split()[1]) <= 512 * 1024


def test_debians_linux_by_kernel_option():
    """On the default machine for it, not on microvm, where its clock never starts."""
    kernel = subprocess.run([os.path.join(ROOT, "tools/oracle")], check=True, text=True,
                            capture_output=True).stdout.strip()
    done = subprocess.run([LINNET, "run", "--timeout", "120", "--kernel", kernel, "--",
                           "/bin/sh", "-c", "uname -s; cat; exit 7"],
                          input=b"through\n", capture_output=True, timeout=150, check=False)
    assert (done.stdout, done.returncode) == (b"Linux\nthrough\n", 7), done.stderr
    assert b"Nothing to be done" not in done.stderr
