/* SPDX-License-Identifier: MIT */
/*
 * Tests of what tells where threads and processors are: backtraces of others.
 */
#include "base/backtrace.h"
#include "base/ktest.h"
#include "base/panic.h"
#include "hal/clock.h"
#include "lib/string.h"
#include "sched/mutex.h"
#include "sched/timer.h"

static bool spinning, spin_over;         /* atomic */
static struct completion done;

static __attribute__((noinline)) void spin_deaf_here(void)
{
	uint64_t irq = irq_save();

	atomic_store(&spinning, true);
	while (!atomic_load(&spin_over))
		cpu_relax();
	irq_restore(irq);
}

static void spin_deaf(void *arg)
{
	spin_deaf_here();
	completion_signal(&done);
}

static bool names(const struct cpu_trace *t, const char *function)
{
	const char *name = symbol_name(t->rip, NULL);

	if (name && strcmp(name, function) == 0)
		return true;
	for (unsigned i = 0; i < t->n; i++) {
		name = symbol_name(t->chain[i], NULL);
		if (name && strcmp(name, function) == 0)
			return true;
	}
	return false;
}

/*
 * One that takes no interrupts answers all the same, as often as it is asked. Where the
 * compiler's calls to a sanitizer are, it may be at the first instruction of one, and
 * whoever made the call is not in the chain yet.
 */
KTEST(trace_of_a_processor_with_interrupts_off)
{
	struct cpu_trace t = { .n = 0 };
	unsigned answers = 0, good = 0, here = 0, cpu = cpu_online_count - 1;

	if (cpu == 0)
		return;
	completion_init(&done);
	spinning = spin_over = false;
	check(kthread_create_on(BIT(cpu), "deaf", spin_deaf, NULL) != NULL);
	thread_set_affinity(thread_current(), BIT(0));
	while (!atomic_load(&spinning))
		cpu_relax();
	for (unsigned i = 0; i < 20; i++) {
		answers += cpu_trace(cpu, &t);
		good += !t.irq_on && !t.user && strcmp(t.name, "deaf") == 0 &&
			(names(&t, "spin_deaf_here") || names(&t, "spin_deaf"));
		here += names(&t, "spin_deaf_here");
	}
	atomic_store(&spin_over, true);
	completion_wait(&done);
	thread_set_affinity(thread_current(), ~0UL);
	check_equal(answers, 20);
	check_equal(good, 20);
	check(here > 0);
}

KTEST(trace_of_this_processor)
{
	struct cpu_trace t;

	check(cpu_trace(cpu_id(), &t));
	check(names(&t, "trace_of_this_processor"));
}

static struct waitq nap = WAITQ_INIT(nap);
static bool nap_over;                    /* atomic */

static __attribute__((noinline)) void nap_here(void)
{
	wait_event(&nap, atomic_load(&nap_over));
}

static void take_a_nap(void *arg)
{
	nap_here();
	completion_signal(&done);
}

KTEST(trace_of_a_sleeping_thread)
{
	struct cpu_trace t = { .n = 0 };
	struct thread *sleeper;

	completion_init(&done);
	nap_over = false;
	sleeper = kthread_create("nap", take_a_nap, NULL);
	check(sleeper != NULL);
	while (atomic_load(&sleeper->state) != THREAD_BLOCKED || atomic_load(&sleeper->on_cpu))
		sleep_until(clock_now() + NSEC_PER_SEC / 1000, 0);
	t.n = context_backtrace_of(&sleeper->context, t.chain, CPU_TRACE_MAX);
	atomic_store(&nap_over, true);
	waitq_wake_all(&nap);
	completion_wait(&done);
	check(t.n > 2 && names(&t, "take_a_nap"));
}
