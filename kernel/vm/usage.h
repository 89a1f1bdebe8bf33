/* SPDX-License-Identifier: MIT */
/*
 * vm/usage.h: what a space maps at the moment, page by page, for who looks at
 * programs: /proc/PID/smaps, pagemap, clear_refs.
 */
#ifndef VM_USAGE_H
#define VM_USAGE_H

#include "vm/space.h"

/* Bytes. Shares (of a page mapped n times, the nth part) are counted in parts of a byte: >> USAGE_SHIFT. */
#define USAGE_SHIFT 12
struct area_usage {
	uint64_t resident, referenced, anonymous, huge, locked;
	uint64_t shared_clean, shared_dirty, private_clean, private_dirty;
	uint64_t share[RSS_KINDS], share_dirty, share_locked;
};

/* Adds what the area's pages count for. Space lock (space_for_each). */
void area_usage_add(const struct area *a, struct area_usage *u);

/* Is the area one for large pages, and long enough? */
bool area_may_be_huge(const struct area *a);

/*
 * n entries of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap) from addr on; frames:
 * with frame numbers. May sleep.
 */
void space_page_entries(struct space *s, uaddr_t addr, size_t n, uint64_t *out, bool frames);

/* Forgets that the area's pages were used, so that it shows which are from now on. Space lock. */
void area_forget_use(const struct area *a);
/* The greatest size so far is the present one. */
void space_forget_peak(struct space *s);

#endif
