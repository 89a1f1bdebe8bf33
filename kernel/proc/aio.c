/* SPDX-License-Identifier: MIT */
/*
 * proc/aio.c: contexts of asynchronous input and output; see proc/aio.h. The number of
 * a context is the address of a page in the program, where Linux has a ring that the
 * C library may read; ours has no magic number, so that it asks us.
 */
#include "proc/aio.h"
#include "base/panic.h"
#include "fs/procfs.h"
#include "mem/slab.h"
#include "proc/internal.h"

#define EVENTS_MAX 65536 /* of all contexts: fs.aio-max-nr */

static uint32_t events_all; /* atomic */

static int show_count(struct text *t)
{
	text_printf(t, "%u\n", atomic_load(&events_all));
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, aio_nr) = { "sys/fs/aio-nr", 0444, show_count, NULL };
PROC_CONSTANT(aio_max, "sys/fs/aio-max-nr", "65536");

static int make(unsigned events, struct aio_context **out)
{
	struct space_map_request r = { .length = PAGE_SIZE, .flags = AREA_READ | AREA_MAY_READ };
	struct aio_context *c = kzalloc(sizeof(*c) + events * sizeof(c->ring[0]), ALLOC_KERNEL);
	int error;

	if (!c)
		return -ENOMEM;
	error = space_map(task_current()->space, &r, &c->id);
	if (error) {
		kfree(c);
		return error;
	}
	refcount_init(&c->refs, 2);
	c->most = events;
	spin_init(&c->lock, RANK_IPC);
	waitq_init(&c->wait);
	*out = c;
	return 0;
}

int aio_create(unsigned events, struct aio_context **out)
{
	struct process *p = process_current();
	int error;

	if (atomic_fetch_add(&events_all, events) + events > EVENTS_MAX) {
		atomic_sub(&events_all, events);
		return -EAGAIN;
	}
	error = make(events, out);
	if (error) {
		atomic_sub(&events_all, events);
		return error;
	}
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	list_add_tail(&(*out)->link, &p->aio);
	spin_unlock_irq(&p->signal_lock, irq);
	return 0;
}

struct aio_context *aio_find(uaddr_t id)
{
	struct process *p = process_current();
	struct aio_context *c, *found = NULL;
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	list_for_each_entry(c, &p->aio, link) {
		if (c->id == id) {
			refcount_get(&c->refs);
			found = c;
			break;
		}
	}
	spin_unlock_irq(&p->signal_lock, irq);
	return found;
}

void aio_put(struct aio_context *c)
{
	if (!refcount_put(&c->refs))
		return;
	atomic_sub(&events_all, c->most);
	kfree(c);
}

static bool unlink_context(struct process *p, struct aio_context *c)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	bool mine = !list_empty(&c->link);

	list_del_init(&c->link);
	spin_unlock_irq(&p->signal_lock, irq);
	if (mine) {
		waitq_wake_all(&c->wait);
		aio_put(c);
	}
	return mine;
}

bool aio_destroy(struct aio_context *c)
{
	if (!unlink_context(process_current(), c))
		return false;
	space_unmap(task_current()->space, c->id, PAGE_SIZE);
	return true;
}

void aio_exit(struct process *p)
{
	while (!list_empty(&p->aio))
		unlink_context(p, list_first_entry(&p->aio, struct aio_context, link));
}

bool aio_reserve(struct aio_context *c)
{
	SPIN_GUARD(&c->lock);
	if (c->taken == c->most)
		return false;
	c->taken++;
	return true;
}

void aio_unreserve(struct aio_context *c)
{
	SPIN_GUARD(&c->lock);
	c->taken--;
}

void aio_complete(struct aio_context *c, const struct io_event *e)
{
	spin_lock(&c->lock);
	c->ring[(c->first + c->count++) % c->most] = *e;
	spin_unlock(&c->lock);
	waitq_wake_all(&c->wait);
}

unsigned aio_take(struct aio_context *c, struct io_event *to, unsigned n)
{
	SPIN_GUARD(&c->lock);
	n = min(n, c->count);
	for (unsigned i = 0; i < n; i++)
		to[i] = c->ring[(c->first + i) % c->most];
	c->first = (c->first + n) % c->most;
	c->count -= n;
	c->taken -= n;
	return n;
}
