/* SPDX-License-Identifier: MIT */
/*
 * dev/pci.c: finding what is on the PCI buses, and a driver for each function. Firmware has numbered the
 * buses behind bridges and given out addresses; what it left without is named in the log and left alone.
 */
#include "dev/pci.h"
#include "base/acpi.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "dev/driver.h"
#include "dev/pci_internal.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/vmap.h"

#define SLOTS      32u
#define FUNCTIONS  8u
#define NOBODY     0xffffu
#define BUS_CONFIG MiB(1)
#define BUSES      256u

/* The MCFG's entries (PCI Firmware specification 3.0, 4.1.2). */
struct mcfg_entry {
	uint64_t address;
	uint16_t segment;
	uint8_t first_bus, last_bus;
	uint32_t reserved;
} __packed;

struct mcfg {
	struct acpi_header header;
	uint64_t reserved;
	struct mcfg_entry entries[];
} __packed;

static void scan_bus(uint16_t segment, unsigned number, struct device *parent);

static const struct mcfg_entry *find_config(uint16_t segment, unsigned number)
{
	const struct mcfg *m = (const void *)acpi_table("MCFG", 0);
	size_t n = m ? (m->header.length - sizeof(*m)) / sizeof(m->entries[0]) : 0;

	for (size_t i = 0; i < n; i++)
		if (m->entries[i].segment == segment && number >= m->entries[i].first_bus && number <= m->entries[i].last_bus)
			return &m->entries[i];
	return NULL;
}

/* NULL: it cannot be reached, or no memory. */
static struct pci_bus *make_bus(uint16_t segment, unsigned number)
{
	const struct mcfg_entry *e = find_config(segment, number);
	struct pci_bus *bus = !e && segment ? NULL : kzalloc(sizeof(*bus), ALLOC_KERNEL);

	if (!bus)
		return NULL;
	bus->segment = segment;
	bus->number = (uint8_t)number;
	if (e)
		bus->config = vmap_physical(e->address + number * BUS_CONFIG, BUS_CONFIG, MMU_READ | MMU_WRITE | MMU_NOCACHE);
	if (e && !bus->config) {
		kfree(bus);
		return NULL;
	}
	return bus;
}

static bool matches(const struct pci_device *d, const struct pci_match *m)
{
	return (m->vendor == PCI_ANY || m->vendor == d->vendor) && (m->id == PCI_ANY || m->id == d->id) &&
	       (d->class & m->class_mask) == m->class;
}

/* True if the driver is for it, and has it now. */
static bool try_driver(struct pci_device *d, const struct pci_driver *driver)
{
	int error = -ENODEV;

	for (unsigned i = 0; i < driver->match_count && error == -ENODEV; i++)
		if (matches(d, &driver->matches[i]))
			error = driver->probe(d);
	if (error && error != -ENODEV)
		log_err("pci: %s: driver %s: error %d\n", d->device.name, driver->name, -error);
	if (!error)
		d->device.driver = driver->name;
	return !error;
}

static void find_driver(struct pci_device *d)
{
	TABLE_FOREACH(pci_drivers, struct pci_driver, driver)
		if (try_driver(d, driver))
			return;
}

static void check_addresses(const struct pci_device *d)
{
	for (unsigned i = 0; i < PCI_BARS; i++)
		if (d->bars[i].size && !d->bars[i].address)
			log_warn("pci: %s: firmware gave region %u of %lu bytes no address\n", d->device.name, i,
				 d->bars[i].size);
}

static void read_identity(struct pci_device *d)
{
	uint32_t class = pci_read32(d, PCI_CLASS_REVISION);

	d->vendor = pci_read16(d, PCI_VENDOR_ID);
	d->id = pci_read16(d, PCI_DEVICE_ID);
	d->class = class >> 8;
	d->revision = (uint8_t)class;
	d->subsystem_vendor = pci_read16(d, PCI_SUBSYSTEM_VENDOR_ID);
	d->subsystem = pci_read16(d, PCI_SUBSYSTEM_ID);
}

/* A bridge's other side. One whose bus has no number, or not a higher one, was not set up. */
static void scan_behind(struct pci_device *d)
{
	uint8_t behind = pci_read8(d, PCI_SECONDARY_BUS);

	if (behind > d->bus->number)
		scan_bus(d->bus->segment, behind, &d->device);
}

/* found only names it. */
static void add_function(const struct pci_device *found, struct device *parent)
{
	struct pci_device *d = kmalloc(sizeof(*d), ALLOC_KERNEL);
	unsigned header = pci_read8(found, PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK;

	if (!d) {
		log_err("pci: no memory for a device\n");
		return;
	}
	*d = *found;
	read_identity(d);
	d->device.bus = "pci";
	format(d->device.name, sizeof(d->device.name), "%04x:%02x:%02x.%u", d->bus->segment, d->bus->number,
	       d->function >> 3, d->function & 7);
	log_info("pci: %s: [%04x:%04x] class %06x\n", d->device.name, d->vendor, d->id, d->class);
	device_add(&d->device, parent);
	if (header == PCI_HEADER_TYPE_BRIDGE) {
		scan_behind(d);
	} else if (header == PCI_HEADER_TYPE_NORMAL) {
		pci_read_bars(d);
		check_addresses(d);
		find_driver(d);
	}
}

/* All functions of a slot; only one that says so has more than the first. */
static void scan_slot(const struct pci_bus *bus, unsigned slot, struct device *parent)
{
	struct pci_device at = { .bus = bus };
	unsigned n = 1;

	for (unsigned function = 0; function < n; function++) {
		at.function = (uint8_t)(slot << 3 | function);
		if (pci_read16(&at, PCI_VENDOR_ID) == NOBODY)
			continue;
		if (!function && pci_read8(&at, PCI_HEADER_TYPE) & ~PCI_HEADER_TYPE_MASK & 0xff)
			n = FUNCTIONS;
		add_function(&at, parent);
	}
}

static void scan_bus(uint16_t segment, unsigned number, struct device *parent)
{
	struct pci_bus *bus = make_bus(segment, number);

	if (!bus) {
		log_err("pci: bus %04x:%02x cannot be reached\n", segment, number);
		return;
	}
	for (unsigned slot = 0; slot < SLOTS; slot++)
		scan_slot(bus, slot, parent);
}

static int pci_init(void)
{
	const struct mcfg *m = (const void *)acpi_table("MCFG", 0);
	struct pci_device first = { .bus = &(struct pci_bus){ .number = 0 } };
	size_t n = m ? (m->header.length - sizeof(*m)) / sizeof(m->entries[0]) : 0;
	const char *option = cmdline_get("pci");

	if (option && strcmp(option, "off") == 0)
		return -ENODEV;
	if (!n && pci_read32(&first, PCI_VENDOR_ID) == ~0u)
		return -ENODEV;
	if (!n)
		scan_bus(0, 0, NULL);
	for (size_t i = 0; i < n; i++)
		scan_bus(m->entries[i].segment, m->entries[i].first_bus, NULL);
	return 0;
}

TABLE_ENTRY(drivers, struct driver, pci) = { "pci", DRIVER_DEVICE, pci_init };
