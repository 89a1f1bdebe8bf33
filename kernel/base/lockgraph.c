/* SPDX-License-Identifier: MIT */
/*
 * base/lockgraph.c: the lock-order graph of debug builds.
 *
 * Idea. Ranks (base/lockrank.h) forbid orders by decree; the graph finds them
 * out by watching. Its nodes are classes of locks: all locks initialised at one
 * place in the source. When a lock is waited for with another one held, an edge
 * leads from the held one's class to the other's, and the edge keeps the call
 * chain. An edge that would close a circle is a deadlock that some interleaving
 * can reach, on however many processors it was seen; the report shows the chain
 * of every edge of the circle. So two orders that ranks allow (two classes of one
 * rank, nested) cannot stand side by side, and an order that ranks forbid is
 * reported with the place where the right one was seen.
 *
 * Only the latest held lock that was waited for gets an edge, and those above it
 * that were only tried: the earlier ones reach further through edges of their own.
 *
 * Speed. `edge_known` has a bit for every pair of classes, written once and then
 * only read, so a known edge costs one load and no shared line ever moves. The
 * class's number is kept in the lock.
 *
 * Locking. graph_lock is a word that is spun on with interrupts off, since a
 * spinlock would come here itself. It guards everything but the bits and the
 * numbers, which are also read without it. Reports are made after releasing it.
 *
 * Not done: pairs of locks of the same class have no edge. Where their order is
 * by address it is checked (LOCK_ORDERED); parent and child may change places.
 */
#include "base/lockgraph.h"

#if CONFIG_DEBUG
#include "base/backtrace.h"
#include "base/panic.h"
#include "hal/context.h"
#include "hal/irq.h"
#include "lib/atomic.h"
#include "lib/format.h"
#include "lib/hash.h"

#define CLASSES    512
#define EDGES      4096
#define EDGE_TRACE 12

enum { USE_IN_IRQ = 1, USE_IRQS_ON = 2, USE_BOTH = 3 };

/* Addresses of kernel text by their low halves. */
struct short_trace {
	uint32_t at[EDGE_TRACE];
};

struct lock_class {
	const char *site;            /* immutable, as is */
	uint16_t rank;
	uint8_t use;                 /* atomic: USE_ bits */
	struct short_trace used[2];  /* graph_lock: where first, by bit */
};

struct lock_edge {
	uint16_t from, to;           /* immutable, as are */
	uint32_t held_at[LOCK_TRACE]; /* where from had been taken */
	struct short_trace trace;    /* where to was */
};

bool lockgraph_off;

static uint32_t graph_lock;                          /* atomic */
static struct lock_class class_of[CLASSES];          /* [0] is not used */
static struct lock_edge edges[EDGES];                /* graph_lock */
static uint64_t edge_known[CLASSES][CLASSES / 64];   /* atomic; written under graph_lock */
static uint16_t class_hash[2 * CLASSES];             /* graph_lock: numbers of classes, by site */
static unsigned class_count = 1, edge_count;         /* graph_lock */
static bool reporting;                               /* graph_lock: a circle was found; came_from tells it */
static uint16_t came_from[CLASSES], queue[CLASSES];  /* graph_lock: a search */

static uint64_t graph_begin(void)
{
	uint64_t irq = irq_save();

	while (atomic_exchange(&graph_lock, 1) && !panic_active())
		cpu_relax();
	return irq;
}

static void graph_end(uint64_t irq)
{
	atomic_store_release(&graph_lock, 0);
	irq_restore(irq);
}

static void trace_take(struct short_trace *t)
{
	vaddr_t chain[EDGE_TRACE];
	unsigned n = context_backtrace(cpu_frame_pointer(), chain, EDGE_TRACE);

	for (unsigned i = 0; i < EDGE_TRACE; i++)
		t->at[i] = i < n ? (uint32_t)chain[i] : 0;
}

static void trace_print(const uint32_t *at, unsigned max)
{
	vaddr_t chain[EDGE_TRACE];
	unsigned n = 0;

	while (n < max && at[n]) {
		chain[n] = 0xffffffff00000000UL | at[n];
		n++;
	}
	backtrace_print(LOG_ERR, chain, n);
}

