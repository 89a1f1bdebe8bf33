/* SPDX-License-Identifier: MIT */
/*
 * What a signal does to each call that waits: with a handler that asks for a restart (SA_RESTART),
 * with one that does not, and when the process is only stopped and goes on. Each call is made by a
 * child; we wait until it sleeps, interrupt it, and see whether it sleeps again or returns.
 */
#include "raw.h"
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <termios.h>

static struct shared {
	volatile int handled, done, ready;
	volatile long result;
	volatile unsigned word, locked;
} *shared;
static char big[65536];
static const struct timespec hour = { 3600, 0 };
static const struct timeval hour_us = { 3600, 0 };
static int p[2];

static void handler(int n)
{
	(void)n;
	shared->handled++;
}

/* A descriptor that takes no more. */
static int full(int fd)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, big, sizeof(big)) > 0)
		;
	while (write(fd, big, 1) > 0)
		;
	fcntl(fd, F_SETFL, 0);
	return fd;
}

static int empty_pipe(void) { pipe(p); return p[0]; }
static int full_pipe(void) { pipe(p); return full(p[1]); }
static int pair(int type) { socketpair(AF_UNIX, type, 0, p); return p[0]; }

static int timed(int fd, int option)
{
	setsockopt(fd, SOL_SOCKET, option, &hour_us, sizeof(hour_us));
	return fd;
}

static struct sockaddr_un name = { AF_UNIX, "" };
#define NAME (struct sockaddr *)&name, 8

/* One that listens; its queue is full if asked for. */
static int listener(bool full_queue)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0), c;

	memcpy(name.sun_path, "\0wait", 5);
	bind(s, NAME);
	listen(s, 0);
	while (full_queue) {
		c = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		full_queue = !connect(c, NAME);
	}
	return s;
}

static int tcp_listener(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	listen(s, 5);
	return s;
}

static int terminal(int *master)
{
	int zero = 0, fd = open("pts/ptmx", O_RDWR | O_NOCTTY);

	ioctl(fd, TIOCSPTLCK, &zero);
	*master = fd;
	return ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY);
}

static int tty_slave(bool raw)
{
	int master, s = terminal(&master);
	struct termios t;

	tcgetattr(s, &t);
	if (raw)
		cfmakeraw(&t);
	tcsetattr(s, TCSANOW, &t);
	return s;
}

static int tty_master(void)
{
	int m;

	terminal(&m);
	return m;
}

static int epoll(void)
{
	struct epoll_event e = { EPOLLIN, { .fd = 0 } };
	int ep = epoll_create1(0);

	epoll_ctl(ep, EPOLL_CTL_ADD, empty_pipe(), &e);
	return ep;
}

static long selects(bool p6, bool with_time)
{
	struct timeval tv = hour_us;
	struct timespec ts = hour;
	int fd = empty_pipe();
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return p6 ? CALL(pselect6, fd + 1, &set, 0, 0, with_time ? &ts : 0, 0) :
		    CALL(select, fd + 1, &set, 0, 0, with_time ? &tv : 0);
}

static struct timespec *later(int clock)
{
	static struct timespec t;

	clock_gettime(clock, &t);
	t.tv_sec += 3600;
	return &t;
}

static int sem(void)
{
	return semget(IPC_PRIVATE, 1, 0600);
}

static int queue(bool full_one)
{
	int q = msgget(IPC_PRIVATE, 0600);
	struct { long type; char text[1000]; } m = { 1, "" };

	while (full_one && !msgsnd(q, &m, 1000, IPC_NOWAIT))
		;
	return q;
}

static int mq(bool full_one)
{
	struct mq_attr a = { .mq_maxmsg = 1, .mq_msgsize = 10 };
	int q = CALL(mq_open, "wait", O_RDWR | O_CREAT, 0600, &a);

	if (full_one)
		CALL(mq_timedsend, q, "x", 1, 0, 0);
	return q;
}

/* A file that another process has locked. */
static int locked(bool whole, bool ofd)
{
	struct flock l = { .l_type = F_WRLCK };
	int fd = open("locked", O_RDWR | O_CREAT, 0600);

	if (whole) {
		flock(open("locked", O_RDWR), LOCK_EX);
	} else if (!fork()) {
		fcntl(fd, F_SETLKW, &l); /* the one before us may not be quite dead */
		shared->ready = 1;
		while (getppid() != 1)
			usleep(1000);
		_exit(0);
	} else {
		while (!shared->ready)
			sched_yield();
	}
	return whole ? CALL(flock, fd, LOCK_EX) : CALL(fcntl, fd, ofd ? F_OFD_SETLKW : F_SETLKW, &l);
}

