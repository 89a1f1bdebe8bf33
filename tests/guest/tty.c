/* SPDX-License-Identifier: MIT */
/*
 * Terminals: the second serial port with its output led back to its input by the
 * UART itself, so that what is written comes in as if typed. Echo stays off, or it
 * would never end.
 */
#include "tap.h"
#include <asm/termbits.h>
#include <poll.h>
#include <sys/ioctl.h>

#define PORT "/dev/ttyS1"
#ifndef TIOCM_LOOP
#define TIOCM_LOOP 0x8000 /* <asm/termios.h>, which the C library's headers exclude */
#endif

static int fd;
static struct termios cooked;

static void set(unsigned iflag, unsigned oflag, unsigned lflag, int least, int tenths)
{
	struct termios t = cooked;

	t.c_iflag = iflag;
	t.c_oflag = oflag;
	t.c_lflag = lflag;
	t.c_cc[VMIN] = least;
	t.c_cc[VTIME] = tenths;
	if (ioctl(fd, TCSETSF, &t))
		dprintf(1, "# TCSETSF: %s\n", strerror(errno));
}

static bool readable(int ms)
{
	struct pollfd p = { fd, POLLIN, 0 };
	int n;

	do /* the signal of a key may come while we wait */
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR);
	return n == 1 && (p.revents & POLLIN);
}

static void type(const char *s, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, s, n);

		if (done <= 0) {
			dprintf(1, "# write: %s\n", strerror(errno));
			return;
		}
		s += done;
		n -= done;
	}
}
#define TYPE(s) type(s, sizeof(s) - 1)

/* What a read of at most max bytes gives, made visible. */
static const char *got(size_t max)
{
	static char text[400];
	unsigned char buf[64];
	ssize_t n;
	char *p = text;

	if (!readable(300))
		return "nothing";
	n = read(fd, buf, max < sizeof(buf) ? max : sizeof(buf));
	if (n < 0)
		return strerror(errno);
	p += sprintf(p, "%zd:", n);
	for (ssize_t i = 0; i < n; i++)
		p += sprintf(p, buf[i] > ' ' && buf[i] < 0x7f ? "%c" : "\\%03o", buf[i]);
	return text;
}

static void settings(void)
{
	struct termios2 t2;
	struct termio old;
	struct termios t;

	TELL("flags of a fresh port", "%o %o %o %o", cooked.c_iflag, cooked.c_oflag, cooked.c_cflag & ~CBAUD,
	     cooked.c_lflag);
	for (int i = 0; i < NCCS; i++)
		TELL("key", "%d is %o", i, cooked.c_cc[i]);
	CHECK_OK("TCGETS2", ioctl(fd, TCGETS2, &t2));
	t2.c_cflag = (t2.c_cflag & ~CBAUD) | BOTHER;
	t2.c_ispeed = t2.c_ospeed = 57600;
	CHECK_OK("TCSETS2", ioctl(fd, TCSETS2, &t2));
	ioctl(fd, TCGETS2, &t2);
	TELL("speed", "%u %u", t2.c_ispeed, t2.c_ospeed);
	t = cooked;
	t.c_cflag = (t.c_cflag & ~CBAUD) | B115200;
	CHECK_OK("TCSETS", ioctl(fd, TCSETS, &t));
	ioctl(fd, TCGETS2, &t2);
	TELL("speed", "%u %u, code %o", t2.c_ispeed, t2.c_ospeed, t2.c_cflag & CBAUD);
	cooked = t;
	CHECK_OK("TCGETA", ioctl(fd, TCGETA, &old));
	TELL("old form", "%o %o %o %o", old.c_iflag, old.c_oflag, old.c_cflag, old.c_lflag);
	CHECK_OK("TCSETA", ioctl(fd, TCSETA, &old));
	CHECK_ERRNO("bad address", ioctl(fd, TCSETS, 1), EFAULT);
	CHECK_ERRNO("unknown command", ioctl(fd, 0x54ff, 0), ENOTTY);
	CHECK_ERRNO("flush what", ioctl(fd, TCFLSH, 7), EINVAL);
	CHECK_ERRNO("hold what", ioctl(fd, TCXONC, 7), EINVAL);
}

