/* SPDX-License-Identifier: MIT */
/*
 * dev/virtio.c: bringing a virtio device up (virtio 1.1, 3.1.1): what it and its driver can
 * agree on, its queues, and a driver for it. Devices of before 1.0 are for nobody.
 */
#include "dev/virtio.h"
#include "base/log.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mem/slab.h"

#define RING_FEATURES (BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_RING_F_EVENT_IDX))

static unsigned device_count;

static void add_status(struct virtio_device *v, uint8_t more)
{
	v->transport->write_status(v, v->transport->read_status(v) | more);
}

static int agree(struct virtio_device *v, const struct virtio_driver *driver)
{
	uint64_t offered = v->transport->read_features(v);

	if (!(offered & BIT(VIRTIO_F_VERSION_1)))
		return -EPROTONOSUPPORT;
	v->features = offered & (driver->features | RING_FEATURES | BIT(VIRTIO_F_VERSION_1));
	v->transport->write_features(v, v->features);
	add_status(v, VIRTIO_CONFIG_S_FEATURES_OK);
	return v->transport->read_status(v) & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -EPROTO;
}

static void bring_up(struct virtio_device *v, const struct virtio_driver *driver)
{
	int error;

	v->transport->write_status(v, 0);
	add_status(v, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	add_status(v, VIRTIO_CONFIG_S_DRIVER);
	error = agree(v, driver);
	if (!error)
		error = driver->probe(v);
	if (!error) {
		v->device.driver = driver->name;
		return;
	}
	log_err("%s: %s: error %d\n", v->device.name, driver->name, -error);
	add_status(v, VIRTIO_CONFIG_S_FAILED);
}

void virtio_add(struct virtio_device *v, struct device *parent)
{
	v->device.bus = "virtio";
	format(v->device.name, sizeof(v->device.name), "virtio%u", device_count++);
	device_add(&v->device, parent);
	TABLE_FOREACH(virtio_drivers, struct virtio_driver, driver) {
		if (driver->id == v->id) {
			bring_up(v, driver);
			return;
		}
	}
}

static void free_queue(struct virtio_queue *q)
{
	kfree(q->memory);
	kfree(q->tokens);
	q->memory = q->tokens = NULL;
}

static int start_queue(struct virtio_device *v, struct virtio_queue *q, unsigned most)
{
	unsigned size = min(v->transport->queue_size(v, q->index), most);

	if (!size)
		return -ENODEV;
	while (size & (size - 1))
		size &= size - 1; /* a power of two */
	q->memory = kzalloc(virtqueue_bytes(size), ALLOC_KERNEL); /* aligned to a page or its size */
	q->tokens = kcalloc(size, sizeof(*q->tokens), ALLOC_KERNEL);
	if (!q->memory || !q->tokens)
		return -ENOMEM;
	virtqueue_init(&q->ring, size, virtio_has(v, VIRTIO_RING_F_EVENT_IDX), q->memory, q->tokens);
	return v->transport->start_queue(v, q);
}

int virtio_start_queues(struct virtio_device *v, struct virtio_queue *queues, unsigned n, unsigned most)
{
	int error = 0;

	for (unsigned i = 0; i < n; i++) {
		queues[i].device = v;
		queues[i].index = i;
	}
	error = v->transport->start_interrupts(v, queues, n);
	for (unsigned i = 0; i < n && !error; i++)
		error = start_queue(v, &queues[i], most);
	if (error) {
		v->transport->write_status(v, 0); /* it may use no ring any more */
		for (unsigned i = 0; i < n; i++)
			free_queue(&queues[i]);
	}
	return error;
}

void virtio_ready(struct virtio_device *v)
{
	add_status(v, VIRTIO_CONFIG_S_DRIVER_OK);
}

uint8_t virtio_config8(struct virtio_device *v, unsigned offset)
{
	return (uint8_t)v->transport->read_config(v, offset, 1);
}

uint16_t virtio_config16(struct virtio_device *v, unsigned offset)
{
	return (uint16_t)v->transport->read_config(v, offset, 2);
}

uint32_t virtio_config32(struct virtio_device *v, unsigned offset)
{
	return v->transport->read_config(v, offset, 4);
}

uint64_t virtio_config64(struct virtio_device *v, unsigned offset)
{
	uint32_t before, low, high;

	do { /* 2.5.1: the halves may be of two states */
		before = v->transport->generation(v);
		low = v->transport->read_config(v, offset, 4);
		high = v->transport->read_config(v, offset + 4, 4);
	} while (v->transport->generation(v) != before);
	return (uint64_t)high << 32 | low;
}
