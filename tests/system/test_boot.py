# SPDX-License-Identifier: MIT
"""Machines, sizes, processors, initramfs archives and command lines."""
import gzip
import lzma
import os

import pexpect
import programs
import pytest

HELLO = ("sh", "-c", "echo hello; exit 3")


def boots(linnet, *options, timeout=150):
    done = linnet.run(*HELLO, options=options, timeout=timeout)
    assert (done.returncode, done.stdout) == (3, b"hello\n"), done.stderr.decode()


@pytest.mark.parametrize("machine", ["microvm", "pc", "q35"])
def test_machines(linnet, machine):
    boots(linnet, "--machine", machine)


@pytest.mark.parametrize("cpu", ["qemu64", "max", "Nehalem", "Haswell-noTSX", "EPYC",
                                 "max,la57=off", "qemu64,-sse3,-cx16"])
def test_processors(linnet, cpu):
    boots(linnet, "--cpu", cpu)


@pytest.mark.linnet
@pytest.mark.parametrize("cpus", ["1", "4"])
@pytest.mark.parametrize("cpu, words, wide", [("max", "", True), ("max,la57=off", "", False),
                                              ("max", "no5lvl", False), ("max", "xno5lvl no5lvlx", True),
                                              ("max", "quiet no5lvl debug", False)])
def test_levels_of_page_tables(linnet, cpus, cpu, words, wide):
    """Five where the processor has them and nobody forbids it; init is told nothing of it."""
    done = linnet.run("/bin/sh", "-c", "grep -cw la57 /proc/cpuinfo; tr '\\0' ' ' </proc/1/cmdline",
                      options=["--cpus", cpus, "--cpu", cpu, "--append", words])
    count, arguments = done.stdout.decode().split("\n", 1)
    assert int(count) == (int(cpus) if wide else 0), done.stderr.decode()
    assert " no5lvl " not in arguments + " "


@pytest.mark.linnet
@pytest.mark.parametrize("machine", ["microvm", "pc", "q35"])
@pytest.mark.parametrize("memory", ["24M", "64M", "3G", "5G", "16G"])
def test_memory_sizes(linnet, machine, memory):
    boots(linnet, "--machine", machine, "--memory", memory)


@pytest.mark.parametrize("cpus", ["2", "8"])
@pytest.mark.parametrize("machine", ["microvm", "q35"])
def test_processor_counts(linnet, machine, cpus):
    boots(linnet, "--machine", machine, "--cpus", cpus)


@pytest.mark.linnet
def test_boot_from_disk(linnet):
    done = linnet.run("/bin/sh", "-c", "uname -srm; cat /proc/meminfo | head -3; exit 7",
                      options=["--boot", "bios"])
    assert done.returncode == 7
    assert len(done.stdout.splitlines()) == 4


def archive(tmp_path, data):
    path = tmp_path / "initrd"
    path.write_bytes(data)
    return os.fspath(path)


def plain():
    return programs.initramfs("plain", {"extra": b"second archive\n"}).read_bytes()


def test_gzip_archive(linnet, tmp_path):
    # A plain archive follows the compressed one, as ./linnet puts its orders there.
    data = gzip.compress(plain())
    data += b"\0" * (-len(data) % 4)
    done = linnet.run("cat", "/extra", options=["--initrd", archive(tmp_path, data)])
    assert done.stdout == b"second archive\n"


def test_several_archives(linnet, tmp_path):
    first = gzip.compress(plain())
    first += b"\0" * (-len(first) % 4)
    second = programs.newc.archive({"extra": b"the later wins\n"})
    done = linnet.run("cat", "/extra", options=["--initrd", archive(tmp_path, first + second)])
    assert done.stdout == b"the later wins\n"


@pytest.mark.linnet
def test_other_compression_is_refused_by_name(linnet, tmp_path):
    done = linnet.run(*HELLO, options=["--initrd", archive(tmp_path, lzma.compress(plain()))])
    assert done.returncode == 125
    assert b"xz" in done.stderr


@pytest.mark.linnet
@pytest.mark.parametrize("damage", ["truncated header", "truncated file", "bad magic", "huge size",
                                    "huge name", "truncated gzip", "bad gzip", "nothing", "zeros"])
