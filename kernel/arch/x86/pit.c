/* SPDX-License-Identifier: MIT */
/*
 * The 8254 interval timer, channel 0 (Intel 8254 data sheet). As a reference it
 * counts down from 65536 again and again (mode 2); as a timer it counts down
 * once and raises ISA line 0 (mode 0). A read or a write is a sequence of ports:
 * callers exclude each other, and switch interrupts off.
 */
#include "arch/x86/clock_reference.h"
#include "hal/io.h"

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND  0x43

#define PIT_LATCH    0x00 /* channel 0: hold the count for reading */
#define PIT_ONE_SHOT 0x30 /* channel 0, low then high byte, mode 0 */
#define PIT_RATE     0x34 /* channel 0, low then high byte, mode 2 */

static uint64_t pit_read(void)
{
	unsigned low, high;

	port_write8(PIT_COMMAND, PIT_LATCH);
	low = port_read8(PIT_CHANNEL0);
	high = port_read8(PIT_CHANNEL0);
	return ~(high << 8 | low); /* counts up */
}

static const struct clock_reference pit = {
	.name = "pit", .hz = PIT_HZ, .mask = PIT_TICKS_MAX, .read = pit_read,
};

const struct clock_reference *pit_init(void)
{
	port_write8(PIT_COMMAND, PIT_RATE);
	port_write8(PIT_CHANNEL0, 0);
	port_write8(PIT_CHANNEL0, 0);
	return clock_reference_counts(&pit) ? &pit : NULL;
}

void pit_timer_set(uint16_t ticks)
{
	port_write8(PIT_COMMAND, PIT_ONE_SHOT);
	port_write8(PIT_CHANNEL0, (uint8_t)ticks);
	port_write8(PIT_CHANNEL0, (uint8_t)(ticks >> 8));
}
