/* SPDX-License-Identifier: MIT */
/*
 * syscall/mempolicy.c: memory policies (set_mempolicy(2) and its kin) of a machine
 * with one node. Every policy means that node; the task keeps which it asked for, so
 * that it can be told, and wrong arguments are answered as Linux does.
 */
#include "mem/slab.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/mempolicy.h>

#define NODE_BITS       1024UL /* more may not be named */
#define MODE_FLAGS      (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES | MPOL_F_NUMA_BALANCING)
#define MOVES           (MPOL_MF_STRICT | MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)

/* A mask of bits nodes; *first: is node 0 in it, *others: any other. */
struct node_mask { bool first, others; };

static int mask_read(struct node_mask *m, uaddr_t from, uint64_t bits)
{
	*m = (struct node_mask){ false, false };
	bits--;
	if (!bits || !from)
		return 0;
	if (bits > PAGE_SIZE * 8)
		return -EINVAL;
	for (uint64_t at = 0; at < bits; at += 64) {
		uint64_t word;

		if (get_user_struct(word, from + at / 8))
			return -EFAULT;
		if (bits - at < 64)
			word &= BIT(bits - at) - 1;
		if (word && at >= NODE_BITS)
			return -EINVAL;
		m->first |= !at && (word & 1);
		m->others |= at ? word != 0 : word > 1;
	}
	return 0;
}

/* The policy that a mode and a mask make, in *out: what the task keeps. */
static int policy_make(int mode, const struct node_mask *m, uint16_t *out)
{
	unsigned flags = (unsigned)mode & MODE_FLAGS;
	bool empty = !m->first && !m->others, fixed = flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES);

	mode &= ~(int)MODE_FLAGS;
	if (mode == MPOL_DEFAULT) {
		*out = 0;
		return empty ? 0 : -EINVAL;
	}
	if (mode == MPOL_PREFERRED && empty && !fixed)
		mode = MPOL_LOCAL;
	else if (mode == MPOL_LOCAL ? !empty || fixed : empty)
		return -EINVAL;
	else if (mode != MPOL_LOCAL && !m->first && !(flags & MPOL_F_RELATIVE_NODES))
		return -EINVAL; /* nodes that are not there */
	*out = (uint16_t)((unsigned)mode | flags);
	return 0;
}

static int check_mode(int mode)
{
	unsigned flags = (unsigned)mode & MODE_FLAGS;

	mode &= ~(int)MODE_FLAGS;
	if ((unsigned)mode >= MPOL_MAX ||
	    (flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES)) == (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES))
		return -EINVAL;
	return (flags & MPOL_F_NUMA_BALANCING) && mode != MPOL_BIND ? -EINVAL : 0;
}

SYSCALL3(set_mempolicy, int, mode, uaddr_t, mask_at, uint64_t, bits)
{
	struct node_mask m;
	uint16_t policy;
	int result = check_mode(mode);

	if (!result)
		result = mask_read(&m, mask_at, bits);
	if (!result)
		result = policy_make(mode, &m, &policy);
	if (!result)
		task_current()->memory_policy = policy;
	return result;
}

/* A mask with node 0 in it or not, as long as the program's. */
static int mask_write(uaddr_t to, uint64_t bits, bool first)
{
	uint64_t bytes = align_up(bits - 1, 64) / 8, word = first;

	if (bytes > PAGE_SIZE)
		return -EINVAL;
	for (uint64_t at = 0; at < bytes; at += sizeof(word), word = 0)
		if (put_user_struct(to + at, word))
			return -EFAULT;
	return 0;
}

/* MPOL_F_ADDR: areas have no policy of their own; the answer is the task's. */
static int check_address(uaddr_t addr, unsigned flags)
{
	int status = space_page_status(task_current()->space, addr);

	if (!(flags & MPOL_F_ADDR))
		return addr ? -EINVAL : 0;
	if (flags & MPOL_F_NODE)
		return space_fault(task_current()->space, addr, FAULT_READ) ? -EFAULT : 0;
	return status == -EFAULT && space_fault(task_current()->space, addr, FAULT_READ) == -EFAULT ? -EFAULT : 0;
}

