# SPDX-License-Identifier: MIT
"""Job control in bash and zsh, and editors, typed at the serial console."""
import time

import programs
import pytest
from conftest import PROMPT

SHELLS = {"bash": ["/bin/bash-static", "--norc", "-i"], "zsh": ["/bin/zsh-static", "-f", "-i"]}
STOPPED = {"bash": "Stopped", "zsh": "suspended"}
RUNNING = {"bash": "Running", "zsh": "running"}
READY = "ready> "


class Shell:
    def __init__(self, linnet, name):
        initrd = programs.initramfs("shells", programs.files("/bin/bash-static",
                                                             "/bin/zsh-static"))
        self.name = name
        self.terminal = linnet.terminal(*SHELLS[name], options=["--initrd", str(initrd)])
        self.terminal.timeout = 20
        self.terminal.expect("[#%] ")
        self.terminal.sendline("PS1='rea''dy> '; PATH=/bin:/usr/bin")
        self.terminal.expect(READY)

    def key(self, character):
        time.sleep(0.4)		# the program must be in front when the key comes
        self.terminal.sendcontrol(character)

    def ask(self, line):
        """Types a line; gives what was printed until the next prompt."""
        self.terminal.sendline(line)
        self.terminal.expect(READY)
        return self.terminal.before.decode(errors="replace")

    def start(self, line):
        self.terminal.sendline(line)


@pytest.fixture(scope="module", params=list(SHELLS))
def shell(request):
    from conftest import Linnet
    shell = Shell(Linnet(), request.param)
    yield shell
    shell.terminal.close(force=True)


def test_interrupt(shell):
    shell.start("sleep 1000")
    shell.key("c")
    shell.terminal.expect(READY)
    assert "130" in shell.ask("echo $?")


def test_stop_and_continue(shell):
    shell.start("sleep 1000")
    shell.key("z")
    shell.terminal.expect(STOPPED[shell.name])
    shell.terminal.expect(READY)
    assert STOPPED[shell.name] in shell.ask("jobs")
    shell.ask("bg")
    time.sleep(0.3)
    assert RUNNING[shell.name] in shell.ask("jobs")
    shell.start("fg")
    shell.key("c")
    shell.terminal.expect(READY)
    assert "sleep" not in shell.ask("jobs").replace("jobs", "")


def test_background_job_ends(shell):
    shell.ask("sleep 0.5 &")
    assert RUNNING[shell.name] in shell.ask("jobs")
    assert "status 0" in shell.ask("wait; echo status $?")


def test_two_jobs_by_number(shell):
    shell.ask("sleep 500 &")
    shell.ask("sleep 600 &")
    shell.start("fg %1")
    shell.key("z")
    shell.terminal.expect(STOPPED[shell.name])
    shell.terminal.expect(READY)
    text = shell.ask("jobs")
    assert STOPPED[shell.name] in text and RUNNING[shell.name] in text
    shell.ask("kill -9 %1 %2; wait")
    time.sleep(0.3)
    assert "sleep" not in shell.ask("jobs").replace("jobs", "")


def test_pipeline_in_front(shell):
    shell.start("cat | cat | cat")
    shell.key("z")
    shell.terminal.expect(STOPPED[shell.name])
    shell.terminal.expect(READY)
    shell.start("fg")
    shell.key("d")
    shell.terminal.expect(READY)


def test_quit_and_death_reports(shell):
    shell.start("sleep 1000")
    shell.key("\\")
    shell.terminal.expect("(?i)quit")
    shell.terminal.expect(READY)
    assert "131" in shell.ask("echo $?")
    assert "139" in shell.ask("sh -c 'kill -SEGV $$'; echo $?")


def test_subshell_has_its_own_jobs(shell):
    shell.start("sh -i")
    shell.terminal.expect("[#$] ")
    shell.start("sleep 1000")
    shell.key("z")
    shell.terminal.expect("Stopped")
    shell.terminal.expect("[#$] ")
    # A shell that knows of a stopped job does not leave: first it must have seen the end.
    shell.start("kill -9 %1; while jobs >jobs; grep -q Stopped jobs; do :; done; exit")
    shell.terminal.expect(READY)
    assert "alive 1" in shell.ask("echo alive $((3 - 2))")


def test_background_writer_and_tostop(shell):
    shell.ask("stty tostop")
    shell.ask("sh -c 'echo from behind' &")
    time.sleep(0.5)
    assert STOPPED[shell.name] in shell.ask("jobs")
    shell.ask("stty -tostop")
    shell.start("fg")
    shell.terminal.expect("from behind\r\n")
    shell.terminal.expect(READY)


def test_history_and_line_editing(shell):
    shell.ask("echo first$((40 + 2))")
    shell.terminal.send("\x10")			# Ctrl-P: the line before
    time.sleep(0.3)
    shell.terminal.send("\x01\x06\x06\x06\x06\x06again\r")	# to the start, five to the right
    shell.terminal.expect("againfirst42\r\n")
    shell.terminal.expect(READY)


@pytest.fixture
def ash(linnet):
    terminal = linnet.shell()
    terminal.timeout = 20
    yield terminal
    terminal.close(force=True)


def test_editors(ash):
    ash.sendline("echo start >/tmp/text; ed /tmp/text")
    ash.expect("\r\n6\r\n")
    for line in ("1d", "a", "first line", "second line", ".", "1s/first/1st/", "w", "q"):
        time.sleep(0.1)
        ash.sendline(line)
    ash.expect("\r\n21\r\n")
    ash.expect(PROMPT)
    ash.sendline("vi /tmp/text")
    ash.expect("1st line")
    for keys in ("Gothird line\x1b", "1Gdd", "/third\r", "xx", "yyP", ":s/ird/3/\r", ":wq\r"):
        ash.send(keys)
        time.sleep(0.4)
    ash.expect(PROMPT)
    ash.sendline("clear; cat /tmp/text")
    ash.expect("second line\r\n3 line\r\nird line\r\n")


def test_less_and_top(ash):
    ash.sendline("seq 1 500 | less")
    ash.expect("23\r\n")
    ash.send("G")
    ash.expect("500")
    ash.send("q")
    ash.expect(PROMPT)
    ash.sendline("top -d 1")
    for _ in range(2):			# it comes again by itself
        ash.expect("PID +PPID USER")
    ash.send("q")
    ash.expect(PROMPT)

