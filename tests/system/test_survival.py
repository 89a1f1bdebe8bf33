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


TOUCH = r"""
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#define MB (1 << 20)
static char *take(int megabytes)
{
	char *p = mmap(NULL, (size_t)megabytes * MB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		_exit(3);
	return p;
}
static void *fill(void *p)
{
	memset(p, 1, (size_t)200 * MB);
	return NULL;
}
static void adjust(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		_exit(4);
	close(fd);
}
/* A process that holds so much, and waits to be ended. */
static pid_t holder(int megabytes, const char *score)
{
	int ready[2];
	char c;
	pid_t p;

	pipe(ready);
	p = fork();
	if (!p) {
		adjust(score);
		memset(take(megabytes), 1, (size_t)megabytes * MB);
		write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	read(ready[0], &c, 1);
	return p;
}
int main(int argc, char **argv)
{
	pthread_t t;
	pid_t p;
	int status = 0;

	switch (argv[1][0]) {
	case 'w': /* writes everywhere */
		fill(take(200));
		break;
	case 'r': /* has the kernel write everywhere */
		p = open("/dev/zero", O_RDONLY);
		return read(p, take(200), (size_t)200 * MB) < 0;
	case 't': /* its first thread is gone */
		pthread_create(&t, NULL, fill, take(200));
		pthread_exit(NULL);
	case 's': /* another has much less, and is to go all the same */
		p = holder(5, "1000");
		while (!waitpid(p, &status, WNOHANG))
			memset(take(1), 1, MB);
		printf("the other: %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
		return 0;
	case 'n': /* is never chosen */
		p = holder(38, "-1000");
		if (!fork())
			fill(take(200));
		wait(&status);
		printf("the smaller: %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
		kill(p, 9);
	}
	return 0;
}
"""


@pytest.fixture(scope="module")
def touch():
    path = programs.c_program("touch", TOUCH)
    return ["--initrd", str(programs.initramfs("touch-memory", {"touch-memory": path.read_bytes()})),
            "--memory", "64M"]


@pytest.mark.parametrize("how", ["write", "read", "threads"])
def test_touching_more_than_there_is_kills(linnet, touch, how):
    text = linnet.sh("sleep 100 & /touch-memory %s; echo status $?; kill $! && echo the rest lives; "
                     "dmesg | grep -o 'Out of memory: Killed process [0-9]* ([a-z-]*)' | "
                     "sed 's/[0-9]* (/N (/'" % how, options=touch)
    assert text == ("status 137\nthe rest lives\n"
                    "Out of memory: Killed process N (touch-memory)\n")


def test_out_of_memory_says_why(linnet, touch):
    text = linnet.sh("/touch-memory write; dmesg | grep -oE '[a-z-]* invoked oom-killer|Mem-Info: total:[1-9]|"
                     "global_oom,.*task=[a-z-]*'", options=touch)
    assert text == ("touch-memory invoked oom-killer\nMem-Info: total:6\n"
                    "global_oom,task_memcg=/,task=touch-memory\n")


@pytest.mark.parametrize("how, words", [("score", "the other: 9"), ("never", "the smaller: 9")],
                         ids=["score", "never"])
def test_oom_score_adj_chooses(linnet, touch, how, words):
    text = linnet.sh("/touch-memory %s; echo status $?" % how, options=touch)
    assert text == words + "\nstatus 0\n"
