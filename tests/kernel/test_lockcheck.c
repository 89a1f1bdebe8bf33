/* SPDX-License-Identifier: MIT */
/*
 * Tests of the lock checker: every bug it is for, planted, and what it must not
 * complain of. None of the wrong orders here deadlocks: one thread, one
 * processor, one order after the other.
 */
#include "base/ktest.h"
#include "base/lockcheck.h"
#include "base/log.h"
#include "base/rcu.h"
#include "base/seqlock.h"
#include "base/sysrq.h"
#include "hal/clock.h"
#include "hal/upcall.h"
#include "lib/string.h"
#include "sched/inspect.h"
#include "sched/mutex.h"
#include "sched/timer.h"

static struct spinlock spin_a = SPINLOCK_INIT(RANK_FILES);
static struct spinlock spin_b = SPINLOCK_INIT(RANK_FILES);
static struct spinlock spin_c = SPINLOCK_INIT(RANK_FILES);
static struct spinlock spin_lower = SPINLOCK_INIT(RANK_FUTEX);
static struct mutex mutex_a = MUTEX_INIT(mutex_a, RANK_PIPE);
static struct mutex mutex_b = MUTEX_INIT(mutex_b, RANK_PIPE);
static struct mutex mutex_lower = MUTEX_INIT(mutex_lower, RANK_TTY);

static __attribute__((noinline)) void spin_both(struct spinlock *first, struct spinlock *second)
{
	spin_lock(first);
	spin_lock_nested(second);
	spin_unlock(second);
	spin_unlock(first);
}

static __attribute__((noinline)) void mutex_both(struct mutex *first, struct mutex *second)
{
	mutex_lock(first);
	mutex_lock_nested(second);
	mutex_unlock(second);
	mutex_unlock(first);
}

static __attribute__((noinline)) void order_seen_first(void)
{
	spin_both(&spin_a, &spin_b);
}

KTEST_PANICS(panic_circle_of_two_spinlocks)
{
	/* expect: tests/kernel/test_lockcheck.c:\d+ \(rank \d+\) is to be taken at */
	/* expect: spin_both.*panic_circle_of_two_spinlocks */
	/* expect: seen before.*order_seen_first */
	/* expect: Kernel panic.*closes a circle */
	order_seen_first();
	order_seen_first();
	spin_both(&spin_b, &spin_a);
}

KTEST_PANICS(panic_circle_of_three_spinlocks)
{
	/* expect: seen before.*seen before.*closes a circle */
	spin_both(&spin_a, &spin_b);
	spin_both(&spin_b, &spin_c);
	spin_both(&spin_c, &spin_a);
}

/* What ranks forbid is shown with where the right order was seen. */
KTEST_PANICS(panic_rank_violated_with_both_orders)
{
	/* expect: seen before.*panic_rank_violated.*closes a circle */
	spin_both(&spin_lower, &spin_a);
	spin_both(&spin_a, &spin_lower);
}

static __attribute__((noinline)) void mutex_order_seen_first(void)
{
	mutex_both(&mutex_a, &mutex_b);
}

KTEST_PANICS(panic_circle_of_two_mutexes)
{
	/* expect: is to be taken at.*panic_circle_of_two_mutexes */
	/* expect: seen before.*mutex_order_seen_first.*closes a circle */
	mutex_order_seen_first();
	mutex_both(&mutex_b, &mutex_a);
}

KTEST_PANICS(panic_mutex_rank)
{
	/* expect: held:.*panic_mutex_rank.*Kernel panic.*lock order: .* inside of .* */
	mutex_lock(&mutex_a);
	mutex_lock(&mutex_lower);
}

KTEST_PANICS(panic_mutex_taken_twice)
{
	/* expect: Kernel panic.*taken twice */
	mutex_lock(&mutex_a);
	mutex_lock(&mutex_a);
}

KTEST_PANICS(panic_rwsem_read_twice)
{
	static struct rwsem s = RWSEM_INIT(s, RANK_SPACE);

	/* expect: Kernel panic.*taken twice */
	rwsem_read_lock(&s);
	rwsem_read_lock(&s);
}

KTEST_PANICS(panic_order_by_address)
{
	static struct spinlock pair[2];

	/* expect: Kernel panic.*lock order */
	for (unsigned i = 0; i < 2; i++)
		spin_init(&pair[i], RANK_SOCKET);
	spin_lock(&pair[0]);
	spin_lock_ordered(&pair[1]);
	spin_unlock(&pair[1]);
	spin_unlock(&pair[0]);
	spin_lock(&pair[1]);
	spin_lock_ordered(&pair[0]);
}

