/* SPDX-License-Identifier: MIT */
/*
 * What is queued with signals, in which order they come, and how many may wait; what
 * SIGCHLD tells of a child, and prctl's part in who is told of an end.
 */
#include "raw.h"
#include <sys/mman.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile int seen[64], values[64], count;
static volatile siginfo_t last;

static void note(int n, siginfo_t *i, void *c)
{
	(void)c;
	if (count < 64) {
		seen[count] = n;
		values[count] = i->si_value.sival_int;
	}
	count++;
	last = *i;
}

static void catch(int n, int flags)
{
	struct sigaction a = { .sa_sigaction = note, .sa_flags = SA_SIGINFO | flags };

	sigfillset(&a.sa_mask);
	sigaction(n, &a, NULL);
}

static void block(int how)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(how, &all, NULL);
}

static long queue_value(int n, int value)
{
	errno = 0;
	return sigqueue(getpid(), n, (union sigval){ .sival_int = value }) ? -errno : 0;
}

static void tell_seen(const char *what)
{
	char t[600] = "";

	for (int i = 0; i < count && i < 40; i++)
		sprintf(t + strlen(t), " %d:%d", seen[i], values[i]);
	TELL(what, "%d,%s", count, t);
	count = 0;
}

/* Lowest number first, those of a number in the order of sending, a thread's before the process's. */
static void order(void)
{
	for (int n = 1; n <= 64; n++)
		if (n != SIGKILL && n != SIGSTOP && n != 32 && n != 33)
			catch(n, 0);
	block(SIG_BLOCK);
	for (int v = 1; v <= 3; v++) {
		queue_value(SIGRTMIN + 2, v);
		queue_value(SIGRTMIN, v);
		queue_value(SIGUSR1, v);
		queue_value(SIGRTMAX, v);
	}
	kill(getpid(), SIGRTMIN);
	syscall(SYS_tgkill, getpid(), getpid(), SIGRTMIN + 1);
	syscall(SYS_tgkill, getpid(), getpid(), SIGRTMAX);
	raise(SIGTERM);
	raise(SIGSEGV);
	kill(getpid(), SIGHUP);
	block(SIG_UNBLOCK);
	tell_seen("order of delivery");
	block(SIG_BLOCK);
	for (int v = 1; v <= 2; v++) {
		queue_value(SIGRTMAX, v);
		queue_value(SIGRTMIN, v);
		queue_value(SIGSEGV, v);
		queue_value(SIGHUP, v);
	}
	sigset_t all;
	siginfo_t i;
	char t[200] = "";
	struct timespec none = { 0, 0 };
	int n;
	sigfillset(&all);
	while ((n = sigtimedwait(&all, &i, &none)) > 0)
		sprintf(t + strlen(t), " %d:%d", n, i.si_value.sival_int);
	TELL("order of sigtimedwait", "%s", t);
	block(SIG_UNBLOCK);
}

/* Stop signals and SIGCONT take each other away. */
static void opposites(void)
{
	sigset_t pending;

	block(SIG_BLOCK);
	raise(SIGTSTP);
	raise(SIGTTIN);
	kill(getpid(), SIGTTOU);
	raise(SIGCONT);
	sigpending(&pending);
	SAY("SIGCONT takes stop signals away", sigismember(&pending, SIGTSTP), sigismember(&pending, SIGTTIN),
	    sigismember(&pending, SIGTTOU), sigismember(&pending, SIGCONT));
	kill(getpid(), SIGTTOU);
	sigpending(&pending);
	SAY("and they it", sigismember(&pending, SIGTTOU), sigismember(&pending, SIGCONT));
	block(SIG_UNBLOCK);
	count = 0;
}

