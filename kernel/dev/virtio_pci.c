/* SPDX-License-Identifier: MIT */
/*
 * dev/virtio_pci.c: virtio over PCI (virtio 1.1, 4.1). Vendor capabilities tell in which BARs the
 * common registers, the doorbells and the device's configuration lie. Each queue has a message
 * interrupt of its own; where a device or a processor has not so many, one serves all.
 */
#include "base/log.h"
#include "dev/pci.h"
#include "dev/virtio.h"
#include "hal/cpu.h"
#include "hal/io.h"
#include "hal/mmu.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "mem/vmap.h"
#include <linux/virtio_pci.h>

#define VENDOR          0x1af4
#define ID_FIRST        0x1000 /* transitional devices: the kind is told by the subsystem */
#define ID_MODERN       0x1040 /* and by the id itself of those from here on */
#define ID_LAST         0x107f

#define REGISTER(field) offsetof(struct virtio_pci_common_cfg, field)

struct virtio_pci {
	struct virtio_device virtio;     /* first */
	struct pci_device *pci;          /* immutable, as all */
	volatile uint8_t *common, *config, *doorbells;
	uint32_t config_length, doorbells_length;
	uint32_t doorbell_step;
	unsigned interrupt_count;
	struct pci_interrupt *interrupts; /* owned: one for each queue, or one for all */
	struct virtio_queue *queues;     /* for an interrupt that serves all */
	unsigned queue_count;
};

static struct virtio_pci *pci_of(struct virtio_device *v) { return container_of(v, struct virtio_pci, virtio); }

/* ---- registers ---------------------------------------------------------------- */

static uint64_t read_features(struct virtio_device *v)
{
	volatile uint8_t *common = pci_of(v)->common;
	uint64_t low;

	mmio_write32(common + REGISTER(device_feature_select), 0);
	low = mmio_read32(common + REGISTER(device_feature));
	mmio_write32(common + REGISTER(device_feature_select), 1);
	return low | (uint64_t)mmio_read32(common + REGISTER(device_feature)) << 32;
}

static void write_features(struct virtio_device *v, uint64_t features)
{
	volatile uint8_t *common = pci_of(v)->common;

	mmio_write32(common + REGISTER(guest_feature_select), 0);
	mmio_write32(common + REGISTER(guest_feature), (uint32_t)features);
	mmio_write32(common + REGISTER(guest_feature_select), 1);
	mmio_write32(common + REGISTER(guest_feature), (uint32_t)(features >> 32));
}

static uint8_t read_status(struct virtio_device *v)
{
	return mmio_read8(pci_of(v)->common + REGISTER(device_status));
}

/* A reset is over when the status reads as 0 (4.1.4.3.2). */
static void write_status(struct virtio_device *v, uint8_t status)
{
	mmio_write8(pci_of(v)->common + REGISTER(device_status), status);
	while (!status && read_status(v))
		cpu_relax();
}

static uint32_t read_config(struct virtio_device *v, unsigned offset, unsigned width)
{
	const struct virtio_pci *p = pci_of(v);

	if (offset + width > p->config_length)
		return 0;
	return width == 1 ? mmio_read8(p->config + offset) : width == 2 ? mmio_read16(p->config + offset) :
	       mmio_read32(p->config + offset);
}

static uint32_t generation(struct virtio_device *v)
{
	return mmio_read8(pci_of(v)->common + REGISTER(config_generation));
}

static unsigned queue_size(struct virtio_device *v, unsigned index)
{
	volatile uint8_t *common = pci_of(v)->common;

	if (index >= mmio_read16(common + REGISTER(num_queues)))
		return 0;
	mmio_write16(common + REGISTER(queue_select), (uint16_t)index);
	return mmio_read16(common + REGISTER(queue_size));
}

/* ---- interrupts and queues ------------------------------------------------------ */

static void one_done(void *arg)
{
	struct virtio_queue *q = arg;

	q->done(q);
}

static void all_done(void *arg)
{
	struct virtio_pci *p = arg;

	for (unsigned i = 0; i < p->queue_count; i++)
		one_done(&p->queues[i]);
}

static int try_interrupts(struct virtio_pci *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		p->interrupts[i].action.name = p->virtio.device.name;
		p->interrupts[i].action.handler = n == p->queue_count ? one_done : all_done;
		p->interrupts[i].action.arg = n == p->queue_count ? (void *)&p->queues[i] : p;
	}
	p->interrupt_count = n;
	return pci_interrupts_init(p->pci, p->interrupts, n);
}

static int start_interrupts(struct virtio_device *v, struct virtio_queue *queues, unsigned n)
{
	struct virtio_pci *p = pci_of(v);
	int error;

	p->interrupts = kcalloc(n, sizeof(*p->interrupts), ALLOC_KERNEL);
	if (!p->interrupts)
		return -ENOMEM;
	p->queues = queues;
	p->queue_count = n;
	error = try_interrupts(p, n);
	if (error == -ENOSPC && n > 1)
		error = try_interrupts(p, 1);
	return error;
}