static struct spinlock irq_lock = SPINLOCK_INIT(RANK_FILES);
static bool fired;                       /* atomic */

static void take_in_interrupt(struct timer *t)
{
	uint64_t irq = spin_lock_irq(&irq_lock);

	spin_unlock_irq(&irq_lock, irq);
	atomic_store(&fired, true);
}

KTEST_PANICS(panic_lock_taken_in_interrupts_and_with_interrupts_on)
{
	static struct timer t;

	/* expect: taken in an interrupt at.*take_in_interrupt */
	/* expect: and with interrupts on at.*panic_lock_taken_in_interrupts */
	/* expect: Kernel panic */
	spin_lock(&irq_lock);
	spin_unlock(&irq_lock);
	timer_init(&t, take_in_interrupt);
	timer_arm(&t, clock_now(), 0);
	while (!atomic_load(&fired))
		cpu_relax();
}

static struct completion taken;

static void hold_mutex(void *arg)
{
	mutex_lock(&mutex_a);
	completion_signal(&taken);
	for (;;)
		sleep_until(clock_now() + NSEC_PER_SEC, 0);
}

KTEST_PANICS(panic_mutex_unlocked_by_another)
{
	/* expect: Kernel panic */
	completion_init(&taken);
	kthread_create("holder", hold_mutex, NULL);
	completion_wait(&taken);
	mutex_unlock(&mutex_a);
}

static void hold_spinlock(void *arg)
{
	spin_lock(&spin_a);
	completion_signal(&taken);
	for (;;)
		cpu_relax();
}

/* With one processor it is the same one that releases what nobody holds. */
KTEST_PANICS(panic_spinlock_unlocked_by_another)
{
	/* expect: Kernel panic.*released on processor \d+: (nobody|processor \d+) hold */
	completion_init(&taken);
	if (cpu_online_count > 1) {
		thread_set_affinity(thread_current(), BIT(0));
		kthread_create_on(BIT(1), "holder", hold_spinlock, NULL);
		completion_wait(&taken);
	}
	preempt_disable();
	spin_unlock(&spin_a);
}

KTEST_PANICS(panic_sleep_in_rcu_section)
{
	/* expect: RCU read sections open: 1.*panic_sleep_in_rcu_section */
	/* expect: Kernel panic.*may sleep.*in an RCU read section */
	rcu_read_lock();
	mutex_lock(&mutex_a);
}

KTEST_PANICS(panic_sleep_with_spinlock_says_which)
{
	/* expect: holds spinlock 1 of 1.*test_lockcheck.c.*panic_sleep_with_spinlock_says_which */
	/* expect: Kernel panic.*may sleep */
	spin_lock(&spin_a);
	sleep_until(clock_now() + NSEC_PER_SEC, 0);
}

KTEST_PANICS(panic_rcu_section_ends_twice)
{
	/* expect: Kernel panic.*RCU read section ends that did not begin */
	rcu_read_lock();
	rcu_read_unlock();
	preempt_disable();
	rcu_read_unlock();
}

static void exit_with_mutex(void *arg)
{
	mutex_lock(&mutex_a);
}

KTEST_PANICS(panic_thread_exits_with_a_mutex)
{
	/* expect: holds lock.*exit_with_mutex.*Kernel panic.*thread leaver exits with 1 sleeping lock */
	kthread_create("leaver", exit_with_mutex, NULL);
	for (;;)
		sleep_until(clock_now() + NSEC_PER_SEC, 0);
}

static void exit_with_spinlock(void *arg)
{
	spin_lock(&spin_a);
}

KTEST_PANICS(panic_thread_exits_with_a_spinlock)
{
	/* expect: holds spinlock.*exit_with_spinlock.*Kernel panic.*thread leaver exits with 0 sleeping locks and 1 */
	kthread_create("leaver", exit_with_spinlock, NULL);
	for (;;)
		sleep_until(clock_now() + NSEC_PER_SEC, 0);
}

/* What the entry code calls before it leaves the kernel. */
KTEST_PANICS(panic_user_mode_with_a_mutex)
{
	/* expect: holds lock.*panic_user_mode_with_a_mutex.*Kernel panic.*returns to user mode with 1 sleeping lock */
	mutex_lock(&mutex_a);
	upcall_check_user();
}

