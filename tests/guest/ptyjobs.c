/* SPDX-License-Identifier: MIT */
/*
 * Job control on pseudo-terminals: who may take a terminal, steal it, give it up; whose groups may
 * be in the foreground; what background reads, writes and settings do; and what the end of the
 * session's leader, or of the master, does to everybody.
 */
#include "raw.h"
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>

static int master, slave, out[2];

static void open_pair(int flags)
{
	int zero = 0;

	master = open("pts/ptmx", O_RDWR | O_NOCTTY);
	ioctl(master, TIOCSPTLCK, &zero);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | flags);
}

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(out[1], format, args);
	va_end(args);
}

/* What children said until all of them ended, or closed it. */
static const char *heard(void)
{
	static char text[900];
	size_t n = 0;
	ssize_t got;

	close(out[1]);
	while (n < sizeof(text) - 1 && (got = read(out[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(out[0]);
	return text;
}

/* Runs statements as the leader of a new session. */
#define IN_SESSION(name, ...)                                     \
	do {                                                      \
		pipe(out);                                        \
		pid_t pid_ = fork();                              \
		if (!pid_) {                                      \
			setsid();                                 \
			__VA_ARGS__;                              \
			_exit(0);                                 \
		}                                                 \
		int status_;                                      \
		waitpid(pid_, &status_, 0);                       \
		TELL(name, "%s, status %x", heard(), status_);    \
	} while (0)

static long own(int fd)
{
	int group = -1;
	long r = CALL(ioctl, fd, TIOCGPGRP, &group);

	return r ? r : group == getpgrp() ? 1 : group ? 2 : 0;
}

static void taking(void)
{
	open_pair(O_NOCTTY);
	SAY("not ours", own(slave), own(master), CALL(ioctl, slave, TIOCGSID, out), CALL(ioctl, slave, TIOCNOTTY, 0),
	    IN_CHILD(_exit(ioctl(slave, TIOCSCTTY, 0) ? errno : 0)), IN_CHILD(_exit(ioctl(master, TIOCSCTTY, 0) ? errno : 0)));
	IN_SESSION("taken", {
		int s = 0;
		long a = CALL(ioctl, slave, TIOCSCTTY, 0);
		say("%ld %ld %ld", a, CALL(ioctl, slave, TIOCSCTTY, 0), own(slave));
		say(" %ld %d", CALL(ioctl, slave, TIOCGSID, &s), s == getpid());
		s = 0;
		say(" %ld %d", CALL(ioctl, master, TIOCGSID, &s), s == getpid());
		int fd = open("/dev/tty", O_RDWR);
		say(" %d", fd >= 0);
		say(" %d", IN_CHILD(_exit(own(slave) + 4 * (CALL(ioctl, slave, TIOCSCTTY, 0) == -EPERM))) >> 8);
	});
	close(slave), close(master);
	open_pair(O_NOCTTY);
	IN_SESSION("stolen", {
		pid_t us = getpid();
		ioctl(slave, TIOCSCTTY, 0);
		signal(SIGHUP, SIG_IGN);
		pid_t thief = fork();
		if (!thief) {
			setsid();
			say("%ld ", CALL(ioctl, slave, TIOCSCTTY, 0));
			setresuid(7, 7, 7);
			say("%ld ", CALL(ioctl, slave, TIOCSCTTY, 1));
			_exit(0);
		}
		waitpid(thief, NULL, 0);
		thief = fork();
		if (!thief) {
			int s = 0;
			setsid();
			say("%ld %ld", CALL(ioctl, slave, TIOCSCTTY, 1), own(slave));
			ioctl(slave, TIOCGSID, &s);
			say(" %d", s == getpid());
			signal(SIGHUP, SIG_IGN);
			_exit(0);
		}
		waitpid(thief, NULL, 0);
		say(" %ld %d %d", own(slave), open("/dev/tty", O_RDWR) < 0 ? errno : 0, us == getpid());
	});
	close(slave), close(master);
	IN_SESSION("opening takes it", {
		open_pair(0);
		say("%ld ", own(slave));
		int m = master, s = slave;
		open_pair(0);
		say("%ld %ld", own(slave), own(s));
		close(m);
	});
	IN_SESSION("opening to write does not", {
		open_pair(O_NOCTTY);
		char path[40];
		int n = 0;
		ioctl(master, TIOCGPTN, &n);
		sprintf(path, "pts/%d", n);
		int w = open(path, O_WRONLY);
		say("%ld ", own(w));
		say("%ld %ld", CALL(ioctl, w, TIOCSCTTY, 0), own(slave));
	});
}

static volatile int came[65];
static void note(int n) { came[n]++; }

static void giving_up(void)
{
	IN_SESSION("the leader gives it up", {
		open_pair(0);
		signal(SIGHUP, note), signal(SIGCONT, note);
		say("%ld %d %d %ld", CALL(ioctl, slave, TIOCNOTTY, 0), came[SIGHUP], came[SIGCONT], own(slave));
		say(" %d", open("/dev/tty", O_RDWR) < 0 ? errno : 0);
		say(" %ld %ld", CALL(write, slave, "x", 1), CALL(ioctl, slave, TIOCSCTTY, 0));
	});
	IN_SESSION("groups in front", {
		open_pair(0);
		int other = getppid(), zero = 0, none = 99999, minus = -1, own_group = getpgrp();
		say("%ld %ld %ld %ld", CALL(ioctl, slave, TIOCSPGRP, &other), CALL(ioctl, slave, TIOCSPGRP, &zero),
		    CALL(ioctl, slave, TIOCSPGRP, &none), CALL(ioctl, slave, TIOCSPGRP, &minus));
		say(" %ld %ld", CALL(ioctl, slave, TIOCSPGRP, 8), CALL(ioctl, master, TIOCSPGRP, &own_group));
		pid_t child = fork();
		if (!child) {
			setpgid(0, 0);
			int group = getpgrp();
			long a = IN_CHILD(signal(SIGTTOU, SIG_DFL); ioctl(slave, TIOCSPGRP, &group); _exit(3));
			signal(SIGTTOU, SIG_IGN);
			say(" %lx %ld %ld", a, CALL(ioctl, slave, TIOCSPGRP, &group), own(slave));
			_exit(0);
		}
		int status;
		waitpid(child, &status, WUNTRACED);
		say(" %x", status);
		if (WIFSTOPPED(status))
			kill(-child, SIGKILL), waitpid(child, &status, 0);
		signal(SIGTTOU, SIG_IGN);
		say(" %ld", own(master));
	});
}

static void in_background(void)
{
	IN_SESSION("in the background", {
		open_pair(0);
		struct termios t;
		tcgetattr(slave, &t);
		int status;
		char b;
		for (int what = 0; what < 6; what++) {
			pid_t child = fork();
			if (!child) {
				setpgid(0, 0);
				if (what == 2)
					t.c_lflag |= TOSTOP, signal(SIGTTOU, SIG_IGN), tcsetattr(slave, TCSANOW, &t), signal(SIGTTOU, SIG_DFL);
				if (what == 5)
					signal(SIGTTIN, SIG_IGN);
				long r = what == 0 ? CALL(read, slave, &b, 1) : what == 1 ? CALL(write, slave, "a", 1) :
					 what == 2 ? CALL(write, slave, "b", 1) : what == 3 ? CALL(ioctl, slave, TCSETS, &t) :
					 what == 4 ? CALL(ioctl, slave, TCFLSH, 0) : CALL(read, slave, &b, 1);
				_exit((int)-r & 127);
			}
			setpgid(child, child);
			waitpid(child, &status, WUNTRACED);
			say("%x ", status);
			kill(child, SIGKILL);
			if (WIFSTOPPED(status))
				waitpid(child, &status, 0);
		}
	});
}

static void ends(void)
{
	IN_SESSION("the leader ends", {
		open_pair(0);
		pid_t front = fork();
		if (!front) {
			signal(SIGHUP, note), signal(SIGCONT, note);
			while (!came[SIGHUP])
				sched_yield();
			while (getppid() == getsid(0))
				sched_yield();
			say("%d %d", came[SIGHUP], came[SIGCONT]);
			say(" %d", open("/dev/tty", O_RDWR) < 0 ? errno : 0);
			fcntl(slave, F_SETFL, O_NONBLOCK);
			say(" %ld %ld", CALL(write, slave, "x", 1), CALL(read, slave, (char[1]){ 0 }, 1));
			say(" %ld", own(slave));
			_exit(0);
		}
		signal(SIGHUP, SIG_IGN);
		sleep_ms(30);
	});
	IN_SESSION("the master ends", {
		open_pair(0);
		signal(SIGHUP, note), signal(SIGCONT, note);
		int tty = open("/dev/tty", O_RDWR);
		close(master);
		for (int i = 0; i < 100 && !came[SIGHUP]; i++)
			sleep_ms(1);
		char b;
		struct pollfd f = { slave, POLLIN | POLLOUT, 0 };
		say("%d %d %ld %ld", came[SIGHUP], came[SIGCONT], CALL(read, slave, &b, 1), CALL(write, slave, "x", 1));
		say(" %ld %x", CALL(poll, &f, 1, 0), f.revents);
		struct termios t;
		say(" %ld %ld %ld", CALL(ioctl, slave, TCGETS, &t), own(slave), CALL(read, tty, &b, 1));
		say(" %d", open("/dev/tty", O_RDWR) < 0 ? errno : 0);
	});
	open_pair(O_NOCTTY);
	struct pollfd f = { master, POLLIN | POLLOUT, 0 };
	char b[10];
	write(slave, "rest", 4);
	close(slave);
	poll(&f, 1, 0);
	SAY("the slave ends", f.revents, CALL(read, master, b, 10), CALL(read, master, b, 10), CALL(write, master, "x", 1));
	close(master);
}

static void typing(void)
{
	struct termios t;
	char b[10];
	int n = 0;

	open_pair(O_NOCTTY);
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	tcsetattr(slave, TCSANOW, &t);
	SAY("TIOCSTI", CALL(ioctl, slave, TIOCSTI, "q"), CALL(ioctl, slave, TIOCSTI, 8), CALL(ioctl, slave, FIONREAD, &n), n, CALL(read, slave, b, 10), b[0]);
	SAY("of another's", IN_CHILD(setresuid(7, 7, 7); _exit(ioctl(slave, TIOCSTI, "q") ? errno : 0)));
	SAY("vhangup of it", CALL(ioctl, slave, TIOCVHANGUP, 0), CALL(read, slave, b, 10), CALL(write, slave, "x", 1));
	close(slave), close(master);
	IN_SESSION("of one's own", {
		open_pair(0);
		setresuid(7, 7, 7);
		say("%ld", CALL(ioctl, slave, TIOCSTI, "\n"));
		say(" %ld", CALL(read, slave, b, 10));
	});
}

int main(void)
{
	mkdir("pts", 0755);
	mount("none", "pts", "devpts", 0, "ptmxmode=666,mode=666");
	taking();
	giving_up();
	in_background();
	ends();
	typing();
	umount("pts");
	return tap_done();
}
