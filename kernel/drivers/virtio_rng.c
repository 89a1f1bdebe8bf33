/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng (virtio 1.1, 5.4): random bytes from the host. The first go into the kernel's own
 * generator; /dev/hwrng gives more of them, as they are, to whoever reads it.
 *
 * There is one buffer, which is the device's or ours; lock guards it and the queue. Only one device is used.
 */
#include "base/random.h"
#include "base/spinlock.h"
#include "dev/virtio.h"
#include "fs/device.h"
#include "fs/poll.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/stat.h>

#define MISC_MAJOR  10
#define HWRNG_MINOR 183
#define BYTES       64u

struct rng {
	struct virtio_queue queue;
	struct spinlock lock;    /* queue.ring, have, asked */
	uint32_t have;           /* bytes at the end of the used part that nobody has had */
	bool asked;              /* the buffer is the device's */
	struct waitq wait;
	uint8_t *buffer;         /* asked: the device's; else lock */
};

static struct rng *only; /* immutable after boot */

/* Locked. */
static void ask(struct rng *r)
{
	struct virtqueue_segment s = { virt_to_phys(r->buffer), BYTES };

	if (r->asked || r->have || virtqueue_add(&r->queue.ring, &s, 0, 1, r))
		return;
	r->asked = true;
	virtio_kick(&r->queue);
}

static void rng_done(struct virtio_queue *q)
{
	struct rng *r = q->data;
	uint64_t irq = spin_lock_irq(&r->lock);
	uint32_t n;

	do {
		if (virtqueue_take(&q->ring, &n)) {
			r->asked = false;
			r->have = min(n, BYTES);
			random_mix(r->buffer, r->have);
		}
	} while (!virtqueue_listen(&q->ring));
	spin_unlock_irq(&r->lock, irq);
	waitq_wake_key(&r->wait, EPOLLIN | EPOLLRDNORM);
}

/* Up to n bytes that nobody else gets. */
static uint32_t take(struct rng *r, uint8_t *to, uint32_t n)
{
	uint64_t irq = spin_lock_irq(&r->lock);

	n = min(n, r->have);
	if (n) {
		r->have -= n;
		memcpy(to, r->buffer + r->have, n);
		memset(r->buffer + r->have, 0, n);
	}
	ask(r);
	spin_unlock_irq(&r->lock, irq);
	return n;
}

static ssize_t rng_read(struct io *io, struct iter *to)
{
	uint8_t bytes[BYTES];
	size_t done = 0;

	while (to->count) {
		uint32_t n = min_t(size_t, to->count, BYTES), got = take(only, bytes, n);
		int error = 0;

		if (!got && io->flags & IO_NOWAIT)
			error = -EAGAIN;
		else if (!got)
			error = wait_event_interruptible(&only->wait, (got = take(only, bytes, n)) != 0);
		if (!error && iter_put(to, bytes, got) != got)
			error = -EFAULT;
		if (error)
			return done ? (ssize_t)done : error;
		done += got;
	}
	return (ssize_t)done;
}

static uint32_t rng_poll(struct file *f, struct poll_table *pt)
{
	poll_wait(pt, &only->wait);
	take(only, NULL, 0); /* has some fetched, if there are none */
	return READ_ONCE(only->have) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_ops rng_ops = { .read = rng_read, .rw = FILE_TAKES_NONE, .poll = rng_poll, .seek = file_seek_nothing };

static struct device_node node = {
	.name = "hwrng", .mode = S_IFCHR | 0600, .rdev = 0, .ops = &rng_ops,
};

static int rng_probe(struct virtio_device *v)
{
	struct rng *r = kzalloc(sizeof(*r), ALLOC_KERNEL);
	int error = r && !only ? 0 : only ? -EBUSY : -ENOMEM;
	uint64_t irq;

	if (!error && (r->buffer = kzalloc(BYTES, ALLOC_KERNEL)) == NULL)
		error = -ENOMEM;
	if (!error) {
		spin_init(&r->lock, RANK_DRIVER);
		waitq_init(&r->wait);
		r->queue.done = rng_done;
		r->queue.data = r;
		error = virtio_start_queues(v, &r->queue, 1, 4);
	}
	if (error) {
		kfree(r ? r->buffer : NULL);
		kfree(r);
		return error;
	}
	only = r;
	virtio_ready(v);
	irq = spin_lock_irq(&r->lock);
	virtqueue_listen(&r->queue.ring);
	ask(r);
	spin_unlock_irq(&r->lock, irq);
	node.rdev = device_number(MISC_MAJOR, HWRNG_MINOR);
	return device_register(&node);
}

TABLE_ENTRY(virtio_drivers, struct virtio_driver, rng) = { "virtio-rng", VIRTIO_ID_RNG, 0, rng_probe };
