/* SPDX-License-Identifier: MIT */
/* mem/radix_nodes.c: nodes of radix trees from kmalloc(). No state. */
#include "mem/radix_nodes.h"
#include "mem/slab.h"

static struct radix_node *node_alloc(void)
{
	return kmalloc(sizeof(struct radix_node), ALLOC_KERNEL);
}

static void node_free(struct radix_node *node)
{
	kfree(node);
}

static void node_free_deferred(struct radix_node *node)
{
	kfree_rcu(node, (struct rcu_head *)node->rcu);
}

const struct radix_ops radix_kmalloc_ops = {
	.alloc = node_alloc, .free = node_free, .free_deferred = node_free_deferred,
};