static void child(void)
{
	if (!fork())
		for (;;)
			pause();
}

static long waits(int how)
{
	siginfo_t info;

	child();
	if (how == 2)
		return CALL(waitid, P_ALL, 0, &info, WEXITED | WNOWAIT, 0);
	return CALL(wait4, how ? 0 : -1, 0, how ? __WALL : 0, 0);
}

static long sigwaits(bool with_time)
{
	uint64_t set = 1UL << (SIGUSR2 - 1);

	CALL(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
	return CALL(rt_sigtimedwait, &set, 0, with_time ? &hour : 0, 8);
}

static long suspends(void)
{
	uint64_t none = 0;

	return CALL(rt_sigsuspend, &none, 8);
}

static long signalfds(void)
{
	uint64_t set = 1UL << (SIGUSR2 - 1);

	CALL(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
	return CALL(read, syscall(SYS_signalfd4, -1, &set, 8, 0), big, 128);
}

static long aio(bool with_time)
{
	struct io_event e;
	aio_context_t c = 0;

	CALL(io_setup, 5, &c);
	return CALL(io_getevents, c, 1, 1, &e, with_time ? &hour : 0);
}

/* A futex of priority inheritance that another thread holds. */
static long locks_pi(bool with_time)
{
	struct timespec *t = later(CLOCK_REALTIME);

	if (!fork()) {
		CALL(futex, &shared->locked, FUTEX_LOCK_PI, 0, 0, 0, 0);
		shared->ready = 1;
		while (getppid() != 1)
			usleep(1000);
		_exit(0);
	}
	while (!shared->ready)
		sched_yield();
	return CALL(futex, &shared->locked, FUTEX_LOCK_PI, 0, with_time ? t : 0, 0, 0);
}

static long waitv(bool with_time)
{
	struct { uint64_t val, addr; uint32_t flags, reserved; } w = { 0, (uintptr_t)&shared->word, 2, 0 };
	struct timespec *t = later(CLOCK_MONOTONIC);

	return CALL(futex_waitv, &w, 1, 0, with_time ? t : 0, CLOCK_MONOTONIC);
}

static long futexes(int op, const struct timespec *t)
{
	return CALL(futex, &shared->word, op, 0, t, 0, -1);
}

static long sends(int type, bool with_time)
{
	int s = full(pair(type));

	if (with_time)
		timed(s, SO_SNDTIMEO);
	return CALL(sendto, s, big, 1, 0, 0, 0);
}

static long connects(bool with_time)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	listener(true);
	if (with_time)
		timed(s, SO_SNDTIMEO);
	return CALL(connect, s, NAME);
}

static long mmsg(bool with_time)
{
	struct iovec v = { big, 10 };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } },
				{ .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } } };
	struct timespec t = hour;

	return CALL(recvmmsg, pair(SOCK_DGRAM), m, 2, 0, with_time ? &t : 0);
}

static long recvs(int fd) { return CALL(recvfrom, fd, big, 10, 0, 0, 0); }
static long reads(int fd) { return CALL(read, fd, big, 100); }
static long writes(int fd) { return CALL(write, fd, big, 10); }

static long timers(void)
{
	struct itimerspec t = { .it_value = hour };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);

	timerfd_settime(fd, 0, &t, 0);
	return reads(fd);
}

static long splices(void)
{
	empty_pipe();
	return CALL(splice, p[0], 0, open("out", O_RDWR | O_CREAT, 0600), 0, 10, 0);
}

static long tees(void)
{
	int from = empty_pipe();

	pipe(p);
	return CALL(tee, from, p[1], 10, 0);
}

static long opens(int flags)
{
	mkfifo("fifo", 0600);
	return CALL(openat, AT_FDCWD, "fifo", flags);
}

static long writes_eventfd(void)
{
	int fd = eventfd(0, 0);
	uint64_t n = -2;

	write(fd, &n, 8);
	return CALL(write, fd, &n, 8);
}

static long watches(void)
{
	int fd = inotify_init();

	inotify_add_watch(fd, ".", IN_MOVE_SELF);
	return reads(fd);
}

static long naps(int clock, int flags)
{
	return CALL(clock_nanosleep, clock, flags, flags ? later(clock) : &hour, 0);
}

static long receives(struct timespec *t) { return CALL(mq_timedreceive, mq(false), big, 10, 0, t); }
static long mq_sends(struct timespec *t) { return CALL(mq_timedsend, mq(true), "x", 1, 0, t); }

