# SPDX-License-Identifier: MIT
"""Too many processes, too little memory: callers get errors, the kernel goes on."""
import programs
import pytest

BOMB = r"""
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
	int n = 0, error;
	pid_t p;
	setpgid(0, 0);
	while ((p = fork()) > 0 && n < 100000)
		n++;
	if (p == 0) {
		pause();
		_exit(0);
	}
	error = errno;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	printf("%s %s\n", n > 50 ? "many" : "few",
	       error == EAGAIN || error == ENOMEM ? "refused" : strerror(error));
	return 0;
}
"""

HOG = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
	int status;
	if (!fork())
		for (;;) {
			char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (p == MAP_FAILED)
				_exit(3);
			memset(p, 1, 1 << 20);
		}
	wait(&status);
	printf("%s\n", WIFSIGNALED(status) && WTERMSIG(status) == 9 ? "ended" :
	       WEXITSTATUS(status) == 3 ? "ended" : "odd");
	return 0;
}
"""


def memory_free(text):
    """The numbers behind "free" in what a script printed."""
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith("free")]


FREE = "free_now() { while read k v u; do [ $k = MemFree: ] && echo free $v; done " \
       "</proc/meminfo; }\n"


@pytest.mark.parametrize("name, source, words", [("bomb", BOMB, "many refused"),
                                                 ("hog", HOG, "ended")],
                         ids=["bomb", "hog"])
def test_ends_with_an_error_and_gives_all_back(linnet, name, source, words):
    path = programs.c_program(name, source)
    initrd = programs.initramfs(name, {name: path.read_bytes()})
    text = linnet.sh(FREE + "/%s; free_now; /%s; /%s; free_now; echo alive" % (name, name, name),
                     options=["--initrd", str(initrd), "--memory", "96M"])
    lines = text.splitlines()
    assert lines.count(words) == 3
    assert lines[-1] == "alive"
    before, after = memory_free(text)
    # Caches may keep some; a stack lost with each process would be tens of megabytes.
    assert after > before - 6 * 1024, "memory is missing: %d, then %d KiB" % (before, after)


def test_shell_fork_bomb(linnet):
    text = linnet.sh("ulimit -p 100 2>/dev/null; sleep 4 & nap=$!; (f() { f | f & }; f) "
                     ">/dev/null 2>&1 & wait $nap; echo alive", options=["--memory", "96M"])
    assert text == "alive\n"


def test_files_fill_the_memory(linnet):
    text = linnet.sh("dd if=/dev/zero of=/big bs=64k 2>/dev/null || echo refused; rm /big; "
                     "dd if=/dev/zero of=/small bs=64k count=16 2>/dev/null && echo fits",
                     options=["--memory", "96M"])
    assert text == "refused\nfits\n"


@pytest.mark.deep
def test_ten_thousand_processes(linnet):
    text = linnet.sh("i=0; while [ $i -lt 10000 ]; do (exit 3); i=$((i + 1)); done; echo $i")
    assert text == "10000\n"
