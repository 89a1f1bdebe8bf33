/* SPDX-License-Identifier: MIT */
/*
 * seccomp(2): what is wrong with filters first, then the answers of filters to calls,
 * several filters, strict mode, threads, fork and exec. Linux says what is right.
 */
#include "tap.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

#define SECCOMP(op, flags, arg)                                     \
	({                                                          \
		errno = 0;                                          \
		long r_ = syscall(SYS_seccomp, op, flags, arg);     \
		r_ == -1 ? -errno : r_;                             \
	})
#define ARG(n) (unsigned)(offsetof(struct seccomp_data, args) + 8 * (n))
#define NR     (unsigned)offsetof(struct seccomp_data, nr)

static long filter(unsigned flags, struct sock_filter *f, unsigned n)
{
	struct sock_fprog p = { .len = (unsigned short)n, .filter = f };

	return SECCOMP(SECCOMP_SET_MODE_FILTER, flags, &p);
}

#define TRY(name, ...)                                                                              \
	do {                                                                                        \
		struct sock_filter f_[] = { __VA_ARGS__ };                                          \
		TELL(name, "%d", WEXITSTATUS(IN_CHILD(_exit((int)-filter(0, f_, sizeof(f_) / sizeof(f_[0])))))); \
	} while (0)

#define RET(k)        BPF_STMT(BPF_RET | BPF_K, k)
#define LOAD(k)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, k)
#define IF_CALL(nr_, answer) LOAD(NR), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr_, 0, 1), RET(answer)
#define ALLOW         RET(SECCOMP_RET_ALLOW)

/* Installs: calls nr answer so; everything else is allowed. */
static long on_call(int nr, unsigned answer)
{
	struct sock_filter f[] = { IF_CALL(nr, answer), ALLOW };

	return filter(0, f, sizeof(f) / sizeof(f[0]));
}

static void wrong(void)
{
	struct sock_fprog p = { .len = 1, .filter = (void *)8 }, none = { .len = 0, .filter = NULL };
	struct sock_filter many[4097], allow[] = { ALLOW };
	unsigned action = SECCOMP_RET_TRAP, odd = 0x12340000;
	struct seccomp_notif_sizes sizes;

	TELL("operations", "%ld %ld %ld", SECCOMP(99, 0, NULL), SECCOMP(SECCOMP_SET_MODE_STRICT, 1, NULL), SECCOMP(SECCOMP_SET_MODE_STRICT, 0, &p));
	TELL("pointers", "%ld %ld %ld", SECCOMP(SECCOMP_SET_MODE_FILTER, 0, NULL), SECCOMP(SECCOMP_SET_MODE_FILTER, 0, 8), SECCOMP(SECCOMP_SET_MODE_FILTER, 0, &p));
	TELL("lengths, flags", "%ld %ld", SECCOMP(SECCOMP_SET_MODE_FILTER, 0, &none), SECCOMP(SECCOMP_SET_MODE_FILTER, 1 << 20, &none));
	for (int i = 0; i < 4097; i++)
		many[i] = (struct sock_filter)ALLOW;
	TELL("4096 and one more", "%d %d", WEXITSTATUS(IN_CHILD(_exit((int)-filter(0, many, 4096)))), WEXITSTATUS(IN_CHILD(_exit((int)-filter(0, many, 4097)))));
	TELL("actions", "%ld %ld %ld %ld", SECCOMP(SECCOMP_GET_ACTION_AVAIL, 0, &action), SECCOMP(SECCOMP_GET_ACTION_AVAIL, 0, &odd),
	     SECCOMP(SECCOMP_GET_ACTION_AVAIL, 1, &action), SECCOMP(SECCOMP_GET_ACTION_AVAIL, 0, 8));
	TELL("sizes", "%ld", SECCOMP(SECCOMP_GET_NOTIF_SIZES, 0, &sizes));
	TELL("what they are", "%d %d %d", sizes.seccomp_notif, sizes.seccomp_notif_resp, sizes.seccomp_data);
	TELL("prctl", "%d %d", prctl(PR_SET_SECCOMP, 9, 0), errno);
	TELL("mode", "%d", prctl(PR_GET_SECCOMP));
	TELL("nobody, without no_new_privs and with", "%d %d", WEXITSTATUS(IN_CHILD({ setuid(65534); _exit((int)-filter(0, allow, 1)); })),
	     WEXITSTATUS(IN_CHILD({ setuid(65534); prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); _exit((int)-filter(0, allow, 1)); })));
}

