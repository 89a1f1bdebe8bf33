/* SPDX-License-Identifier: MIT */
/*
 * ptrace(2): who may trace whom, errors of requests, stops at signals and system
 * calls, registers, memory, events of fork, clone and exec, ends.
 */
#include "tap.h"
#include <elf.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#define O(bit) ((void *)(long)(bit))

static long pt(int request, pid_t pid, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, request, pid, addr, data);
}

/* A wait status in words. */
static const char *told(int status)
{
	static char text[4][64];
	static int next;
	char *t = text[next++ & 3];

	if (status == -1)
		snprintf(t, 64, "nothing");
	else if (WIFEXITED(status))
		snprintf(t, 64, "exit %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(t, 64, "killed %d", WTERMSIG(status));
	else if (WIFCONTINUED(status))
		snprintf(t, 64, "continued");
	else
		snprintf(t, 64, "stop 0x%x", (unsigned)status >> 8);
	return t;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	if (waitpid(pid, &status, __WALL) != pid)
		return -1;
	return status;
}

#define TELL_WAIT(name, pid) TELL(name, "%s", told(wait_for(pid)))

/* A child that says it may be traced, stops, and then does what is said. */
#define TRACED_CHILD(...) ({					\
	pid_t pid_ = fork();					\
	if (pid_ == 0) {					\
		if (pt(PTRACE_TRACEME, 0, 0, 0))		\
			_exit(99);				\
		raise(SIGSTOP);					\
		__VA_ARGS__;					\
		_exit(0);					\
	}							\
	wait_for(pid_);						\
	pid_; })

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) == pid)
		;
}