SYSCALL5(get_mempolicy, uaddr_t, mode_to, uaddr_t, mask_to, uint64_t, bits, uaddr_t, addr, unsigned, flags)
{
	int policy = task_current()->memory_policy, mode = policy & ~(int)MODE_FLAGS, result;
	bool first = flags & MPOL_F_MEMS_ALLOWED || (mode != MPOL_DEFAULT && mode != MPOL_LOCAL);

	if ((mask_to && !bits) || (flags & ~(unsigned)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED)))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		policy = 0;
		result = flags & (MPOL_F_NODE | MPOL_F_ADDR) ? -EINVAL : 0;
	} else {
		result = check_address(addr, flags);
	}
	if (result)
		return result;
	if (flags & MPOL_F_NODE) {
		if (!(flags & MPOL_F_ADDR) && mode != MPOL_INTERLEAVE)
			return -EINVAL;
		policy = 0; /* the node */
	}
	if (mode_to && put_user_struct(mode_to, policy))
		return -EFAULT;
	return mask_to ? mask_write(mask_to, bits, first) : 0;
}

struct extent { uaddr_t at, end; };

static int cover(void *arg, const struct area *a)
{
	struct extent *e = arg;

	if (a->start > e->at)
		return 1;
	e->at = a->end;
	return a->end >= e->end;
}

/* -EFAULT unless areas cover it, or (holes) at least begin there. */
static int check_covered(uaddr_t start, uaddr_t end, bool holes)
{
	struct extent e = { start, end };

	space_for_each(task_current()->space, start, cover, &e);
	return e.at >= end || (holes && e.at > start) ? 0 : -EFAULT;
}

SYSCALL6(mbind, uaddr_t, start, uint64_t, length, int, mode, uaddr_t, mask_at, uint64_t, bits, unsigned, flags)
{
	uint64_t size = align_up(length, PAGE_SIZE);
	struct node_mask m;
	uint16_t policy;
	int result = check_mode(mode);

	if (!result)
		result = mask_read(&m, mask_at, bits);
	if (result)
		return result;
	if (flags & ~(unsigned)MOVES)
		return -EINVAL;
	if ((flags & MPOL_MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
		return -EPERM;
	if (!is_aligned(start, PAGE_SIZE) || start + size < start)
		return -EINVAL;
	if (!size)
		return 0;
	result = policy_make(mode, &m, &policy);
	return result ? result : check_covered(start, start + size, mode == MPOL_DEFAULT);
}

SYSCALL4(set_mempolicy_home_node, uaddr_t, start, uint64_t, length, uint64_t, node, uint64_t, flags)
{
	uint64_t size = align_up(length, PAGE_SIZE);

	if (!is_aligned(start, PAGE_SIZE) || flags || node || start + size < start)
		return -EINVAL;
	return size ? -ENOENT : 0; /* no area has a policy */
}

SYSCALL4(migrate_pages, int, pid, uint64_t, bits, uaddr_t, old_at, uaddr_t, new_at)
{
	struct node_mask from, to;
	struct task *t;
	int result = mask_read(&from, old_at, bits);

	if (!result)
		result = mask_read(&to, new_at, bits);
	if (result)
		return result;
	t = pid ? task_find(pid) : task_current();
	if (!t)
		return -ESRCH;
	if (!task_may_attach(t, cred_current()))
		result = -EPERM;
	else if (to.others && !capable(CAP_SYS_NICE))
		result = -EPERM;
	else if (!to.first)
		result = -EINVAL;
	if (pid)
		task_put(t);
	return result;
}

/* Each page's status; with nodes, whether that is one to go to. */
static int move_each(struct space *s, uint64_t count, uaddr_t pages, uaddr_t nodes, uaddr_t status_to)
{
	for (uint64_t i = 0; i < count; i++) {
		int node = 0, status;
		uaddr_t at;

		if (get_user_struct(at, pages + i * sizeof(at)) ||
		    (nodes && get_user_struct(node, nodes + i * sizeof(node))))
			return -EFAULT;
		if (node)
			return -ENODEV;
		status = space_page_status(s, at);
		if (put_user_struct(status_to + i * sizeof(status), status))
			return -EFAULT;
		if (thread_interrupted())
			return -ERESTARTNOHAND;
	}
	return 0;
}

SYSCALL6(move_pages, int, pid, uint64_t, count, uaddr_t, pages, uaddr_t, nodes, uaddr_t, status_to, int, flags)
{
	struct space *s;
	struct task *t;
	int result = -EINVAL;

	if (flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL))
		return -EINVAL;
	if ((flags & MPOL_MF_MOVE_ALL) && !capable(CAP_SYS_NICE))
		return -EPERM;
	t = pid ? task_find(pid) : task_current();
	if (!t)
		return -ESRCH;
	if (!task_may_attach(t, cred_current())) {
		result = -EPERM;
	} else {
		s = task_visit_space(t);
		if (s) {
			result = move_each(s, count, pages, nodes, status_to);
			task_leave_space(s);
		}
	}
	if (pid)
		task_put(t);
	return result;
}