static void programs(void)
{
	TRY("no return at the end", LOAD(NR));
	TRY("return X", BPF_STMT(BPF_RET | BPF_X, 0));
	TRY("return A", LOAD(NR), BPF_STMT(BPF_RET | BPF_A, 0));
	TRY("a jump beyond", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), ALLOW);
	TRY("a far jump", BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), ALLOW);
	TRY("a jump", BPF_STMT(BPF_JMP | BPF_JA, 0), ALLOW);
	TRY("beyond the data", LOAD(64), ALLOW);
	TRY("the last word", LOAD(60), ALLOW);
	TRY("not aligned", LOAD(2), ALLOW);
	TRY("a byte", BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), ALLOW);
	TRY("indirect", BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), ALLOW);
	TRY("length", BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), ALLOW);
	TRY("header length", BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), ALLOW);
	TRY("divided by 0", BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), ALLOW);
	TRY("modulo", BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), ALLOW);
	TRY("shift", BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), ALLOW);
	TRY("memory, never written", BPF_STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	TRY("memory, written", BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	TRY("memory, written on one way", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_ST, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	TRY("memory, word 16", BPF_STMT(BPF_ST, 16), ALLOW);
	TRY("nonsense", { 0xffff, 0, 0, 0 }, ALLOW);
	/* What a program works out comes back as an errno of getpid. */
#define COMPUTE(name, ...)                                                                                  \
	do {                                                                                                \
		struct sock_filter f_[] = { LOAD(NR), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 1, 0), ALLOW, __VA_ARGS__, \
					    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),                      \
					    BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),          \
					    BPF_STMT(BPF_RET | BPF_A, 0) };                                 \
		TELL(name, "%d", WEXITSTATUS(IN_CHILD({                                                     \
			     filter(0, f_, sizeof(f_) / sizeof(f_[0]));                                     \
			     errno = 0;                                                                     \
			     syscall(__NR_getppid, 0x11223344, 7, 9);                                       \
			     _exit(errno);                                                                  \
		     })));                                                                                  \
	} while (0)
	COMPUTE("second argument", LOAD(ARG(1)));
	COMPUTE("low half, high byte", LOAD(ARG(0)), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 24));
	COMPUTE("arithmetic", LOAD(ARG(1)), BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 3), BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0), BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 1));
	COMPUTE("division, negation", LOAD(ARG(2)), BPF_STMT(BPF_ALU | BPF_NEG, 0), BPF_STMT(BPF_ALU | BPF_NEG, 0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 2));
	COMPUTE("memory", LOAD(ARG(2)), BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_LDX | BPF_MEM, 15), BPF_STMT(BPF_LD | BPF_IMM, 100), BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0));
	COMPUTE("bits", LOAD(ARG(0)), BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0x0f), BPF_STMT(BPF_LDX | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0));
	COMPUTE("length", BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0));
	COMPUTE("length in X", BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0));
	COMPUTE("compared", LOAD(ARG(1)), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 7, 0, 1), BPF_STMT(BPF_LD | BPF_IMM, 50), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 7, 0, 1), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 3), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 16));
	COMPUTE("the machine", LOAD((unsigned)offsetof(struct seccomp_data, arch)), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 24));
}

static volatile sig_atomic_t got, nr, arch, code, datum;
static void *volatile where;

static void handler(int sig, siginfo_t *i, void *context)
{
	(void)context;
	got = sig, nr = i->si_syscall, arch = (int)i->si_arch, code = i->si_code, datum = i->si_errno, where = i->si_call_addr;
}

