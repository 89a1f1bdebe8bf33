/* SPDX-License-Identifier: MIT */
/*
 * syscall/memory.c: mmap(2) and what else concerns the address space: from
 * Linux's flags to vm/'s, and the checks that need a descriptor.
 */
#include "lib/string.h"
#include "mem/slab.h"
#include "syscall/syscall.h"
#include "vm/space.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/personality.h>

#define PROT_BITS (PROT_READ | PROT_WRITE | PROT_EXEC)

/* What MAP_SHARED_VALIDATE knows; MAP_SHARED ignores the rest. As in Linux, some younger flags are not among them. */
#define MAP_KNOWN                                                                                     \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | \
	 MAP_UNINITIALIZED | MAP_HUGE_2MB | MAP_HUGE_1GB)

static unsigned prot_of(unsigned prot)
{
	return (prot & PROT_READ) && (task_current()->personality & READ_IMPLIES_EXEC) ? prot | PROT_EXEC : prot;
}

static uint32_t area_flags(unsigned prot, unsigned flags)
{
	uint32_t a = (prot & PROT_BITS) | AREA_MAY_READ | AREA_MAY_WRITE | AREA_MAY_EXEC;

	static_assert(PROT_READ == AREA_READ && PROT_WRITE == AREA_WRITE && PROT_EXEC == AREA_EXEC, "the same bits");
	if (flags & MAP_SHARED)
		a |= AREA_SHARED;
	if (flags & MAP_GROWSDOWN)
		a |= AREA_GROWSDOWN;
	if (flags & MAP_LOCKED)
		a |= AREA_LOCKED;
	if (flags & MAP_STACK)
		a |= AREA_NOHUGE; /* a thread mostly needs a few pages of it */
	if ((flags & MAP_NORESERVE) && atomic_load(&vm_commit.mode) != COMMIT_NEVER)
		a |= AREA_NORESERVE;
	return a;
}

/* Rights of the open file against what the mapping may do, now or by mprotect(2) later. */
static int check_file(const struct file *f, unsigned prot, unsigned flags, struct space_map_request *r)
{
	if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE && (flags & ~(unsigned)(MAP_KNOWN | MAP_SHARED_VALIDATE)))
		return -EOPNOTSUPP;
	if (flags & MAP_SHARED) {
		if ((prot & PROT_WRITE) && (!(f->mode & FILE_WRITE) || f->inode->append_only))
			return -EACCES;
		if (!(f->mode & FILE_WRITE))
			r->flags &= ~(uint32_t)AREA_MAY_WRITE;
	}
	if (!(f->mode & FILE_READ))
		return -EACCES;
	if (f->path.mount->flags & MS_NOEXEC) {
		if (prot & PROT_EXEC)
			return -EPERM;
		r->flags &= ~(uint32_t)AREA_MAY_EXEC;
	}
	if (!f->ops->map)
		return -ENODEV;
	return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int64_t map_file(struct space *s, int fd, unsigned prot, unsigned flags, struct space_map_request *r)
{
	uaddr_t addr;
	int result;
	FILE_GUARD(f, fd);

	if (!f)
		return -EBADF;
	if (flags & MAP_HUGETLB)
		return -EINVAL;
	if (r->length > f->inode->sb->max_bytes)
		return -EOVERFLOW;
	result = check_file(f, prot, flags, r);
	if (result)
		return result;
	if (r->page_offset > (f->inode->sb->max_bytes - r->length) >> PAGE_SHIFT)
		return -EOVERFLOW;
	r->file = f;
	result = f->ops->map(f, r);
	if (!result)
		result = space_map(s, r, &addr);
	return result ? result : (int64_t)addr;
}

static int64_t map_anonymous(struct space *s, unsigned flags, struct space_map_request *r)
{
	uaddr_t addr;
	int result;

	if (flags & MAP_HUGETLB)
		return -ENOMEM; /* no pool of large pages */
	r->page_offset = 0;
	if (flags & MAP_SHARED) {
		if (flags & MAP_GROWSDOWN)
			return -EINVAL;
		r->object = object_create_anonymous(r->length);
		if (!r->object)
			return -ENOMEM;
	}
	result = space_map(s, r, &addr);
	if (r->object)
		object_put(r->object);
	return result ? result : (int64_t)addr;
}

