/* SPDX-License-Identifier: MIT */
/* The tree of devices, built at boot by one thread. */
#include "dev/device.h"

static struct list roots = LIST_INIT(roots);

void device_add(struct device *d, struct device *parent)
{
	d->parent = parent;
	list_init(&d->children);
	list_add_tail(&d->sibling, parent ? &parent->children : &roots);
}

/* The next of the tree in the order of its names' listing: down, else aside, else aside of the nearest above. */
static struct device *next_device(struct device *d)
{
	if (!list_empty(&d->children))
		return list_first_entry(&d->children, struct device, sibling);
	for (; d; d = d->parent) {
		struct list *among = d->parent ? &d->parent->children : &roots;

		if (d->sibling.next != among)
			return list_next_entry(d, sibling);
	}
	return NULL;
}

int device_for_each(int (*visit)(struct device *d, void *arg), void *arg)
{
	struct device *d = list_empty(&roots) ? NULL : list_first_entry(&roots, struct device, sibling);
	int result = 0;

	for (; d && !result; d = next_device(d))
		result = visit(d, arg);
	return result;
}
