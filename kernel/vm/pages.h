/* SPDX-License-Identifier: MIT */
/*
 * vm/pages.h: pages of objects, between the files of vm/ itself.
 */
#ifndef VM_PAGES_H
#define VM_PAGES_H

#include "vm/object.h"

/* As object_find_page(), inside an RCU read section. */
struct page *object_lookup(struct object *o, uint64_t index);
/* Takes a locked page out of the index and drops the index's reference. The caller has one. */
void object_remove_page(struct object *o, struct page *page);
/* truncate.c: takes all pages in [first, last] out. They may still be mapped. May sleep. */
void object_remove_pages(struct object *o, uint64_t first, uint64_t last);

/* Pages that a file of so many bytes has. */
static inline uint64_t object_size_pages(const struct object *o)
{
	uint64_t size = __atomic_load_n(&o->size, __ATOMIC_RELAXED);

	return (size >> PAGE_SHIFT) + ((size & (PAGE_SIZE - 1)) != 0);
}

/*
 * May a shared page be entered writable now? With write-back only while it is
 * marked dirty. Page-table page locked.
 */
static inline bool object_may_write(const struct object *o, const struct page *page)
{
	return !o->ops->write_pages || (READ_ONCE(page->flags) & PAGE_DIRTY);
}

#endif