SYSCALL6(mmap, uaddr_t, addr, size_t, length, unsigned, prot, unsigned, flags, int, fd, uint64_t, offset)
{
	unsigned type = flags & MAP_TYPE;

	prot = prot_of(prot);
	struct space_map_request r = {
		.addr = addr,
		.length = align_up(length, PAGE_SIZE),
		.flags = area_flags(prot, flags),
		.fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE),
		.noreplace = flags & MAP_FIXED_NOREPLACE,
		.may_low = capable(CAP_SYS_RAWIO),
		.low_32bit = flags & MAP_32BIT,
		.populate = (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE,
		.page_offset = offset >> PAGE_SHIFT,
	};

	if (offset & ~PAGE_MASK || !length)
		return -EINVAL;
	if (!r.length)
		return -ENOMEM;
	if (r.page_offset + (r.length >> PAGE_SHIFT) < r.page_offset)
		return -EOVERFLOW;
	if (type != MAP_SHARED && type != MAP_PRIVATE && (type != MAP_SHARED_VALIDATE || (flags & MAP_ANONYMOUS)))
		return -EINVAL;
	if (!r.fixed)
		r.addr = align_down(addr, PAGE_SIZE);
	if ((flags & MAP_LOCKED) && !space_lock_limit())
		return -EPERM;
	return flags & MAP_ANONYMOUS ? map_anonymous(task_current()->space, flags, &r) :
				       map_file(task_current()->space, fd, prot, flags, &r);
}

SYSCALL2(munmap, uaddr_t, addr, size_t, length)
{
	return space_unmap(task_current()->space, addr, length);
}

SYSCALL3(mprotect, uaddr_t, addr, size_t, length, uint32_t, prot)
{
	return space_protect(task_current()->space, addr, length, prot_of(prot) & ~(uint32_t)PROT_SEM);
}

SYSCALL5(mremap, uaddr_t, addr, size_t, old_length, size_t, new_length, int, flags, uaddr_t, new_addr)
{
	uaddr_t result;
	int error;

	if ((flags & MREMAP_FIXED) && new_addr < MMAP_LOWEST && is_aligned(new_addr, PAGE_SIZE) &&
	    !capable(CAP_SYS_RAWIO))
		return -EPERM;
	error = space_remap(task_current()->space, addr, old_length, new_length, flags, new_addr, &result);

	return error ? error : (int64_t)result;
}

SYSCALL5(remap_file_pages, uaddr_t, addr, size_t, length, unsigned, prot, uint64_t, page_offset, unsigned, flags)
{
	addr = align_down(addr, PAGE_SIZE);
	length = align_down(length, PAGE_SIZE);
	if (prot || addr + length <= addr || page_offset + (length >> PAGE_SHIFT) < page_offset)
		return -EINVAL;
	return space_map_again(task_current()->space, addr, length, page_offset, !(flags & MAP_NONBLOCK));
}

SYSCALL1(brk, uaddr_t, addr)
{
	return (int64_t)space_brk(task_current()->space, addr);
}

SYSCALL3(madvise, uaddr_t, addr, size_t, length, int, advice)
{
	return space_advise(task_current()->space, addr, length, advice);
}

SYSCALL3(msync, uaddr_t, addr, size_t, length, int, flags)
{
	return space_sync(task_current()->space, addr, length, flags);
}

/* One byte a page; a page of them at a time. */
SYSCALL3(mincore, uaddr_t, addr, size_t, length, uaddr_t, to)
{
	size_t pages = align_up(length, PAGE_SIZE) >> PAGE_SHIFT;
	int result = 0;
	uint8_t *buf;

	if (!is_aligned(addr, PAGE_SIZE))
		return -EINVAL;
	if (!user_range_ok(addr, length))
		return -ENOMEM;
	if (!user_range_ok(to, pages))
		return -EFAULT;
	buf = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	if (!buf)
		return -EAGAIN;
	while (pages && !result) {
		size_t n = min(pages, PAGE_SIZE);

		result = space_incore(task_current()->space, addr, n, buf);
		if (!result)
			result = copy_to_user(to, buf, n);
		addr += n << PAGE_SHIFT;
		to += n;
		pages -= n;
	}
	kfree(buf);
	return result;
}

SYSCALL2(mlock, uaddr_t, addr, size_t, length)
{
	return space_lock_memory(task_current()->space, addr, length, AREA_LOCKED);
}

SYSCALL3(mlock2, uaddr_t, addr, size_t, length, int, flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return space_lock_memory(task_current()->space, addr, length,
				 AREA_LOCKED | (flags & MLOCK_ONFAULT ? AREA_ON_FAULT : 0));
}

SYSCALL2(munlock, uaddr_t, addr, size_t, length)
{
	return space_lock_memory(task_current()->space, addr, length, 0);
}

SYSCALL1(mlockall, int, flags)
{
	return flags ? space_lock_all(task_current()->space, flags) : -EINVAL;
}

SYSCALL0(munlockall)
{
	return space_lock_all(task_current()->space, 0);
}
