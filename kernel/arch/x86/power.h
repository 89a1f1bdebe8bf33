/* SPDX-License-Identifier: MIT */
/* arch/x86/power.h: preparing machine_power_off() and machine_restart(). */
#ifndef ARCH_X86_POWER_H
#define ARCH_X86_POWER_H

/* Maps the registers they need, so that they map nothing themselves. After acpi_init(). */
void power_init(void);

#endif
