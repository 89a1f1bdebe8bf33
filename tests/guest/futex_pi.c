/* SPDX-License-Identifier: MIT */
/*
 * Futexes with priority inheritance: errors, hand-over by urgency, what is inherited
 * (as /proc shows it), chains, circles, owners that die, requeueing towards a lock.
 */
#include "tap.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define BAD ((void *)8)
#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

static long futex(void *at, int op, unsigned value, const void *t, void *at2, unsigned value3)
{
	return syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, value, t, at2, value3);
}

static int gettid_(void)
{
	return (int)syscall(SYS_gettid);
}

static struct timespec later(clockid_t clock, long ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* State and priority of a thread, as /proc shows them. */
static char look(int tid, int *priority)
{
	char path[64], text[512], *p;
	int fd, n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	n = (int)read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return '?';
	text[n] = 0;
	p = strrchr(text, ')') + 2;
	char state = *p;
	for (int i = 0; i < 15; i++)
		p = strchr(p, ' ') + 1;
	if (priority)
		*priority = atoi(p);
	return state;
}

static int priority_of(int tid)
{
	int priority = 1000;

	look(tid, &priority);
	return priority;
}

static void until_asleep(volatile int *tid)
{
	while (!*tid || look(*tid, NULL) != 'S')
		sleep_ms(1);
}

/* A word with a thread's id is locked by it. */
#define OWNER(word) ((word) & FUTEX_TID_MASK)

static void set_rt(int tid, int priority)
{
	struct sched_param p = { .sched_priority = priority };

	sched_setscheduler(tid, priority ? SCHED_FIFO : SCHED_OTHER, &p);
}

static void errors(void)
{
	int me = gettid_(), word = 0;
	struct timespec bad = { 0, -1 }, past = { 1, 0 };

	CHECK_INT("lock", futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_INT("it is ours", word, me);
	CHECK_ERRNO("again", futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	CHECK_ERRNO("again with a time", futex(&word, FUTEX_LOCK_PI2, 0, &past, NULL, 0), EDEADLK);
	CHECK_ERRNO("try again", futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	CHECK_INT("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_INT("it is free", word, 0);
	CHECK_ERRNO("unlock what is free", futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	CHECK_INT("try", futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_INT("worked", word, me);
	word |= FUTEX_WAITERS;
	CHECK_INT("unlock with waiters that are none", futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_INT("it is free", word, 0);
	word = (int)(FUTEX_WAITERS | 0);
	CHECK_INT("lock a free one with waiters that are none", futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_INT("that bit goes", word, me);
	word = (int)FUTEX_OWNER_DIED;
	CHECK_INT("lock an orphan", futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK("it is told", (unsigned)word == (FUTEX_OWNER_DIED | (unsigned)me));
	word = 0x3ffffff0;
	CHECK_ERRNO("owner is nobody", futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), ESRCH);
	CHECK("the bit is set all the same", (unsigned)word == (FUTEX_WAITERS | 0x3ffffff0u));
	CHECK_ERRNO("try, owner is nobody", futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), ESRCH);
	CHECK_ERRNO("unlock what another has", futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	CHECK_ERRNO("lock: bad address", futex(BAD, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO("lock: not aligned", futex((void *)9, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO("unlock: bad address", futex(BAD, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO("lock: bad time", futex(&word, FUTEX_LOCK_PI, 0, &bad, NULL, 0), EINVAL);
	CHECK_ERRNO("lock: time at a bad address", futex(&word, FUTEX_LOCK_PI2, 0, BAD, NULL, 0), EFAULT);
	CHECK_ERRNO("try: its time is not looked at", futex(&word, FUTEX_TRYLOCK_PI, 0, BAD, NULL, 0), ESRCH);
	CHECK_ERRNO("real time for LOCK_PI", futex(&word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO("real time for TRYLOCK_PI", futex(&word, FUTEX_TRYLOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO("real time for LOCK_PI2", futex(&word, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0), ESRCH);
	int *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK_ERRNO("lock: read-only", futex(ro, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO("lock: read-only, shared", syscall(SYS_futex, ro, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EFAULT);
	munmap(ro, 4096);
	int ended = IN_CHILD(_exit(0)), zombie = fork();
	if (!zombie)
		_exit(0);
	(void)ended;
	while (look(zombie, NULL) == '?' && waitid(P_PID, (id_t)zombie, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) < 0)
		sleep_ms(1);
	waitid(P_PID, (id_t)zombie, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	word = zombie;
	CHECK_ERRNO("owner is a zombie", futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), ESRCH);
	waitpid(zombie, NULL, 0);
}

struct locker {
	pthread_t thread;
	volatile int tid, error, go;
	volatile long result;
	int *word, *second, op, priority, nice;
	struct timespec *until;
	bool keep;
};

static int turn, finished[8];

static void *lock_thread(void *arg)
{
	struct locker *l = arg;

	if (l->priority)
		set_rt(0, l->priority);
	if (l->nice)
		setpriority(PRIO_PROCESS, 0, l->nice);
	if (l->second)
		futex(l->second, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	l->tid = gettid_();
	l->result = futex(l->word, l->op ? l->op : FUTEX_LOCK_PI, 0, l->until, NULL, 0);
	l->error = l->result < 0 ? errno : 0;
	if (!l->result) {
		finished[turn++] = l->tid;
		if (l->keep)
			return NULL;
		futex(l->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	}
	if (l->second)
		futex(l->second, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void begin(struct locker *l)
{
	pthread_create(&l->thread, NULL, lock_thread, l);
	until_asleep(&l->tid);
}

static void contended(void)
{
	int me = gettid_(), word = 0;
	struct locker l[5];
	static const int priority[5] = { 0, 5, 9, 5, 0 };
	char seen[6] = "";

	futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	for (int i = 0; i < 5; i++) {
		l[i] = (struct locker){ .word = &word, .priority = priority[i] };
		begin(&l[i]);
		if (!i)
			CHECK("who waits sets the bit", (unsigned)word == (FUTEX_WAITERS | (unsigned)me));
	}
	CHECK_ERRNO("wake is not for these", futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO("nor wake-and-change", futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &me, FUTEX_OP(FUTEX_OP_ADD, 0, 0, 0)), EINVAL);
	CHECK_ERRNO("nor requeueing", futex(&word, FUTEX_REQUEUE, 1, (void *)1, &turn, 0), EINVAL);
	CHECK_ERRNO("nor with comparing", futex(&word, FUTEX_CMP_REQUEUE, 0, (void *)1, &turn, (unsigned)word), EINVAL);
	CHECK_ERRNO("again, with waiters", futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	turn = 0;
	CHECK_INT("unlock", futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	for (int i = 0; i < 5; i++)
		pthread_join(l[i].thread, NULL);
	for (int n = 0; n < 5; n++)
		for (int i = 0; i < 5; i++)
			if (finished[n] == l[i].tid)
				seen[n] = (char)('0' + i);
	TELL("it went to", "%s", seen);
	CHECK_INT("it is free at last", word, 0);
	futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	l[0] = (struct locker){ .word = &word, .op = FUTEX_TRYLOCK_PI };
	pthread_create(&l[0].thread, NULL, lock_thread, &l[0]);
	pthread_join(l[0].thread, NULL);
	CHECK_INT("a try is over at once", l[0].error, EAGAIN);
	CHECK("and leaves its bit", (unsigned)word == (FUTEX_WAITERS | (unsigned)me));
	futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static void timeouts(void)
{
	int me = gettid_(), word = 0;
	struct timespec t = later(CLOCK_REALTIME, 30);
	struct locker l = { .word = &word, .until = &t };

	futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	pthread_create(&l.thread, NULL, lock_thread, &l);
	pthread_join(l.thread, NULL);
	CHECK_INT("time is up by the real time", l.error, ETIMEDOUT);
	t = later(CLOCK_MONOTONIC, 30);
	l = (struct locker){ .word = &word, .until = &t, .op = FUTEX_LOCK_PI2 };
	pthread_create(&l.thread, NULL, lock_thread, &l);
	pthread_join(l.thread, NULL);
	CHECK_INT("by the monotonic one", l.error, ETIMEDOUT);
	CHECK("not early", now_ns(CLOCK_MONOTONIC) >= t.tv_sec * 1000000000LL + t.tv_nsec);
	t = later(CLOCK_REALTIME, 30);
	l = (struct locker){ .word = &word, .until = &t, .op = FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME };
	pthread_create(&l.thread, NULL, lock_thread, &l);
	pthread_join(l.thread, NULL);
	CHECK_INT("by either", l.error, ETIMEDOUT);
	t = (struct timespec){ 1, 0 };
	l = (struct locker){ .word = &word, .until = &t };
	pthread_create(&l.thread, NULL, lock_thread, &l);
	pthread_join(l.thread, NULL);
	CHECK_INT("in the past", l.error, ETIMEDOUT);
	CHECK("the bit stays", (unsigned)word == (FUTEX_WAITERS | (unsigned)me));
	CHECK_INT("unlock then", futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_INT("it is free", word, 0);
}

static void inheritance(void)
{
	int me = gettid_(), word = 0, other = 0;
	struct locker l[3] = { { .word = &word, .priority = 7 }, { .word = &other, .priority = 30 }, { .word = &word, .nice = -10 } };
	struct sched_param p;

	futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	futex(&other, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	TELL("before", "%d", priority_of(me));
	begin(&l[2]);
	TELL("from a nice one", "%d", priority_of(me));
	begin(&l[0]);
	TELL("from real time", "%d", priority_of(me));
	begin(&l[1]);
	TELL("from another lock", "%d", priority_of(me));
	CHECK_INT("the policy does not show it", sched_getscheduler(0), SCHED_OTHER);
	sched_getparam(0, &p);
	CHECK_INT("nor does the priority", p.sched_priority, 0);
	set_rt(l[1].tid, 50);
	TELL("a waiter becomes more urgent", "%d", priority_of(me));
	set_rt(l[1].tid, 3);
	TELL("and less", "%d", priority_of(me));
	set_rt(0, 5);
	TELL("with an own one less than that", "%d", priority_of(me));
	set_rt(0, 20);
	TELL("and more", "%d", priority_of(me));
	set_rt(0, 0);
	int pid = fork();
	if (!pid)
		_exit(priority_of(getpid()) == 20 ? 0 : 1);
	int status;
	waitpid(pid, &status, 0);
	CHECK_INT("a child does not inherit", status, EXITED(0));
	futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	pthread_join(l[0].thread, NULL);
	pthread_join(l[2].thread, NULL);
	TELL("one unlocked", "%d", priority_of(me));
	futex(&other, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	pthread_join(l[1].thread, NULL);
	TELL("both", "%d", priority_of(me));
}

static void timeout_ends_it(void)
{
	int me = gettid_(), word = 0;
	struct timespec t = later(CLOCK_REALTIME, 200);
	struct locker l = { .word = &word, .priority = 40, .until = &t };

	futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	begin(&l);
	TELL("while it waits", "%d", priority_of(me));
	pthread_join(l.thread, NULL);
	TELL("when its time is up", "%d", priority_of(me));
	futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static void chain(void)
{
	int me = gettid_(), a = 0, b = 0, c = 0;
	struct locker l[3] = { { .word = &a, .second = &b }, { .word = &b, .second = &c }, { .word = &c, .priority = 60 } };

	futex(&a, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	begin(&l[0]);
	begin(&l[1]);
	TELL("chain of three", "%d %d %d", priority_of(me), priority_of(l[0].tid), priority_of(l[1].tid));
	begin(&l[2]);
	TELL("an urgent one at its end", "%d %d %d", priority_of(me), priority_of(l[0].tid), priority_of(l[1].tid));
	set_rt(l[2].tid, 70);
	TELL("more urgent", "%d %d %d", priority_of(me), priority_of(l[0].tid), priority_of(l[1].tid));
	CHECK_ERRNO("it would be a circle", futex(&c, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	CHECK_ERRNO("a smaller one", futex(&b, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	CHECK_ERRNO("a try sees no circle", futex(&b, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), EAGAIN);
	CHECK_INT("unlock", futex(&a, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(l[i].thread, NULL);
	CHECK_INT("all had their turn", l[0].result | l[1].result | l[2].result | a | b | c, 0);
	TELL("nothing is left of it", "%d", priority_of(me));
}

static void *die_thread(void *arg)
{
	struct locker *l = arg;

	futex(l->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	l->tid = gettid_();
	while (!l->go)
		sleep_ms(1);
	return NULL;
}

static void deaths(void)
{
	int me = gettid_(), word = 0;
	struct locker owner = { .word = &word }, l = { .word = &word };

	pthread_create(&owner.thread, NULL, die_thread, &owner);
	while (!owner.tid)
		sleep_ms(1);
	begin(&l);
	owner.go = 1;
	pthread_join(owner.thread, NULL);
	pthread_join(l.thread, NULL);
	CHECK_INT("the owner ended: who waits gets it", l.result, 0);
	CHECK_INT("and could unlock it", word, 0);
	owner = (struct locker){ .word = &word, .go = 1 };
	pthread_create(&owner.thread, NULL, die_thread, &owner);
	pthread_join(owner.thread, NULL);
	CHECK_INT("nobody waited: the word is left as it is", OWNER((unsigned)word) == (unsigned)owner.tid, 1);
	CHECK_ERRNO("and cannot be locked", futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), ESRCH);
	word = 0;
	owner = (struct locker){ .word = &word };
	l = (struct locker){ .word = &word, .keep = true };
	pthread_create(&owner.thread, NULL, die_thread, &owner);
	while (!owner.tid)
		sleep_ms(1);
	begin(&l);
	owner.go = 1;
	pthread_join(owner.thread, NULL);
	pthread_join(l.thread, NULL);
	CHECK("it says that the owner died, and whose it is", (unsigned)word == (FUTEX_WAITERS | FUTEX_OWNER_DIED | (unsigned)l.tid));
	(void)me;
}

static void processes(void)
{
	int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int p, status;

	p = fork();
	if (!p) {
		syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
		word[1] = 1;
		sleep_ms(50);
		_exit(syscall(SYS_futex, word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0 ? 3 : 4);
	}
	while (!*(volatile int *)&word[1])
		sleep_ms(1);
	CHECK_INT("between processes", syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_INT("it is ours now", OWNER((unsigned)*word), gettid_());
	waitpid(p, &status, 0);
	CHECK_INT("the other unlocked it", status, EXITED(3));
	syscall(SYS_futex, word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	*word = word[1] = 0;
	p = fork();
	if (!p) {
		syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
		word[1] = 1;
		sleep_ms(50);
		munmap(word, 4096);
		_exit(0);
	}
	while (!*(volatile int *)&word[1])
		sleep_ms(1);
	CHECK_INT("a process that ends without its memory", syscall(SYS_futex, word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK("leaves an orphan", (unsigned)*word == (FUTEX_WAITERS | FUTEX_OWNER_DIED | (unsigned)gettid_()));
	waitpid(p, &status, 0);
	munmap(word, 4096);
}

static int cond, mutex;

struct conditional {
	pthread_t thread;
	volatile int tid, error;
	volatile long result;
	struct timespec *until;
	bool unlock;
};

static void *conditional_thread(void *arg)
{
	struct conditional *c = arg;

	c->tid = gettid_();
	c->result = futex(&cond, FUTEX_WAIT_REQUEUE_PI, 0, c->until, &mutex, 0);
	c->error = c->result < 0 ? errno : 0;
	if (!c->result) {
		c->result = OWNER((unsigned)mutex) == (unsigned)c->tid ? 100 : 200;
		futex(&mutex, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	}
	return NULL;
}

static void wait_for(struct conditional *c)
{
	*c = (struct conditional){ .until = c->until };
	pthread_create(&c->thread, NULL, conditional_thread, c);
	until_asleep(&c->tid);
}

static void requeue_errors(void)
{
	int other = 0, *o = &other;
	struct timespec past = { 1, 0 };

	CHECK_ERRNO("wait: the same word", futex(&cond, FUTEX_WAIT_REQUEUE_PI, 0, NULL, &cond, 0), EINVAL);
	CHECK_ERRNO("wait: value", futex(&cond, FUTEX_WAIT_REQUEUE_PI, 9, NULL, o, 0), EAGAIN);
	CHECK_ERRNO("wait: lock missing", futex(&cond, FUTEX_WAIT_REQUEUE_PI, 9, NULL, (void *)8, 0), EAGAIN);
	CHECK_ERRNO("wait: lock not aligned", futex(&cond, FUTEX_WAIT_REQUEUE_PI, 9, NULL, (void *)9, 0), EINVAL);
	CHECK_ERRNO("wait: word missing", futex(BAD, FUTEX_WAIT_REQUEUE_PI, 0, NULL, o, 0), EFAULT);
	CHECK_ERRNO("wait: time is up", futex(&cond, FUTEX_WAIT_REQUEUE_PI, 0, &past, o, 0), ETIMEDOUT);
	CHECK_ERRNO("wait: by the real time", futex(&cond, FUTEX_WAIT_REQUEUE_PI | FUTEX_CLOCK_REALTIME, 0, &past, o, 0), ETIMEDOUT);
	CHECK_ERRNO("requeue: the same word", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &cond, 0), EINVAL);
	CHECK_ERRNO("requeue: wakes one, not two", futex(&cond, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, o, 0), EINVAL);
	CHECK_ERRNO("requeue: nor none", futex(&cond, FUTEX_CMP_REQUEUE_PI, 0, (void *)1, o, 0), EINVAL);
	CHECK_ERRNO("requeue: negative", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)-1L, o, 0), EINVAL);
	CHECK_ERRNO("requeue: value", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, o, 5), EAGAIN);
	CHECK_INT("requeue: nobody", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, o, 0), 0);
	CHECK_INT("and the lock is left alone", other, 0);
}

static void requeues(void)
{
	struct conditional c[3] = { 0 };
	int me = gettid_(), other = 0;

	for (int i = 0; i < 3; i++)
		wait_for(&c[i]);
	CHECK_ERRNO("such waiters are not woken", futex(&cond, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO("nor moved otherwise", futex(&cond, FUTEX_REQUEUE, 0, (void *)1, &mutex, 0), EINVAL);
	CHECK_ERRNO("nor to another lock", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &other, 0), EINVAL);
	CHECK_INT("lock free: one has it", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)0, &mutex, 0), 1);
	pthread_join(c[0].thread, NULL);
	CHECK_INT("indeed", c[0].result, 100);
	futex(&mutex, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	CHECK_INT("lock taken: all the others", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0), 2);
	CHECK("they wait for it", (unsigned)mutex == (FUTEX_WAITERS | (unsigned)me));
	set_rt(c[2].tid, 25);
	TELL("and we inherit", "%d", priority_of(me));
	futex(&mutex, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	for (int i = 1; i < 3; i++) {
		pthread_join(c[i].thread, NULL);
		CHECK_INT("each has it in its turn", c[i].result, 100);
	}
	CHECK_INT("it is free then", OWNER((unsigned)mutex), 0);
	mutex = 0;
	for (int i = 0; i < 3; i++)
		wait_for(&c[i]);
	CHECK_INT("lock free: one has it, the rest waits for it", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0), 3);
	for (int i = 0; i < 3; i++)
		pthread_join(c[i].thread, NULL);
	CHECK_INT("and had it", c[0].result + c[1].result + c[2].result, 300);
	CHECK_INT("it is free", OWNER((unsigned)mutex), 0);
}

static void on_signal(int n)
{
	(void)n;
}

static void *wait_thread(void *arg)
{
	*(volatile int *)arg = gettid_();
	futex(&cond, FUTEX_WAIT, 0, NULL, NULL, 0);
	return NULL;
}

static void requeue_more(void)
{
	struct conditional c = { 0 };
	struct timespec t = later(CLOCK_MONOTONIC, 150);
	struct sigaction sa = { .sa_handler = on_signal };
	volatile int tid = 0;
	pthread_t p;

	mutex = 0;
	futex(&mutex, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	c.until = &t;
	wait_for(&c);
	CHECK_INT("one with a time is moved", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0), 1);
	pthread_join(c.thread, NULL);
	CHECK_INT("which it keeps", c.error, ETIMEDOUT);
	sigaction(SIGUSR1, &sa, NULL);
	c.until = NULL;
	wait_for(&c);
	futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0);
	pthread_kill(c.thread, SIGUSR1);
	pthread_join(c.thread, NULL);
	CHECK_INT("a signal when moved", c.error, EAGAIN);
	wait_for(&c);
	pthread_kill(c.thread, SIGUSR1);
	sleep_ms(30);
	until_asleep(&c.tid);
	CHECK_INT("a signal before: it waits again", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0), 1);
	futex(&mutex, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	pthread_join(c.thread, NULL);
	CHECK_INT("and gets it", c.result, 100);
	pthread_create(&p, NULL, wait_thread, (void *)&tid);
	until_asleep(&tid);
	CHECK_ERRNO("a plain waiter is not moved to a lock", futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0), EINVAL);
	CHECK_ERRNO("nor can its word be locked", futex(&cond, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO("nor tried", futex(&cond, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), EINVAL);
	futex(&cond, FUTEX_WAKE, 1, NULL, NULL, 0);
	pthread_join(p, NULL);
	cond = gettid_();
	CHECK_INT("unlock without waiters", futex(&cond, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
	mutex = cond = 0;
}

static void *signal_thread(void *arg)
{
	volatile int *tid = arg;

	until_asleep(tid);
	syscall(SYS_tgkill, getpid(), *tid, SIGUSR1);
	sleep_ms(30);
	until_asleep(tid);
	futex(&mutex, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	return NULL;
}

static void *holding_thread(void *arg)
{
	volatile int *tid = arg;

	futex(&mutex, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
	*tid = -1;
	while (*tid == -1)
		sleep_ms(1);
	return signal_thread(arg);
}

static void signals(void)
{
	volatile int tid = 0;
	pthread_t p;

	pthread_create(&p, NULL, holding_thread, (void *)&tid);
	while (!tid)
		sleep_ms(1);
	tid = gettid_();
	CHECK_INT("a handler runs, and the wait goes on", futex(&mutex, FUTEX_LOCK_PI, 0, NULL, NULL, 0), 0);
	futex(&mutex, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
	pthread_join(p, NULL);
}

/* glibc on top of it all. */
static pthread_mutex_t pi_mutex;
static pthread_cond_t pi_cond = PTHREAD_COND_INITIALIZER;
static long counter;
static int arrived;

static void *count_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&pi_mutex);
		counter++;
		if (i % 50 == 0)
			sched_yield();
		pthread_mutex_unlock(&pi_mutex);
	}
	pthread_mutex_lock(&pi_mutex);
	arrived++;
	while (arrived < 4)
		pthread_cond_wait(&pi_cond, &pi_mutex);
	pthread_cond_broadcast(&pi_cond);
	pthread_mutex_unlock(&pi_mutex);
	return NULL;
}

static void *leave_locked(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void library(void)
{
	pthread_mutexattr_t a;
	pthread_mutex_t robust;
	pthread_t t[4];
	struct timespec when;

	pthread_mutexattr_init(&a);
	CHECK_INT("attribute", pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT), 0);
	CHECK_INT("mutex", pthread_mutex_init(&pi_mutex, &a), 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, count_thread, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	CHECK_INT("no increment is lost", counter, 2000);
	pthread_mutex_lock(&pi_mutex);
	when = later(CLOCK_REALTIME, 20);
	CHECK_INT("again: time is up", pthread_mutex_timedlock(&pi_mutex, &when), ETIMEDOUT);
	pthread_mutex_unlock(&pi_mutex);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &a);
	pthread_create(&t[0], NULL, leave_locked, &robust);
	pthread_join(t[0], NULL);
	CHECK_INT("robust and inheriting: owner died", pthread_mutex_lock(&robust), EOWNERDEAD);
	CHECK_INT("made consistent", pthread_mutex_consistent(&robust), 0);
	CHECK_INT("unlocked", pthread_mutex_unlock(&robust), 0);
	CHECK_INT("and good again", pthread_mutex_lock(&robust), 0);
	pthread_mutex_unlock(&robust);
	pthread_create(&t[0], NULL, leave_locked, &robust);
	pthread_join(t[0], NULL);
	CHECK_INT("once more", pthread_mutex_lock(&robust), EOWNERDEAD);
	pthread_mutex_unlock(&robust);
	CHECK_INT("not made consistent", pthread_mutex_lock(&robust), ENOTRECOVERABLE);
}

int main(void)
{
	errors();
	contended();
	timeouts();
	inheritance();
	timeout_ends_it();
	chain();
	deaths();
	processes();
	requeue_errors();
	requeues();
	requeue_more();
	signals();
	library();
	return tap_done();
}