static void errors(void)
{
	pid_t child, stranger;
	int status;
	long word;

	CHECK_ERRNO("attach to nobody", pt(PTRACE_ATTACH, 999999, 0, 0), ESRCH);
	CHECK_ERRNO("attach to 0", pt(PTRACE_ATTACH, 0, 0, 0), ESRCH);
	CHECK_ERRNO("attach to oneself", pt(PTRACE_ATTACH, getpid(), 0, 0), EPERM);
	CHECK_ERRNO("seize oneself", pt(PTRACE_SEIZE, getpid(), 0, 0), EPERM);
	CHECK_ERRNO("cont nobody", pt(PTRACE_CONT, 999999, 0, 0), ESRCH);
	stranger = fork();
	if (!stranger) {
		pause();
		_exit(0);
	}
	CHECK_ERRNO("cont who is not traced", pt(PTRACE_CONT, stranger, 0, 0), ESRCH);
	CHECK_ERRNO("kill who is not traced", pt(PTRACE_KILL, stranger, 0, 0), ESRCH);
	CHECK_ERRNO("interrupt who is not traced", pt(PTRACE_INTERRUPT, stranger, 0, 0), ESRCH);
	CHECK_ERRNO("no such request, not traced", pt(12345, stranger, 0, 0), ESRCH);
	CHECK_ERRNO("seize with an address", pt(PTRACE_SEIZE, stranger, 8, 0), EIO);
	CHECK_ERRNO("seize with unknown options", pt(PTRACE_SEIZE, stranger, 0, 1UL << 30), EIO);
	CHECK_ERRNO("seize with high options", pt(PTRACE_SEIZE, stranger, 0, 1UL << 40), EIO);
	CHECK_OK("seize", pt(PTRACE_SEIZE, stranger, 0, 0));
	CHECK_ERRNO("seize again", pt(PTRACE_SEIZE, stranger, 0, 0), EPERM);
	CHECK_ERRNO("attach again", pt(PTRACE_ATTACH, stranger, 0, 0), EPERM);
	CHECK_ERRNO("cont who runs", pt(PTRACE_CONT, stranger, 0, 0), ESRCH);
	CHECK_ERRNO("detach who runs", pt(PTRACE_DETACH, stranger, 0, 0), ESRCH);
	CHECK_ERRNO("getregs of who runs", pt(PTRACE_GETREGS, stranger, 0, 0), ESRCH);
	CHECK_ERRNO("options of who runs", pt(PTRACE_SETOPTIONS, stranger, 0, 0), ESRCH);
	CHECK_ERRNO("listen to who runs", pt(PTRACE_LISTEN, stranger, 0, 0), ESRCH);
	finish(stranger);
	CHECK_ERRNO("cont who is gone", pt(PTRACE_CONT, stranger, 0, 0), ESRCH);

	child = TRACED_CHILD(pause());
	CHECK_ERRNO("no such request", pt(12345, child, 0, 0), EIO);
	CHECK_ERRNO("request -1", pt(-1, child, 0, 0), EIO);
	CHECK_ERRNO("cont with signal 65", pt(PTRACE_CONT, child, 0, 65), EIO);
	CHECK_ERRNO("cont with signal -1", pt(PTRACE_CONT, child, 0, -1), EIO);
	CHECK_ERRNO("syscall with signal 65", pt(PTRACE_SYSCALL, child, 0, 65), EIO);
	CHECK_ERRNO("singlestep with signal 65", pt(PTRACE_SINGLESTEP, child, 0, 65), EIO);
	CHECK_ERRNO("detach with signal 65", pt(PTRACE_DETACH, child, 0, 65), EIO);
	CHECK_ERRNO("interrupt who is not seized", pt(PTRACE_INTERRUPT, child, 0, 0), EIO);
	CHECK_ERRNO("listen to who is not seized", pt(PTRACE_LISTEN, child, 0, 0), EIO);
	CHECK_ERRNO("peek at 0", pt(PTRACE_PEEKDATA, child, 0, (long)&word), EIO);
	CHECK_ERRNO("peek at the kernel", pt(PTRACE_PEEKDATA, child, -4096UL, (long)&word), EIO);
	CHECK_ERRNO("peek to 8", pt(PTRACE_PEEKDATA, child, (long)&errors, 8), EFAULT);
	CHECK_ERRNO("poke at 0", pt(PTRACE_POKEDATA, child, 0, 1), EIO);
	CHECK_ERRNO("peekuser, odd", pt(PTRACE_PEEKUSER, child, 1, (long)&word), EIO);
	CHECK_ERRNO("peekuser, behind", pt(PTRACE_PEEKUSER, child, sizeof(struct user) + 16, (long)&word), EIO);
	CHECK_ERRNO("peekuser, -8", pt(PTRACE_PEEKUSER, child, -8UL, (long)&word), EIO);
	CHECK_ERRNO("peekuser to 8", pt(PTRACE_PEEKUSER, child, 0, 8), EFAULT);
	CHECK_ERRNO("pokeuser, odd", pt(PTRACE_POKEUSER, child, 3, 0), EIO);
	CHECK_ERRNO("pokeuser, behind", pt(PTRACE_POKEUSER, child, sizeof(struct user), 0), EIO);
	CHECK_ERRNO("pokeuser, command", pt(PTRACE_POKEUSER, child, offsetof(struct user, u_comm), 0), EIO);
	CHECK_ERRNO("pokeuser, dr4", pt(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[4]), 0), EIO);
	CHECK_ERRNO("pokeuser, dr0 in the kernel",
		    pt(PTRACE_POKEUSER, child, offsetof(struct user, u_debugreg[0]), -8UL), EINVAL);
	CHECK_ERRNO("pokeuser, fs_base in the kernel",
		    pt(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, fs_base), -8UL), EIO);
	CHECK_ERRNO("pokeuser, cs 0", pt(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, cs), 0), EIO);
	CHECK_ERRNO("pokeuser, ds of the kernel", pt(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, ds), 0x18), EIO);
	CHECK_ERRNO("getregs to 8", pt(PTRACE_GETREGS, child, 0, 8), EFAULT);
	CHECK_ERRNO("setregs from 8", pt(PTRACE_SETREGS, child, 0, 8), EFAULT);
	CHECK_ERRNO("getfpregs to 8", pt(PTRACE_GETFPREGS, child, 0, 8), EFAULT);
	CHECK_ERRNO("getregset to 8", pt(PTRACE_GETREGSET, child, NT_PRSTATUS, 8), EFAULT);
	struct iovec v = { &word, 7 };
	CHECK_ERRNO("getregset of 7 bytes", pt(PTRACE_GETREGSET, child, NT_PRSTATUS, (long)&v), EINVAL);
	v.iov_len = 8;
	CHECK_ERRNO("getregset of a type that is not there", pt(PTRACE_GETREGSET, child, 4711, (long)&v), EINVAL);
	CHECK_ERRNO("getregset of ports", pt(PTRACE_GETREGSET, child, NT_386_IOPERM, (long)&v), ENXIO);
	CHECK_ERRNO("setregset of ports", pt(PTRACE_SETREGSET, child, NT_386_IOPERM, (long)&v), EOPNOTSUPP);
	CHECK_ERRNO("setregset of a part of fp", pt(PTRACE_SETREGSET, child, NT_PRFPREG, (long)&v), EINVAL);
	CHECK_ERRNO("setregset of a part of xstate", pt(PTRACE_SETREGSET, child, NT_X86_XSTATE, (long)&v), EFAULT);
	CHECK_ERRNO("unknown options", pt(PTRACE_SETOPTIONS, child, 0, 1UL << 30), EINVAL);
	CHECK_OK("suspend seccomp, as root", pt(PTRACE_SETOPTIONS, child, 0, PTRACE_O_SUSPEND_SECCOMP));
	CHECK_OK("options, by the old number", pt(21, child, 0, 0));
	CHECK_ERRNO("getsiginfo to 8", pt(PTRACE_GETSIGINFO, child, 0, 8), EFAULT);
	CHECK_ERRNO("setsiginfo from 8", pt(PTRACE_SETSIGINFO, child, 0, 8), EFAULT);
	CHECK_ERRNO("getsigmask of 4 bytes", pt(PTRACE_GETSIGMASK, child, 4, (long)&word), EINVAL);
	CHECK_ERRNO("getsigmask to 8", pt(PTRACE_GETSIGMASK, child, 8, 8), EFAULT);
	CHECK_ERRNO("setsigmask of 16 bytes", pt(PTRACE_SETSIGMASK, child, 16, (long)&word), EINVAL);
	CHECK_ERRNO("setsigmask from 8", pt(PTRACE_SETSIGMASK, child, 8, 8), EFAULT);
	CHECK_ERRNO("peeksiginfo from 8", pt(PTRACE_PEEKSIGINFO, child, 8, (long)&word), EFAULT);
	CHECK_ERRNO("geteventmsg to 8", pt(PTRACE_GETEVENTMSG, child, 0, 8), EFAULT);
	CHECK_ERRNO("arch_prctl of nothing", pt(30, child, 0, 0x4711), EINVAL);
	CHECK_ERRNO("seccomp filter", pt(PTRACE_SECCOMP_GET_FILTER, child, 0, 0), EINVAL);
	CHECK_INT("traceme of a traced one", IN_CHILD(
		pid_t p = TRACED_CHILD(_exit(pt(PTRACE_TRACEME, 0, 0, 0) == -1 ? errno : 0));
		pt(PTRACE_CONT, p, 0, 0);
		_exit(WEXITSTATUS(wait_for(p)))), EXITED(EPERM));
	status = IN_CHILD(_exit(pt(PTRACE_CONT, child, 0, 0) == -1 ? errno : 0));
	CHECK_INT("another one's tracee", WEXITSTATUS(status), ESRCH);
	finish(child);
}