static void limits(void)
{
	struct rlimit old, few = { 4, 4 };
	long r[8];

	getrlimit(RLIMIT_SIGPENDING, &old);
	few.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_SIGPENDING, &few);
	block(SIG_BLOCK);
	for (int i = 0; i < 6; i++)
		r[i] = queue_value(SIGRTMIN + 3, i);
	SAY("RLIMIT_SIGPENDING", r[0], r[1], r[2], r[3], r[4], r[5]);
	SAY("others beyond it", queue_value(SIGUSR1, 7), CALL(kill, getpid(), SIGUSR2), CALL(kill, getpid(), SIGRTMIN + 3),
	    CALL(tgkill, getpid(), getpid(), SIGRTMIN + 4), queue_value(SIGRTMIN + 5, 1));
	block(SIG_UNBLOCK);
	tell_seen("what comes");
	few.rlim_cur = 0;
	setrlimit(RLIMIT_SIGPENDING, &few);
	block(SIG_BLOCK);
	SAY("none at all", queue_value(SIGUSR1, 1), queue_value(SIGRTMIN, 1), CALL(kill, getpid(), SIGRTMIN),
	    CALL(kill, getpid(), SIGRTMIN));
	block(SIG_UNBLOCK);
	tell_seen("without an entry");
	for (int n = 1; n <= 64; n++)
		signal(n, SIG_DFL);
	timer_t t;
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	SAY("a timer needs one", CALL(timer_create, CLOCK_MONOTONIC, &e, &t));
	setrlimit(RLIMIT_SIGPENDING, &old);
}

static pid_t child_that(void (*what)(void))
{
	pid_t pid = fork();

	if (!pid) {
		what();
		_exit(0);
	}
	return pid;
}

static void exits(void) { _exit(300); }
static void is_killed(void) { kill(getpid(), SIGKILL); }
static void dumps(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(SIGABRT, SIG_DFL);
	abort();
}
static void stops(void) { raise(SIGSTOP); }
static void stops_and_waits(void) { raise(SIGSTOP), pause(); }
static void computes(void)
{
	while (clock() < CLOCKS_PER_SEC / 4)
		;
}

/* Until a signal came, or not within a while. */
static const char *came(void)
{
	static char t[200];

	for (int i = 0; i < 1000 && !count; i++)
		usleep(1000);
	if (!count)
		return "nothing";
	sprintf(t, "%d: signal %d code %d status %d uid %d", count, last.si_signo, last.si_code, last.si_status,
		last.si_uid);
	count = 0;
	return t;
}

static void children(void)
{
	pid_t pid;

	catch(SIGCHLD, 0);
	pid = child_that(exits);
	TELL("exit", "%s", came());
	CHECK("whose", last.si_pid == pid);
	waitpid(pid, NULL, 0);
	pid = child_that(is_killed);
	TELL("killed", "%s", came());
	waitpid(pid, NULL, 0);
	pid = child_that(dumps);
	TELL("aborted", "%s", came());
	waitpid(pid, NULL, 0);
	pid = child_that(computes);
	TELL("computing", "%s", came());
	CHECK("its time", last.si_utime + last.si_stime >= 1 && last.si_utime + last.si_stime < 1000);
	waitpid(pid, NULL, 0);
	pid = child_that(stops_and_waits);
	TELL("stopped", "%s", came());
	CHECK("whose", last.si_pid == pid);
	kill(pid, SIGCONT);
	TELL("goes on", "%s", came());
	kill(pid, SIGKILL);
	TELL("and is killed", "%s", came());
	waitpid(pid, NULL, 0);
	count = 0;
}

static void until_state(pid_t pid, int options)
{
	siginfo_t i;

	waitid(P_PID, pid, &i, options | WNOWAIT);
}

static void forever(void)
{
	for (;;)
		pause();
}

static void no_stop(void)
{
	pid_t pid;

	catch(SIGCHLD, SA_NOCLDSTOP);
	pid = child_that(forever);
	kill(pid, SIGSTOP);
	until_state(pid, WSTOPPED);
	SAY("SA_NOCLDSTOP: no signal", count);
	kill(pid, SIGCONT);
	until_state(pid, WCONTINUED);
	SAY("nor when it goes on", count);
	kill(pid, SIGKILL);
	TELL("but at the end", "%s", came());
	waitpid(pid, NULL, 0);
	catch(SIGCHLD, 0);
	pid = child_that(forever);
	kill(pid, SIGSTOP);
	until_state(pid, WSTOPPED);
	TELL("a stop", "%s", came());
	kill(pid, SIGCONT);
	until_state(pid, WCONTINUED);
	TELL("going on", "%s", came());
	kill(pid, SIGTERM);
	TELL("an end by it", "%s", came());
	waitpid(pid, NULL, 0);
	catch(SIGCHLD, SA_NOCLDWAIT);
	pid = child_that(exits);
	TELL("SA_NOCLDWAIT: a signal", "%s", came());
	SAY("but no child", CALL(waitid, P_PID, pid, 0, WEXITED, 0), CALL(wait4, -1, 0, 0, 0));
	signal(SIGCHLD, SIG_IGN);
	pid = child_that(stops);
	until_state(pid, WSTOPPED);
	SAY("ignored: stops are told to wait", count);
	kill(pid, SIGCONT);
	SAY("but the end is not", CALL(wait4, -1, 0, 0, 0));
	catch(SIGCHLD, 0);
	count = 0;
}

