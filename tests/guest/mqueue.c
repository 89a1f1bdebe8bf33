/* SPDX-License-Identifier: MIT */
/*
 * POSIX message queues: the error paths first, then order, waiting, notification,
 * limits and the filesystem. Linux says what is right.
 */
#include "raw.h"
#include <mqueue.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statfs.h>

#define AS_NOBODY(call)                                          \
	({                                                       \
		int p_[2];                                       \
		long got_ = 12345;                               \
		pipe(p_);                                        \
		if (!fork()) {                                   \
			setgid(65534), setuid(65534);            \
			long a_ = (call);                        \
			write(p_[1], &a_, sizeof(a_)), _exit(0); \
		}                                                \
		close(p_[1]), wait(NULL);                        \
		read(p_[0], &got_, sizeof(got_)), close(p_[0]);  \
		got_;                                            \
	})

/* A queue's number, or the negative errno; closed again. */
static long try_open(const char *name, int flags, mode_t mode, struct mq_attr *a)
{
	long fd = CALL(mq_open, name, flags, mode, a);

	if (fd >= 0)
		close((int)fd);
	return fd >= 0 ? 0 : fd;
}

static struct mq_attr small = { .mq_maxmsg = 3, .mq_msgsize = 16 };
static volatile sig_atomic_t got, code, value, from;

static void handler(int sig, siginfo_t *i, void *context)
{
	(void)context;
	got = sig, code = i->si_code, value = i->si_value.sival_int, from = i->si_pid;
}

static void opening(void)
{
	struct mq_attr bad[] = { { .mq_maxmsg = 0, .mq_msgsize = 8 }, { .mq_maxmsg = 8, .mq_msgsize = 0 },
				 { .mq_maxmsg = -1, .mq_msgsize = 8 }, { .mq_maxmsg = 65537, .mq_msgsize = 8 },
				 { .mq_maxmsg = 1, .mq_msgsize = (16 << 20) + 1 }, { .mq_maxmsg = 11, .mq_msgsize = 8 },
				 { .mq_maxmsg = 10, .mq_msgsize = 8193 }, { .mq_maxmsg = 65536, .mq_msgsize = 16 << 20 } };
	char longest[300];

	memset(longest, 'x', sizeof(longest));
	longest[256] = 0;
	SAY("not there", try_open("none", O_RDWR, 0, NULL), CALL(mq_unlink, "none"));
	SAY("names", try_open("", O_RDWR | O_CREAT, 0600, NULL), try_open("a/b", O_RDWR | O_CREAT, 0600, NULL),
	    try_open("/a", O_RDWR | O_CREAT, 0600, NULL), try_open(".", O_RDWR, 0, NULL), try_open("..", O_RDWR | O_CREAT, 0600, NULL));
	SAY("long names", try_open(longest, O_RDWR | O_CREAT, 0600, NULL), (longest[255] = 0, try_open(longest, O_RDWR | O_CREAT, 0600, NULL)),
	    CALL(mq_unlink, longest), CALL(mq_unlink, ""), CALL(mq_unlink, "a/b"), CALL(mq_unlink, "."));
	SAY("bad pointers", try_open((char *)8, O_RDWR, 0, NULL), try_open("q", O_RDWR | O_CREAT, 0600, (void *)8), CALL(mq_unlink, 8));
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char name[32];

		sprintf(name, "attributes %u", i);
		SAY(name, try_open("q", O_RDWR | O_CREAT, 0600, &bad[i]), AS_NOBODY(try_open("r", O_RDWR | O_CREAT, 0600, &bad[i])));
		CALL(mq_unlink, "q"), CALL(mq_unlink, "r");
	}
	SAY("made, again, exclusive", try_open("q", O_RDWR | O_CREAT | O_EXCL, 0600, &small), try_open("q", O_RDWR | O_CREAT, 0600, &bad[0]),
	    try_open("q", O_RDWR | O_CREAT | O_EXCL, 0600, &small), try_open("q", O_RDWR | O_EXCL, 0, NULL));
	SAY("access mode 3", try_open("q", 3, 0, NULL));
	SAY("nobody", AS_NOBODY(try_open("q", O_RDONLY, 0, NULL)), AS_NOBODY(CALL(mq_unlink, "q")));
	SAY("mode without rights", AS_NOBODY(try_open("mine", O_RDWR | O_CREAT, 0, NULL)), AS_NOBODY(try_open("mine", O_RDWR, 0, NULL)),
	    AS_NOBODY(CALL(mq_unlink, "mine")));
	SAY("closed on exec", fcntl((int)CALL(mq_open, "q", O_RDONLY, 0, NULL), F_GETFD));
	close(3);
	SAY("removed while open", CALL(mq_unlink, "q"), CALL(mq_unlink, "q"));
}

