/* SPDX-License-Identifier: MIT */
/*
 * ptrace(2): who may trace whom, errors of requests, stops at signals and system
 * calls, memory, events of fork, clone and exec, ends.
 */
#include "traced.h"
#include <elf.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/user.h>

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
	events();
	test_detach_at_interrupted_call();
	return tap_done();
}
