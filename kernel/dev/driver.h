/* SPDX-License-Identifier: MIT */
/*
 * dev/driver.h: the table of drivers. A driver registers itself in one line and
 * nobody includes it:
 *
 *   TABLE_ENTRY(drivers, struct driver, serial) = { "serial", DRIVER_CONSOLE, serial_init };
 *
 * Stages run in order; within a stage there is no order.
 */
#ifndef DEV_DRIVER_H
#define DEV_DRIVER_H

#include "base/table.h"

enum driver_stage {
	DRIVER_CONSOLE, /* what shows messages: as early as interrupts and device nodes work */
	DRIVER_DEVICE,  /* all others */
	DRIVER_STAGES,
};

struct driver {
	const char *name;
	enum driver_stage stage;
	/* Looks for its devices and registers them. 0, or errno: logged. -ENODEV, silent: there are none. May sleep. */
	int (*init)(void);
};

/* Runs all drivers. Once, from init/, in thread context. */
void dev_init(void);

#endif
