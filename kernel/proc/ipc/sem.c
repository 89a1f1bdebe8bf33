/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/sem.c: semop(2): several operations on a set, all or none, and waiting
 * until they can be done.
 *
 * Idea. Who cannot go on queues its operations, and whoever changes a value later
 * does them on its behalf, under the set's lock, and then wakes it: so nobody
 * wakes up in vain, and who came first is served first. Waiters with one operation
 * queue at their semaphore, those that take apart from those that wait for zero, so
 * that a change looks only at who may profit. Those with several operations are in
 * one queue of the set, which is looked at after every change.
 *
 * A waiter lives on the sleeper's stack. It is gone once its result is set, so the
 * thread to wake is counted before.
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/ipc/sem.h"
#include "sched/wait.h"

#define WAITING 1 /* no result yet */

struct sem_waiter {
	struct list link;             /* the set's lock; on sem_wakes.done after that */
	struct thread *thread;        /* immutable */
	const struct sembuf *ops;     /* immutable */
	unsigned count;               /* immutable */
	struct sem_undo *undo;        /* immutable */
	int pid;                      /* immutable */
	unsigned blocking;            /* set's lock: the operation that cannot be done */
	int outcome;                  /* set's lock: what `result` will be */
	int result;                   /* atomic: WAITING, 0 or errno */
};

static uint32_t semaphore_count; /* atomic: of all sets that are not removed */

void sem_uncount(struct sem_set *s)
{
	atomic_sub(&semaphore_count, s->count);
}

static bool count_semaphores(unsigned n)
{
	if (atomic_add_return(&semaphore_count, n) <= (unsigned)atomic_load(&ipc_settings.sem[IPC_SEMMNS]))
		return true;
	atomic_sub(&semaphore_count, n);
	return false;
}

static int create(const void *arg, struct ipc_object **out)
{
	int count = *(const int *)arg;
	struct sem_set *s;

	if (count <= 0)
		return -EINVAL;
	s = kzalloc(sizeof(*s) + (size_t)count * sizeof(s->sem[0]), ALLOC_KERNEL);
	if (!s)
		return -ENOMEM;
	if (!count_semaphores((unsigned)count)) {
		kfree(s);
		return -ENOSPC;
	}
	ipc_init(&s->object);
	s->count = (unsigned)count;
	s->changed = ipc_now();
	list_init(&s->several);
	list_init(&s->undos);
	for (unsigned i = 0; i < s->count; i++) {
		list_init(&s->sem[i].decrease);
		list_init(&s->sem[i].zero);
	}
	*out = &s->object;
	return 0;
}

/* One that never came into the table still counts. */
static void destroy(struct ipc_object *o)
{
	if (!o->removed)
		sem_uncount(sem_set_of(o));
}

static int fits(struct ipc_object *o, const void *arg)
{
	return *(const int *)arg > (int)sem_set_of(o)->count ? -EINVAL : 0;
}

static const struct ipc_kind sem_kind = { .limit = &ipc_settings.sem[IPC_SEMMNI], .create = create, .fits = fits, .destroy = destroy };
struct ipc_table sem_table = IPC_TABLE_INIT(sem_table, &sem_kind);

unsigned sem_operations_max(void)
{
	return atomic_load(&ipc_settings.sem[IPC_SEMOPM]);
}

int sem_get(int key, int count, int flags)
{
	if (count < 0 || count > atomic_load(&ipc_settings.sem[IPC_SEMMSL]))
		return -EINVAL;
	return ipc_get(&sem_table, key, flags, &count);
}

/* ---- the operations ---------------------------------------------------------- */

/* Can operation i be done on values as they are? 0, WAITING, or errno. */
static int look(const struct sem_set *s, const struct sembuf *op, const struct sem_undo *undo)
{
	int value = s->sem[op->sem_num].value, after = value + op->sem_op;

	if (op->sem_op == 0 && value != 0)
		return op->sem_flg & IPC_NOWAIT ? -EAGAIN : WAITING;
	if (after < 0)
		return op->sem_flg & IPC_NOWAIT ? -EAGAIN : WAITING;
	if (after > SEMVMX)
		return -ERANGE;
	if (op->sem_flg & SEM_UNDO) {
		int adjust = undo->adjust[op->sem_num] - op->sem_op;

		if (adjust < -SEMAEM - 1 || adjust > SEMAEM)
			return -ERANGE;
	}
	return 0;
}

