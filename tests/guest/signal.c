/* SPDX-License-Identifier: MIT */
/* Signals: handlers, masks, restart, alternate stacks, siginfo, stopping, groups. */
#include "tap.h"
#include <poll.h>
#include <setjmp.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile int count, last, nested;
static siginfo_t info;
static volatile char *where;

static void on(int n)
{
	count++;
	last = n;
}

static void on_info(int n, siginfo_t *i, void *c)
{
	(void)c;
	last = n;
	info = *i;
	where = __builtin_frame_address(0);
}

static void set(int n, void *handler, int flags)
{
	struct sigaction a = { .sa_flags = flags };

	if (flags & SA_SIGINFO)
		a.sa_sigaction = handler;
	else
		a.sa_handler = handler;
	sigaction(n, &a, NULL);
}

static void handlers(void)
{
	struct sigaction a;

	set(SIGUSR1, on, 0);
	raise(SIGUSR1);
	CHECK_INT("handler runs", last, SIGUSR1);
	sigaction(SIGUSR1, NULL, &a);
	CHECK("sigaction tells", a.sa_handler == on);
	signal(SIGUSR1, SIG_IGN);
	count = 0;
	raise(SIGUSR1);
	CHECK_INT("ignored", count, 0);
	set(SIGUSR1, on, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &a);
	CHECK("SA_RESETHAND", a.sa_handler == SIG_DFL);
	CHECK_ERRNO("SIGKILL cannot be caught", sigaction(SIGKILL, &a, NULL), EINVAL);
	CHECK_ERRNO("nor SIGSTOP", sigaction(SIGSTOP, &a, NULL), EINVAL);
	CHECK_ERRNO("signal 0", syscall(SYS_rt_sigaction, 0, &a, NULL, 8), EINVAL);
	CHECK_ERRNO("signal 65", syscall(SYS_rt_sigaction, 65, NULL, NULL, 8), EINVAL);
	CHECK_ERRNO("mask size", syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4), EINVAL);
	CHECK_INT("default of SIGUSR1 kills", IN_CHILD({ signal(SIGUSR1, SIG_DFL); raise(SIGUSR1); }),
		  SIGUSR1);
	CHECK_INT("default of SIGCHLD does not", IN_CHILD(raise(SIGCHLD)), 0);
	CHECK_INT("real-time signals kill", IN_CHILD(raise(40)), 40);
	CHECK_INT("SIGQUIT", IN_CHILD(raise(SIGQUIT)) & 0x7f, SIGQUIT);
}

static void masks(void)
{
	sigset_t m, old, pending;

	set(SIGUSR1, on, 0);
	set(SIGUSR2, on, 0);
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	sigaddset(&m, SIGKILL);
	CHECK_INT("block", sigprocmask(SIG_BLOCK, &m, &old), 0);
	sigprocmask(SIG_BLOCK, NULL, &m);
	CHECK("SIGKILL cannot be", sigismember(&m, SIGUSR1) && !sigismember(&m, SIGKILL));
	count = 0;
	raise(SIGUSR1);
	raise(SIGUSR1);
	CHECK_INT("held back", count, 0);
	sigpending(&pending);
	CHECK("pending", sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2));
	sigprocmask(SIG_SETMASK, &old, NULL);
	CHECK_INT("comes once", count, 1);
	CHECK_ERRNO("how", sigprocmask(9, &m, NULL), EINVAL);
	sigemptyset(&m);
	sigaddset(&m, 40);
	set(40, on, 0);
	sigprocmask(SIG_BLOCK, &m, NULL);
	count = 0;
	raise(40);
	raise(40);
	raise(40);
	sigprocmask(SIG_UNBLOCK, &m, NULL);
	CHECK_INT("real-time signals queue", count, 3);
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	sigprocmask(SIG_BLOCK, &m, NULL);
	raise(SIGUSR1);
	CHECK_INT("a child has the mask but not the pending", IN_CHILD({
		sigpending(&pending);
		sigprocmask(SIG_BLOCK, NULL, &old);
		_exit(!sigismember(&pending, SIGUSR1) && sigismember(&old, SIGUSR1));
	}), EXITED(1));
	count = 0;
	sigemptyset(&old);
	CHECK_ERRNO("sigsuspend", sigsuspend(&old), EINTR);
	CHECK_INT("let it in", count, 1);
	sigprocmask(SIG_BLOCK, NULL, &old);
	CHECK("and restored the mask", sigismember(&old, SIGUSR1));
	raise(SIGUSR1);
	CHECK_INT("sigwait", sigwaitinfo(&m, &info), SIGUSR1);
	CHECK_INT("tells who", info.si_pid, getpid());
	struct timespec none = { 0, 1000000 };
	CHECK_ERRNO("sigtimedwait", sigtimedwait(&m, &info, &none), EAGAIN);
	sigprocmask(SIG_UNBLOCK, &m, NULL);
}

