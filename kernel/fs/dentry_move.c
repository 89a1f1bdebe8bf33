/* SPDX-License-Identifier: MIT */
/*
 * fs/dentry_move.c: a dentry takes another name and place. One move at a time in
 * the whole cache (dentry_move_lock), so that two parents may be locked, the upper
 * one first; dentry_move_seq tells walks up the tree that names changed.
 */
#include "fs/dentry.h"
#include "lib/string.h"

struct seqcount dentry_move_seq; /* written under dentry_move_lock */
static struct spinlock dentry_move_lock = SPINLOCK_INIT(RANK_DENTRY_MOVE);

bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d)
{
	for (; d != a; d = d->parent)
		if (d->parent == d)
			return false;
	return true;
}

static void swap_names(struct dentry *a, struct dentry *b)
{
	const struct long_name *long_a = dentry_long_name(a), *long_b = dentry_long_name(b);
	uint32_t length = a->name_length, hash = a->name_hash;
	char text[sizeof(a->inline_name)];

	memcpy(text, a->inline_name, sizeof(text));
	memcpy(a->inline_name, b->inline_name, sizeof(text));
	memcpy(b->inline_name, text, sizeof(text));
	WRITE_ONCE(a->name, long_b ? long_b->text : a->inline_name);
	WRITE_ONCE(b->name, long_a ? long_a->text : b->inline_name);
	a->name_length = b->name_length;
	a->name_hash = b->name_hash;
	b->name_length = length;
	b->name_hash = hash;
}

/* d gets target's name, and target keeps it: whoever has the replaced file open still sees what it was called. */
static void share_name(struct dentry *d, const struct dentry *target)
{
	struct long_name *old = dentry_long_name(d), *shared = dentry_long_name(target);

	if (shared)
		refcount_get(&shared->refs);
	else
		memcpy(d->inline_name, target->inline_name, sizeof(d->inline_name));
	WRITE_ONCE(d->name, shared ? shared->text : d->inline_name);
	d->name_length = target->name_length;
	d->name_hash = target->name_hash;
	long_name_put(old);
}

static void change_parent(struct dentry *d, struct dentry *to)
{
	list_move_head(&d->sibling, &to->children);
	d->parent = to;
}

/* Locks two directories of the cache, the upper one first. */
static void lock_parents(struct dentry *a, struct dentry *b)
{
	if (a == b) {
		spin_lock(&a->lock);
	} else if (dentry_is_ancestor(b, a)) {
		spin_lock(&b->lock);
		spin_lock_nested(&a->lock);
	} else {
		spin_lock(&a->lock);
		spin_lock_nested(&b->lock);
	}
}

void dentry_move(struct dentry *d, struct dentry *target, bool exchange)
{
	struct dentry *from = d->parent, *to = target->parent;

	spin_lock(&dentry_move_lock);
	seq_write_begin(&dentry_move_seq);
	lock_parents(from, to);
	spin_lock_nested(&d->lock);
	spin_lock_nested(&target->lock);
	seq_write_begin(&d->seq);
	seq_write_begin(&target->seq);
	dentry_hash_remove(d);
	dentry_hash_remove(target);
	if (exchange)
		swap_names(d, target);
	else
		share_name(d, target);
	change_parent(d, to);
	if (exchange) {
		change_parent(target, from);
		dentry_hash_add(target);
	} else {
		dentry_get(to);
		atomic_dec(&from->refs); /* not the last: the caller holds it */
	}
	dentry_hash_add(d);
	seq_write_end(&target->seq);
	seq_write_end(&d->seq);
	spin_unlock(&target->lock);
	spin_unlock(&d->lock);
	spin_unlock(&to->lock);
	if (from != to)
		spin_unlock(&from->lock);
	seq_write_end(&dentry_move_seq);
	spin_unlock(&dentry_move_lock);
}
