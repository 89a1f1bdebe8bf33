/* SPDX-License-Identifier: MIT */
/* splice, tee, vmsplice, sendfile: what moves, what stays, what waits, and that nothing gets lost. */
#include "tap.h"
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static char big[300000], back[300000];
static volatile int got_pipe;

static void on_pipe(int n)
{
	got_pipe = n;
}

static int filled_file(const char *name, size_t n)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (write(fd, big, n) != (ssize_t)n)
		dprintf(1, "# cannot fill %s\n", name);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static long waiting(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) ? -1 : n;
}

static void file_to_pipe(void)
{
	int p[2], f = filled_file("source", 100000);
	loff_t at = 4096;
	ssize_t n;
	size_t total = 0;

	pipe(p);
	CHECK_INT("a pipe's worth at a place", splice(f, &at, p[1], NULL, 100000, 0), 65536);
	CHECK_INT("the place moved", at, 4096 + 65536);
	CHECK_INT("the file's own did not", lseek(f, 0, SEEK_CUR), 0);
	CHECK_INT("in the pipe", waiting(p[0]), 65536);
	CHECK_ERRNO("full", splice(f, &at, p[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	for (total = 0; total < 65536; total += (size_t)n)
		if ((n = read(p[0], back + total, 7000)) <= 0)
			break;
	CHECK("the bytes", !memcmp(back, big + 4096, 65536));
	CHECK_INT("the rest", splice(f, &at, p[1], NULL, 100000, 0), 100000 - 4096 - 65536);
	CHECK_INT("end of file", splice(f, &at, p[1], NULL, 1, 0), 0);
	CHECK_INT("at its own place", splice(f, NULL, p[1], NULL, 10, 0), 10);
	CHECK_INT("which moved", lseek(f, 0, SEEK_CUR), 10);
	close(p[0]);
	signal(SIGPIPE, on_pipe);
	CHECK_ERRNO("no reader", splice(f, NULL, p[1], NULL, 10, 0), EPIPE);
	CHECK_INT("SIGPIPE", got_pipe, SIGPIPE);
	CHECK_INT("the place stays", lseek(f, 0, SEEK_CUR), 10);
	signal(SIGPIPE, SIG_IGN);
	close(p[1]);
	close(f);
}

static void pipe_to_file(void)
{
	int p[2], f = open("target", O_RDWR | O_CREAT | O_TRUNC, 0644);
	loff_t at = 3;
	char b[16] = "";

	pipe(p);
	write(p[1], "hello", 5);
	write(p[1], " world", 6);
	CHECK_INT("part of it", splice(p[0], NULL, f, &at, 7, 0), 7);
	CHECK_INT("the place", at, 10);
	CHECK_INT("what stays", waiting(p[0]), 4);
	CHECK_INT("more than there is", splice(p[0], NULL, f, NULL, 100, 0), 4);
	CHECK_INT("its own place", lseek(f, 0, SEEK_CUR), 4);
	CHECK_INT("the file", pread(f, b, 16, 0), 10);
	CHECK("is right", !memcmp(b, "orldello w", 10));
	CHECK_ERRNO("empty", splice(p[0], NULL, f, NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	close(p[1]);
	CHECK_INT("end of file", splice(p[0], NULL, f, NULL, 1, 0), 0);
	close(p[0]);
	close(f);
	pipe(p);
	write(p[1], "kept", 4);
	f = open("target", O_WRONLY | O_APPEND);
	CHECK_ERRNO("appending", splice(p[0], NULL, f, NULL, 4, 0), EINVAL);
	close(f);
	f = open("/dev/full", O_WRONLY);
	TELL("a device that is full", "%d %d", splice(p[0], NULL, f, NULL, 4, 0) < 0, errno);
	close(f);
	close(p[0]);
	close(p[1]);
}

/* What a target does not take stays in the pipe. */
static void nothing_lost(void)
{
	int p[2], s[2];
	size_t total = 0;
	ssize_t n, m;

	pipe(p);
	pipe2(s, O_NONBLOCK);
	CHECK_INT("a large pipe", fcntl(p[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
	CHECK_INT("filled", write(p[1], big, sizeof(big)), sizeof(big));
	CHECK_INT("a pipe takes some", splice(p[0], NULL, s[1], NULL, sizeof(big), 0), 65536);
	CHECK_INT("the rest stays", waiting(p[0]), (long)sizeof(big) - 65536);
	CHECK_ERRNO("and does not move", splice(p[0], NULL, s[1], NULL, sizeof(big), 0), EAGAIN);
	CHECK_INT("not at all", waiting(p[0]), (long)sizeof(big) - 65536);
	do {
		n = read(s[0], back + total, 5000);
		total += n > 0 ? (size_t)n : 0;
		m = splice(p[0], NULL, s[1], NULL, 3000, SPLICE_F_NONBLOCK);
	} while (n > 0 || m > 0);
	CHECK_INT("all of it came", total, sizeof(big));
	CHECK("as it was", !memcmp(big, back, sizeof(big)));
	close(p[0]);
	close(p[1]);
	close(s[0]);
	close(s[1]);
}

static void pipe_to_pipe(void)
{
	int p[2], q[2];
	char b[16] = "";

	pipe(p);
	pipe(q);
	write(p[1], "hello", 5);
	CHECK_INT("two bytes", splice(p[0], NULL, q[1], NULL, 2, 0), 2);
	CHECK_INT("stay behind", waiting(p[0]), 3);
	write(p[1], "p", 1);
	write(q[1], "q", 1);
	CHECK_INT("the rest", splice(p[0], NULL, q[1], NULL, 100, 0), 4);
	CHECK_INT("in order", read(q[0], b, 16), 7);
	CHECK("with what was written between", !memcmp(b, "heqllop", 7));
	CHECK_ERRNO("empty", splice(p[0], NULL, q[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERRNO("to itself", splice(p[0], NULL, p[1], NULL, 1, 0), EINVAL);
	fcntl(q[1], F_SETFL, O_NONBLOCK);
	CHECK_ERRNO("empty, and the target does not wait", splice(p[0], NULL, q[1], NULL, 1, 0), EAGAIN);
	close(p[1]);
	CHECK_INT("end of file", splice(p[0], NULL, q[1], NULL, 1, 0), 0);
	close(q[0]);
	signal(SIGPIPE, on_pipe);
	got_pipe = 0;
	CHECK_ERRNO("no reader", splice(p[0], NULL, q[1], NULL, 1, 0), EPIPE);
	CHECK_INT("SIGPIPE", got_pipe, SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	close(p[0]);
	close(q[1]);
}

static void tees(void)
{
	int p[2], q[2];
	char b[16] = "", c[16] = "";

	pipe(p);
	pipe(q);
	write(p[1], "hello", 5);
	CHECK_INT("tee a part", tee(p[0], q[1], 3, 0), 3);
	CHECK_INT("all is still there", waiting(p[0]), 5);
	write(p[1], "P", 1);
	write(q[1], "Q", 1);
	CHECK_INT("tee more than there is", tee(p[0], q[1], 100, 0), 6);
	CHECK_INT("the source", read(p[0], b, 16), 6);
	CHECK("is as it was", !memcmp(b, "helloP", 6));
	write(p[1], "overwritten?", 12);
	CHECK_INT("the copy", read(q[0], c, 16), 10);
	CHECK("has both in order", !memcmp(c, "helQhelloP", 10));
	CHECK_ERRNO("to itself", tee(p[0], p[1], 1, 0), EINVAL);
	CHECK_ERRNO("no pipe", tee(p[0], 2, 1, 0), EINVAL);
	CHECK_ERRNO("wrong end", tee(p[1], q[1], 1, 0), EBADF);
	CHECK_ERRNO("flags", tee(p[0], q[1], 1, 64), EINVAL);
	CHECK_ERRNO("closed", tee(99, q[1], 1, 0), EBADF);
	CHECK_INT("nothing", tee(p[0], q[1], 0, 0), 0);
	read(p[0], b, 16);
	CHECK_ERRNO("empty", tee(p[0], q[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
	close(p[1]);
	CHECK_INT("end of file", tee(p[0], q[1], 1, 0), 0);
	close(q[0]);
	CHECK_ERRNO("no reader", tee(p[0], q[1], 1, 0), EPIPE);
	close(q[1]);
	close(p[0]);
}

static void vmsplices(void)
{
	int p[2];
	struct iovec v[3] = { { big, 10 }, { NULL, 0 }, { big + 5000, 5000 } }, w = { back, 5010 };

	pipe(p);
	CHECK_INT("memory into a pipe", vmsplice(p[1], v, 3, 0), 5010);
	CHECK_INT("is there", waiting(p[0]), 5010);
	memset(back, 0, 6000);
	CHECK_INT("and out of it", vmsplice(p[0], &w, 1, 0), 5010);
	CHECK("the same", !memcmp(back, big, 10) && !memcmp(back + 10, big + 5000, 5000));
	CHECK_ERRNO("empty", vmsplice(p[0], &w, 1, SPLICE_F_NONBLOCK), EAGAIN);
	w = (struct iovec){ big, sizeof(big) };
	TELL("more than fits", "%d", vmsplice(p[1], &w, 1, 0) < 65537);
	while (vmsplice(p[1], &w, 1, SPLICE_F_NONBLOCK) > 0)
		;
	CHECK_INT("full", errno, EAGAIN);
	CHECK_INT("nothing", vmsplice(p[1], &w, 0, 0), 0);
	CHECK_ERRNO("flags", vmsplice(p[1], &w, 1, 64), EINVAL);
	CHECK_ERRNO("no pipe", vmsplice(2, &w, 1, 0), EBADF);
	CHECK_ERRNO("closed", vmsplice(99, &w, 1, 0), EBADF);
	CHECK_ERRNO("bad vector", vmsplice(p[1], (void *)1, 1, 0), EFAULT);
	read(p[0], back, sizeof(back));
	w = (struct iovec){ (void *)4096, 100 };
	CHECK_ERRNO("bad memory", vmsplice(p[1], &w, 1, 0), EFAULT);
	close(p[0]);
	w = (struct iovec){ big, 100 };
	CHECK_ERRNO("no reader", vmsplice(p[1], &w, 1, 0), EPIPE);
	close(p[1]);
}

static void refusals(void)
{
	int p[2], q[2], f = filled_file("source", 100), dir = open(".", O_RDONLY);
	loff_t at = 0, bad = -1;

	pipe(p);
	pipe(q);
	write(p[1], "abc", 3);
	CHECK_ERRNO("no pipe at all", splice(f, NULL, f, NULL, 1, 0), EINVAL);
	CHECK_ERRNO("a place in the source pipe", splice(p[0], &at, f, NULL, 1, 0), ESPIPE);
	CHECK_ERRNO("a place in the target pipe", splice(f, NULL, p[1], &at, 1, 0), ESPIPE);
	CHECK_ERRNO("wrong ends", splice(p[1], NULL, q[1], NULL, 1, 0), EBADF);
	CHECK_ERRNO("wrong ends", splice(p[0], NULL, q[0], NULL, 1, 0), EBADF);
	CHECK_ERRNO("place before the file", splice(f, &bad, p[1], NULL, 1, 0), EINVAL);
	CHECK_ERRNO("place nowhere", splice(f, (void *)1, p[1], NULL, 1, 0), EFAULT);
	CHECK_ERRNO("place nowhere, and closed", splice(f, (void *)1, 99, NULL, 1, 0), EBADF);
	CHECK_ERRNO("a directory", splice(dir, NULL, p[1], NULL, 1, 0), EINVAL);
	CHECK_ERRNO("sendfile from a pipe", sendfile(f, p[0], NULL, 1), EINVAL);
	CHECK_ERRNO("sendfile from pipe to pipe", sendfile(q[1], p[0], NULL, 1), EINVAL);
	CHECK_INT("nothing went", waiting(p[0]), 3);
	CHECK_INT("the pipe to a device", splice(p[0], NULL, open("/dev/null", O_WRONLY), NULL, 9, 0), 3);
	close(dir);
	close(f);
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
}

/* A pipe takes what it has room for, not all. */
static void sendfile_to_pipe(void)
{
	int p[2], f = filled_file("source", 200000);

	pipe2(p, O_NONBLOCK);
	CHECK_INT("sendfile fills a pipe", sendfile(p[1], f, NULL, 200000), 65536);
	CHECK_INT("the place goes on by as much", lseek(f, 0, SEEK_CUR), 65536);
	CHECK_ERRNO("no room", sendfile(p[1], f, NULL, 200000), EAGAIN);
	CHECK_INT("the place stays", lseek(f, 0, SEEK_CUR), 65536);
	close(p[0]);
	CHECK_ERRNO("no reader", sendfile(p[1], f, NULL, 200000), EPIPE);
	close(p[1]);
	close(f);
}

static int shared_source, shared_target;

static void *send_all(void *sum)
{
	ssize_t n;

	while ((n = sendfile(shared_target, shared_source, NULL, 777)) > 0)
		*(long *)sum += n;
	return NULL;
}

/* Two threads send from one open file to another: each byte once. */
static void shared_positions(void)
{
	pthread_t t;
	long sums[2] = { 0, 0 };

	shared_source = filled_file("source", sizeof(big));
	shared_target = open("target", O_RDWR | O_CREAT | O_TRUNC, 0644);
	pthread_create(&t, NULL, send_all, &sums[0]);
	send_all(&sums[1]);
	pthread_join(t, NULL);
	CHECK("two threads sent everything", sums[0] + sums[1] >= (long)sizeof(big));
	CHECK_INT("the source is at its end", lseek(shared_source, 0, SEEK_CUR), sizeof(big));
	close(shared_source);
	close(shared_target);
}

static int chain[4];

static void *carry(void *unused)
{
	while (splice(chain[0], NULL, chain[3], NULL, 10000, 0) > 0)
		;
	close(chain[3]);
	return unused;
}

static void *feed(void *unused)
{
	size_t done = 0;
	ssize_t n;

	while (done < sizeof(big) && (n = write(chain[1], big + done, 7001 < sizeof(big) - done ? 7001 : sizeof(big) - done)) > 0)
		done += (size_t)n;
	close(chain[1]);
	return unused;
}

/* Splices that wait for data and for room. */
static void waits(void)
{
	pthread_t t[2];
	size_t total = 0;
	ssize_t n;

	pipe(chain);
	pipe(chain + 2);
	memset(back, 0, sizeof(back));
	pthread_create(&t[0], NULL, carry, NULL);
	pthread_create(&t[1], NULL, feed, NULL);
	while ((n = read(chain[2], back + total, sizeof(back) - total)) > 0)
		total += (size_t)n;
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	CHECK_INT("through a chain of pipes", total, sizeof(big));
	CHECK("in order", !memcmp(big, back, sizeof(big)));
	close(chain[0]);
	close(chain[2]);
}

int main(void)
{
	unsigned seed = 1;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
	file_to_pipe();
	pipe_to_file();
	nothing_lost();
	pipe_to_pipe();
	tees();
	vmsplices();
	refusals();
	sendfile_to_pipe();
	shared_positions();
	waits();
	return tap_done();
}
