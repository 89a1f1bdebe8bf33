/* SPDX-License-Identifier: MIT */
/*
 * ptrace(2) of processes with threads, and job control: seize, interrupt, listen,
 * group stops and SIGCONT, ends of threads, exec by one that does not lead, who
 * waits for whom, tracers that go, CLONE_PTRACE and CLONE_UNTRACED.
 */
#include "traced.h"
#include <pthread.h>
#include <sched.h>
#include <sys/user.h>

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

/* What wait says within a moment; -1: nothing. */
static int wait_brief(pid_t pid, int options)
{
	int status;

	for (int i = 0; i < 25; i++) {
		pid_t got = waitpid(pid, &status, options | WNOHANG);

		if (got)
			return got == pid ? status : -1;
		sleep_ms(2);
	}
	return -1;
}

#define TELL_BRIEF(name, pid, options) TELL(name, "%s", told(wait_brief(pid, options)))

static void sleeper(void)
{
	for (;;)
		pause();
}

#define CHILD(...) ({ pid_t p_ = fork(); if (!p_) { __VA_ARGS__; _exit(0); } p_; })

static void until_state(pid_t pid, char c)
{
	for (int i = 0; i < 500 && process_state(pid) != c; i++)
		sleep_ms(1);
}

static void seized(void)
{
	siginfo_t info;
	pid_t c = CHILD(sleeper());

	CHECK_OK("seize", pt(PTRACE_SEIZE, c, 0, PTRACE_O_TRACESYSGOOD));
	TELL_BRIEF("it runs", c, __WALL);
	until_state(c, 'S');
	CHECK_OK("interrupt", pt(PTRACE_INTERRUPT, c, 0, 0));
	TELL_WAIT("it stops", c);
	memset(&info, 0, sizeof(info));
	pt(PTRACE_GETSIGINFO, c, 0, (long)&info);
	TELL("siginfo", "%d 0x%x %d", info.si_signo, info.si_code, info.si_pid == c);
	struct user_regs_struct r;
	pt(PTRACE_GETREGS, c, 0, (long)&r);
	TELL("in its call", "%lld %lld", r.orig_rax, r.rax);
	CHECK_OK("interrupt in a stop", pt(PTRACE_INTERRUPT, c, 0, 0));
	TELL_BRIEF("nothing new", c, __WALL);
	CHECK_OK("cont", pt(PTRACE_CONT, c, 0, 0));
	TELL_WAIT("then it stops again", c);
	CHECK_OK("listen to it", pt(PTRACE_LISTEN, c, 0, 0));
	CHECK_ERRNO("then it is not stopped", pt(PTRACE_CONT, c, 0, 0), ESRCH);
	CHECK_OK("interrupt who listens", pt(PTRACE_INTERRUPT, c, 0, 0));
	TELL_WAIT("it stops", c);
	CHECK_OK("cont", pt(PTRACE_CONT, c, 0, 0));

	kill(c, SIGSTOP);
	TELL_WAIT("SIGSTOP comes", c);
	CHECK_ERRNO("no listening there", pt(PTRACE_LISTEN, c, 0, 0), EIO);
	pt(PTRACE_CONT, c, 0, SIGSTOP);
	TELL_WAIT("the group stops", c);
	pt(PTRACE_GETSIGINFO, c, 0, (long)&info);
	TELL("siginfo", "%d 0x%x", info.si_signo, info.si_code);
	CHECK_OK("listen", pt(PTRACE_LISTEN, c, 0, 0));
	CHECK_INT("state", process_state(c), 't');
	TELL_BRIEF("silence", c, __WALL);
	kill(c, SIGCONT);
	TELL_WAIT("SIGCONT ends listening", c);
	pt(PTRACE_GETSIGINFO, c, 0, (long)&info);
	TELL("siginfo", "%d 0x%x", info.si_signo, info.si_code);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_WAIT("and is a signal", c);
	pt(PTRACE_CONT, c, 0, SIGCONT);
	TELL_BRIEF("it runs", c, __WALL);
	kill(c, SIGCONT);
	TELL_WAIT("SIGCONT to one that runs", c);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_WAIT("and the signal", c);
	pt(PTRACE_CONT, c, 0, 0);
	kill(c, SIGKILL);
	TELL_WAIT("killed", c);
}

