/* SPDX-License-Identifier: MIT */
/* Pipes and FIFOs: end of file, EPIPE, partial transfers, atomic writes, O_NONBLOCK. */
#include "tap.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static char big[200000];
static volatile int got_pipe;

static void on_pipe(int n)
{
	got_pipe = n;
}

static void basics(void)
{
	int p[2];
	char b[16] = "";
	struct stat st;

	CHECK_INT("pipe", pipe(p), 0);
	CHECK_INT("write", write(p[1], "hello", 5), 5);
	CHECK_INT("short read", read(p[0], b, 2), 2);
	CHECK_INT("the rest", read(p[0], b + 2, 10), 3);
	CHECK("bytes", !memcmp(b, "hello", 5));
	CHECK_INT("write of nothing", write(p[1], b, 0), 0);
	CHECK_INT("read of nothing", read(p[0], b, 0), 0);
	CHECK_ERRNO("read from the write end", read(p[1], b, 1), EBADF);
	CHECK_ERRNO("write to the read end", write(p[0], b, 1), EBADF);
	CHECK_ERRNO("lseek", lseek(p[0], 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO("pread", pread(p[0], b, 1, 0), ESPIPE);
	CHECK_ERRNO("ftruncate", ftruncate(p[1], 0), EINVAL);
	CHECK_INT("fstat", fstat(p[0], &st), 0);
	CHECK("it is a FIFO", S_ISFIFO(st.st_mode));
	TELL("its mode", "%o", st.st_mode & 07777);
	write(p[1], "abc", 3);
	int n = -1;
	CHECK_INT("FIONREAD", ioctl(p[0], FIONREAD, &n), 0);
	CHECK_INT("bytes waiting", n, 3);
	close(p[1]);
	CHECK_INT("what is left", read(p[0], b, 16), 3);
	CHECK_INT("end of file", read(p[0], b, 16), 0);
	CHECK_INT("again", read(p[0], b, 16), 0);
	close(p[0]);
}

static void broken(void)
{
	int p[2];

	pipe(p);
	close(p[0]);
	CHECK_INT("SIGPIPE kills", IN_CHILD({ signal(SIGPIPE, SIG_DFL); write(p[1], "x", 1); }),
		  SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	CHECK_ERRNO("EPIPE when ignored", write(p[1], "x", 1), EPIPE);
	CHECK_INT("writing nothing is fine", write(p[1], "x", 0), 0);
	signal(SIGPIPE, on_pipe);
	CHECK_ERRNO("EPIPE with a handler", write(p[1], "x", 1), EPIPE);
	CHECK_INT("handler ran", got_pipe, SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	close(p[1]);
}

static void nonblocking(void)
{
	int p[2];
	ssize_t n;
	long total = 0;
	char b[8192];

	CHECK_INT("pipe2 O_NONBLOCK", pipe2(p, O_NONBLOCK), 0);
	CHECK_ERRNO("empty", read(p[0], b, 1), EAGAIN);
	while ((n = write(p[1], big, 4096)) > 0)
		total += n;
	CHECK_INT("full", errno, EAGAIN);
	CHECK_INT("capacity", total, 65536);
	CHECK_INT("F_GETPIPE_SZ", fcntl(p[0], F_GETPIPE_SZ), 65536);
	CHECK_INT("one page out", read(p[0], b, 4096), 4096);
	CHECK_INT("one page in", write(p[1], big, 4096), 4096);
	CHECK_ERRNO("atomic write does not fit", write(p[1], big, 1), EAGAIN);
	read(p[0], b, 4096);
	CHECK_INT("large write is cut", write(p[1], big, 8192), 4096);
	CHECK_ERRNO("bad flags", pipe2(p, 0x10), EINVAL);
	CHECK("descriptors untouched by failure", fcntl(p[0], F_GETFL) >= 0);
	close(p[0]);
	close(p[1]);
}

static void blocking(void)
{
	int p[2], status;
	long total = 0;
	ssize_t n;
	char b[3000], c;
	pid_t child;

	pipe(p);
	child = fork();
	if (!child) {
		close(p[0]);
		_exit(write(p[1], big, sizeof(big)) == sizeof(big) ? 0 : 1);
	}
	close(p[1]);
	while ((n = read(p[0], b, sizeof(b))) > 0)
		total += n;
	CHECK_INT("a large write arrives whole", total, sizeof(big));
	waitpid(child, &status, 0);
	CHECK_INT("and the writer saw it whole", status, EXITED(0));
	close(p[0]);

	pipe(p);
	child = fork();
	if (!child) {
		close(p[1]);
		_exit(read(p[0], &c, 1) == 1 ? c : 100);
	}
	sleep_ms(20);
	write(p[1], "\7", 1);
	waitpid(child, &status, 0);
	CHECK_INT("a blocked reader is woken", status, EXITED(7));
	child = fork();
	if (!child) {
		close(p[1]);
		_exit(read(p[0], &c, 1) == 0 ? 3 : 100);
	}
	sleep_ms(20);
	close(p[1]);
	waitpid(child, &status, 0);
	CHECK_INT("a blocked reader sees the end", status, EXITED(3));
	close(p[0]);
}

/* Writes up to PIPE_BUF from several writers never mix. */
static void atomicity(void)
{
	enum { WRITERS = 4, ROUNDS = 50, SIZE = 4096 };
	int p[2], mixed = 0, seen = 0;
	static char record[SIZE];

	pipe(p);
	for (int w = 0; w < WRITERS; w++)
		if (!fork()) {
			memset(record, 'a' + w, SIZE);
			for (int i = 0; i < ROUNDS; i++)
				write(p[1], record, SIZE);
			_exit(0);
		}
	close(p[1]);
	for (;;) {
		size_t have = 0;
		ssize_t n;

		while (have < SIZE && (n = read(p[0], record + have, SIZE - have)) > 0)
			have += (size_t)n;
		if (!have)
			break;
		seen++;
		for (size_t i = 1; i < have; i++)
			mixed += record[i] != record[0];
	}
	while (wait(NULL) > 0)
		;
	CHECK_INT("all records arrive", seen, WRITERS * ROUNDS);
	CHECK_INT("none is mixed", mixed, 0);
	close(p[0]);
}

static void vectors(void)
{
	int p[2];
	char a[4] = "", b[8] = "";
	struct iovec out[3] = { { "one", 3 }, { "", 0 }, { "twothree", 8 } };
	struct iovec in[2] = { { a, 4 }, { b, 8 } };

	pipe(p);
	CHECK_INT("writev", writev(p[1], out, 3), 11);
	CHECK_INT("readv", readv(p[0], in, 2), 11);
	CHECK("scattered", !memcmp(a, "onet", 4) && !memcmp(b, "wothree", 7));
	CHECK_ERRNO("too many vectors", writev(p[1], out, 1025), EINVAL);
	CHECK_INT("no vectors", writev(p[1], out, 0), 0);
	out[1].iov_len = (size_t)-1;
	CHECK_ERRNO("negative length", writev(p[1], out, 3), EINVAL);
	close(p[0]);
	close(p[1]);
}

static void fifos(void)
{
	int r, w;
	char c = 0;
	struct stat st;

	CHECK_INT("mkfifo", mkfifo("fifo", 0640), 0);
	CHECK_ERRNO("mkfifo again", mkfifo("fifo", 0640), EEXIST);
	stat("fifo", &st);
	TELL("mode", "%o", st.st_mode);
	CHECK_ERRNO("writer without reader", open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	r = open("fifo", O_RDONLY | O_NONBLOCK);
	CHECK("reader without writer", r >= 0);
	CHECK_INT("reads the end", read(r, &c, 1), 0);
	w = open("fifo", O_WRONLY);
	CHECK("writer now", w >= 0);
	CHECK_ERRNO("empty now", read(r, &c, 1), EAGAIN);
	CHECK_INT("write", write(w, "z", 1), 1);
	CHECK_INT("read", read(r, &c, 1), 1);
	close(r);
	close(w);
	r = open("fifo", O_RDWR);
	CHECK("both ends at once", r >= 0);
	close(r);
	CHECK_INT("open meets open", IN_CHILD({
		if (!fork()) {
			w = open("fifo", O_WRONLY);
			write(w, "q", 1);
			_exit(0);
		}
		r = open("fifo", O_RDONLY);
		_exit(read(r, &c, 1) == 1 && c == 'q' ? 5 : 1);
	}), EXITED(5));
}

/* A writer that came, wrote and went before the reader looked: open() returns all the same. */
static void fifo_whose_writer_is_gone(void)
{
	int good = 0;
	char c;

	mkfifo("quick", 0600);
	for (int i = 0; i < 200; i++) {
		pid_t child = fork();

		if (!child) {
			int w = open("quick", O_WRONLY);

			_exit(write(w, "g", 1) != 1);
		}
		for (int spin = 0; spin < i * 500; spin++)
			__asm__ volatile("");
		int r = open("quick", O_RDONLY);

		good += read(r, &c, 1) == 1 && c == 'g';
		close(r);
		waitpid(child, NULL, 0);
	}
	CHECK_INT("every reader met its writer", good, 200);
}

/* A pipe without a name, opened again by /proc/self/fd: nobody is waited for. */
static void pipe_opened_again(void)
{
	char name[64], c = 0;
	int p[2], again;

	pipe(p);
	write(p[1], "a", 1);
	close(p[1]);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p[0]);
	again = open(name, O_RDONLY);
	CHECK_INT("read through the new file", read(again, &c, 1), 1);
	CHECK_INT("and the end", read(again, &c, 1), 0);
	close(again);
	again = open(name, O_WRONLY);
	CHECK_INT("a reader's pipe has a writer again", write(again, "b", 1), 1);
	CHECK_INT("read by the old file", read(p[0], &c, 1), 1);
	close(again);
	close(p[0]);
}

static void polling(void)
{
	int p[2];
	struct pollfd f;

	pipe(p);
	f = (struct pollfd){ p[0], POLLIN, 0 };
	CHECK_INT("nothing to read", poll(&f, 1, 0), 0);
	write(p[1], "x", 1);
	CHECK_INT("something", poll(&f, 1, 0), 1);
	TELL("events", "%x", f.revents);
	close(p[1]);
	poll(&f, 1, 0);
	TELL("writer gone, data left", "%x", f.revents);
	read(p[0], big, 10);
	poll(&f, 1, 0);
	TELL("writer gone, nothing left", "%x", f.revents);
	close(p[0]);
	pipe(p);
	close(p[0]);
	f = (struct pollfd){ p[1], POLLOUT, 0 };
	poll(&f, 1, 0);
	TELL("reader gone", "%x", f.revents);
	close(p[1]);
}

int main(void)
{
	basics();
	broken();
	nonblocking();
	blocking();
	atomicity();
	vectors();
	fifos();
	fifo_whose_writer_is_gone();
	pipe_opened_again();
	polling();
	return tap_done();
}
