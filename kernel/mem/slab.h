/* SPDX-License-Identifier: MIT */
/*
 * mem/slab.h: kernel objects of a fixed size from slabs of frames, with
 * per-processor stacks of free objects; kmalloc() above caches of sizes 16 B to
 * 8 KiB (larger: whole frames). Debug builds poison what is freed, check it on
 * the way out, and put red zones around.
 */
#ifndef MEM_SLAB_H
#define MEM_SLAB_H

#include "base/rcu.h"
#include "mem/frame.h"

struct kcache;

/* A cache of objects; name must stay valid. Panics when out of memory: only during boot. */
struct kcache *kcache_create(const char *name, size_t size, size_t align);
void *kcache_alloc(struct kcache *c, unsigned flags); /* flags: enum alloc_flags. NULL when out. */
void kcache_free(struct kcache *c, void *p);          /* any context; p may be NULL */

/* Memory aligned to 16 bytes, above 128 bytes to 64 (a power of two: to its size, up to a page). NULL when out. */
void *kmalloc(size_t size, unsigned flags);
static inline void *kzalloc(size_t size, unsigned flags) { return kmalloc(size, flags | ALLOC_ZERO); }
/* The bytes of memory that kmalloc(size) takes, for who has to answer for them. */
size_t kmalloc_size(size_t size);
void *kcalloc(size_t n, size_t size, unsigned flags); /* zeroed; NULL on overflow too */
void *krealloc(void *p, size_t size, unsigned flags); /* as realloc(3) */
char *kstrdup(const char *s, unsigned flags);
void kfree(const void *p);                            /* any context; p may be NULL */

/* Frees p after a grace period; head lies inside p at any offset. */
void kfree_rcu(void *p, struct rcu_head *head);

/* Set-up; after frame_init(). */
void slab_init(void);

/* For /proc/slabinfo and leak checks: calls visit for each cache. */
struct kcache_stats { const char *name; size_t size; uint64_t used, total, frames; };
void kcache_for_each(void (*visit)(void *arg, const struct kcache_stats *s), void *arg);

#endif
