# SPDX-License-Identifier: MIT
"""Archives with real programs from Debian's packages, for tests to boot with.

Each function gives the path of an initramfs: the default one, with more behind it.
Paths are those of the host, so that a program finds its files where it expects them.
"""
import fcntl
import hashlib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import newc  # noqa: E402 (the path above is where it is)

OUT = ROOT / "build/system"


def initramfs(name, members):
    """The default initramfs with MEMBERS behind it, as build/system/NAME.cpio."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / (name + ".cpio")
    temporary = OUT / ("%s.%d" % (name, os.getpid()))
    temporary.write_bytes((ROOT / "build/initramfs.cpio").read_bytes() + newc.archive(members))
    temporary.rename(path)
    return path


def debian(name, packages, members):
    """Debian packages in an initramfs with MEMBERS behind them, as build/system/NAME.cpio."""
    OUT.mkdir(parents=True, exist_ok=True)
    tree = subprocess.run([str(ROOT / "tools/debtree"), *packages], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    more = newc.archive(members)
    path = OUT / (name + ".cpio")
    key = "%s %s" % (tree, hashlib.sha256(more).hexdigest())
    made = path.with_suffix(".key")
    with open(OUT / (name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists() or not made.exists() or made.read_text() != key:
            temporary = OUT / (name + ".new")
            temporary.write_bytes(pathlib.Path(tree).read_bytes() + more)
            temporary.rename(path)
            made.write_text(key)
    return path


def files(*paths):
    """Members for files of the host, by the same names."""
    return {str(p).lstrip("/"): pathlib.Path(p).resolve().read_bytes() for p in paths}


def libraries(program):
    """The shared libraries and the loader of a program."""
    text = subprocess.run(["ldd", program], check=True, text=True, stdout=subprocess.PIPE).stdout
    return re.findall(r"(/\S+)", text)


def headers(*names):
    """The files that #include of these names reads."""
    text = subprocess.run(["gcc", "-M", "-xc", "-"], check=True, text=True, stdout=subprocess.PIPE,
                          input="".join("#include <%s>\n" % n for n in names)).stdout
    return [w for w in text.replace("\\\n", " ").split() if w.startswith("/usr/include/")]


def tcc():
    """tcc with the C library, its headers and start files."""
    lib = pathlib.Path("/usr/lib/x86_64-linux-gnu")
    wanted = ["/usr/bin/tcc", *libraries("/usr/bin/tcc"),
              *headers("stdio.h", "stdlib.h", "string.h", "unistd.h", "sys/wait.h", "errno.h"),
              *(lib / n for n in ("crt1.o", "crti.o", "crtn.o", "libc.so", "libc_nonshared.a")),
              "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6",
              "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"]
    wanted += [p for p in (lib / "tcc").rglob("*") if p.is_file()]
    return files(*wanted)


def go_program(name, source):
    """A Go program, built static; gives its path."""
    OUT.mkdir(parents=True, exist_ok=True)
    folder = OUT / ("go-" + name)
    with open(OUT / "go.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.mkdir(exist_ok=True)
        (folder / "main.go").write_text(source)
        subprocess.run(["go", "build", "-o", "prog", "main.go"], cwd=folder, check=True,
                       env={**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off",
                            "GOCACHE": str(OUT / "gocache"), "GOFLAGS": "-ldflags=-s"})
    return folder / "prog"


def rust_program(name, source):
    """A Rust program, built by Debian's compiler, with shared libraries; gives its path."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / name
    temporary = "%s.%d" % (path, os.getpid())
    subprocess.run(["/usr/bin/rustc", "--edition=2021", "-O", "-Dwarnings", "-Cstrip=symbols",
                    "--crate-name", name, "-o", temporary, "-"], input=source, text=True,
                   check=True, stdout=subprocess.DEVNULL)
    os.rename(temporary, path)
    return path


def c_program(name, source):
    """A C program, built static; gives its path."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / name
    subprocess.run(["gcc", "-O1", "-static", "-s", "-pthread", "-xc", "-", "-o",
                    "%s.%d" % (path, os.getpid())], input=source, text=True, check=True)
    os.rename("%s.%d" % (path, os.getpid()), path)
    return path