static void job_control(void)
{
	siginfo_t info;
	pid_t c;

	/* Attached to, a stopped one stays stopped, and does so after. */
	c = CHILD(raise(SIGSTOP); sleeper());
	until_state(c, 'T');
	TELL_BRIEF("stopped", c, WUNTRACED);
	CHECK_OK("attach", pt(PTRACE_ATTACH, c, 0, 0));
	TELL_BRIEF("it is in a stop at once", c, WNOHANG | __WALL);
	CHECK_INT("state", process_state(c), 't');
	CHECK_ERRNO("of the group: no siginfo", pt(PTRACE_GETSIGINFO, c, 0, (long)&info), EINVAL);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_BRIEF("the SIGSTOP of attach", c, __WALL);
	CHECK_OK("detach", pt(PTRACE_DETACH, c, 0, 0));
	until_state(c, 'T');
	CHECK_INT("stopped again", process_state(c), 'T');
	kill(c, SIGCONT);
	TELL_BRIEF("continued", c, WCONTINUED);
	until_state(c, 'S');
	CHECK_INT("it goes on", process_state(c), 'S');

	CHECK_OK("attach to a running one", pt(PTRACE_ATTACH, c, 0, 0));
	TELL_WAIT("SIGSTOP", c);
	pt(PTRACE_CONT, c, 0, SIGSTOP);
	TELL_WAIT("the group stops", c);
	CHECK_ERRNO("no siginfo", pt(PTRACE_GETSIGINFO, c, 0, (long)&info), EINVAL);
	pt(PTRACE_CONT, c, 0, 0);
	until_state(c, 'S');
	CHECK_INT("made to go on, it does", process_state(c), 'S');
	kill(c, SIGCONT);
	TELL_WAIT("SIGCONT", c);
	CHECK_OK("detach", pt(PTRACE_DETACH, c, 0, SIGCONT));
	TELL_BRIEF("continued", c, WCONTINUED);
	finish(c);

	/* The parent of one that a stranger traces. */
	c = CHILD(sleeper());
	int ready[2], go[2];
	char b;
	pipe(ready);
	pipe(go);
	pid_t tracer = CHILD(
		alarm(10);
		if (pt(PTRACE_SEIZE, c, 0, 0))
			_exit(1);
		write(ready[1], "", 1);
		int s = wait_for(c);
		if (!WIFSTOPPED(s) || WSTOPSIG(s) != SIGSTOP)
			_exit(2);
		pt(PTRACE_CONT, c, 0, SIGSTOP);
		s = wait_for(c);
		if (s >> 8 != (SIGSTOP | PTRACE_EVENT_STOP << 8))
			_exit(3);
		pt(PTRACE_LISTEN, c, 0, 0);
		write(ready[1], "", 1);
		s = wait_for(c);
		if (s >> 8 != (SIGTRAP | PTRACE_EVENT_STOP << 8))
			_exit(4);
		pt(PTRACE_CONT, c, 0, 0);
		s = wait_for(c);
		pt(PTRACE_CONT, c, 0, SIGCONT);
		write(ready[1], "", 1);
		s = wait_for(c);
		if (!WIFSIGNALED(s))
			_exit(5);
		write(ready[1], "", 1);
		read(go[0], &b, 1);
		_exit(WTERMSIG(s)));
	read(ready[0], &b, 1);
	kill(c, SIGSTOP);
	read(ready[0], &b, 1);
	TELL_BRIEF("its parent sees the stop of the group", c, WUNTRACED);
	kill(c, SIGCONT);
	read(ready[0], &b, 1);
	TELL_BRIEF("and that it goes on", c, WCONTINUED);
	kill(c, SIGKILL);
	read(ready[0], &b, 1);
	TELL_BRIEF("its end, after the tracer", c, 0);
	write(go[1], "", 1);
	TELL_WAIT("what the tracer saw", tracer);

	/* The tracer keeps the end for itself until it has looked. */
	c = CHILD(sleeper());
	tracer = CHILD(
		alarm(10);
		pt(PTRACE_SEIZE, c, 0, 0);
		write(ready[1], "", 1);
		siginfo_t i;
		waitid(P_PID, c, &i, WEXITED | WNOWAIT);
		write(ready[1], "", 1);
		read(go[0], &b, 1));
	read(ready[0], &b, 1);
	kill(c, SIGKILL);
	read(ready[0], &b, 1);
	CHECK_INT("a zombie that is traced", process_state(c), 'Z');
	TELL_BRIEF("is not shown to its parent", c, 0);
	write(go[1], "", 1);
	wait_for(tracer);
	TELL_BRIEF("until the tracer goes", c, 0);
}

