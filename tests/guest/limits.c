/* SPDX-License-Identifier: MIT */
/*
 * Resource limits, one by one: what happens at each, with which error or signal, to
 * whom it applies, and from when on. Each in a child, whose limits are its own.
 */
#include "told.h"
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/time.h>

#define NOBODY 65534
#define KIB    1024ul
#define PAGE   4096ul

static void say_result(long result)
{
	if (result == -1)
		say("%s ", strerrorname_np(errno));
	else
		say("%ld ", result);
}

#define SAY(call) ({ errno = 0; say_result((long)(call)); })
#define SAY_MAP(call) ({ errno = 0; void *m_ = (call); say_result(m_ == MAP_FAILED ? -1 : 0); })

static void set(int which, rlim_t soft, rlim_t hard)
{
	struct rlimit l = { soft, hard };

	setrlimit(which, &l);
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		_exit(90);
}

/* ---- the calls themselves ------------------------------------------------------------- */

static void calls(void)
{
	struct rlimit l = { 5, 5 };

	CHECK_ERRNO("no such limit", syscall(SYS_getrlimit, RLIM_NLIMITS, &l), EINVAL);
	CHECK_ERRNO("negative", syscall(SYS_setrlimit, -1, &l), EINVAL);
	CHECK_ERRNO("get to a bad address", syscall(SYS_getrlimit, RLIMIT_CPU, 1), EFAULT);
	CHECK_ERRNO("set from a bad address", syscall(SYS_setrlimit, RLIMIT_CPU, 1), EFAULT);
	CHECK_ERRNO("bad address before bad number", syscall(SYS_setrlimit, 99, 1), EFAULT);
	CHECK_ERRNO("of nobody", syscall(SYS_prlimit64, 31999, RLIMIT_CPU, NULL, NULL), ESRCH);
	CHECK_ERRNO("negative process", syscall(SYS_prlimit64, -1, RLIMIT_CPU, NULL, NULL), ESRCH);
	CHECK_ERRNO("no such limit of a process", syscall(SYS_prlimit64, 0, 99, NULL, &l), EINVAL);
	CHECK_ERRNO("no such, and nothing wanted", syscall(SYS_prlimit64, 0, 99, NULL, NULL), EINVAL);
	CHECK_OK("nothing wanted", syscall(SYS_prlimit64, 0, RLIMIT_CPU, NULL, NULL));
	TOLD("set, and the old one to a bad address", {
		l = (struct rlimit){ 50, 60 };
		SAY(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &l, 1));
		SAY(getrlimit(RLIMIT_NOFILE, &l));
		say("%d %d", (int)l.rlim_cur, (int)l.rlim_max);
	});
	TOLD("more files than the machine lets anybody have", {
		l = (struct rlimit){ 100, (1 << 20) + 1 };
		SAY(setrlimit(RLIMIT_NOFILE, &l));
		l.rlim_max--;
		SAY(setrlimit(RLIMIT_NOFILE, &l));
		l.rlim_max = RLIM_INFINITY;
		SAY(setrlimit(RLIMIT_NOFILE, &l));
	});
	TOLD("every hard limit down, none up", {
		become_nobody();
		for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
			l = (struct rlimit){ 1, 1 };
			SAY(setrlimit(i, &l));
			l = (struct rlimit){ 1, 2 };
			SAY(setrlimit(i, &l));
		}
	});
	TOLD("capable of raising", {
		set(RLIMIT_CORE, 0, 0);
		l = (struct rlimit){ 7, 8 };
		SAY(setrlimit(RLIMIT_CORE, &l));
		l = (struct rlimit){ 9, 8 };
		SAY(setrlimit(RLIMIT_CORE, &l));
	});
	TOLD("the parent's, by user number", {
		pid_t parent = getppid();

		become_nobody();
		SAY(prlimit(parent, RLIMIT_CORE, NULL, &l));
		SAY(prlimit(parent, 99, NULL, &l));
	});
}