static void sending(void)
{
	char b[32] = "0123456789abcdef";
	int rw = (int)CALL(mq_open, "s", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &small), r = (int)CALL(mq_open, "s", O_RDONLY, 0, NULL);
	int w = (int)CALL(mq_open, "s", O_WRONLY, 0, NULL), file = open("/dev/null", O_RDWR);
	struct timespec past = { 1, 0 }, odd = { 0, 1000000000 }, negative = { -1, 0 };
	unsigned prio = 99;

	SAY("send: descriptors", CALL(mq_timedsend, 99, b, 1, 0, NULL), CALL(mq_timedsend, file, b, 1, 0, NULL), CALL(mq_timedsend, r, b, 1, 0, NULL));
	SAY("send: arguments", CALL(mq_timedsend, rw, b, 17, 0, NULL), CALL(mq_timedsend, rw, b, 1, 32768, NULL), CALL(mq_timedsend, rw, 8, 4, 0, NULL));
	SAY("send: times", CALL(mq_timedsend, rw, b, 1, 0, &odd), CALL(mq_timedsend, rw, b, 1, 0, &negative), CALL(mq_timedsend, rw, b, 1, 0, 8));
	SAY("what is looked at first", CALL(mq_timedsend, 99, b, 1, 99999, &odd), CALL(mq_timedsend, 99, b, 1, 99999, NULL), CALL(mq_timedsend, file, 8, 99, 0, NULL));
	SAY("receive: descriptors", CALL(mq_timedreceive, 99, b, 16, NULL, NULL), CALL(mq_timedreceive, file, b, 16, NULL, NULL), CALL(mq_timedreceive, w, b, 16, NULL, NULL));
	SAY("receive: arguments", CALL(mq_timedreceive, rw, b, 15, NULL, NULL), CALL(mq_timedreceive, rw, b, 16, NULL, &odd), CALL(mq_timedreceive, rw, b, 16, NULL, NULL));
	SAY("an empty queue, a past time", CALL(mq_timedreceive, r, b, 16, NULL, &past));
	SAY("full", CALL(mq_timedsend, rw, "a", 1, 5, NULL), CALL(mq_timedsend, rw, "bb", 2, 7, NULL), CALL(mq_timedsend, rw, "ccc", 3, 5, NULL),
	    CALL(mq_timedsend, rw, "d", 1, 9, NULL), CALL(mq_timedsend, w, "d", 1, 9, &past));
	SAY("order", CALL(mq_timedreceive, rw, b, 16, &prio, NULL), b[0], prio, CALL(mq_timedreceive, rw, b, 99, &prio, NULL), b[0], prio);
	SAY("a bad place for it: lost", CALL(mq_timedreceive, rw, 8, 16, NULL, NULL), CALL(mq_timedreceive, rw, b, 16, NULL, NULL));
	SAY("a bad place for the priority", CALL(mq_timedsend, rw, "x", 1, 0, NULL), CALL(mq_timedreceive, rw, b, 16, 8, NULL), CALL(mq_timedreceive, rw, b, 16, NULL, NULL));
	SAY("an empty message", CALL(mq_timedsend, rw, b, 0, 32767, NULL), CALL(mq_timedreceive, rw, b, 16, &prio, NULL), prio);
	SAY("read, write, seek, map", write(rw, b, 1) == -1 ? -errno : 0, lseek(rw, 0, SEEK_END) == -1 ? -errno : 0, fsync(rw) == -1 ? -errno : 0);
	close(rw), close(r), close(w), close(file);
	CALL(mq_unlink, "s");
}