static void answers(void)
{
	struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	TELL("errno", "%d", WEXITSTATUS(IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_ERRNO | 77); _exit(syscall(__NR_getppid) == -1 ? errno : 0); })));
	TELL("errno 0", "%d", WEXITSTATUS(IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_ERRNO); _exit((int)syscall(__NR_getppid)); })));
	TELL("errno too large", "%d", WEXITSTATUS(IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_ERRNO | 0xffff); _exit(syscall(__NR_getppid) == -1 && errno == 4095); })));
	TELL("the call was not made", "%d", WEXITSTATUS(IN_CHILD({ on_call(__NR_mkdir, SECCOMP_RET_ERRNO); int r = mkdir("never", 0700); _exit(r * 2 + !access("never", F_OK)); })));
	TELL("kill", "%x", IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_KILL_PROCESS); syscall(__NR_getppid); }));
	TELL("kill a thread, the only one", "%x", IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_KILL_THREAD); syscall(__NR_getppid); }));
	TELL("an unknown action", "%x", IN_CHILD({ on_call(__NR_getppid, 0x10000000); syscall(__NR_getppid); }));
	TELL("kill, with a handler and blocked", "%x", IN_CHILD({
		     struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
		     sigset_t s;
		     sigaction(SIGSYS, &sa, NULL), sigfillset(&s), sigprocmask(SIG_BLOCK, &s, NULL);
		     on_call(__NR_getppid, SECCOMP_RET_KILL_PROCESS);
		     syscall(__NR_getppid);
	     }));
	TELL("trap", "%x", IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_TRAP | 5); syscall(__NR_getppid); }));
	TELL("trap, caught", "%x", IN_CHILD({
		     struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
		     sigaction(SIGSYS, &sa, NULL);
		     on_call(__NR_getppid, SECCOMP_RET_TRAP | 5);
		     long r = syscall(__NR_getppid);
		     _exit(got == SIGSYS && nr == __NR_getppid && (unsigned)arch == AUDIT_ARCH_X86_64 && code == 1 && datum == 5 && where ? (r == __NR_getppid ? 1 : 2) : 3);
	     }));
	TELL("trap, blocked", "%x", IN_CHILD({
		     struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
		     sigset_t s;
		     sigaction(SIGSYS, &sa, NULL), sigfillset(&s), sigprocmask(SIG_BLOCK, &s, NULL);
		     on_call(__NR_getppid, SECCOMP_RET_TRAP);
		     syscall(__NR_getppid);
	     }));
	TELL("trace, nobody traces", "%d", WEXITSTATUS(IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_TRACE); _exit(syscall(__NR_getppid) == -1 ? errno : 0); })));
	TELL("log", "%d", WEXITSTATUS(IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_LOG); _exit(syscall(__NR_getppid) > 0); })));
	TELL("notify, nobody listens", "%d", WEXITSTATUS(IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_USER_NOTIF); _exit(syscall(__NR_getppid) == -1 ? errno : 0); })));
	TELL("a number that is no call", "%d", WEXITSTATUS(IN_CHILD({ on_call(5000, SECCOMP_RET_ERRNO | 9); _exit(syscall(5000) == -1 ? errno : 0); })));
	TELL("the least permissive", "%d %d", WEXITSTATUS(IN_CHILD({
		     on_call(__NR_getppid, SECCOMP_RET_ERRNO | 7), on_call(__NR_getppid, SECCOMP_RET_ALLOW), on_call(__NR_getppid, SECCOMP_RET_TRACE);
		     _exit(syscall(__NR_getppid) == -1 ? errno : 0);
	     })),
	     WEXITSTATUS(IN_CHILD({
		     on_call(__NR_getppid, SECCOMP_RET_ERRNO | 7), on_call(__NR_getppid, SECCOMP_RET_ERRNO | 8);
		     _exit(syscall(__NR_getppid) == -1 ? errno : 0);
	     })));
	TELL("mode and count", "%d", WEXITSTATUS(IN_CHILD({
		     on_call(__NR_getppid, SECCOMP_RET_ALLOW), on_call(__NR_getppid, SECCOMP_RET_ALLOW);
		     _exit(prctl(PR_GET_SECCOMP));
	     })));
}

