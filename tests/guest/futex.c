/* SPDX-License-Identifier: MIT */
/* Futexes without priority inheritance: errors, timeouts, bitsets, wake-and-change, requeueing, several words. */
#include "tap.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#define BAD ((void *)8)

static long futex(void *at, int op, unsigned value, const void *t, void *at2, unsigned value3)
{
	return syscall(SYS_futex, at, op, value, t, at2, value3);
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

/* Whether the thread tid sleeps. */
static bool sleeps(int tid)
{
	char path[64], text[512], *p;
	int fd, n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	n = (int)read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	p = strrchr(text, ')');
	return p && p[2] == 'S';
}

struct waiter {
	pthread_t thread;
	volatile int tid, error;
	volatile bool ended;
	volatile long result;
	int *word, op;
	unsigned value, bits;
	struct timespec *until;
};

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;

	w->tid = (int)syscall(SYS_gettid);
	w->result = futex(w->word, w->op, w->value, w->until, NULL, w->bits);
	w->error = w->result < 0 ? errno : 0;
	w->ended = true;
	return NULL;
}

static void begin(struct waiter *w)
{
	pthread_create(&w->thread, NULL, wait_thread, w);
	while (!w->tid || (!w->ended && !sleeps(w->tid)))
		sleep_ms(1);
}

