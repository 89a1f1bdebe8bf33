/* SPDX-License-Identifier: MIT */
/*
 * vm/fault.h: one page fault on its way: see fault.c.
 */
#ifndef VM_FAULT_H
#define VM_FAULT_H

#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/pagetable.h"

/* What a try was missing, to be got outside the RCU read section. */
enum fault_need {
	NEED_NOTHING,  /* something changed meanwhile: just try again */
	NEED_TABLE,    /* a page-table page */
	NEED_OWN,      /* the page-table page, which other spaces have too, for itself */
	NEED_FRAME,    /* a frame */
	NEED_HUGE,     /* a large page, if there is one */
	NEED_SPLIT,    /* the large page that is there in small ones */
	NEED_PAGE,     /* the object's page, up to date */
	NEED_WRITABLE, /* the object's page, made writable and dirty */
	NEED_STACK,    /* the stack grown down to the address */
	NEED_WRITER,   /* the end of the operation that is at work on the area */
};

struct fault {                   /* owner: the faulting thread's stack */
	struct space *space;
	uaddr_t addr;            /* of the page */
	enum fault_access access;
	bool force;              /* write into a private area though it is read-only, or read what permits nothing */
	bool major;              /* something had to be read */
	bool zero;               /* the frame needed must be zeroed */
	bool frame_zeroed;
	enum fault_need need;
	struct area *area;       /* of the last try; referenced for NEED_PAGE and NEED_WRITABLE */
	struct page *spare;      /* a table for table_make(), or NULL */
	struct page *frame;      /* a frame got, not used yet, or NULL */
	struct page *huge;       /* a large page got, not used yet, or NULL */
	bool no_huge;            /* there is none */
	struct page *page;       /* the object's page got for NEED_PAGE, kept until the end, or NULL */
};

/* Says what is missing. */
static inline int fault_needs(struct fault *f, enum fault_need need)
{
	f->need = need;
	return -EAGAIN;
}

/* Why a table entry cannot be filled: the area died, or is not ready. */
static inline int fault_area_gone(struct fault *f, const struct area *a)
{
	return fault_needs(f, __atomic_load_n(&a->seq.n, __ATOMIC_ACQUIRE) == 1 ? NEED_WRITER : NEED_NOTHING);
}

/* May an entry of the locked table be changed for the area? 0, or -EAGAIN with the need noted. */
static inline int fault_may_enter(struct fault *f, const struct area *a, const struct page *table)
{
	if (unlikely(!area_alive(a)))
		return fault_area_gone(f, a);
	if (unlikely(!table_owned(table, f->space)))
		return fault_needs(f, NEED_OWN);
	return 0;
}

/* A frame in f->frame, zeroed if asked; false (and the need noted) if that would sleep. */
bool fault_get_frame(struct fault *f, bool zero);

/*
 * Enters f->frame (used up) as a private page at entry p of the locked table,
 * in place of nothing or of what the caller took out.
 */
void fault_enter_private(struct fault *f, struct area *a, struct page *table, pte_t *p);

/*
 * fault_file.c and fault_cow.c: tries inside an RCU read section; 0, -EAGAIN with
 * f->need set, or an error. The entry was absent, or it was e, write-protected: who comes with a
 * look at it of his own may find it absent.
 */
int fault_try_file(struct fault *f, struct area *a, struct page *table, pte_t *p);
int fault_try_write(struct fault *f, struct area *a, struct page *table, pte_t *p, pte_t e);

#endif