static void small_commands(void)
{
	struct winsize w = { 33, 77, 0, 0 };
	int n = 99;

	CHECK_OK("TIOCSWINSZ", ioctl(fd, TIOCSWINSZ, &w));
	memset(&w, 0, sizeof(w));
	CHECK_OK("TIOCGWINSZ", ioctl(fd, TIOCGWINSZ, &w));
	TELL("window", "%d %d", w.ws_row, w.ws_col);
	CHECK_ERRNO("foreign terminal: group", ioctl(fd, TIOCGPGRP, &n), ENOTTY);
	CHECK_ERRNO("foreign terminal: session", ioctl(fd, TIOCGSID, &n), ENOTTY);
	n = getpid();
	CHECK_ERRNO("foreign terminal: set group", ioctl(fd, TIOCSPGRP, &n), ENOTTY);
	CHECK_OK("TIOCGETD", ioctl(fd, TIOCGETD, &n));
	CHECK_INT("line discipline", n, 0);
	n = 200;
	CHECK_ERRNO("no such line discipline", ioctl(fd, TIOCSETD, &n), EINVAL);
	CHECK_OK("TIOCOUTQ", ioctl(fd, TIOCOUTQ, &n));
	CHECK_INT("nothing to send", n, 0);
	CHECK_OK("TIOCMGET", ioctl(fd, TIOCMGET, &n));
	TELL("modem lines", "%x", n);
	CHECK_ERRNO("no position", lseek(fd, 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO("pread", pread(fd, &n, 1, 0), ESPIPE);
	CHECK("isatty", isatty(fd));
	chmod(PORT, 0666);
	ioctl(fd, TIOCEXCL);
	CHECK_INT("exclusive", IN_CHILD({
		setuid(1000);
		_exit(open(PORT, O_RDWR | O_NOCTTY | O_NONBLOCK) < 0 ? errno : 0);
	}), EXITED(EBUSY));
	ioctl(fd, TIOCNXCL);
	CHECK_INT("shared", IN_CHILD({
		setuid(1000);
		_exit(open(PORT, O_RDWR | O_NOCTTY | O_NONBLOCK) < 0 ? errno : 0);
	}), 0);
}

static void lines(void)
{
	int n;

	set(ICRNL, 0, ICANON | IEXTEN, 1, 0);
	TYPE("one\n");
	TELL("a line", "%s", got(64));
	TYPE("two\nthree\n");
	TELL("the first of two", "%s", got(64));
	TELL("the second", "%s", got(64));
	TYPE("abcdef\n");
	TELL("part", "%s", got(3));
	TELL("rest", "%s", got(64));
	TYPE("half");
	TELL("half a line", "%s", got(64));
	TYPE("abc\177\177x\r");
	TELL("erased, and carriage return", "%s", got(64));
	TYPE("one two_3  \027x\025last word\027\n");
	TELL("killed, word erased", "%s", got(64));
	TYPE("\026\177\026\004\026\026\n");
	TELL("literal", "%s", got(64));
	TYPE("\004");
	TELL("end of file", "%s", got(64));
	TYPE("abc\004");
	TELL("end of file after text", "%s", got(3));
	TELL("it is no second end", "%s", got(64));
	TYPE("abc\004");
	TELL("first", "%s", got(2));
	TELL("then", "%s", got(2));
	TYPE("x\n\004y\n");
	TELL("line", "%s", got(64));
	TELL("end", "%s", got(64));
	TELL("line", "%s", got(64));
	TYPE("12\00434\n5");
	readable(300);
	sleep_ms(50);
	ioctl(fd, FIONREAD, &n);
	TELL("count", "%d", n);
	CHECK_OK("flush", ioctl(fd, TCFLSH, TCIFLUSH));
	TELL("after the flush", "%s", got(64));
}

static void longest_line(void)
{
	static char buf[8192];
	ssize_t n;

	set(ICRNL, 0, ICANON | IEXTEN, 1, 0);
	memset(buf, 'x', sizeof(buf));
	for (int i = 0; i < 50; i++) {
		type(buf, 100);
		ioctl(fd, TCSBRK, 1);
	}
	TYPE("y\n");
	readable(1000);
	sleep_ms(100);
	n = read(fd, buf, sizeof(buf));
	TELL("longest line", "%zd, ends %c%d", n, n > 1 ? buf[n - 2] : '?', n > 0 ? buf[n - 1] : 0);
}

static void input_flags(void)
{
	set(INLCR, 0, 0, 1, 0);
	TYPE("a\nb\r");
	sleep_ms(50);
	TELL("INLCR", "%s", got(64));
	set(IGNCR, 0, 0, 1, 0);
	TYPE("a\r\nb");
	sleep_ms(50);
	TELL("IGNCR", "%s", got(64));
	set(ISTRIP, 0, 0, 1, 0);
	TYPE("\341\200");
	sleep_ms(50);
	TELL("ISTRIP", "%s", got(64));
	set(IUCLC, 0, IEXTEN, 1, 0);
	TYPE("aBC");
	sleep_ms(50);
	TELL("IUCLC", "%s", got(64));
	set(0, OPOST | ONLCR, 0, 1, 0);
	TYPE("a\nb\tc");
	sleep_ms(50);
	TELL("ONLCR", "%s", got(64));
	set(0, OPOST | XTABS | OLCUC, 0, 1, 0);
	TYPE("\rab\tc");
	sleep_ms(50);
	TELL("XTABS and OLCUC", "%s", got(64));
	set(0, OPOST | OCRNL, 0, 1, 0);
	TYPE("a\rb");
	sleep_ms(50);
	TELL("OCRNL", "%s", got(64));
}

static void raw(void)
{
	struct termios t;
	int64_t start;
	char buf[64];

	set(0, 0, 0, 0, 0);
	CHECK_INT("MIN 0, TIME 0", read(fd, buf, 64), 0);
	set(0, 0, 0, 0, 2);
	start = now_ns(CLOCK_MONOTONIC);
	CHECK_INT("MIN 0, TIME 2", read(fd, buf, 64), 0);
	CHECK("it took its time", now_ns(CLOCK_MONOTONIC) - start >= 150000000);
	set(0, 0, 0, 3, 0);
	TYPE("ab");
	CHECK_INT("two of three do not wake poll", readable(100), 0);
	CHECK_INT("two asked for", read(fd, buf, 2), 2);
	TYPE("abcd");
	CHECK_INT("four wake it", readable(300), 1);
	sleep_ms(50);
	CHECK_INT("read", read(fd, buf, 64), 4);
	set(0, 0, 0, 3, 1);
	TYPE("a");
	CHECK_INT("MIN 3, TIME 1 after one byte", read(fd, buf, 64), 1);
	set(0, 0, 0, 5, 0);
	TYPE("ab");
	sleep_ms(50);
	fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
	CHECK_INT("what there is", read(fd, buf, 64), 2);
	CHECK_ERRNO("nothing, without waiting", read(fd, buf, 64), EAGAIN);
	fcntl(fd, F_SETFL, O_RDWR);
	set(0, 0, ICANON, 1, 0);
	TYPE("part of a line");
	sleep_ms(50);
	t = cooked;
	t.c_lflag = t.c_iflag = t.c_oflag = 0;
	ioctl(fd, TCSETS, &t);
	TELL("raw after all", "%s", got(64));
	TYPE("more");
	sleep_ms(50);
	t.c_lflag = ICANON;
	ioctl(fd, TCSETS, &t);
	TELL("a line after all", "%s", got(64));
	CHECK_OK("TIOCSTI", ioctl(fd, TIOCSTI, "z"));
	CHECK_OK("TIOCSTI", ioctl(fd, TIOCSTI, "\n"));
	TELL("typed by hand", "%s", got(64));
}

static void flow(void)
{
	struct termios t;

	set(IXON, 0, 0, 1, 0);
	TYPE("a\023");
	sleep_ms(50);
	TELL("before the stop", "%s", got(64));
	TYPE("bc");
	TELL("while stopped", "%s", got(64));
	CHECK_OK("TCOON", ioctl(fd, TCXONC, TCOON));
	TELL("which does not help", "%s", got(64));
	ioctl(fd, TCGETS, &t);
	t.c_iflag = 0;
	ioctl(fd, TCSETS, &t);
	TELL("without IXON", "%s", got(64));
	CHECK_OK("TCOOFF", ioctl(fd, TCXONC, TCOOFF));
	TYPE("de");
	TELL("held", "%s", got(64));
	CHECK_OK("TCOON", ioctl(fd, TCXONC, TCOON));
	sleep_ms(50);
	TELL("let go", "%s", got(64));
}

static volatile sig_atomic_t seen;

static void note(int sig)
{
	seen = sig;
}

static int group_of(int terminal)
{
	int n = -1;

	return ioctl(terminal, TIOCGPGRP, &n) ? -errno : n;
}

/* How a child in a group of its own fares that runs what; status bits for the test. */
static int in_background(int what)
{
	int status, fresh;
	char c;
	pid_t child = fork();

	if (child == 0) {
		setpgid(0, 0);
		if (what >= 10) {
			signal(SIGTTIN, SIG_IGN);
			signal(SIGTTOU, SIG_IGN);
			what -= 10;
		}
		fresh = getpgrp();
		switch (what) {
		case 1: status = read(fd, &c, 1); break;
		case 2: status = write(fd, "", 0) ; status = write(fd, "x", 1); break;
		case 3: status = ioctl(fd, TIOCSPGRP, &fresh); break;
		default: status = ioctl(fd, TCSETS, &cooked); break;
		}
		_exit(status < 0 ? errno : 0);
	}
	waitpid(child, &status, WUNTRACED);
	if (WIFSTOPPED(status)) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return status;
}

/* Runs as the leader of a session; ends it. */
static void job_control(void)
{
	struct winsize w = { 11, 22, 0, 0 };
	int n;

	setsid();
	CHECK_ERRNO("/dev/tty before", open("/dev/tty", O_RDWR), ENXIO);
	CHECK_OK("TIOCSCTTY", ioctl(fd, TIOCSCTTY, 0));
	CHECK_OK("again", ioctl(fd, TIOCSCTTY, 0));
	CHECK("we are in the foreground", group_of(fd) == getpgrp());
	CHECK("it is our session's", ioctl(fd, TIOCGSID, &n) == 0 && n == getsid(0));
	n = open("/dev/tty", O_RDWR);
	CHECK("/dev/tty", n >= 0 && group_of(n) == getpgrp());
	close(n);
	signal(SIGINT, note);
	signal(SIGQUIT, note);
	signal(SIGTSTP, note);
	signal(SIGWINCH, note);
	set(0, 0, ISIG | ICANON, 1, 0);
	TYPE("lost\003kept\n");
	TELL("after ^C", "%s", got(64));
	CHECK_INT("SIGINT", seen, SIGINT);
	TYPE("\034");
	sleep_ms(50);
	CHECK_INT("SIGQUIT", seen, SIGQUIT);
	TYPE("\032");
	sleep_ms(50);
	CHECK_INT("SIGTSTP", seen, SIGTSTP);
	set(0, 0, ISIG | ICANON | NOFLSH, 1, 0);
	TYPE("stays\003\n");
	TELL("NOFLSH", "%s", got(64));
	ioctl(fd, TIOCSWINSZ, &w);
	CHECK_INT("SIGWINCH", seen, SIGWINCH);
	seen = 0;
	ioctl(fd, TIOCSWINSZ, &w);
	CHECK_INT("not for the same size", seen, 0);
	set(0, 0, 0, 1, 0);
	TELL("read in the background", "%x", in_background(1));
	TELL("SIGTTIN ignored", "%x", in_background(11));
	TELL("write in the background", "%x", in_background(2));
	set(0, 0, TOSTOP, 1, 0);
	TELL("write with TOSTOP", "%x", in_background(2));
	TELL("SIGTTOU ignored", "%x", in_background(12));
	TELL("settings in the background", "%x", in_background(4));
	TELL("group in the background", "%x", in_background(3));
	CHECK("still in the foreground", group_of(fd) == getpgrp());
	TELL("SIGTTOU ignored", "%x", in_background(13));
	CHECK("the child's group has it", group_of(fd) != getpgrp());
	signal(SIGTTOU, SIG_IGN);
	n = getpgrp();
	CHECK_OK("back", ioctl(fd, TIOCSPGRP, &n));
	n = 1;
	CHECK_ERRNO("a group of another session", ioctl(fd, TIOCSPGRP, &n), EPERM);
	n = 99999;
	CHECK_ERRNO("no such group", ioctl(fd, TIOCSPGRP, &n), ESRCH);
	n = -1;
	CHECK_ERRNO("a negative group", ioctl(fd, TIOCSPGRP, &n), EINVAL);
}

/* The end of a session's leader hangs up: the foreground group hears of it, descriptors are dead. */
static void hang_up(void)
{
	struct pollfd p;
	int pipes[2], status, n = getpid();
	char c = '?';
	pid_t leader;

	pipe(pipes);
	leader = fork();
	if (leader == 0) {
		setsid();
		ioctl(fd, TIOCSCTTY, 0);
		if (fork() == 0) {
			signal(SIGHUP, note);
			close(pipes[0]);
			write(pipes[1], "r", 1);
			while (!seen)
				sleep_ms(10);
			write(pipes[1], seen == SIGHUP ? "h" : "?", 1);
			_exit(0);
		}
		sleep_ms(100);
		_exit(0);
	}
	close(pipes[1]);
	read(pipes[0], &c, 1);
	waitpid(leader, &status, 0);
	read(pipes[0], &c, 1);
	CHECK_INT("the foreground group is hung up", c, 'h');
	CHECK_INT("read", read(fd, &c, 1), 0);
	CHECK_ERRNO("write", write(fd, "x", 1), EIO);
	CHECK_ERRNO("settings", ioctl(fd, TCGETS, &cooked), EIO);
	CHECK_ERRNO("foreground group", ioctl(fd, TIOCSPGRP, &n), ENOTTY);
	p = (struct pollfd){ fd, POLLIN | POLLOUT, 0 };
	CHECK_INT("poll", poll(&p, 1, 0), 1);
	TELL("events", "%x", p.revents);
	close(fd);
	CHECK_OK("opened again", fd = open(PORT, O_RDWR | O_NOCTTY | O_NONBLOCK));
	CHECK_OK("it works again", ioctl(fd, TCGETS, &cooked));
}

int main(void)
{
	int loop = TIOCM_LOOP, status;

	if (!CHECK_OK("open", fd = open(PORT, O_RDWR | O_NOCTTY | O_NONBLOCK)))
		return tap_done();
	fcntl(fd, F_SETFL, O_RDWR);
	ioctl(fd, TCGETS, &cooked);
	settings();
	small_commands();
	CHECK_OK("loop", ioctl(fd, TIOCMBIS, &loop));
	lines();
	longest_line();
	input_flags();
	raw();
	flow();
	signal(SIGHUP, SIG_IGN);
	if (fork() == 0) {
		job_control();
		ioctl(fd, TIOCNOTTY, 0); /* the test that follows has a leader of its own */
		_exit(tap_count);
	}
	wait(&status);
	tap_count = WEXITSTATUS(status);
	hang_up();
	return tap_done();
}