KTEST_PANICS(panic_seqcount_with_two_writers)
{
	static struct seqcount s;

	/* expect: Kernel panic */
	preempt_disable();
	seq_write_begin(&s);
	seq_write_begin(&s);
}

/* The latest held lock may be one that was only tried: then the one before it counts too. */
KTEST_PANICS(panic_circle_past_a_trylock)
{
	/* expect: closes a circle */
	spin_lock(&spin_a);
	spin_trylock(&spin_c);
	spin_lock_nested(&spin_b);
	spin_unlock(&spin_b);
	spin_unlock(&spin_c);
	spin_unlock(&spin_a);
	spin_both(&spin_b, &spin_a);
}

/*
 * Only the edges between the two locks are counted: meanwhile other processors, and
 * interrupts that come while x is held, add edges between others.
 */
KTEST(lockcheck_allows_what_is_right)
{
	static struct spinlock x = SPINLOCK_INIT(RANK_TASK);
	static struct spinlock y = SPINLOCK_INIT(RANK_FILES);
	unsigned classes, edges;

	check_equal(lockgraph_edges_between(&x.label, &y.label), 0);
	for (unsigned i = 0; i < 1000; i++)
		spin_both(&x, &y);
	spin_lock(&y);
	check(spin_trylock(&x)); /* nobody waits for it: no order */
	spin_unlock(&y);
	spin_unlock(&x);
	check_equal(lockgraph_edges_between(&x.label, &y.label), 1);
	check_equal(lockgraph_edges_between(&y.label, &x.label), 0);
	lockgraph_size(&classes, &edges);
	check(classes > 20 && edges > 1);
}

static bool has_text(const char *s, size_t n, const char *part)
{
	for (; n >= strlen(part); s++, n--)
		if (strncmp(s, part, strlen(part)) == 0)
			return true;
	return false;
}

KTEST(lockcheck_reports_a_spinlock_held_long)
{
	uint64_t limit = lockcheck_hold_limit, start = log_end_position();
	static char text[1024];
	size_t n;

	lockcheck_hold_limit = 1000000;
	spin_lock(&spin_a);
	for (uint64_t t = cpu_cycles(); cpu_cycles() - t < 2000000;)
		cpu_relax();
	spin_unlock(&spin_a);
	lockcheck_hold_limit = limit;
	n = log_read(&start, text, sizeof(text));
	check(n > 0 && has_text(text, n, "spinlock held for"));
}

static struct mutex dead_a = MUTEX_INIT(dead_a, RANK_PIPE);
static struct mutex dead_b = MUTEX_INIT(dead_b, RANK_PIPE);
static struct completion have_a, have_b, ended_a, ended_b;

static void take_a_then_b(void *arg)
{
	mutex_lock(&dead_a);
	completion_signal(&have_a);
	completion_wait(&have_b);
	if (mutex_lock_killable(&dead_b) == 0)
		mutex_unlock(&dead_b);
	mutex_unlock(&dead_a);
	completion_signal(&ended_a);
}

static void take_b_then_a(void *arg)
{
	mutex_lock(&dead_b);
	completion_signal(&have_b);
	completion_wait(&have_a);
	mutex_lock(&dead_a);
	mutex_unlock(&dead_a);
	mutex_unlock(&dead_b);
	completion_signal(&ended_b);
}

/* Two threads in each other's way are named, as often as one looks, and not when it is over. */
KTEST(lockcheck_names_a_deadlock)
{
	static char text[2048];
	uint64_t start = log_end_position();
	unsigned found = 0;
	struct thread *a;
	size_t n;

	completion_init(&have_a);
	completion_init(&have_b);
	completion_init(&ended_a);
	completion_init(&ended_b);
	lockgraph_off = true;
	a = kthread_create("dead-a", take_a_then_b, NULL);
	check(a && kthread_create("dead-b", take_b_then_a, NULL));
	for (unsigned i = 0; !found && i < 1000; i++) {
		sleep_until(clock_now() + NSEC_PER_SEC / 200, 0);
		start = log_end_position();
		found = thread_print_waits(LOG_INFO);
	}
	n = log_read(&start, text, sizeof(text));
	check_equal(found, 1);
	sysrq_run('d');
	sysrq_run('w');
	thread_notify(a, WORK_KILLED);
	completion_wait(&ended_a);
	completion_wait(&ended_b);
	lockgraph_off = false;
	check(has_text(text, n, "dead-b waits for the "));
	check_equal(thread_print_waits(LOG_INFO), 0);
}