/* waitid of each kind, and what it leaves where nothing is told. */
static void waits(void)
{
	siginfo_t i;
	pid_t pid = child_that(forever);

	memset(&i, 0x55, sizeof(i));
	SAY("waitid: nothing yet", CALL(waitid, P_ALL, 0, &i, WEXITED | WNOHANG, 0), i.si_signo, i.si_pid, i.si_code,
	    i.si_status, i.si_errno);
	SAY("waitid: wrong", CALL(waitid, 9, 0, &i, WEXITED, 0), CALL(waitid, P_PID, 0, &i, WEXITED, 0),
	    CALL(waitid, P_PID, -1, &i, WEXITED, 0), CALL(waitid, P_PGID, -1, &i, WEXITED, 0),
	    CALL(waitid, P_PIDFD, -1, &i, WEXITED, 0), CALL(waitid, P_PIDFD, 0, &i, WEXITED, 0),
	    CALL(waitid, P_ALL, 0, &i, 0x40, 0), CALL(waitid, P_PIDFD, 999, &i, WEXITED, 0));
	SAY("waitid: own group", CALL(waitid, P_PGID, 0, &i, WEXITED | WNOHANG, 0));
	kill(pid, SIGSTOP);
	SAY("stopped", CALL(waitid, P_PID, pid, &i, WSTOPPED, 0), i.si_code, i.si_status, i.si_signo);
	SAY("told once", CALL(waitid, P_PID, pid, &i, WSTOPPED | WNOHANG, 0), i.si_pid);
	kill(pid, SIGCONT);
	SAY("continued", CALL(waitid, P_PID, pid, &i, WCONTINUED | WNOWAIT, 0), i.si_code, i.si_status);
	SAY("left", CALL(waitid, P_PID, pid, &i, WCONTINUED, 0), CALL(waitid, P_PID, pid, &i, WCONTINUED | WNOHANG, 0),
	    i.si_pid);
	kill(pid, SIGTERM);
	SAY("ended", CALL(waitid, P_PID, pid, &i, WEXITED | WNOWAIT, 0), i.si_code, i.si_status, i.si_signo);
	SAY("no place to say", CALL(waitid, P_PID, pid, 0, WEXITED, 0));
	SAY("gone", CALL(waitid, P_PID, pid, &i, WEXITED, 0));
	SAY("no such group", CALL(wait4, -99999, 0, 0, 0), CALL(wait4, INT_MIN, 0, 0, 0), CALL(wait4, 0, 0, 0, 0));
	count = 0;
}

/* A process group that is orphaned while a member is stopped is hung up, then goes on. */
static void orphans(void)
{
	int result[2], go[2];
	char t[10] = "";

	pipe(result), pipe(go);
	pid_t leader = fork();
	if (!leader) {
		pid_t member = fork();
		if (!member) {
			sigset_t s;
			siginfo_t i;
			setpgid(0, 0);
			sigemptyset(&s);
			sigaddset(&s, SIGHUP);
			sigaddset(&s, SIGCONT);
			sigprocmask(SIG_BLOCK, &s, NULL);
			raise(SIGSTOP);
			for (int n = 0; n < 2; n++)
				dprintf(result[1], "%d ", sigwaitinfo(&s, &i));
			_exit(0);
		}
		waitpid(member, NULL, WUNTRACED);
		_exit(0);
	}
	waitpid(leader, NULL, 0);
	close(result[1]);
	for (int n = 0, got; n < 9 && (got = read(result[0], t + n, 9 - n)) > 0; n += got)
		;
	TELL("an orphaned group with a stopped member", "%s", t);
	close(result[0]), close(go[0]), close(go[1]);
}

static long say_stops(int n)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		signal(n, SIG_DFL);
		signal(SIGALRM, SIG_DFL);
		raise(n);
		_exit(9);
	}
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, WSTOPPED & 0);
	return status;
}

