/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/poll.c: poll(2) and, above it, select(2).
 *
 * The first round only asks every file: who calls often finds something, and to
 * queue costs ten times as much as to ask. If nothing is ready the second round asks
 * again and queues an entry on each of the files' wait queues; then the thread
 * sleeps, and each time it wakes only asks. A round is linear in the number of
 * files, as the call itself is, and nothing is queued twice. Entries come from the
 * stack for the first few, then from whole pages.
 *
 * The files are counted by the caller for the whole call, so their queues live.
 */
#include "fs/poll.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "mem/slab.h"

#define INLINE_ENTRIES 6
#define ALWAYS         (EPOLLERR | EPOLLHUP)

struct poll_entry {
	struct wait_entry wait;
	struct waitq *queue;
	struct poller *poller;
	uint32_t events;        /* that it is woken for */
};

struct poll_chunk {
	struct poll_chunk *next;
	struct poll_entry entry[];
};
#define CHUNK_ENTRIES ((PAGE_SIZE - sizeof(struct poll_chunk)) / sizeof(struct poll_entry))

struct poller {
	struct poll_table table;
	struct thread *thread;
	bool triggered;         /* atomic: something happened since the last round */
	bool failed;            /* no memory for an entry */
	uint32_t events;        /* of the file that is being asked */
	unsigned used;          /* entries, in all */
	struct poll_chunk *chunks; /* the newest first */
	struct poll_entry inline_entry[INLINE_ENTRIES];
};

static bool poll_entry_wake(struct wait_entry *w, uint64_t key)
{
	struct poll_entry *e = container_of(w, struct poll_entry, wait);

	if (key && !(key & e->events))
		return false;
	atomic_store(&e->poller->triggered, true);
	thread_wake(e->poller->thread);
	return true;
}

static struct poll_entry *poll_entry_get(struct poller *p)
{
	unsigned n = p->used;

	if (n < INLINE_ENTRIES) {
		p->used++;
		return &p->inline_entry[n];
	}
	n = (n - INLINE_ENTRIES) % CHUNK_ENTRIES;
	if (n == 0) {
		struct poll_chunk *c = kmalloc(PAGE_SIZE, ALLOC_KERNEL);

		if (!c)
			return NULL;
		c->next = p->chunks;
		p->chunks = c;
	}
	p->used++;
	return &p->chunks->entry[n];
}

static void poller_queue(struct poll_table *pt, struct waitq *q)
{
	struct poller *p = container_of(pt, struct poller, table);
	struct poll_entry *e = poll_entry_get(p);

	if (!e) {
		p->failed = true;
		return;
	}
	wait_entry_init(&e->wait);
	e->wait.wake = poll_entry_wake;
	e->queue = q;
	e->poller = p;
	e->events = p->events | ALWAYS;
	waitq_add(q, &e->wait);
}

static void remove_all(struct poll_entry *e, unsigned n)
{
	while (n--)
		waitq_remove(e[n].queue, &e[n].wait);
}

static void poller_end(struct poller *p)
{
	unsigned n = p->used;

	while (p->chunks) {
		struct poll_chunk *c = p->chunks;
		unsigned here = (n - INLINE_ENTRIES) % CHUNK_ENTRIES;

		here = here ? here : CHUNK_ENTRIES;
		if (n == INLINE_ENTRIES)
			here = 0;
		remove_all(c->entry, here);
		n -= here;
		p->chunks = c->next;
		kfree(c);
	}
	remove_all(p->inline_entry, n);
}

/* Asks every file; queues too as long as nothing was found ready. Number ready. */
static int poll_round(struct poller *p, struct poll_item *items, unsigned n, bool queue)
{
	int ready = 0;

	for (unsigned i = 0; i < n; i++) {
		struct poll_item *it = &items[i];

		if (likely(it->file)) {
			p->events = it->events;
			it->revents = file_poll(it->file, queue && !ready ? &p->table : NULL) & (it->events | ALWAYS);
		}
		ready += it->revents != 0;
	}
	return ready;
}

static int poll_wait_ready(struct poller *p, struct poll_item *items, unsigned n, nsec_t deadline, nsec_t slack)
{
	bool timeout = deadline <= 0;
	int ready = poll_round(p, items, n, false);

	if (!ready && !timeout)
		ready = poll_round(p, items, n, true);
	for (;;) {
		if (ready)
			return ready;
		if (p->failed)
			return -ENOMEM;
		if (timeout)
			return 0;
		thread_set_state(THREAD_SLEEPING);
		if (thread_interrupted()) {
			thread_set_state(THREAD_RUNNING);
			return -ERESTARTNOHAND;
		}
		if (!atomic_load(&p->triggered))
			timeout = sched_switch_until(deadline, slack);
		thread_set_state(THREAD_RUNNING);
		atomic_store(&p->triggered, false);
		atomic_fence();
		ready = poll_round(p, items, n, false);
	}
}

int poll_files(struct poll_item *items, unsigned n, nsec_t deadline, nsec_t slack)
{
	struct poller p; /* entries are filled in when they are used */
	int result;

	p.table = (struct poll_table){ .queue = poller_queue };
	p.thread = thread_current();
	p.triggered = p.failed = false;
	p.used = 0;
	p.chunks = NULL;
	might_sleep();
	if (deadline != INT64_MAX && deadline > 0 && deadline <= clock_now())
		deadline = 0;
	result = poll_wait_ready(&p, items, n, deadline, slack);
	poller_end(&p);
	return result;
}
