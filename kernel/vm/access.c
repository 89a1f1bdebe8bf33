/* SPDX-License-Identifier: MIT */
/*
 * Another space's memory, page by page through its frames; and the keys of
 * futexes. A page is faulted in as its owner would do it, then looked up with its
 * table locked and kept by a reference while it is copied.
 */
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/instrument.h"
#include "lib/string.h"
#include "vm/areas.h"
#include "vm/huge.h"
#include "vm/pagetable.h"

struct borrowed {
	void *address;        /* where the kernel sees the page */
	struct page *page;    /* to put, or NULL for what nobody counts */
};

/* Is the entry good for a copy? To write it must be writable, or private and nobody else's. */
static bool entry_serves(pte_t e, bool write, bool force)
{
	if (pte_none(e))
		return false;
	return !write || pte_writable(e) || (force && entry_is_exclusive(e));
}

/*
 * Are the locked table's entries the space's? If others have it too, it may be read, unless the
 * space has let it go since we found it. To write it must be the space's own.
 */
static bool table_serves(const struct page *table, const struct space *s, uaddr_t addr, bool write)
{
	return table_owned(table, s) || (!write && table_find(s, addr) == table);
}

static bool borrow_entry(struct space *s, uaddr_t addr, bool write, bool force, struct borrowed *b)
{
	struct page *table;
	bool good = false;
	pte_t e;

	rcu_read_lock();
	table = table_find(s, addr);
	if (table) {
		table_lock(table);
		e = pte_load(table_entry(table, addr));
		good = table_serves(table, s, addr, write) && entry_serves(e, write, force);
		if (good) {
			b->address = phys_to_virt(pte_paddr(e));
			b->page = pte_special(e) ? NULL : phys_to_page(pte_paddr(e));
			if (b->page)
				page_get(b->page);
		}
		table_unlock(table);
	}
	rcu_read_unlock();
	return good;
}

static bool huge_mapped_now(struct space *s, uaddr_t addr)
{
	bool mapped;

	rcu_read_lock();
	mapped = huge_mapped(s, addr);
	rcu_read_unlock();
	return mapped;
}

/* Nobody but page tables refers to large pages. */
static int split(struct space *s, uaddr_t addr)
{
	struct page *spare = table_alloc(ALLOC_KERNEL);

	if (!spare)
		return -ENOMEM;
	(void)huge_split(s, addr, &spare);
	if (spare)
		table_free(spare);
	return 0;
}

/* May it be read or written by another? What forbids reading to its owner is forced; shared read-only is not. */
static int borrow(struct space *s, uaddr_t addr, bool write, bool force, struct borrowed *b)
{
	enum fault_access access = write ? FAULT_WRITE : FAULT_READ;
	int error = 0;

	if (addr >= USER_TOP)
		return -EFAULT;
	while (!error && !borrow_entry(s, addr, write, force, b)) {
		if (huge_mapped_now(s, addr)) {
			error = split(s, addr);
			continue;
		}
		error = force ? space_fault_force(s, addr, access) : space_fault(s, addr, access);
		if (!error && thread_killed())
			error = -ERESTARTSYS;
	}
	return error;
}

static void give_back(const struct borrowed *b)
{
	if (b->page)
		page_put(b->page);
}

static bool may_read(struct space *s, uaddr_t addr)
{
	const struct area *a;
	bool allowed;

	rcu_read_lock();
	a = area_at(s, addr);
	allowed = a && (a->flags & AREA_READ);
	rcu_read_unlock();
	return allowed;
}

static size_t read_pages(struct space *s, void *to, uaddr_t from, size_t n, bool force)
{
	size_t done = 0;

	might_sleep();
	while (done < n) {
		uaddr_t at = from + done;
		size_t offset = at & (PAGE_SIZE - 1), part = min(PAGE_SIZE - offset, n - done);
		struct borrowed b;

		if ((!force && !may_read(s, at)) || borrow(s, at, false, force, &b))
			break;
		copy_racing((char *)to + done, (char *)b.address + offset, part);
		give_back(&b);
		done += part;
	}
	return done;
}

size_t space_copy_from(struct space *s, void *to, uaddr_t from, size_t n)
{
	return read_pages(s, to, from, n, true);
}

size_t space_read(struct space *s, void *to, uaddr_t from, size_t n)
{
	return read_pages(s, to, from, n, false);
}

bool space_copy_present(struct space *s, void *page, uaddr_t at)
{
	struct borrowed b;

	might_sleep();
	if (huge_mapped_now(s, at))
		return space_copy_from(s, page, at, PAGE_SIZE) == PAGE_SIZE;
	if (!borrow_entry(s, at, false, true, &b))
		return false;
	copy_racing(page, b.address, PAGE_SIZE);
	give_back(&b);
	return true;
}

/* from NULL: zeros. */
static size_t write_pages(struct space *s, uaddr_t to, const char *from, size_t n, bool force)
{
	size_t done = 0;

	might_sleep();
	while (done < n) {
		uaddr_t at = to + done;
		size_t offset = at & (PAGE_SIZE - 1), part = min(PAGE_SIZE - offset, n - done);
		struct borrowed b;

		if (borrow(s, at, true, force, &b))
			break;
		if (from)
			copy_racing((char *)b.address + offset, from + done, part);
		else
			memset((char *)b.address + offset, 0, part);
		give_back(&b);
		done += part;
	}
	return done;
}

size_t space_copy_to(struct space *s, uaddr_t to, const void *from, size_t n, bool force)
{
	return write_pages(s, to, from, n, force);
}

size_t space_clear(struct space *s, uaddr_t to, size_t n)
{
	return write_pages(s, to, NULL, n, true);
}

/* The running thread could read there at once. */
static bool is_there(uaddr_t addr)
{
	uint32_t value;

	usercopy_disable_faults();
	int error = usercopy_load32(&value, addr);
	usercopy_enable_faults();
	return !error;
}

/* What nobody can ever change is no futex for several processes; as on Linux. */
static bool may_be_shared(const struct area *a, bool write)
{
	return (a->flags & AREA_WRITE) || (!write && a->object);
}

int space_futex_key(struct space *s, uaddr_t addr, bool shared, bool write, struct futex_key *key)
{
	struct area *a;
	int error = 0;

	if (addr >= USER_TOP)
		return -EFAULT;
	*key = (struct futex_key){ (uint64_t)s, addr };
	if (!shared)
		return 0;
	might_sleep();
	if (!is_there(addr))
		error = space_fault(s, addr, write ? FAULT_WRITE : FAULT_READ);
	if (error)
		return error == -ERESTARTSYS ? error : -EFAULT;
	rcu_read_lock();
	a = area_at(s, addr);
	if (!a || !may_be_shared(a, write))
		error = -EFAULT;
	else if (a->object && (!(a->flags & AREA_WRITE) || (a->flags & AREA_SHARED)))
		*key = (struct futex_key){ a->object->id, (area_index(a, addr) << PAGE_SHIFT) | (addr & (PAGE_SIZE - 1)) };
	rcu_read_unlock();
	return error;
}
