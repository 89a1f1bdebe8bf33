/* SPDX-License-Identifier: MIT */
/*
 * Switching the machine off and restarting it. ACPI (6.4, 4.8.3 and 7.4) says
 * how: sleep type S5 into the power-management control registers, or, on
 * hardware-reduced machines, into the sleep control register; a value into the
 * reset register. For restarting there are the older ways too, tried in turn.
 *
 * power_init() maps what lies in memory; the rest takes no locks and allocates
 * nothing. Only machine_power_off() looks into the DSDT, whose scan maps it:
 * panic restarts or halts, but never switches off.
 */
#include "arch/x86/power.h"
#include "base/acpi.h"
#include "hal/boot.h"
#include "hal/cpu.h"
#include "hal/io.h"
#include "hal/mmu.h"

#define SLEEP_ENABLE      BIT(13) /* PM1 control */
#define SLEEP_TYPE_SHIFT  10
#define PM1_SCI_ENABLE    BIT(0)
#define SLEEP_CONTROL_ENABLE     BIT(5) /* hardware-reduced sleep control */
#define SLEEP_CONTROL_TYPE_SHIFT 2

#define KEYBOARD_STATUS  0x64 /* read; commands when written */
#define KEYBOARD_FULL    0x02
#define KEYBOARD_RESET   0xfe
#define CHIPSET_RESET    0xcf9
#define CHIPSET_HARD     0x02
#define CHIPSET_GO       0x04

#define POLLS_MAX 100000

/* A register of ACPI's, ready for use. */
struct power_register {
	volatile void *memory; /* immutable after power_init(): NULL for a port */
	uint16_t port;         /* immutable after power_init(): 0 for none */
};

static struct power_register sleep_control, reset; /* immutable after power_init() */

static struct power_register register_map(const struct acpi_address *a)
{
	struct power_register r = { 0 };

	if (!a->address)
		return r;
	if (a->space == ACPI_SPACE_IO && a->address <= UINT16_MAX)
		r.port = (uint16_t)a->address;
	else if (a->space == ACPI_SPACE_MEMORY)
		r.memory = mmu_map_fixed(a->address, 1, MMU_READ | MMU_WRITE | MMU_NOCACHE);
	return r;
}

static void register_write8(const struct power_register *r, uint8_t value)
{
	if (r->memory)
		mmio_write8(r->memory, value);
	else if (r->port)
		port_write8(r->port, value);
}

void power_init(void)
{
	const struct acpi_fadt *fadt = acpi_fadt();

	if (!fadt)
		return;
	if (fadt->flags & ACPI_FADT_HARDWARE_REDUCED)
		sleep_control = register_map(&fadt->sleep_control);
	if (fadt->flags & ACPI_FADT_RESET_SUPPORTED)
		reset = register_map(&fadt->reset_register);
}

/* Takes the machine over from firmware, where it has not been yet: PM1 answers only then. */
static void acpi_mode_enter(const struct acpi_fadt *fadt)
{
	uint16_t control = (uint16_t)fadt->x_pm1a_control.address;

	if (!fadt->smi_command || !fadt->acpi_enable || (port_read16(control) & PM1_SCI_ENABLE))
		return;
	port_write8((uint16_t)fadt->smi_command, fadt->acpi_enable);
	for (unsigned i = 0; i < POLLS_MAX && !(port_read16(control) & PM1_SCI_ENABLE); i++)
		cpu_relax();
}

static void pm1_sleep(const struct acpi_address *control, uint8_t type)
{
	uint16_t port = (uint16_t)control->address, value;

	if (control->space != ACPI_SPACE_IO || !port)
		return;
	value = port_read16(port) & (uint16_t)~(SLEEP_ENABLE | 7u << SLEEP_TYPE_SHIFT);
	value |= (uint16_t)((type & 7u) << SLEEP_TYPE_SHIFT);
	port_write16(port, value);
	port_write16(port, value | SLEEP_ENABLE);
}

/* The machine is given some time to act on what was written. */
static void power_wait(void)
{
	for (unsigned i = 0; i < POLLS_MAX; i++)
		cpu_relax();
}

void machine_power_off(void)
{
	const struct acpi_fadt *fadt = acpi_fadt();
	uint8_t a, b;

	if (!fadt || !acpi_sleep_type_s5(&a, &b))
		return;
	irq_disable();
	if (fadt->flags & ACPI_FADT_HARDWARE_REDUCED) {
		register_write8(&sleep_control,
				(uint8_t)((a & 7u) << SLEEP_CONTROL_TYPE_SHIFT | SLEEP_CONTROL_ENABLE));
	} else if (fadt->x_pm1a_control.space == ACPI_SPACE_IO) {
		acpi_mode_enter(fadt);
		pm1_sleep(&fadt->x_pm1a_control, a);
		pm1_sleep(&fadt->x_pm1b_control, b);
	}
	power_wait();
}

static void keyboard_reset(void)
{
	for (unsigned i = 0; i < POLLS_MAX && (port_read8(KEYBOARD_STATUS) & KEYBOARD_FULL); i++)
		cpu_relax();
	port_write8(KEYBOARD_STATUS, KEYBOARD_RESET);
}

/* An exception with no table to serve it: the processor gives up, and the machine restarts. */
static void triple_fault(void)
{
	const struct {
		uint16_t limit;
		uint64_t base;
	} __packed none = { 0, 0 };

	__asm__ volatile("lidt %0\n\tint3" : : "m"(none));
}

void machine_restart(void)
{
	const struct acpi_fadt *fadt = acpi_fadt();

	irq_disable();
	if (fadt && (fadt->flags & ACPI_FADT_RESET_SUPPORTED)) {
		register_write8(&reset, fadt->reset_value);
		power_wait();
	}
	keyboard_reset();
	power_wait();
	port_write8(CHIPSET_RESET, CHIPSET_HARD);
	port_write8(CHIPSET_RESET, CHIPSET_HARD | CHIPSET_GO);
	power_wait();
	triple_fault();
}