static void on_nesting(int n)
{
	nested++;
	if (nested == 1)
		raise(n);
	if (nested == 1)
		nested = 100;
}

static void during(void)
{
	nested = 0;
	set(SIGUSR1, on_nesting, 0);
	raise(SIGUSR1);
	CHECK_INT("its own signal waits for the handler", nested, 101);
	nested = 0;
	set(SIGUSR1, on_nesting, SA_NODEFER);
	raise(SIGUSR1);
	CHECK_INT("SA_NODEFER: it does not", nested, 2);
}

static void details(void)
{
	union sigval v = { .sival_int = 1234 };

	set(SIGUSR1, on_info, SA_SIGINFO);
	kill(getpid(), SIGUSR1);
	CHECK("kill: SI_USER", info.si_code == SI_USER && info.si_pid == getpid() && info.si_uid == 0);
	sigqueue(getpid(), SIGUSR1, v);
	CHECK("sigqueue", info.si_code == SI_QUEUE && info.si_value.sival_int == 1234);
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
	CHECK_INT("tgkill: SI_TKILL", info.si_code, SI_TKILL);
	set(SIGCHLD, on_info, SA_SIGINFO);
	pid_t p = fork();
	if (!p)
		_exit(9);
	waitpid(p, NULL, 0);
	CHECK("SIGCHLD", last == SIGCHLD && info.si_pid == p);
	CHECK("how it ended", info.si_code == CLD_EXITED && info.si_status == 9);
	signal(SIGCHLD, SIG_DFL);
	set(SIGFPE, on_info, SA_SIGINFO | SA_RESETHAND);
	CHECK_INT("SIGFPE twice kills", IN_CHILD(__asm__ volatile(
		  "xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx")) & 0x7f, SIGFPE);
	CHECK_ERRNO("kill nobody", kill(99999, 0), ESRCH);
	CHECK_ERRNO("kill with signal 65", kill(getpid(), 65), EINVAL);
	CHECK_OK("signal 0 only asks", kill(getpid(), 0));
	CHECK_ERRNO("tgkill, wrong group", syscall(SYS_tgkill, 1, syscall(SYS_gettid), 0), ESRCH);
	CHECK_ERRNO("tgkill, bad numbers", syscall(SYS_tgkill, -1, 1, 0), EINVAL);
}

/* Registers, flags and the extended state survive a handler. */
static void state(void)
{
	double before = 1.5, after;
	unsigned long r12 = 0x123456789abcdef, out;

	set(SIGUSR1, on, 0);
	__asm__ volatile("movsd %2, %%xmm7\n\t mov %3, %%r12\n\t"
			 "mov $39, %%eax\n\t syscall\n\t mov %%eax, %%edi\n\t"
			 "mov $10, %%esi\n\t mov $62, %%eax\n\t syscall\n\t"
			 "movsd %%xmm7, %0\n\t mov %%r12, %1"
			 : "=m"(after), "=m"(out) : "m"(before), "m"(r12)
			 : "rax", "rdi", "rsi", "rcx", "r11", "r12", "xmm7", "memory");
	CHECK_INT("handler ran", last, SIGUSR1);
	CHECK("xmm register", after == before);
	CHECK("general register", out == r12);
}

