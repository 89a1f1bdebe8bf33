/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/ids.c: tables of System V objects: identifiers, keys, permissions. See
 * proc/ipc/ipc.h.
 */
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "mem/radix_nodes.h"
#include "mem/slab.h"
#include "proc/ipc/ipc.h"
#include <linux/capability.h>

void ipc_init(struct ipc_object *o)
{
	const struct cred *c = cred_current();

	refcount_init(&o->refs, 1);
	spin_init(&o->lock, RANK_IPC);
	o->uid = o->creator_uid = c->euid;
	o->gid = o->creator_gid = c->egid;
}

static struct hlist *bucket(struct ipc_table *t, int key)
{
	return &t->by_key[hash_u64((uint32_t)key) % ARRAY_SIZE(t->by_key)];
}

static struct ipc_object *find_key(struct ipc_table *t, int key)
{
	struct ipc_object *o;

	assert(mutex_held(&t->lock));
	hlist_for_each_entry(o, bucket(t, key), by_key)
		if (o->key == key)
			return o;
	return NULL;
}

static void free_now(struct rcu_head *head)
{
	kfree(container_of(head, struct ipc_object, rcu));
}

void ipc_put(struct ipc_table *t, struct ipc_object *o)
{
	if (!refcount_put(&o->refs))
		return;
	if (t->kind->destroy)
		t->kind->destroy(o);
	rcu_call(&o->rcu, free_now); /* who found it in the index may be trying to take a reference */
}

struct ipc_object *ipc_find_index(struct ipc_table *t, unsigned index)
{
	struct ipc_object *o;

	rcu_read_lock();
	o = radix_lookup(&t->objects, index);
	if (o && !refcount_get_unless_zero(&o->refs))
		o = NULL;
	rcu_read_unlock();
	return o;
}

struct ipc_object *ipc_find(struct ipc_table *t, int id, int *error)
{
	struct ipc_object *o = id < 0 ? NULL : ipc_find_index(t, (unsigned)id % IPC_NUMBERS);

	*error = -EINVAL;
	if (o && o->id != id) {
		ipc_put(t, o);
		*error = -EIDRM;
		return NULL;
	}
	return o;
}

int ipc_highest(struct ipc_table *t, int *count)
{
	uint64_t index = 0;
	int highest = 0;
	void *o;

	rcu_read_lock();
	*count = (int)atomic_load(&t->count);
	radix_for_each(&t->objects, o, index, 0, IPC_NUMBERS - 1)
		highest = (int)index;
	rcu_read_unlock();
	return highest;
}

/* The object gets the next free number. -EAGAIN as radix_insert(). */
static int give_number(struct ipc_table *t, struct ipc_object *o, struct radix_pool *pool)
{
	uint64_t index = radix_find_hole(&t->objects, t->next, IPC_NUMBERS - 1);
	unsigned sequence = t->sequence;
	int error;

	if (index >= IPC_NUMBERS) {
		index = radix_find_hole(&t->objects, 0, IPC_NUMBERS - 1);
		sequence = (sequence + 1) % (INT_MAX / IPC_NUMBERS);
	}
	o->id = (int)(sequence * IPC_NUMBERS + index);
	error = radix_insert(&t->objects, pool, index, o);
	if (error)
		return error;
	t->sequence = sequence;
	/* Numbers are used again soon, so that the index stays small, but not at once. */
	t->next = (unsigned)index + 1;
	if (t->next > max(t->count * 3 / 2, 64u)) {
		t->next = 0;
		t->sequence = (t->sequence + 1) % (INT_MAX / IPC_NUMBERS);
	}
	return 0;
}

static int insert(struct ipc_table *t, struct ipc_object *o, int key, struct radix_pool *pool)
{
	int error;

	if (t->count >= (unsigned)atomic_load(t->kind->limit))
		return -ENOSPC;
	error = give_number(t, o, pool);
	if (error)
		return error;
	atomic_store(&t->count, t->count + 1);
	o->key = key;
	if (key != IPC_PRIVATE)
		hlist_add_head(&o->by_key, bucket(t, key));
	return o->id;
}

/* What the mode asked for means for an object that is there. */
static int open_existing(struct ipc_table *t, struct ipc_object *o, int flags, const void *arg)
{
	unsigned wanted = (unsigned)flags >> 6 | (unsigned)flags >> 3 | (unsigned)flags;
	int result;

	if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
		return -EEXIST;
	SPIN_GUARD(&o->lock);
	result = t->kind->fits(o, arg);
	if (!result)
		result = ipc_check(o, wanted & 7);
	return result ? result : o->id;
}