static void write_address(volatile uint8_t *low, const void *p)
{
	paddr_t at = virt_to_phys(p);

	mmio_write32(low, (uint32_t)at);
	mmio_write32(low + 4, (uint32_t)(at >> 32));
}

static int start_queue(struct virtio_device *v, struct virtio_queue *q)
{
	struct virtio_pci *p = pci_of(v);
	uint16_t vector = p->interrupt_count == p->queue_count ? (uint16_t)q->index : 0;
	uint64_t offset;

	mmio_write16(p->common + REGISTER(queue_select), (uint16_t)q->index);
	mmio_write16(p->common + REGISTER(queue_size), (uint16_t)q->ring.size);
	write_address(p->common + REGISTER(queue_desc_lo), q->ring.descriptors);
	write_address(p->common + REGISTER(queue_avail_lo), q->ring.available);
	write_address(p->common + REGISTER(queue_used_lo), q->ring.used);
	mmio_write16(p->common + REGISTER(queue_msix_vector), vector);
	if (mmio_read16(p->common + REGISTER(queue_msix_vector)) != vector)
		return -EBUSY;
	offset = (uint64_t)mmio_read16(p->common + REGISTER(queue_notify_off)) * p->doorbell_step;
	if (offset + sizeof(uint16_t) > p->doorbells_length)
		return -EPROTO;
	q->doorbell = p->doorbells + offset;
	mmio_write16(p->common + REGISTER(queue_enable), 1);
	return 0;
}

static void notify(struct virtio_queue *q)
{
	mmio_write16(q->doorbell, (uint16_t)q->index);
}

static const struct virtio_transport transport = {
	read_features, write_features, read_status, write_status, read_config, generation, queue_size,
	start_interrupts, start_queue, notify,
};

/* ---- finding them ------------------------------------------------------------------ */

/* Maps the structure of that kind; the first that can be mapped is the preferred one (4.1.4). */
static volatile uint8_t *map_structure(struct pci_device *d, unsigned kind, unsigned *capability, uint32_t *length)
{
	volatile uint8_t *p = NULL;
	unsigned at = 0;

	while (!p && (at = pci_find_capability(d, PCI_CAP_ID_VNDR, at)) != 0) {
		if (pci_read8(d, at + VIRTIO_PCI_CAP_CFG_TYPE) != kind)
			continue;
		*length = pci_read32(d, at + VIRTIO_PCI_CAP_LENGTH);
		*capability = at;
		p = pci_map_bar(d, pci_read8(d, at + VIRTIO_PCI_CAP_BAR), pci_read32(d, at + VIRTIO_PCI_CAP_OFFSET), *length);
	}
	return p;
}

static void unmap(struct virtio_pci *p)
{
	vmap_free((void *)p->common);
	vmap_free((void *)p->config);
	vmap_free((void *)p->doorbells);
	kfree(p);
}

static int probe(struct pci_device *d)
{
	struct virtio_pci *p = kzalloc(sizeof(*p), ALLOC_KERNEL);
	uint32_t common_length = 0;
	unsigned at = 0;

	if (!p)
		return -ENOMEM;
	p->pci = d;
	p->virtio.transport = &transport;
	p->virtio.id = d->id >= ID_MODERN ? d->id - ID_MODERN : d->subsystem;
	p->common = map_structure(d, VIRTIO_PCI_CAP_COMMON_CFG, &at, &common_length);
	p->config = map_structure(d, VIRTIO_PCI_CAP_DEVICE_CFG, &at, &p->config_length);
	p->doorbells = map_structure(d, VIRTIO_PCI_CAP_NOTIFY_CFG, &at, &p->doorbells_length);
	if (!p->common || common_length < sizeof(struct virtio_pci_common_cfg) || !p->doorbells) {
		unmap(p);
		return -EPROTO;
	}
	p->doorbell_step = pci_read32(d, at + VIRTIO_PCI_NOTIFY_CAP_MULT);
	pci_enable(d);
	virtio_add(&p->virtio, &d->device);
	return 0;
}

static int probe_if_virtio(struct pci_device *d)
{
	if (d->id < ID_FIRST || d->id > ID_LAST)
		return -ENODEV;
	if (!pci_find_capability(d, PCI_CAP_ID_VNDR, 0)) {
		log_warn("%s: a virtio device of before version 1.0: not supported\n", d->device.name);
		return -ENODEV;
	}
	return probe(d);
}

static const struct pci_match matches[] = { { VENDOR, PCI_ANY, 0, 0 } };

TABLE_ENTRY(pci_drivers, struct pci_driver, virtio) = { "virtio-pci", matches, ARRAY_SIZE(matches), probe_if_virtio };
