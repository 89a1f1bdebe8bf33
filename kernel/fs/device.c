/* SPDX-License-Identifier: MIT */
/*
 * fs/device.c: the table of device nodes, by number and kind. Registering also
 * shows the node in devtmpfs, which listens once it is there and then hears of
 * those registered before.
 *
 * device_lock is held by writers; open() looks up under RCU, and a node's memory
 * belongs to its driver, which frees it after a grace period if ever.
 */
#include "fs/device.h"
#include "fs/internal.h"
#include "lib/errno.h"
#include "sched/work.h"

#define DEVICE_BUCKETS 64

static struct mutex device_lock = MUTEX_INIT(device_lock, RANK_DEVICE_TABLE);
static struct hlist device_hash[DEVICE_BUCKETS];       /* device_lock, RCU */
static struct list device_all = LIST_INIT(device_all); /* device_lock */
static const struct device_listener *listener;         /* device_lock */

static struct hlist *device_bucket(uint64_t rdev, bool block)
{
	return &device_hash[hash_2u64(rdev, block) % DEVICE_BUCKETS];
}

const struct device_node *device_find(uint64_t rdev, bool block)
{
	struct device_node *n;

	rcu_read_lock();
	hlist_for_each_entry(n, device_bucket(rdev, block), hash)
		if (n->rdev == rdev && S_ISBLK(n->mode) == block)
			break;
	rcu_read_unlock();
	return n;
}

int device_register(struct device_node *node)
{
	int error = 0;

	MUTEX_GUARD(&device_lock);
	if (device_find(node->rdev, S_ISBLK(node->mode)))
		return -EEXIST;
	if (listener)
		error = listener->add(node);
	if (error)
		return error;
	hlist_add_head(&node->hash, device_bucket(node->rdev, S_ISBLK(node->mode)));
	list_add_tail(&node->link, &device_all);
	return 0;
}

void device_unregister(struct device_node *node)
{
	mutex_lock(&device_lock);
	hlist_del(&node->hash);
	list_del(&node->link);
	if (listener)
		listener->remove(node);
	mutex_unlock(&device_lock);
	rcu_synchronize();
}

int device_listen(const struct device_listener *l)
{
	struct device_node *n;

	MUTEX_GUARD(&device_lock);
	list_for_each_entry(n, &device_all, link) {
		int error = l->add(n);

		if (error)
			return error;
	}
	listener = l;
	return 0;
}
