/* SPDX-License-Identifier: MIT */
/*
 * mem/slab_impl.h: the structures behind mem/slab.h. Inside mem/ only.
 */
#ifndef MEM_SLAB_IMPL_H
#define MEM_SLAB_IMPL_H

#include "base/spinlock.h"
#include "lib/list.h"
#include "mem/slab.h"

#define MAGAZINE_MAX 32

/* A processor's stack of free objects of a cache. */
struct magazine {
	uint32_t count;           /* owner: its processor, interrupts off; read by statistics */
	void *object[MAGAZINE_MAX]; /* the same */
};

/* What is known about 2^order frames of objects; lies at their end, or elsewhere for large objects. */
struct slab {
	struct list list;      /* cache's lock: on partial or empty; on none while full */
	struct kcache *cache;  /* immutable */
	char *base;            /* immutable: the first object */
	void *free;            /* cache's lock: linked free objects */
	uint16_t used;         /* cache's lock: objects given out, to magazines too */
	uint16_t begun;        /* cache's lock: objects that were ever given out */
	uint16_t capacity;     /* immutable */
};

struct kcache {
	struct spinlock lock;
	struct list partial;      /* lock: slabs with free and used objects */
	struct list empty;        /* lock: slabs with free objects only */
	uint64_t empties;         /* lock: how many those are */
	uint64_t frames;          /* lock: frames of all slabs */
	uint64_t objects;         /* lock: objects in all slabs */
	uint64_t used;            /* lock: objects out of the slabs */
	const char *name;         /* immutable, like all that follow */
	uint32_t size;            /* what the user may touch */
	uint32_t stride;          /* from one object to the next */
	uint32_t link;            /* offset in a free object of the link to the next */
	uint8_t order;            /* preferred size of a slab */
	uint8_t order_least;      /* for when there are no large blocks */
	uint8_t magazine_size;    /* 0: a cache without magazines */
	bool header_off_slab;
	struct kcache *next;      /* atomic: list of all caches, only ever grows */
	struct magazine *magazine[CPU_MAX]; /* set once, by its processor */
	uint64_t quarantined;     /* atomic: SAN=address: freed objects that wait, see mem/quarantine.h */
};

/* The cache an object belongs to; NULL if p came from frames. */
struct kcache *slab_cache_of(const void *p);
/* Start of the object that holds address p, or of the frames. */
void *slab_object_start(void *p);

/* How many objects fit into a slab of 2^order frames. */
size_t slab_capacity(const struct kcache *c, unsigned order);
/* Frees what the cache holds back: this processor's magazine, empty slabs. Returns frames. */
uint64_t slab_trim(struct kcache *c);

/* For the allocator itself; see mem/kcache.c. */
extern struct kcache slab_magazine_cache, slab_header_cache;
/* Makes the caches of kmalloc(). */
void kmalloc_init(void);

/* Debug builds: red zone, state and last caller of an object; see mem/slab_debug.c. */
#if CONFIG_DEBUG
#define SLAB_DEBUG_BYTES (CONFIG_KASAN ? 40 : 32)
void slab_debug_begin(const struct kcache *c, void *p);                    /* first use of the memory */
void slab_debug_alloc(const struct kcache *c, void *p, uint64_t caller);
void slab_debug_free(const struct kcache *c, void *p, uint64_t caller);
#if CONFIG_KASAN
/* Tells reports about objects. */
void slab_debug_init(void);
#else
static inline void slab_debug_init(void) { }
#endif
/* kcache_alloc() and kcache_free() on behalf of a caller further up. */
void *slab_alloc_for(struct kcache *c, unsigned flags, uint64_t caller);
void slab_free_for(struct kcache *c, void *p, uint64_t caller);
#else
#define SLAB_DEBUG_BYTES 0
static inline void slab_debug_init(void) { }
#define slab_debug_begin(c, p) ((void)0)
#define slab_debug_alloc(c, p, caller) ((void)0)
#define slab_debug_free(c, p, caller) ((void)0)
#define slab_alloc_for(c, flags, caller) kcache_alloc(c, flags)
#define slab_free_for(c, p, caller) kcache_free(c, p)
#endif

#endif
