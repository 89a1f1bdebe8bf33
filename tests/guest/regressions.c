/* SPDX-License-Identifier: MIT */
/* Bugs that were: each function is named after one, and Linux says how it should be. */
#include "tap.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/time.h>

#define NOBODY 65534

static volatile sig_atomic_t count;

static void on(int sig)
{
	(void)sig;
	count++;
}

static void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &a, NULL);
}

/* The frame of the handler does not fit either: it was tried for ever. */
static void handler_of_a_stack_overflow_without_a_stack(void)
{
	CHECK_INT("a stack overflow with a handler on that stack kills", IN_CHILD({
		handle(SIGSEGV, on, 0);
		__asm__ volatile("mov $16, %%rsp\n\tpush %%rax" : : : "memory");
	}), SIGSEGV);
	CHECK_INT("no room for another handler's frame", IN_CHILD({
		handle(SIGUSR1, on, 0);
		__asm__ volatile("mov $16, %%rsp\n\tsyscall" : : "a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1)
				 : "rcx", "r11", "memory");
	}), SIGSEGV);
}

static void sigaction_kept_unknown_flags(void)
{
	struct sigaction a = { .sa_handler = on, .sa_flags = SA_RESTART | 0x00400000 | 0x40 }, now;

	sigaction(SIGUSR2, &a, NULL);
	sigaction(SIGUSR2, NULL, &now);
	TELL("flags that there are", "%x", (unsigned)now.sa_flags & ~0x04000000u);
	handle(SIGUSR2, SIG_DFL, 0);
}

