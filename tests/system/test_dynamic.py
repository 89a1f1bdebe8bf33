# SPDX-License-Identifier: MIT
"""Dynamic programs from Debian's packages, unmodified, on one, two and four processors.

Where what they print does not depend on time, Debian's Linux is the judge, and it has to be
the same on any number of processors. Whatever they do, the kernel must have nothing to
complain about.
"""
import pathlib
import re

import oracle
import programs
import pytest

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
PACKAGES = ("stress-ng rt-tests python3 perl xz-utils make tcc libc6-dev findutils grep sed "
            "diffutils mawk tar gzip").split()
MEMORY = "1G"
CPUS = pytest.mark.parametrize("cpus", ["1", "2", "4"])

@pytest.fixture(scope="module")
def tree():
    """An initramfs with all that the tests below run."""
    scripts = {"work/" + name: (SCRIPTS / name).read_bytes()
               for name in ("work.py", "work.pl", "coreutils.sh", "bash.sh")}
    goroutines = programs.go_program("goroutines", (SCRIPTS / "goroutines.go").read_text())
    steal = programs.rust_program("steal", (SCRIPTS / "steal.rs").read_text())
    return programs.debian("dynamic", PACKAGES, {
        **scripts, "work/goroutines": goroutines.read_bytes(), "work/steal": steal.read_bytes()})


@pytest.fixture
def run(linnet, tree):
    """Runs a program on CPUS processors; gives what it printed (bytes) and its status."""
    def runs(cpus, *words, memory=MEMORY, **more):
        return linnet.run_in(tree, cpus, *words, memory=memory, **more)
    return runs


def script(run, cpus, text, **more):
    """What a script of bash prints, which has to end well."""
    output, status = run(cpus, "/bin/bash", "-c", "cd /tmp\n" + text, **more)
    assert status == 0, output.decode(errors="replace")
    return output.decode()


# ---- the same as on Linux -----------------------------------------------------

@CPUS
@pytest.mark.parametrize("status, words", [
    (6, ["python3", "/work/work.py"]), (5, ["perl", "/work/work.pl"]),
    (12, ["bash", "/work/coreutils.sh"]), (9, ["bash", "/work/bash.sh"]),
    (3, ["/work/goroutines"]), (4, ["/work/steal"]),
], ids=["python", "perl", "coreutils", "bash", "go", "rust"])
def test_prints_what_linux_prints(run, tree, cpus, status, words):
    expected, ended = oracle.linux(words, tree, memory=MEMORY)
    assert ended == status, expected.decode(errors="replace")
    got, ended = run(cpus, *words)
    oracle.assert_same(expected, got)
    assert ended == status


@CPUS
def test_programs_see_the_processors(run, cpus):
    seen = script(run, cpus, "nproc; python3 /work/work.py count; /work/goroutines count; "
                             "/work/steal count; grep -c ^processor /proc/cpuinfo")
    assert seen.split() == [cpus] * 6


# ---- by their own word --------------------------------------------------------

@CPUS
def test_hackbench(run, cpus):
    """Processes and threads, over sockets and pipes: 80 of them send 10,000 messages."""
    output = script(run, cpus, "for how in '' -p -T '-T -p'; do\n"
                               "hackbench $how -g 2 -l 25 || exit; done")
    assert len(re.findall(r"^Time: [\d.]+$", output, re.M)) == 4, output


@CPUS
def test_cyclictest(run, cpus):
    """A real-time thread on each processor wakes every millisecond, none is left out."""
    output = script(run, cpus, "cyclictest -q -m -S -p 80 -i 1000 -l 400 -d 0 2>&1")
    rows = re.findall(r"^T: *\d+ \( *\d+\) P:80 I:1000 C: *(\d+) Min: *(\d+) Act: *\d+ "
                      r"Avg: *(\d+) Max: *(\d+)$", output, re.M)
    assert len(rows) == int(cpus), output
    for count, least, average, most in ([int(word) for word in row] for row in rows):
        assert count >= 300 and 0 <= least <= average <= most, output


