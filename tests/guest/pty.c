/* SPDX-License-Identifier: MIT */
/* Pseudo-terminals: /dev/ptmx and devpts. Linux works through some writes later, so reads wait a little. */
#include "tap.h"
#include <asm/ioctls.h>
#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <termios.h>

static int master, slave;
static char name[64];

/* What comes within a while, up to n bytes, shown readably. */
static const char *take(int fd, size_t n)
{
	static char shown[4096];
	char bytes[1024];
	size_t got = 0, at = 0;

	while (got < n) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t r = poll(&p, 1, 300) == 1 ? read(fd, bytes + got, n - got) : 0;

		if (r < 0 && !got)
			return strerror(errno);
		if (r <= 0)
			break;
		got += r;
	}
	for (size_t i = 0; i < got; i++)
		at += snprintf(shown + at, sizeof(shown) - at, bytes[i] < ' ' ? "\\x%02x" : "%c", bytes[i]);
	shown[at] = 0;
	return shown;
}

static int open_slave(int flags)
{
	int number = -1;

	ioctl(master, TIOCGPTN, &number);
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	return open(name, O_RDWR | flags);
}

static bool open_pair(void)
{
	int zero = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || ioctl(master, TIOCSPTLCK, &zero))
		return false;
	slave = open_slave(O_NOCTTY);
	return slave >= 0;
}

static void close_pair(void)
{
	close(slave);
	close(master);
}

static void set_flags(int fd, unsigned iflag, unsigned oflag, unsigned lflag)
{
	struct termios t;

	tcgetattr(fd, &t);
	t.c_iflag = iflag;
	t.c_oflag = oflag;
	t.c_lflag = lflag;
	tcsetattr(fd, TCSANOW, &t);
}

static short ready(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI, 0 };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void test_before_mount(void)
{
	CHECK_ERRNO("ptmx without devpts", open("/dev/ptmx", O_RDWR), ENODEV);
}

static void test_mount(void)
{
	struct statfs s;
	struct stat st;

	CHECK_ERRNO("mount, unknown option", mount("devpts", "/dev/pts", "devpts", 0, "nonsense=1"), EINVAL);
	CHECK_ERRNO("mount, bad mode", mount("devpts", "/dev/pts", "devpts", 0, "mode=9"), EINVAL);
	CHECK_OK("mount", mount("devpts", "/dev/pts", "devpts", 0, "gid=5,mode=0620,ptmxmode=0666"));
	CHECK_INT("statfs", statfs("/dev/pts", &s), 0);
	TELL("statfs type", "%lx bsize %ld", (long)s.f_type, (long)s.f_bsize);
	CHECK_INT("stat", stat("/dev/pts", &st), 0);
	TELL("root", "%o nlink %d ino %d", st.st_mode, (int)st.st_nlink, (int)st.st_ino);
	CHECK_INT("stat ptmx", stat("/dev/pts/ptmx", &st), 0);
	TELL("ptmx", "%o rdev %lx ino %d", st.st_mode, (long)st.st_rdev, (int)st.st_ino);
	CHECK_ERRNO("unlink in it", unlink("/dev/pts/ptmx"), EPERM);
	CHECK_ERRNO("no such number", open("/dev/pts/7", O_RDWR), ENOENT);
	CHECK_ERRNO("no such name", open("/dev/pts/00", O_RDWR), ENOENT);
}

static void test_options(void)
{
	char line[512];
	FILE *f = fopen("/proc/mounts", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " /dev/pts "))
			TELL("options", "%s", strstr(line, "gid"));
	if (f)
		fclose(f);
}

