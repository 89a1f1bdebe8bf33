/* SPDX-License-Identifier: MIT */
/*
 * drivers/virtio_mmio.c: virtio devices that are registers in memory (virtio 1.1, 4.2). Which there are is told
 * by the command line, as Firecracker and QEMU's microvm without ACPI do it:
 *
 *   virtio_mmio.device=SIZE@ADDRESS:INTERRUPT[:ID]
 *
 * or by ACPI, as devices LNRO0005. One interrupt serves all queues of a device; its status register
 * says what for.
 */
#include "base/acpi.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "dev/driver.h"
#include "dev/virtio.h"
#include "hal/io.h"
#include "hal/mmu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/vmap.h"
#include <linux/virtio_mmio.h>

#define MAGIC          0x74726976u /* "virt" */
#define VERSION        2u          /* of the registers; 1 is from before virtio 1.0 */
#define LENGTH_LEAST   (VIRTIO_MMIO_CONFIG + 4u)

struct virtio_mmio {
	struct virtio_device virtio;      /* first */
	volatile uint8_t *registers;      /* immutable, as all */
	unsigned gsi;
	enum irq_trigger trigger;
	uint64_t length;
	struct irq_action action;
	struct virtio_queue *queues;
	unsigned queue_count;
};

static struct virtio_mmio *mmio_of(struct virtio_device *v) { return container_of(v, struct virtio_mmio, virtio); }

static uint32_t get(struct virtio_device *v, unsigned offset) { return mmio_read32(mmio_of(v)->registers + offset); }
static void set(struct virtio_device *v, unsigned offset, uint32_t value) { mmio_write32(mmio_of(v)->registers + offset, value); }

