/* SPDX-License-Identifier: MIT */
/*
 * fs/flock_ranges.c: who holds which bytes of a file.
 *
 * Each owner has a tree of its locks, which never overlap; all locks are besides
 * in one of two interval trees, readers' and writers'. A request to read can only
 * meet a writer, one to write also readers; and one's own locks are skipped, as
 * they will be replaced. So a conflict is found in logarithmic time however many
 * readers share the file. Setting a range walks only the owner's locks that it
 * touches: each is swallowed, cut, or split in two.
 *
 * Pure but for freeing memory: the caller holds the list's lock around each call.
 */
#include "fs/flock.h"
#include "mem/slab.h"

static void update_highest(struct rb_node *node)
{
	struct range_lock *l = rb_entry(node, struct range_lock, overlap);

	l->highest = l->end;
	if (node->left)
		l->highest = max(l->highest, rb_entry(node->left, struct range_lock, overlap)->highest);
	if (node->right)
		l->highest = max(l->highest, rb_entry(node->right, struct range_lock, overlap)->highest);
}

bool lock_memory_get(struct lock_memory *m)
{
	m->range[0] = kmalloc(sizeof(struct range_lock), ALLOC_KERNEL);
	m->range[1] = kmalloc(sizeof(struct range_lock), ALLOC_KERNEL);
	m->owner = kmalloc(sizeof(struct lock_owner), ALLOC_KERNEL);
	if (m->range[0] && m->range[1] && m->owner)
		return true;
	lock_memory_free(m);
	return false;
}

void lock_memory_free(struct lock_memory *m)
{
	kfree(m->range[0]);
	kfree(m->range[1]);
	kfree(m->owner);
	*m = (struct lock_memory){ 0 };
}

static struct range_lock *memory_take(struct lock_memory *m)
{
	struct range_lock *l = m->range[0] ? m->range[0] : m->range[1];

	if (l == m->range[0])
		m->range[0] = NULL;
	else
		m->range[1] = NULL;
	return l;
}

static struct lock_owner *owner_find(struct lock_space *s, void *token)
{
	struct rb_node *n = s->owners.node;

	while (n) {
		struct lock_owner *o = rb_entry(n, struct lock_owner, node);

		if (o->token == token)
			return o;
		n = token < o->token ? n->left : n->right;
	}
	return NULL;
}

bool lock_owner_has(struct lock_space *s, void *token)
{
	return owner_find(s, token) != NULL;
}

bool lock_owner_writes(struct lock_space *s, void *token)
{
	return rb_entry(rb_first(&owner_find(s, token)->ranges), struct range_lock, by_start)->write;
}

static struct lock_owner *owner_get(struct lock_space *s, void *token, struct lock_memory *m)
{
	struct rb_node **link = &s->owners.node, *parent = NULL;
	struct lock_owner *o = owner_find(s, token);

	if (o)
		return o;
	o = m->owner;
	m->owner = NULL;
	*o = (struct lock_owner){ .token = token };
	while (*link) {
		parent = *link;
		link = token < rb_entry(parent, struct lock_owner, node)->token ? &parent->left : &parent->right;
	}
	rb_link(&o->node, parent, link);
	rb_insert_fix(&o->node, &s->owners);
	return o;
}

static void owner_drop_if_empty(struct lock_space *s, struct lock_owner *o)
{
	if (!rb_empty(&o->ranges))
		return;
	rb_erase(&o->node, &s->owners);
	kfree(o);
}

static void insert_by_start(struct range_lock *l)
{
	struct rb_node **link = &l->owner->ranges.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = l->start < rb_entry(parent, struct range_lock, by_start)->start ? &parent->left :
											 &parent->right;
	}
	rb_link(&l->by_start, parent, link);
	rb_insert_fix(&l->by_start, &l->owner->ranges);
}

static struct rb_root *tree_of(struct lock_space *s, const struct range_lock *l)
{
	return l->write ? &s->writers : &s->readers;
}

