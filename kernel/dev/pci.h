/* SPDX-License-Identifier: MIT */
/*
 * dev/pci.h: PCI and PCI Express: finding functions, their configuration and registers in memory,
 * message interrupts. Configuration is reached through memory (ECAM; PCI Firmware
 * specification 3.0, 4.1) where the MCFG says so, else through two ports (PCI 3.0, 3.2.2.3).
 *
 * A driver is an entry of pci_drivers; its probe() is called at boot, in thread context, once
 * for each function it names that no other has taken.
 */
#ifndef DEV_PCI_H
#define DEV_PCI_H

#include "base/table.h"
#include "dev/device.h"
#include "hal/irq.h"
#include <linux/pci_regs.h>

#define PCI_BARS 6

struct pci_bus {
	uint16_t segment;           /* immutable, as all */
	uint8_t number;
	volatile uint8_t *config;   /* 1 MiB: 4 KiB a function; NULL: through the ports */
};

struct pci_bar {
	uint64_t address, size;     /* immutable; size 0: there is none */
	bool memory;                /* else ports */
};

struct pci_device {
	struct device device;
	const struct pci_bus *bus;  /* immutable, as all but what the owner's calls change */
	uint8_t function;           /* slot << 3 | function */
	uint16_t vendor, id, subsystem_vendor, subsystem;
	uint32_t class;             /* base class, sub-class, interface */
	uint8_t revision;
	struct pci_bar bars[PCI_BARS];
	volatile uint32_t *vectors; /* owner: the table of MSI-X, once in use */
};

/* A vendor and an id, either may be PCI_ANY; or any with that class under the mask. */
#define PCI_ANY 0xffffu
struct pci_match {
	uint16_t vendor, id;
	uint32_t class, class_mask;
};

/* TABLE_ENTRY(pci_drivers, struct pci_driver, nvme) = { "nvme", matches, ARRAY_SIZE(matches), nvme_probe }; */
struct pci_driver {
	const char *name;
	const struct pci_match *matches;
	unsigned match_count;
	/* 0: it has the device now. -ENODEV: not this one; other errors are logged. May sleep. */
	int (*probe)(struct pci_device *d);
};

/* Configuration registers, at an offset that is a multiple of the width. Any context. */
uint8_t pci_read8(const struct pci_device *d, unsigned offset);
uint16_t pci_read16(const struct pci_device *d, unsigned offset);
uint32_t pci_read32(const struct pci_device *d, unsigned offset);
void pci_write16(const struct pci_device *d, unsigned offset, uint16_t value);
void pci_write32(const struct pci_device *d, unsigned offset, uint32_t value);

/* Offset of the first capability with that number behind `after` (0: of all), or 0 (PCI 3.0, 6.7). */
unsigned pci_find_capability(const struct pci_device *d, unsigned number, unsigned after);

/* Lets the device answer in memory and write to it. */
void pci_enable(struct pci_device *d);

/* n bytes of a BAR of memory from an offset, uncached; NULL: there are not so many, or no room. Undone by vmap_free(). May sleep. */
void *pci_map_bar(const struct pci_device *d, unsigned bar, uint64_t offset, uint64_t n);

/* An interrupt of a device: the caller fills in action.handler, arg and name. */
struct pci_interrupt {
	struct irq_action action;
	struct irq_message message;
};

/*
 * Turns n message interrupts on, the i-th served by processor i modulo their number. -ENOSPC: the device has
 * not so many (MSI, which is used where there is no MSI-X, has one here), or no vectors are left. May sleep.
 */
int pci_interrupts_init(struct pci_device *d, struct pci_interrupt *of, unsigned n);
/* How many it could have. */
unsigned pci_interrupts_max(const struct pci_device *d);

#endif