/* Another user, dumpable or not; lost rights. */
static void permission(void)
{
	int status = IN_CHILD(
		setuid(65534);
		_exit(pt(PTRACE_ATTACH, 1, 0, 0) == -1 ? errno : 0));
	CHECK_INT("nobody attaches to init", WEXITSTATUS(status), EPERM);
	status = IN_CHILD(
		pid_t p = fork();
		if (!p) {
			pause();
			_exit(0);
		}
		setuid(65534);
		int e = pt(PTRACE_ATTACH, p, 0, 0) == -1 ? errno : 0;
		kill(getpid(), 0);
		_exit(e));
	CHECK_INT("nobody attaches to root's child", WEXITSTATUS(status), EPERM);
	status = IN_CHILD(
		setgid(65534);
		setuid(65534);
		prctl(PR_SET_DUMPABLE, 1);
		pid_t p = fork();
		if (!p) {
			pause();
			_exit(0);
		}
		int e = pt(PTRACE_ATTACH, p, 0, 0) == -1 ? errno : 0;
		finish(p);
		_exit(e));
	CHECK_INT("nobody attaches to its own child", WEXITSTATUS(status), 0);
	status = IN_CHILD(
		setgid(65534);
		setuid(65534);
		pid_t p = fork();
		if (!p) {
			prctl(PR_SET_DUMPABLE, 0);
			raise(SIGSTOP);
			_exit(0);
		}
		waitpid(p, NULL, WUNTRACED);
		int e = pt(PTRACE_ATTACH, p, 0, 0) == -1 ? errno : 0;
		finish(p);
		_exit(e));
	CHECK_INT("not to one that is not dumpable", WEXITSTATUS(status), EPERM);
	CHECK_OK("set ptracer any", prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY));
	CHECK_OK("set ptracer none", prctl(PR_SET_PTRACER, 0));
	CHECK_ERRNO("set ptracer to nobody", prctl(PR_SET_PTRACER, 999999), EINVAL);
}

