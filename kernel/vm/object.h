/* SPDX-License-Identifier: MIT */
/*
 * vm/object.h: memory objects: what can be mapped and cached. An object is an
 * index of pages (radix tree by page number, read under RCU, changed under its
 * lock) and a table of functions that its owner (a filesystem, anonymous shared
 * memory) supplies. It lies below the VFS and knows no inode. This is the page
 * cache for every filesystem.
 *
 * A page in an object holds one reference for the index. Its state bits are in
 * page->flags: LOCKED (exclusive: being filled, truncated, written), UPTODATE,
 * DIRTY, WRITEBACK. Who finds a page takes a reference (increment unless zero),
 * then checks page->object again. Only the holder of LOCKED may remove it.
 * Nobody touches user memory while holding LOCKED.
 */
#ifndef VM_OBJECT_H
#define VM_OBJECT_H

#include "base/spinlock.h"
#include "lib/radix.h"
#include "lib/refcount.h"
#include "mem/frame.h"
#include "sched/mutex.h"

struct object;

struct object_ops {
	/*
	 * Fills a locked page that is not UPTODATE (index page->index); sets UPTODATE,
	 * leaves it locked. 0 or -EIO, -ENOMEM … May sleep. NULL: zeros.
	 */
	int (*read_page)(struct object *o, struct page *page);
	/* Writes dirty pages in [first, last]; NULL for memory-only objects. May sleep. */
	int (*write_pages)(struct object *o, uint64_t first, uint64_t last);
	/* A shared mapping is about to write to a page (locked): reserve space and so on. NULL: fine. 0 or -ENOSPC … May sleep. */
	int (*make_writable)(struct object *o, struct page *page);
	/* A page is about to be made, or one went: for owners with a limit. NULL: fine. 0 or -ENOSPC. Must not sleep. */
	int (*charge)(struct object *o);
	void (*uncharge)(struct object *o);
	/* madvise(MADV_REMOVE): object_punch_hole() under the owner's lock, taken inside. NULL: -EOPNOTSUPP. May sleep. */
	int (*punch_hole)(struct object *o, uint64_t start, uint64_t end);
	/* The last reference went; pages are gone already. */
	void (*release)(struct object *o);
};

struct object {
	struct spinlock lock;          /* pages (writers), mappings */
	struct radix pages;            /* lock for writers, RCU for readers */
	uint64_t page_count;           /* lock */
	uint64_t size;                 /* atomic: bytes; faults beyond it give SIGBUS. Writers hold the owner's lock */
	const struct object_ops *ops;  /* immutable */
	void *owner;                   /* immutable: the inode */
	uint64_t id;                   /* immutable: unique for all time, for futex keys */
	bool swap_backed;              /* immutable: pages are never dropped without swap; without write_pages at first */
	struct refcount refs;
	struct rb_root mappings;       /* lock: areas that map it, an interval tree by page index */
	uint32_t writable_mappings;    /* atomic: shared writable areas, for seals and O_TRUNC checks */
};

void object_init(struct object *o, const struct object_ops *ops, void *owner);
/* An object of zero pages of its own: shared anonymous memory. NULL when out. */
struct object *object_create_anonymous(uint64_t size);
static inline void object_get(struct object *o) { refcount_get(&o->refs); }
void object_put(struct object *o);
/* Removes all pages. For an owner with a count of its own, at its end: nobody maps it or looks for pages. May sleep. */
void object_clear(struct object *o);

/* Page lock. lock may sleep; killable: 0 or -ERESTARTSYS. */
void page_lock(struct page *page);
int page_lock_killable(struct page *page);
bool page_trylock(struct page *page);
void page_unlock(struct page *page);

/* The page at index with a reference, or NULL; not locked, perhaps not UPTODATE. Does not sleep. */
struct page *object_find_page(struct object *o, uint64_t index);

/*
 * The page at index, UPTODATE, referenced, not locked; made and filled if absent.
 * -ENOMEM, -EIO, -ERESTARTSYS (killed), whatever read_page returned. May sleep.
 */
int object_get_page(struct object *o, uint64_t index, struct page **out);

/*
 * The same for a writer: locked; when the whole page will be overwritten
 * (whole), it need not be filled and may not be UPTODATE. Writer sets UPTODATE
 * and calls page_set_dirty(), then page_unlock() and page_put().
 */
int object_get_page_locked(struct object *o, uint64_t index, bool whole, struct page **out);

/* Marks a page dirty in flags and index. Page locked, or mapped writable. */
void page_set_dirty(struct page *page);

/*
 * Cuts or grows to size bytes: sets object.size, removes pages beyond it,
 * zeroes the rest of the last page, unmaps the cut part everywhere. The caller
 * holds the owner's lock. May sleep.
 */
void object_truncate(struct object *o, uint64_t size);
/* Removes pages in [start, end) bytes, zeroing partial ones. Same locks. */
void object_punch_hole(struct object *o, uint64_t start, uint64_t end);

/*
 * Generic file reading and writing over the cache for a regular file: copies
 * between the iterator and pages, faulting user memory in first. read stops at
 * object.size. write extends object.size as it goes (the caller holds the
 * owner's lock) and calls page_set_dirty. Bytes moved, or an errno if none. May sleep.
 */
struct iter;
ssize_t object_read(struct object *o, uint64_t position, struct iter *to);
ssize_t object_write(struct object *o, uint64_t position, struct iter *from);

/* Next index at or after first that holds a page, for SEEK_DATA; UINT64_MAX if none. */
uint64_t object_next_page(struct object *o, uint64_t first);
uint64_t object_next_hole(struct object *o, uint64_t first);

/* Pages in all objects: file-backed ones, swap-backed ones; dirty ones. */
struct object_stats { uint64_t file, shmem, dirty; };
void object_stats(struct object_stats *s);

#endif
