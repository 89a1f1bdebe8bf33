/* SPDX-License-Identifier: MIT */
/*
 * Edits of a space's set of areas: see vm/areas.h. An area that is not
 * published yet may still be widened, so merging extends the new area over its
 * neighbours and takes those out.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/pagetable.h"

int32_t vm_most_areas = 65530; /* as Linux */

static bool is_new(const struct area *a)
{
	return a->seq.n == 1;
}

void edit_begin(struct space_edit *e, struct space *s)
{
	assert(mutex_held(&s->lock));
	e->space = s;
	e->unready = NULL;
	e->delta = (struct area_sums){ 0 };
	list_init(&e->added);
	list_init(&e->removed);
	btree_begin(&e->txn, &s->areas);
	(void)atomic_exchange(&s->editing, true); /* before we look whether the space is mixed */
}

struct area *edit_find(const struct space_edit *e, uaddr_t addr)
{
	struct btree_entry entry;

	if (!btree_txn_find(&e->txn, addr, &entry) || entry.start > addr)
		return NULL;
	return entry.value;
}

int edit_add(struct space_edit *e, struct area *a)
{
	struct btree_entry entry = { a->start, a->end, a };
	int error = btree_insert(&e->txn, &entry);

	assert(is_new(a));
	if (error) {
		area_put(a);
		return error;
	}
	list_add_tail(&a->link, &e->added);
	area_sum(&e->delta, a, 1);
	return 0;
}

/* What is out of the tree: never published, it goes at once. */
static void set_aside(struct space_edit *e, struct area *a)
{
	area_sum(&e->delta, a, -1);
	if (is_new(a)) {
		list_del_init(&a->link);
		area_put(a);
	} else {
		list_add_tail(&a->link, &e->removed);
	}
}

int edit_remove(struct space_edit *e, struct area *a)
{
	int error = btree_erase(&e->txn, a->start);

	if (!error)
		set_aside(e, a);
	return error;
}

int edit_replace(struct space_edit *e, struct area *old, struct area *a)
{
	struct btree_entry entry = { a->start, a->end, a };
	int error = btree_replace(&e->txn, old->start, &entry);

	assert(is_new(a));
	if (error) {
		area_put(a);
		return error;
	}
	set_aside(e, old);
	list_add_tail(&a->link, &e->added);
	area_sum(&e->delta, a, 1);
	return 0;
}

static bool can_merge(const struct area *l, const struct area *r)
{
	return l->end == r->start && l->flags == r->flags && l->object == r->object &&
	       l->file == r->file && l->name == r->name &&
	       l->page_offset + area_pages(l) == r->page_offset &&
	       !(l->flags & AREA_SPECIAL);
}

int edit_insert(struct space_edit *e, struct area *a)
{
	struct btree_entry entry;
	struct area *left = NULL, *right = NULL;
	int error = 0;

	if (btree_txn_find_prev(&e->txn, a->start, &entry) && can_merge(entry.value, a))
		left = entry.value;
	if (btree_txn_find(&e->txn, a->end, &entry) && can_merge(a, entry.value))
		right = entry.value;
	if (left) {
		a->start = left->start;
		a->page_offset = left->page_offset;
	}
	if (right)
		a->end = right->end;
	if (left && right)
		error = edit_remove(e, right);
	if (error) {
		area_put(a);
		return error;
	}
	if (left || right)
		return edit_replace(e, left ? left : right, a);
	return edit_add(e, a);
}

/* Takes [start, end) out of one area. */
static int cut_area(struct space_edit *e, struct area *a, uaddr_t start, uaddr_t end)
{
	struct area *left = NULL, *right = NULL;
	int error = 0;

	if (a->start < start) {
		left = area_clone(a, e->space, a->start, start);
		error = left ? 0 : -ENOMEM;
	}
	if (!error && a->end > end) {
		right = area_clone(a, e->space, end, a->end);
		error = right ? 0 : -ENOMEM;
	}
	if (error) {
		if (left)
			area_put(left);
		return error;
	}
	if (!left && !right)
		return edit_remove(e, a);
	error = edit_replace(e, a, left ? left : right);
	if (!left || !right)
		return error;
	if (!error)
		return edit_add(e, right);
	area_put(right);
	return error;
}