/* ---- threads -------------------------------------------------------------------- */

static int to_child[2], from_child[2];
static volatile pid_t second_tid;

static void *second(void *arg)
{
	char b;

	second_tid = (pid_t)syscall(SYS_gettid);
	write(from_child[1], (void *)&second_tid, sizeof(second_tid));
	for (;;) {
		if (read(to_child[0], &b, 1) != 1)
			continue;
		if (b == 'x')
			syscall(SYS_exit, 5);
		if (b == 'g')
			_exit(9);
		if (b == 'e')
			execl("/proc/self/exe", "x", "exit", NULL);
		if (b == 's')
			raise(SIGUSR2);
		if (b == 'd')
			*(volatile int *)8 = 1;
	}
	return arg;
}

/* A process with two threads; the other one's number in *tid. */
static pid_t two_threads(pid_t *tid, bool leader_exits)
{
	pipe(to_child);
	pipe(from_child);
	pid_t p = CHILD(
		pthread_t t;
		pthread_create(&t, NULL, second, NULL);
		if (leader_exits)
			syscall(SYS_exit, 4);
		sleeper());
	read(from_child[0], tid, sizeof(*tid));
	return p;
}

static void tell_second(char what)
{
	write(to_child[1], &what, 1);
}

static void done_with(void)
{
	close(to_child[0]);
	close(to_child[1]);
	close(from_child[0]);
	close(from_child[1]);
}

static void *wait_without(void *arg)
{
	pid_t *p = arg;

	return (void *)(long)(waitpid(*p, NULL, __WALL | __WNOTHREAD | WNOHANG) == -1 ? errno : 0);
}