/* In a session whose only group has no parent outside of it, terminal stops do nothing. */
static void orphaned_stops(void)
{
	int status = IN_CHILD(setsid(); signal(SIGTSTP, SIG_DFL); raise(SIGTSTP); signal(SIGTTIN, SIG_DFL);
			      raise(SIGTTIN); signal(SIGTTOU, SIG_DFL); raise(SIGTTOU); _exit(5));

	SAY("an orphaned group does not stop", status);
	pid_t pid = fork();
	if (!pid) {
		setsid();
		long a = say_stops(SIGTSTP), b = say_stops(SIGSTOP);
		_exit((a == EXITED(9)) | (WIFSTOPPED(b) ? 2 : 0));
	}
	waitpid(pid, &status, 0);
	SAY("nor do its children, but for SIGSTOP", status);
}

static long get(int option)
{
	int v = -5;

	return CALL(prctl, option, &v, 0, 0, 0) ? -1 : v;
}

static void prctls(void)
{
	char text[20] = "";

	SAY("PDEATHSIG", get(PR_GET_PDEATHSIG), CALL(prctl, PR_SET_PDEATHSIG, 65), CALL(prctl, PR_SET_PDEATHSIG, SIGRTMAX),
	    get(PR_GET_PDEATHSIG), CALL(prctl, PR_SET_PDEATHSIG, -1), CALL(prctl, PR_GET_PDEATHSIG, 8),
	    IN_CHILD(_exit(get(PR_GET_PDEATHSIG))), CALL(prctl, PR_SET_PDEATHSIG, 0));
	SAY("SUBREAPER", get(PR_GET_CHILD_SUBREAPER), CALL(prctl, PR_SET_CHILD_SUBREAPER, 5),
	    get(PR_GET_CHILD_SUBREAPER), IN_CHILD(_exit(get(PR_GET_CHILD_SUBREAPER))),
	    CALL(prctl, PR_GET_CHILD_SUBREAPER, 8), CALL(prctl, PR_SET_CHILD_SUBREAPER, 0));
	SAY("DUMPABLE", CALL(prctl, PR_GET_DUMPABLE), CALL(prctl, PR_SET_DUMPABLE, 2), CALL(prctl, PR_SET_DUMPABLE, 3),
	    CALL(prctl, PR_SET_DUMPABLE, -1), CALL(prctl, PR_SET_DUMPABLE, 0), CALL(prctl, PR_GET_DUMPABLE),
	    IN_CHILD(_exit(prctl(PR_GET_DUMPABLE))), CALL(prctl, PR_SET_DUMPABLE, 1));
	SAY("NAME", CALL(prctl, PR_SET_NAME, "sixteen characters", 0, 0, 0), CALL(prctl, PR_SET_NAME, 8),
	    CALL(prctl, PR_GET_NAME, text), CALL(prctl, PR_GET_NAME, 8));
	TELL("the name", "%s", text);
	SAY("NO_NEW_PRIVS", CALL(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), CALL(prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0),
	    CALL(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0),
	    CALL(prctl, PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0),
	    IN_CHILD(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		     _exit(IN_CHILD(_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0))) >> 8)));
	SAY("TIMERSLACK", CALL(prctl, PR_GET_TIMERSLACK), CALL(prctl, PR_SET_TIMERSLACK, 77L), CALL(prctl, PR_GET_TIMERSLACK),
	    IN_CHILD(_exit(prctl(PR_SET_TIMERSLACK, 0L) || prctl(PR_GET_TIMERSLACK) != 77)),
	    CALL(prctl, PR_SET_TIMERSLACK, 0L), CALL(prctl, PR_GET_TIMERSLACK));
	SAY("SECUREBITS", CALL(prctl, PR_GET_SECUREBITS), CALL(prctl, PR_SET_SECUREBITS, 0x1000),
	    CALL(prctl, PR_GET_KEEPCAPS), CALL(prctl, PR_SET_KEEPCAPS, 2), CALL(prctl, PR_SET_KEEPCAPS, 1),
	    CALL(prctl, PR_GET_KEEPCAPS), CALL(prctl, PR_GET_SECUREBITS), CALL(prctl, PR_SET_KEEPCAPS, 0));
	SAY("others", CALL(prctl, PR_GET_TIMING), CALL(prctl, PR_SET_TIMING, PR_TIMING_TIMESTAMP), CALL(prctl, PR_SET_TIMING, 0),
	    CALL(prctl, PR_GET_TSC, 8), get(PR_GET_TSC), CALL(prctl, PR_GET_UNALIGN, text), CALL(prctl, PR_GET_FPEMU, text),
	    CALL(prctl, PR_GET_ENDIAN, text), CALL(prctl, PR_GET_SECCOMP), CALL(prctl, PR_TASK_PERF_EVENTS_DISABLE),
	    CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0), CALL(prctl, PR_GET_THP_DISABLE, 1, 0, 0, 0),
	    CALL(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0), CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0),
	    CALL(prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0), CALL(prctl, PR_MCE_KILL_GET, 0, 0, 0, 0),
	    CALL(prctl, PR_MCE_KILL_GET, 1, 0, 0, 0), CALL(prctl, PR_MCE_KILL, 0, 0, 0, 0), CALL(prctl, PR_MCE_KILL, 9, 0, 0, 0),
	    CALL(prctl, PR_SET_IO_FLUSHER, 0, 0, 0, 0), CALL(prctl, PR_GET_IO_FLUSHER, 0, 0, 0, 0),
	    CALL(prctl, PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0), CALL(prctl, PR_SET_SYSCALL_USER_DISPATCH, 0, 1, 0, 0),
	    CALL(prctl, 12345));
	SAY("a bounding set", CALL(prctl, PR_CAPBSET_READ, 0), CALL(prctl, PR_CAPBSET_READ, 64), CALL(prctl, PR_CAPBSET_READ, 40),
	    CALL(prctl, PR_CAPBSET_READ, 41), CALL(prctl, PR_CAPBSET_DROP, 64),
	    CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0),
	    CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 64, 0, 0), CALL(prctl, PR_CAP_AMBIENT, 9, 0, 0, 0),
	    CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 0, 0, 0),
	    CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 1));
}