/* A limit that somebody else sets holds as if one had set it oneself. */
static void from_outside(int which, rlim_t limit)
{
	struct rlimit l = { limit, limit };
	int go[2], ready[2];
	pid_t child;

	pipe(go);
	pipe(ready);
	child = fork();
	if (!child) {
		become_nobody();
		write(ready[1], "x", 1);
		read(go[0], text, 1);
		if (which == RLIMIT_MEMLOCK)
			SAY(mlock(sbrk(3 * PAGE), 3 * PAGE));
		else
			SAY_MAP(mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		_exit(0);
	}
	read(ready[0], text, 1);
	SAY(prlimit(child, which, &l, NULL));
	write(go[1], "x", 1);
	waitpid(child, NULL, 0);
}

static void others(void)
{
	TOLD("addresses, from outside", from_outside(RLIMIT_AS, 32 << 20));
	TOLD("data, from outside", from_outside(RLIMIT_DATA, 32 << 20));
	TOLD("locked memory, from outside", from_outside(RLIMIT_MEMLOCK, 2 * PAGE));
}

/* ---- memory --------------------------------------------------------------------------- */

static void memory(void)
{
	char *m = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rlimit l;

	TOLD("locked, by root", {
		set(RLIMIT_MEMLOCK, PAGE, PAGE);
		SAY(mlock(m, 4 * PAGE));
	});
	TOLD("a limit set while privileged holds afterwards", {
		set(RLIMIT_MEMLOCK, 2 * PAGE, 2 * PAGE);
		become_nobody();
		SAY(mlock(m, 2 * PAGE));
		SAY(mlock(m, 2 * PAGE));
		SAY(mlock(m + 2 * PAGE, PAGE));
		SAY(munlock(m, PAGE));
		SAY(mlock(m + 2 * PAGE, PAGE));
		SAY(mlockall(MCL_CURRENT));
		SAY(mlockall(MCL_FUTURE));
		SAY_MAP(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		SAY(munlockall());
		SAY_MAP(mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0));
		SAY_MAP(mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0));
	});
	TOLD("and the other way round", {
		set(RLIMIT_MEMLOCK, 0, 0);
		SAY(mlock(m, PAGE));
		SAY(setresuid(-1, NOBODY, -1));
		SAY(mlock(m, 2 * PAGE));
		SAY(mlock2(m, PAGE, MLOCK_ONFAULT));
		SAY(mlockall(MCL_CURRENT));
		SAY(munlock(m, PAGE));
		SAY(setresuid(-1, 0, -1));
		SAY(mlock(m, 2 * PAGE));
	});
	TOLD("grown by mremap", {
		set(RLIMIT_MEMLOCK, 2 * PAGE, 2 * PAGE);
		become_nobody();
		char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
		SAY_MAP(mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE));
		SAY_MAP(mremap(p, 2 * PAGE, PAGE, 0));
	});
	TOLD("the heap, by data", {
		l = (struct rlimit){ 64 << 10, 64 << 10 };
		sbrk(0);
		SAY(setrlimit(RLIMIT_DATA, &l));
		void *old = sbrk(0);
		say("%d ", syscall(SYS_brk, (char *)old + (1 << 20)) == (long)old);
		SAY_MAP(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		SAY_MAP(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		SAY_MAP(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
		void *p = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		SAY(mprotect(p, 1 << 20, PROT_READ | PROT_WRITE));
	});
	TOLD("the heap, by addresses", {
		l = (struct rlimit){ 1 << 20, 1 << 20 };
		SAY(setrlimit(RLIMIT_AS, &l));
		void *old = sbrk(0);
		say("%d ", syscall(SYS_brk, (char *)old + (2 << 20)) == (long)old);
		SAY_MAP(mremap(m, 16 * PAGE, 2 << 20, MREMAP_MAYMOVE));
		int id = shmget(IPC_PRIVATE, 2 << 20, 0600);
		SAY(shmat(id, NULL, 0));
		shmctl(id, IPC_RMID, NULL);
	});
	munmap(m, 16 * PAGE);
}

static volatile int stack_depth;

static __attribute__((noinline)) int use_stack(int n)
{
	volatile char page[4096];

	page[0] = (char)n;
	stack_depth = n;
	return n < 1000 ? use_stack(n + 1) + page[0] : 0;
}

static void too_deep(__attribute__((unused)) int sig)
{
	_exit(stack_depth > 64 && stack_depth < 128 ? 1 : 2);
}

static void stack(void)
{
	static char other[64 << 10];

	CHECK_INT("a stack that grows over its limit", IN_CHILD({
		stack_t s = { .ss_sp = other, .ss_size = sizeof(other) };
		struct sigaction a = { .sa_handler = too_deep, .sa_flags = SA_ONSTACK };

		set(RLIMIT_STACK, 512 << 10, 512 << 10);
		sigaltstack(&s, NULL);
		sigaction(SIGSEGV, &a, NULL);
		use_stack(0);
	}), EXITED(1));
	CHECK_INT("without another one", IN_CHILD({
		set(RLIMIT_CORE, 0, 0);
		set(RLIMIT_STACK, 256 << 10, 256 << 10);
		use_stack(0);
	}), SIGSEGV);
}

/* ---- files ---------------------------------------------------------------------------- */

static int signals_seen;

static void count(__attribute__((unused)) int sig)
{
	signals_seen++;
}

#define SAY_SIGNALS(call) ({ signals_seen = 0; SAY(call); say("/%d ", signals_seen); })

static void sizes(void)
{
	TOLD("killed", {
		set(RLIMIT_CORE, 0, 0);
		int fd = open("big", O_RDWR | O_CREAT, 0600);
		set(RLIMIT_FSIZE, 10, 10);
		pwrite(fd, "x", 1, 10);
	});
	TOLD("files that grow over their limit", {
		char twenty[20] = "";
		int fd = open("big", O_RDWR | O_CREAT, 0600);
		int from = open("from", O_RDWR | O_CREAT, 0600);
		off_t at = 0;
		int two[2];

		write(from, twenty, 20);
		pipe(two);
		write(two[1], twenty, 20);
		signal(SIGXFSZ, count);
		set(RLIMIT_FSIZE, 10, 10);
		SAY_SIGNALS(write(fd, twenty, 20));
		SAY_SIGNALS(write(fd, "x", 1));
		SAY_SIGNALS(write(fd, "x", 0));
		SAY_SIGNALS(pwrite(fd, twenty, 20, 5));
		SAY_SIGNALS(pwrite(fd, twenty, 20, 30));
		SAY_SIGNALS(ftruncate(fd, 10));
		SAY_SIGNALS(ftruncate(fd, 11));
		SAY_SIGNALS(truncate("big", 11));
		SAY_SIGNALS(fallocate(fd, 0, 0, 11));
		SAY_SIGNALS(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 11));
		SAY_SIGNALS(ftruncate(fd, 8));
		SAY_SIGNALS(sendfile(fd, from, &at, 20));
		SAY_SIGNALS(sendfile(fd, from, &at, 5));
		SAY_SIGNALS(lseek(fd, 9, SEEK_SET));
		SAY_SIGNALS(splice(two[0], NULL, fd, NULL, 20, 0));
		SAY_SIGNALS(splice(two[0], NULL, fd, NULL, 20, 0));
		SAY_SIGNALS(lseek(fd, 9, SEEK_SET));
		at = 0;
		SAY_SIGNALS(copy_file_range(from, &at, fd, NULL, 20, 0));
		SAY_SIGNALS(copy_file_range(from, &at, fd, NULL, 10, 0));
	});
	TOLD("and those that were longer before", {
		int fd = open("long", O_RDWR | O_CREAT, 0600);

		signal(SIGXFSZ, count);
		pwrite(fd, "x", 1, 30);
		set(RLIMIT_FSIZE, 10, 10);
		SAY_SIGNALS(pwrite(fd, "x", 1, 20));
		SAY_SIGNALS(ftruncate(fd, 25));
		SAY_SIGNALS(ftruncate(fd, 26));
		SAY_SIGNALS(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20));
	});
	TOLD("what is no regular file", {
		int two[2], null = open("/dev/null", O_WRONLY);

		pipe(two);
		signal(SIGXFSZ, count);
		set(RLIMIT_FSIZE, 1, 1);
		SAY_SIGNALS(write(two[1], "xyz", 3));
		SAY_SIGNALS(write(null, "xyz", 3));
		int m = memfd_create("m", 0);
		SAY_SIGNALS(write(m, "xyz", 3));
		SAY_SIGNALS(ftruncate(m, 2));
	});
	unlink("big");
	unlink("long");
	unlink("from");
}