static void strict(void)
{
	TELL("strict", "%x", IN_CHILD({ SECCOMP(SECCOMP_SET_MODE_STRICT, 0, NULL); syscall(__NR_exit, 5); }));
	TELL("strict, write", "%x", IN_CHILD({ int fd = open("strict", O_WRONLY | O_CREAT, 0600); SECCOMP(SECCOMP_SET_MODE_STRICT, 0, NULL); syscall(__NR_exit, (int)write(fd, "abc", 3)); }));
	TELL("strict, something else", "%x", IN_CHILD({ prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); syscall(__NR_getppid); }));
	TELL("strict, exit_group", "%x", IN_CHILD({ prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); syscall(__NR_exit_group, 1); }));
	TELL("filters, then strict", "%d", WEXITSTATUS(IN_CHILD({ on_call(__NR_getppid, SECCOMP_RET_ALLOW); _exit((int)-SECCOMP(SECCOMP_SET_MODE_STRICT, 0, NULL)); })));
}

static int ready[2], go[2];

static void *other(void *arg)
{
	char c;

	if (arg)
		on_call(__NR_getuid, SECCOMP_RET_ERRNO | 3);
	write(ready[1], "r", 1);
	read(go[0], &c, 1);
	errno = 0;
	syscall(__NR_getppid);
	return (void *)(long)errno;
}

/* What another thread sees of a filter added here with flags. */
static int with_thread(unsigned flags, bool filtered)
{
	struct sock_filter f[] = { IF_CALL(__NR_getppid, SECCOMP_RET_ERRNO | 44), ALLOW };
	pthread_t t;
	void *seen;
	char c;

	pipe(ready), pipe(go);
	pthread_create(&t, NULL, other, filtered ? &ready : NULL);
	read(ready[0], &c, 1);
	long r = filter(flags, f, sizeof(f) / sizeof(f[0]));
	write(go[1], "g", 1);
	pthread_join(t, &seen);
	return (int)(long)seen + (r > 0 ? 100 : r < 0 ? 200 : 0);
}

static void *killed_thread(void *arg)
{
	(void)arg;
	on_call(__NR_getppid, SECCOMP_RET_KILL_THREAD);
	syscall(__NR_getppid);
	return NULL;
}

static void threads(void)
{
	TELL("a thread of its own", "%d", WEXITSTATUS(IN_CHILD(_exit(with_thread(0, false)))));
	TELL("all threads", "%d", WEXITSTATUS(IN_CHILD(_exit(with_thread(SECCOMP_FILTER_FLAG_TSYNC, false)))));
	TELL("one that has others", "%d", WEXITSTATUS(IN_CHILD(_exit(with_thread(SECCOMP_FILTER_FLAG_TSYNC, true)))));
	TELL("one that has others, ESRCH", "%d", WEXITSTATUS(IN_CHILD(_exit(with_thread(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, true)))));
	TELL("one thread of two is killed", "%x", IN_CHILD({
		     pthread_t t;
		     pthread_create(&t, NULL, killed_thread, NULL);
		     sleep_ms(100);
		     _exit(3);
	     }));
	TELL("fork hands it down", "%d", WEXITSTATUS(IN_CHILD({
		     on_call(__NR_getppid, SECCOMP_RET_ERRNO | 21);
		     _exit(WEXITSTATUS(IN_CHILD(_exit(syscall(__NR_getppid) == -1 ? errno : 0))));
	     })));
	TELL("exec keeps it", "%d", WEXITSTATUS(IN_CHILD({
		     on_call(__NR_getppid, SECCOMP_RET_ERRNO | 22);
		     execl("/proc/self/exe", "seccomp", "getppid", NULL);
	     })));
}

/* A tracer that asked for it hears of the call, and may change it. */
static void tracing(void)
{
	int st;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		on_call(__NR_getppid, SECCOMP_RET_TRACE | 99);
		_exit(syscall(__NR_getppid) == getppid());
	}
	unsigned long message = 0;
	waitpid(pid, &st, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP);
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &st, 0);
	ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
	TELL("told", "%x %lu", st, message);
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &st, 0);
	while (WIFSTOPPED(st))
		ptrace(PTRACE_CONT, pid, 0, 0), waitpid(pid, &st, 0);
	TELL("goes on", "%d", WIFEXITED(st));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return syscall(__NR_getppid) == -1 ? errno : 0;
	wrong();
	programs();
	answers();
	strict();
	threads();
	tracing();
	return tap_done();
}