#define CALLS(X)                                                                                \
	X("read, pipe", reads(empty_pipe()))                                                    \
	X("readv, pipe", CALL(readv, empty_pipe(), (&(struct iovec){ big, 5 }), 1))             \
	X("write, pipe", writes(full_pipe()))                                                   \
	X("splice", splices())                                                                  \
	X("tee", tees())                                                                        \
	X("vmsplice", CALL(vmsplice, full_pipe(), (&(struct iovec){ big, 5 }), 1, 0))           \
	X("open of a pipe", opens(O_RDONLY))                                                    \
	X("open of a pipe to write", opens(O_WRONLY))                                           \
	X("read, socket", reads(pair(SOCK_STREAM)))                                             \
	X("write, socket", writes(full(pair(SOCK_STREAM))))                                     \
	X("recv", recvs(pair(SOCK_STREAM)))                                                     \
	X("recv of all", CALL(recvfrom, pair(SOCK_STREAM), big, 10, MSG_WAITALL, 0, 0))         \
	X("recv, time", recvs(timed(pair(SOCK_STREAM), SO_RCVTIMEO)))                           \
	X("read, socket, time", reads(timed(pair(SOCK_STREAM), SO_RCVTIMEO)))                   \
	X("recv, datagram", recvs(pair(SOCK_DGRAM)))                                            \
	X("recv, datagram, time", recvs(timed(pair(SOCK_DGRAM), SO_RCVTIMEO)))                  \
	X("recv, packets", recvs(pair(SOCK_SEQPACKET)))                                         \
	X("recvmmsg", mmsg(false))                                                              \
	X("recvmmsg, time", mmsg(true))                                                         \
	X("send", sends(SOCK_STREAM, false))                                                    \
	X("send, time", sends(SOCK_STREAM, true))                                               \
	X("send, datagram", sends(SOCK_DGRAM, false))                                           \
	X("send, datagram, time", sends(SOCK_DGRAM, true))                                      \
	X("accept", CALL(accept, listener(false), 0, 0))                                        \
	X("accept, time", CALL(accept, timed(listener(false), SO_RCVTIMEO), 0, 0))              \
	X("accept4", CALL(accept4, listener(false), 0, 0, SOCK_CLOEXEC))                        \
	X("connect", connects(false))                                                           \
	X("connect, time", connects(true))                                                      \
	X("accept, TCP", CALL(accept, tcp_listener(), 0, 0))                                    \
	X("accept, TCP, time", CALL(accept, timed(tcp_listener(), SO_RCVTIMEO), 0, 0))          \
	X("recv, UDP", recvs(socket(AF_INET, SOCK_DGRAM, 0)))                                   \
	X("recv, UDP, time", recvs(timed(socket(AF_INET, SOCK_DGRAM, 0), SO_RCVTIMEO)))         \
	X("recv, netlink", recvs(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)))                  \
	X("read, terminal", reads(tty_slave(false)))                                            \
	X("read, raw terminal", reads(tty_slave(true)))                                         \
	X("read, terminal's master", reads(tty_master()))                                       \
	X("write, terminal", writes(full(tty_slave(true))))                                     \
	X("poll", CALL(poll, &(struct pollfd){ empty_pipe(), POLLIN, 0 }, 1, -1))               \
	X("poll, time", CALL(poll, &(struct pollfd){ empty_pipe(), POLLIN, 0 }, 1, 3600000))    \
	X("poll of nothing", CALL(poll, 0, 0, -1))                                              \
	X("ppoll", CALL(ppoll, &(struct pollfd){ empty_pipe(), POLLIN, 0 }, 1, 0, 0, 8))        \
	X("ppoll, time", ({ struct timespec t = hour; CALL(ppoll, 0, 0, &t, 0, 8); }))          \
	X("select", selects(false, false))                                                      \
	X("select, time", selects(false, true))                                                 \
	X("pselect", selects(true, false))                                                      \
	X("pselect, time", selects(true, true))                                                 \
	X("epoll_wait", CALL(epoll_wait, epoll(), big, 1, -1))                                  \
	X("epoll_wait, time", CALL(epoll_wait, epoll(), big, 1, 3600000))                       \
	X("epoll_pwait", CALL(epoll_pwait, epoll(), big, 1, -1, 0, 8))                          \
	X("epoll_pwait2", CALL(epoll_pwait2, epoll(), big, 1, &hour, 0, 8))                     \
	X("nanosleep", CALL(nanosleep, &hour, 0))                                               \
	X("clock_nanosleep", naps(CLOCK_MONOTONIC, 0))                                          \
	X("clock_nanosleep, until", naps(CLOCK_MONOTONIC, TIMER_ABSTIME))                       \
	X("clock_nanosleep, process", naps(CLOCK_PROCESS_CPUTIME_ID, 0))                        \
	X("futex", futexes(FUTEX_WAIT, 0))                                                      \
	X("futex, time", futexes(FUTEX_WAIT, &hour))                                            \
	X("futex, bits", futexes(FUTEX_WAIT_BITSET, 0))                                         \
	X("futex, until", futexes(FUTEX_WAIT_BITSET, later(CLOCK_MONOTONIC)))                   \
	X("futex, priority", locks_pi(false))                                                   \
	X("futex, priority, until", locks_pi(true))                                             \
	X("futex_waitv", waitv(false))                                                          \
	X("futex_waitv, until", waitv(true))                                                    \
	X("semop", CALL(semop, sem(), (&(struct sembuf){ 0, -1, 0 }), 1))                       \
	X("semtimedop", CALL(semtimedop, sem(), (&(struct sembuf){ 0, -1, 0 }), 1, &hour))      \
	X("msgrcv", CALL(msgrcv, queue(false), big, 10, 0, 0))                                  \
	X("msgsnd", CALL(msgsnd, queue(true), (&(long[200]){ 1 }), 1000, 0))                    \
	X("mq_receive", receives(0))                                                            \
	X("mq_receive, until", receives(later(CLOCK_REALTIME)))                                 \
	X("mq_send", CALL(mq_timedsend, mq(true), "x", 1, 0, 0))                                \
	X("mq_send, until", mq_sends(later(CLOCK_REALTIME)))                                    \
	X("wait4", waits(0))                                                                    \
	X("wait4, group, all", waits(1))                                                        \
	X("waitid", waits(2))                                                                   \
	X("sigwait", sigwaits(false))                                                           \
	X("sigtimedwait", sigwaits(true))                                                       \
	X("sigsuspend", suspends())                                                             \
	X("pause", CALL(pause))                                                                 \
	X("record lock", locked(false, false))                                                  \
	X("record lock of an open file", locked(false, true))                                   \
	X("flock", locked(true, false))                                                         \
	X("io_getevents", aio(false))                                                           \
	X("io_getevents, time", aio(true))                                                      \
	X("read, eventfd", reads(eventfd(0, 0)))                                                \
	X("write, eventfd", writes_eventfd())                                                   \
	X("read, timerfd", timers())                                                            \
	X("read, signalfd", signalfds())                                                        \
	X("read, inotify", watches())

