/* SPDX-License-Identifier: MIT */
/*
 * proc/rseq.c: restartable sequences, rseq(2). A thread registers a small area
 * in which the kernel keeps the number of its processor, and in which the thread
 * names the critical section it is in. If it is preempted, migrated or gets a
 * signal inside that section, it goes on at the section's abort handler.
 *
 * A sleeping system call cannot interrupt a section (calls are not allowed in
 * one), so only an involuntary switch, a migration and a signal ask for the work,
 * through WORK_NOTIFY; it is done on the way to user mode, where the area may be
 * touched. A program that has a broken area gets SIGSEGV, as on Linux.
 */
#include "hal/usercopy.h"
#include "proc/internal.h"
#include "proc/process.h"
#include <linux/rseq.h>

#define AREA_SIZE   32  /* of the original structure: glibc's */
#define AREA_ALIGN  32

static int put_cpu(const struct task *t)
{
	uint32_t cpu = t->thread.cpu;
	uint32_t both[2] = { cpu, cpu };

	return copy_to_user(t->rseq_area + offsetof(struct rseq, cpu_id_start), both, sizeof(both));
}

/* The section that the thread says it is in: 0 none, 1 one in *cs, or errno. */
static int read_section(const struct task *t, struct rseq_cs *cs)
{
	uint64_t at;
	uint32_t signature;

	if (copy_from_user(&at, t->rseq_area + offsetof(struct rseq, rseq_cs), sizeof(at)))
		return -EFAULT;
	if (!at)
		return 0;
	if (copy_from_user(cs, at, sizeof(*cs)))
		return -EFAULT;
	if (cs->version || cs->start_ip >= USER_TOP || cs->post_commit_offset >= USER_TOP - cs->start_ip ||
	    cs->abort_ip >= USER_TOP || cs->abort_ip - cs->start_ip < cs->post_commit_offset)
		return -EINVAL;
	/* The word before the abort handler proves that the address was meant as one. */
	if (copy_from_user(&signature, cs->abort_ip - sizeof(signature), sizeof(signature)))
		return -EFAULT;
	return signature == t->rseq_signature ? 1 : -EINVAL;
}

static uint32_t get_flags(const struct task *t)
{
	uint32_t flags;

	return copy_from_user(&flags, t->rseq_area + offsetof(struct rseq, flags), sizeof(flags)) ? ~0u : flags;
}

static int leave_section(const struct task *t, struct user_frame *f)
{
	struct rseq_cs cs;
	uint64_t none = 0;
	int result = read_section(t, &cs);
	bool inside;

	if (result <= 0)
		return result;
	inside = f->rip - cs.start_ip < cs.post_commit_offset;
	if (inside && (cs.flags || get_flags(t)))
		return -EINVAL; /* none of the old flags is obeyed any more */
	if (copy_to_user(t->rseq_area + offsetof(struct rseq, rseq_cs), &none, sizeof(none)))
		return -EFAULT;
	if (inside)
		f->rip = cs.abort_ip;
	return 0;
}

int rseq_resume(struct user_frame *f)
{
	const struct task *t = task_current();
	int result;

	if (!t->rseq_area)
		return 0;
	result = leave_section(t, f);
	return result ? result : put_cpu(t);
}

void rseq_set(struct task *t, uaddr_t area, uint32_t length, uint32_t signature)
{
	t->rseq_area = area;
	t->rseq_length = length;
	t->rseq_signature = signature;
	t->thread.notify_preempted = area != 0;
}

static int unregister(struct task *t, uaddr_t area, uint32_t length, uint32_t signature)
{
	static const uint32_t uninitialized[2] = { 0, (uint32_t)RSEQ_CPU_ID_UNINITIALIZED };

	if (!t->rseq_area || t->rseq_area != area || t->rseq_length != length)
		return -EINVAL;
	if (t->rseq_signature != signature)
		return -EPERM;
	if (copy_to_user(area + offsetof(struct rseq, cpu_id_start), uninitialized, sizeof(uninitialized)))
		return -EFAULT;
	rseq_set(t, 0, 0, 0);
	return 0;
}

int rseq_register(uaddr_t area, uint32_t length, int flags, uint32_t signature)
{
	struct task *t = task_current();

	if (flags & RSEQ_FLAG_UNREGISTER)
		return flags & ~RSEQ_FLAG_UNREGISTER ? -EINVAL : unregister(t, area, length, signature);
	if (flags)
		return -EINVAL;
	if (t->rseq_area) {
		if (t->rseq_area != area || t->rseq_length != length)
			return -EINVAL;
		return t->rseq_signature != signature ? -EPERM : -EBUSY;
	}
	if (area % AREA_ALIGN || length != AREA_SIZE)
		return -EINVAL;
	if (!user_range_ok(area, length))
		return -EFAULT;
	rseq_set(t, area, length, signature);
	/* Fills in the number, and finds out early whether the area can be written. */
	if (put_cpu(t)) {
		rseq_set(t, 0, 0, 0);
		return -EFAULT;
	}
	return 0;
}