static void signals(void)
{
	siginfo_t info, set;
	pid_t child, got;
	int status;

	child = TRACED_CHILD(raise(SIGUSR1); _exit(7));
	memset(&info, 0, sizeof(info));
	CHECK_OK("getsiginfo", pt(PTRACE_GETSIGINFO, child, 0, (long)&info));
	TELL("siginfo of SIGSTOP", "%d %d %d", info.si_signo, info.si_code, info.si_pid == child);
	CHECK_INT("the stop is told once", waitpid(child, &status, WNOHANG | __WALL), 0);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("SIGUSR1 stops it", child);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("suppressed, it ends", child);

	child = TRACED_CHILD(raise(SIGUSR1); _exit(7));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	pt(PTRACE_CONT, child, 0, SIGTERM);
	TELL_WAIT("another signal in its place", child);

	child = TRACED_CHILD(signal(SIGCHLD, SIG_IGN); raise(SIGCHLD); _exit(7));
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("what is ignored stops it, too", child);
	pt(PTRACE_CONT, child, 0, SIGCHLD);
	TELL_WAIT("and does nothing", child);

	child = TRACED_CHILD(
		sigset_t s;
		sigemptyset(&s);
		sigaddset(&s, SIGUSR1);
		sigaddset(&s, SIGUSR2);
		sigprocmask(SIG_BLOCK, &s, NULL);
		kill(getpid(), SIGUSR1);
		union sigval v = { .sival_int = 5 };
		sigqueue(getpid(), SIGUSR2, v);
		syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
		raise(SIGSTOP);
		_exit(3));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	struct __ptrace_peeksiginfo_args a = { .off = 0, .flags = PTRACE_PEEKSIGINFO_SHARED, .nr = 4 };
	siginfo_t many[4];
	CHECK_INT("peeksiginfo, shared", pt(PTRACE_PEEKSIGINFO, child, (long)&a, (long)many), 2);
	TELL("them", "%d %d, %d %d %d", many[0].si_signo, many[0].si_code, many[1].si_signo, many[1].si_code, many[1].si_value.sival_int);
	a.flags = 0;
	CHECK_INT("peeksiginfo, own", pt(PTRACE_PEEKSIGINFO, child, (long)&a, (long)many), 1);
	TELL("it", "%d %d", many[0].si_signo, many[0].si_code);
	a.off = 1;
	CHECK_INT("peeksiginfo, behind", pt(PTRACE_PEEKSIGINFO, child, (long)&a, (long)many), 0);
	a.flags = 2;
	CHECK_ERRNO("peeksiginfo, unknown flag", pt(PTRACE_PEEKSIGINFO, child, (long)&a, (long)many), EINVAL);
	a.flags = 0;
	a.nr = -1;
	CHECK_ERRNO("peeksiginfo, -1 of them", pt(PTRACE_PEEKSIGINFO, child, (long)&a, (long)many), EINVAL);
	uint64_t mask = 0;
	CHECK_OK("getsigmask", pt(PTRACE_GETSIGMASK, child, 8, (long)&mask));
	TELL("the mask", "%lx", mask);
	mask = ~0UL;
	CHECK_OK("setsigmask", pt(PTRACE_SETSIGMASK, child, 8, (long)&mask));
	CHECK_OK("getsigmask", pt(PTRACE_GETSIGMASK, child, 8, (long)&mask));
	TELL("the mask", "%lx", mask);
	mask = 0;
	CHECK_OK("setsigmask", pt(PTRACE_SETSIGMASK, child, 8, (long)&mask));
	pt(PTRACE_CONT, child, 0, 0);
	for (int i = 0; i < 3; i++) {
		TELL_WAIT("what was pending", child);
		pt(PTRACE_CONT, child, 0, 0);
	}
	TELL_WAIT("its end", child);

	/* A signal changed in all it says. */
	child = TRACED_CHILD(
		struct sigaction sa;
		sigset_t s;
		siginfo_t i;
		memset(&sa, 0, sizeof(sa));
		sigemptyset(&s);
		sigaddset(&s, SIGRTMIN + 1);
		sigprocmask(SIG_BLOCK, &s, NULL);
		kill(getpid(), SIGUSR1);
		sigwaitinfo(&s, &i);
		_exit(i.si_value.sival_int));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	memset(&set, 0, sizeof(set));
	set.si_signo = SIGRTMIN + 1;
	set.si_code = SI_QUEUE;
	set.si_value.sival_int = 42;
	CHECK_OK("setsiginfo", pt(PTRACE_SETSIGINFO, child, 0, (long)&set));
	pt(PTRACE_CONT, child, 0, SIGRTMIN + 1);
	TELL_WAIT("a blocked one in its place is queued with what it says", child);

	child = TRACED_CHILD(*(volatile int *)8 = 1; _exit(1));
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("a fault", child);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("its siginfo", "%d %d %p", info.si_signo, info.si_code, info.si_addr);
	pt(PTRACE_CONT, child, 0, SIGSEGV);
	TELL_WAIT("it is deadly", child);

	child = TRACED_CHILD(__asm__ volatile("int3"); _exit(4));
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("int3", child);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("its siginfo", "%d 0x%x", info.si_signo, info.si_code);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("goes on behind it", child);

	child = TRACED_CHILD(pause());
	CHECK_OK("kill", pt(PTRACE_KILL, child, 0, 0));
	TELL_WAIT("it is killed", child);
	child = TRACED_CHILD(pause());
	kill(child, SIGKILL);
	TELL_WAIT("SIGKILL ends it in a stop", child);
	child = TRACED_CHILD(pause());
	CHECK_OK("detach", pt(PTRACE_DETACH, child, 0, SIGTERM));
	TELL_WAIT("with a signal", child);

	/* SIGCHLD says what it is. */
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGCHLD);
	sigprocmask(SIG_BLOCK, &s, NULL);
	struct timespec soon = { 5, 0 };
	while (sigtimedwait(&s, NULL, &(struct timespec){ 0, 0 }) > 0)
		;
	child = TRACED_CHILD(_exit(3));
	sigtimedwait(&s, &info, &soon);
	TELL("SIGCHLD of a stop", "%d %d %d", info.si_code, info.si_status, info.si_pid == child);
	pt(PTRACE_CONT, child, 0, 0);
	siginfo_t w;
	memset(&w, 0, sizeof(w));
	waitid(P_PID, child, &w, WEXITED | WNOWAIT);
	TELL("waitid", "%d %d", w.si_code, w.si_status);
	sigtimedwait(&s, &info, &soon);
	TELL("SIGCHLD of the end", "%d %d", info.si_code, info.si_status);
	wait_for(child);
	sigprocmask(SIG_UNBLOCK, &s, NULL);

	got = fork();
	if (!got) {
		pause();
		_exit(0);
	}
	CHECK_OK("attach", pt(PTRACE_ATTACH, got, 0, 0));
	memset(&w, 0, sizeof(w));
	CHECK_OK("waitid for a stop", waitid(P_PID, got, &w, WSTOPPED | WNOWAIT));
	TELL("it says", "%d %d", w.si_code, w.si_status);
	CHECK_OK("waitid for the same", waitid(P_PID, got, &w, WSTOPPED));
	pt(PTRACE_GETSIGINFO, got, 0, (long)&info);
	TELL("siginfo of attach", "%d %d %d", info.si_signo, info.si_code, info.si_pid);
	CHECK_OK("detach", pt(PTRACE_DETACH, got, 0, 0));
	CHECK_INT("nothing to tell", waitpid(got, &status, WNOHANG | WUNTRACED), 0);
	finish(got);
}

static int call_stop(pid_t child, long *number, long *result)
{
	struct user_regs_struct r;
	int status;

	pt(PTRACE_SYSCALL, child, 0, 0);
	status = wait_for(child);
	if (WIFSTOPPED(status) && !pt(PTRACE_GETREGS, child, 0, (long)&r)) {
		*number = (long)r.orig_rax;
		*result = (long)r.rax;
	}
	return status;
}