/* Number of a site's class, new if need be; 0 when there are too many. */
static uint16_t class_find(const struct lock_label *l)
{
	unsigned slot = (unsigned)(hash_u64((uint64_t)l->site) % ARRAY_SIZE(class_hash));

	for (; class_hash[slot]; slot = (slot + 1) % ARRAY_SIZE(class_hash))
		if (class_of[class_hash[slot]].site == l->site)
			return class_hash[slot];
	if (class_count == CLASSES)
		return 0;
	class_of[class_count] = (struct lock_class){ .site = l->site, .rank = l->rank };
	class_hash[slot] = (uint16_t)class_count;
	return (uint16_t)class_count++;
}

static inline uint16_t class_number(struct lock_label *l)
{
	uint16_t number = atomic_load(&l->class);
	uint64_t irq;

	if (likely(number))
		return number;
	irq = graph_begin();
	number = class_find(l);
	graph_end(irq);
	atomic_store(&l->class, number);
	return number;
}

static inline bool edge_is_known(unsigned from, unsigned to)
{
	return atomic_load(&edge_known[from][to / 64]) & BIT(to % 64);
}

/* Is there a way along the edges? came_from then tells it, backwards. graph_lock held. */
static bool path_find(unsigned from, unsigned to)
{
	unsigned head = 0, tail = 0;

	for (unsigned i = 0; i < class_count; i++)
		came_from[i] = 0;
	queue[tail++] = (uint16_t)from;
	came_from[from] = (uint16_t)from;
	while (head < tail && !came_from[to]) {
		unsigned at = queue[head++];

		for (unsigned next = 1; next < class_count; next++) {
			if (came_from[next] || !edge_is_known(at, next))
				continue;
			came_from[next] = (uint16_t)at;
			queue[tail++] = (uint16_t)next;
		}
	}
	return came_from[to];
}

/* graph_lock held. Without room the edge is not noted, and asked about again. */
static void edge_add(const struct lock_hold *h, unsigned from, unsigned to)
{
	struct lock_edge *e = &edges[edge_count];

	if (edge_count == EDGES)
		return;
	edge_count++;
	e->from = (uint16_t)from;
	e->to = (uint16_t)to;
	for (unsigned i = 0; i < LOCK_TRACE; i++)
		e->held_at[i] = (uint32_t)h->trace[i];
	trace_take(&e->trace);
	atomic_or(&edge_known[from][to / 64], BIT(to % 64));
}

static void edge_print(unsigned from, unsigned to)
{
	const struct lock_edge *e = edges;

	while (e < edges + edge_count && (e->from != from || e->to != to))
		e++;
	if (e == edges + edge_count)
		return;
	log_err("seen before: lock %s (rank %u) was held, taken at", class_of[from].site, class_of[from].rank);
	trace_print(e->held_at, LOCK_TRACE);
	log_err("when lock %s (rank %u) was taken at", class_of[to].site, class_of[to].rank);
	trace_print(e->trace.at, EDGE_TRACE);
}

const char *lock_label_name(const struct lock_label *l, char *buf, size_t size)
{
	format(buf, size, "%s (rank %u)", l->site ? l->site : "never initialised", l->rank);
	return buf;
}

void lockgraph_print_hold(int level, const char *prefix, const struct lock_hold *h)
{
	char name[80];
	unsigned n = 0;

	while (n < LOCK_TRACE && h->trace[n])
		n++;
	log_printf((enum log_level)level, "%slock %s at %p, taken at", prefix,
		   lock_label_name(h->label, name, sizeof(name)), h->lock);
	backtrace_print((enum log_level)level, h->trace, n);
}

/* The new order, then each step of the old one that contradicts it, from the new lock back to the held one. */
static __noreturn __cold void panic_circle(const struct lock_hold *h, unsigned from, unsigned to)
{
	const char *site = class_of[to].site;

	log_err("lock order: lock %s (rank %u) is to be taken at", site, class_of[to].rank);
	backtrace_log(LOG_ERR);
	lockgraph_print_hold(LOG_ERR, "while this one is held: ", h);
	for (unsigned at = from; at != to; at = came_from[at])
		edge_print(came_from[at], at);
	panic("lock order: %s inside of %s closes a circle; both orders are shown above", site, class_of[from].site);
}

