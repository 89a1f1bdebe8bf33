/* SPDX-License-Identifier: MIT */
/*
 * vm/areas.h: changing the set of areas. All operations (map, unmap, protect …)
 * are edits: areas are taken out and new ones put in, in one transaction of the
 * B-tree, which readers see at once or not at all.
 *
 *   mutex_lock(&s->lock);
 *   edit_begin(&e, s);
 *   error = edit_cut(&e, start, end) ?: edit_insert(&e, area) ?: edit_check(&e);
 *   if (error)
 *           edit_abort(&e);           nothing has happened
 *   else {
 *           edit_commit(&e);          the removed areas are dead now
 *           … take out their page-table entries …
 *   }
 *   mutex_unlock(&s->lock);
 *   edit_finish(&e);                  drops the removed areas; after abort too
 */
#ifndef VM_AREAS_H
#define VM_AREAS_H

#include "vm/space.h"

#define STACK_GUARD_GAP (256 * PAGE_SIZE)   /* kept free below a stack */

struct area_sums {              /* pages, but for areas */
	int64_t areas, total, locked, data, stack, exec, account;
};

struct space_edit {             /* owner: the caller's stack */
	struct space *space;
	struct btree_txn txn;
	struct list added, removed;
	struct area *unready;   /* stays new (faults wait) until area_set_ready(); NULL: none */
	struct area_sums delta;
};

void edit_begin(struct space_edit *e, struct space *s);
/* Puts a new area in; merges it with neighbours of the same kind (insert) or not (add). Consumes a. 0 or -ENOMEM. */
int edit_insert(struct space_edit *e, struct area *a);
int edit_add(struct space_edit *e, struct area *a);
/* Puts a new area in the place of an old one, if that overlaps no other. Consumes a. 0 or -ENOMEM. */
int edit_replace(struct space_edit *e, struct area *old, struct area *a);
/* Takes an area out. 0 or -ENOMEM. */
int edit_remove(struct space_edit *e, struct area *a);
/* Takes everything in [start, end) out, splitting areas at both ends. 0 or -ENOMEM. */
int edit_cut(struct space_edit *e, uaddr_t start, uaddr_t end);
/* Gives [start, end) of area a other flags, merging where that makes neighbours alike. 0 or -ENOMEM. */
int edit_set_flags(struct space_edit *e, struct area *a, uaddr_t start, uaddr_t end, uint32_t flags);
/* Limits and memory promised. Once, last before the commit. 0, -ENOMEM, or -EAGAIN (locked memory). */
int edit_check(struct space_edit *e);
void edit_commit(struct space_edit *e);
void edit_abort(struct space_edit *e);
void edit_finish(struct space_edit *e);

/* The area as the edit has it that contains addr, or NULL. */
struct area *edit_find(const struct space_edit *e, uaddr_t addr);

void area_set_ready(struct area *a);

/* A new area, not published; NULL when out. May sleep. */
struct area *area_create(struct space *s, uaddr_t start, uaddr_t end, uint32_t flags);
/* A copy of [start, end) of a for space s, with references of its own; NULL when out. May sleep. */
struct area *area_clone(const struct area *a, struct space *s, uaddr_t start, uaddr_t end);
/* Drops a reference; the last one frees, and puts object and file. May sleep. */
void area_put(struct area *a);
/* The same from a fault, which may be inside a filesystem's locks: the putting is left to a worker. */
void area_put_later(struct area *a);

/* The area that contains addr or the next above it; NULL if none. RCU or the space's lock. */
static inline struct area *area_find(const struct space *s, uaddr_t addr)
{
	struct btree_entry e;

	return btree_find(&s->areas, addr, &e) ? e.value : NULL;
}

/* The area that contains addr, or NULL. */
static inline struct area *area_at(const struct space *s, uaddr_t addr)
{
	struct area *a = area_find(s, addr);

	return a && a->start <= addr ? a : NULL;
}

