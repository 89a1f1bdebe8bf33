# SPDX-License-Identifier: MIT
"""./linnet's command line, and how it gets what the system lacks."""
import os
import shutil
import subprocess

import pytest
from conftest import LINNET, ROOT

TOOLS = ("sh dirname id sed sort cut tr grep env cat stat nproc make gcc ld mktemp stty flock rm "
         "mkdir cp find cpio busybox").split()


@pytest.fixture
def system(tmp_path):
    """A system with few commands: a folder to put more into, and a way to run ./linnet."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        os.symlink(shutil.which(name), folder / name)

    def command(name, script):
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text("#!/bin/sh\n" + script)
        (folder / name).chmod(0o755)

    def linnet(*words):
        return subprocess.run([LINNET, *words], env={"PATH": str(folder)}, text=True,
                              capture_output=True, timeout=60, check=False)

    return command, linnet


def test_without_apt_one_line_names_what_is_missing(system):
    _, linnet = system
    done = linnet("run", "--", "true")
    assert done.returncode != 0
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "qemu-system-x86" in done.stderr and "gcc" not in done.stderr


def test_missing_packages_are_named_with_reasons_and_installed(system, tmp_path):
    command, linnet = system
    command("apt-get", 'echo "apt-get $*" >>%s/log\n' % tmp_path +
            'case " $* " in *" install "*) exit 7 ;; esac\n')
    command("id", "echo 1000\n")
    command("sudo", 'echo sudo >>%s/log\n"$@"\n' % tmp_path)
    done = linnet("run", "--", "true")
    assert done.returncode != 0
    assert "the machine it boots on" in done.stderr
    assert "could not install: qemu-system-x86" in done.stderr
    assert (tmp_path / "log").read_text().splitlines() == [
        "sudo", "apt-get -q update",
        "sudo", "apt-get -q install -y --no-install-recommends qemu-system-x86"]


def test_without_sudo_it_says_so(system):
    command, linnet = system
    command("apt-get", "exit 0\n")
    command("id", "echo 1000\n")
    done = linnet("run", "--", "true")
    assert done.returncode != 0
    assert "no sudo" in done.stderr and "qemu-system-x86" in done.stderr


def test_nothing_is_asked_of_apt_when_all_is_there(system, tmp_path):
    command, linnet = system
    command("apt-get", "echo called >%s/log\n" % tmp_path)
    command("dpkg-query", "sed -n 's/^[a-z]* *\\([^ ]*\\) .*#.*/installed \\1/p' %s/tools/packages\n"
            % ROOT)
    # With the packages there by name but no machine to start, it ends further on.
    done = linnet("run", "--kernel", str(ROOT / "linnet"), "--timeout", "5", "--", "true")
    assert not (tmp_path / "log").exists(), done.stderr
    assert "cannot start qemu-system-x86_64" in done.stderr


@pytest.mark.parametrize("words, said", [
    (["frobnicate"], "no command 'frobnicate'"),
    (["run", "--cpus", "none"], "--cpus takes a number"),
    (["run", "--cpus", "0"], "--cpus takes a number"),
    (["run", "--memory", "lots"], "--memory takes a size"),
    (["run", "--memory"], "--memory needs a value"),
    (["run", "--initrd", "/none"], "cannot read /none"),
    (["run", "--kernel", "/none"], "cannot read /none"),
    (["run", "--boot", "floppy"], "--boot takes pvh or bios"),
    (["run", "--frob"], "no option '--frob'"),
    (["run", "ls"], "goes after --"),
    (["run", "--"], "must be followed by a program"),
    (["build", "x"], "takes no argument"),
    (["test", "everything"], "test knows no 'everything'"),
    (["bench", "everything"], "bench knows no 'everything'"),
    (["clean", "x"], "takes no argument"),
])
def test_wrong_words_get_a_clear_error(words, said):
    done = subprocess.run([LINNET, *words], text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr


@pytest.mark.parametrize("words", [["help"], ["--help"], []] + [
    [name, "--help"] for name in ("run", "build", "test", "bench", "clean")])
def test_help(words):
    done = subprocess.run([LINNET, *words], text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: ./linnet")
    assert done.stderr == ""


def test_help_words_of_the_program_are_its_own(linnet):
    done = linnet.run("echo", "--help")
    assert b"--help" in done.stdout + done.stderr
    assert b"usage: ./linnet" not in done.stdout
