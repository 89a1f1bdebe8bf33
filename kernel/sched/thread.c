/* SPDX-License-Identifier: MIT */
/*
 * sched/thread.c: the life of a thread: made, started, named, its times told,
 * released. A thread has one reference of the scheduler's own from thread_init()
 * to the switch away from it for good.
 */
#include "base/panic.h"
#include "base/rcu.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/kstack.h"
#include "mem/slab.h"
#include "sched/inspect.h"
#include "sched/runq.h"
#include <linux/sched.h>

static uint64_t created; /* atomic */

struct kthread {
	struct thread thread;
	void (*entry)(void *arg);
	void *arg;
	struct hlist_node link;  /* kthreads_lock, RCU */
	struct rcu_head rcu;
};

static struct spinlock kthreads_lock = SPINLOCK_INIT(RANK_THREADS);
static struct hlist kthreads; /* kthreads_lock, RCU */

static const struct sched_params ordinary = { .policy = SCHED_NORMAL };

uint64_t thread_count_created(void)
{
	return atomic_load(&created);
}

/* sched(7), "Resetting scheduling policy for child processes". */
static void reset_params(struct sched_params *p)
{
	if (p->priority || p->nice < 0)
		p->nice = 0;
	if (p->priority)
		p->policy = SCHED_NORMAL;
	p->priority = 0;
	p->reset_on_fork = false;
}

static void set_fields(struct thread *t, const char *name, const struct thread *parent)
{
	strscpy(t->name, name, sizeof(t->name));
	t->context.name = t->name;
	t->state = THREAD_NEW;
	t->own = parent ? parent->own : ordinary; /* what the parent inherited is not inherited again */
	if (t->own.reset_on_fork)
		reset_params(&t->own);
	t->params = t->own;
	t->boost = THREAD_NO_BOOST;
	t->affinity = parent ? parent->affinity : ~0UL;
	t->weight = runq_weight(&t->params);
	t->slice_left = atomic_load(&sched_rr_slice);
	t->start_time = clock_now();
	refcount_init(&t->refs, 1);
}

int thread_init(struct thread *t, const char *name, const struct thread *parent, void (*entry)(void *arg), void *arg,
		void (*release)(struct thread *t))
{
	vaddr_t top = kstack_alloc();

	if (!top)
		return -ENOMEM;
	set_fields(t, name, parent);
	t->release = release;
	context_init(&t->context, top, entry, arg);
	atomic_inc(&created);
	return 0;
}

void thread_uninit(struct thread *t)
{
	assert(t->state == THREAD_NEW);
	if (kstack_free(t->context.stack_top))
		kstack_trim();
}

/* The boot stack of a processor becomes its idle thread; it is never queued. */
void thread_init_idle(struct thread *t)
{
	set_fields(t, "idle", NULL);
	t->params.policy = SCHED_IDLE;
	t->state = THREAD_RUNNING;
	t->on_cpu = 1;
	t->cpu = cpu_id();
}

void thread_put(struct thread *t)
{
	if (refcount_put(&t->refs))
		t->release(t);
}

static void kthread_free(struct rcu_head *h)
{
	kfree(container_of(h, struct kthread, rcu));
}

static void kthread_release(struct thread *t)
{
	struct kthread *k = container_of(t, struct kthread, thread);
	uint64_t irq = spin_lock_irq(&kthreads_lock);

	hlist_del(&k->link);
	spin_unlock_irq(&kthreads_lock, irq);
	rcu_call(&k->rcu, kthread_free);
}

static void each_kthread(void (*visit)(struct thread *t, int id, void *arg), void *arg)
{
	struct kthread *k;

	hlist_for_each_entry(k, &kthreads, link)
		visit(&k->thread, 0, arg);
}

TABLE_ENTRY(thread_sources, struct thread_source, kthreads) = { each_kthread };

static void kthread_entry(void *arg)
{
	struct kthread *k = arg;

	thread_first_run();
	k->entry(k->arg);
	thread_exit();
}

struct thread *kthread_create_on(uint64_t affinity, const char *name, void (*entry)(void *arg), void *arg)
{
	struct kthread *k = kzalloc(sizeof(*k), ALLOC_KERNEL);

	if (!k)
		return NULL;
	k->entry = entry;
	k->arg = arg;
	if (thread_init(&k->thread, name, NULL, kthread_entry, k, kthread_release)) {
		kfree(k);
		return NULL;
	}
	k->thread.affinity = affinity;
	uint64_t irq = spin_lock_irq(&kthreads_lock);
	hlist_add_head(&k->link, &kthreads);
	spin_unlock_irq(&kthreads_lock, irq);
	thread_start(&k->thread);
	return &k->thread;
}

struct thread *kthread_create(const char *name, void (*entry)(void *arg), void *arg)
{
	return kthread_create_on(~0UL, name, entry, arg);
}

void thread_set_name(struct thread *t, const char *name)
{
	char padded[sizeof(t->name)] = {0};

	strscpy(padded, name, sizeof(padded));
	/* Byte by byte, the last stays zero: a racing reader finds it terminated. */
	for (size_t i = 0; i < sizeof(padded) - 1; i++)
		WRITE_ONCE(t->name[i], padded[i]);
}