static uint64_t read_features(struct virtio_device *v)
{
	uint64_t low;

	set(v, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	low = get(v, VIRTIO_MMIO_DEVICE_FEATURES);
	set(v, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	return low | (uint64_t)get(v, VIRTIO_MMIO_DEVICE_FEATURES) << 32;
}

static void write_features(struct virtio_device *v, uint64_t features)
{
	set(v, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	set(v, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	set(v, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	set(v, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
}

static uint8_t read_status(struct virtio_device *v) { return (uint8_t)get(v, VIRTIO_MMIO_STATUS); }
static void write_status(struct virtio_device *v, uint8_t status) { set(v, VIRTIO_MMIO_STATUS, status); }

static uint32_t read_config(struct virtio_device *v, unsigned offset, unsigned width)
{
	volatile uint8_t *at = mmio_of(v)->registers + VIRTIO_MMIO_CONFIG + offset;

	if (VIRTIO_MMIO_CONFIG + offset + width > mmio_of(v)->length)
		return 0;
	return width == 1 ? mmio_read8(at) : width == 2 ? mmio_read16(at) : mmio_read32(at);
}

static uint32_t generation(struct virtio_device *v) { return get(v, VIRTIO_MMIO_CONFIG_GENERATION); }

static unsigned queue_size(struct virtio_device *v, unsigned index)
{
	set(v, VIRTIO_MMIO_QUEUE_SEL, index);
	return get(v, VIRTIO_MMIO_QUEUE_NUM_MAX);
}

static void interrupt(void *arg)
{
	struct virtio_mmio *m = arg;
	uint32_t why = get(&m->virtio, VIRTIO_MMIO_INTERRUPT_STATUS);

	set(&m->virtio, VIRTIO_MMIO_INTERRUPT_ACK, why);
	for (unsigned i = 0; why & VIRTIO_MMIO_INT_VRING && i < m->queue_count; i++)
		m->queues[i].done(&m->queues[i]);
}

static int start_interrupts(struct virtio_device *v, struct virtio_queue *queues, unsigned n)
{
	struct virtio_mmio *m = mmio_of(v);

	m->queues = queues;
	m->queue_count = n;
	m->action = (struct irq_action){ .handler = interrupt, .arg = m, .name = v->device.name };
	return irq_register(m->gsi, m->trigger, &m->action);
}

static void write_address(struct virtio_device *v, unsigned low, const void *p)
{
	set(v, low, (uint32_t)virt_to_phys(p));
	set(v, low + 4, (uint32_t)(virt_to_phys(p) >> 32));
}

static int start_queue(struct virtio_device *v, struct virtio_queue *q)
{
	set(v, VIRTIO_MMIO_QUEUE_SEL, q->index);
	if (get(v, VIRTIO_MMIO_QUEUE_READY))
		return -EBUSY;
	set(v, VIRTIO_MMIO_QUEUE_NUM, q->ring.size);
	write_address(v, VIRTIO_MMIO_QUEUE_DESC_LOW, q->ring.descriptors);
	write_address(v, VIRTIO_MMIO_QUEUE_AVAIL_LOW, q->ring.available);
	write_address(v, VIRTIO_MMIO_QUEUE_USED_LOW, q->ring.used);
	q->doorbell = mmio_of(v)->registers + VIRTIO_MMIO_QUEUE_NOTIFY;
	set(v, VIRTIO_MMIO_QUEUE_READY, 1);
	return 0;
}

static void notify(struct virtio_queue *q)
{
	mmio_write32(q->doorbell, q->index);
}

static const struct virtio_transport transport = {
	read_features, write_features, read_status, write_status, read_config, generation, queue_size,
	start_interrupts, start_queue, notify,
};

/* One place: empty, or a device, or something else. */
static void look_at(const struct acpi_simple_device *d)
{
	struct virtio_mmio *m = kzalloc(sizeof(*m), ALLOC_KERNEL);
	struct virtio_device *v;

	if (!m)
		return;
	v = &m->virtio;
	m->gsi = d->gsi;
	m->trigger = !d->level ? IRQ_EDGE : d->low ? IRQ_LEVEL_LOW : IRQ_LEVEL_HIGH;
	m->length = d->length;
	m->registers = vmap_physical(d->address, d->length, MMU_READ | MMU_WRITE | MMU_NOCACHE);
	if (!m->registers || get(v, VIRTIO_MMIO_MAGIC_VALUE) != MAGIC || !get(v, VIRTIO_MMIO_DEVICE_ID))
		goto none;
	if (get(v, VIRTIO_MMIO_VERSION) != VERSION) {
		log_warn("virtio-mmio: the device at %#lx has the registers of before virtio 1.0 (QEMU: -global "
			 "virtio-mmio.force-legacy=false)\n", d->address);
		goto none;
	}
	v->transport = &transport;
	v->id = get(v, VIRTIO_MMIO_DEVICE_ID);
	virtio_add(v, NULL);
	return;
none:
	vmap_free((void *)m->registers);
	kfree(m);
}

/* A number and what has to stand behind it. */
static bool parse_part(const char **at, char behind, uint64_t *value)
{
	if (parse_size(*at, at, value) || (behind && **at != behind))
		return false;
	*at += behind != 0;
	return true;
}

static void look_at_named(const char *text)
{
	const char *at = text;
	struct acpi_simple_device d = { .level = false };
	uint64_t gsi;

	if (!parse_part(&at, '@', &d.length) || !parse_part(&at, ':', &d.address) || !parse_part(&at, 0, &gsi) ||
	    d.length < LENGTH_LEAST || (*at && *at != ':')) {
		log_err("virtio_mmio.device=%s: not SIZE@ADDRESS:INTERRUPT\n", text);
		return;
	}
	d.gsi = (unsigned)gsi;
	look_at(&d);
}

static int virtio_mmio_init(void)
{
	struct acpi_simple_device d;
	unsigned state = 0;
	bool named = false;
	size_t from = 0;
	const char *text;

	for (; (text = cmdline_next("virtio_mmio.device", &state)) != NULL; named = true)
		look_at_named(text);
	while (!named && acpi_next_device("LNRO0005", &from, &d))
		look_at(&d);
	return 0;
}

TABLE_ENTRY(drivers, struct driver, virtio_mmio) = { "virtio-mmio", DRIVER_DEVICE, virtio_mmio_init };
