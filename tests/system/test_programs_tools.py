# SPDX-License-Identifier: MIT
"""Debian's tools and shells, its C compiler, and its programs for process 1.

What the tools print has to be the same as on Debian's Linux, on any number of processors.
"""
import pathlib

import oracle
import programs
import pytest

SCRIPT = pathlib.Path(__file__).parent / "scripts/tools.sh"
PACKAGES = ("bash dash zsh coreutils findutils grep sed gawk gcc libc6-dev libcap2-bin util-linux "
            "util-linux-extra bsdutils bsdextrautils mount diffutils procps libc-bin hostname runit "
            "busybox").split()
PARTS = "in_dash in_zsh with_find with_text with_gcc with_identities".split()
BEGIN = b"""#!/bin/sh
mount -t devtmpfs none /dev 2>/dev/null
mount -t proc none /proc
mkdir -p /dev/pts && mount -t devpts none /dev/pts
"""
# Process 1 of runit: stages 1 to 3, and services: one with a log, one that dies of itself.
RUNIT = {
    "etc/runit/1": BEGIN + b"echo stage one; mkdir -p /run/runit; ln -sfn /run/sv /etc/service\n"
                   b"cp -r /etc/runit/tests /run/sv; touch /run/runit.stopit\n",
    "etc/runit/2": b"#!/bin/sh\necho stage two; exec env - PATH=$PATH runsvdir -P /etc/service\n",
    "etc/runit/3": b"#!/bin/sh\necho stage three\nsv force-stop /etc/service/* | sed 's/ .pid.*//'\n"
                   b"busybox poweroff -f\n",
    "etc/runit/ctrlaltdel": b"#!/bin/sh\necho three keys\n",
    "etc/runit/tests/shell/run": b"#!/bin/sh\nexec setsid -c bash --norc </dev/ttyS0 "
                                 b">/dev/ttyS0 2>&1\n",
    "etc/runit/tests/ticker/run": b"#!/bin/sh\nexec 2>&1\nwhile sleep 0.2; do echo tick; done\n",
    "etc/runit/tests/ticker/log/run": b"#!/bin/sh\nmkdir -p /run/log && exec svlogd -t /run/log\n",
    "etc/runit/tests/mayfly/run": b"#!/bin/sh\necho born >>/run/mayflies\nexec sleep 0.1\n",
}
BUSYBOX = {
    "sbin/init": "-> /usr/bin/busybox",
    "etc/inittab": b"::sysinit:/etc/rc\n::wait:/usr/bin/echo waited\n"
                   b"::respawn:/etc/mayfly\nttyS0::askfirst:-/bin/bash\n"
                   b"::shutdown:/usr/bin/echo shut down\n",
    "etc/rc": BEGIN + b"echo system init; mkdir -p /run\n",
    "etc/mayfly": b"#!/bin/sh\necho born >>/run/mayflies\nexec sleep 0.1\n",
}
# Process 1 takes the status of a process whose parent is gone.
ORPHAN = ("sh -c 'sleep 0.2 & echo $! >/run/orphan'; until [ ! -e /proc/$(cat /run/orphan) ]; do "
          "sleep 0.1; done; echo reaped")


@pytest.mark.parametrize("cpus", ["1", "2", "4"])
def test_prints_what_linux_prints(linnet, cpus):
    initrd = programs.debian("tools", PACKAGES, {"work/tools.sh": SCRIPT.read_bytes()})
    words = ["bash", "/work/tools.sh", *PARTS]
    expected, status = oracle.linux(words, initrd, memory="1G")
    assert status == 0, expected.decode()
    got, status = linnet.run_in(initrd, cpus, *words, seconds=400)
    oracle.assert_same(expected, got)
    assert status == 0


def begin(linnet, name, members, program, cpus):
    members = {name.replace("sbin/", "usr/sbin/"): what for name, what in members.items()}
    initrd = programs.debian(name, PACKAGES, members)
    return linnet.terminal(options=["--initrd", str(initrd), "--memory", "1G", "--cpus", cpus,
                                    "--append", "rdinit=" + program])


def ask(terminal, line, answer):
    terminal.sendline(line)
    terminal.expect(answer)


@pytest.mark.parametrize("cpus", ["1", "4"])
def test_runit_as_process_1(linnet, cpus):
    terminal = begin(linnet, "runit", RUNIT, "/sbin/runit", cpus)
    for text in ("stage one", "stage two", r"bash-[\d.]+# "):
        terminal.expect(text)
    ask(terminal, "cat /proc/1/comm", "\nrunit\r")
    ask(terminal, "sv status shell | cut -d: -f1,2", "\nrun: shell\r")
    ask(terminal, "until grep -q tick /run/log/current; do sleep 0.1; done; echo its log", "\nits log\r")
    ask(terminal, "until [ $(wc -l </run/mayflies) -gt 2 ]; do sleep 0.1; done; echo reborn", "\nreborn\r")
    ask(terminal, "sv down ticker; sv status ticker | cut -d: -f1,2", "\ndown: ticker\r")
    ask(terminal, "sv up ticker; sv pause ticker; grep State /proc/$(cat /etc/service/ticker/"
                  "supervise/pid)/status", r"T \(stopped\)")
    ask(terminal, "sv cont ticker; sv status ticker | cut -d: -f1,2", "\nrun: ticker\r")
    ask(terminal, "chpst -u nobody:nogroup -o 20 sh -c 'id -un; ulimit -n'", "\nnobody\r\n20\r")
    ask(terminal, ORPHAN, "\nreaped\r")
    ask(terminal, "ctrlaltdel hard; kill -INT 1", "three keys")
    terminal.sendline("chmod 100 /run/runit.stopit; chmod 0 /run/runit.reboot; kill -CONT 1")
    for text in ("stage three", "ok: down: /etc/service/ticker"):
        terminal.expect(text)
    terminal.wait()
    assert terminal.exitstatus == 0


@pytest.mark.parametrize("cpus", ["1", "4"])
def test_busybox_init_as_process_1(linnet, cpus):
    terminal = begin(linnet, "busybox", BUSYBOX, "/sbin/init", cpus)
    for text in ("system init", "waited", "Please press Enter to activate this console"):
        terminal.expect(text)
    terminal.send("\r")
    terminal.expect(r"# ")
    ask(terminal, "cat /proc/1/comm; tty", r"\ninit\r\n/dev/ttyS0\r")
    ask(terminal, "until [ $(wc -l </run/mayflies) -gt 2 ]; do sleep 0.1; done; echo reborn", "\nreborn\r")
    ask(terminal, ORPHAN, "\nreaped\r")
    terminal.sendline("exit")
    terminal.expect("Please press Enter to activate this console")
    terminal.send("\r")
    ask(terminal, "", r"# ")
    terminal.sendline("busybox poweroff")
    terminal.expect("shut down")
    terminal.wait()
    assert terminal.exitstatus == 0
