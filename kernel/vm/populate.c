/* SPDX-License-Identifier: MIT */
/*
 * Faulting a range in at once: MAP_POPULATE, mlock, MADV_POPULATE_*. Nothing is
 * locked between two pages, so the range may change meanwhile.
 */
#include "lib/errno.h"
#include "vm/areas.h"
#include "vm/pagetable.h"

/*
 * How a page is to be faulted in: private writable areas are written to, so that no copy is needed
 * later. *addr moves to the last page of an area that waits for faults: 1, and nothing is to be done.
 */
static int populate_access(struct space *s, uaddr_t *addr, enum fault_access *access)
{
	const struct area *a;
	int result = 0;

	rcu_read_lock();
	a = area_at(s, *addr);
	if (!a) {
		result = -ENOMEM;
	} else if (a->flags & AREA_ON_FAULT) {
		*addr = a->end - PAGE_SIZE;
		result = 1;
	} else {
		*access = (a->flags & (AREA_WRITE | AREA_SHARED)) == AREA_WRITE ? FAULT_WRITE : FAULT_READ;
	}
	rcu_read_unlock();
	return result;
}

int space_populate(struct space *s, uaddr_t start, uaddr_t end)
{
	for (uaddr_t addr = start; addr < end; addr += PAGE_SIZE) {
		enum fault_access access;
		int error = populate_access(s, &addr, &access);

		if (!error)
			error = space_fault(s, addr, access);
		if (!error && thread_killed())
			error = -ERESTARTSYS;
		if (error < 0)
			return error;
	}
	return 0;
}
