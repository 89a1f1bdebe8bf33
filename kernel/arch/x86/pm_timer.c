/* SPDX-License-Identifier: MIT */
/*
 * ACPI's power-management timer (ACPI 6.4, 4.8.3.3): one 24- or 32-bit counter
 * at a fixed rate. Immutable after pm_timer_init().
 */
#include "arch/x86/clock_reference.h"
#include "base/acpi.h"
#include "hal/io.h"

#define PM_TIMER_HZ   3579545ULL
#define PM_TIMER_BITS 24

static uint16_t pm_timer_port;

static uint64_t pm_timer_read(void)
{
	return port_read32(pm_timer_port);
}

static struct clock_reference pm_timer = {
	.name = "acpi_pm", .hz = PM_TIMER_HZ, .mask = BIT(PM_TIMER_BITS) - 1, .read = pm_timer_read,
};

const struct clock_reference *pm_timer_init(void)
{
	const struct acpi_fadt *fadt = acpi_fadt();

	if (!fadt || (fadt->flags & ACPI_FADT_HARDWARE_REDUCED) ||
	    fadt->x_pm_timer.space != ACPI_SPACE_IO || fadt->x_pm_timer.bit_width != 32 ||
	    !fadt->x_pm_timer.address || fadt->x_pm_timer.address > UINT16_MAX)
		return NULL;
	pm_timer_port = (uint16_t)fadt->x_pm_timer.address;
	if (fadt->flags & ACPI_FADT_TIMER_32BIT)
		pm_timer.mask = UINT32_MAX;
	return clock_reference_counts(&pm_timer) ? &pm_timer : NULL;
}
