/* SPDX-License-Identifier: MIT */
/*
 * The I/O APICs (Intel 82093AA data sheet): each turns a run of global system
 * interrupts into messages to a local APIC. All lines go to the boot processor.
 *
 * A register is reached by writing its number to a window and then using
 * another, so ioapic.lock guards the pair. The rest is immutable after boot.
 */
#include "arch/x86/apic.h"
#include "arch/x86/irq_chip.h"
#include "arch/x86/madt.h"
#include "base/spinlock.h"
#include "hal/io.h"
#include "hal/mmu.h"

#define IOAPIC_SELECT 0x00
#define IOAPIC_WINDOW 0x10
#define IOAPIC_BYTES  0x20

#define IOAPIC_VERSION  0x01u
#define IOAPIC_REDIRECT 0x10u /* two registers a line: low, high */

#define REDIRECT_ACTIVE_LOW BIT(13)
#define REDIRECT_LEVEL      BIT(15)
#define REDIRECT_MASKED     BIT(16)

struct ioapic {
	volatile uint8_t *page;   /* immutable */
	unsigned gsi_base, lines; /* immutable */
	struct spinlock lock;     /* guards the window */
};

static struct ioapic ioapics[MADT_IO_APIC_MAX]; /* see above */
static unsigned ioapic_count;                   /* immutable after boot */

static uint32_t ioapic_read(struct ioapic *io, uint32_t reg)
{
	mmio_write32(io->page + IOAPIC_SELECT, reg);
	return mmio_read32(io->page + IOAPIC_WINDOW);
}

static void ioapic_write(struct ioapic *io, uint32_t reg, uint32_t value)
{
	mmio_write32(io->page + IOAPIC_SELECT, reg);
	mmio_write32(io->page + IOAPIC_WINDOW, value);
}

static struct ioapic *ioapic_of(unsigned gsi)
{
	for (unsigned i = 0; i < ioapic_count; i++)
		if (gsi - ioapics[i].gsi_base < ioapics[i].lines)
			return &ioapics[i];
	return NULL;
}

static bool ioapic_has(unsigned gsi)
{
	return ioapic_of(gsi) != NULL;
}

static void ioapic_redirect(unsigned gsi, uint64_t entry)
{
	struct ioapic *io = ioapic_of(gsi);
	uint32_t reg = IOAPIC_REDIRECT + 2 * (gsi - io->gsi_base);

	spin_lock_nested(&io->lock);
	ioapic_write(io, reg, (uint32_t)REDIRECT_MASKED);
	ioapic_write(io, reg + 1, (uint32_t)(entry >> 32));
	ioapic_write(io, reg, (uint32_t)entry);
	spin_unlock(&io->lock);
}

static void ioapic_unmask(unsigned gsi, enum irq_trigger trigger)
{
	uint64_t entry = (uint64_t)apic_id_of(0) << 56 | (VECTOR_LINES + gsi);

	if (trigger != IRQ_EDGE)
		entry |= REDIRECT_LEVEL;
	if (trigger == IRQ_LEVEL_LOW)
		entry |= REDIRECT_ACTIVE_LOW;
	ioapic_redirect(gsi, entry);
}

static void ioapic_mask(unsigned gsi)
{
	ioapic_redirect(gsi, REDIRECT_MASKED);
}

static bool ioapic_spurious(unsigned gsi)
{
	return false;
}

static void ioapic_eoi(unsigned gsi)
{
	apic_eoi();
}

static const struct irq_chip ioapic_chip = {
	.name = "IO-APIC",
	.has = ioapic_has,
	.unmask = ioapic_unmask,
	.mask = ioapic_mask,
	.spurious = ioapic_spurious,
	.eoi = ioapic_eoi,
};

static void ioapic_add(const struct madt_io_apic *found)
{
	struct ioapic *io = &ioapics[ioapic_count];

	io->page = mmu_map_fixed(found->pa, IOAPIC_BYTES, MMU_READ | MMU_WRITE | MMU_NOCACHE);
	if (!io->page || found->gsi_base >= IRQ_LINES)
		return;
	spin_init(&io->lock, RANK_IRQ);
	io->gsi_base = found->gsi_base;
	io->lines = (ioapic_read(io, IOAPIC_VERSION) >> 16 & 0xff) + 1;
	io->lines = min(io->lines, IRQ_LINES - io->gsi_base);
	ioapic_count++;
	for (unsigned i = 0; i < io->lines; i++)
		ioapic_write(io, IOAPIC_REDIRECT + 2 * i, (uint32_t)REDIRECT_MASKED);
}

const struct irq_chip *ioapic_init(void)
{
	for (unsigned i = 0; i < madt.io_apics; i++)
		ioapic_add(&madt.io_apic[i]);
	return ioapic_count ? &ioapic_chip : NULL;
}