static void threads(void)
{
	siginfo_t info;
	int status;
	pid_t p, t;
	void *result;
	pthread_t other;

	p = two_threads(&t, false);
	CHECK_OK("seize a thread", pt(PTRACE_SEIZE, t, 0, 0));
	CHECK_ERRNO("its leader is not traced", pt(PTRACE_INTERRUPT, p, 0, 0), ESRCH);
	tell_second('s');
	TELL_WAIT("its signal", t);
	pthread_create(&other, NULL, wait_without, &t);
	pthread_join(other, &result);
	CHECK_INT("not this thread's: __WNOTHREAD", (long)result, ECHILD);
	CHECK_INT("without __WALL, too, it is ours", waitpid(t, NULL, WNOHANG), 0);
	pt(PTRACE_CONT, t, 0, 0);
	tell_second('x');
	siginfo_t w;
	memset(&w, 0, sizeof(w));
	waitid(P_PID, t, &w, WEXITED | WNOWAIT | __WALL);
	TELL("it ended", "%d %d %d", w.si_code, w.si_status, w.si_pid == t);
	CHECK_ERRNO("attach to an ended thread", pt(PTRACE_SEIZE, t, 0, 0), EPERM);
	TELL_WAIT("waited for", t);
	CHECK_ERRNO("gone", pt(PTRACE_SEIZE, t, 0, 0), ESRCH);
	finish(p);
	done_with();

	/* The process is not over while an ended thread waits for its tracer. */
	p = two_threads(&t, false);
	pt(PTRACE_SEIZE, t, 0, 0);
	kill(p, SIGKILL);
	TELL_BRIEF("killed, but not to be waited for", p, 0);
	TELL_WAIT("the thread first", t);
	TELL_BRIEF("now it is", p, 0);
	done_with();

	/* A leader that ended. */
	p = two_threads(&t, false);
	pt(PTRACE_SEIZE, p, 0, PTRACE_O_TRACEEXIT);
	pt(PTRACE_SEIZE, t, 0, PTRACE_O_TRACEEXIT);
	tell_second('g');
	TELL_WAIT("exit_group by the second: its event", t);
	TELL_WAIT("the leader's event", p);
	unsigned long message;
	pt(PTRACE_GETEVENTMSG, p, 0, (long)&message);
	TELL("with", "%lx", message);
	pt(PTRACE_CONT, p, 0, 0);
	until_state(p, 'Z');
	TELL_BRIEF("the leader waits for the others", p, __WALL);
	pt(PTRACE_CONT, t, 0, 0);
	TELL_WAIT("the second", t);
	TELL_WAIT("the leader", p);
	done_with();

	p = two_threads(&t, true);
	until_state(p, 'Z');
	CHECK_ERRNO("an ended leader cannot be traced", pt(PTRACE_SEIZE, p, 0, 0), EPERM);
	CHECK_OK("its thread can", pt(PTRACE_SEIZE, t, 0, 0));
	pt(PTRACE_INTERRUPT, t, 0, 0);
	TELL_WAIT("it stops", t);
	pt(PTRACE_CONT, t, 0, 0);
	tell_second('x');
	TELL_WAIT("and ends", t);
	TELL_BRIEF("with it the process", p, 0);
	done_with();

	/* Exec by a thread that does not lead. */
	p = two_threads(&t, false);
	pt(PTRACE_SEIZE, p, 0, PTRACE_O_TRACEEXEC);
	pt(PTRACE_SEIZE, t, 0, PTRACE_O_TRACEEXEC);
	tell_second('e');
	status = wait_for(p);
	TELL("exec takes the leader's number", "%s", told(status));
	pt(PTRACE_GETEVENTMSG, p, 0, (long)&message);
	CHECK_INT("it was the second", message, t);
	CHECK_ERRNO("whose number is gone", pt(PTRACE_CONT, t, 0, 0), ESRCH);
	pt(PTRACE_CONT, p, 0, 0);
	TELL_WAIT("the new program", p);
	done_with();

	p = two_threads(&t, false);
	pt(PTRACE_SEIZE, p, 0, 0);
	tell_second('e');
	TELL_WAIT("exec by one that is not traced", p);
	done_with();

	/* Who exec waits for. */
	pid_t third;
	p = two_threads(&t, false);
	pt(PTRACE_SEIZE, p, 0, PTRACE_O_TRACECLONE);
	third = t;
	pt(PTRACE_SEIZE, third, 0, 0);
	kill(p, SIGSTOP);
	int stops = 0;
	for (int i = 0; i < 3; i++) {
		pid_t got = waitpid(-1, &status, __WALL);

		stops += WIFSTOPPED(status);
		if (got > 0 && status >> 8 == SIGSTOP)
			pt(PTRACE_CONT, got, 0, SIGSTOP);
	}
	CHECK_INT("a stop of the group is everyone's", stops, 3);
	CHECK_INT("state", process_state(p), 't');
	pt(PTRACE_DETACH, p, 0, 0);
	pt(PTRACE_DETACH, third, 0, 0);
	until_state(p, 'T');
	CHECK_INT("detached, it is stopped", process_state(p), 'T');
	kill(p, SIGCONT);
	until_state(p, 'S');
	CHECK_INT("goes on", process_state(p), 'S');
	finish(p);
	done_with();

	/* A deadly signal of a thread. */
	p = two_threads(&t, false);
	pt(PTRACE_SEIZE, p, 0, 0);
	pt(PTRACE_SEIZE, t, 0, 0);
	tell_second('d');
	TELL_WAIT("a fault", t);
	pt(PTRACE_GETSIGINFO, t, 0, (long)&info);
	TELL("at", "%p", info.si_addr);
	pt(PTRACE_CONT, t, 0, SIGSEGV);
	TELL_WAIT("ends the second", t);
	TELL_WAIT("and the leader", p);
	done_with();
}

static int run_thread(void *arg)
{
	return (int)(long)arg;
}

static char stack[65536] __attribute__((aligned(16)));