#define NAME_OF(n, expression) n,
#define CALL_OF(n, expression) \
	if (!i--)              \
		return expression;

static const char *const names[] = { CALLS(NAME_OF) };

static long call(unsigned i)
{
	CALLS(CALL_OF)
	return 0;
}

static void until_asleep(pid_t pid)
{
	for (int i = 0; i < 5000 && !shared->done && process_state(pid) != 'S'; i++)
		usleep(500);
}

static const char *outcome(char *text)
{
	if (!shared->done)
		return "goes on";
	sprintf(text, "%ld", shared->result);
	return text;
}

/* Nothing that sets a call up sleeps: one that sleeps is in it. */
static pid_t start(unsigned i, int flags)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = flags };
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		sigaction(SIGUSR1, &a, NULL);
		shared->result = call(i);
		shared->done = 1;
		_exit(0);
	}
	setpgid(pid, pid);
	return pid;
}

static void finish(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	unlink("fifo");
	mq_unlink("/wait");
}

static const char *with_handler(unsigned i, int flags, char *text)
{
	pid_t pid = start(i, flags);

	until_asleep(pid);
	if (shared->done)
		return strcpy(text, "does not wait"), finish(pid), text;
	kill(pid, SIGUSR1);
	for (int n = 0; n < 5000 && !shared->handled; n++)
		usleep(500);
	until_asleep(pid);
	finish(pid);
	return outcome(text);
}

static const char *stopped(unsigned i, char *text)
{
	pid_t pid = start(i, 0);
	int status;

	until_asleep(pid);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
	waitpid(pid, &status, WCONTINUED);
	until_asleep(pid);
	finish(pid);
	return outcome(text);
}

int main(void)
{
	char a[30], b[30], c[30];

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	mkdir("pts", 0755);
	mount("none", "pts", "devpts", 0, "ptmxmode=666");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		TELL(names[i], "restart %s, none %s, stop %s", with_handler(i, SA_RESTART, a),
		     with_handler(i, 0, b), stopped(i, c));
	umount("pts");
	return tap_done();
}
