# SPDX-License-Identifier: MIT
"""Machines with less than usual, ways to end, and the words that change them."""
import subprocess
import time

import programs
import pytest

pytestmark = pytest.mark.linnet
BARE = ["qemu-system-x86_64", "-accel", "tcg", "-m", "64", "-nodefaults", "-no-reboot",
        "-display", "none", "-serial", "stdio", "-kernel", str(programs.ROOT / "build/linnet.elf")]


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run([str(programs.ROOT / "linnet"), "build"], check=True, capture_output=True)


def bare(*options, words="", initrd=None, seconds=20):
    """Boots without ./linnet run: what the console said, and whether the machine ended."""
    more = ["-initrd", str(initrd)] if initrd else []
    with subprocess.Popen([*BARE, *options, *more, "-append", "console=ttyS0 " + words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as qemu:
        try:
            return qemu.communicate(timeout=seconds)[0].decode(), True
        except subprocess.TimeoutExpired:
            qemu.kill()
            return qemu.communicate()[0].decode(), False


@pytest.mark.parametrize("machine", ["pc,acpi=off", "q35,acpi=off", "pc,hpet=off", "microvm,acpi=off",
                                     "microvm,pit=off,pic=off,rtc=off"])
def test_machines_that_lack_something(linnet, machine):
    if machine.endswith("acpi=off"):	# there is no way to switch such a machine off
        text, _ = bare("-M", machine, words="quiet rdinit=/bin/uname -s", seconds=4,
                       initrd=programs.ROOT / "build/initramfs.cpio")
        assert "Linux" in text
    else:
        assert linnet.sh("sleep 0.2; uname -s", options=["--machine", machine]) == "Linux\n"


@pytest.mark.parametrize("machine", ["microvm", "pc", "q35"])
def test_clock_runs_at_the_right_speed(linnet, machine):
    start = time.monotonic()
    text = linnet.sh("read a b </proc/uptime; sleep 2; read c d </proc/uptime; echo $a $c",
                     options=["--machine", machine])
    first, second = map(float, text.split())
    assert 1.9 < second - first < 3 and time.monotonic() - start > 2


def test_panic_without_a_word_stops():
    text, ended = bare("-M", "microvm", seconds=4)
    assert "panic" in text and not ended


def test_panic_restarts_at_once():
    text, ended = bare("-M", "microvm", words="panic=-1")
    assert "panic" in text and ended


def test_panic_restarts_after_a_while():
    start = time.monotonic()
    text, ended = bare("-M", "pc", words="panic=2")
    assert "panic" in text and ended and time.monotonic() - start > 2


@pytest.mark.parametrize("machine", ["microvm", "pc", "q35"])
@pytest.mark.parametrize("how", ["poweroff", "reboot"])
def test_power(machine, how):
    init = "#!/bin/sh\n%s -f\n" % how
    initrd = programs.initramfs("power-" + how, {"power": init.encode()})
    text, ended = bare("-M", machine, words="quiet rdinit=/power", initrd=initrd)
    assert ended and "panic" not in text


def test_words_for_init():
    initrd = programs.initramfs("words", {"show": b"#!/bin/sh\necho \"args $@\"\necho colour $colour\n"
                                                  b"echo known $panic\npoweroff -f\n"})
    text, ended = bare("-M", "microvm", initrd=initrd,
                       words='quiet panic=-1 rdinit=/show colour=green one "two three" -- four')
    assert ended
    lines = [line.strip() for line in text.splitlines()]
    assert "args one two three four" in lines
    assert "colour green" in lines and "known" in lines


def test_quiet_and_loglevel():
    loud, _ = bare("-M", "microvm", words="panic=-1 loglevel=7")
    quiet, _ = bare("-M", "microvm", words="panic=-1 quiet")
    assert loud.count("\n") > quiet.count("\n")


def test_sixteen_gigabytes_are_there_and_free(linnet):
    text = linnet.sh("awk '/MemTotal|MemFree/ {print $2}' /proc/meminfo", options=["--memory", "16G"])
    total, free = map(int, text.split())
    assert 15.5 * 2 ** 20 < total <= 16 * 2 ** 20
    assert total - free < 64 * 1024
