/* SPDX-License-Identifier: MIT */
/* Threads: clone's flags, futexes, pthreads, thread-local storage, how groups end. */
#include "tap.h"
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>

static long futex(void *at, int op, int value, const struct timespec *t, void *at2, int value3)
{
	return syscall(SYS_futex, at, op, value, t, at2, value3);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter;
static __thread int own = 5;
static int turn;

static void *adder(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	own += (int)(long)arg;
	return (void *)(long)own;
}

static void *player(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 2 != me)
			pthread_cond_wait(&cond, &mutex);
		turn++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *who(void *arg)
{
	long *tids = arg;

	tids[0] = getpid();
	tids[1] = syscall(SYS_gettid);
	return NULL;
}

static void pthreads(void)
{
	pthread_t t[8];
	void *result;
	long sum = 0, tids[2];

	for (long i = 0; i < 8; i++)
		CHECK_INT("pthread_create", pthread_create(&t[i], NULL, adder, (void *)i), 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], &result);
		sum += (long)result;
	}
	CHECK_INT("a mutex loses no increment", counter, 16000);
	CHECK_INT("thread-local variables are each thread's own", sum, 8 * 5 + 28);
	CHECK_INT("ours is untouched", own, 5);
	for (long i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, player, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	CHECK_INT("condition variables hand over", turn, 400);
	pthread_create(&t[0], NULL, who, tids);
	pthread_join(t[0], NULL);
	CHECK_INT("a thread has our process number", tids[0], getpid());
	CHECK("and a number of its own", tids[1] != getpid());
	for (int i = 0; i < 1000 && !syscall(SYS_tgkill, getpid(), tids[1], 0); i++)
		sleep_ms(1);
	CHECK_ERRNO("which is gone now", syscall(SYS_tgkill, getpid(), tids[1], 0), ESRCH);
}

