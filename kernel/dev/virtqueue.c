/* SPDX-License-Identifier: MIT */
/*
 * dev/virtqueue.c: the split ring (virtio 1.1, 2.6).
 *
 * Three parts in memory: descriptors, which name segments and link them to chains; the available ring,
 * in which the driver lists the heads of chains, and the used ring, in which the device lists those it
 * is done with. Each side writes an index of how far it has come, and where in the other's ring it wants to hear of
 * (event index; without it, a flag). Either publishes first and then looks what the other wants, with a
 * full fence between: else both could think that the other is awake.
 *
 * A device that gives back what it was not given, or an entry beyond the ring, is broken: that is
 * told by an assertion in debug builds and passed over in others.
 */
#include "dev/virtqueue.h"
#include "base/panic.h"
#include "hal/mmu.h"
#include "lib/atomic.h"
#include "lib/errno.h"

/* 2.6.6.1: behind the last entry of each ring. */
static uint16_t *used_event(struct virtqueue *q) { return &q->available->ring[q->size]; }
static uint16_t *available_event(struct virtqueue *q) { return (uint16_t *)&q->used->ring[q->size]; }

static size_t available_offset(unsigned size) { return size * sizeof(struct vring_desc); }

static size_t used_offset(unsigned size)
{
	return align_up(available_offset(size) + sizeof(struct vring_avail) + (size + 1) * sizeof(uint16_t),
			(size_t)VRING_USED_ALIGN_SIZE);
}

size_t virtqueue_bytes(unsigned size)
{
	return used_offset(size) + sizeof(struct vring_used) + size * sizeof(struct vring_used_elem) + sizeof(uint16_t);
}

void virtqueue_init(struct virtqueue *q, unsigned size, bool event_index, void *memory, void **tokens)
{
	*q = (struct virtqueue){
		.size = size, .event_index = event_index, .tokens = tokens, .free_count = (uint16_t)size,
		.descriptors = memory,
		.available = (void *)((char *)memory + available_offset(size)),
		.used = (void *)((char *)memory + used_offset(size)),
	};
	for (unsigned i = 0; i < size; i++) {
		q->descriptors[i].next = (uint16_t)(i + 1);
		tokens[i] = NULL;
	}
}

/* Fills in a chain of descriptors that are linked already. */
static void fill(struct vring_desc *all, uint16_t at, const struct virtqueue_segment *s, unsigned out, unsigned in)
{
	for (unsigned i = 0; i < out + in; i++) {
		struct vring_desc *d = &all[at];

		d->addr = s[i].address;
		d->len = s[i].length;
		d->flags = (uint16_t)((i < out ? 0 : VRING_DESC_F_WRITE) | (i + 1 < out + in ? VRING_DESC_F_NEXT : 0));
		at = d->next;
	}
}

/* The first n of the free ones; gives the head. */
static uint16_t take_free(struct virtqueue *q, unsigned n)
{
	uint16_t head = q->free;

	for (unsigned i = 0; i < n; i++)
		q->free = q->descriptors[q->free].next;
	q->free_count -= (uint16_t)n;
	return head;
}

static void make_available(struct virtqueue *q, uint16_t head, void *token)
{
	q->tokens[head] = token;
	q->available->ring[q->added & (q->size - 1)] = head;
	q->added++;
}

int virtqueue_add(struct virtqueue *q, const struct virtqueue_segment *s, unsigned out, unsigned in, void *token)
{
	uint16_t head;

	assert(out + in && token);
	if (out + in > q->free_count)
		return -ENOSPC;
	head = take_free(q, out + in);
	fill(q->descriptors, head, s, out, in);
	make_available(q, head, token);
	return 0;
}

int virtqueue_add_indirect(struct virtqueue *q, struct vring_desc *table, const struct virtqueue_segment *s, unsigned out,
			   unsigned in, void *token)
{
	struct vring_desc *d;
	uint16_t head;

	assert(out + in && token);
	if (!q->free_count)
		return -ENOSPC;
	for (unsigned i = 0; i < out + in; i++)
		table[i].next = (uint16_t)(i + 1);
	fill(table, 0, s, out, in);
	head = take_free(q, 1);
	d = &q->descriptors[head];
	d->addr = virt_to_phys(table);
	d->len = (uint32_t)((out + in) * sizeof(*table));
	d->flags = VRING_DESC_F_INDIRECT;
	make_available(q, head, token);
	return 0;
}

bool virtqueue_kick(struct virtqueue *q)
{
	uint16_t before = q->kicked;

	if (before == q->added)
		return false;
	atomic_store_release(&q->available->idx, q->added);
	q->kicked = q->added;
	atomic_fence();
	if (q->event_index)
		return vring_need_event(READ_ONCE(*available_event(q)), q->added, before);
	return !(READ_ONCE(q->used->flags) & VRING_USED_F_NO_NOTIFY);
}

/* A chain's descriptors are free again. */
static void give_back(struct virtqueue *q, uint16_t head)
{
	struct vring_desc *d = &q->descriptors[head];
	uint16_t n = 1;

	while (d->flags & VRING_DESC_F_NEXT) {
		d = &q->descriptors[d->next];
		n++;
	}
	d->next = q->free;
	q->free = head;
	q->free_count += n;
}

void *virtqueue_take(struct virtqueue *q, uint32_t *written)
{
	while (q->taken != atomic_load_acquire(&q->used->idx)) {
		struct vring_used_elem e = q->used->ring[q->taken & (q->size - 1)];
		void *token = e.id < q->size ? q->tokens[e.id] : NULL;

		q->taken++;
		assert(token);
		if (!token)
			continue;
		q->tokens[e.id] = NULL;
		give_back(q, (uint16_t)e.id);
		*written = e.len;
		return token;
	}
	return NULL;
}

void virtqueue_quiet(struct virtqueue *q)
{
	/* With the event index, one that lies behind is one that does not come up for long. */
	if (!q->event_index)
		WRITE_ONCE(q->available->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

bool virtqueue_listen(struct virtqueue *q)
{
	if (q->event_index)
		WRITE_ONCE(*used_event(q), q->taken);
	else
		WRITE_ONCE(q->available->flags, 0);
	atomic_fence();
	return q->taken == atomic_load_acquire(&q->used->idx);
}