/* The signal waited for came between two looks and was taken for an interruption. */
static void sigtimedwait_interrupted_by_what_it_waits_for(void)
{
	struct itimerval t = { { 0, 700 }, { 0, 700 } };
	int got = 0;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
	for (int i = 0; i < 300; i++)
		got += sigwaitinfo(&set, NULL) == SIGALRM;
	memset(&t, 0, sizeof(t));
	setitimer(ITIMER_REAL, &t, NULL);
	CHECK_INT("sigwaitinfo gets every signal", got, 300);
	handle(SIGALRM, SIG_IGN, 0);
	handle(SIGALRM, SIG_DFL, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void stop_waited_for_after_it_was_over(void)
{
	siginfo_t info;
	pid_t p = fork();
	int st;

	if (!p) {
		for (;;)
			pause();
	}
	kill(p, SIGSTOP);
	CHECK_INT("stopped", waitid(P_PID, (id_t)p, &info, WSTOPPED | WNOWAIT), 0);
	kill(p, SIGCONT);
	CHECK_INT("it goes on, so it is not stopped", waitpid(p, &st, WUNTRACED | WNOHANG), 0);
	kill(p, SIGSTOP);
	waitpid(p, &st, WUNTRACED);
	CHECK_INT("the signal that stopped it", WSTOPSIG(st), SIGSTOP);
	kill(p, SIGKILL);
	waitpid(p, &st, 0);
}

/* A timer that fires while fork(2) works made it begin again and again. */
static void fork_slower_than_a_timer(void)
{
	struct itimerval t = { { 0, 100 }, { 0, 100 } };
	int ok = 0;

	handle(SIGALRM, on, SA_RESTART);
	setitimer(ITIMER_REAL, &t, NULL);
	for (int i = 0; i < 20; i++)
		ok += IN_CHILD(_exit(3)) == EXITED(3);
	memset(&t, 0, sizeof(t));
	setitimer(ITIMER_REAL, &t, NULL);
	handle(SIGALRM, SIG_DFL, 0);
	CHECK_INT("fork under a fast timer", ok, 20);
}

static void clone_with_a_bad_address_for_the_number(void)
{
	long p = syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, 8L, 0, 0);
	int st = -1;

	if (!p)
		_exit(6);
	waitpid((pid_t)p, &st, 0);
	CHECK_INT("CLONE_PARENT_SETTID, bad address", st, EXITED(6));
}

static int futex_word;

static void *wait_on_word(void *arg)
{
	syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return arg;
}

/* The waiter came to the end of the same list, and was found again there. */
static void futex_requeued_to_itself(void)
{
	pthread_t t;

	pthread_create(&t, NULL, wait_on_word, NULL);
	sleep_ms(30);
	CHECK_INT("requeue from a word to itself",
		  syscall(SYS_futex, &futex_word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)(long)INT_MAX, &futex_word, 0), 1);
	CHECK_INT("still there", syscall(SYS_futex, &futex_word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 1);
	pthread_join(t, NULL);
}

static int exec_true(void *arg)
{
	(void)arg;
	execl("/proc/self/exe", "regressions", "exit-5", NULL);
	return 1;
}

static void exec_kept_the_exit_signal(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	int st = -1;
	pid_t p = clone(exec_true, stack + sizeof(stack), SIGUSR1, NULL);

	handle(SIGUSR1, SIG_IGN, 0);
	sleep_ms(100);
	CHECK_INT("after exec it ends like any child", waitpid(p, &st, 0), p);
	CHECK_INT("status", st, EXITED(5));
	handle(SIGUSR1, SIG_DFL, 0);
}

static int run_script(const char *first_line)
{
	file_write("script", first_line);
	chmod("script", 0755);
	return IN_CHILD({
		execl("script", "script", NULL);
		_exit(errno);
	});
}

static void script_whose_first_line_is_longer_than_the_buffer(void)
{
	char line[400] = "#!/";

	memset(line + 3, 'a', 300);
	strcpy(line + 303, "\nexit 1\n");
	CHECK_INT("a name that does not end within 255 bytes", run_script(line), EXITED(ENOEXEC));
	strcpy(line, "#!");
	memset(line + 2, ' ', 300);
	CHECK_INT("nothing but blanks", run_script(line), EXITED(ENOEXEC));
	memcpy(line, "#!/nowhere/x ", 13);
	memset(line + 13, 'b', 290);
	CHECK_INT("an argument that is cut", run_script(line), EXITED(ENOENT));
	CHECK_INT("no end of line at all", run_script("#!/nowhere/x"), EXITED(ENOENT));
}

static void program_that_may_be_run_but_not_read(void)
{
	char self[PATH_MAX], buf[65536];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int from, to = open("/tmp/secret", O_WRONLY | O_CREAT | O_TRUNC, 0711);

	self[n > 0 ? n : 0] = 0;
	from = open(self, O_RDONLY);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			break;
	close(from);
	close(to);
	chmod("/tmp", 0777);
	CHECK_INT("execute permission is enough", IN_CHILD({
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(98);
		execl("/tmp/secret", "secret", "exit-5", NULL);
		_exit(errno);
	}), EXITED(5));
	unlink("/tmp/secret");
}

static void *make_child(void *arg)
{
	int *fd = arg;
	pid_t p = fork();

	if (!p) {
		handle(SIGUSR1, SIG_DFL, 0);
		prctl(PR_SET_PDEATHSIG, SIGUSR1);
		if (write(fd[1], "", 1) != 1)
			_exit(1);
		sleep_ms(5000);
		_exit(0);
	}
	char c;
	if (read(fd[0], &c, 1) != 1)
		return NULL;
	return (void *)(long)p;
}

static void death_signal_was_not_for_the_thread(void)
{
	int fd[2], st = 0;
	pthread_t t;
	void *p;

	if (pipe(fd))
		return;
	pthread_create(&t, NULL, make_child, fd);
	pthread_join(t, &p);
	waitpid((pid_t)(long)p, &st, 0);
	CHECK_INT("the thread that forked is gone", st, SIGUSR1);
	close(fd[0]);
	close(fd[1]);
}

static int forks_until_refused(int limit)
{
	struct rlimit l = { (rlim_t)limit, (rlim_t)limit };
	int made = 0;
	pid_t p;

	if (setgid(NOBODY) || setuid(NOBODY) || setrlimit(RLIMIT_NPROC, &l))
		return -1;
	while (made < 50 && (p = fork()) >= 0) {
		if (!p) {
			pause();
			_exit(0);
		}
		made++;
	}
	return made + (errno == EAGAIN ? 0 : 100);
}

static void number_of_processes_had_no_limit(void)
{
	int fd[2], made = -1, st;
	pid_t p;

	if (pipe(fd))
		return;
	p = fork();
	if (!p) {
		setpgid(0, 0);
		struct rlimit l = { 4, 4 };
		if (setgid(NOBODY) || setuid(NOBODY) || setrlimit(RLIMIT_NPROC, &l))
			_exit(1);
		for (made = 0; made < 50; made++) {
			pid_t c = fork();
			if (c < 0)
				break;
			if (!c)
				for (;;)
					pause();
		}
		made += errno == EAGAIN ? 0 : 1000;
		if (write(fd[1], &made, sizeof(made)) != sizeof(made))
			_exit(1);
		kill(0, SIGKILL);
	}
	if (read(fd[0], &made, sizeof(made)) != sizeof(made))
		made = -1;
	waitpid(p, &st, 0);
	CHECK_INT("RLIMIT_NPROC 4 leaves room for three children", made, 3);
	sleep_ms(50);
	CHECK_INT("and is free again", IN_CHILD(_exit(forks_until_refused(1))), EXITED(0));
	CHECK_INT("root has no limit", IN_CHILD({
		struct rlimit l = { 1, 1 };
		setrlimit(RLIMIT_NPROC, &l);
		_exit(fork() < 0);
	}), EXITED(0));
	CHECK_INT("exec after setuid beyond the limit", IN_CHILD({
		struct rlimit l = { 0, 0 };
		setrlimit(RLIMIT_NPROC, &l);
		pid_t other = fork();
		if (!other && !setuid(NOBODY))
			for (;;)
				pause();
		sleep_ms(50);
		pid_t c = fork();
		if (!c) {
			if (setuid(NOBODY))
				_exit(99);
			execl("/proc/self/exe", "regressions", "exit-5", NULL);
			_exit(errno);
		}
		int st;
		waitpid(c, &st, 0);
		kill(other, SIGKILL);
		_exit(st >> 8);
	}), EXITED(EAGAIN));
	close(fd[0]);
	close(fd[1]);
}

static void queued_signals_were_counted_by_process(void)
{
	CHECK_INT("RLIMIT_SIGPENDING counts the user's", IN_CHILD({
		struct rlimit l = { 3, 3 };
		sigset_t set;
		int n = 0;
		sigfillset(&set);
		sigprocmask(SIG_BLOCK, &set, NULL);
		if (setgid(NOBODY) || setuid(NOBODY) || setrlimit(RLIMIT_SIGPENDING, &l))
			_exit(99);
		while (n < 10 && !sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = n }))
			n++;
		pid_t c = fork();
		if (!c)
			_exit(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = n }) ? 10 : 20);
		int st;
		waitpid(c, &st, 0);
		_exit(n + (st >> 8));
	}), EXITED(13));
}