static void test_open(void)
{
	int on = 1, number = -1;
	struct stat st;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	CHECK("open master", master >= 0);
	CHECK_INT("isatty master", isatty(master), 1);
	CHECK_INT("number", ioctl(master, TIOCGPTN, &number), 0);
	CHECK_INT("first number", number, 0);
	CHECK_INT("locked", ioctl(master, TIOCGPTLCK, &on), 0);
	CHECK_INT("locked at first", on, 1);
	CHECK_ERRNO("open locked slave", open_slave(O_NOCTTY), EIO);
	on = 0;
	CHECK_INT("unlock", ioctl(master, TIOCSPTLCK, &on), 0);
	TELL("poll before the slave is opened", "%x", ready(master));
	CHECK_INT("write before the slave is opened", write(master, "x", 1), 1);
	slave = open_slave(O_NOCTTY);
	CHECK("open slave", slave >= 0);
	CHECK_INT("isatty slave", isatty(slave), 1);
	CHECK("ttyname", ttyname(slave) && strcmp(ttyname(slave), "/dev/pts/0") == 0);
	CHECK("ptsname", ptsname(master) && strcmp(ptsname(master), "/dev/pts/0") == 0);
	CHECK_INT("stat slave", fstat(slave, &st), 0);
	TELL("slave", "%o rdev %lx uid %d gid %d ino %d", st.st_mode, (long)st.st_rdev, st.st_uid, st.st_gid,
	     (int)st.st_ino);
	CHECK_INT("chmod slave", fchmod(slave, 0600), 0);
	CHECK_INT("mode kept", (stat(name, &st), st.st_mode), S_IFCHR | 0600);
	CHECK_INT("grantpt", grantpt(master), 0);
	TELL("poll both", "%x %x", ready(master), ready(slave));
	CHECK_ERRNO("pts number of a slave", ioctl(slave, TIOCGPTN, &number), ENOTTY);
	CHECK_ERRNO("lock of a slave", ioctl(slave, TIOCSPTLCK, &on), ENOTTY);
	CHECK_ERRNO("seek master", lseek(master, 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO("bad address", ioctl(master, TIOCGPTN, (void *)1), EFAULT);
}

static void test_settings(void)
{
	struct termios t, u;
	struct winsize w = { 24, 80, 0, 0 }, v;

	CHECK_INT("tcgetattr slave", tcgetattr(slave, &t), 0);
	TELL("settings", "%x %x %x %x", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag);
	CHECK_INT("tcgetattr master", tcgetattr(master, &u), 0);
	CHECK("master's are the slave's", memcmp(&t, &u, sizeof(t)) == 0);
	t.c_cflag = (t.c_cflag & ~CSIZE) | CS7 | PARENB;
	CHECK_ERRNO("tcsetattr", tcsetattr(slave, TCSANOW, &t), EINVAL);
	tcgetattr(slave, &u);
	TELL("always eight bits", "%x", u.c_cflag);
	CHECK_INT("get size", ioctl(slave, TIOCGWINSZ, &v), 0);
	TELL("size at first", "%d %d", v.ws_row, v.ws_col);
	CHECK_INT("set size by master", ioctl(master, TIOCSWINSZ, &w), 0);
	CHECK_INT("get size by slave", ioctl(slave, TIOCGWINSZ, &v), 0);
	TELL("size", "%d %d", v.ws_row, v.ws_col);
	CHECK_INT("no session", tcgetsid(master), -1);
	CHECK_INT("errno", errno, ENOTTY);
	CHECK_INT("no group", tcgetpgrp(slave), -1);
	CHECK_INT("errno", errno, ENOTTY);
	CHECK_ERRNO("TIOCNOTTY of master", ioctl(master, TIOCNOTTY), ENOTTY);
	CHECK_INT("modem lines", ioctl(slave, TIOCMGET, &v), -1);
}

/* stress-ng's pty class failed: settings could not be locked. */
static void test_locked_settings(void)
{
	struct termios t, u, lock;

	memset(&lock, 0xff, sizeof(lock));
	CHECK_INT("what is locked", ioctl(slave, TIOCGLCKTRMIOS, &lock), 0);
	CHECK("nothing at first", !lock.c_iflag && !lock.c_oflag && !lock.c_cflag && !lock.c_lflag && !lock.c_cc[VINTR]);
	lock.c_lflag = ECHO | ICANON;
	lock.c_cc[VINTR] = 1;
	CHECK_INT("lock", ioctl(master, TIOCSLCKTRMIOS, &lock), 0);
	memset(&lock, 0, sizeof(lock));
	CHECK_INT("as the slave sees it", ioctl(slave, TIOCGLCKTRMIOS, &lock), 0);
	TELL("locked", "%x %x %d %d", lock.c_iflag, lock.c_lflag, lock.c_cc[VINTR], lock.c_cc[VQUIT]);
	tcgetattr(slave, &t);
	u = t;
	u.c_lflag ^= ECHO | ICANON | ISIG;
	u.c_cc[VINTR] = 'x';
	u.c_cc[VQUIT] = 'y';
	ioctl(slave, TCSETS, &u);
	tcgetattr(slave, &u);
	CHECK_INT("flags that changed", u.c_lflag ^ t.c_lflag, ISIG);
	TELL("characters", "%d %d", u.c_cc[VINTR], u.c_cc[VQUIT]);
	CHECK_INT("not by everybody", IN_CHILD(setuid(1000); _exit(ioctl(slave, TIOCSLCKTRMIOS, &lock) < 0 ? errno : 0)),
		  EXITED(EPERM));
	CHECK_ERRNO("bad address", ioctl(slave, TIOCSLCKTRMIOS, (void *)8), EFAULT);
	CHECK_ERRNO("bad address", ioctl(slave, TIOCGLCKTRMIOS, (void *)8), EFAULT);
	memset(&lock, 0, sizeof(lock));
	CHECK_INT("unlock", ioctl(slave, TIOCSLCKTRMIOS, &lock), 0);
	ioctl(slave, TCSETS, &t);
	tcgetattr(slave, &u);
	CHECK("all as before", memcmp(&t, &u, sizeof(t)) == 0);
}

static void test_data(void)
{
	int n = -1;

	write(master, "hello\n", 6);
	TELL("line", "%s", take(slave, 100));
	TELL("echo", "%s", take(master, 100));
	write(slave, "one\ntwo\n", 8);
	TELL("output", "%s", take(master, 100));
	write(master, "wrong\x7f\x7f\x15right\x04", 14);
	TELL("edited", "%s", take(slave, 100));
	TELL("echo of that", "%s", take(master, 200));
	write(master, "\x04", 1);
	CHECK_INT("end of file", read(slave, &n, 1), 0);
	set_flags(slave, 0, 0, 0);
	write(master, "a\rb\n\x03", 5);
	TELL("raw", "%s", take(slave, 5));
	write(slave, "a\nb", 3);
	sleep_ms(20);
	CHECK_INT("FIONREAD", ioctl(master, FIONREAD, &n), 0);
	CHECK_INT("bytes", n, 3);
	CHECK_INT("TIOCOUTQ", ioctl(slave, TIOCOUTQ, &n), 0);
	CHECK_INT("nothing unsent", n, 0);
	TELL("poll", "%x", ready(master));
	TELL("raw output", "%s", take(master, 3));
	CHECK_INT("tcdrain", tcdrain(slave), 0);
	write(slave, "lost", 4);
	sleep_ms(20);
	CHECK_INT("flush master's input", tcflush(master, TCIFLUSH), 0);
	TELL("flushed", "%x", ready(master));
	CHECK_ERRNO("flush, bad", ioctl(master, TCFLSH, 9), EINVAL);
	set_flags(slave, ICRNL, OPOST | ONLCR, ICANON | ISIG);
}

static void test_nonblocking(void)
{
	char c, block[1000];
	int n = 0;

	fcntl(master, F_SETFL, O_NONBLOCK);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	CHECK_ERRNO("read master", read(master, &c, 1), EAGAIN);
	CHECK_ERRNO("read slave", read(slave, &c, 1), EAGAIN);
	memset(block, 'x', sizeof(block));
	while (n < 1000 && write(slave, block, sizeof(block)) > 0)
		n++;
	CHECK("slave's output fills", n > 0 && n < 1000 && errno == EAGAIN);
	CHECK("not ready", !(ready(slave) & POLLOUT));
	while (read(master, block, sizeof(block)) > 0)
		;
	sleep_ms(20);
	CHECK("ready again", ready(slave) & POLLOUT);
	set_flags(slave, 0, 0, 0);
	for (n = 0; n < 1000 && write(master, block, sizeof(block)) > 0; n++)
		sleep_ms(1);
	CHECK("slave's input fills", n > 0 && n < 1000 && errno == EAGAIN);
	while (read(slave, block, sizeof(block)) > 0)
		sleep_ms(1);
	sleep_ms(20);
	CHECK("room again", ready(master) & POLLOUT);
	set_flags(slave, ICRNL | IXON, OPOST | ONLCR, ICANON | ISIG);
	fcntl(master, F_SETFL, 0);
	fcntl(slave, F_SETFL, 0);
}

static void test_blocking(void)
{
	static char block[100000];
	size_t got = 0;
	ssize_t n;
	pid_t child = fork();

	if (child == 0) {
		memset(block, 'y', sizeof(block));
		_exit(write(slave, block, sizeof(block)) == sizeof(block) ? 3 : 4);
	}
	while (got < sizeof(block) && (n = read(master, block, sizeof(block))) > 0)
		got += n;
	CHECK_INT("a long write comes through", got, sizeof(block));
	waitpid(child, (int *)&n, 0);
	CHECK_INT("and ends", (int)n, EXITED(3));
	set_flags(slave, 0, 0, 0);
	child = fork();
	if (child == 0)
		_exit(write(master, block, 50000) == 50000 ? 3 : 4);
	for (got = 0; got < 50000 && (n = read(slave, block, sizeof(block))) > 0; got += n)
		;
	CHECK_INT("a long input too", got, 50000);
	waitpid(child, (int *)&n, 0);
	CHECK_INT("and ends", (int)n, EXITED(3));
	set_flags(slave, ICRNL | IXON, OPOST | ONLCR, ICANON | ISIG);
}

static const char *packet(void)
{
	return take(master, 1);
}

static void test_packets(void)
{
	char bytes[8];
	int on = 1, off = 0, is = 0;
	struct termios t;

	CHECK_INT("packet mode", ioctl(master, TIOCPKT, &on), 0);
	CHECK_INT("get packet mode", ioctl(master, TIOCGPKT, &is), 0);
	CHECK_INT("is on", is, 1);
	TELL("poll, nothing happened", "%x", ready(master));
	write(slave, "ab", 2);
	sleep_ms(20);
	CHECK_INT("data packet", read(master, bytes, sizeof(bytes)), 3);
	CHECK("its type and data", bytes[0] == 0 && bytes[1] == 'a' && bytes[2] == 'b');
	CHECK_INT("flush input", tcflush(slave, TCIFLUSH), 0);
	TELL("poll, a flush", "%x", ready(master));
	TELL("flushed input", "%s", packet());
	CHECK_INT("flush output", tcflush(slave, TCOFLUSH), 0);
	TELL("flushed output", "%s", packet());
	write(master, "\x13", 1);
	sleep_ms(20);
	TELL("stopped", "%s", packet());
	write(master, "\x11", 1);
	sleep_ms(20);
	TELL("started", "%s", packet());
	CHECK_INT("tcflow off", tcflow(slave, TCOOFF), 0);
	CHECK_INT("tcflow on", tcflow(slave, TCOON), 0);
	TELL("the last of both", "%s", packet());
	set_flags(slave, ICRNL, OPOST | ONLCR, ICANON | ISIG);
	TELL("no flow control", "%s", packet());
	set_flags(slave, ICRNL | IXON, OPOST | ONLCR, ICANON | ISIG);
	TELL("flow control", "%s", packet());
	tcgetattr(slave, &t);
	t.c_lflag |= EXTPROC;
	tcsetattr(slave, TCSANOW, &t);
	TELL("external processing", "%s", packet());
	t.c_lflag &= ~EXTPROC;
	tcsetattr(slave, TCSANOW, &t);
	CHECK_INT("packet mode off", ioctl(master, TIOCPKT, &off), 0);
	TELL("poll", "%x", ready(master));
}

static void test_stopped(void)
{
	char c;

	write(master, "\x13", 1);
	sleep_ms(20);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	CHECK_ERRNO("write while stopped", write(slave, "held", 4), EAGAIN);
	fcntl(slave, F_SETFL, 0);
	write(master, "\x11", 1);
	sleep_ms(20);
	CHECK_INT("write after start", write(slave, "free", 4), 4);
	TELL("came", "%s", take(master, 100));
	set_flags(slave, ICRNL | IXON, 0, 0);
	CHECK_INT("stop typed as data", write(master, "q", 1), 1);
	CHECK_INT("read", read(slave, &c, 1), 1);
	set_flags(slave, ICRNL | IXON, OPOST | ONLCR, ICANON | ISIG);
}

static volatile sig_atomic_t got;

static void note(int sig)
{
	got = sig;
}

static bool wait_for(int sig)
{
	for (int i = 0; i < 200 && got != sig; i++)
		sleep_ms(5);
	return got == sig;
}

/* In a child that leads a session with the slave as its terminal. */
static int controlled(void)
{
	int sid = setsid(), fd, on;
	char c;

	signal(SIGINT, note);
	signal(SIGWINCH, note);
	signal(SIGHUP, note);
	signal(SIGCONT, SIG_DFL);
	fd = open(name, O_RDWR);
	if (fd < 0 || tcgetsid(fd) != sid || tcgetpgrp(fd) != getpgrp())
		return 1;
	if (tcgetpgrp(master) != getpgrp() || tcgetsid(master) != sid)
		return 2;
	if (open("/dev/tty", O_RDWR) < 0)
		return 3;
	write(master, "\x03", 1);
	if (!wait_for(SIGINT))
		return 4;
	struct winsize w = { 30, 90, 0, 0 };
	ioctl(master, TIOCSWINSZ, &w);
	if (!wait_for(SIGWINCH))
		return 5;
	got = 0;
	if (ioctl(master, TIOCSIG, SIGINT) || !wait_for(SIGINT))
		return 6;
	on = 100;
	if (ioctl(master, TIOCSIG, on) != -1 || errno != EINVAL)
		return 7;
	close(master);
	if (!wait_for(SIGHUP))
		return 8;
	if (read(fd, &c, 1) != 0)
		return 9;
	if (write(fd, "x", 1) != -1 || errno != EIO)
		return 10;
	if (ioctl(fd, TIOCGWINSZ, &w) != -1 || errno != EIO)
		return 11;
	if (open(name, O_RDWR) != -1 || errno != ENOENT)
		return 12;
	if (open("/dev/tty", O_RDWR) != -1 || errno != ENXIO)
		return 13;
	return 20;
}

static void test_session(void)
{
	pid_t child;
	int status;

	CHECK("pair", open_pair());
	close(slave);
	child = fork();
	if (child == 0)
		_exit(controlled());
	close(master); /* the child's is the last one */
	waitpid(child, &status, 0);
	CHECK_INT("a session on it", status, EXITED(20));
}

/* The leader ends: who is in the foreground is told, but the files go on. */
static void test_leader_exit(void)
{
	int report[2], status;
	pid_t leader;
	char c = 0;

	CHECK("pair", open_pair());
	pipe(report);
	leader = fork();
	if (leader == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		if (fork() == 0) {
			signal(SIGHUP, note);
			write(report[1], "r", 1);
			wait_for(SIGHUP);
			c = got == SIGHUP ? 'h' : 'n';
			if (write(slave, "still\n", 6) != 6)
				c = 'e';
			write(report[1], &c, 1);
			_exit(0);
		}
		sleep_ms(100);
		_exit(0);
	}
	close(report[1]);
	read(report[0], &c, 1);
	waitpid(leader, &status, 0);
	read(report[0], &c, 1);
	CHECK_INT("the foreground is told", c, 'h');
	TELL("output after it", "%s", take(master, 100));
	close(report[0]);
	close_pair();
}

static void test_slave_closes(void)
{
	char c;

	CHECK("pair", open_pair());
	write(slave, "last", 4);
	close(slave);
	TELL("what was written is there", "%s", take(master, 4));
	TELL("poll after that", "%x", ready(master));
	CHECK_ERRNO("read", read(master, &c, 1), EIO);
	CHECK_INT("write", write(master, "x", 1), 1);
	slave = open_slave(O_NOCTTY);
	CHECK("opened again", slave >= 0);
	TELL("poll again", "%x", ready(master) & (POLLIN | POLLHUP));
	write(slave, "new", 3);
	TELL("goes on", "%s", take(master, 3));
	close_pair();
}

static void test_numbers(void)
{
	int many[20], n, number, kept;
	struct stat st;
	DIR *dir;
	char seen[256] = "";
	struct dirent *e;

	for (n = 0; n < 20; n++)
		many[n] = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ioctl(many[19], TIOCGPTN, &number);
	CHECK_INT("numbers in order", number, 19);
	CHECK_INT("the last is there", stat("/dev/pts/19", &st), 0);
	number = 0;
	ioctl(many[3], TIOCSPTLCK, &number);
	kept = open("/dev/pts/3", O_RDWR | O_NOCTTY);
	close(many[3]);
	CHECK_INT("its name goes", stat("/dev/pts/3", &st), -1);
	n = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ioctl(n, TIOCGPTN, &number);
	CHECK_INT("the number is taken while the slave is open", number, 20);
	close(n);
	close(kept);
	sleep_ms(50);
	many[3] = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ioctl(many[3], TIOCGPTN, &number);
	CHECK_INT("then free", number, 3);
	for (n = 2; n < 20; n++)
		close(many[n]);
	sleep_ms(50);
	dir = opendir("/dev/pts");
	for (n = 0; dir && (e = readdir(dir)); n++)
		if (e->d_name[0] == '0' || e->d_name[0] == '1' || e->d_name[0] == 'p')
			seen[strlen(seen)] = e->d_name[0];
	CHECK("listed", strlen(seen) == 3 && strchr(seen, '0') && strchr(seen, '1') && strchr(seen, 'p'));
	CHECK_INT("nothing else", n, 5);
	closedir(dir);
	close(many[0]);
	close(many[1]);
}

static void test_instances(void)
{
	int zero = 0, number = -1, peer;
	struct stat st;

	mkdir("other", 0755);
	CHECK_OK("another instance", mount("x", "other", "devpts", 0, "ptmxmode=600,max=2"));
	master = open("other/ptmx", O_RDWR | O_NOCTTY);
	CHECK("its own ptmx", master >= 0);
	ioctl(master, TIOCGPTN, &number);
	CHECK_INT("its own numbers", number, 0);
	CHECK_INT("its node", stat("other/0", &st), 0);
	TELL("its mode", "%o gid %d", st.st_mode, st.st_gid);
	CHECK_INT("not in the first", stat("/dev/pts/0", &st), -1);
	ioctl(master, TIOCSPTLCK, &zero);
	peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK("peer", peer >= 0);
	CHECK_INT("it is the slave", write(peer, "p", 1), 1);
	TELL("it came", "%s", take(master, 1));
	CHECK_INT("close on exec", fcntl(peer, F_GETFD), FD_CLOEXEC);
	slave = open("other/ptmx", O_RDWR | O_NOCTTY);
	CHECK("second", slave >= 0);
	CHECK_ERRNO("third", open("other/ptmx", O_RDWR | O_NOCTTY), ENOSPC);
	CHECK_ERRNO("busy", umount("other"), EBUSY);
	close(peer);
	close_pair();
	sleep_ms(50);
	CHECK_OK("umount", umount("other"));
}

/*
 * It was freed while work was queued, here for an echo that waited for room: the address
 * sanitizer sees that. No worker gets to run before a real-time thread has closed it.
 */
static void test_closed_with_work_to_do(void)
{
	struct sched_param fifo = { .sched_priority = 1 }, other = { 0 };
	static const char many[512];
	bool all = true;

	CHECK_OK("real time", sched_setscheduler(0, SCHED_FIFO, &fifo));
	for (int i = 0; i < 50; i++) {
		all &= open_pair() && !fcntl(slave, F_SETFL, O_NONBLOCK);
		while (write(slave, many, sizeof(many)) > 0)
			;
		all &= write(master, many, sizeof(many)) > 0; /* echoed as twice as much */
		all &= !ioctl(master, TCFLSH, TCIFLUSH); /* room: the rest of the echo */
		close_pair();
	}
	CHECK_OK("ordinary again", sched_setscheduler(0, SCHED_OTHER, &other));
	CHECK("closed with work to do", all);
}

int main(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	signal(SIGHUP, SIG_IGN);
	mkdir("/dev/pts", 0755);
	test_before_mount();
	test_mount();
	test_options();
	test_open();
	test_settings();
	test_locked_settings();
	test_data();
	test_nonblocking();
	test_blocking();
	test_packets();
	test_stopped();
	close_pair();
	signal(SIGHUP, SIG_DFL);
	test_session();
	test_leader_exit();
	test_slave_closes();
	test_closed_with_work_to_do();
	test_numbers();
	test_instances();
	umount("/dev/pts");
	return tap_done();
}