/* The signal of a parent's end: of the thread that made us, and not after a change of identity. */
static void parent_ends(void)
{
	int p[2];
	char t[40] = "";

	pipe(p);
	SAY("dies before us", IN_CHILD(
		if (!fork()) {
			sigset_t s;
			siginfo_t i;
			sigemptyset(&s);
			sigaddset(&s, SIGRTMIN);
			sigprocmask(SIG_BLOCK, &s, NULL);
			prctl(PR_SET_PDEATHSIG, SIGRTMIN);
			pid_t parent = getppid();
			kill(parent, SIGCONT);
			write(p[1], "", 1);
			int n = sigwaitinfo(&s, &i);
			dprintf(p[1], "%d %d %d", n, i.si_code, i.si_pid == parent);
			_exit(0);
		}
		read(p[0], t, 1)));
	close(p[1]);
	for (int n = 0, got; (got = read(p[0], t + n, 39 - n)) > 0; n += got)
		;
	TELL("told", "%s", t);
	SAY("cleared by setuid", IN_CHILD(prctl(PR_SET_PDEATHSIG, 5); setresuid(1, 1, 1); _exit(get(PR_GET_PDEATHSIG))),
	    IN_CHILD(prctl(PR_SET_PDEATHSIG, 5); setresuid(-1, 1, -1); _exit(get(PR_GET_PDEATHSIG))),
	    IN_CHILD(prctl(PR_SET_PDEATHSIG, 5); setresgid(-1, 1, -1); _exit(get(PR_GET_PDEATHSIG))),
	    IN_CHILD(prctl(PR_SET_PDEATHSIG, 5); setresuid(1, -1, -1); _exit(get(PR_GET_PDEATHSIG))));
	SAY("dumpable after setuid", IN_CHILD(setresuid(1, 1, 1); _exit(prctl(PR_GET_DUMPABLE))),
	    IN_CHILD(setresuid(1, -1, -1); _exit(prctl(PR_GET_DUMPABLE))),
	    IN_CHILD(syscall(SYS_setfsgid, 7); _exit(prctl(PR_GET_DUMPABLE))));
	close(p[0]);
}

/* Orphans go to the nearest ancestor that asked for them. */
static void reapers(void)
{
	int status = IN_CHILD(
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		pid_t us = getpid();
		pid_t pid = fork();
		if (!pid) {
			if (!fork()) {
				if (!fork()) {
					while (getppid() != us)
						sched_yield();
					_exit(7);
				}
				_exit(0);
			}
			wait(NULL);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		int s = 0;
		wait(&s);
		_exit(WEXITSTATUS(s)));

	SAY("a subreaper gets its grandchildren", status);
}

int main(void)
{
	order();
	opposites();
	limits();
	children();
	no_stop();
	waits();
	orphans();
	orphaned_stops();
	prctls();
	parent_ends();
	reapers();
	return tap_done();
}