static void change_rip(int n, siginfo_t *i, void *c)
{
	ucontext_t *u = c;

	(void)n, (void)i;
	u->uc_mcontext.gregs[REG_RIP] += 2;	/* past ud2 */
	u->uc_mcontext.gregs[REG_RAX] = 77;
	count++;
}

static void contexts(void)
{
	long rax;

	set(SIGILL, change_rip, SA_SIGINFO);
	count = 0;
	__asm__ volatile("xor %%eax, %%eax; ud2" : "=a"(rax));
	CHECK_INT("a handler may change the registers", rax, 77);
	CHECK_INT("and go on elsewhere", count, 1);
	signal(SIGILL, SIG_DFL);
}

static void alternate(void)
{
	static char area[65536];
	stack_t s = { .ss_sp = area, .ss_size = sizeof(area) }, old;

	CHECK_OK("sigaltstack", sigaltstack(&s, NULL));
	set(SIGUSR1, on_info, SA_SIGINFO | SA_ONSTACK);
	raise(SIGUSR1);
	CHECK("handler is on it", where >= area && where < area + sizeof(area));
	set(SIGUSR1, on_info, SA_SIGINFO);
	raise(SIGUSR1);
	CHECK("without SA_ONSTACK it is not", !(where >= area && where < area + sizeof(area)));
	sigaltstack(NULL, &old);
	CHECK("tells", old.ss_sp == area && old.ss_flags == 0);
	s.ss_size = 100;
	CHECK_ERRNO("too small", sigaltstack(&s, NULL), ENOMEM);
	s.ss_flags = 0x100;
	CHECK_ERRNO("flags", sigaltstack(&s, NULL), EINVAL);
	s.ss_flags = SS_DISABLE;
	CHECK_OK("disable", sigaltstack(&s, NULL));
	sigaltstack(NULL, &old);
	CHECK_INT("disabled", old.ss_flags, SS_DISABLE);
}

static void alarm_in(long ms)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void interrupting(void)
{
	int p[2];
	char c;
	struct pollfd f;
	struct timespec t = { 5, 0 }, left = { 0, 0 };

	pipe(p);
	set(SIGALRM, on, 0);
	alarm_in(30);
	CHECK_ERRNO("read is interrupted", read(p[0], &c, 1), EINTR);
	set(SIGALRM, on, SA_RESTART);
	alarm_in(30);
	if (!fork()) {
		sleep_ms(150);
		write(p[1], "r", 1);
		_exit(0);
	}
	count = 0;
	CHECK_INT("SA_RESTART: it goes on", read(p[0], &c, 1), 1);
	CHECK_INT("handler ran meanwhile", count, 1);
	wait(NULL);
	alarm_in(30);
	f = (struct pollfd){ p[0], POLLIN, 0 };
	CHECK_ERRNO("poll never restarts", poll(&f, 1, 5000), EINTR);
	alarm_in(30);
	CHECK_ERRNO("nor does nanosleep", nanosleep(&t, &left), EINTR);
	CHECK("what is left of it", left.tv_sec == 4 && left.tv_nsec > 0);
	alarm_in(30);
	CHECK_ERRNO("nor pause", pause(), EINTR);
	alarm_in(30);
	pid_t child = fork();
	if (!child) {
		sleep_ms(150);
		_exit(0);
	}
	CHECK_INT("wait restarts", waitpid(child, NULL, 0), child);
	set(SIGALRM, on, 0);
	child = fork();
	if (!child) {
		sleep_ms(300);
		_exit(0);
	}
	alarm_in(30);
	CHECK_ERRNO("wait is interrupted without", waitpid(child, NULL, 0), EINTR);
	waitpid(child, NULL, 0);
	signal(SIGALRM, SIG_IGN);
	alarm_in(20);
	if (!fork()) {
		sleep_ms(80);
		write(p[1], "i", 1);
		_exit(0);
	}
	CHECK_INT("an ignored signal interrupts nothing", read(p[0], &c, 1), 1);
	wait(NULL);
	close(p[0]);
	close(p[1]);
}

