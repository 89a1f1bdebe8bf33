/* SPDX-License-Identifier: MIT */
/*
 * mem/shrink.h: who keeps memory that could be given up (caches of any kind)
 * registers a shrinker, and is asked when frames run out.
 */
#ifndef MEM_SHRINK_H
#define MEM_SHRINK_H

#include "lib/types.h"

struct shrinker {
	const char *name; /* immutable */
	/* Frames that scan() could free now, about. Any locks of its owner; must not allocate. */
	uint64_t (*count)(struct shrinker *s);
	/* Frees about that many frames; returns how many it freed. May sleep. flags: enum alloc_flags of who asks. */
	uint64_t (*scan)(struct shrinker *s, uint64_t frames, unsigned flags);
	struct shrinker *next; /* atomic: list, only ever grows */
};

/* For good. */
void shrink_register(struct shrinker *s);

/*
 * Asks all shrinkers, each for its share, until about that many frames are
 * free; returns the number freed. Called by the reclaim hook. May sleep.
 */
uint64_t shrink_run(uint64_t frames, unsigned flags);

/* What shrink_run() could free at most, about. */
uint64_t shrink_count(void);

#endif
