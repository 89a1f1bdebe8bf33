/* SPDX-License-Identifier: MIT */
/*
 * fs/cred.c: credentials and group lists. Both are counted and, once shared,
 * never change; so nothing here needs a lock. A walk under RCU may look at a
 * file's credentials, therefore the memory goes after a grace period.
 */
#include "fs/cred.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/capability.h>

#define CAP_ALL (BIT(CAP_LAST_CAP + 1) - 1)

static struct group_list no_groups = { .refs = { 1 } };

struct cred cred_root = {
	.refs = { 1 },
	.cap_permitted = CAP_ALL,
	.cap_effective = CAP_ALL,
	.cap_bounding = CAP_ALL,
	.groups = &no_groups,
};

struct group_list *group_list_create(unsigned count)
{
	struct group_list *g = kmalloc(sizeof(*g) + count * sizeof(g->gid[0]), ALLOC_KERNEL);

	if (!g)
		return NULL;
	refcount_init(&g->refs, 1);
	g->count = count;
	return g;
}

void group_list_put(struct group_list *g)
{
	if (g && refcount_put(&g->refs))
		kfree(g);
}

static void cred_free(struct rcu_head *head)
{
	struct cred *c = container_of(head, struct cred, rcu);

	group_list_put(c->groups);
	kfree(c);
}

void cred_put(const struct cred *c)
{
	struct cred *mine = (struct cred *)c;

	if (mine && refcount_put(&mine->refs))
		rcu_call(&mine->rcu, cred_free);
}

struct cred *cred_copy(const struct cred *c)
{
	struct cred *copy = kmalloc(sizeof(*copy), ALLOC_KERNEL);

	if (!copy)
		return NULL;
	memcpy(copy, c, sizeof(*copy));
	refcount_init(&copy->refs, 1);
	refcount_get(&copy->groups->refs);
	return copy;
}

bool cred_in_group(const struct cred *c, uint32_t gid)
{
	unsigned low = 0, high = c->groups->count;

	if (gid == c->fsgid)
		return true;
	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (c->groups->gid[mid] == gid)
			return true;
		if (c->groups->gid[mid] < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}