def test_damaged_archives(linnet, tmp_path, damage):
    good = plain()
    data = {
        "truncated header": good[:50],
        "truncated file": good[:100000],
        "bad magic": b"070707" + good[6:],
        "huge size": good[:54] + b"FFFFFFF0" + good[62:],
        "huge name": good[:94] + b"FFFFFFF0" + good[102:],
        "truncated gzip": gzip.compress(good)[:5000],
        "bad gzip": gzip.compress(good)[:200] + b"\x55" * 3000,
        "nothing": b"\0\0\0\0",
        "zeros": b"\0" * 4096,
    }[damage]
    done = linnet.run(*HELLO, options=["--initrd", archive(tmp_path, data), "--timeout", "60"])
    # Our orders come behind the damage: they may be lost, but the machine must end.
    assert done.returncode in (3, 125, 126, 127), done.stderr.decode()


@pytest.mark.linnet
@pytest.mark.parametrize("words", ["rdinit=/none init=/none", "rdinit=/etc/passwd"])
def test_no_init_is_a_panic_that_ends_the_machine(linnet, words):
    done = linnet.run(*HELLO, options=["--append", words, "--timeout", "60"])
    assert done.returncode == 125
    assert b"panic" in done.stderr


@pytest.mark.linnet
def test_init_that_exits_is_a_panic(linnet):
    done = linnet.run(*HELLO, options=["--append", "rdinit=/bin/true", "--timeout", "60"])
    assert done.returncode == 125
    assert b"panic" in done.stderr


def test_words_of_linux_do_not_go_to_init(linnet):
    done = linnet.run("sh", "-c", "tr '\\0' ' ' </proc/1/cmdline; tr '\\0' ' ' </proc/1/environ",
                      options=["--append", "ro root=/dev/sda1 nokaslr mitigations=off reboot=t own"])
    assert done.stdout.split() == [b"/init", b"own", b"HOME=/", b"TERM=linux"]


def test_loadavg_counts_threads_and_tells_the_last_number(linnet):
    done = linnet.run("sh", "-c", "read a b c counts last </proc/loadavg; echo $counts $last $$")
    counts, last, own = done.stdout.split()
    running, threads = map(int, counts.split(b"/"))
    assert 1 <= running <= threads and threads >= 2 and int(last) >= int(own)


def test_unknown_words_go_to_init(linnet):
    text = linnet.sh("tr '\\0' '\\n' </proc/1/environ; tr '\\0' ' ' </proc/1/cmdline",
                     options=["--append", "colour=green fast"])
    assert "colour=green" in text.splitlines()
    assert text.splitlines()[-1].split()[1:] == ["fast"]


def test_reboot_ends_the_machine(linnet):
    shell = linnet.shell()
    shell.sendline("reboot -f")
    shell.expect(pexpect.EOF)
    shell.wait()
    assert shell.exitstatus == 0


@pytest.mark.linnet
def test_missing_system_call_is_named_once(linnet):
    path = programs.c_program("nosys", '#define _GNU_SOURCE\n#include <errno.h>\n'
                              '#include <stdio.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n'
                              'int main(void) { for (int i = 0; i < 3; i++) printf("%d", '
                              'syscall(SYS_lookup_dcookie, 0, 0, 0) == -1 && errno == ENOSYS); }\n')
    initrd = programs.initramfs("nosys", {"nosys": path.read_bytes()})
    done = linnet.run("/nosys", options=["--initrd", str(initrd), "--verbose"])
    assert done.stdout == b"111"
    assert done.stderr.count(b"lookup_dcookie") == 1
    line = next(line for line in done.stderr.splitlines() if b"lookup_dcookie" in line)
    assert b"nosys" in line


@pytest.mark.linnet
def test_release_name(linnet):
    release = linnet.sh("uname -r").strip()
    assert release.endswith("-linnet")
    assert tuple(map(int, release.split("-")[0].split(".")[:2])) >= (6, 1)


@pytest.mark.linnet
@pytest.mark.parametrize("words, expected", [("", "32768 2"), ("norandmaps", "32768 0")])
def test_limits_under_proc_sys_kernel(linnet, words, expected):
    out = linnet.run("/bin/sh", "-c", "cd /proc/sys/kernel; echo $(cat pid_max randomize_va_space)",
                     options=("--append", words))
    assert out.stdout.decode().strip() == expected
