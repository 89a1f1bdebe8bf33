/* SPDX-License-Identifier: MIT */
/*
 * The two 8259 interrupt controllers of the PC (Intel 8259A data sheet): eight
 * lines each, the second hanging on line 2 of the first. They are always moved
 * away from the exceptions' vectors and masked; lines are opened only on
 * machines without an I/O APIC. pic_lock guards the masks and the command
 * sequences.
 */
#include "arch/x86/irq_chip.h"
#include "base/spinlock.h"
#include "hal/io.h"

#define PIC1_COMMAND 0x20
#define PIC1_DATA    0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA    0xa1
#define PIC_TRIGGERS 0x4d0 /* two bytes: which lines are level (EISA, every PCI chipset) */

#define ICW1_INIT        0x11 /* edge, cascade, a fourth word follows */
#define ICW4_8086        0x01
#define OCW2_EOI         0x60 /* of the line in the low bits */
#define OCW3_READ_ISR    0x0b
#define PIC_CASCADE_LINE 2u
#define PIC_LINES        16u

static uint16_t pic_masked = 0xffff; /* pic_lock */
static struct spinlock pic_lock = SPINLOCK_INIT(RANK_IRQ);

static void pic_write_masks(void)
{
	port_write8(PIC1_DATA, (uint8_t)pic_masked);
	port_write8(PIC2_DATA, (uint8_t)(pic_masked >> 8));
}

static bool pic_has(unsigned gsi)
{
	return gsi < PIC_LINES && gsi != PIC_CASCADE_LINE;
}

static void pic_set_trigger(unsigned line, bool level)
{
	uint16_t port = PIC_TRIGGERS + line / 8;
	uint8_t bit = (uint8_t)BIT(line % 8), now = port_read8(port);

	if (!!(now & bit) != level)
		port_write8(port, now ^ bit);
}

static void pic_unmask(unsigned gsi, enum irq_trigger trigger)
{
	spin_lock_nested(&pic_lock);
	if (trigger != IRQ_EDGE)
		pic_set_trigger(gsi, true);
	pic_masked &= (uint16_t)~BIT(gsi);
	if (gsi >= 8)
		pic_masked &= (uint16_t)~BIT(PIC_CASCADE_LINE);
	pic_write_masks();
	spin_unlock(&pic_lock);
}

static void pic_mask(unsigned gsi)
{
	spin_lock_nested(&pic_lock);
	pic_masked |= (uint16_t)BIT(gsi);
	pic_write_masks();
	spin_unlock(&pic_lock);
}

/*
 * A line that falls silent before it is acknowledged shows up as the last line
 * of its controller, not in service. For the second one's, the first has the
 * cascade line in service all the same.
 */
static bool pic_spurious(unsigned gsi)
{
	uint16_t command = gsi < 8 ? PIC1_COMMAND : PIC2_COMMAND;
	bool none;

	if (gsi % 8 != 7)
		return false;
	spin_lock(&pic_lock);
	port_write8(command, OCW3_READ_ISR);
	none = !(port_read8(command) & 0x80);
	if (none && gsi >= 8)
		port_write8(PIC1_COMMAND, OCW2_EOI | PIC_CASCADE_LINE);
	spin_unlock(&pic_lock);
	return none;
}

static void pic_eoi(unsigned gsi)
{
	spin_lock(&pic_lock);
	if (gsi >= 8) {
		port_write8(PIC2_COMMAND, (uint8_t)(OCW2_EOI | (gsi & 7)));
		gsi = PIC_CASCADE_LINE;
	}
	port_write8(PIC1_COMMAND, (uint8_t)(OCW2_EOI | gsi));
	spin_unlock(&pic_lock);
}

static const struct irq_chip pic_chip = {
	.name = "XT-PIC",
	.has = pic_has,
	.unmask = pic_unmask,
	.mask = pic_mask,
	.spurious = pic_spurious,
	.eoi = pic_eoi,
};

const struct irq_chip *pic_init(void)
{
	port_write8(PIC1_COMMAND, ICW1_INIT);
	port_write8(PIC2_COMMAND, ICW1_INIT);
	port_write8(PIC1_DATA, VECTOR_LINES);
	port_write8(PIC2_DATA, VECTOR_LINES + 8);
	port_write8(PIC1_DATA, BIT(PIC_CASCADE_LINE));
	port_write8(PIC2_DATA, PIC_CASCADE_LINE);
	port_write8(PIC1_DATA, ICW4_8086);
	port_write8(PIC2_DATA, ICW4_8086);
	pic_write_masks();
	return &pic_chip;
}