static void *sleeper(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static void *leave(void *arg)
{
	_exit((int)(long)arg);
}

static void *finish_late(void *arg)
{
	sleep_ms(50);
	_exit((int)(long)arg);
}

static void *execute(void *arg)
{
	char *argv[] = { "/proc/self/exe", "exec", NULL };

	(void)arg;
	execv(argv[0], argv);
	return NULL;
}

static void endings(void)
{
	pthread_t t;

	CHECK_INT("exit_group from a thread ends all", IN_CHILD(
		pthread_create(&t, NULL, sleeper, NULL);
		pthread_create(&t, NULL, leave, (void *)7);
		pause()), EXITED(7));
	CHECK_INT("the first thread may leave before the others", IN_CHILD(
		pthread_create(&t, NULL, finish_late, (void *)8);
		syscall(SYS_exit, 1)), EXITED(8));
	CHECK_INT("a fatal signal ends all", IN_CHILD(
		pthread_create(&t, NULL, sleeper, NULL);
		sleep_ms(10);
		kill(getpid(), SIGKILL);
		pause()), SIGKILL);
	CHECK_INT("exec from a thread leaves that one only", IN_CHILD(
		pthread_create(&t, NULL, sleeper, NULL);
		pthread_create(&t, NULL, execute, NULL);
		pause()), EXITED(33));
}

static void futexes(void)
{
	int word = 1, two = 0;
	struct timespec t = { 0, 5000000 };

	CHECK_ERRNO("wait, other value", futex(&word, FUTEX_WAIT, 2, NULL, NULL, 0), EAGAIN);
	CHECK_ERRNO("wait, time is up", futex(&word, FUTEX_WAIT, 1, &t, NULL, 0), ETIMEDOUT);
	CHECK_INT("wake nobody", futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_ERRNO("unaligned", futex((char *)&word + 1, FUTEX_WAIT, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO("bad address", futex((void *)8, FUTEX_WAIT, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO("unknown operation", futex(&word, 99, 1, NULL, NULL, 0), ENOSYS);
	t.tv_nsec = 1000000000;
	CHECK_ERRNO("bad time", futex(&word, FUTEX_WAIT, 1, &t, NULL, 0), EINVAL);
	CHECK_ERRNO("bitset 0", futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO("cmp_requeue, other value", futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &two, 5),
		    EAGAIN);
	t = (struct timespec){ 0, 0 };
	CHECK_ERRNO("absolute time in the past", futex(&word, FUTEX_WAIT_BITSET, 1, &t, NULL, ~0),
		    ETIMEDOUT);
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK_INT("across processes", IN_CHILD({
		if (!fork()) {
			sleep_ms(20);
			*shared = 1;
			futex(shared, FUTEX_WAKE, 1, NULL, NULL, 0);
			_exit(0);
		}
		while (*shared == 0)
			futex(shared, FUTEX_WAIT, 0, NULL, NULL, 0);
		_exit(*shared == 1 ? 4 : 5);
	}), EXITED(4));
	sem_t *s = (sem_t *)(shared + 16);
	sem_init(s, 1, 0);
	CHECK_INT("a semaphore across processes", IN_CHILD({
		if (!fork()) {
			sem_post(s);
			_exit(0);
		}
		_exit(sem_wait(s) == 0 ? 6 : 5);
	}), EXITED(6));
	CHECK_INT("FUTEX_WAKE_OP", futex(&word, FUTEX_WAKE_OP, 1, NULL, &two,
		  FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 0)), 0);
	CHECK_INT("its addition", two, 3);
}

struct requeue {
	int a, b, woken, started;
};

static void *requeued(void *arg)
{
	struct requeue *r = arg;

	__atomic_add_fetch(&r->started, 1, __ATOMIC_SEQ_CST);
	futex(&r->a, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	__atomic_add_fetch(&r->woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void requeueing(void)
{
	struct requeue r = { 0 };
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, requeued, &r);
	while (__atomic_load_n(&r.started, __ATOMIC_SEQ_CST) < 4)
		sleep_ms(1);
	sleep_ms(50);
	CHECK_INT("requeue three, wake one", futex(&r.a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)3, &r.b,
		  0), 4);
	sleep_ms(30);
	CHECK_INT("one woke", __atomic_load_n(&r.woken, __ATOMIC_SEQ_CST), 1);
	CHECK_INT("none is left at the first", futex(&r.a, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 0);
	CHECK_INT("three at the second", futex(&r.b, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 3);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	CHECK_INT("all woke", r.woken, 4);
}

static char stack[65536] __attribute__((aligned(16)));
static int seen;

static int body(void *arg)
{
	seen = *(int *)arg;
	chdir("/");
	close(100);
	return 9;
}

static void clones(void)
{
	int st, value = 77;
	char here[PATH_MAX], now[PATH_MAX];
	pid_t p;

	getcwd(here, sizeof(here));
	dup2(1, 100);
	p = clone(body, stack + sizeof(stack), SIGCHLD, &value);
	waitpid(p, &st, 0);
	CHECK_INT("plain: status", st, EXITED(9));
	CHECK_INT("plain: memory is its own", seen, 0);
	CHECK("plain: descriptors too", fcntl(100, F_GETFD) >= 0);
	p = clone(body, stack + sizeof(stack), CLONE_VM | SIGCHLD, &value);
	waitpid(p, &st, 0);
	CHECK_INT("CLONE_VM: memory is shared", seen, 77);
	CHECK("without CLONE_FS the folder is ours", !strcmp(getcwd(now, sizeof(now)), here));
	p = clone(body, stack + sizeof(stack), CLONE_FS | CLONE_FILES | SIGCHLD, &value);
	waitpid(p, &st, 0);
	CHECK("CLONE_FS: folder is shared", !strcmp(getcwd(now, sizeof(now)), "/"));
	CHECK_ERRNO("CLONE_FILES: descriptors too", fcntl(100, F_GETFD), EBADF);
	chdir(here);
	p = clone(body, stack + sizeof(stack), CLONE_VM, &value);
	CHECK_ERRNO("no exit signal: plain wait does not see it", waitpid(p, &st, 0), ECHILD);
	CHECK_INT("__WALL does", waitpid(p, &st, __WALL), p);
	pid_t parent_tid = 0;
	static pid_t child_tid;
	p = clone(body, stack + sizeof(stack), CLONE_VM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |
		  CLONE_CHILD_SETTID | SIGCHLD, &value, &parent_tid, NULL, &child_tid);
	waitpid(p, &st, 0);
	CHECK_INT("CLONE_PARENT_SETTID", parent_tid, p);
	CHECK_INT("CLONE_CHILD_CLEARTID", child_tid, 0);
	CHECK_ERRNO("CLONE_THREAD without CLONE_SIGHAND", syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0),
		    EINVAL);
	CHECK_ERRNO("CLONE_SIGHAND without CLONE_VM", syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0),
		    EINVAL);
	struct clone_args a = { .exit_signal = SIGCHLD };
	long r = syscall(SYS_clone3, &a, sizeof(a));
	if (!r)
		_exit(12);
	waitpid((pid_t)r, &st, 0);
	CHECK_INT("clone3", st, EXITED(12));
	CHECK_ERRNO("clone3, size", syscall(SYS_clone3, &a, 8), EINVAL);
	CHECK_ERRNO("clone3, bad address", syscall(SYS_clone3, (void *)8, sizeof(a)), EFAULT);
	a.exit_signal = 100;
	CHECK_ERRNO("clone3, signal", syscall(SYS_clone3, &a, sizeof(a)), EINVAL);
}

static volatile int directed;

static void on_signal(int n)
{
	(void)n;
	directed = (int)syscall(SYS_gettid);
}

static void *target(void *arg)
{
	*(volatile int *)arg = (int)syscall(SYS_gettid);
	while (!directed)
		sleep_ms(1);
	return NULL;
}

static void signals(void)
{
	pthread_t t;
	volatile int tid = 0;
	sigset_t m;

	signal(SIGUSR1, on_signal);
	pthread_create(&t, NULL, target, (void *)&tid);
	while (!tid)
		sleep_ms(1);
	pthread_kill(t, SIGUSR1);
	pthread_join(t, NULL);
	CHECK_INT("a signal for one thread is handled there", directed, tid);
	directed = 0;
	pthread_create(&t, NULL, target, (void *)&tid);
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &m, NULL);
	kill(getpid(), SIGUSR1);
	pthread_join(t, NULL);
	CHECK_INT("a signal for the process goes where it is not blocked", directed, tid);
	pthread_sigmask(SIG_UNBLOCK, &m, NULL);
}

static void scheduling(void)
{
	cpu_set_t set;
	struct sched_param p;

	CHECK_INT("sched_yield", sched_yield(), 0);
	CHECK_OK("sched_getaffinity", sched_getaffinity(0, sizeof(set), &set));
	CHECK("processor 0 is ours", CPU_ISSET(0, &set));
	CHECK_OK("sched_setaffinity", sched_setaffinity(0, sizeof(set), &set));
	CHECK_INT("policy", sched_getscheduler(0), SCHED_OTHER);
	CHECK_OK("sched_getparam", sched_getparam(0, &p));
	CHECK_INT("priority", p.sched_priority, 0);
	CHECK_ERRNO("of nobody", sched_getscheduler(99999), ESRCH);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "exec"))
		return 33;
	pthreads();
	endings();
	futexes();
	requeueing();
	clones();
	signals();
	scheduling();
	return tap_done();
}