static void calls(void)
{
	long number = 0, result = 0;
	struct __ptrace_syscall_info i;
	struct user_regs_struct r;
	pid_t child;
	int status;

	child = TRACED_CHILD(syscall(SYS_getppid); syscall(SYS_close, 999); _exit(syscall(SYS_getpgid, 0) == 77 ? 5 : 6));
	pt(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD);
	status = call_stop(child, &number, &result);
	TELL("begin of getppid", "%s %ld %ld", told(status), number, result);
	memset(&i, 0x55, sizeof(i));
	CHECK_INT("syscall info", pt(PTRACE_GET_SYSCALL_INFO, child, sizeof(i), (long)&i), 80);
	TELL("it", "%d %x %d %ld", i.op, i.arch, i.instruction_pointer != 0, (long)i.entry.nr);
	memset(&i, 0x55, sizeof(i));
	CHECK_INT("syscall info, one byte", pt(PTRACE_GET_SYSCALL_INFO, child, 1, (long)&i), 80);
	CHECK_INT("no more than that", i.arch == 0x55555555 && i.op == 1, 1);
	CHECK_ERRNO("syscall info to 8", pt(PTRACE_GET_SYSCALL_INFO, child, 8, 8), EFAULT);
	siginfo_t info;
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("siginfo", "%d 0x%x %d", info.si_signo, info.si_code, info.si_pid == child);
	unsigned long message;
	pt(PTRACE_GETEVENTMSG, child, 0, (long)&message);
	TELL("message", "%lu", message);
	status = call_stop(child, &number, &result);
	TELL("end of getppid", "%s %ld %d", told(status), number, result == getpid());
	memset(&i, 0x55, sizeof(i));
	CHECK_INT("syscall info", pt(PTRACE_GET_SYSCALL_INFO, child, sizeof(i), (long)&i), 33);
	TELL("it", "%d %d %d", i.op, i.exit.rval == getpid(), i.exit.is_error);
	status = call_stop(child, &number, &result);
	pt(PTRACE_GET_SYSCALL_INFO, child, sizeof(i), (long)&i);
	TELL("begin of close", "%s %ld %ld %ld", told(status), number, result, (long)i.entry.args[0]);
	status = call_stop(child, &number, &result);
	pt(PTRACE_GET_SYSCALL_INFO, child, sizeof(i), (long)&i);
	TELL("end of close", "%s %ld %ld %d", told(status), number, result, i.exit.is_error);
	status = call_stop(child, &number, &result);
	TELL("begin of getpgid", "%s %ld", told(status), number);
	pt(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, orig_rax), -1);
	status = call_stop(child, &number, &result);
	TELL("skipped", "%s %ld %ld", told(status), number, result);
	pt(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, rax), 77);
	status = call_stop(child, &number, &result);
	TELL("begin of exit_group", "%s %ld", told(status), number);
	status = call_stop(child, &number, &result);
	TELL("its end", "%s", told(status));

	/* Another call in its place, with other arguments. */
	child = TRACED_CHILD(_exit((int)syscall(SYS_getppid)));
	pt(PTRACE_SYSCALL, child, 0, 0);
	TELL_WAIT("without SYSGOOD", child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	r.orig_rax = SYS_exit_group;
	r.rdi = 23;
	CHECK_OK("setregs", pt(PTRACE_SETREGS, child, 0, (long)&r));
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("another call", child);

	/* A call that is interrupted and restarted. */
	child = TRACED_CHILD(
		struct timespec t = { 0, 100000000 };
		alarm(0);
		_exit(syscall(SYS_nanosleep, &t, 0) ? 1 : 0));
	pt(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD);
	call_stop(child, &number, &result);
	call_stop(child, &number, &result);
	call_stop(child, &number, &result);
	TELL("begin of nanosleep", "%ld", number);
	pt(PTRACE_SYSCALL, child, 0, 0);
	sleep_ms(20);
	kill(child, SIGUSR1);
	TELL("interrupted", "%s", told(wait_for(child)));
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	TELL("by the code", "%ld %ld", (long)r.orig_rax, (long)r.rax);
	status = call_stop(child, &number, &result);
	TELL("the signal", "%s %ld %ld", told(status), number, result);
	status = call_stop(child, &number, &result);
	TELL("restarted", "%s %ld", told(status), number);
	status = call_stop(child, &number, &result);
	TELL("done", "%s %ld", told(status), result);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("its end", child);

	/* Calls that are not done. */
	child = TRACED_CHILD(long x = syscall(SYS_getpid); long y = syscall(999); _exit(x == 11 && y == -1));
	pt(PTRACE_SYSEMU, child, 0, 0);
	TELL_WAIT("sysemu", child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	TELL("call", "%ld %ld", (long)r.orig_rax, (long)r.rax);
	pt(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, rax), 11);
	pt(PTRACE_SYSEMU, child, 0, 0);
	TELL_WAIT("the next", child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	TELL("call", "%ld %ld", (long)r.orig_rax, (long)r.rax);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("its end", child);
}

static volatile int counted;
static volatile long watched[4];

__attribute__((noinline)) static void count(int n)
{
	for (int i = 0; i < n; i++)
		counted++;
}

static void steps(void)
{
	struct user_regs_struct r;
	unsigned long before;
	siginfo_t info;
	pid_t child;
	long word;
	int n = 0, status;

	child = TRACED_CHILD(__asm__ volatile("int3; nop; nop; nop"); syscall(SYS_getpid); _exit(9));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	before = r.rip;
	for (int i = 0; i < 3; i++) {
		CHECK_OK("step", pt(PTRACE_SINGLESTEP, child, 0, 0));
		status = wait_for(child);
		pt(PTRACE_GETREGS, child, 0, (long)&r);
		pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
		TELL("a step", "%s %ld, code %d, trap flag %d", told(status), (long)(r.rip - before), info.si_code, !!(r.eflags & 0x100));
	}
	TELL("dr6", "%lx", (pt(PTRACE_PEEKUSER, child, offsetof(struct user, u_debugreg[6]), (long)&word), word));
	for (n = 0; n < 1000; n++) {
		pt(PTRACE_SINGLESTEP, child, 0, 0);
		wait_for(child);
		pt(PTRACE_GETREGS, child, 0, (long)&r);
		word = 0;
		pt(PTRACE_PEEKTEXT, child, r.rip, (long)&word);
		if ((word & 0xffff) == 0x050f)
			break;
	}
	CHECK("stepped to a system call", n < 1000);
	before = r.rip;
	pt(PTRACE_SINGLESTEP, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("over it", "%s %ld, code %d, result %d", told(status), (long)(r.rip - before), info.si_code, (long)r.rax == child);
	pt(PTRACE_SINGLESTEP, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("and on", "%s code %d", told(status), info.si_code);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("no more steps", child);

	/* A breakpoint as gdb sets it. */
	child = TRACED_CHILD(count(3); _exit(counted));
	word = 0;
	pt(PTRACE_PEEKTEXT, child, (long)count, (long)&word);
	CHECK_OK("poke int3", pt(PTRACE_POKETEXT, child, (long)count, (word & ~0xffL) | 0xcc));
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	TELL("breakpoint", "%s %ld", told(status), (long)(r.rip - (unsigned long)count));
	pt(PTRACE_POKETEXT, child, (long)count, word);
	r.rip--;
	r.rdi = 20;
	pt(PTRACE_SETREGS, child, 0, (long)&r);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("goes on, with another argument", child);

	/* A handler entered by a step. */
	child = TRACED_CHILD(signal(SIGUSR1, (void (*)(int))count); raise(SIGUSR1); _exit(counted > 3));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	pt(PTRACE_SINGLESTEP, child, 0, SIGUSR1);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	TELL("step into a handler", "%s %d %d", told(status), r.rip == (unsigned long)count, (int)r.rdi);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("its end", child);

	/* The trap flag that a program sets itself. */
	child = TRACED_CHILD(__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" ::: "memory", "cc"); _exit(1));
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("own trap flag", "%s code %d, seen %d", told(status), info.si_code, !!(r.eflags & 0x100));
	finish(child);
}

#define DR(n) offsetof(struct user, u_debugreg[n])

static void hardware(void)
{
	struct user_regs_struct r;
	siginfo_t info;
	pid_t child;
	long word;
	int status;

	child = TRACED_CHILD(
		for (int i = 0; i < 3; i++)
			watched[i] = 1;
		long x = watched[1];
		count(1);
		read(open("/dev/zero", O_RDONLY), (void *)watched, sizeof(watched));
		_exit((int)x));
	CHECK_OK("dr0", pt(PTRACE_POKEUSER, child, DR(0), (long)&watched[1]));
	CHECK_OK("dr1", pt(PTRACE_POKEUSER, child, DR(1), (long)count));
	CHECK_ERRNO("dr7: ports", pt(PTRACE_POKEUSER, child, DR(7), 1 | 2 << 16), EINVAL);
	CHECK_ERRNO("dr7: a long instruction", pt(PTRACE_POKEUSER, child, DR(7), 4 | 0xcL << 20), EINVAL);
	CHECK_OK("dr7: write of 8, execution", pt(PTRACE_POKEUSER, child, DR(7), 1 | 4 | 9 << 16));
	pt(PTRACE_PEEKUSER, child, DR(7), (long)&word);
	TELL("dr7", "%lx", word);
	pt(PTRACE_PEEKUSER, child, DR(0), (long)&word);
	CHECK("dr0 is what was set", word == (long)&watched[1]);
	CHECK_ERRNO("dr0: not aligned", pt(PTRACE_POKEUSER, child, DR(0), (long)&watched[1] + 1), EINVAL);
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	pt(PTRACE_PEEKUSER, child, DR(6), (long)&word);
	TELL("a write", "%s code %d, dr6 %lx", told(status), info.si_code, word);
	pt(PTRACE_PEEKDATA, child, (long)&watched[1], (long)&word);
	TELL("is done", "%ld", word);
	CHECK_OK("dr6", pt(PTRACE_POKEUSER, child, DR(6), 0));
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	pt(PTRACE_PEEKUSER, child, DR(6), (long)&word);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("an instruction", "%s code %d, dr6 %lx, at it %d", told(status), info.si_code, word, r.rip == (unsigned long)count);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("the kernel's own accesses do not count", child);

	child = TRACED_CHILD(long x = watched[2]; watched[2] = x + 1; _exit(0));
	pt(PTRACE_POKEUSER, child, DR(3), (long)&watched[2]);
	CHECK_OK("dr7: any access to 4", pt(PTRACE_POKEUSER, child, DR(7), 0xfUL << 28 | 1 << 6));
	pt(PTRACE_CONT, child, 0, 0);
	status = wait_for(child);
	pt(PTRACE_PEEKUSER, child, DR(6), (long)&word);
	TELL("a read", "%s dr6 %lx", told(status), word);
	CHECK_OK("dr7: off", pt(PTRACE_POKEUSER, child, DR(7), 0));
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("off", child);
}

static void registers(void)
{
	struct user_regs_struct r, part;
	struct user_fpregs_struct fp;
	struct iovec v;
	static char xstate[8192] __attribute__((aligned(64)));
	pid_t child;

	child = TRACED_CHILD(
		register long a __asm__("r12") = 1;
		register double d __asm__("xmm3") = 2.5;
		__asm__ volatile("int3" : "+r"(a), "+x"(d));
		_exit((int)a + (int)(d * 10)));
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	CHECK_OK("getregs", pt(PTRACE_GETREGS, child, 0, (long)&r));
	TELL("selectors", "%llx %llx %llx %llx %llx %llx", r.cs, r.ss, r.ds, r.es, r.fs, r.gs);
	TELL("orig_rax", "%lld", r.orig_rax);
	CHECK("fs_base", r.fs_base != 0 && r.gs_base == 0);
	v = (struct iovec){ &part, 1000 };
	CHECK_OK("getregset", pt(PTRACE_GETREGSET, child, NT_PRSTATUS, (long)&v));
	TELL("as long as", "%zu", v.iov_len);
	CHECK("the same", !memcmp(&r, &part, sizeof(r)));
	r.r12 = 100;
	v = (struct iovec){ &r, offsetof(struct user_regs_struct, rbp) };
	CHECK_OK("setregset of a part", pt(PTRACE_SETREGSET, child, NT_PRSTATUS, (long)&v));
	CHECK_OK("getfpregs", pt(PTRACE_GETFPREGS, child, 0, (long)&fp));
	TELL("fp", "%x %x %x", fp.cwd, fp.ftw, fp.mxcsr);
	double d;
	memcpy(&d, (char *)fp.xmm_space + 3 * 16, 8);
	TELL("xmm3", "%g", d);
	d = 6.5;
	memcpy((char *)fp.xmm_space + 3 * 16, &d, 8);
	CHECK_OK("setfpregs", pt(PTRACE_SETFPREGS, child, 0, (long)&fp));
	unsigned mxcsr = fp.mxcsr;
	fp.mxcsr = 0xffffffff;
	CHECK_ERRNO("setfpregs, bad mxcsr", pt(PTRACE_SETFPREGS, child, 0, (long)&fp), EINVAL);
	fp.mxcsr = mxcsr;
	v = (struct iovec){ xstate, sizeof(xstate) };
	CHECK_OK("xstate", pt(PTRACE_GETREGSET, child, NT_X86_XSTATE, (long)&v));
	memcpy(&d, xstate + 160 + 3 * 16, 8);
	TELL("xmm3 there", "%g", d);
	CHECK("components", (*(uint64_t *)(xstate + 464) & 7) == 7);
	CHECK_OK("set it", pt(PTRACE_SETREGSET, child, NT_X86_XSTATE, (long)&v));
	*(uint64_t *)(xstate + 512) |= 1UL << 62;
	CHECK_ERRNO("set unknown components", pt(PTRACE_SETREGSET, child, NT_X86_XSTATE, (long)&v), EINVAL);
	*(uint64_t *)(xstate + 512) &= ~(1UL << 62);
	*(uint64_t *)(xstate + 520) = 1;
	CHECK_ERRNO("set a compacted one", pt(PTRACE_SETREGSET, child, NT_X86_XSTATE, (long)&v), EINVAL);
	unsigned long base = 0;
	CHECK_OK("arch_prctl", pt(30, child, (long)&base, 0x1003));
	CHECK("it is fs_base", base == r.fs_base);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("what was set is there", child);

	/* Memory that its owner may not write. */
	child = TRACED_CHILD(_exit(*(volatile const char *)"Z"));
	static const char *const text = "constant";
	long word;
	pt(PTRACE_PEEKDATA, child, (long)text, (long)&word);
	CHECK("peek", !memcmp(&word, "constant", 8));
	memcpy(&word, "CONSTANT", 8);
	CHECK_OK("poke what is read-only", pt(PTRACE_POKEDATA, child, (long)text, word));
	CHECK("ours is as it was", !strcmp(text, "constant"));
	pt(PTRACE_PEEKDATA, child, (long)text, (long)&word);
	CHECK("the child's is not", !memcmp(&word, "CONSTANT", 8));
	char path[32], buf[8] = "";
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	int fd = open(path, O_RDWR);
	CHECK_INT("/proc/PID/mem: read", pread(fd, buf, 8, (long)text), 8);
	CHECK("is the child's", !memcmp(buf, "CONSTANT", 8));
	CHECK_INT("/proc/PID/mem: write", pwrite(fd, "again...", 8, (long)text), 8);
	CHECK_ERRNO("/proc/PID/mem: nothing there", pread(fd, buf, 8, 8), EIO);
	close(fd);
	FILE *f;
	snprintf(path, sizeof(path), "/proc/%d/status", child);
	f = fopen(path, "r");
	char line[100];
	while (f && fgets(line, sizeof(line), f)) {
		int tracer;

		if (!strncmp(line, "State:", 6))
			TELL("state", "%.24s", line + 7);
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			CHECK_INT("TracerPid", tracer, getpid());
	}
	fclose(f);
	finish(child);
}

static void events(void)
{
	unsigned long message = 0;
	pid_t child, second;
	int status;

	child = TRACED_CHILD(pid_t p = fork(); if (!p) _exit(8); int s = wait_for(p); _exit(s >> 8));
	pt(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXIT);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("fork", child);
	pt(PTRACE_GETEVENTMSG, child, 0, (long)&message);
	second = (pid_t)message;
	TELL_WAIT("its child", second);
	siginfo_t info;
	pt(PTRACE_GETSIGINFO, second, 0, (long)&info);
	TELL("by", "%d %d %d", info.si_signo, info.si_code, info.si_pid);
	pt(PTRACE_CONT, child, 0, 0);
	pt(PTRACE_CONT, second, 0, 0);
	TELL_WAIT("it exits", second);
	pt(PTRACE_GETEVENTMSG, second, 0, (long)&message);
	TELL("with", "%lx", message);
	pt(PTRACE_CONT, second, 0, 0);
	TELL_WAIT("and has", second);
	status = wait_for(child);
	TELL("SIGCHLD of it", "%s", told(status));
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("the parent exits", child);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("and has", child);

	/* The end of a call that began untraced. */
	child = TRACED_CHILD(pid_t p = fork(); if (!p) _exit(8); int s = wait_for(p); _exit(s >> 8));
	pt(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACESYSGOOD);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("fork", child);
	pt(PTRACE_GETEVENTMSG, child, 0, (long)&message);
	pt(PTRACE_SYSCALL, child, 0, 0);
	TELL_WAIT("its end", child);
	struct user_regs_struct r;
	pt(PTRACE_GETREGS, child, 0, (long)&r);
	CHECK("gives the child's number", r.rax == message);
	finish((pid_t)message);
	finish(child);

	child = TRACED_CHILD(pid_t p = vfork(); if (!p) _exit(8); int s = wait_for(p); _exit(s >> 8));
	pt(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("vfork", child);
	pt(PTRACE_GETEVENTMSG, child, 0, (long)&message);
	second = (pid_t)message;
	TELL_WAIT("its child", second);
	pt(PTRACE_CONT, child, 0, 0);
	pt(PTRACE_CONT, second, 0, 0);
	TELL_WAIT("done", second);
	TELL_WAIT("vfork done", child);
	pt(PTRACE_GETEVENTMSG, child, 0, (long)&message);
	CHECK_INT("of the same", message, second);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("SIGCHLD", child);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("end", child);

	child = TRACED_CHILD(execl("/nothing", "x", NULL); execl("/proc/self/exe", "x", "exit", NULL));
	pt(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXEC);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("exec", child);
	pt(PTRACE_GETEVENTMSG, child, 0, (long)&message);
	CHECK_INT("who it was", message, child);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("the new program's end", child);

	child = TRACED_CHILD(execl("/proc/self/exe", "x", "exit", NULL));
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("exec without options", child);
	pt(PTRACE_GETSIGINFO, child, 0, (long)&info);
	TELL("is a signal", "%d %d %d", info.si_signo, info.si_code, info.si_pid == child);
	pt(PTRACE_CONT, child, 0, 0);
	TELL_WAIT("the new program's end", child);

	child = TRACED_CHILD(pid_t p = fork(); if (!p) { pause(); _exit(8); } wait_for(p));
	pt(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL);
	pt(PTRACE_CONT, child, 0, 0);
	wait_for(child);
	pt(PTRACE_GETEVENTMSG, child, 0, (long)&message);
	kill((pid_t)message, SIGKILL);
	TELL_WAIT("SIGKILL before it ran", (pid_t)message);
	finish(child);

	/* A tracer that goes leaves what it traces, or not. */
	int p[2];
	pipe(p);
	second = fork();
	if (!second) {
		close(p[0]);
		for (;;)
			pause();
	}
	status = IN_CHILD(pt(PTRACE_SEIZE, second, 0, PTRACE_O_EXITKILL); _exit(0));
	TELL_WAIT("exit kill", second);
	second = fork();
	if (!second) {
		for (;;)
			pause();
	}
	status = IN_CHILD(pt(PTRACE_ATTACH, second, 0, 0); wait_for(second); _exit(0));
	sleep_ms(20);
	CHECK_INT("it goes on without its tracer", waitpid(second, &status, WNOHANG | WUNTRACED), 0);
	finish(second);
}

/* A sleeper whom strace let go got error 516: what had interrupted its call was gone by then. */
static void test_detach_at_interrupted_call(void)
{
	struct timespec long_sleep = { 0, 700000000 };
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &long_sleep, NULL) ? 100 + (errno > 255) : 5);
	usleep(100000);
	CHECK_OK("seize a sleeper", pt(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD));
	CHECK_OK("interrupt it", pt(PTRACE_INTERRUPT, pid, 0, 0));
	TELL_WAIT("it stops", pid);
	CHECK_OK("on to its call", pt(PTRACE_SYSCALL, pid, 0, 0));
	TELL_WAIT("the call begins again", pid);
	CHECK_OK("let it sleep", pt(PTRACE_SYSCALL, pid, 0, 0));
	usleep(100000);
	CHECK_OK("interrupt it again", pt(PTRACE_INTERRUPT, pid, 0, 0));
	TELL_WAIT("the call ends", pid);
	CHECK_OK("let it go", pt(PTRACE_DETACH, pid, 0, 0));
	TELL_WAIT("it slept on", pid);
}

int main(int argc, char **argv __attribute__((unused)))
{
	if (argc > 1)
		return 33;
	errors();
	permission();
	signals();
	calls();
	steps();
	hardware();
	registers();
	events();
	test_detach_at_interrupted_call();
	return tap_done();
}