static void pipes(void)
{
	int two[2], n = 0;

	TOLD("more pages in pipes than a user may have", {
		become_nobody();
		while (n < 80 && !pipe(two) && fcntl(two[0], F_SETPIPE_SZ, 1 << 20) > 0)
			n++;
		say("%d ", n);
		SAY(fcntl(two[0], F_GETPIPE_SZ));
		SAY(fcntl(two[0], F_SETPIPE_SZ, 1 << 20));
		SAY(fcntl(two[0], F_SETPIPE_SZ, 1 << 17));
		SAY(fcntl(two[0], F_SETPIPE_SZ, 1 << 13));
		SAY(fcntl(two[0], F_SETPIPE_SZ, (1 << 20) + 1));
		for (int i = 0; i < 4; i++) {
			SAY(pipe(two));
			SAY(fcntl(two[0], F_GETPIPE_SZ));
		}
	});
	TOLD("and root, who has other pages", {
		SAY(pipe(two));
		SAY(fcntl(two[0], F_GETPIPE_SZ));
		SAY(fcntl(two[0], F_SETPIPE_SZ, 1 << 21));
		become_nobody();
		SAY(fcntl(two[0], F_SETPIPE_SZ, 1 << 21));
		SAY(fcntl(two[0], F_SETPIPE_SZ, 1 << 22));
		SAY(fcntl(two[0], F_SETPIPE_SZ, 1 << 12));
	});
	file_write("/proc/sys/fs/pipe-user-pages-hard", "20\n");
	TOLD("a hard limit", {
		become_nobody();
		SAY(pipe(two));
		SAY(pipe(two));
		SAY(fcntl(two[0], F_SETPIPE_SZ, 1 << 17));
	});
	file_write("/proc/sys/fs/pipe-user-pages-hard", "0\n");
}

