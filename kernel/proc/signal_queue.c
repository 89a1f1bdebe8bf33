/* SPDX-License-Identifier: MIT */
/*
 * proc/signal_queue.c: what is pending: a set of signals, and an entry with what the
 * sender said for each that has one. All under process->signal_lock.
 */
#include "base/panic.h"
#include "mem/slab.h"
#include "proc/internal.h"

static const uint64_t synchronous = SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) |
				    SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS);

static struct kcache *entry_cache;

void signal_init(void)
{
	entry_cache = kcache_create("signal", sizeof(struct signal_entry), 8);
}

void signal_queue_init(struct signal_queue *q)
{
	q->set = 0;
	list_init(&q->entries);
}

struct signal_entry *signal_entry_create(struct account *a, uint64_t limit)
{
	struct signal_entry *e;

	if (!account_add_signal(a, limit))
		return NULL;
	e = kcache_alloc(entry_cache, ALLOC_ATOMIC);
	if (!e) {
		account_drop_signal(a);
		return NULL;
	}
	list_init(&e->link);
	e->timer = NULL;
	e->account = a;
	return e;
}

void signal_entry_destroy(struct signal_entry *e)
{
	account_drop_signal(e->account);
	kcache_free(entry_cache, e);
}

static void entry_done(struct signal_entry *e)
{
	list_del_init(&e->link);
	/* A timer's entry belongs to the timer, which uses it again. */
	if (!e->timer)
		signal_entry_destroy(e);
}

void signal_queue_remove(struct signal_queue *q, uint64_t mask)
{
	struct signal_entry *e, *next;

	if (!(q->set & mask))
		return;
	q->set &= ~mask;
	list_for_each_entry_safe(e, next, &q->entries, link) {
		if (mask & SIGNAL_BIT(e->info.si_signo))
			entry_done(e);
	}
}

void signal_queue_remove_timers(struct signal_queue *q)
{
	uint64_t gone = 0, kept = 0;
	struct signal_entry *e, *next;

	list_for_each_entry_safe(e, next, &q->entries, link) {
		uint64_t bit = SIGNAL_BIT(e->info.si_signo);

		if (e->info.si_code == SI_TIMER) {
			gone |= bit;
			entry_done(e);
		} else {
			kept |= bit;
		}
	}
	q->set &= ~gone | kept;
}

void signal_queue_flush(struct signal_queue *q)
{
	signal_queue_remove(q, ~0UL);
}

/* The lowest pending signal outside mask, synchronous ones first; 0 if none. */
static int first_pending(const struct signal_queue *q, uint64_t mask)
{
	uint64_t ready = q->set & ~mask;

	if (!ready)
		return 0;
	if (ready & synchronous)
		ready &= synchronous;
	return __builtin_ctzl(ready) + 1;
}

static void take_from(struct signal_queue *q, int sig, siginfo_t *info)
{
	struct signal_entry *e, *next, *found = NULL;
	bool more = false;

	list_for_each_entry_safe(e, next, &q->entries, link) {
		if (e->info.si_signo != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = e;
	}
	if (!more)
		q->set &= ~SIGNAL_BIT(sig);
	if (!found) {
		*info = (siginfo_t){ .si_signo = sig, .si_code = SI_USER };
		return;
	}
	*info = found->info;
	if (found->timer)
		posix_timer_signal_taken(found, info);
	entry_done(found);
}

int signal_take(struct task *t, uint64_t mask, siginfo_t *info)
{
	struct process *p = t->process;
	int sig = first_pending(&t->pending, mask);

	assert_held(&p->signal_lock);
	if (sig) {
		take_from(&t->pending, sig, info);
		return sig;
	}
	sig = first_pending(&p->pending, mask);
	if (sig)
		take_from(&p->pending, sig, info);
	if (sig == SIGALRM)
		itimer_real_signal_taken(p);
	return sig;
}