static void zombie_stayed_with_a_reaper_that_ignores_it(void)
{
	CHECK_INT("reaped by a subreaper that ignores SIGCHLD", IN_CHILD({
		int fd[2];
		pid_t grandchild = 0;
		if (pipe(fd) || prctl(PR_SET_CHILD_SUBREAPER, 1))
			_exit(99);
		handle(SIGCHLD, SIG_IGN, 0);
		if (!fork()) {
			handle(SIGCHLD, SIG_DFL, 0);
			pid_t p = fork();
			if (!p)
				_exit(0);
			sleep_ms(50);
			if (write(fd[1], &p, sizeof(p)) != sizeof(p))
				_exit(1);
			_exit(0);
		}
		if (read(fd[0], &grandchild, sizeof(grandchild)) != sizeof(grandchild))
			_exit(98);
		sleep_ms(100);
		_exit(kill(grandchild, 0) == -1 && errno == ESRCH && wait(NULL) == -1 && errno == ECHILD ? 0 : 1);
	}), EXITED(0));
}

static void group_of_a_zombie(void)
{
	siginfo_t info;
	pid_t p = fork();

	if (!p)
		_exit(0);
	waitid(P_PID, (id_t)p, &info, WEXITED | WNOWAIT);
	CHECK_OK("setpgid of a child that has ended", setpgid(p, p));
	waitpid(p, NULL, 0);
}

