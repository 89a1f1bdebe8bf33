/* SPDX-License-Identifier: MIT */
/* Tests of base/: locks and their checks, RCU, symbols, log. */
#include "base/ktest.h"
#include "base/log.h"
#include "base/panic.h"
#include "base/rcu.h"
#include "base/spinlock.h"
#include "lib/format.h"
#include "lib/string.h"

static struct spinlock low = SPINLOCK_INIT(RANK_FILES), high = SPINLOCK_INIT(RANK_DENTRY);
static struct spinlock irq_lock = SPINLOCK_INIT(RANK_DRIVER);

KTEST(spinlock_knows_its_holder)
{
	uint64_t irq;

	spin_lock(&low);
	spin_lock(&high);
	check(spin_held(&low) && spin_held(&high));
	spin_unlock(&low);
	check(!spin_held(&low) && spin_held(&high));
	spin_unlock(&high);
	irq = spin_lock_irq(&irq_lock);
	check(!irq_enabled());
	spin_unlock_irq(&irq_lock, irq);
	check(!spin_held(&irq_lock));
}

/* Timers send signals from interrupts, whatever lock the interrupt found held. */
KTEST(signals_are_sent_from_interrupts_over_any_lock)
{
	static struct spinlock signals = SPINLOCK_INIT(RANK_SIGNAL);
	uint64_t irq;

	spin_lock(&low);
	spin_lock(&high);
	irq = spin_lock_irq(&signals);
	check(spin_held(&signals));
	spin_unlock_irq(&signals, irq);
	spin_unlock(&high);
	spin_unlock(&low);
}

KTEST(spinlock_try_fails_while_held)
{
	check(spin_trylock(&low));
	check(!spin_trylock(&low));
	spin_unlock(&low);
	check_equal(cpu_local_read(preempt_count), 0);
}

static int guarded(bool early)
{
	SPIN_GUARD(&low);
	if (early)
		return 1;
	return spin_held(&low) ? 2 : 3;
}

KTEST(spin_guard_releases_on_every_way_out)
{
	check_equal(guarded(true), 1);
	check(!spin_held(&low));
	check_equal(guarded(false), 2);
	check(!spin_held(&low));
}

static unsigned called;

static void count_call(struct rcu_head *h)
{
	called++;
}

KTEST(rcu_callback_waits_for_a_quiescent_state)
{
	static struct rcu_head head[3];

	called = 0;
	rcu_read_lock();
	for (unsigned i = 0; i < 3; i++)
		rcu_call(&head[i], count_call);
	check_equal(called, 0);
	rcu_read_unlock();
	for (unsigned tries = 0; tries < 1000000 && READ_ONCE(called) < 3; tries++)
		rcu_run_callbacks();
	check_equal(called, 3);
}

KTEST(symbol_name_finds_functions)
{
	uint64_t offset = 99;
	const char *name = symbol_name((vaddr_t)ktest_run_all, &offset);

	check(name != NULL);
	check(strcmp(name, "ktest_run_all") == 0);
	check_equal(offset, 0);
	check(strcmp(symbol_name((vaddr_t)ktest_run_all + 5, &offset), "ktest_run_all") == 0);
	check_equal(offset, 5);
	check(symbol_name(0x1000, &offset) == NULL);
}

KTEST(log_read_gives_what_was_logged)
{
	uint64_t position = log_end_position(), again = position;
	char text[100], part[100];
	size_t n, m = 0;

	log_debug("ktest line %d", 42);
	n = log_read(&position, text, sizeof(text) - 1);
	text[n] = '\0';
	check(n > 10 && text[0] == '<' && text[1] == '7' && text[2] == '>' && text[3] == '[');
	check(strcmp(text + n - strlen("] ktest line 42\n"), "] ktest line 42\n") == 0);
	while (m < n)
		m += log_read(&again, part + m, 7);
	check_equal(m, n);
	check(memcmp(text, part, n) == 0);
	check_equal(log_read(&position, text, sizeof(text)), 0);
}

KTEST(log_survives_many_rounds_of_the_ring)
{
	uint64_t position = log_end_position();
	char text[64];

	for (unsigned i = 0; i < 3000; i++)
		log_debug("filling the ring, line %u of many, with some text behind it", i);
	check(log_read(&position, text, sizeof(text)) > 0);
	check(text[0] == '<');
}

KTEST_PANICS(panic_lock_order)
{
	spin_lock(&high);
	spin_lock(&low);
}

KTEST_PANICS(panic_lock_taken_twice)
{
	spin_lock(&low);
	spin_lock(&low);
}

KTEST_PANICS(panic_lock_released_by_nobody)
{
	spin_unlock(&low);
}

KTEST_PANICS(panic_lock_without_rank)
{
	static struct spinlock never;

	spin_lock(&never);
}

KTEST_PANICS(panic_sleep_with_lock_held)
{
	spin_lock(&low);
	might_sleep();
}
