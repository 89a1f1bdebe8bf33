# SPDX-License-Identifier: MIT
"""Bad input: files that exec must not trip over."""
import pathlib
import subprocess
import sys

import hostile
import oracle
import programs
import pytest
from conftest import Linnet

SCRIPTS = pathlib.Path(__file__).parent / "scripts"


@pytest.fixture(scope="module")
def ends():
    """How each hostile file ended: (on Linux, inside, what was said on the console)."""
    runner = programs.c_program("hostile", (SCRIPTS / "hostile.c").read_text())
    members = {"h/" + name: data for name, data in hostile.all_files().items()}
    members["h/link-loop"] = "-> /h/link-loop"
    members["h/folder"] = None
    initrd = programs.initramfs("hostile", {"hostile": runner.read_bytes(), **members})
    # Linux is started as a plain ELF file, and so without five levels of page tables.
    done = Linnet().run("/hostile", options=["--initrd", str(initrd), "--verbose",
                                             "--append", "no5lvl"])
    return oracle.linux(["/hostile"], initrd)[0], done.stdout, done.stderr


def test_hostile_files_leave_the_kernel_alive(ends):
    linux, inside, console = ends
    assert inside.endswith(b"end\n"), console[-3000:].decode(errors="replace")
    assert inside.count(b"\n") == linux.count(b"\n")


def test_hostile_files_lose_no_memory(ends):
    assert b"lost" not in ends[1]


def by_name(text):
    return dict(line.split(": ") for line in text.decode().splitlines() if ": " in line)


def test_exec_errors_are_those_of_linux(ends):
    """Scripts, interpreters and files cut short: the same error, or the same end."""
    linux, inside = by_name(ends[0]), by_name(ends[1])
    names = [n for n in linux if n.split("-")[0] in ("script", "depth", "truncated", "interp")
             or n in ("good", "none", "shared-object", "many-segments", "many-headers",
                      "not-executable", "bad-instruction", "privileged-code", "folder", "link-loop",
                      "entry-nowhere", "entry-kernel", "entry-not-canonical", "stack-pointer-wild")]
    # Damage that Linux meets only when it gave up the old program, or never.
    names = [n for n in names if n not in ("interp-cut", "interp-empty", "interp-huge",
                                           "interp-script", "interp-wild", "script-empty")
             and not (n.startswith("truncated") and int(n.split("-")[1]) >= 176)]
    assert {n: inside.get(n) for n in names} == {n: linux[n] for n in names}


def test_what_linux_refuses_or_kills_never_runs(ends):
    """We may refuse more than Linux does, before the old program is gone, but not less."""
    linux, inside = by_name(ends[0]), by_name(ends[1])
    for name, end in linux.items():
        if end != "exit 42":
            assert inside[name].startswith(("error", end.split()[0])), (name, end)


def test_what_linux_runs_runs(ends):
    """Files with odd words in them, that the loader has no need of."""
    linux, inside = by_name(ends[0]), by_name(ends[1])
    runs = {n: end for n, end in linux.items() if end == "exit 42"}
    assert {n: inside[n] for n in runs} == runs


@pytest.fixture(scope="module")
def debug_kernel():
    subprocess.run(["make", "--no-print-directory", "-j2", "DEBUG=1"], cwd=programs.ROOT,
                   stdout=sys.stderr, check=True)
    return str(programs.ROOT / "build/debug/linnet.elf")


@pytest.mark.linnet
def test_out_of_memory_in_every_allocation(linnet, debug_kernel):
    """Every allocation of fork, exec and their like fails once: errors, and no leaks."""
    path = programs.c_program("inject", (SCRIPTS / "inject.c").read_text())
    initrd = programs.initramfs("inject", {"inject": path.read_bytes(),
                                           "inject-script": b"#!/inject after\n"})
    done = linnet.run("/inject", options=["--initrd", str(initrd), "--kernel", debug_kernel])
    assert done.stdout.decode().splitlines() == [
        name + ": done" for name in ("fork", "vfork", "thread", "exec", "script", "mmap", "files")
    ], done.stderr.decode(errors="replace")


@pytest.mark.linnet
def test_processes_seen_in_proc_go_when_they_end(linnet):
    """The name cache kept a dead process with all that was its own, once /proc/PID was used."""
    text = linnet.sh("i=0; while [ $i -lt 100 ]; do busybox true; cat /proc/self/stat >/dev/null; "
                     "i=$((i + 1)); done; sleep 0.3; awk '$1 == \"process\" {print $2}' "
                     "/proc/slabinfo")
    assert int(text) < 20


@pytest.mark.parametrize("uid", ["0", "65534"])
def test_fork_bomb_in_64_mib(linnet, uid):
    """The shell's classic; whoever is innocent lives on."""
    bomb = programs.c_program("bomb", (SCRIPTS / "bomb.c").read_text())
    initrd = programs.initramfs("bomb", {"bomb": bomb.read_bytes(),
                                         **programs.files("/bin/bash-static")})
    text = linnet.sh("/bomb %s; echo shell alive" % uid,
                     options=["--initrd", str(initrd), "--memory", "64M"])
    assert text == "ended\nfork: 7\nshell alive\n"


@pytest.mark.linnet
def test_the_largest_process_ends_when_memory_is_out(linnet):
    """Whoever met the end of memory was killed, were it ever so small."""
    text = linnet.sh("(sleep 1; echo small one lives) & awk 'BEGIN { while (1) s[i++] = i }'; "
                     "echo status $?; wait; echo done", options=["--memory", "64M"])
    assert sorted(text.splitlines()) == ["done", "small one lives", "status 137"]
