/* SPDX-License-Identifier: MIT */
/*
 * dev/virtio.h: virtio devices (virtio 1.1) as their drivers see them, whichever transport (PCI,
 * memory) they come by.
 *
 * A driver is an entry of virtio_drivers. Its probe() finds the features agreed on in
 * v->features, starts its queues, calls virtio_ready(), and may use the device from then on:
 *
 *   TABLE_ENTRY(virtio_drivers, struct virtio_driver, rng) = { "virtio-rng", VIRTIO_ID_RNG, 0, rng_probe };
 */
#ifndef DEV_VIRTIO_H
#define DEV_VIRTIO_H

#include "base/table.h"
#include "dev/device.h"
#include "dev/virtqueue.h"
#include "hal/irq.h"
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

struct virtio_device;

struct virtio_queue {
	struct virtqueue ring;           /* the driver's, under a lock of its own */
	struct virtio_device *device;    /* immutable, as all below */
	unsigned index;
	/* Chains may have come back. From the interrupt of processor index modulo their number, or of any; must not sleep. */
	void (*done)(struct virtio_queue *q);
	void *data;                      /* the driver's */
	volatile void *doorbell;         /* the transport's */
	void *memory;                    /* owned: of the ring, as tokens */
	void **tokens;
};

struct virtio_transport {
	uint64_t (*read_features)(struct virtio_device *v);
	void (*write_features)(struct virtio_device *v, uint64_t features);
	uint8_t (*read_status)(struct virtio_device *v);
	void (*write_status)(struct virtio_device *v, uint8_t status);
	uint32_t (*read_config)(struct virtio_device *v, unsigned offset, unsigned width);
	uint32_t (*generation)(struct virtio_device *v);           /* changes with what read_config() would tell */
	unsigned (*queue_size)(struct virtio_device *v, unsigned index); /* entries it may have; 0: there is none */
	/* Interrupts for n queues. 0 or errno. May sleep. */
	int (*start_interrupts)(struct virtio_device *v, struct virtio_queue *queues, unsigned n);
	/* Tells the device where the ring is, and fills in the doorbell. 0 or errno. May sleep. */
	int (*start_queue)(struct virtio_device *v, struct virtio_queue *q);
	void (*notify)(struct virtio_queue *q);
};

struct virtio_device {
	struct device device;
	const struct virtio_transport *transport; /* immutable, as id */
	uint32_t id;                              /* VIRTIO_ID_* */
	uint64_t features;                        /* immutable once agreed on: bits VIRTIO_F_*, and the device's own */
};

struct virtio_driver {
	const char *name;
	uint32_t id;
	uint64_t features;    /* that it can make use of */
	int (*probe)(struct virtio_device *v); /* 0: it has the device now; errno: logged. May sleep. */
};

/* For transports: v, with id and transport filled in, is there. At boot only. May sleep. */
void virtio_add(struct virtio_device *v, struct device *parent);

static inline bool virtio_has(const struct virtio_device *v, unsigned feature) { return v->features >> feature & 1; }

/*
 * Makes the device's first n queues, of at most `most` entries (a power of two); done and data are filled in.
 * -ENODEV: it has fewer, -ENOMEM … May sleep.
 */
int virtio_start_queues(struct virtio_device *v, struct virtio_queue *queues, unsigned n, unsigned most);
/* From now on the device serves its queues. */
void virtio_ready(struct virtio_device *v);

/* Publishes what was added and notifies the device if it has to be. The queue's lock held. Any context. */
static inline void virtio_kick(struct virtio_queue *q)
{
	if (virtqueue_kick(&q->ring))
		q->device->transport->notify(q);
}

/* Fields of the device's configuration, by offset. */
uint8_t virtio_config8(struct virtio_device *v, unsigned offset);
uint16_t virtio_config16(struct virtio_device *v, unsigned offset);
uint32_t virtio_config32(struct virtio_device *v, unsigned offset);
uint64_t virtio_config64(struct virtio_device *v, unsigned offset);

#endif
