/* SPDX-License-Identifier: MIT */
/*
 * Threads that end, exec and exit while others do the same: no child gets stuck, and
 * each ends in a way that one of the racers asked for.
 */
#include "tap.h"
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#define ROUNDS 4

static pthread_barrier_t gate;

static void *spins(void *arg)
{
	pthread_barrier_wait(&gate);
	for (volatile unsigned long i = 0;; i++)
		(void)arg;
	return NULL;
}

static void *sleeps(void *arg)
{
	pthread_barrier_wait(&gate);
	for (;;)
		pause();
	return arg;
}

static void *calls(void *arg)
{
	int fd[2];
	char c = 0;

	pipe(fd);
	pthread_barrier_wait(&gate);
	for (;;) {
		write(fd[1], &c, 1);
		read(fd[0], &c, 1);
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	return arg;
}

static void *forks(void *arg)
{
	pthread_barrier_wait(&gate);
	for (;;) {
		int p = fork();

		if (!p)
			_exit(0);
		if (p > 0)
			waitpid(p, NULL, 0);
	}
	return arg;
}

static void *nothing(void *arg)
{
	return arg;
}

static void *makes_threads(void *arg)
{
	pthread_barrier_wait(&gate);
	for (;;) {
		pthread_t t;

		if (!pthread_create(&t, NULL, nothing, NULL))
			pthread_join(t, NULL);
	}
	return arg;
}

static void *exits(void *arg)
{
	pthread_barrier_wait(&gate);
	_exit((int)(long)arg);
}

static void *executes(void *arg)
{
	char *argv[] = { "/proc/thread-self/exe", arg, NULL }; /* that of the leader is gone with it */

	pthread_barrier_wait(&gate);
	execv(argv[0], argv);
	_exit(10);
}

static void *kills(void *arg)
{
	pthread_barrier_wait(&gate);
	kill(getpid(), SIGKILL);
	return arg;
}

static void begin(void *(*body)(void *), void *arg)
{
	pthread_t t;
	pthread_attr_t a;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 65536);
	pthread_create(&t, &a, body, arg);
}

/* n threads of these kinds, and this one, in a child that is to end by itself; a set of ways as bits: 1 << code, 1 << 31: killed. */
static unsigned ways(void *(*const *body)(void *), void *const *arg, int n, bool leader_leaves)
{
	unsigned seen = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int status, p = fork();

		if (!p) {
			pthread_barrier_init(&gate, NULL, (unsigned)n + 1);
			for (int i = 0; i < n; i++)
				begin(body[i], arg[i]);
			pthread_barrier_wait(&gate);
			if (leader_leaves)
				syscall(SYS_exit, 9);
			for (;;)
				pause();
		}
		waitpid(p, &status, 0);
		seen |= WIFSIGNALED(status) ? 1u << 31 : 1u << WEXITSTATUS(status);
	}
	return seen;
}

#define WAYS(leaves, n, ...) ({ static const struct { void *(*body)(void *); void *arg; } list_[] = { __VA_ARGS__ };	\
	void *(*body_[8])(void *); void *arg_[8];								\
	for (int i_ = 0; i_ < (n); i_++) { body_[i_] = list_[i_].body; arg_[i_] = list_[i_].arg; }		\
	ways(body_, arg_, (n), (leaves)); })

static void ends(void)
{
	CHECK_INT("exit_group while others spin", WAYS(false, 4, { spins, NULL }, { spins, NULL }, { spins, NULL }, { exits, (void *)3 }),
		  1 << 3);
	CHECK_INT("while others sleep", WAYS(false, 4, { sleeps, NULL }, { sleeps, NULL }, { sleeps, NULL }, { exits, (void *)3 }), 1 << 3);
	CHECK_INT("while others call", WAYS(false, 3, { calls, NULL }, { calls, NULL }, { exits, (void *)4 }), 1 << 4);
	CHECK_INT("while others fork", WAYS(false, 3, { forks, NULL }, { forks, NULL }, { exits, (void *)5 }), 1 << 5);
	CHECK_INT("while others make threads", WAYS(false, 3, { makes_threads, NULL }, { makes_threads, NULL }, { exits, (void *)6 }), 1 << 6);
	CHECK("two at once: one of them wins", !(WAYS(false, 3, { exits, (void *)1 }, { exits, (void *)2 }, { spins, NULL }) & ~6u));
	CHECK_INT("and the leader is gone already", WAYS(true, 2, { exits, (void *)7 }, { spins, NULL }), 1 << 7);
	CHECK_INT("SIGKILL while others spin and make threads", WAYS(false, 4, { spins, NULL }, { makes_threads, NULL }, { calls, NULL },
		  { kills, NULL }), 1u << 31);
	CHECK("SIGKILL and exit_group", !(WAYS(false, 2, { kills, NULL }, { exits, (void *)1 }) & ~(1u << 31 | 2)));
}

static void execs(void)
{
	CHECK_INT("exec while others spin", WAYS(false, 4, { spins, NULL }, { spins, NULL }, { spins, NULL }, { executes, "33" }),
		  1 << 20);
	CHECK_INT("while others sleep", WAYS(false, 3, { sleeps, NULL }, { sleeps, NULL }, { executes, "33" }), 1 << 20);
	CHECK_INT("while others call", WAYS(false, 3, { calls, NULL }, { calls, NULL }, { executes, "33" }), 1 << 20);
	CHECK_INT("while others fork", WAYS(false, 3, { forks, NULL }, { forks, NULL }, { executes, "33" }), 1 << 20);
	CHECK_INT("while others make threads", WAYS(false, 3, { makes_threads, NULL }, { makes_threads, NULL }, { executes, "33" }), 1 << 20);
	CHECK_INT("the leader is gone already", WAYS(true, 3, { spins, NULL }, { sleeps, NULL }, { executes, "33" }), 1 << 20);
	CHECK("two at once: one of them wins", !(WAYS(false, 2, { executes, "33" }, { executes, "34" }) & ~(3u << 20)));
	CHECK("exec and exit_group", !(WAYS(false, 3, { executes, "33" }, { exits, (void *)1 }, { spins, NULL }) & ~(1u << 20 | 2)));
	CHECK("exec and SIGKILL", !(WAYS(false, 3, { executes, "33" }, { kills, NULL }, { spins, NULL }) & ~(1u << 20 | 1u << 31)));
}