static void usage_without_faults_and_size(void)
{
	struct rusage before, now, children;
	size_t n = 4 << 20;

	getrusage(RUSAGE_SELF, &before);
	char *p = malloc(n);
	for (size_t i = 0; i < n; i += 4096)
		*(volatile char *)(p + i) = 1;
	getrusage(RUSAGE_SELF, &now);
	CHECK("faults are counted", now.ru_minflt - before.ru_minflt >= 2);
	CHECK("the most memory held", now.ru_maxrss >= 4096);
	(void)!IN_CHILD({
		char *q = malloc(n);
		memset(q, 1, n);
	});
	getrusage(RUSAGE_CHILDREN, &children);
	CHECK("children's faults", children.ru_minflt > 0);
	CHECK("children's memory", children.ru_maxrss >= 4096);
	free(p);
}

static void signal_of_a_deleted_timer_lost_its_origin(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2, .sigev_value.sival_int = 7 };
	struct itimerspec t = { .it_value.tv_nsec = 1000000 };
	siginfo_t info = { .si_signo = 0 };
	sigset_t set;
	timer_t id;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	timer_create(CLOCK_MONOTONIC, &e, &id);
	timer_settime(id, 0, &t, NULL);
	sleep_ms(30);
	timer_delete(id);
	CHECK_INT("pending beyond timer_delete", sigwaitinfo(&set, &info), SIGUSR2);
	CHECK("and still a timer's", info.si_code == SI_TIMER && info.si_value.sival_int == 7);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void *create_timers(void *arg)
{
	struct sigevent e = { .sigev_notify = SIGEV_NONE };
	long made = 0;
	timer_t id;

	(void)arg;
	for (int i = 0; i < 50; i++) {
		made += !timer_create(CLOCK_MONOTONIC, &e, &id);
		sched_yield();
	}
	return (void *)made;
}

/* Two threads that made the first table of timers lost one of the two. */
static void tables_of_timers_made_twice(void)
{
	CHECK_INT("timers of several threads", IN_CHILD({
		pthread_t t[4];
		long all = 0;
		struct itimerspec now;
		for (int i = 0; i < 4; i++)
			pthread_create(&t[i], NULL, create_timers, NULL);
		for (int i = 0; i < 4; i++) {
			void *made;
			pthread_join(t[i], &made);
			all += (long)made;
		}
		for (long i = 0; i < all; i++)
			if (syscall(SYS_timer_gettime, (int)i, &now))
				_exit(1);
		_exit((int)all);
	}), EXITED(200));
}

static void processor_time_was_all_the_users(void)
{
	CHECK("time in the kernel counts as such", IN_CHILD({
		struct rusage u;
		char buf[65536];
		int fd = open("/dev/zero", O_RDONLY);
		do {
			for (int i = 0; i < 100; i++)
				if (read(fd, buf, sizeof(buf)) < 0)
					_exit(1);
			getrusage(RUSAGE_SELF, &u);
		} while (u.ru_stime.tv_sec * 1000000 + u.ru_stime.tv_usec + u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec < 300000);
		_exit(u.ru_stime.tv_usec > 100000 ? 0 : 1);
	}) == 0);
}

