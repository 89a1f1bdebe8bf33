/* SPDX-License-Identifier: MIT */
/* Runs the table of drivers, stage by stage. Once at boot; no locks. */
#include "dev/driver.h"
#include "base/log.h"
#include "lib/errno.h"

static void driver_run(const struct driver *d)
{
	int error = d->init();

	if (error && error != -ENODEV)
		log_err("%s: error %d\n", d->name, -error);
}

void dev_init(void)
{
	for (int stage = 0; stage < DRIVER_STAGES; stage++) {
		TABLE_FOREACH(drivers, struct driver, d)
			if (d->stage == (enum driver_stage)stage)
				driver_run(d);
	}
}