static void clones(void)
{
	unsigned long message;
	pid_t c, n;

	c = CHILD(
		pt(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		pid_t k = clone(run_thread, stack + sizeof(stack), CLONE_PTRACE | SIGCHLD, (void *)6);
		waitpid(k, NULL, 0);
		_exit(1));
	wait_for(c);
	pt(PTRACE_CONT, c, 0, 0);
	int status;
	n = waitpid(-1, &status, __WALL);
	CHECK("CLONE_PTRACE: another one", n != c);
	TELL("stopped by", "%s", told(status));
	pt(PTRACE_CONT, n, 0, 0);
	TELL_WAIT("ends", n);
	TELL_WAIT("SIGCHLD", c);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_WAIT("end", c);

	c = CHILD(
		pt(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		pid_t k = clone(run_thread, stack + sizeof(stack), CLONE_UNTRACED | SIGCHLD, (void *)6);
		waitpid(k, &status, 0);
		_exit(status >> 8));
	wait_for(c);
	pt(PTRACE_SETOPTIONS, c, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_WAIT("CLONE_UNTRACED: no event", c);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_WAIT("end", c);

	c = CHILD(
		raise(SIGSTOP);
		pid_t k = clone(run_thread, stack + sizeof(stack), SIGUSR1, (void *)6);
		waitpid(k, &status, __WCLONE);
		_exit(status >> 8));
	waitpid(c, NULL, WUNTRACED);
	pt(PTRACE_SEIZE, c, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE);
	TELL_WAIT("seized in a stop", c);
	kill(c, SIGCONT);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_WAIT("SIGCONT", c);
	pt(PTRACE_CONT, c, 0, SIGCONT);
	status = wait_for(c);
	TELL("then", "%s", told(status));
	if (status >> 8 == SIGCONT) {
		pt(PTRACE_CONT, c, 0, SIGCONT);
		status = wait_for(c);
		TELL("then", "%s", told(status));
	}
	pt(PTRACE_GETEVENTMSG, c, 0, (long)&message);
	n = (pid_t)message;
	TELL_WAIT("clone with another signal: the child", n);
	pt(PTRACE_CONT, n, 0, 0);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_WAIT("ends", n);
	TELL_WAIT("its signal", c);
	pt(PTRACE_CONT, c, 0, 0);
	TELL_WAIT("end", c);
}

/* What /proc says of threads. */
static void proc_files(void)
{
	char path[64], line[300] = "";
	pid_t p, t;

	p = two_threads(&t, false);
	until_state(p, 'S');
	until_state(t, 'S');
	snprintf(path, sizeof(path), "/proc/%d/status", t);
	FILE *f = fopen(path, "r");
	int tgid = 0, pid = 0;
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "Tgid: %d", &tgid);
		sscanf(line, "Pid: %d", &pid);
	}
	CHECK("/proc has any thread's number", f && tgid == p && pid == t);
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/syscall", t);
	long number = -2, a0 = -2;
	f = fopen(path, "r");
	CHECK_INT("what it waits in", f ? fscanf(f, "%ld %lx", &number, (unsigned long *)&a0) : 0, 2);
	TELL("is", "%ld, of the right file %d", number, a0 == to_child[0]);
	if (f)
		fclose(f);
	f = fopen("/proc/self/syscall", "r");
	TELL("one's own", "%s", f && fgets(line, sizeof(line), f) ? "there" : "none");
	if (f)
		fclose(f);
	finish(p);
	done_with();
}

/* Many threads of a program start, stop and end while its tracer follows all; nothing is lost. */
static void *brief(void *arg)
{
	return arg;
}

static void storm(void)
{
	int live = 1, ends = 0, stops = 0;
	pid_t c = CHILD(
		raise(SIGSTOP);
		for (int i = 0; i < 40; i++) {
			pthread_t t[4];

			for (int j = 0; j < 4; j++)
				pthread_create(&t[j], NULL, brief, NULL);
			for (int j = 0; j < 4; j++)
				pthread_join(t[j], NULL);
		}
		_exit(3));
	int status;

	waitpid(c, NULL, WUNTRACED);
	pt(PTRACE_SEIZE, c, 0, PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
	kill(c, SIGCONT);
	for (;;) {
		pid_t got = waitpid(-1, &status, __WALL);

		if (got < 0)
			break;
		if (!WIFSTOPPED(status)) {
			ends++;
			if (got == c)
				live = status;
			continue;
		}
		stops += status >> 8 == (SIGTRAP | PTRACE_EVENT_CLONE << 8);
		int sig = status >> 16 ? 0 : WSTOPSIG(status);
		pt(PTRACE_CONT, got, 0, (unsigned long)(sig == SIGTRAP ? 0 : sig));
	}
	TELL("storm", "%s, %d clones, %d ends", told(live), stops, ends);
}

int main(int argc, char **argv __attribute__((unused)))
{
	if (argc > 1)
		return 33;
	seized();
	job_control();
	threads();
	clones();
	proc_files();
	storm();
	return tap_done();
}
