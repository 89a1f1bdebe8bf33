/* SPDX-License-Identifier: MIT */
/*
 * The life of an address space. Threads use it; when the last one is done, its
 * areas and tables go at once, while the structure stays for visitors (/proc)
 * until they put it.
 */
#include "mem/slab.h"
#include "vm/areas.h"
#include "vm/huge.h"
#include "vm/pagetable.h"

static struct kcache *space_cache; /* immutable after boot */
static struct kcache *node_cache;  /* immutable after boot: nodes of area trees */
static uint64_t generations;       /* atomic */

static struct btree_node *node_alloc(void)
{
	return kcache_alloc(node_cache, ALLOC_KERNEL);
}

static void node_free(struct btree_node *node)
{
	kcache_free(node_cache, node);
}

static void node_free_rcu(struct rcu_head *h)
{
	node_free((struct btree_node *)((char *)h - offsetof(struct btree_node, rcu)));
}

static void node_retire(struct btree_node *node)
{
	static_assert(sizeof(node->rcu) == sizeof(struct rcu_head), "room for the head");
	rcu_call((struct rcu_head *)(void *)node->rcu, node_free_rcu);
}

static const struct btree_ops node_ops = { node_alloc, node_free, node_retire };

void space_cache_init(void)
{
	space_cache = kcache_create("space", sizeof(struct space), 64);
	node_cache = kcache_create("area tree", sizeof(struct btree_node), 64);
}

uint64_t space_new_generation(void)
{
	return atomic_inc_return(&generations);
}

static struct page *root_create(void)
{
	struct page *root = table_alloc(ALLOC_KERNEL);

	if (root)
		mmu_root_init(page_to_phys(root));
	return root;
}

struct space *space_create_in(struct anon_family *f)
{
	struct space *s = kcache_alloc(space_cache, ALLOC_KERNEL | ALLOC_ZERO);
	struct page *root = root_create();

	if (s && f)
		refcount_get(&f->refs);
	else if (s)
		f = family_create();
	if (!s || !f || !root)
		goto fail;
	s->family = f;
	s->mmu.root = page_to_phys(root);
	s->mmu.generation = space_new_generation();
	mutex_init(&s->lock, RANK_SPACE);
	btree_init(&s->areas, &node_ops);
	refcount_init(&s->users, 1);
	refcount_init(&s->refs, 1);
	s->stack_limit = s->data_limit = s->address_limit = UINT64_MAX;
	s->mmap_base = USER_WINDOW - GiB(1);
	s->count.tables = 1;
	return s;
fail:
	if (s && f)
		family_put(f);
	if (root)
		frame_free(root, 0);
	kcache_free(space_cache, s);
	return NULL;
}

struct space *space_create(void)
{
	return space_create_in(NULL);
}

void space_put(struct space *s)
{
	if (!refcount_put(&s->refs))
		return;
	assert(btree_is_empty(&s->areas) && !s->mmu.root);
	family_put(s->family);
	kcache_free(space_cache, s);
}

bool space_use_unless_zero(struct space *s)
{
	return refcount_get_unless_zero(&s->users);
}

/* Takes the areas out of all trees, and the tree of areas from the space. */
static struct btree unlink_areas(struct space *s)
{
	struct btree areas;
	struct area *a;

	mutex_lock(&s->lock);
	area_for_each(&s->areas, a, 0) {
		__atomic_store_n(&a->seq.n, 3, __ATOMIC_RELEASE);
		area_unlink_object(a);
		area_unlink_family(a);
	}
	areas = s->areas;
	btree_init(&s->areas, &node_ops);
	s->area_count = 0;
	space_update_peak(s);
	commit_uncharge((int64_t)s->count.account);
	s->count = (struct space_counters){ .peak = s->count.peak };
	mutex_unlock(&s->lock);
	return areas;
}

static void put_areas(struct btree *areas)
{
	struct area *a;

	area_for_each(areas, a, 0) {
		a->seq.n = 1; /* no reader is left: as if it had never been seen */
		area_put(a);
	}
	btree_destroy(areas);
}

/* Nobody uses it any more. */
static void empty(struct space *s)
{
	struct btree areas;

	might_sleep();
	mmu_space_forget(&s->mmu);
	if (s->count.huge)
		(void)huge_zap(s, 0, USER_TOP);
	areas = unlink_areas(s);
	tables_destroy(s);
	put_areas(&areas);
	file_hook_put(s->exe);
	s->exe = NULL;
	space_put(s);
}

void space_unuse(struct space *s)
{
	might_sleep();
	if (refcount_put(&s->users))
		empty(s);
}

static void empty_work(struct work *w)
{
	empty(container_of(w, struct space, last));
}

void space_unuse_later(struct space *s)
{
	if (!refcount_put(&s->users))
		return;
	work_init(&s->last, empty_work);
	work_queue(&s->last);
}

int space_for_each(struct space *s, uaddr_t from, int (*visit)(void *arg, const struct area *a), void *arg)
{
	struct area *a;
	int result = 0;

	MUTEX_GUARD(&s->lock);
	area_for_each(&s->areas, a, from) {
		result = visit(arg, a);
		if (result)
			break;
	}
	return result;
}
