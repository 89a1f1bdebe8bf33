/* SPDX-License-Identifier: MIT */
/* Leases (F_SETLEASE): who may have one, who breaks it, what its holder is told, and how long others wait. */
#include "told.h"
#include "fdsignal.h"

#include <sys/fsuid.h>
#include <sys/mman.h>

static long lease(int fd, long type)
{
	return fcntl(fd, F_SETLEASE, type);
}

static int leased(int fd)
{
	return fcntl(fd, F_GETLEASE);
}

/* How an open ends, without waiting: "0" or the errno. */
static int try_open(const char *name, int flags)
{
	int fd = open(name, flags | O_NONBLOCK), error = errno;

	if (fd < 0)
		return error;
	close(fd);
	return 0;
}

static void who_may(void)
{
	int ro = open("file", O_RDONLY | O_CREAT, 0666), rw, wo, dir = open(".", O_RDONLY), path = open("file", O_PATH);
	int p[2], null = open("/dev/null", O_RDWR), mem = memfd_create("x", 0);

	pipe(p);
	CHECK_INT("none", leased(ro), F_UNLCK);
	CHECK_ERRNO("type 3", lease(ro, 3), EINVAL);
	CHECK_ERRNO("type -1", lease(ro, -1), EINVAL);
	CHECK_ERRNO("type 2^32", lease(ro, 1L << 32), EINVAL);
	CHECK_ERRNO("nothing to give up", lease(ro, F_UNLCK), EAGAIN);
	CHECK_ERRNO("a directory", lease(dir, F_RDLCK), EINVAL);
	CHECK_ERRNO("a directory, giving up", lease(dir, F_UNLCK), EINVAL);
	CHECK_INT("a directory's", leased(dir), F_UNLCK);
	CHECK_ERRNO("a pipe", lease(p[0], F_RDLCK), EINVAL);
	CHECK_ERRNO("a device", lease(null, F_RDLCK), EINVAL);
	CHECK_ERRNO("a path only", lease(path, F_RDLCK), EBADF);
	CHECK_ERRNO("a path only, asked", leased(path), EBADF);
	CHECK_ERRNO("no file", lease(99, F_RDLCK), EBADF);
	CHECK_OK("a reader's", lease(ro, F_RDLCK));
	CHECK_INT("it is told", leased(ro), F_RDLCK);
	CHECK_OK("again", lease(ro, F_RDLCK));
	CHECK_OK("a writer's, through a file for reading", lease(ro, F_WRLCK));
	CHECK_INT("is told", leased(ro), F_WRLCK);
	CHECK_OK("given up", lease(ro, F_UNLCK));
	CHECK_INT("is gone", leased(ro), F_UNLCK);
	rw = open("file", O_RDWR);
	CHECK_ERRNO("a reader's while it is open for writing", lease(ro, F_RDLCK), EAGAIN);
	CHECK_ERRNO("a writer's while it is open for writing", lease(ro, F_WRLCK), EAGAIN);
	CHECK_ERRNO("a reader's through that", lease(rw, F_RDLCK), EAGAIN);
	CHECK_ERRNO("a writer's while it is open for reading", lease(rw, F_WRLCK), EAGAIN);
	close(ro);
	CHECK_OK("a writer's, alone", lease(rw, F_WRLCK));
	CHECK_ERRNO("does not become a reader's", lease(rw, F_RDLCK), EAGAIN);
	close(rw);
	wo = open("file", O_WRONLY);
	CHECK_OK("a writer's through a file for writing", lease(wo, F_WRLCK));
	close(wo);
	ro = open("file", O_RDONLY);
	rw = open("file", O_RDONLY);
	CHECK_OK("first reader", lease(ro, F_RDLCK));
	CHECK_INT("another open file has none", leased(rw), F_UNLCK);
	CHECK_ERRNO("nothing to give up there", lease(rw, F_UNLCK), EAGAIN);
	CHECK_ERRNO("a writer beside it", lease(rw, F_WRLCK), EAGAIN);
	CHECK_OK("second reader", lease(rw, F_RDLCK));
	CHECK_ERRNO("first becomes a writer", lease(ro, F_WRLCK), EAGAIN);
	close(rw);
	CHECK_OK("alone it may", lease(ro, F_WRLCK));
	close(ro);
	TELL("a memfd", "%ld %d", lease(mem, F_WRLCK), leased(mem));
	close(mem);
	ro = open("file", O_RDONLY);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, ro, 0);
	close(ro);
	ro = open("file", O_RDONLY);
	CHECK_ERRNO("a writer's while it is mapped", lease(ro, F_WRLCK), EAGAIN);
	munmap(map, 4096);
	CHECK_OK("not any more", lease(ro, F_WRLCK));
	unlink("file");
	CHECK_INT("without a name", leased(ro), F_WRLCK);
	close(ro);
	close(dir);
	close(path);
	close(null);
	close(p[0]);
	close(p[1]);
}