static void attributes(void)
{
	struct mq_attr a, set = { .mq_flags = O_NONBLOCK, .mq_maxmsg = 99 }, bad = { .mq_flags = O_APPEND };
	int q = (int)CALL(mq_open, "a", O_RDWR | O_CREAT, 0600, NULL);
	struct stat st;

	SAY("usual", CALL(mq_getsetattr, q, NULL, &a), a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs);
	CALL(mq_timedsend, q, "x", 1, 0, NULL);
	SAY("set", CALL(mq_getsetattr, q, &set, &a), a.mq_flags, a.mq_curmsgs, fcntl(q, F_GETFL), CALL(mq_getsetattr, q, NULL, &a), a.mq_flags, a.mq_maxmsg);
	SAY("bad", CALL(mq_getsetattr, q, &bad, NULL), CALL(mq_getsetattr, 99, NULL, &a), CALL(mq_getsetattr, 0, NULL, &a), CALL(mq_getsetattr, q, 8, NULL), CALL(mq_getsetattr, q, NULL, 8));
	fstat(q, &st);
	SAY("stat", st.st_mode, st.st_size, st.st_nlink, st.st_blocks);
	struct pollfd p = { q, POLLIN | POLLOUT, 0 };
	SAY("poll", poll(&p, 1, 0), p.revents);
	char b[8192];
	CALL(mq_timedreceive, q, b, 8192, NULL, NULL);
	SAY("poll, empty", poll(&p, 1, 0), p.revents);
	close(q);
	CALL(mq_unlink, "a");
}

static void waiting(void)
{
	char b[16] = "";
	unsigned prio;
	int q = (int)CALL(mq_open, "w", O_RDWR | O_CREAT, 0600, &small), st;
	struct timespec soon;
	pid_t pid;

	if (!(pid = fork()))
		sleep_ms(30), CALL(mq_timedsend, q, "child", 6, 3, NULL), _exit(0);
	SAY("a message comes", CALL(mq_timedreceive, q, b, 16, &prio, NULL), prio, strcmp(b, "child"));
	waitpid(pid, &st, 0);
	for (int i = 0; i < 3; i++)
		CALL(mq_timedsend, q, "x", 1, i, NULL);
	if (!(pid = fork()))
		_exit(-(int)CALL(mq_timedsend, q, "late", 5, 9, NULL));
	sleep_ms(30);
	SAY("room comes", CALL(mq_timedreceive, q, b, 16, &prio, NULL), prio);
	waitpid(pid, &st, 0);
	SAY("what waited is in", st, CALL(mq_timedreceive, q, b, 16, &prio, NULL), prio);
	CALL(mq_timedreceive, q, b, 16, &prio, NULL), CALL(mq_timedreceive, q, b, 16, &prio, NULL);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 30000000;
	if (soon.tv_nsec >= 1000000000)
		soon.tv_sec++, soon.tv_nsec -= 1000000000;
	SAY("in vain", CALL(mq_timedreceive, q, b, 16, NULL, &soon));
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	SAY("interrupted", CALL(mq_timedreceive, q, b, 16, NULL, NULL), got);
	int first[2], second[2];
	pipe(first), pipe(second);
	for (int i = 0; i < 2; i++) {
		if (!fork())
			memset(b, 0, 16), CALL(mq_timedreceive, q, b, 16, NULL, NULL), write(i ? second[1] : first[1], b, 1), _exit(0);
		sleep_ms(30);
	}
	CALL(mq_timedsend, q, "1", 2, 0, NULL), CALL(mq_timedsend, q, "2", 2, 0, NULL);
	char x = 0, y = 0;
	read(first[0], &x, 1), read(second[0], &y, 1);
	SAY("who came first is first", x, y);
	while (wait(NULL) > 0)
		;
	close(first[0]), close(first[1]), close(second[0]), close(second[1]);
	close(q), CALL(mq_unlink, "w");
}