static void edge_new(const struct lock_hold *h, unsigned from, unsigned to)
{
	uint64_t irq = graph_begin();
	bool circle = !reporting && path_find(to, from);

	if (!circle && !reporting && !edge_is_known(from, to))
		edge_add(h, from, to);
	reporting |= circle;
	graph_end(irq);
	if (circle)
		panic_circle(h, from, to);
}

static __noreturn __cold void panic_rank(const void *lock, const struct lock_label *l, const struct lock_hold *h)
{
	char name[80], other[80];

	lockgraph_print_hold(LOG_ERR, "held: ", h);
	lock_label_name(l, name, sizeof(name));
	if (h->lock == lock)
		panic("lock %s taken twice", name);
	panic("lock order: %s inside of %s", name, lock_label_name(h->label, other, sizeof(other)));
}

static inline bool rank_allows(const void *lock, const struct lock_label *l, unsigned flags, const struct lock_hold *h)
{
	if (likely(h->label->rank < l->rank))
		return true;
	if (h->label->rank > l->rank || h->lock == lock || !(flags & (LOCK_NESTED | LOCK_ORDERED)))
		return false;
	return !(flags & LOCK_ORDERED) || h->lock < lock;
}

void lockgraph_before(const void *lock, struct lock_label *l, unsigned flags, const struct lock_hold *held, unsigned n)
{
	unsigned to = class_number(l), from;

	if (unlikely(lockgraph_off))
		return;
	for (unsigned i = n; i-- > 0 && to;) {
		from = class_number(held[i].label);
		if (from != to && unlikely(!edge_is_known(from, to)) && from)
			edge_new(&held[i], from, to);
		if (!held[i].tried)
			break;
	}
	for (unsigned i = 0; i < n; i++)
		if (unlikely(!rank_allows(lock, l, flags, &held[i])))
			panic_rank(lock, l, &held[i]);
}

static __noreturn __cold void panic_irq_use(const struct lock_class *c)
{
	log_err("lock %s (rank %u): taken in an interrupt at", c->site, c->rank);
	trace_print(c->used[0].at, EDGE_TRACE);
	log_err("and with interrupts on at");
	trace_print(c->used[1].at, EDGE_TRACE);
	panic("lock %s is taken in interrupts and with interrupts on", c->site);
}

static __cold void irq_use_new(struct lock_class *c, uint8_t use)
{
	uint64_t irq = graph_begin();
	bool both;

	if (!(c->use & use)) {
		trace_take(&c->used[use - 1]);
		atomic_or(&c->use, use);
	}
	both = c->use == USE_BOTH;
	graph_end(irq);
	if (both)
		panic_irq_use(c);
}

void lockgraph_irq_use(struct lock_label *l)
{
	uint8_t use = irq_in_progress() ? USE_IN_IRQ : irq_enabled() ? USE_IRQS_ON : 0;
	struct lock_class *c = &class_of[class_number(l)];

	if (use && unlikely(!(atomic_load(&c->use) & use)) && c->site)
		irq_use_new(c, use);
}

void lockgraph_hold(struct lock_hold *h, void *lock, struct lock_label *l, bool tried, uint64_t frame_pointer)
{
	unsigned n;

	h->lock = lock;
	h->label = l;
	h->tried = tried;
	h->since = cpu_cycles();
	for (n = context_backtrace(frame_pointer, h->trace, LOCK_TRACE); n < LOCK_TRACE; n++)
		h->trace[n] = 0;
}

void lockgraph_size(unsigned *classes, unsigned *edge_total)
{
	uint64_t irq = graph_begin();

	*classes = class_count - 1;
	*edge_total = edge_count;
	graph_end(irq);
}

unsigned lockgraph_edges_between(const struct lock_label *from, const struct lock_label *to)
{
	uint64_t irq = graph_begin();
	unsigned n = 0;

	for (unsigned i = 0; i < edge_count; i++)
		n += class_of[edges[i].from].site == from->site && class_of[edges[i].to].site == to->site;
	graph_end(irq);
	return n;
}
#endif