static void range_insert(struct lock_space *s, struct range_lock *l)
{
	struct rb_root *tree = tree_of(s, l);
	struct rb_node **link = &tree->node, *parent = NULL;

	insert_by_start(l);
	while (*link) {
		parent = *link;
		link = l->start < rb_entry(parent, struct range_lock, overlap)->start ? &parent->left :
											&parent->right;
	}
	rb_link(&l->overlap, parent, link);
	l->highest = l->end;
	rb_insert_augmented(&l->overlap, tree, update_highest);
}

/* Out of the trees; whoever waits for it looks again. */
static void range_remove(struct lock_space *s, struct range_lock *l)
{
	struct list *e;

	rb_erase(&l->by_start, &l->owner->ranges);
	rb_erase_augmented(&l->overlap, tree_of(s, l), update_highest);
	while ((e = list_pop_first(&l->blocked)) != NULL) {
		struct lock_waiter *w = list_entry(e, struct lock_waiter, link);

		w->wake(w);
	}
}

/* A lock in the subtree that overlaps [start, end] and is not token's. */
static struct range_lock *overlap_find(struct rb_node *n, uint64_t start, uint64_t end, const void *token)
{
	while (n) {
		struct range_lock *l = rb_entry(n, struct range_lock, overlap);
		struct range_lock *found;

		if (l->highest < start)
			return NULL;
		found = n->left ? overlap_find(n->left, start, end, token) : NULL;
		if (found)
			return found;
		if (l->start > end)
			return NULL;
		if (l->end >= start && l->owner->token != token)
			return l;
		n = n->right;
	}
	return NULL;
}

struct range_lock *lock_conflict(struct lock_space *s, const struct lock_request *r)
{
	struct range_lock *l;

	if (r->unlock)
		return NULL;
	l = overlap_find(s->writers.node, r->start, r->end, r->token);
	if (!l && r->write)
		l = overlap_find(s->readers.node, r->start, r->end, r->token);
	return l;
}

/* The owner's first lock that ends at or after start. */
static struct range_lock *first_touching(struct lock_owner *o, uint64_t start)
{
	struct rb_node *n = o->ranges.node;
	struct range_lock *best = NULL;

	while (n) {
		struct range_lock *l = rb_entry(n, struct range_lock, by_start);

		if (l->end >= start) {
			best = l;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best;
}

static struct range_lock *range_next(struct range_lock *l)
{
	struct rb_node *n = rb_next(&l->by_start);

	return n ? rb_entry(n, struct range_lock, by_start) : NULL;
}

/* Leaves of l what lies outside of [start, end]: nothing, one piece, or two. */
static void range_cut(struct lock_space *s, struct range_lock *l, uint64_t start, uint64_t end, struct lock_memory *m)
{
	uint64_t from = l->start, to = l->end;

	range_remove(s, l);
	if (from < start && to > end) {
		struct range_lock *right = memory_take(m);

		*right = *l;
		list_init(&right->blocked);
		right->start = end + 1;
		range_insert(s, right);
		to = start - 1;
	} else if (from < start) {
		to = start - 1;
	} else if (to > end) {
		from = end + 1;
	} else {
		kfree(l);
		return;
	}
	l->start = from;
	l->end = to;
	range_insert(s, l);
}

void lock_apply(struct lock_space *s, const struct lock_request *r, struct lock_memory *m)
{
	struct lock_owner *o = r->unlock ? owner_find(s, r->token) : owner_get(s, r->token, m);
	uint64_t start = r->start, end = r->end;
	struct range_lock *l, *next;

	if (!o)
		return;
	for (l = first_touching(o, start ? start - 1 : 0); l && (l->start <= end || l->start == end + 1); l = next) {
		bool same = !r->unlock && l->write == r->write;

		next = range_next(l);
		if (same) { /* becomes part of the new one */
			start = min(start, l->start);
			end = max(end, l->end);
			range_remove(s, l);
			kfree(l);
		} else if (l->end >= r->start && l->start <= r->end) {
			range_cut(s, l, r->start, r->end, m);
		}
	}
	if (!r->unlock) {
		l = memory_take(m);
		*l = (struct range_lock){ .start = start, .end = end, .owner = o, .write = r->write,
					  .ofd = r->ofd, .pid = r->pid };
		list_init(&l->blocked);
		range_insert(s, l);
	}
	owner_drop_if_empty(s, o);
}