static void notification(void)
{
	char b[16];
	int q = (int)CALL(mq_open, "n", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &small), q2 = (int)CALL(mq_open, "n", O_RDWR, 0, NULL);
	struct sigevent none = { .sigev_notify = SIGEV_NONE }, odd = { .sigev_notify = 77 };
	struct sigevent sig = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42 };
	struct sigevent wild = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65 }, zero = { .sigev_notify = SIGEV_SIGNAL };
	struct sigevent thread = { .sigev_notify = SIGEV_THREAD, .sigev_signo = 99, .sigev_value.sival_ptr = b };
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	int null = open("/dev/null", O_RDWR);

	sigaction(SIGUSR1, &sa, NULL);
	SAY("notify: bad", CALL(mq_notify, 99, &none), CALL(mq_notify, null, &none), CALL(mq_notify, q, 8), CALL(mq_notify, q, &odd), CALL(mq_notify, q, &wild), CALL(mq_notify, 99, &odd));
	SAY("notify: thread", CALL(mq_notify, q, &thread), (thread.sigev_signo = null, CALL(mq_notify, q, &thread)), (thread.sigev_value.sival_ptr = (void *)8, CALL(mq_notify, q, &thread)));
	SAY("nobody to be taken off", CALL(mq_notify, q, NULL));
	SAY("one at a time", CALL(mq_notify, q, &sig), CALL(mq_notify, q, &sig), CALL(mq_notify, q2, &none), WEXITSTATUS(IN_CHILD(_exit(-CALL(mq_notify, q, &sig)))));
	SAY("another may not end it", WEXITSTATUS(IN_CHILD(_exit(-CALL(mq_notify, q, NULL)))), CALL(mq_notify, q, &sig));
	CALL(mq_timedsend, q, "m", 1, 0, NULL);
	SAY("told", got == SIGUSR1, code, value, from == getpid());
	got = 0;
	SAY("once", CALL(mq_timedreceive, q, b, 16, NULL, NULL), CALL(mq_timedsend, q, "m", 1, 0, NULL), got);
	SAY("not while there are messages", CALL(mq_notify, q, &sig), CALL(mq_timedsend, q, "m", 1, 0, NULL), got, CALL(mq_timedreceive, q, b, 16, NULL, NULL), CALL(mq_timedreceive, q, b, 16, NULL, NULL),
	    CALL(mq_timedsend, q, "m", 1, 0, NULL), got == SIGUSR1);
	CALL(mq_timedreceive, q, b, 16, NULL, NULL);
	got = 0;
	SAY("who waits gets it instead", CALL(mq_notify, q, &sig), ({
		    pid_t pid = fork();
		    if (!pid)
			    _exit(CALL(mq_timedreceive, q2, b, 16, NULL, NULL) != 1);
		    sleep_ms(40);
		    CALL(mq_timedsend, q, "m", 1, 0, NULL);
		    int st;
		    waitpid(pid, &st, 0);
		    st;
	    }), got, CALL(mq_notify, q2, &none));
	SAY("given up", CALL(mq_notify, q, NULL), CALL(mq_notify, q, &zero), CALL(mq_timedsend, q, "m", 1, 0, NULL), CALL(mq_notify, q, &none));
	close(q2);
	SAY("a close gives it up", CALL(mq_notify, q, &sig));
	close(q), close(null), CALL(mq_unlink, "n");
}