static unsigned long user_ticks(void)
{
	unsigned long ticks = 0;
	FILE *f = fopen("/proc/stat", "r");

	if (!f || fscanf(f, "cpu %lu", &ticks) != 1)
		ticks = 0;
	fclose(f);
	return ticks;
}

/* Samples of who runs are fewer than they should be where the machine's processors are taken away often. */
static void processor_time_was_not_in_proc_stat(void)
{
	unsigned long before = user_ticks(), now = before;
	clock_t until = clock() + 3 * CLOCKS_PER_SEC;

	for (; now - before < 10 && clock() < until; now = user_ticks())
		for (volatile int i = 0; i < 1000000; i++)
			;
	if (!CHECK("user time in /proc/stat", now - before >= 10 && now - before < 100))
		dprintf(1, "# %lu, then %lu\n", before, now);
}

static void *nothing(void *arg)
{
	return arg;
}

static void *keep_creating(void *arg)
{
	pthread_t t;

	for (;;) {
		if (!pthread_create(&t, NULL, nothing, NULL))
			pthread_detach(t);
	}
	return arg;
}

static void *exec_from_here(void *arg)
{
	sleep_ms(2);
	execl("/proc/self/exe", "regressions", "exit-5", NULL);
	return arg;
}

/* A thread that came into being just then was not told, and the end or the exec waited for it for ever. */
static void thread_created_while_its_process_ends(void)
{
	int ended = 0, killed = 0, executed = 0;

	for (int i = 0; i < 15; i++) {
		int st = IN_CHILD({
			pthread_t t;
			for (int k = 0; k < 3; k++)
				pthread_create(&t, NULL, keep_creating, NULL);
			sleep_ms(2);
			_exit(4);
		});
		ended += st == EXITED(4);
		st = IN_CHILD({
			pthread_t t;
			for (int k = 0; k < 3; k++)
				pthread_create(&t, NULL, keep_creating, NULL);
			sleep_ms(2);
			kill(getpid(), SIGTERM);
			for (;;)
				pause();
		});
		killed += st == SIGTERM;
		st = IN_CHILD({
			pthread_t t;
			for (int k = 0; k < 2; k++)
				pthread_create(&t, NULL, keep_creating, NULL);
			pthread_create(&t, NULL, exec_from_here, NULL);
			for (;;)
				pause();
		});
		executed += st == EXITED(5);
	}
	CHECK_INT("exit_group", ended, 15);
	CHECK_INT("a deadly signal", killed, 15);
	CHECK_INT("exec by a thread", executed, 15);
}

static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Stops and goes on again and again; it must neither stay stopped nor lose the last word. */
static void stop_and_continue_at_once(void)
{
	int fd[2], ok = 0, st;
	pid_t p;

	if (pipe(fd))
		return;
	p = fork();
	if (!p) {
		pthread_t t;
		char c;
		for (int k = 0; k < 2; k++)
			pthread_create(&t, NULL, wait_for_ever, NULL);
		while (read(fd[0], &c, 1) == 1)
			if (c == 'x')
				_exit(7);
		_exit(1);
	}
	for (int i = 0; i < 200; i++) {
		kill(p, i % 2 ? SIGSTOP : SIGTSTP);
		if (i % 3 == 0)
			waitpid(p, &st, WUNTRACED | WNOHANG);
		kill(p, SIGCONT);
		ok += kill(p, 0) == 0;
	}
	(void)!write(fd[1], "x", 1);
	while (waitpid(p, &st, 0) == p && !WIFEXITED(st))
		;
	CHECK_INT("it goes on at the end", st, EXITED(7));
	CHECK_INT("two hundred times", ok, 200);
	close(fd[0]);
	close(fd[1]);
}

static void print_line(const char *path, const char *start)
{
	FILE *f = fopen(path, "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, start, strlen(start))) {
			line[strcspn(line, "\n")] = 0;
			TELL(start, "'%s'", line);
		}
	}
	if (f)
		fclose(f);
}

