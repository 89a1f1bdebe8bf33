# SPDX-License-Identifier: MIT
"""Real programs from Debian's packages, unmodified, do inside what they do on the host."""
import os
import pathlib
import subprocess

import bigscript
import oracle
import programs
import pytest

SCRIPTS = pathlib.Path(__file__).parent / "scripts"

TCC = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char **argv)
{
	int status;
	char *text = malloc(100000);

	memset(text, 'x', 99999);
	text[99999] = 0;
	printf("%d %d %s %zu\n", fib(20), argc, argv[1], strlen(text));
	fflush(stdout);
	if (!fork())
		_exit(7);
	wait(&status);
	printf("child %d\n", WEXITSTATUS(status));
	return 5;
}
"""

# Each line runs in an empty folder, on the host's Linux and inside, and prints the same.
BUSYBOX = r"""
echo hello world | busybox wc
busybox seq 1 20 | busybox tac | busybox head -n 3
busybox seq 1 100 | busybox awk '{s+=$1} END {print s, NR}'
printf 'b\na\nc\na\n' | busybox sort | busybox uniq -c
echo abc | busybox tr a-c A-C
echo 'one two three' | busybox cut -d ' ' -f 2
echo 'x=1;y=2' | busybox sed 's/\([a-z]\)=\([0-9]\)/\2:\1/g'
printf 'foo\nbar\nfoobar\n' | busybox grep -n '^foo'
printf 'foo\nbar\n' | busybox grep -c zzz; echo $?
echo text >f; busybox cat f f; busybox rm f; busybox ls
busybox mkdir -p a/b/c; busybox find a | busybox sort
busybox touch x y; busybox ls -1; busybox mv x z; busybox ls -1
echo data >s; busybox ln -s s l; busybox readlink l; busybox cat l
echo data >s; busybox ln s h; busybox stat -c '%h %s %a %F' s
busybox mkdir d; echo 1 >d/1; busybox cp -r d e; busybox cat e/1; busybox rm -r d e; busybox ls
busybox seq 1 50 >f; busybox tar cf t.tar f; busybox rm f; busybox tar xf t.tar; busybox md5sum f
busybox seq 1 5000 >f; busybox gzip f; busybox ls -s f.gz >/dev/null; busybox gunzip f.gz; busybox sha256sum f
busybox seq 1 5000 | busybox gzip -c | busybox zcat | busybox tail -n 1
busybox seq 1 3000 | busybox bzip2 -c | busybox bunzip2 -c | busybox md5sum
busybox seq 1 9 >f; echo f | busybox cpio -o -H newc 2>/dev/null | busybox cpio -t 2>/dev/null
printf 'a\nb\n' >1; printf 'a\nc\n' >2; busybox diff 1 2; echo $?
printf 'a\nb\n' >1; printf 'a\nc\n' >2; busybox diff -u 1 2 | busybox tail -n 3 >p; busybox cmp 1 2; echo $?
busybox dd if=/dev/zero bs=1k count=3 2>/dev/null | busybox wc -c
busybox dd if=/dev/zero of=f bs=1 count=1 seek=100000 2>/dev/null; busybox stat -c %s f
busybox head -c 100 /dev/zero | busybox od -An -tx1 | busybox head -n 1
echo hello | busybox hexdump -C
echo hello | busybox base64 | busybox base64 -d
echo '2^10 + 5 * 3' | busybox bc 2>/dev/null || busybox expr 1024 + 15
busybox expr 6 \* 7; busybox test 3 -lt 4; echo $?
busybox basename /a/b.c .c; busybox dirname /a/b.c
busybox env -i A=1 busybox env
busybox printf '%05d|%x|%s\n' 42 255 str
busybox date -u -d @86400 '+%Y-%m-%d %H:%M:%S'
busybox sleep 0.1 && echo slept
busybox timeout 1 busybox sleep 10; echo $?
busybox true; echo $?; busybox false; echo $?
(busybox sleep 5 & echo $! >p; busybox kill $(busybox cat p); wait; echo killed)
busybox yes | busybox head -n 100000 | busybox md5sum
busybox seq 1 1000 | busybox xargs -n 100 echo | busybox wc -l
busybox seq 1 20 | busybox xargs -n 1 -P 4 echo | busybox sort -n | busybox tail -n 1
busybox seq 1 10 | busybox split -l 4; busybox ls; busybox cat xac
busybox seq 1 10 | busybox tee f | busybox tail -n 1; busybox wc -l <f
busybox mkfifo p; (echo through >p &); busybox cat p
busybox chmod 640 . ; busybox stat -c %a .
echo x >f; busybox chown 12:34 f; busybox stat -c '%u %g' f
busybox nice -n 5 busybox nice
busybox id -u; busybox whoami; busybox tty; echo $?
busybox du -s . >/dev/null; echo $?
busybox paste -d , /dev/null /dev/null; busybox rev <<E; echo done
printf '3\n1\n2\n' | busybox sort -rn | busybox nl
printf 'k1 a\nk2 b\n' >1; printf 'k1 x\nk2 y\n' >2; busybox join 1 2 2>/dev/null || busybox paste 1 2
printf 'a b c\n' | busybox fold -w 2
busybox comm -12 /dev/null /dev/null; echo $?
printf '1,x\n' >f; printf 's/x/y/\nw\nq\n' | busybox ed f; busybox cat f
printf 'line\n' >f; busybox sed -i s/line/row/ f; busybox cat f
busybox truncate -s 12345 f; busybox stat -c %s f
busybox mktemp -u /tmp/XXXXXX | busybox wc -c
busybox install -m 700 /dev/null q; busybox stat -c %a q
echo 'echo script $1' >s.sh; busybox chmod +x s.sh; busybox sh ./s.sh arg
for i in 1 2 3; do echo $i; done | while read n; do echo $((n * n)); done
f() { return 3; }; f; echo $?; trap 'echo bye' EXIT; (exit 4); echo $?
a=$(busybox seq 1 5 | busybox tr '\n' +)0; echo $((a))
set -- a b c; shift; echo $# $*; echo ${1}x ${2:-no} ${9:-no}
case abc in a*) echo match;; esac; [ -d . ] && echo dir
busybox crc32 /dev/null 2>/dev/null || busybox cksum /dev/null
busybox uuencode x </dev/null | busybox head -n 1
""".strip().splitlines()


def folded(text):
    return text.replace("<<E", "</dev/null")


@pytest.fixture(scope="module")
def inside():
    """What each line of BUSYBOX printed inside, all from one machine."""
    from conftest import Linnet
    script = ["export TZ=UTC0 PATH=/usr/bin:/bin:/sbin:/usr/sbin"]
    for number, line in enumerate(BUSYBOX):
        path = "/tmp/t%d" % number
        script += ["mkdir -p %s; cd %s" % (path, path), "(", folded(line), ") 2>/dev/null",
                   "echo; echo @end"]
    done = Linnet().run("/bin/sh", stdin=("\n".join(script) + "\n").encode(), timeout=300)
    return done.stdout.decode().split("\n@end\n")


@pytest.mark.parametrize("number", range(len(BUSYBOX)), ids=lambda n: BUSYBOX[n][:40])
def test_busybox(inside, tmp_path, number):
    host = subprocess.run(["busybox", "sh", "-c", folded(BUSYBOX[number])], cwd=tmp_path, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC0"}, check=False)
    assert number < len(inside) - 1, "the script ended before this line"
    assert inside[number] == host.stdout


SHELL = r"""
set -o pipefail
declare -A map
for w in one two three one two one; do (( map[$w]++ )); done
for k in one two three; do echo $k ${map[$k]}; done
coproc cat
echo through the coprocess >&${COPROC[1]}
read -r line <&${COPROC[0]}
echo "$line"
cat <(echo first) <(echo second)
arr=({1..20}); echo ${#arr[@]} ${arr[@]:5:3} ${arr[-1]}
for i in {1..5}; do (sleep 0.0$i; exit $i) & pids+=($!); done
for p in ${pids[@]}; do wait $p; echo status $?; done
trap 'echo got USR1' USR1; kill -USR1 $$; echo after
false | true; echo pipe $?
printf '%s\n' {a..e} | while read x; do echo -n $x$x; done; echo
[[ abc123 =~ ([a-z]+)([0-9]+) ]] && echo ${BASH_REMATCH[1]} ${BASH_REMATCH[2]}
cat <<E
here $((6 * 7))
E
exec 5>/tmp/five; echo five >&5; exec 5>&-; cat /tmp/five
exit 9
"""

ZSH = r"""
setopt extended_glob
mkdir -p /tmp/z; cd /tmp/z; touch a.c b.c c.h
print -l *.c
a=(3 1 2); print ${(o)a} $#a
for i in {1..3}; do (exit $i) & wait $!; print $?; done
typeset -A h; h=(x 1 y 2); print $h[y] ${(ok)h}
print $(( 2 ** 10 )) ${(U)PWD:t}
echo one two | read p q; print $q
trap 'print bye' EXIT
exit 8
"""


def on_host(words, script, tmp_path):
    return subprocess.run(words, input=script, text=True, stdout=subprocess.PIPE, cwd=tmp_path,
                          stderr=subprocess.DEVNULL, check=False)


@pytest.mark.parametrize("shell, script", [("bash-static", SHELL), ("zsh-static", ZSH)],
                         ids=["bash", "zsh"])
def test_shell(linnet, tmp_path, shell, script):
    path = "/bin/" + shell
    initrd = programs.initramfs(shell, programs.files(path))
    host = on_host([path], script, tmp_path)
    done = linnet.run(path, options=["--initrd", str(initrd)], stdin=script.encode())
    assert done.stdout.decode() == host.stdout
    assert done.returncode == host.returncode


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash-static"], ids=["busybox", "bash"])
def test_script_of_2000_lines(linnet, shell):
    script = bigscript.script()
    assert script.count("\n") >= 2000
    initrd = programs.initramfs("script", {"script": script.encode(),
                                           **programs.files("/bin/bash-static")})
    output, status = same_as_linux(linnet, initrd, shell, "/script")
    assert output.endswith("total 596\n") and status == 17


def same_as_linux(linnet, initrd, *words):
    """The program prints and returns what it does on Linux; gives that."""
    output, status = oracle.linux(words, initrd)
    done = linnet.run(*words, options=["--initrd", str(initrd)])
    oracle.assert_same(output, done.stdout)
    assert done.returncode == status, done.stderr.decode(errors="replace")
    return output.decode(), status


def test_go_program(linnet):
    path = programs.go_program("routines", (SCRIPTS / "routines.go").read_text())
    initrd = programs.initramfs("go", {"go": path.read_bytes(), "scripts/x": b""})
    output, status = same_as_linux(linnet, initrd, "/go")
    assert output.startswith("fan in: 1000 332833500\n") and status == 3


def test_tcc_compiles_and_runs(linnet):
    initrd = programs.initramfs("tcc", {**programs.tcc(), "root/prog.c": TCC.encode()})
    done = linnet.sh("cd /root && tcc -run prog.c word; echo $?; "
                     "tcc -o prog prog.c && ./prog again; echo $?",
                     options=["--initrd", str(initrd)])
    assert done == ("6765 2 word 99999\nchild 7\n5\n" "6765 2 again 99999\nchild 7\n5\n")


def test_pthreads_program(linnet):
    path = programs.c_program("threads", (SCRIPTS / "threads.c").read_text())
    initrd = programs.initramfs("threads", {"threads": path.read_bytes()})
    output, status = same_as_linux(linnet, initrd, "/threads")
    assert output.endswith("forked: 9\n") and status == 11
