/* SPDX-License-Identifier: MIT */
/*
 * A processor's freed objects wait in a ring, in the order in which they came,
 * until newer ones push them out: by number, or because they are large. Guarded
 * by interrupts off. Which cache an object belongs to, its slab tells.
 */
#include "mem/quarantine.h"
#include "lib/atomic.h"

#if CONFIG_KASAN

#define RING_MAX  1024
#define BYTES_MAX KiB(512)

static struct {
	void *object[RING_MAX];      /* owner: its processor, interrupts off; as the next */
	unsigned first, count;
	size_t bytes;
} ring[CPU_MAX];

static void *take_oldest(void)
{
	void *p = ring[cpu_id()].object[ring[cpu_id()].first];
	struct kcache *c = slab_cache_of(p);

	ring[cpu_id()].first = (ring[cpu_id()].first + 1) % RING_MAX;
	ring[cpu_id()].count--;
	ring[cpu_id()].bytes -= c->stride;
	atomic_dec(&c->quarantined);
	return p;
}

void *quarantine_put(struct kcache *c, void *p)
{
	uint64_t irq = irq_save();
	unsigned cpu = cpu_id();
	void *out = NULL;

	if (ring[cpu].count == RING_MAX || (ring[cpu].count && ring[cpu].bytes + c->stride > BYTES_MAX))
		out = take_oldest();
	ring[cpu].object[(ring[cpu].first + ring[cpu].count++) % RING_MAX] = p;
	ring[cpu].bytes += c->stride;
	atomic_inc(&c->quarantined);
	irq_restore(irq);
	return out;
}

void *quarantine_take(void)
{
	uint64_t irq = irq_save();
	void *p = ring[cpu_id()].count ? take_oldest() : NULL;

	irq_restore(irq);
	return p;
}

#endif