static void owners(void)
{
	file_write("mine", "");
	file_write("theirs", "");
	chown("theirs", 1000, 1000);
	mkdir("folder", 0755);
	TOLD("a user", setgid(1000); setuid(1000); int fd = open("mine", O_RDONLY);
	     say("%ld %d ", lease(fd, F_RDLCK), errno); say("%ld %d ", lease(fd, F_UNLCK), errno);
	     say("%ld %d ", lease(fd, 7), errno);
	     fd = open("folder", O_RDONLY); say("%ld %d ", lease(fd, F_RDLCK), errno);
	     fd = open("theirs", O_RDONLY); say("%ld %d", lease(fd, F_RDLCK), errno));
	TOLD("root", int fd = open("theirs", O_RDONLY); say("%ld", lease(fd, F_RDLCK)));
	TOLD("root as another for files", setfsuid(1000); int fd = open("mine", O_RDONLY); say("%ld", lease(fd, F_RDLCK)));
	TOLD("opened by root", int fd = open("mine", O_RDONLY); setuid(1000); say("%ld %d", lease(fd, F_RDLCK), errno));
}

static void signal_owner(void)
{
	int fd = open("mine", O_RDONLY), copy;
	pid_t pid;
	int status;

	CHECK_INT("owner before", fcntl(fd, F_GETOWN), 0);
	fcntl(fd, F_SETSIG, SIGUSR2);
	lease(fd, F_RDLCK);
	CHECK("owner with a lease", fcntl(fd, F_GETOWN) == getpid());
	CHECK_INT("its signal", fcntl(fd, F_GETSIG), SIGUSR2);
	copy = dup(fd);
	CHECK_INT("a copy has it", leased(copy), F_RDLCK);
	pid = fork();
	if (!pid)
		_exit(leased(copy) * 10 + (lease(fd, F_UNLCK) == 0));
	waitpid(pid, &status, 0);
	CHECK_INT("a child gives it up", status, EXITED(1));
	CHECK_INT("gone", leased(fd), F_UNLCK);
	CHECK_INT("owner after", fcntl(fd, F_GETOWN), 0);
	CHECK_INT("signal after", fcntl(fd, F_GETSIG), 0);
	fcntl(fd, F_SETOWN, -getpgrp());
	lease(fd, F_RDLCK);
	CHECK("an owner stays", fcntl(fd, F_GETOWN) == -getpgrp());
	CHECK_ERRNO("what is refused", lease(copy, 5), EINVAL);
	CHECK("changes none", fcntl(fd, F_GETOWN) == -getpgrp());
	close(fd);
	CHECK_INT("a copy is left", leased(copy), F_RDLCK);
	close(copy);
	fd = open("mine", O_RDWR);
	lease(fd, F_RDLCK);
	CHECK_INT("no owner when it fails", fcntl(fd, F_GETOWN), 0);
	close(fd);
}