static void apply(struct sem_set *s, const struct sembuf *op, struct sem_undo *undo, int sign)
{
	s->sem[op->sem_num].value += sign * op->sem_op;
	if (op->sem_flg & SEM_UNDO)
		undo->adjust[op->sem_num] = (short)(undo->adjust[op->sem_num] - sign * op->sem_op);
}

/* Does all of them or none. 0, WAITING (*blocking says which one cannot be done), or errno. */
static int perform(struct sem_set *s, const struct sembuf *ops, unsigned count, struct sem_undo *undo, int pid,
		   unsigned *blocking)
{
	int result = 0;
	unsigned i;

	assert_held(&s->object.lock);
	for (i = 0; i < count; i++) {
		result = look(s, &ops[i], undo);
		if (result)
			break;
		apply(s, &ops[i], undo, 1);
	}
	if (result) {
		*blocking = i;
		while (i-- > 0)
			apply(s, &ops[i], undo, -1);
		return result;
	}
	for (i = 0; i < count; i++)
		s->sem[ops[i].sem_num].pid = pid;
	s->operated = ipc_now();
	return 0;
}

/* ---- those that wait --------------------------------------------------------- */

void sem_wakes_init(struct sem_wakes *wakes)
{
	list_init(&wakes->done);
}

static void finish(struct sem_waiter *w, int outcome, struct sem_wakes *wakes)
{
	list_del(&w->link);
	w->outcome = outcome;
	thread_get(w->thread);
	list_add_tail(&w->link, &wakes->done);
}

void sem_wakes_run(struct sem_wakes *wakes)
{
	while (!list_empty(&wakes->done)) {
		struct sem_waiter *w = list_first_entry(&wakes->done, struct sem_waiter, link);
		struct thread *thread = w->thread;

		list_del(&w->link);
		atomic_store_release(&w->result, w->outcome); /* w is gone now */
		thread_wake(thread);
		thread_put(thread);
	}
}

/* Tries everybody in a queue, first come, first served. True if values changed. */
static bool serve(struct sem_set *s, struct list *queue, const struct semaphore *only, struct sem_wakes *wakes)
{
	struct sem_waiter *w, *next;
	bool changed = false;

	list_for_each_entry_safe(w, next, queue, link) {
		int result;

		if (only && only->value == 0)
			break; /* nobody can take anything */
		result = perform(s, w->ops, w->count, w->undo, w->pid, &w->blocking);
		if (result == WAITING)
			continue;
		finish(w, result, wakes);
		for (unsigned i = 0; !result && i < w->count; i++)
			changed |= w->ops[i].sem_op != 0;
	}
	return changed;
}

static void serve_one(struct sem_set *s, struct semaphore *sem, struct sem_wakes *wakes)
{
	serve(s, &sem->decrease, sem, wakes);
	if (sem->value == 0)
		serve(s, &sem->zero, NULL, wakes);
}

static void serve_all(struct sem_set *s, struct sem_wakes *wakes)
{
	for (unsigned i = 0; i < s->count; i++)
		serve_one(s, &s->sem[i], wakes);
}

void sem_update(struct sem_set *s, const struct sembuf *ops, unsigned count, struct sem_wakes *wakes)
{
	assert_held(&s->object.lock);
	if (!ops)
		serve_all(s, wakes);
	for (unsigned i = 0; ops && i < count; i++)
		if (ops[i].sem_op)
			serve_one(s, &s->sem[ops[i].sem_num], wakes);
	while (!list_empty(&s->several) && serve(s, &s->several, NULL, wakes))
		serve_all(s, wakes);
}

static void fail_queue(struct list *queue, int error, struct sem_wakes *wakes)
{
	while (!list_empty(queue))
		finish(list_first_entry(queue, struct sem_waiter, link), error, wakes);
}

