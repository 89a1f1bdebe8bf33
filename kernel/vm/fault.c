/* SPDX-License-Identifier: MIT */
/*
 * Page faults.
 *
 * Idea. A fault is tried inside one RCU read section, which takes no lock but
 * that of the page-table page it fills and no reference on anything but the page
 * it enters. If something is missing (a table, a frame, a page of the object, a
 * longer stack) the try says what, and returns; it is got outside, where
 * sleeping is allowed, and the fault is tried again from the start. So there is
 * one path, its common case is short, and nothing has to be undone.
 *
 * Against writers. mmap, munmap and the others publish new areas, mark the old
 * ones dead, and then go over the tables. We look whether the area is alive
 * after locking the table: either our entry is there when they come to it, or we
 * see a dead area and try again with the new one. Against truncation: see
 * truncate.c; size and page->object are looked at under the same lock. Two
 * faults at one place: the entry is looked at again with the table locked, and
 * never overwritten.
 *
 * Entries. Each entry holds a reference on its page and counts in its mappings.
 * The zero page and the vDSO are entered as special: not counted. A shared
 * page of an object with write-back is entered writable only while it is marked
 * dirty, which NEED_WRITABLE sees to; write-back clears the mark first and then
 * write-protects the entries. Private pages are copied on write unless the
 * entry is their only owner. A table that fork shared must become the space's own before
 * an entry of it changes: share.c.
 *
 * Large pages are huge.c's: whatever is done here is done to a level-1 table.
 *
 * Not done here: swap entries.
 */
#include "vm/fault.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "vm/event.h"
#include "vm/huge.h"
#include "vm/pagetable.h"
#include "vm/pages.h"

bool fault_get_frame(struct fault *f, bool zero)
{
	if (!f->frame) {
		f->frame = frame_alloc(0, ALLOC_NOWAIT | ALLOC_USER | (zero ? ALLOC_ZERO : 0));
		f->frame_zeroed = zero;
	}
	if (!f->frame) {
		f->zero = zero;
		fault_needs(f, NEED_FRAME);
		return false;
	}
	if (zero && !f->frame_zeroed)
		memset(page_address(f->frame), 0, PAGE_SIZE);
	f->frame_zeroed = zero;
	return true;
}

void fault_enter_private(struct fault *f, struct area *a, struct page *table, pte_t *p)
{
	struct page *page = f->frame;
	pte_t e = pte_make(page_to_phys(page), area_prot(a));

	assert_table_locked(table);
	assert(pte_none(pte_load(p)));
	f->frame = NULL;
	page->object = f->space->family; /* not a->anon: an edit may just have replaced a by one that covers more */
	page->index = area_index(a, f->addr);
	page->mappings = 1;
	page->flags = PAGE_ANON | PAGE_SWAPBACKED | PAGE_UPTODATE;
	table->mappings++;
	pte_store(p, pte_mkdirty(pte_mkyoung(e)));
}

/* Enters a frame that nobody counts: the zero page, the vDSO. */
static int enter_special(struct fault *f, struct area *a, struct page *table, pte_t *p, paddr_t pa)
{
	unsigned prot = (area_prot(a) & ~(unsigned)MMU_WRITE) | MMU_SPECIAL;
	int error;

	table_lock(table);
	error = fault_may_enter(f, a, table);
	if (!error && pte_none(pte_load(p))) {
		table->mappings++;
		table->index++;
		pte_store(p, pte_mkyoung(pte_make(pa, prot)));
	}
	table_unlock(table);
	return error;
}

static int try_anonymous(struct fault *f, struct area *a, struct page *table, pte_t *p)
{
	int error;

	if (f->access != FAULT_WRITE)
		return enter_special(f, a, table, p, page_to_phys(zero_page));
	if (!fault_get_frame(f, true))
		return -EAGAIN;
	if (!a->anon)
		area_link_family(a);
	table_lock(table);
	error = fault_may_enter(f, a, table);
	if (!error && pte_none(pte_load(p))) {
		fault_enter_private(f, a, table, p);
		space_count(f->space, RSS_ANON, 1);
	}
	table_unlock(table);
	return error;
}

/* May the area be accessed so? 0, -EFAULT, -EACCES, or -EAGAIN (a stack to grow). */
static int check_access(struct fault *f, const struct area *a)
{
	uint32_t any = AREA_READ | AREA_WRITE | AREA_EXEC;

	if (!a)
		return -EFAULT;
	if (f->addr < a->start)
		return a->flags & AREA_GROWSDOWN ? fault_needs(f, NEED_STACK) : -EFAULT;
	if (unlikely(f->force)) {
		if (f->access == FAULT_WRITE)
			return (a->flags & AREA_WRITE) || !(a->flags & AREA_SHARED) ? 0 : -EACCES;
		return a->flags & (any | AREA_MAY_READ) ? 0 : -EACCES;
	}
	if (f->access == FAULT_WRITE)
		return a->flags & AREA_WRITE ? 0 : -EACCES;
	if (f->access == FAULT_EXEC)
		return a->flags & AREA_EXEC ? 0 : -EACCES;
	return a->flags & any ? 0 : -EACCES;
}

static int try_present_write(struct fault *f, struct area *a, struct page *table, pte_t *p, pte_t e)
{
	if (!pte_writable(e))
		return fault_try_write(f, a, table, p, e);
	/* Somebody was faster; or the table is shared, so that its upper entry forbids it. */
	return table_owned(table, f->space) ? 0 : fault_needs(f, NEED_OWN);
}