/* Only a child of vfork() had its time looked at; sh uses that, so nobody saw. */
static void limit_of_processor_time_was_not_for_children(void)
{
	CHECK_INT("a child inherits the limit", IN_CHILD({
		struct rlimit l = { 1, 3 };
		int st;

		setrlimit(RLIMIT_CPU, &l);
		pid_t p = fork();
		while (!p)
			;
		waitpid(p, &st, 0);
		_exit(WTERMSIG(st));
	}), EXITED(SIGXCPU));
}

static void lines_of_proc_status(void)
{
	static const char *const lines[] = { "Umask:", "SigCgt:", "Threads:", "Cpus_allowed_list:" };

	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	umask(027);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		print_line("/proc/self/status", lines[i]);
	print_line("/proc/self/limits", "Max nice");
	print_line("/proc/self/limits", "Max realtime timeout");
	umask(022);
}

static void mode_of_a_file_of_a_process_was_changed(void)
{
	static const char *const names[] = { "/proc/self", "/proc/self/fd", "/proc/self/status", "/proc/self/task" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		CHECK_ERRNO(names[i], chmod(names[i], 0), EPERM);
	CHECK_OK("its owner is another matter", chown("/proc/self/status", 0, 0));
	CHECK_INT("the owner, unprivileged, may not either", IN_CHILD({
		if (setuid(NOBODY) || prctl(PR_SET_DUMPABLE, 1))
			_exit(1);
		_exit(chmod("/proc/self", 0) == -1 && errno == EPERM && chown("/proc/self/status", NOBODY, -1) == 0
			      ? 0 : 2);
	}), 0);
}

/* It could not be executed while a descriptor was left. */
static void memfd_was_open_for_writing(void)
{
	int fd = memfd_create("program", 0);

	write(fd, "no program", 10);
	CHECK_ERRNO("a memfd may be executed", execveat(fd, "", (char *[]){ "x", NULL }, environ, AT_EMPTY_PATH), ENOEXEC);
	close(fd);
}

/* With CLONE_SYSVSEM it did nothing. */
static void unshare_kept_what_semaphores_take_back(void)
{
	int id = semget(IPC_PRIVATE, 1, 0600);

	semop(id, &(struct sembuf){ 0, 5, SEM_UNDO }, 1);
	CHECK_INT("raised", semctl(id, 0, GETVAL), 5);
	CHECK_OK("unshare", unshare(CLONE_SYSVSEM));
	CHECK_INT("taken back", semctl(id, 0, GETVAL), 0);
	semctl(id, 0, IPC_RMID);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "exit-5"))
		return 5;
	handler_of_a_stack_overflow_without_a_stack();
	sigaction_kept_unknown_flags();
	sigtimedwait_interrupted_by_what_it_waits_for();
	stop_waited_for_after_it_was_over();
	fork_slower_than_a_timer();
	clone_with_a_bad_address_for_the_number();
	futex_requeued_to_itself();
	exec_kept_the_exit_signal();
	script_whose_first_line_is_longer_than_the_buffer();
	program_that_may_be_run_but_not_read();
	death_signal_was_not_for_the_thread();
	number_of_processes_had_no_limit();
	queued_signals_were_counted_by_process();
	zombie_stayed_with_a_reaper_that_ignores_it();
	group_of_a_zombie();
	usage_without_faults_and_size();
	signal_of_a_deleted_timer_lost_its_origin();
	tables_of_timers_made_twice();
	processor_time_was_all_the_users();
	processor_time_was_not_in_proc_stat();
	thread_created_while_its_process_ends();
	stop_and_continue_at_once();
	limit_of_processor_time_was_not_for_children();
	lines_of_proc_status();
	mode_of_a_file_of_a_process_was_changed();
	memfd_was_open_for_writing();
	unshare_kept_what_semaphores_take_back();
	return tap_done();
}
