/* SPDX-License-Identifier: MIT */
/*
 * The way from pages to the areas that may map them: every area is in the
 * interval tree of its object, and, once it has private pages, in that of its
 * family. An area enters before its first page can be mapped and leaves after
 * its last one is gone, so who holds the tree's lock finds all.
 *
 * A fault may still be entering a dead area into the family when that is taken
 * out. The one marks it (joined) and then looks whether it is alive, the other marks it dead
 * and then looks for that; so most areas that go, which never had a private page,
 * leave the family's lock alone: all processes that come of one another share it.
 */
#include "mem/slab.h"
#include "vm/areas.h"

static void interval_set(struct interval *i, const struct area *a)
{
	i->first = a->page_offset;
	i->last = a->page_offset + area_pages(a) - 1;
}

static bool counts_as_writable(const struct area *a)
{
	return (a->flags & (AREA_SHARED | AREA_MAY_WRITE)) == (AREA_SHARED | AREA_MAY_WRITE);
}

void area_link_object(struct area *a)
{
	struct object *o = a->object;

	if (!o)
		return;
	interval_set(&a->object_node, a);
	SPIN_GUARD(&o->lock);
	interval_insert(&o->mappings, &a->object_node);
	if (counts_as_writable(a))
		o->writable_mappings++;
}

void area_unlink_object(struct area *a)
{
	struct object *o = a->object;

	if (!o)
		return;
	SPIN_GUARD(&o->lock);
	interval_remove(&o->mappings, &a->object_node);
	if (counts_as_writable(a))
		o->writable_mappings--;
}

static void link_family(struct area *a, bool alive)
{
	struct anon_family *f = a->space->family;

	SPIN_GUARD(&f->lock);
	if (a->anon)
		return;
	atomic_store(&a->joined, true);
	atomic_fence();
	if (alive && !area_alive(a))
		return;
	interval_set(&a->anon_node, a);
	interval_insert(&f->areas, &a->anon_node);
	atomic_store(&a->anon, f);
}

void area_link_family(struct area *a)
{
	link_family(a, true);
}

void area_link_family_new(struct area *a)
{
	link_family(a, false);
}

void area_unlink_family(struct area *a)
{
	struct anon_family *f = a->space->family;

	if (!atomic_load(&a->joined))
		return;
	SPIN_GUARD(&f->lock);
	if (!a->anon)
		return;
	interval_remove(&f->areas, &a->anon_node);
	a->anon = NULL;
}

struct anon_family *family_create(void)
{
	struct anon_family *f = kzalloc(sizeof(*f), ALLOC_KERNEL);

	if (f) {
		spin_init(&f->lock, RANK_ANON);
		refcount_init(&f->refs, 1);
	}
	return f;
}

void family_put(struct anon_family *f)
{
	if (!refcount_put(&f->refs))
		return;
	assert(rb_empty(&f->areas));
	kfree(f);
}