/* The last area that starts below addr, or NULL. */
static inline struct area *area_before(const struct space *s, uaddr_t addr)
{
	struct btree_entry e;

	return btree_find_prev(&s->areas, addr, &e) ? e.value : NULL;
}

/* A walk over the areas from an address on, while they do not change: space lock, or one RCU read section. */
struct area_walk {
	const struct btree *tree;
	struct btree_cursor cursor;
	struct btree_entry entry; /* value: the area, NULL at the end */
};

static inline struct area_walk area_walk_start(const struct btree *areas, uaddr_t from)
{
	struct area_walk w = { .tree = areas };

	if (!btree_seek(areas, from, &w.cursor, &w.entry))
		w.entry.value = NULL;
	return w;
}

static inline void area_walk_next(struct area_walk *w)
{
	if (!btree_next(w->tree, &w->cursor, &w->entry))
		w->entry.value = NULL;
}

#define area_for_each(areas, a, from)                                                              \
	for (struct area_walk walk_ = area_walk_start(areas, from); ((a) = walk_.entry.value);     \
	     area_walk_next(&walk_))

static inline uint64_t area_pages(const struct area *a)
{
	return (a->end - a->start) >> PAGE_SHIFT;
}

/* What an area counts for, added to sums with sign 1 or -1. */
void area_sum(struct area_sums *sums, const struct area *a, int sign);

/* rmap.c: into and out of the trees by which pages find their areas. */
void area_link_object(struct area *a);
void area_unlink_object(struct area *a);
/* Enters the area into its family unless it is there or dead. */
void area_link_family(struct area *a);
/* The same for an area that is not published yet. */
void area_link_family_new(struct area *a);
/* Takes it out again; it is dead, and that was made visible (atomic_fence) before. */
void area_unlink_family(struct area *a);
struct anon_family *family_create(void); /* NULL when out */
void family_put(struct anon_family *f);

/* commit.c: memory promised, in pages. 0 or -ENOMEM; a negative or zero number never fails. */
int commit_charge(int64_t pages);
/* For the areas of a fork: each was small enough for its parent, and their sum is not asked about. */
int commit_charge_copies(int64_t pages);
void commit_uncharge(int64_t pages);

/* How vm calls the owner of files. */
void file_hook_get(void *file);
void file_hook_put(void *file);

/* map.c: a free place, -ENOMEM. Space lock. */
int space_find_place(struct space *s, uaddr_t hint, size_t length, bool low_32bit, uaddr_t *addr);

/* Caches, for vm_init(). */
void area_init(void);
void space_cache_init(void);
void object_cache_init(void);

/* munmap under the space's lock: after 0 the edit is committed or empty, and finished without the lock in any case. */
int space_unmap_locked(struct space *s, struct space_edit *e, uaddr_t start, uaddr_t end);

/* count.c: notes the greatest number of pages before it shrinks. */
void space_update_peak(struct space *s);

/* zap.c */
/*
 * Takes out what [start, end) maps, where no area is any more, and tables that are of
 * no use then. Space lock; tables_own_edges() was called since it was taken.
 */
void zap_unmapped(struct space *s, uaddr_t start, uaddr_t end);
/* Takes out what [start, end) maps, where an area lies: a new one that is not ready yet, or one that begins anew. The same. */
void zap_replaced(struct space *s, uaddr_t start, uaddr_t end);

/* space.c: a number no space has or had, to tag TLB entries with. */
uint64_t space_new_generation(void);
/* An empty space in a family (counted for it), or a new one if NULL. NULL when out. */
struct space *space_create_in(struct anon_family *f);

/* populate.c: faults [start, end) in. 0 or as space_fault(). May sleep; no lock held. */
int space_populate(struct space *s, uaddr_t start, uaddr_t end);
/* stack growth; the space's lock is held. 0 or -EFAULT. */
int space_grow_stack(struct space *s, uaddr_t addr);
/* fault.c: as space_fault(); write into a private area that is read-only. */
int space_fault_force(struct space *s, uaddr_t addr, enum fault_access access);

#endif