static int find_or_insert(struct ipc_table *t, int key, int flags, const void *arg, struct ipc_object **fresh,
			  struct radix_pool *pool)
{
	struct ipc_object *o;
	int result;

	MUTEX_GUARD(&t->lock);
	o = key == IPC_PRIVATE ? NULL : find_key(t, key);
	if (o)
		return open_existing(t, o, flags, arg);
	if (!*fresh)
		return key == IPC_PRIVATE || (flags & IPC_CREAT) ? -EAGAIN : -ENOENT;
	result = insert(t, *fresh, key, pool);
	if (result >= 0)
		*fresh = NULL; /* the table's now */
	return result;
}

int ipc_get(struct ipc_table *t, int key, int flags, const void *arg)
{
	struct ipc_object *fresh = NULL;
	struct radix_pool pool;
	int result;

	radix_pool_init(&pool, &radix_kmalloc_ops);
	while ((result = find_or_insert(t, key, flags, arg, &fresh, &pool)) == -EAGAIN) {
		result = fresh ? radix_pool_fill(&pool) : t->kind->create(arg, &fresh);
		if (result)
			break;
		fresh->mode = (unsigned)flags & 0777;
	}
	radix_pool_drain(&pool);
	if (fresh)
		ipc_put(t, fresh);
	return result;
}

void ipc_forget_key(struct ipc_table *t, struct ipc_object *o)
{
	MUTEX_GUARD(&t->lock);
	if (o->key == IPC_PRIVATE)
		return;
	hlist_del(&o->by_key);
	o->key = IPC_PRIVATE;
}

bool ipc_remove(struct ipc_table *t, struct ipc_object *o)
{
	bool was;

	ipc_forget_key(t, o);
	mutex_lock(&t->lock);
	spin_lock(&o->lock);
	was = o->removed;
	o->removed = true;
	spin_unlock(&o->lock);
	if (!was) {
		radix_erase(&t->objects, (unsigned)o->id % IPC_NUMBERS);
		atomic_store(&t->count, t->count - 1);
	}
	mutex_unlock(&t->lock);
	if (!was)
		ipc_put(t, o);
	return !was;
}

int ipc_check(const struct ipc_object *o, unsigned wanted)
{
	const struct cred *c = cred_current();
	unsigned granted = o->mode;

	assert_held(&o->lock);
	if (o->removed)
		return -EIDRM;
	if (c->euid == o->creator_uid || c->euid == o->uid)
		granted >>= 6;
	else if (c->egid == o->creator_gid || c->egid == o->gid || cred_in_group(c, o->creator_gid) ||
		 cred_in_group(c, o->gid))
		granted >>= 3;
	return (wanted & ~granted & 7) && !cred_capable(c, CAP_IPC_OWNER) ? -EACCES : 0;
}

int ipc_check_owner(const struct ipc_object *o)
{
	const struct cred *c = cred_current();

	assert_held(&o->lock);
	if (o->removed)
		return -EIDRM;
	return c->euid == o->uid || c->euid == o->creator_uid || cred_capable(c, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

void ipc_get_perm(const struct ipc_object *o, struct ipc64_perm *p)
{
	*p = (struct ipc64_perm){
		.key = o->key, .uid = o->uid, .gid = o->gid, .cuid = o->creator_uid, .cgid = o->creator_gid,
		.mode = o->mode, .seq = (unsigned short)(o->id / IPC_NUMBERS),
	};
}

int ipc_set_perm(struct ipc_object *o, const struct ipc64_perm *p)
{
	assert_held(&o->lock);
	if (p->uid == UINT32_MAX || p->gid == UINT32_MAX)
		return -EINVAL;
	o->uid = p->uid;
	o->gid = p->gid;
	o->mode = (o->mode & ~0777u) | (p->mode & 0777);
	return 0;
}

int ipc_show(struct ipc_table *t, struct text *text, void (*show)(struct text *text, struct ipc_object *o))
{
	for (unsigned index = 0; index < IPC_NUMBERS; index++) {
		uint64_t next = index;
		struct ipc_object *o;

		rcu_read_lock();
		o = radix_find(&t->objects, &next, IPC_NUMBERS - 1);
		rcu_read_unlock();
		if (!o)
			break;
		index = (unsigned)next;
		o = ipc_find_index(t, index);
		if (!o)
			continue;
		show(text, o);
		ipc_put(t, o);
	}
	return 0;
}
