/* SPDX-License-Identifier: MIT */
/*
 * dev/device.h: the tree of devices. Each bus (pci, virtio) finds its devices, fills in a struct
 * device inside its own structure, adds it, and gives it to the first of its drivers that
 * takes it. Drivers are entries of the bus's own table: a driver is one file that
 * registers itself in one line.
 *
 * Devices are found at boot, by process 1 alone, and stay; the tree is immutable afterwards.
 */
#ifndef DEV_DEVICE_H
#define DEV_DEVICE_H

#include "lib/list.h"
#include "lib/types.h"

#define DEVICE_NAME_MAX 24

struct device {
	char name[DEVICE_NAME_MAX]; /* immutable: "0000:00:03.0", "virtio0" */
	const char *bus;            /* immutable: "pci" */
	const char *driver;         /* the driver's name once it has taken the device; NULL: nobody's */
	void *data;                 /* the driver's */
	struct device *parent;      /* immutable; NULL: a root */
	struct list children;       /* of struct device.sibling */
	struct list sibling;
};

/* Adds d under parent (NULL: a root). name and bus are filled in. At boot only. */
void device_add(struct device *d, struct device *parent);

/* Calls visit for every device, parents first; stops at the first that gives non-zero, and gives that. */
int device_for_each(int (*visit)(struct device *d, void *arg), void *arg);

#endif