static void limits(void)
{
	struct mq_attr big = { .mq_maxmsg = 10, .mq_msgsize = 8192 };
	struct rlimit l = { 10 * 8192 + 10 * 96, 10 * 8192 + 10 * 96 };

	SAY("RLIMIT_MSGQUEUE", WEXITSTATUS(IN_CHILD({ setrlimit(RLIMIT_MSGQUEUE, &l); _exit(-try_open("l", O_RDWR | O_CREAT, 0600, &big)); })), CALL(mq_unlink, "l"));
	l.rlim_cur--;
	SAY("one byte less", WEXITSTATUS(IN_CHILD({ setrlimit(RLIMIT_MSGQUEUE, &l); _exit(-try_open("l", O_RDWR | O_CREAT, 0600, &big)); })), CALL(mq_unlink, "l"));
	SAY("all of a user's count", WEXITSTATUS(IN_CHILD({
		    setgid(65534), setuid(65534);
		    int n = 0;
		    char name[16];
		    for (; n < 20; n++) {
			    sprintf(name, "u%d", n);
			    if (CALL(mq_open, name, O_RDWR | O_CREAT, 0600, &big) < 0)
				    break;
		    }
		    for (int i = 0; i < n; i++)
			    sprintf(name, "u%d", i), CALL(mq_unlink, name);
		    _exit(n);
	    })));
	char text[64] = "";
	const char *files[] = { "queues_max", "msg_max", "msgsize_max", "msg_default", "msgsize_default" };
	for (int i = 0; i < 5; i++) {
		char path[64];
		struct stat st;

		sprintf(path, "/proc/sys/fs/mqueue/%s", files[i]);
		int fd = open(path, O_RDWR);
		memset(text, 0, sizeof(text));
		read(fd, text, 63);
		text[strcspn(text, "\n")] = 0;
		fstat(fd, &st);
		TELL(files[i], "%s %o", text, st.st_mode);
		close(fd);
	}
	file_write("/proc/sys/fs/mqueue/msg_max", "20\n");
	struct mq_attr twenty = { .mq_maxmsg = 20, .mq_msgsize = 8 };
	SAY("msg_max", AS_NOBODY(try_open("m", O_RDWR | O_CREAT, 0600, &twenty)), CALL(mq_unlink, "m"));
	int fd = open("/proc/sys/fs/mqueue/msg_max", O_RDWR);
	SAY("out of range", write(fd, "0\n", 2) == -1 ? -errno : 0, write(fd, "65537\n", 6) == -1 ? -errno : 0, write(fd, "10\n", 3));
	close(fd);
	file_write("/proc/sys/fs/mqueue/queues_max", "1\n");
	int q = (int)CALL(mq_open, "one", O_RDWR | O_CREAT, 0600, &small);
	SAY("queues_max", AS_NOBODY(try_open("two", O_RDWR | O_CREAT, 0600, &small)), try_open("three", O_RDWR | O_CREAT, 0600, &small), CALL(mq_unlink, "three"));
	file_write("/proc/sys/fs/mqueue/queues_max", "256\n");
	close(q), CALL(mq_unlink, "one");
}

static void filesystem(void)
{
	struct statfs fs;
	struct stat st;
	char text[100] = "", b[16];
	int q, fd;

	mkdir("mq", 0755);
	SAY("mount", mount("none", "mq", "mqueue", 0, NULL));
	statfs("mq", &fs), stat("mq", &st);
	SAY("statfs", fs.f_type, fs.f_namelen, fs.f_bsize);
	SAY("root", st.st_mode, st.st_nlink, st.st_size);
	q = (int)CALL(mq_open, "file", O_RDWR | O_CREAT | O_NONBLOCK, 0640, &small);
	stat("mq/file", &st);
	SAY("a file", st.st_mode, st.st_size, st.st_uid);
	CALL(mq_timedsend, q, "12345", 5, 0, NULL), CALL(mq_timedsend, q, "678", 3, 0, NULL);
	fd = open("mq/file", O_RDWR | O_NONBLOCK);
	read(fd, text, 80);
	TELL("what it shows", "%s", text);
	SAY("read again", read(fd, text, 80));
	SAY("an open file is a queue", CALL(mq_timedreceive, fd, b, 16, NULL, NULL), CALL(mq_timedsend, fd, "x", 1, 0, NULL));
	SAY("made by open", close(open("mq/made", O_RDWR | O_CREAT, 0600)), ({
		    struct mq_attr a;
		    int m = (int)CALL(mq_open, "made", O_RDWR, 0, NULL);
		    CALL(mq_getsetattr, m, NULL, &a);
		    close(m);
		    a.mq_maxmsg;
	    }), CALL(mq_unlink, "made"));
	SAY("nothing else", mkdir("mq/d", 0700) == -1 ? -errno : 0, symlink("x", "mq/l") == -1 ? -errno : 0, link("mq/file", "mq/f2") == -1 ? -errno : 0,
	    rename("mq/file", "mq/f3") == -1 ? -errno : 0, mknod("mq/fifo", S_IFIFO | 0600, 0) == -1 ? -errno : 0);
	SAY("unlink", unlink("mq/file"), try_open("file", O_RDWR, 0, NULL), access("mq/file", F_OK) == -1 ? -errno : 0);
	close(fd), close(q);
	stat("mq", &st);
	SAY("root again", st.st_size);
	SAY("umount", umount("mq"));
}

int main(void)
{
	umask(022);
	opening();
	sending();
	attributes();
	waiting();
	notification();
	limits();
	filesystem();
	return tap_done();
}