/* ---- signals, time, processes ----------------------------------------------------------- */

static void queued(void)
{
	TOLD("signals that wait", {
		sigset_t all;
		siginfo_t i;

		become_nobody();
		set(RLIMIT_SIGPENDING, 1, 1);
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		SAY(sigqueue(getpid(), SIGRTMIN, (union sigval){ 7 }));
		SAY(sigqueue(getpid(), SIGRTMIN, (union sigval){ 8 }));
		SAY(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ 8 }));
		SAY(sigqueue(getpid(), SIGUSR1, (union sigval){ 9 }));
		SAY(kill(getpid(), SIGRTMIN + 2));
		SAY(kill(getpid(), SIGUSR2));
		for (int s = sigwaitinfo(&all, &i); s > 0; s = sigtimedwait(&all, &i, &(struct timespec){ 0, 0 }))
			say("[%d: %d %d %d] ", s, i.si_code, i.si_pid != 0, i.si_code == SI_QUEUE ? i.si_int : 0);
	});
	TOLD("none at all", {
		become_nobody();
		set(RLIMIT_SIGPENDING, 0, 0);
		signal(SIGUSR1, count);
		signal(SIGALRM, count);
		signal(SIGRTMIN, count);
		SAY(sigqueue(getpid(), SIGRTMIN, (union sigval){ 7 }));
		SAY(sigqueue(getpid(), SIGUSR1, (union sigval){ 7 }));
		SAY(kill(getpid(), SIGRTMIN));
		SAY(timer_create(CLOCK_MONOTONIC, NULL, &(timer_t){ 0 }));
		alarm(1);
		pause();
		say("%d", signals_seen);
	});
}

static void seconds(void)
{
	TOLD("no processor time at all is a second", {
		set(RLIMIT_CORE, 0, 0);
		set(RLIMIT_CPU, 0, RLIM_INFINITY);
		for (;;)
			;
	});
	TOLD("a hard limit that is reached first", {
		set(RLIMIT_CPU, 1, 1);
		for (;;)
			;
	});
}

/* Turns round for so many milliseconds of processor time. */
static void turn(long ms)
{
	int64_t end = now_ns(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

static void real_time(void)
{
	struct sched_param first = { 1 };

	TOLD("a real-time thread that does not sleep", {
		set(RLIMIT_CORE, 0, 0);
		set(RLIMIT_RTTIME, 100000, RLIM_INFINITY);
		SAY(sched_setscheduler(0, SCHED_FIFO, &first));
		for (;;)
			;
	});
	TOLD("over its hard limit", {
		signal(SIGXCPU, SIG_IGN);
		set(RLIMIT_RTTIME, 100000, 200000);
		SAY(sched_setscheduler(0, SCHED_RR, &first));
		for (;;)
			;
	});
	TOLD("one that sleeps between", {
		signal(SIGXCPU, count);
		set(RLIMIT_RTTIME, 300000, RLIM_INFINITY);
		SAY(sched_setscheduler(0, SCHED_FIFO, &first));
		for (int i = 0; i < 8; i++) {
			turn(60);
			sleep_ms(1);
		}
		say("%d", signals_seen);
	});
	TOLD("yielding is not sleeping", {
		signal(SIGXCPU, count);
		set(RLIMIT_RTTIME, 200000, RLIM_INFINITY);
		SAY(sched_setscheduler(0, SCHED_FIFO, &first));
		for (int i = 0; i < 10 && !signals_seen; i++) {
			turn(60);
			sched_yield();
		}
		say("%d", signals_seen);
	});
	TOLD("an ordinary thread has no such limit", {
		signal(SIGXCPU, count);
		set(RLIMIT_RTTIME, 50000, 100000);
		turn(300);
		say("%d", signals_seen);
	});
}

static void processes(void)
{
	TOLD("as many as there are", {
		set(RLIMIT_NPROC, 1, 1);
		become_nobody();
		SAY(fork());
		SAY(vfork());
	});
	TOLD("root has any number, and who may administrate", {
		set(RLIMIT_NPROC, 0, 0);
		say("%x ", IN_CHILD());
		SAY(setresuid(NOBODY, 0, 0));
		say("%x ", IN_CHILD());
		SAY(setresuid(0, NOBODY, 0));
		say("%x ", IN_CHILD());
	});
}

int main(void)
{
	calls();
	others();
	memory();
	stack();
	sizes();
	pipes();
	queued();
	seconds();
	real_time();
	processes();
	return tap_done();
}