static void stopping(void)
{
	int st;
	pid_t p = fork();

	if (!p) {
		for (;;)
			pause();
	}
	kill(p, SIGSTOP);
	CHECK_INT("WUNTRACED", waitpid(p, &st, WUNTRACED), p);
	CHECK("stopped by SIGSTOP", WIFSTOPPED(st) && WSTOPSIG(st) == SIGSTOP);
	CHECK_INT("told once", waitpid(p, &st, WUNTRACED | WNOHANG), 0);
	kill(p, SIGTERM);
	sleep_ms(20);
	CHECK_INT("SIGTERM waits", waitpid(p, &st, WNOHANG), 0);
	kill(p, SIGCONT);
	waitpid(p, &st, 0);
	CHECK_INT("until it goes on", st, SIGTERM);
	p = fork();
	if (!p) {
		for (;;)
			pause();
	}
	kill(p, SIGSTOP);
	waitpid(p, &st, WUNTRACED);
	kill(p, SIGCONT);
	CHECK_INT("WCONTINUED", waitpid(p, &st, WCONTINUED), p);
	CHECK("continued", WIFCONTINUED(st));
	kill(p, SIGSTOP);
	waitpid(p, &st, WUNTRACED);
	kill(p, SIGKILL);
	waitpid(p, &st, 0);
	CHECK_INT("SIGKILL does not wait", st, SIGKILL);
}

static void groups(void)
{
	int st, ended = 0;
	pid_t a = fork(), b;

	if (!a) {
		for (;;)
			pause();
	}
	setpgid(a, a);
	b = fork();
	if (!b) {
		for (;;)
			pause();
	}
	setpgid(b, a);
	CHECK_OK("kill a group", kill(-a, SIGTERM));
	for (int i = 0; i < 2; i++)
		ended += waitpid(-a, &st, 0) > 0 && st == SIGTERM;
	CHECK_INT("both end", ended, 2);
	CHECK_ERRNO("no such group", kill(-a, SIGTERM), ESRCH);
	CHECK_INT("kill 0 is our group", IN_CHILD({
		setpgid(0, 0);
		signal(SIGTERM, SIG_DFL);
		kill(0, SIGTERM);
	}), SIGTERM);
}

static sigjmp_buf out;

static void jump(int n)
{
	siglongjmp(out, n);
}

static void jumping(void)
{
	set(SIGSEGV, jump, 0);
	int rounds = 0;
	for (int i = 0; i < 100; i++)
		if (sigsetjmp(out, 1))
			rounds++;
		else
			*(volatile int *)0 = 1;
	CHECK_INT("longjmp out of a hundred faults", rounds, 100);
	signal(SIGSEGV, SIG_DFL);
	CHECK_INT("a blocked fault kills all the same", IN_CHILD({
		sigset_t m;
		set(SIGSEGV, jump, 0);
		sigfillset(&m);
		sigprocmask(SIG_BLOCK, &m, NULL);
		*(volatile int *)0 = 1;
	}) & 0x7f, SIGSEGV);
	CHECK_INT("no stack for the handler kills", IN_CHILD({
		set(SIGUSR1, on, 0);
		__asm__ volatile("mov $39, %%eax; syscall; mov %%eax, %%edi; mov $10, %%esi;"
				 "mov $62, %%eax; mov $64, %%rsp; syscall" ::: "memory");
	}) & 0x7f, SIGSEGV);
}

int main(void)
{
	handlers();
	masks();
	during();
	details();
	state();
	contexts();
	alternate();
	interrupting();
	stopping();
	groups();
	jumping();
	return tap_done();
}
