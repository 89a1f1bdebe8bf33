/* SPDX-License-Identifier: MIT */
/*
 * Shared anonymous memory: an object of its own, whose pages are zeros at first
 * and live as long as anybody maps it. Its size is promised at once.
 */
#include "mem/slab.h"
#include "vm/areas.h"

static void anonymous_release(struct object *o)
{
	commit_uncharge((int64_t)(o->size >> PAGE_SHIFT));
	kfree(o);
}

static int anonymous_punch_hole(struct object *o, uint64_t start, uint64_t end)
{
	object_punch_hole(o, start, end);
	return 0;
}

static const struct object_ops anonymous_ops = {
	.punch_hole = anonymous_punch_hole,
	.release = anonymous_release,
};

struct object *object_create_anonymous(uint64_t size)
{
	struct object *o = kmalloc(sizeof(*o), ALLOC_KERNEL);

	size = align_up(size, PAGE_SIZE);
	if (o && commit_charge((int64_t)(size >> PAGE_SHIFT))) {
		kfree(o);
		return NULL;
	}
	if (o) {
		object_init(o, &anonymous_ops, NULL);
		o->size = size;
	}
	return o;
}