static void without_waiting(void)
{
	int fd = open("mine", O_RDONLY), copy, before;

	lease(fd, F_WRLCK);
	came = 0;
	CHECK_INT("path only", try_open("mine", O_PATH), 0);
	chmod("mine", 0600);
	link("mine", "link");
	rename("link", "other");
	unlink("other");
	utimensat(AT_FDCWD, "mine", NULL, 0);
	CHECK_INT("what breaks none", came, 0);
	CHECK_INT("a reader", try_open("mine", O_RDONLY), EWOULDBLOCK);
	CHECK_INT("one signal", came, 1);
	CHECK_INT("is to become a reader's", leased(fd), F_RDLCK);
	CHECK_INT("another reader", try_open("mine", O_RDONLY), EWOULDBLOCK);
	CHECK_INT("no signal", came, 1);
	CHECK_INT("a writer", try_open("mine", O_RDWR), EWOULDBLOCK);
	CHECK_INT("a second signal", came, 2);
	CHECK_INT("is to go", leased(fd), F_UNLCK);
	CHECK_INT("another writer", try_open("mine", O_WRONLY), EWOULDBLOCK);
	CHECK_INT("no signal", came, 2);
	TELL("kept for reading", "%ld %d %d", lease(fd, F_RDLCK), leased(fd), try_open("mine", O_RDONLY));
	CHECK_OK("given up", lease(fd, F_UNLCK));
	CHECK_INT("open to all", try_open("mine", O_RDWR), 0);
	lease(fd, F_RDLCK);
	CHECK_INT("readers beside a reader", try_open("mine", O_RDONLY), 0);
	CHECK_INT("no signal", came, 2);
	TELL("cut by a reader", "%d %d", try_open("mine", O_RDONLY | O_TRUNC), came);
	CHECK_INT("a writer", try_open("mine", O_WRONLY | O_TRUNC), EWOULDBLOCK);
	TELL("told", "%d %d", came, leased(fd));
	lease(fd, F_UNLCK);
	copy = dup(fd);
	fcntl(fd, F_SETSIG, SIGRTMIN);
	lease(copy, F_WRLCK);
	try_open("mine", O_RDONLY);
	TELL("what a signal says", "%d %x %lx", last_fd == copy, last_code, last_band);
	lease(fd, F_RDLCK);
	try_open("mine", O_RDWR);
	TELL("the last descriptor", "%d %x %lx", last_fd == fd, last_code, last_band);
	lease(fd, F_UNLCK);
	fcntl(fd, F_SETSIG, SIGCHLD);
	lease(fd, F_WRLCK);
	try_open("mine", O_RDONLY);
	TELL("a signal with codes of its own", "%x %lx", last_code, last_band);
	lease(fd, F_UNLCK);
	fchmod(fd, 0700);
	lease(fd, F_WRLCK);
	before = came;
	TOLD("executed", signal(SIGALRM, SIG_DFL); alarm(1); execl("mine", "mine", NULL); say("%d", errno));
	TELL("told", "%d %d", came - before, leased(fd));
	close(copy);
	close(fd);
}

/* A child opens (or cuts) the file; what it found, and whether it had to wait, is its exit status. */
static pid_t opener(const char *name, int flags, int leased_fd)
{
	pid_t pid = fork();

	if (!pid) {
		struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
		int64_t start = now_ns(CLOCK_MONOTONIC);
		int fd, waited;

		close(leased_fd);
		sigaction(SIGALRM, &sa, NULL);
		fd = flags == -1 ? truncate(name, 0) : open(name, flags);
		waited = (now_ns(CLOCK_MONOTONIC) - start) / 100000000;
		_exit(fd < 0 ? 100 + errno : waited);
	}
	return pid;
}

static int ended(pid_t pid)
{
	int status = 0;

	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* Is the opener still at it? (Linux does not always call it asleep then.) */
static int still_waits(pid_t pid)
{
	return !waitpid(pid, NULL, WNOHANG);
}

/* Until a child waits, told by the signal that it causes. */
static void wait_signal(int before)
{
	for (int i = 0; i < 500 && came == before; i++)
		sleep_ms(10);
	sleep_ms(100);
}

static void tell_locks(const char *title, int fd, pid_t child)
{
	FILE *f = fopen("/proc/locks", "r");
	char line[200], out[900] = "";
	struct stat st;

	fstat(fd, &st);
	while (f && fgets(line, sizeof(line), f)) {
		char *p = strchr(line, ':') + 2, inode[60];
		int waits = !strncmp(p, "-> ", 3), pid, at;
		unsigned long ino = 0;

		p += waits * 3;
		if (strncmp(p, "LEASE", 5) || sscanf(p + 22, "%d %59s %n", &pid, inode, &at) != 2)
			continue;
		sscanf(inode, "%*x:%*x:%lu", &ino);
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s[%.22s] %s %s %s", waits ? "-> " : "", p,
			 pid == getpid() ? "me" : pid == child ? "child" : "?", ino == st.st_ino ? "it" : inode, p + 22 + at);
	}
	if (f)
		fclose(f);
	for (char *p = out; *p; p++)
		if (*p == '\n')
			*p = ';';
	TELL(title, "%s", out);
}

static void waiting_for(const char *title, int flags, int type)
{
	int fd = open("mine", O_RDONLY), before = came;
	char name[80];
	pid_t pid;

	lease(fd, F_WRLCK);
	tell_locks("a lease in /proc/locks", fd, 0);
	pid = opener("mine", flags, fd);
	wait_signal(before);
	snprintf(name, sizeof(name), "%s waits", title);
	TELL(name, "%d %d %d", still_waits(pid), came - before, leased(fd));
	tell_locks("in /proc/locks", fd, pid);
	if (type < 0)
		close(fd);
	else
		TELL("given way", "%ld %d", lease(fd, type), leased(fd));
	snprintf(name, sizeof(name), "%s goes on", title);
	TELL(name, "%d", ended(pid) < 100);
	if (type >= 0) {
		TELL("left", "%d", leased(fd));
		tell_locks("in /proc/locks", fd, pid);
		close(fd);
	}
}

