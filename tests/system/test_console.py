# SPDX-License-Identifier: MIT
"""The terminal: line editing, job control, raw mode for vi and top."""
import time

import pytest
from conftest import PROMPT


@pytest.fixture
def shell(linnet):
    terminal = linnet.shell()
    yield terminal
    terminal.close(force=True)


def ask(shell, line):
    """Types a line; gives what was printed until the next prompt."""
    shell.sendline(line)
    shell.expect_exact(line)
    shell.expect(PROMPT)
    return shell.before.decode().replace("\r", "").strip()


def test_shell_has_a_controlling_terminal(shell):
    assert "job control" not in shell.before.decode()
    assert ask(shell, "echo x >/dev/tty") == "x"
    assert "icanon" in ask(shell, "stty -a")


def test_canonical_editing(shell):
    shell.sendline("cat >/tmp/f")
    time.sleep(0.5)
    shell.send("wrong\x15right wordx\x7f\x17end\n")	# kill line, erase, erase word
    shell.send("\x16\x03\n")				# Ctrl-V takes Ctrl-C as it is
    shell.send("tail\x04\x04")				# end of file, after the line so far
    shell.expect(PROMPT)
    assert ask(shell, "od -An -c /tmp/f").split() == \
        "r i g h t e n d \\n 003 \\n t a i l".split()


def test_interrupt_and_quit(shell):
    shell.sendline("sleep 1000")
    time.sleep(0.5)
    shell.sendcontrol("c")
    shell.expect(PROMPT)
    assert ask(shell, "echo $?") == "130"
    shell.sendline("sleep 1000")
    time.sleep(0.5)
    shell.sendcontrol("\\")
    shell.expect(PROMPT)
    assert ask(shell, "echo $?") == "131"


def test_stop_foreground_background(shell):
    shell.sendline("sleep 1000")
    time.sleep(0.5)
    shell.sendcontrol("z")
    shell.expect("Stopped")
    shell.expect(PROMPT)
    assert "Stopped" in ask(shell, "jobs")
    ask(shell, "bg")
    assert "Running" in ask(shell, "jobs")
    shell.sendline("fg")
    time.sleep(0.5)
    shell.sendcontrol("c")
    shell.expect(PROMPT)
    assert ask(shell, "jobs") == ""


def test_background_reader_is_stopped(shell):
    ask(shell, "cat &")
    time.sleep(0.5)
    assert "Stopped" in ask(shell, "jobs")
    ask(shell, "kill -9 %1; wait")


def test_pipeline_is_one_job(shell):
    shell.sendline("cat | cat | cat")
    time.sleep(0.5)
    shell.sendcontrol("c")
    shell.expect(PROMPT)
    assert ask(shell, "ps | grep -c '[c]at$'") == "0"


def test_vi_writes_a_file(shell):
    shell.sendline("vi /tmp/text")
    time.sleep(1.5)
    shell.send("ihello from vi")
    time.sleep(0.5)
    shell.send("\x1b")
    time.sleep(0.5)
    shell.send("yyp:wq\r")
    shell.expect(PROMPT)
    shell.sendline("clear; wc /tmp/text")
    shell.expect(r"2 +6 +28 /tmp/text")


def test_top_shows_processes(shell):
    shell.sendline("top")
    shell.expect("Mem:")
    shell.expect("CPU:")
    shell.expect("PID")
    shell.send("q")
    shell.expect(PROMPT)


def test_programs_that_read_proc(shell):
    assert "PID" in ask(shell, "ps")
    assert "Mem:" in ask(shell, "free")
    assert "/proc" in ask(shell, "mount")
    assert "Filesystem" in ask(shell, "df -a")
    assert "load average" in ask(shell, "uptime")


def test_window_size_and_raw_mode(shell):
    assert ask(shell, "stty size") == "24 80"
    ask(shell, "stty rows 50 cols 132")
    assert ask(shell, "stty size") == "50 132"
    shell.sendline("stty raw -echo; dd bs=1 count=3 2>/dev/null | od -An -tx1; stty sane")
    time.sleep(1)
    shell.send("\r\x03\x04")
    shell.expect("0d 03 04")
    shell.expect(PROMPT)
