# SPDX-License-Identifier: MIT
"""tools/debtree: what becomes of packages, and what it does when it cannot fetch any."""
import importlib.machinery
import importlib.util
import io
import subprocess
import sys
import tarfile

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))


@pytest.fixture
def debtree(tmp_path, monkeypatch):
    """The tool as a module, at work in a folder of its own."""
    loader = importlib.machinery.SourceFileLoader("debtree", str(ROOT / "tools/debtree"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    tool = importlib.util.module_from_spec(importlib.util.spec_from_loader("debtree", loader))
    loader.exec_module(tool)
    (tmp_path / "init").write_bytes(b"init")
    monkeypatch.setattr(tool, "OUT", tmp_path)
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "INIT", tmp_path / "init")
    return tool


FILES = [  # name, what it holds or where it links to, mode, group
    ("usr", None, 0o755, 0), ("usr/bin", None, 0o755, 0), ("lib64", None, 0o755, 0),
    ("bin", None, 0o755, 0), ("bin/dash", b"dash", 0o755, 0), ("usr/bin/mawk", b"m", 0o755, 0),
    ("usr/bin/perl", b"perl", 0o755, 0), ("usr/bin/perl5", "same usr/bin/perl", 0o755, 0),
    ("usr/bin/chage", b"chage", 0o2755, 42), ("lib64/ld.so", "-> ../lib/ld.so", 0o777, 0),
    ("dev/null", b"", 0o644, 0), ("usr/share/doc/x/README", b"x", 0o644, 0),
    ("usr/share/base-passwd/passwd.master", b"root:*:0:0:root:/root:/bin/bash\n", 0o644, 0),
    ("usr/share/base-passwd/group.master", b"root:*:0:\n", 0o644, 0),
    ("usr/share/base-files/profile", b"PATH=/bin\n", 0o644, 0),
]


def packages(path):
    with tarfile.open(path, "w") as tar:
        for name, what, mode, group in FILES:
            info = tarfile.TarInfo("./" + name)
            info.mode, info.gid = mode, group
            if what is None:
                info.type = tarfile.DIRTYPE
            elif isinstance(what, str):
                kind, info.linkname = what.split()
                info.type = tarfile.SYMTYPE if kind == "->" else tarfile.LNKTYPE
                info.linkname = ("" if kind == "->" else "./") + info.linkname
            else:
                info.size = len(what)
            tar.addfile(info, io.BytesIO(what if isinstance(what, bytes) else b""))


def test_packages_become_an_initramfs(debtree, tmp_path):
    packages(tmp_path / "tar")
    with tarfile.open(tmp_path / "tar") as tar, open(tmp_path / "cpio", "wb") as out:
        found = debtree.entries(tar)
        debtree.configure(found, tar)
        debtree.pack(found, tar, out)
    text = subprocess.run(["cpio", "-itvn", "--quiet"], check=True, text=True,
                          stdin=open(tmp_path / "cpio", "rb"), stdout=subprocess.PIPE).stdout
    rows = {words[8]: (words[0], words[1], words[3], " ".join(words[9:]))
            for words in map(str.split, text.splitlines())}
    assert rows["bin"] == ("lrwxrwxrwx", "1", "0", "-> usr/bin")
    assert rows["usr/bin/dash"][0] == "-rwxr-xr-x"
    assert rows["usr/lib64"][0] == "drwxr-xr-x"
    assert rows["usr/lib64/ld.so"][3] == "-> ../lib/ld.so"
    assert rows["usr/bin/sh"][3] == "-> dash" and rows["usr/bin/awk"][3] == "-> mawk"
    assert rows["usr/bin/perl"][1] == rows["usr/bin/perl5"][1] == "2"
    assert rows["usr/bin/chage"][0] == "-rwxr-sr-x" and rows["usr/bin/chage"][2] == "42"
    assert rows["tmp"][0] == "drwxrwxrwt" and "etc/passwd" in rows and "init" in rows
    assert not [name for name in rows if "README" in name or name.startswith("dev/")]
    names = list(rows)
    assert all(names.index(n.rpartition("/")[0]) < i for i, n in enumerate(names)
               if "/" in n and n.rpartition("/")[0] in rows)


def test_fetches_again_only_what_changed(debtree, tmp_path, monkeypatch):
    made = []

    def make(wanted, count, path):
        made.append((wanted, count))
        path.write_bytes(b"archive")

    monkeypatch.setattr(debtree, "make", make)
    monkeypatch.setattr(debtree, "closure", lambda wanted: [p + " 1" for p in wanted])
    first = debtree.tree(["perl"])
    assert debtree.tree(["perl"]) == first and len(made) == 1
    assert "perl" in made[0][0] and "bash" in made[0][0]
    assert debtree.tree(["python3"]) != first and len(made) == 2
    monkeypatch.setattr(debtree, "closure", lambda wanted: [p + " 2" for p in wanted])
    second = debtree.tree(["perl"])
    assert second != first and second.exists() and not first.exists()


def test_without_a_network_an_older_archive_serves(debtree, monkeypatch, capsys):
    def offline(*_):
        raise debtree.Failure("no network")

    monkeypatch.setattr(debtree, "closure", lambda wanted: [p + " 1" for p in wanted])
    monkeypatch.setattr(debtree, "make", lambda wanted, count, path: path.write_bytes(b"old"))
    old = debtree.tree(["perl"])
    monkeypatch.setattr(debtree, "closure", lambda wanted: [p + " 2" for p in wanted])
    monkeypatch.setattr(debtree, "make", offline)
    assert debtree.tree(["perl"]) == old
    assert "no network" in capsys.readouterr().err
    with pytest.raises(debtree.Failure):
        debtree.tree(["ruby"])


@pytest.mark.parametrize("words", [[], ["--no-such-option"], ["Perl"], ["a b"]])
def test_says_how_it_is_used(words):
    done = subprocess.run([str(ROOT / "tools/debtree"), *words], text=True, check=False,
                          capture_output=True)
    assert done.returncode == 2 and "PACKAGE" in done.stderr and not done.stdout
