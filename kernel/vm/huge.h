/* SPDX-License-Identifier: MIT */
/*
 * vm/huge.h: large pages of anonymous memory: see huge.c. Inside vm/ only.
 */
#ifndef VM_HUGE_H
#define VM_HUGE_H

#include "vm/fault.h"

#define HUGE_ORDER 9
#define HUGE_PAGES (1UL << HUGE_ORDER)
#define HUGE_SIZE  (PAGE_SIZE * HUGE_PAGES)

/*
 * A try of a fault where there is no level-1 table. 0: served. -EAGAIN: as f->need says.
 * 1: it is not for large pages, and the table has to be made. RCU.
 */
int huge_try(struct fault *f, struct area *a);
/* A zeroed large page for NEED_HUGE, or a note that there is none. May sleep. */
void huge_get(struct fault *f);
/* What a fault did not use. */
void huge_give_back(struct page *huge);

/* Splits the large page over addr, if there is one, by the table *spare. 0, or -ENOMEM if *spare is NULL. */
int huge_split(struct space *s, uaddr_t addr, struct page **spare);
/* Splits all that meet [start, end). 0 or -ENOMEM. Space lock; may sleep. */
int huge_split_range(struct space *s, uaddr_t start, uaddr_t end);

/*
 * Lets the child have the large pages of an area. *pages: how many pages of 4 KiB; *protected: the
 * parent's processors must forget what they may write. 0 or -ENOMEM. Both spaces' locks; may sleep.
 */
int huge_share(struct space *parent, struct space *child, const struct area *a, uint64_t *pages, bool *protected);
/* Takes out the large pages inside [start, end), flushing each; the pages of 4 KiB gone. Space lock, or nobody else is left. */
uint64_t huge_zap(struct space *s, uaddr_t start, uaddr_t end);

/* The first large page at or after *addr that begins below end: its entry; *addr moves there. False: none. RCU or the space's lock; a hint. */
bool huge_look(const struct space *s, uaddr_t *addr, uaddr_t end, pte_t *entry);
/* Forgets that those inside [start, end) were used; the caller finishes the batch. Space lock. */
struct tlb_batch;
void huge_forget_use(struct tlb_batch *b, uaddr_t start, uaddr_t end);
/* By how many spaces the large page is mapped, or one more while it is being split. */
unsigned huge_times_mapped(const struct page *huge);
/* Is a large page mapped over addr? RCU or the space's lock; a hint. */
bool huge_mapped(const struct space *s, uaddr_t addr);
void huge_init(void);

#endif