void sem_fail_all(struct sem_set *s, int error, struct sem_wakes *wakes)
{
	assert_held(&s->object.lock);
	for (unsigned i = 0; i < s->count; i++) {
		fail_queue(&s->sem[i].decrease, error, wakes);
		fail_queue(&s->sem[i].zero, error, wakes);
	}
	fail_queue(&s->several, error, wakes);
}

int sem_waiting(const struct sem_set *s, unsigned number, bool zero)
{
	const struct list *queue = zero ? &s->sem[number].zero : &s->sem[number].decrease;
	const struct sem_waiter *w;
	int n = 0;

	list_for_each_entry(w, queue, link)
		n++;
	list_for_each_entry(w, &s->several, link) {
		const struct sembuf *op = &w->ops[w->blocking];

		n += op->sem_num == number && (op->sem_op == 0) == zero;
	}
	return n;
}

static struct list *queue_for(struct sem_set *s, const struct sembuf *ops, unsigned count)
{
	if (count > 1)
		return &s->several;
	return ops->sem_op ? &s->sem[ops->sem_num].decrease : &s->sem[ops->sem_num].zero;
}

/* Sleeps until somebody did it for w, a signal or the time. The set's lock is held on entry, not on return. */
static int wait(struct sem_set *s, struct sem_waiter *w, nsec_t deadline)
{
	bool timeout = false;
	int result;

	list_add_tail(&w->link, queue_for(s, w->ops, w->count));
	spin_unlock(&s->object.lock);
	for (;;) {
		thread_set_state(THREAD_SLEEPING);
		result = atomic_load_acquire(&w->result);
		if (result != WAITING || timeout || thread_interrupted())
			break;
		timeout = sched_switch_until(deadline, 0);
	}
	thread_set_state(THREAD_RUNNING);
	if (result != WAITING)
		return result;
	spin_lock(&s->object.lock);
	if (w->outcome == WAITING) {
		list_del(&w->link);
		spin_unlock(&s->object.lock);
		return timeout ? -EAGAIN : -EINTR;
	}
	spin_unlock(&s->object.lock);
	/* It was done at the last moment; who did it still has to let go of w, and then wakes us. */
	for (;;) {
		thread_set_state(THREAD_BLOCKED);
		result = atomic_load_acquire(&w->result);
		if (result != WAITING)
			break;
		sched_switch();
	}
	thread_set_state(THREAD_RUNNING);
	return result;
}

static int operate(struct sem_set *s, const struct sembuf *ops, unsigned count, struct sem_undo *undo, nsec_t deadline)
{
	struct sem_waiter w = { .thread = thread_current(), .ops = ops, .count = count, .undo = undo,
				.pid = ipc_pid(), .outcome = WAITING, .result = WAITING };
	struct sem_wakes wakes;
	bool alters = false;
	int result;

	for (unsigned i = 0; i < count; i++)
		alters |= ops[i].sem_op != 0;
	sem_wakes_init(&wakes);
	spin_lock(&s->object.lock);
	result = ipc_check(&s->object, alters ? 2 : 4);
	if (!result && undo)
		sem_undo_link(s, undo);
	if (!result)
		result = perform(s, ops, count, undo, w.pid, &w.blocking);
	if (result == WAITING)
		return wait(s, &w, deadline);
	if (!result && alters)
		sem_update(s, ops, count, &wakes);
	spin_unlock(&s->object.lock);
	sem_wakes_run(&wakes);
	return result;
}

int sem_operate(int id, const struct sembuf *ops, unsigned count, nsec_t deadline)
{
	struct sem_undo *undo = NULL;
	bool with_undo = false;
	struct ipc_object *o;
	struct sem_set *s;
	int error;

	o = ipc_find(&sem_table, id, &error);
	if (!o)
		return error;
	s = sem_set_of(o);
	error = 0;
	for (unsigned i = 0; i < count; i++) {
		if (ops[i].sem_num >= s->count)
			error = -EFBIG;
		with_undo |= (ops[i].sem_flg & SEM_UNDO) != 0;
	}
	if (!error && with_undo) {
		undo = sem_undo_get(s);
		error = undo ? 0 : -ENOMEM;
	}
	if (!error)
		error = operate(s, ops, count, undo, deadline);
	ipc_put(&sem_table, o);
	return error;
}
