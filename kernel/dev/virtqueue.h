/* SPDX-License-Identifier: MIT */
/*
 * dev/virtqueue.h: a queue of buffers between a virtio driver and its device: the split ring
 * (virtio 1.1, 2.6). The driver adds chains of segments and is given back, with each, the
 * token it added it by. How memory becomes a ring and who tells whom is the same for all transports.
 *
 * No locks of its own: adding, kicking and taking are the owner's to keep apart. Any context.
 */
#ifndef DEV_VIRTQUEUE_H
#define DEV_VIRTQUEUE_H

#include "lib/types.h"
#include <linux/virtio_ring.h>

struct virtqueue_segment {
	paddr_t address;
	uint32_t length;
};

struct virtqueue {
	unsigned size;                    /* immutable: entries, a power of two */
	bool event_index;                 /* immutable: VIRTIO_RING_F_EVENT_IDX was agreed on */
	struct vring_desc *descriptors;   /* the three parts, shared with the device */
	struct vring_avail *available;
	struct vring_used *used;
	void **tokens;                    /* owner: by the first descriptor of a chain */
	uint16_t free, free_count;        /* owner: first of a list through next; how many */
	uint16_t added;                   /* owner: chains ever added, modulo 2^16 */
	uint16_t kicked;                  /* owner: what it was when the device was last told */
	uint16_t taken;                   /* owner: chains ever taken back */
};

/* Bytes that the three parts of a ring of so many entries take, in one aligned to 16. */
size_t virtqueue_bytes(unsigned size);
/* memory: zeroed, of virtqueue_bytes(); tokens: as many as entries. */
void virtqueue_init(struct virtqueue *q, unsigned size, bool event_index, void *memory, void **tokens);

/*
 * Adds a chain: `out` segments for the device to read, then `in` for it to write; at least one.
 * -ENOSPC: there are not so many entries free. The device may not know before it is kicked.
 */
int virtqueue_add(struct virtqueue *q, const struct virtqueue_segment *s, unsigned out, unsigned in, void *token);
/*
 * The same by way of a table of out + in descriptors that the caller keeps until the chain is back, so
 * that it takes one entry: VIRTIO_RING_F_INDIRECT_DESC must have been agreed on.
 */
int virtqueue_add_indirect(struct virtqueue *q, struct vring_desc *table, const struct virtqueue_segment *s, unsigned out,
			   unsigned in, void *token);
/* Publishes what was added: true if the device has to be notified of it. */
bool virtqueue_kick(struct virtqueue *q);

/* The token of a chain that the device is done with, and the bytes it wrote; NULL: none now. */
void *virtqueue_take(struct virtqueue *q, uint32_t *written);
/* The device need not interrupt for a while: advice, it may yet. */
void virtqueue_quiet(struct virtqueue *q);
/* It shall interrupt for the next chain. False: there is one already, so look again. */
bool virtqueue_listen(struct virtqueue *q);

#endif