@CPUS
def test_xz_with_four_threads(run, cpus):
    output = script(run, cpus, r"""
        head -c 3000000 /usr/bin/python3.* >text
        xz -T4 -0 --block-size=512KiB -k text && xz -t -T4 text.xz && xz -dc -T4 text.xz | cmp - text
        xz -l --robot text.xz | sed -n 's/^totals\t[0-9]*\t\([0-9]*\)\t.*/blocks \1/p'
        [ $(stat -c %s text.xz) -lt $(($(stat -c %s text) / 2)) ] && echo smaller""")
    assert re.fullmatch(r"blocks \d\nsmaller\n", output), output


MAKE = r"""
mkdir make && cd make || exit
for i in $(seq 1 24); do
	printf '#include <stdio.h>\n#include "all.h"\nint f%d(int x)\n{\n\treturn x * %d;\n}\n' $i $i >f$i.c
done
for i in $(seq 1 24); do echo "int f$i(int x);"; done >all.h
{
	printf '#include <stdio.h>\n#include "all.h"\nint main(void)\n{\n\tint s = 0;\n\n'
	for i in $(seq 1 24); do echo "	s += f$i($i);"; done
	printf '\tprintf("%%d\\n", s);\n\treturn 0;\n}\n'
} >main.c
cat >Makefile <<'E'
OBJ := $(patsubst %.c,%.o,$(sort $(wildcard *.c)))
prog: $(OBJ)
	tcc -o $@ $^
%.o: %.c all.h
	tcc -c -o $@ $<
E
make -j4 && ./prog && make -j4 && touch f7.c && make -j4
"""


@CPUS
def test_make_with_four_jobs(run, cpus):
    lines = script(run, cpus, MAKE).splitlines()
    steps = sorted("tcc -c -o %s.o %s.c" % (name, name)
                   for name in ["main", *("f%d" % i for i in range(1, 25))])
    assert sorted(lines[:25]) == steps
    assert lines[25].startswith("tcc -o prog ")
    assert lines[26:] == ["4900", "make: 'prog' is up to date.", "tcc -c -o f7.o f7.c", lines[25]]


# ---- stress-ng ----------------------------------------------------------------

CLASSES = "cpu fork clone futex pthread switch mmap vm pipe yield sem sigq timer".split()
SHARING = ("sem-sysv signal sigfd sigpipe timerfd sock sockpair sockfd epoll poll eventfd inotify pty "
           "shm shm-sysv msg mq").split()
STRESS = """
for class in %s; do
	echo "== $class"
	timeout -s KILL %d stress-ng --$class %d -t %d --verify --metrics-brief --vm-bytes 64m \
		--mmap-bytes 4m --epoll-domain unix --pty-max 64 2>&1 || echo "failed: $?"
done
"""


def stress(run, cpus, classes, seconds, **more):
    text = STRESS % (" ".join(classes), 3 * seconds + 60, max(2, int(cpus)), seconds)
    output = script(run, cpus, text, seconds=len(classes) * (seconds + 10) + 60, **more)
    parts = output.split("== ")[1:]
    assert len(parts) == len(classes), output
    for name, part in zip(classes, parts):
        assert "successful run completed" in part and "fail" not in part, part
        assert re.search(r"metrc: \[\d+\] %s +[1-9]\d* " % name, part), part


@CPUS
def test_stress_ng(run, cpus):
    stress(run, cpus, CLASSES, 5)


@CPUS
def test_stress_ng_sharing(run, cpus):
    """Signals, waiting and what processes share."""
    stress(run, cpus, SHARING, 1)


@CPUS
@pytest.mark.deep
@pytest.mark.parametrize("name", CLASSES + SHARING)
def test_stress_ng_for_a_minute(run, cpus, name):
    """With the memory that sockpair's buffers may take: a minute is enough to fill most of them."""
    stress(run, cpus, [name], 60, memory="4G")