/* One try. RCU. */
static int fault_try(struct fault *f)
{
	struct area *a = area_find(f->space, f->addr);
	struct page *table;
	pte_t *p, e;
	int error = check_access(f, a);

	f->area = a;
	if (unlikely(error))
		return error;
	table = table_find(f->space, f->addr);
	if (unlikely(!table)) {
		error = huge_try(f, a);
		if (error <= 0)
			return error;
		table = table_make(f->space, a, f->addr, &f->spare);
		if (!table)
			return area_alive(a) ? fault_needs(f, f->spare ? NEED_NOTHING : NEED_TABLE) : fault_area_gone(f, a);
	}
	p = table_entry(table, f->addr);
	e = pte_load(p);
	if (!pte_none(e))
		return f->access == FAULT_WRITE ? try_present_write(f, a, table, p, e) : 0;
	if (a->object)
		return fault_try_file(f, a, table, p);
	if (unlikely(a->flags & AREA_SPECIAL))
		return enter_special(f, a, table, p, area_index(a, f->addr) << PAGE_SHIFT);
	return try_anonymous(f, a, table, p);
}

static int get_object_page(struct fault *f, uint64_t index)
{
	int error;

	if (f->page)
		page_put(f->page);
	f->page = NULL;
	f->major = f->area->object->ops->read_page != NULL;
	error = object_get_page(f->area->object, index, &f->page);
	return error && error != -ENOMEM && error != -ERESTARTSYS ? -EIO : error;
}

static int make_writable(struct object *o, uint64_t index)
{
	struct page *page;
	int error = object_get_page_locked(o, index, false, &page);

	if (error)
		return error;
	if (o->ops->make_writable)
		error = o->ops->make_writable(o, page);
	if (!error)
		page_set_dirty(page);
	page_unlock(page);
	page_put(page);
	return error && error != -ENOMEM && error != -ERESTARTSYS ? -EIO : error;
}

static int grow_stack(struct fault *f)
{
	int error = mutex_lock_killable(&f->space->lock);

	if (error)
		return error;
	error = space_grow_stack(f->space, f->addr);
	mutex_unlock(&f->space->lock);
	return error;
}

static int wait_for_writer(struct fault *f)
{
	int error = mutex_lock_killable(&f->space->lock);

	if (!error)
		mutex_unlock(&f->space->lock);
	return error;
}

static int own_table(struct fault *f)
{
	if (!table_own(f->space, f->addr, &f->spare))
		return 0;
	f->spare = table_alloc(ALLOC_KERNEL);
	if (!f->spare)
		return -ENOMEM;
	return table_own(f->space, f->addr, &f->spare);
}

static int split_huge(struct fault *f)
{
	if (!f->spare)
		f->spare = table_alloc(ALLOC_KERNEL);
	return f->spare ? huge_split(f->space, f->addr, &f->spare) : -ENOMEM;
}

/* Gets what the last try was missing. May sleep. */
static int fault_get(struct fault *f)
{
	switch (f->need) {
	case NEED_TABLE:
		f->spare = f->spare ? f->spare : table_alloc(ALLOC_KERNEL);
		return f->spare ? 0 : -ENOMEM;
	case NEED_OWN:
		return own_table(f);
	case NEED_HUGE:
		huge_get(f);
		return 0;
	case NEED_SPLIT:
		return split_huge(f);
	case NEED_FRAME:
		f->frame = frame_alloc(0, ALLOC_KERNEL | ALLOC_USER | (f->zero ? ALLOC_ZERO : 0));
		f->frame_zeroed = f->zero;
		return f->frame ? 0 : -ENOMEM;
	case NEED_PAGE:
		return get_object_page(f, area_index(f->area, f->addr));
	case NEED_WRITABLE:
		return make_writable(f->area->object, area_index(f->area, f->addr));
	case NEED_STACK:
		return grow_stack(f);
	case NEED_WRITER:
		return wait_for_writer(f);
	case NEED_NOTHING:
		break;
	}
	return 0;
}

/* Whether the area of the last try is used beyond the RCU read section; takes a reference. */
static bool fault_keeps_area(struct fault *f)
{
	if (f->need != NEED_PAGE && f->need != NEED_WRITABLE)
		return false;
	if (refcount_get_unless_zero(&f->area->refs))
		return true;
	f->need = NEED_NOTHING;
	return false;
}

static int fault_run(struct fault *f)
{
	bool kept;
	int error;

	for (;;) {
		rcu_read_lock();
		error = fault_try(f);
		kept = error == -EAGAIN && fault_keeps_area(f);
		rcu_read_unlock();
		if (likely(error != -EAGAIN))
			break;
		error = fault_get(f);
		if (kept)
			area_put_later(f->area);
		if (error)
			break;
	}
	return error;
}

static int fault_serve(struct fault *f)
{
	int error;

	might_sleep();
	if (unlikely(f->addr >= USER_TOP))
		return -EFAULT;
	error = fault_run(f);
	if (f->spare)
		table_free(f->spare);
	if (f->frame)
		frame_free(f->frame, 0);
	if (f->huge)
		huge_give_back(f->huge);
	if (f->page)
		page_put(f->page);
	if (unlikely(error))
		return error;
	vm_event(VM_EVENT_FAULT);
	if (f->major)
		vm_event(VM_EVENT_MAJOR_FAULT);
	++*(f->major ? &thread_current()->faults_major : &thread_current()->faults_minor);
	return 0;
}

int space_fault(struct space *s, uaddr_t addr, enum fault_access access)
{
	struct fault f = { .space = s, .addr = align_down(addr, PAGE_SIZE), .access = access };

	return fault_serve(&f);
}

int space_fault_force(struct space *s, uaddr_t addr, enum fault_access access)
{
	struct fault f = { .space = s, .addr = align_down(addr, PAGE_SIZE), .access = access, .force = true };

	return fault_serve(&f);
}
