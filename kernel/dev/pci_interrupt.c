/* SPDX-License-Identifier: MIT */
/*
 * dev/pci_interrupt.c: message interrupts of a device: MSI-X (PCI 3.0, 6.8.2), a table of
 * messages in one of its BARs, or MSI (6.8.1), one message in its configuration.
 * Lines (INTx) are not used: which one a slot's pin leads to takes running the firmware's
 * code, and what can only use those is older than what this kernel runs on.
 */
#include "base/log.h"
#include "dev/pci.h"
#include "hal/cpu.h"
#include "hal/io.h"
#include "lib/errno.h"

static unsigned msix_size(const struct pci_device *d, unsigned at)
{
	return at ? (pci_read16(d, at + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1u : 0;
}

unsigned pci_interrupts_max(const struct pci_device *d)
{
	unsigned n = msix_size(d, pci_find_capability(d, PCI_CAP_ID_MSIX, 0));

	return n ? n : pci_find_capability(d, PCI_CAP_ID_MSI, 0) != 0;
}

static void free_messages(struct pci_interrupt *of, unsigned n)
{
	while (n--)
		irq_message_free(&of[n].message);
}

static int alloc_messages(struct pci_interrupt *of, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int error = irq_message_alloc(i % cpu_online_count, &of[i].action, &of[i].message);

		if (error) {
			free_messages(of, i);
			return error;
		}
	}
	return 0;
}

static int map_table(struct pci_device *d, unsigned at)
{
	uint32_t place = pci_read32(d, at + PCI_MSIX_TABLE);

	if (!d->vectors)
		d->vectors = pci_map_bar(d, place & PCI_MSIX_TABLE_BIR, place & PCI_MSIX_TABLE_OFFSET,
					 (uint64_t)msix_size(d, at) * PCI_MSIX_ENTRY_SIZE);
	return d->vectors ? 0 : -ENXIO;
}

static void write_entry(volatile uint32_t *entry, const struct irq_message *m)
{
	mmio_write32(entry + PCI_MSIX_ENTRY_LOWER_ADDR / 4, (uint32_t)m->address);
	mmio_write32(entry + PCI_MSIX_ENTRY_UPPER_ADDR / 4, (uint32_t)(m->address >> 32));
	mmio_write32(entry + PCI_MSIX_ENTRY_DATA / 4, m->data);
	mmio_write32(entry + PCI_MSIX_ENTRY_VECTOR_CTRL / 4, 0);
}

static void msix_enable(struct pci_device *d, unsigned at, const struct pci_interrupt *of, unsigned n)
{
	uint16_t flags = pci_read16(d, at + PCI_MSIX_FLAGS) & (uint16_t)~PCI_MSIX_FLAGS_MASKALL;

	pci_write16(d, at + PCI_MSIX_FLAGS, flags | PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	for (unsigned i = 0; i < n; i++)
		write_entry(d->vectors + i * PCI_MSIX_ENTRY_SIZE / 4, &of[i].message);
	pci_write16(d, at + PCI_MSIX_FLAGS, flags | PCI_MSIX_FLAGS_ENABLE);
}

static void msi_enable(struct pci_device *d, unsigned at, const struct irq_message *m)
{
	uint16_t flags = pci_read16(d, at + PCI_MSI_FLAGS) & (uint16_t)~PCI_MSI_FLAGS_QSIZE;
	bool wide = flags & PCI_MSI_FLAGS_64BIT;

	pci_write32(d, at + PCI_MSI_ADDRESS_LO, (uint32_t)m->address);
	if (wide)
		pci_write32(d, at + PCI_MSI_ADDRESS_HI, (uint32_t)(m->address >> 32));
	pci_write16(d, at + (wide ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32), (uint16_t)m->data);
	pci_write16(d, at + PCI_MSI_FLAGS, flags | PCI_MSI_FLAGS_ENABLE);
}

int pci_interrupts_init(struct pci_device *d, struct pci_interrupt *of, unsigned n)
{
	unsigned msix = pci_find_capability(d, PCI_CAP_ID_MSIX, 0), msi = pci_find_capability(d, PCI_CAP_ID_MSI, 0);
	int error = n && n <= pci_interrupts_max(d) ? 0 : -ENOSPC;

	if (!error && msix)
		error = map_table(d, msix);
	if (!error)
		error = alloc_messages(of, n);
	if (error)
		return error;
	pci_write16(d, PCI_COMMAND, pci_read16(d, PCI_COMMAND) | PCI_COMMAND_INTX_DISABLE);
	if (msix)
		msix_enable(d, msix, of, n);
	else
		msi_enable(d, msi, &of->message);
	return 0;
}