static void errors(void)
{
	int word = 1;
	struct timespec t = { 0, 1000000 }, bad = { 0, -1 }, past = { 1, 0 };

	CHECK_ERRNO("wait: value", futex(&word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0), EAGAIN);
	CHECK_ERRNO("wait: value before time", futex(&word, FUTEX_WAIT, 2, &past, NULL, 0), EAGAIN);
	CHECK_ERRNO("wait: bad time before value", futex(&word, FUTEX_WAIT, 2, &bad, NULL, 0), EINVAL);
	CHECK_ERRNO("wait: time at a bad address", futex(&word, FUTEX_WAIT, 2, BAD, NULL, 0), EFAULT);
	CHECK_ERRNO("wait: bad time before a bad address", futex(BAD, FUTEX_WAIT, 2, &bad, NULL, 0), EINVAL);
	bad.tv_nsec = 1000000000;
	CHECK_ERRNO("wait: too many nanoseconds", futex(&word, FUTEX_WAIT, 1, &bad, NULL, 0), EINVAL);
	bad = (struct timespec){ -1, 0 };
	CHECK_ERRNO("wait: negative seconds", futex(&word, FUTEX_WAIT, 1, &bad, NULL, 0), EINVAL);
	CHECK_ERRNO("wait: no time at all", futex(&word, FUTEX_WAIT, 1, &(struct timespec){ 0, 0 }, NULL, 0), ETIMEDOUT);
	CHECK_ERRNO("wait: private, bad address", futex(BAD, FUTEX_WAIT_PRIVATE, 1, &t, NULL, 0), EFAULT);
	CHECK_ERRNO("wait: kernel address", futex((void *)0xffff888000000000UL, FUTEX_WAIT_PRIVATE, 1, &t, NULL, 0), EFAULT);
	CHECK_ERRNO("wait: the last word of the address space", futex((void *)0x7ffffffffffcUL, FUTEX_WAIT_PRIVATE, 1, &t, NULL, 0),
		    EFAULT);
	CHECK_ERRNO("wait: not aligned", futex((char *)&word + 2, FUTEX_WAIT_PRIVATE, 1, &t, NULL, 0), EINVAL);
	CHECK_ERRNO("wait: alignment before address", futex((void *)9, FUTEX_WAIT_PRIVATE, 1, &t, NULL, 0), EINVAL);
	CHECK_ERRNO("bitset of nobody", futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO("bitset before alignment", futex((void *)9, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO("wake: not aligned", futex((char *)&word + 1, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
	CHECK_INT("wake: private, nothing there", futex(BAD, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_ERRNO("wake: shared, nothing there", futex(BAD, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO("wake: beyond all memory", futex((void *)0xffff888000000000UL, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EFAULT);
	CHECK_INT("wake none is wake", futex(&word, FUTEX_WAKE_PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK_ERRNO("real time: not for FUTEX_WAIT", futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 1, &t, NULL, 0), ENOSYS);
	CHECK_ERRNO("real time: its time is read first", futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 1, BAD, NULL, 0), EFAULT);
	CHECK_ERRNO("real time: not for FUTEX_WAKE", futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO("FUTEX_FD is gone", futex(&word, FUTEX_FD, 1, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO("operation 14", futex(&word, 14, 1, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO("unknown flag", futex(&word, FUTEX_WAKE | 512, 1, NULL, NULL, 0), ENOSYS);
	CHECK_ERRNO("requeue: negative count to wake", futex(&word, FUTEX_REQUEUE, -1, (void *)1, &word, 0), EINVAL);
	CHECK_ERRNO("requeue: negative count to move", futex(&word, FUTEX_REQUEUE, 1, (void *)-1L, &word, 0), EINVAL);
	CHECK_ERRNO("requeue: second not aligned", futex(&word, FUTEX_REQUEUE, 1, (void *)1, (void *)9, 0), EINVAL);
	CHECK_INT("requeue: second missing, private", futex(&word, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, BAD, 0), 0);
	CHECK_ERRNO("requeue: second missing, shared", futex(&word, FUTEX_REQUEUE, 1, (void *)1, BAD, 0), EFAULT);
	CHECK_ERRNO("cmp_requeue: first missing, private", futex(BAD, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &word, 0), EFAULT);
	CHECK_ERRNO("cmp_requeue: value", futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &word, 5), EAGAIN);
}

static void protections(void)
{
	int *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct timespec t = { 0, 1000000 };
	int word = 0;

	CHECK_ERRNO("read-only memory can be waited on", futex(ro, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0), ETIMEDOUT);
	CHECK_INT("and woken", futex(ro, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_ERRNO("but not by other processes", futex(ro, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_INT("if it is no file's", futex((int *)(uintptr_t)((uintptr_t)errors & ~3UL), FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_ERRNO("nor changed", futex(&word, FUTEX_WAKE_OP, 1, (void *)1, ro, FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0)),
		    EFAULT);
	CHECK_ERRNO("not even privately", futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, ro, FUTEX_OP(FUTEX_OP_SET, 1, 0, 0)), EFAULT);
	CHECK_ERRNO("memory without rights", futex(none, FUTEX_WAIT, 0, &t, NULL, 0), EFAULT);
	CHECK_ERRNO("likewise, woken", futex(none, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO("shared memory not touched yet", futex(shared + 1024, FUTEX_WAIT, 0, &t, NULL, 0), ETIMEDOUT);
	CHECK_ERRNO("its value counts", futex(shared, FUTEX_WAIT, 1, &t, NULL, 0), EAGAIN);
	munmap(ro, 4096);
	munmap(none, 4096);
	munmap(shared, 8192);
}

static void timeouts(void)
{
	int word = 0;
	struct timespec t = { 0, 20000000 };
	int64_t start = now_ns(CLOCK_MONOTONIC);

	CHECK_ERRNO("relative", futex(&word, FUTEX_WAIT, 0, &t, NULL, 0), ETIMEDOUT);
	CHECK("it took that long", now_ns(CLOCK_MONOTONIC) - start >= 20000000);
	t = later(CLOCK_MONOTONIC, 20);
	CHECK_ERRNO("absolute", futex(&word, FUTEX_WAIT_BITSET, 0, &t, NULL, ~0u), ETIMEDOUT);
	CHECK("not too early", now_ns(CLOCK_MONOTONIC) >= t.tv_sec * 1000000000LL + t.tv_nsec);
	t = later(CLOCK_REALTIME, 20);
	CHECK_ERRNO("absolute, real time", futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &t, NULL, ~0u), ETIMEDOUT);
	CHECK("not too early", now_ns(CLOCK_REALTIME) >= t.tv_sec * 1000000000LL + t.tv_nsec);
	t.tv_sec = 5;
	CHECK_ERRNO("real time in the past", futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &t, NULL, ~0u), ETIMEDOUT);
	t = later(CLOCK_REALTIME, 0);
	t.tv_sec += 1000;
	struct waiter w = { .word = &word, .op = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, .bits = 1, .until = &t };
	begin(&w);
	CHECK_INT("far in the future it sleeps", futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	pthread_join(w.thread, NULL);
	CHECK_INT("and is woken", w.result, 0);
}

static void bitsets(void)
{
	int word = 0;
	struct waiter w[3] = {
		{ .word = &word, .op = FUTEX_WAIT_BITSET_PRIVATE, .bits = 1 },
		{ .word = &word, .op = FUTEX_WAIT_BITSET_PRIVATE, .bits = 2 },
		{ .word = &word, .op = FUTEX_WAIT_BITSET_PRIVATE, .bits = 3 },
	};

	for (int i = 0; i < 3; i++)
		begin(&w[i]);
	CHECK_INT("bits of nobody", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 4), 0);
	CHECK_INT("bits of one, in order", futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 2), 1);
	pthread_join(w[1].thread, NULL);
	CHECK_INT("shared and private are two", futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 16), 0);
	CHECK_INT("all the rest", futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 2);
	pthread_join(w[0].thread, NULL);
	pthread_join(w[2].thread, NULL);
	CHECK_INT("all were woken", w[0].result | w[1].result | w[2].result, 0);
}

static long wake_op(int *a, int *b, int op, int arg, int cmp, int cmp_arg)
{
	return futex(a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, b, FUTEX_OP((unsigned)op, arg & 0xfff, (unsigned)cmp, cmp_arg & 0xfff));
}

static void operations(void)
{
	int a = 0, b = 10;

	wake_op(&a, &b, FUTEX_OP_SET, 6, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("set", b, 6);
	wake_op(&a, &b, FUTEX_OP_ADD, -2, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("add, negative", b, 4);
	wake_op(&a, &b, FUTEX_OP_OR, 3, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("or", b, 7);
	wake_op(&a, &b, FUTEX_OP_ANDN, 5, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("and not", b, 2);
	wake_op(&a, &b, FUTEX_OP_XOR, 6, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("exclusive or", b, 4);
	wake_op(&a, &b, FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 4, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("with a shift", b, 20);
	wake_op(&a, &b, FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 33, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("by more than there are bits", b, 2);
	wake_op(&a, &b, FUTEX_OP_SET, 2047, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("the largest argument", b, 2047);
	wake_op(&a, &b, FUTEX_OP_SET, 2048, FUTEX_OP_CMP_EQ, 0);
	CHECK_INT("and the smallest", b, -2048);
	CHECK_ERRNO("unknown operation", wake_op(&a, &b, 5, 1, FUTEX_OP_CMP_EQ, 0), ENOSYS);
	CHECK_INT("changes nothing", b, -2048);
	CHECK_ERRNO("unknown comparison", wake_op(&a, &b, FUTEX_OP_SET, 1, 6, 0), ENOSYS);
	CHECK_INT("is found out after the change", b, 1);
	CHECK_ERRNO("second missing", wake_op(&a, BAD, FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0), EFAULT);
	CHECK_ERRNO("second not aligned", wake_op(&a, (void *)9, FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0), EINVAL);
	CHECK_ERRNO("first not aligned", wake_op((void *)9, &b, FUTEX_OP_SET, 5, FUTEX_OP_CMP_EQ, 0), EINVAL);
	CHECK_INT("changes nothing either", b, 1);
}

/* Does a comparison of 5 with arg hold? Then the waiter on the second word is woken. */
static long compares(int cmp, int value, int arg)
{
	static int a, b;
	struct waiter w = { .word = &b, .op = FUTEX_WAIT_PRIVATE, .value = (unsigned)value };
	long woken;

	b = value;
	begin(&w);
	woken = wake_op(&a, &b, FUTEX_OP_SET, 0, cmp, arg);
	if (!woken)
		futex(&b, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	pthread_join(w.thread, NULL);
	return woken;
}

static void comparisons(void)
{
	static const char *const name[] = { "==", "!=", "<", "<=", ">", ">=" };

	for (int cmp = 0; cmp < 6; cmp++)
		TELL(name[cmp], "%ld %ld %ld, negative %ld %ld", compares(cmp, 5, 4), compares(cmp, 5, 5), compares(cmp, 5, 6),
		     compares(cmp, -5, -4), compares(cmp, 5, -2048));
	int word = 3;
	struct waiter w[3];
	for (int i = 0; i < 3; i++) {
		w[i] = (struct waiter){ .word = &word, .op = FUTEX_WAIT_PRIVATE, .value = 3 };
		begin(&w[i]);
	}
	CHECK_INT("both words the same", wake_op(&word, &word, FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 3), 2);
	CHECK_INT("its change", word, 4);
	CHECK_INT("one is left", futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 1);
	for (int i = 0; i < 3; i++)
		pthread_join(w[i].thread, NULL);
}

static void requeues(void)
{
	int a = 0, b = 0;
	struct waiter w[5];

	for (int i = 0; i < 5; i++) {
		w[i] = (struct waiter){ .word = &a, .op = FUTEX_WAIT_PRIVATE };
		begin(&w[i]);
	}
	CHECK_INT("none woken, two moved", futex(&a, FUTEX_REQUEUE_PRIVATE, 0, (void *)2, &b, 0), 2);
	CHECK_INT("two are at the second", futex(&b, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 2);
	pthread_join(w[0].thread, NULL);
	pthread_join(w[1].thread, NULL);
	CHECK_INT("to where it is", futex(&a, FUTEX_REQUEUE_PRIVATE, 0, (void *)9, &a, 0), 3);
	CHECK_INT("moved, some woken", futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)9, &b, 0), 3);
	pthread_join(w[2].thread, NULL);
	CHECK_INT("none left", futex(&a, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 0);
	CHECK_INT("the rest in order", futex(&b, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	pthread_join(w[3].thread, NULL);
	CHECK_INT("and the last", futex(&b, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	pthread_join(w[4].thread, NULL);

	/* Its time runs on where it is moved to. */
	struct timespec t = later(CLOCK_MONOTONIC, 1000);
	w[0] = (struct waiter){ .word = &a, .op = FUTEX_WAIT_BITSET_PRIVATE, .bits = 1, .until = &t };
	begin(&w[0]);
	CHECK_INT("one with a time", futex(&a, FUTEX_REQUEUE_PRIVATE, 0, (void *)1, &b, 0), 1);
	pthread_join(w[0].thread, NULL);
	CHECK_INT("which it keeps", w[0].error, ETIMEDOUT);
}

/* Real-time threads are woken first. */
static void *urgent_thread(void *arg)
{
	struct waiter *w = arg;
	struct sched_param p = { .sched_priority = (int)w->bits };

	if (w->bits)
		sched_setscheduler(0, SCHED_FIFO, &p);
	w->bits = ~0u;
	return wait_thread(w);
}

static void order(void)
{
	static int word;
	struct waiter w[5];
	static const unsigned priority[5] = { 0, 5, 9, 5, 0 };
	char seen[6] = "";

	for (int i = 0; i < 5; i++) {
		w[i] = (struct waiter){ .word = &word, .op = FUTEX_WAIT_PRIVATE, .bits = priority[i] };
		pthread_create(&w[i].thread, NULL, urgent_thread, &w[i]);
		while (!w[i].tid || !sleeps(w[i].tid))
			sleep_ms(1);
		w[i].result = 77;
	}
	for (int n = 0; n < 5; n++) {
		futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		for (int i = 0; strlen(seen) == (size_t)n; i = (i + 1) % 5) {
			if (w[i].result != 77 && !strchr(seen, '0' + i))
				seen[n] = (char)('0' + i);
			else if (i == 4)
				sleep_ms(1);
		}
	}
	for (int i = 0; i < 5; i++)
		pthread_join(w[i].thread, NULL);
	TELL("who is woken first", "%s", seen);
}

static long waitv(void *at, unsigned n, unsigned flags, void *t, int clock)
{
	return syscall(SYS_futex_waitv, at, n, flags, t, clock);
}

static void several_errors(void)
{
	int word[2] = { 1, 2 };
	struct futex_waitv v[129];
	struct timespec t = { 1, 0 }, bad = { 0, 1000000000 };

	for (int i = 0; i < 129; i++)
		v[i] = (struct futex_waitv){ .val = 1, .uaddr = (uintptr_t)word, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG };
	CHECK_ERRNO("no words", waitv(v, 0, 0, NULL, 0), EINVAL);
	CHECK_ERRNO("too many words", waitv(v, 129, 0, &t, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERRNO("128 are not too many", waitv(v, 128, 0, &t, CLOCK_MONOTONIC), ETIMEDOUT);
	CHECK_ERRNO("flags", waitv(v, 1, 1, &t, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERRNO("no array", waitv(NULL, 1, 0, &t, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERRNO("array at a bad address", waitv(BAD, 1, 0, &t, CLOCK_MONOTONIC), EFAULT);
	CHECK_ERRNO("time at a bad address", waitv(v, 1, 0, BAD, CLOCK_MONOTONIC), EFAULT);
	CHECK_ERRNO("clock", waitv(v, 1, 0, &t, CLOCK_BOOTTIME), EINVAL);
	CHECK_ERRNO("clock before time", waitv(v, 1, 0, BAD, 77), EINVAL);
	CHECK_ERRNO("bad time", waitv(v, 1, 0, &bad, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERRNO("bad time before a bad array", waitv(BAD, 1, 0, &bad, CLOCK_MONOTONIC), EINVAL);
	CHECK_ERRNO("real time", waitv(v, 1, 0, &t, CLOCK_REALTIME), ETIMEDOUT);
	v[1].flags = FUTEX_PRIVATE_FLAG;
	CHECK_ERRNO("no size", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), EINVAL);
	v[1].flags = FUTEX_32 | 4;
	CHECK_ERRNO("unknown flag of a word", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), EINVAL);
	v[1].flags = FUTEX_32;
	v[1].__reserved = 1;
	CHECK_ERRNO("reserved field", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), EINVAL);
	v[1].__reserved = 0;
	v[1].val = 7;
	CHECK_ERRNO("value of the second", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), EAGAIN);
	v[1].val = 1 | 1UL << 32;
	CHECK_ERRNO("32 bits of the value count", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), ETIMEDOUT);
	v[1].uaddr = 9;
	CHECK_ERRNO("not aligned", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), EINVAL);
	v[1].uaddr = 8;
	CHECK_ERRNO("bad address", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), EFAULT);
	v[1].flags |= FUTEX_PRIVATE_FLAG;
	CHECK_ERRNO("bad private address", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), EFAULT);
	v[0].val = 2;
	CHECK_ERRNO("the value of the first comes before it", waitv(v, 2, 0, &t, CLOCK_MONOTONIC), EAGAIN);
}

static int words[3];
static volatile int several_tid;
static volatile long several_result;

static void *several_thread(void *arg)
{
	struct futex_waitv v[3];

	(void)arg;
	for (int i = 0; i < 3; i++)
		v[i] = (struct futex_waitv){ .uaddr = (uintptr_t)&words[i], .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG };
	several_tid = (int)syscall(SYS_gettid);
	several_result = waitv(v, 3, 0, NULL, 0);
	if (several_result < 0)
		several_result = -errno;
	return NULL;
}

static void on_signal(int n)
{
	(void)n;
}

static void several(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	pthread_t t;

	for (int i = 0; i < 4; i++) {
		several_tid = 0;
		pthread_create(&t, NULL, several_thread, NULL);
		while (!several_tid || !sleeps(several_tid))
			sleep_ms(1);
		if (i < 3) {
			CHECK_INT("wakes one who waits for three", futex(&words[i], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
		} else {
			sigaction(SIGUSR1, &sa, NULL);
			pthread_kill(t, SIGUSR1);
		}
		pthread_join(t, NULL);
		CHECK_INT("it knows which it was", several_result, i < 3 ? i : -EINTR);
		CHECK_INT("nobody waits any more", futex(&words[(i + 1) % 3], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	}
	several_tid = 0;
	pthread_create(&t, NULL, several_thread, NULL);
	while (!several_tid || !sleeps(several_tid))
		sleep_ms(1);
	int other = 0;
	CHECK_INT("one of three is moved", futex(&words[1], FUTEX_REQUEUE_PRIVATE, 0, (void *)1, &other, 0), 1);
	CHECK_INT("and woken there", futex(&other, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	pthread_join(t, NULL);
	CHECK_INT("it is the second still", several_result, 1);
}

static void *interrupter(void *arg)
{
	while (!*(volatile int *)arg || !sleeps(*(volatile int *)arg))
		sleep_ms(1);
	syscall(SYS_tgkill, getpid(), *(volatile int *)arg, SIGUSR1);
	return NULL;
}

static long interrupted(int flags, const struct timespec *t, int op)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };
	volatile int tid = (int)syscall(SYS_gettid);
	int word = 0;
	pthread_t p;
	long result;

	sigaction(SIGUSR1, &sa, NULL);
	pthread_create(&p, NULL, interrupter, (void *)&tid);
	result = futex(&word, op, 0, t, NULL, ~0u);
	if (result < 0)
		result = -errno;
	pthread_join(p, NULL);
	return result;
}

static void signals(void)
{
	struct timespec t = { 5, 0 }, short_time = { 0, 100000000 };

	CHECK_INT("a handler ends it", interrupted(0, NULL, FUTEX_WAIT), -EINTR);
	CHECK_INT("with a time too", interrupted(0, &t, FUTEX_WAIT), -EINTR);
	CHECK_INT("even if calls are to be restarted", interrupted(SA_RESTART, &t, FUTEX_WAIT), -EINTR);
	t = later(CLOCK_MONOTONIC, 5000);
	CHECK_INT("likewise absolute", interrupted(SA_RESTART, &t, FUTEX_WAIT_BITSET), -EINTR);
	short_time = later(CLOCK_MONOTONIC, 100);
	signal(SIGUSR1, SIG_IGN);
	CHECK_INT("interrupted(ignored)", futex(&words[0], FUTEX_WAIT_BITSET, 0, &short_time, NULL, ~0u) < 0 ? errno : 0, ETIMEDOUT);
}

static void memory(void)
{
	int fd = (int)syscall(SYS_memfd_create, "futex", 0);
	ftruncate(fd, 8192);
	int *a = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
	int *ro = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	int *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	struct waiter w = { .word = a + 1024, .op = FUTEX_WAIT };

	begin(&w);
	CHECK_INT("a word has many addresses", futex(b, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	pthread_join(w.thread, NULL);
	w = (struct waiter){ .word = ro, .op = FUTEX_WAIT };
	begin(&w);
	CHECK_INT("private ones are by address", futex(a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
	CHECK_INT("a private copy is another", futex(copy, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_INT("through a read-only mapping", futex(a, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	pthread_join(w.thread, NULL);
	w = (struct waiter){ .word = a, .op = FUTEX_WAIT };
	begin(&w);
	mremap(b, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, copy);
	munmap(ro, 4096);
	CHECK_INT("from a child", IN_CHILD(_exit((int)futex(a, FUTEX_WAKE, 1, NULL, NULL, 0))), EXITED(1));
	pthread_join(w.thread, NULL);
	w = (struct waiter){ .word = &words[2], .op = FUTEX_WAIT };
	begin(&w);
	CHECK_INT("a child's copy is its own", IN_CHILD(_exit((int)futex(&words[2], FUTEX_WAKE, 1, NULL, NULL, 0))), EXITED(0));
	futex(&words[2], FUTEX_WAKE, 1, NULL, NULL, 0);
	pthread_join(w.thread, NULL);
	ftruncate(fd, 0);
	CHECK_ERRNO("behind the end of the file", futex(a, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO("likewise to wake", futex(a, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	munmap(a, 8192);
	close(fd);
}

int main(void)
{
	errors();
	protections();
	timeouts();
	bitsets();
	operations();
	comparisons();
	requeues();
	order();
	several_errors();
	several();
	signals();
	memory();
	return tap_done();
}