static void *hops(void *arg)
{
	char word[16], *argv[] = { "/proc/self/exe", word, NULL };

	snprintf(word, sizeof(word), "hop%d", *(int *)arg);
	execv(argv[0], argv);
	return NULL;
}

/* What the new program is. */
static int executed(const char *how)
{
	pthread_t t;
	int n;

	if (syscall(SYS_gettid) != getpid())
		return 30;
	if (sscanf(how, "hop%d", &n) == 1 && n-- > 0) {
		pthread_create(&t, NULL, hops, &n);
		for (;;)
			pause();
	}
	if (!strcmp(how, "33"))
		return 20;
	if (!strcmp(how, "34"))
		return 21;
	return 29;
}

/* A number leads to its process all the while, whichever thread has it: another one looks again and again. */
static void lookups_while_others_exec(void)
{
	int p, status, missing = 0;

	p = fork();
	if (!p) {
		int n = 100;

		hops(&n);
		_exit(1);
	}
	while (!waitpid(p, &status, WNOHANG))
		for (int i = 0; i < 200; i++)
			missing += sched_getscheduler(p) < 0;
	CHECK_INT("exec by another thread than the leader, again and again", status, EXITED(29));
	CHECK_INT("the process can be found all the while", missing, 0);
}

static void *exec_children(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++) {
		char *argv[] = { "/proc/self/exe", "33", NULL };
		int status, p = vfork();

		if (!p) {
			execv(argv[0], argv);
			_exit(1);
		}
		waitpid(p, &status, 0);
		if (status != EXITED(20))
			return (void *)1;
	}
	return NULL;
}

static void vforks(void)
{
	pthread_t t[4];
	void *result;
	long bad = 0;

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, exec_children, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &result);
		bad += (long)result;
	}
	CHECK_INT("four threads, each vfork and exec", bad, 0);
}

/* A stop and a continuation amid all this. */
static void stops(void)
{
	int status, p = fork();

	if (!p) {
		pthread_barrier_init(&gate, NULL, 4);
		begin(spins, NULL);
		begin(calls, NULL);
		begin(makes_threads, NULL);
		pthread_barrier_wait(&gate);
		for (;;)
			pause();
	}
	bool good = true;
	for (int i = 0; i < 10; i++) {
		kill(p, SIGSTOP);
		good &= waitpid(p, &status, WUNTRACED) == p && WIFSTOPPED(status);
		kill(p, SIGCONT);
		good &= waitpid(p, &status, WCONTINUED) == p && WIFCONTINUED(status);
	}
	CHECK("stopped and continued while it makes threads", good);
	kill(p, SIGSTOP);
	waitpid(p, &status, WUNTRACED);
	kill(p, SIGKILL);
	waitpid(p, &status, 0);
	CHECK_INT("and killed while stopped", status, SIGKILL);
}

static int waited[2];
static volatile int done_count;

static void *wakes(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < 2000; i++) {
		__atomic_add_fetch(&waited[!me], 1, __ATOMIC_SEQ_CST);
		syscall(SYS_futex, &waited[!me], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		while (__atomic_load_n(&waited[me], __ATOMIC_SEQ_CST) <= i)
			syscall(SYS_futex, &waited[me], FUTEX_WAIT_PRIVATE, i, NULL, NULL, 0);
	}
	__atomic_add_fetch(&done_count, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void hands(void)
{
	pthread_t t[2];

	for (long i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, wakes, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	CHECK_INT("no wake-up is lost from hand to hand", done_count, 2);
}

static pthread_mutex_t mutex, pi;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter, queue, taken;

static void *locks(void *arg)
{
	struct sched_param p = { .sched_priority = (int)(long)arg };

	if (arg)
		sched_setscheduler(0, SCHED_RR, &p);
	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&pi);
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		pthread_mutex_unlock(&pi);
	}
	return NULL;
}

static void *takes(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&pi);
	while (taken < 2000) {
		while (!queue && taken < 2000)
			pthread_cond_wait(&cond, &pi);
		if (queue) {
			queue--;
			taken++;
		}
	}
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&pi);
	return NULL;
}

static void *gives(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&pi);
		queue++;
		pthread_mutex_unlock(&pi);
		if (i % 3)
			pthread_cond_signal(&cond);
		else
			pthread_cond_broadcast(&cond);
	}
	return NULL;
}

static void inherits(void)
{
	pthread_mutexattr_t a;
	pthread_t t[6];

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&mutex, &a);
	pthread_mutex_init(&pi, &a);
	for (long i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, locks, (void *)(i % 3 * 10));
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	CHECK_INT("two inheriting locks, six threads of three priorities", counter, 1800);
	for (int i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, i < 4 ? takes : gives, NULL);
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	CHECK_INT("a condition on one: all that was given was taken", taken, 2000);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return executed(argv[1]);
	setvbuf(stdout, NULL, _IONBF, 0);
	ends();
	execs();
	lookups_while_others_exec();
	vforks();
	stops();
	hands();
	inherits();
	return tap_done();
}