static void set(const char *name, const char *value)
{
	char path[60];

	snprintf(path, sizeof(path), "/proc/sys/fs/%s", name);
	file_write(path, value);
}

static void show(const char *name)
{
	char path[60], value[40] = "";
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/fs/%s", name);
	fd = open(path, O_RDONLY);
	read(fd, value, sizeof(value) - 1);
	fstat(fd, &st);
	close(fd);
	value[strcspn(value, "\n")] = 0;
	TELL(name, "%s %o", value, st.st_mode);
}

static void too_long(void)
{
	int fd, before;
	pid_t pid;
	int waited;

	set("lease-break-time", "1");
	fd = open("mine", O_RDONLY);
	lease(fd, F_WRLCK);
	waited = ended(opener("mine", O_RDONLY, fd));
	TELL("a reader's patience", "%d %d", waited >= 9 && waited < 60, leased(fd));
	waited = ended(opener("mine", O_RDWR, fd));
	TELL("a writer's", "%d %d", waited >= 9 && waited < 60, leased(fd));
	CHECK_ERRNO("nothing is left to give up", lease(fd, F_UNLCK), EAGAIN);
	CHECK_INT("nor an owner", fcntl(fd, F_GETOWN), 0);
	lease(fd, F_RDLCK);
	try_open("mine", O_RDWR);
	sleep_ms(1300);
	CHECK_INT("nobody waits, and it goes all the same", leased(fd), F_UNLCK);
	set("lease-break-time", "0");
	before = came;
	lease(fd, F_WRLCK);
	pid = opener("mine", O_RDWR, fd);
	wait_signal(before);
	TELL("for ever", "%d", still_waits(pid));
	kill(pid, SIGALRM);
	CHECK_INT("interrupted", ended(pid), 100 + EINTR);
	TELL("is to go", "%d", leased(fd));
	set("lease-break-time", "45");
	lease(fd, F_UNLCK);
	before = came;
	lease(fd, F_WRLCK);
	pid = opener("mine", O_RDWR, fd);
	wait_signal(before);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	tell_locks("the opener was killed", fd, pid);
	close(fd);
	tell_locks("closed", fd, pid);
}

static void several(void)
{
	int fd[3], before = came;
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		fd[i] = open("mine", O_RDONLY);
		fcntl(fd[i], F_SETSIG, SIGRTMIN + 1);
		lease(fd[i], F_RDLCK);
	}
	pid = opener("mine", O_RDWR, fd[2]);
	wait_signal(before);
	CHECK_INT("all three are told", came - before, 3);
	lease(fd[1], F_UNLCK);
	sleep_ms(50);
	lease(fd[0], F_UNLCK);
	sleep_ms(50);
	TELL("one is left", "%d", still_waits(pid));
	close(fd[2]);
	TELL("none is", "%d", ended(pid) < 100);
	close(fd[0]);
	close(fd[1]);
}

static void switched_off(void)
{
	int fd = open("mine", O_RDONLY);

	lease(fd, F_RDLCK);
	set("leases-enable", "0");
	CHECK_OK("one that is there", lease(fd, F_WRLCK));
	CHECK_OK("goes", lease(fd, F_UNLCK));
	CHECK_ERRNO("and comes no more", lease(fd, F_RDLCK), EINVAL);
	set("leases-enable", "1");
	CHECK_OK("but now", lease(fd, F_RDLCK));
	close(fd);
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	sigaction(SIGIO, &sa, NULL);
	sigaction(SIGRTMIN, &sa, NULL);
	sigaction(SIGRTMIN + 1, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	show("leases-enable");
	show("lease-break-time");
	who_may();
	owners();
	signal_owner();
	without_waiting();
	signal(SIGCHLD, SIG_DFL);
	waiting_for("a reader", O_RDONLY, F_RDLCK);
	waiting_for("a reader, all given up", O_RDONLY, F_UNLCK);
	waiting_for("a writer", O_WRONLY, F_UNLCK);
	waiting_for("a writer, closed", O_RDWR, -1);
	waiting_for("truncate", -1, F_UNLCK);
	too_long();
	several();
	switched_off();
	return tap_done();
}