int edit_cut(struct space_edit *e, uaddr_t start, uaddr_t end)
{
	struct btree_entry entry;
	int error = 0;

	while (!error && start < end && btree_txn_find(&e->txn, start, &entry) && entry.start < end) {
		error = cut_area(e, entry.value, start, end);
		start = entry.end;
	}
	return error;
}

int edit_set_flags(struct space_edit *e, struct area *a, uaddr_t start, uaddr_t end, uint32_t flags)
{
	struct area *changed;
	int error;

	start = max(start, a->start);
	end = min(end, a->end);
	if (a->flags == flags)
		return 0;
	error = tables_own_edges(e->space, start, end);
	if (error)
		return error;
	changed = area_clone(a, e->space, start, end);
	if (!changed)
		return -ENOMEM;
	changed->flags = flags;
	error = cut_area(e, a, start, end);
	if (error) {
		area_put(changed);
		return error;
	}
	return edit_insert(e, changed);
}

int edit_check(struct space_edit *e)
{
	const struct space *s = e->space;
	const struct space_counters *c = &s->count;
	const struct area_sums *d = &e->delta;

	if (d->areas > 0 && s->area_count + (uint64_t)d->areas > (uint64_t)atomic_load(&vm_most_areas))
		return -ENOMEM;
	if (d->total > 0 && c->total + (uint64_t)d->total > atomic_load(&s->address_limit) >> PAGE_SHIFT)
		return -ENOMEM;
	if (d->data > 0 && c->data + (uint64_t)d->data > atomic_load(&s->data_limit) >> PAGE_SHIFT)
		return -ENOMEM;
	if (d->locked > 0 && c->locked + (uint64_t)d->locked > space_lock_limit() >> PAGE_SHIFT)
		return -EAGAIN;
	return commit_charge(d->account);
}

static void apply_sums(struct space *s, const struct area_sums *d)
{
	s->area_count += (unsigned)d->areas;
	s->count.total += (uint64_t)d->total;
	s->count.locked += (uint64_t)d->locked;
	s->count.data += (uint64_t)d->data;
	s->count.stack += (uint64_t)d->stack;
	s->count.exec += (uint64_t)d->exec;
	s->count.account += (uint64_t)d->account;
}

void area_set_ready(struct area *a)
{
	__atomic_store_n(&a->seq.n, 2, __ATOMIC_RELEASE);
}

/*
 * A fault in a removed area that saw it alive has entered the family before; we
 * look after marking it dead, so one of the two sees the other.
 */
static void inherit_family(struct space_edit *e)
{
	struct area *a;
	bool any = false;

	list_for_each_entry(a, &e->removed, link)
		any |= atomic_load(&a->anon) != NULL;
	if (!any)
		return;
	list_for_each_entry(a, &e->added, link)
		if (!(a->flags & AREA_SHARED))
			area_link_family_new(a);
}

void edit_commit(struct space_edit *e)
{
	struct area *a;

	list_for_each_entry(a, &e->added, link) {
		area_link_object(a);
		if (a != e->unready)
			area_set_ready(a);
	}
	btree_commit(&e->txn);
	list_for_each_entry(a, &e->removed, link)
		__atomic_store_n(&a->seq.n, 3, __ATOMIC_RELAXED);
	atomic_store(&e->space->editing, false);
	atomic_fence(); /* dead before we look for entries and families */
	inherit_family(e);
	apply_sums(e->space, &e->delta);
}

void edit_abort(struct space_edit *e)
{
	struct area *a, *next;

	btree_abort(&e->txn);
	atomic_store(&e->space->editing, false);
	list_for_each_entry_safe(a, next, &e->added, link)
		area_put(a);
	list_init(&e->added);
	list_init(&e->removed);
}

void edit_finish(struct space_edit *e)
{
	struct area *a, *next;

	list_for_each_entry_safe(a, next, &e->removed, link) {
		area_unlink_object(a);
		area_unlink_family(a);
		area_put(a);
	}
}
