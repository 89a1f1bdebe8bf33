/* SPDX-License-Identifier: MIT */
/*
 * dev/pci_config.c: configuration registers, and what is found by them: capabilities and
 * the sizes of BARs. The ports are a pair, selecting and data, which pci_ports guards;
 * in memory every access is one of its own.
 */
#include "base/spinlock.h"
#include "dev/pci_internal.h"
#include "hal/io.h"
#include "mem/vmap.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define PORT_ENABLE  BIT(31)

static struct spinlock pci_ports = SPINLOCK_INIT(RANK_PCI);

static volatile uint8_t *in_memory(const struct pci_device *d, unsigned offset)
{
	return d->bus->config + ((unsigned)d->function << 12) + offset;
}

/* Every access through the ports is of 32 bits. */
static uint32_t select(const struct pci_device *d, unsigned offset)
{
	return (uint32_t)PORT_ENABLE | (uint32_t)d->bus->number << 16 | (uint32_t)d->function << 8 | (offset & 0xfcu);
}

static uint32_t port_config_read(const struct pci_device *d, unsigned offset)
{
	uint64_t irq = spin_lock_irq(&pci_ports);
	uint32_t value;

	port_write32(PORT_ADDRESS, select(d, offset));
	value = port_read32(PORT_DATA);
	spin_unlock_irq(&pci_ports, irq);
	return value;
}

uint32_t pci_read32(const struct pci_device *d, unsigned offset)
{
	return d->bus->config ? mmio_read32(in_memory(d, offset)) : port_config_read(d, offset);
}

uint16_t pci_read16(const struct pci_device *d, unsigned offset)
{
	if (d->bus->config)
		return mmio_read16(in_memory(d, offset));
	return (uint16_t)(port_config_read(d, offset) >> offset % 4 * 8);
}

uint8_t pci_read8(const struct pci_device *d, unsigned offset)
{
	if (d->bus->config)
		return mmio_read8(in_memory(d, offset));
	return (uint8_t)(port_config_read(d, offset) >> offset % 4 * 8);
}

void pci_write32(const struct pci_device *d, unsigned offset, uint32_t value)
{
	uint64_t irq;

	if (d->bus->config) {
		mmio_write32(in_memory(d, offset), value);
		return;
	}
	irq = spin_lock_irq(&pci_ports);
	port_write32(PORT_ADDRESS, select(d, offset));
	port_write32(PORT_DATA, value);
	spin_unlock_irq(&pci_ports, irq);
}

void pci_write16(const struct pci_device *d, unsigned offset, uint16_t value)
{
	uint64_t irq;

	if (d->bus->config) {
		mmio_write16(in_memory(d, offset), value);
		return;
	}
	irq = spin_lock_irq(&pci_ports);
	port_write32(PORT_ADDRESS, select(d, offset));
	port_write16((uint16_t)(PORT_DATA + offset % 4), value);
	spin_unlock_irq(&pci_ports, irq);
}

#define CAPABILITIES_MAX 48 /* so many fit: a list that has more goes in a circle */

unsigned pci_find_capability(const struct pci_device *d, unsigned number, unsigned after)
{
	unsigned at = after ? after + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST;

	if (!(pci_read16(d, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	for (int i = 0; i < CAPABILITIES_MAX; i++) {
		at = pci_read8(d, at) & ~3u;
		if (at < PCI_STD_HEADER_SIZEOF)
			return 0;
		if (pci_read8(d, at + PCI_CAP_LIST_ID) == number)
			return at;
		at += PCI_CAP_LIST_NEXT;
	}
	return 0;
}

/* The bits of an address register that can be written are those above its size (PCI 3.0, 6.2.5.1). */
static uint32_t writable_bits(const struct pci_device *d, unsigned offset)
{
	uint32_t value = pci_read32(d, offset), bits;

	pci_write32(d, offset, ~0u);
	bits = pci_read32(d, offset);
	pci_write32(d, offset, value);
	return bits;
}

/* Reads one BAR; gives how many registers it took. */
static unsigned read_bar(struct pci_device *d, struct pci_bar *bar, unsigned offset)
{
	uint32_t low = pci_read32(d, offset);
	uint64_t bits = writable_bits(d, offset);
	bool wide = (low & (PCI_BASE_ADDRESS_SPACE | PCI_BASE_ADDRESS_MEM_TYPE_MASK)) == PCI_BASE_ADDRESS_MEM_TYPE_64;
	uint64_t flags = low & PCI_BASE_ADDRESS_SPACE_IO ? 3 : 15;

	bar->memory = !(low & PCI_BASE_ADDRESS_SPACE_IO);
	bar->address = low & ~flags;
	if (!bar->memory)
		bits |= 0xffff0000u;
	if (wide) {
		bar->address |= (uint64_t)pci_read32(d, offset + 4) << 32;
		bits |= (uint64_t)writable_bits(d, offset + 4) << 32;
	} else {
		bits |= ~0ul << 32;
	}
	bits &= ~flags;
	bar->size = (uint32_t)bits ? bits & -bits : wide && bits ? bits & -bits : 0;
	return wide ? 2 : 1;
}

/* The device must not answer at an address that is only a question. */
void pci_read_bars(struct pci_device *d)
{
	uint16_t command = pci_read16(d, PCI_COMMAND);
	unsigned i = 0;

	pci_write16(d, PCI_COMMAND, command & (uint16_t)~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	while (i < PCI_BARS)
		i += read_bar(d, &d->bars[i], PCI_BASE_ADDRESS_0 + 4 * i);
	pci_write16(d, PCI_COMMAND, command);
}

void pci_enable(struct pci_device *d)
{
	pci_write16(d, PCI_COMMAND, pci_read16(d, PCI_COMMAND) | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void *pci_map_bar(const struct pci_device *d, unsigned bar, uint64_t offset, uint64_t n)
{
	const struct pci_bar *b = &d->bars[bar];

	if (bar >= PCI_BARS || !b->memory || !b->address || offset > b->size || n > b->size - offset)
		return NULL;
	return vmap_physical(b->address + offset, n, MMU_READ | MMU_WRITE | MMU_NOCACHE);
}
