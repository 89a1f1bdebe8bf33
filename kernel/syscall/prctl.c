/* SPDX-License-Identifier: MIT */
/*
 * syscall/prctl.c: prctl(2), arch_prctl(2), personality(2), capget(2), capset(2).
 */
#include "lib/string.h"
#include "proc/seccomp.h"
#include "syscall/syscall.h"
#include <asm/prctl.h>
#include <linux/capability.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/securebits.h>

SYSCALL2(arch_prctl, int, code, uint64_t, argument)
{
	struct context *c = context_current();
	uint64_t base;

	switch (code) {
	case ARCH_SET_FS:
		return context_set_fs(c, argument);
	case ARCH_SET_GS:
		return context_set_gs(c, argument);
	case ARCH_GET_FS:
		base = context_get_fs();
		return put_user_struct(argument, base);
	case ARCH_GET_GS:
		base = context_get_gs();
		return put_user_struct(argument, base);
	default:
		return -EINVAL;
	}
}

/* Anything may be set; ADDR_NO_RANDOMIZE and READ_IMPLIES_EXEC do something. */
SYSCALL1(personality, uint32_t, persona)
{
	uint32_t old = task_current()->personality;

	if (persona != 0xffffffffu)
		task_current()->personality = persona;
	return old;
}

/* A copy of the credentials with other securebits, if they may be had; see capabilities(7). */
static int set_securebits(uint64_t bits)
{
	const struct cred *old = cred_current();
	uint32_t locked = (old->securebits & SECURE_ALL_LOCKS) >> 1;
	struct cred *c;

	if (((old->securebits ^ bits) & locked) || (old->securebits & SECURE_ALL_LOCKS & ~bits) ||
	    (bits & ~(uint64_t)(SECURE_ALL_LOCKS | SECURE_ALL_BITS)) || !capable(CAP_SETPCAP))
		return -EPERM;
	c = cred_copy(old);
	if (!c)
		return -ENOMEM;
	c->securebits = (uint32_t)bits;
	cred_commit(c);
	return 0;
}

static int set_keepcaps(uint64_t on)
{
	struct cred *c;

	if (on > 1)
		return -EINVAL;
	if (cred_current()->securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	c = cred_copy(cred_current());
	if (!c)
		return -ENOMEM;
	c->securebits = on ? c->securebits | SECBIT_KEEP_CAPS : c->securebits & ~(uint32_t)SECBIT_KEEP_CAPS;
	cred_commit(c);
	return 0;
}

static int drop_bounding(uint64_t cap)
{
	struct cred *c;

	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	c = cred_copy(cred_current());
	if (!c)
		return -ENOMEM;
	c->cap_bounding &= ~BIT(cap);
	cred_commit(c);
	return 0;
}

static int change_ambient(uint64_t what, uint64_t cap, bool rest_zero)
{
	const struct cred *old = cred_current();
	struct cred *c;

	if (!rest_zero || (what == PR_CAP_AMBIENT_CLEAR_ALL ? cap : cap > CAP_LAST_CAP))
		return -EINVAL;
	if (what == PR_CAP_AMBIENT_IS_SET)
		return (int)(old->cap_ambient >> cap & 1);
	if (what == PR_CAP_AMBIENT_RAISE && (!(old->cap_permitted & old->cap_inheritable & BIT(cap)) ||
					     (old->securebits & SECBIT_NO_CAP_AMBIENT_RAISE)))
		return -EPERM;
	if (what != PR_CAP_AMBIENT_RAISE && what != PR_CAP_AMBIENT_LOWER && what != PR_CAP_AMBIENT_CLEAR_ALL)
		return -EINVAL;
	c = cred_copy(old);
	if (!c)
		return -ENOMEM;
	if (what == PR_CAP_AMBIENT_RAISE)
		c->cap_ambient |= BIT(cap);
	else
		c->cap_ambient &= what == PR_CAP_AMBIENT_LOWER ? ~BIT(cap) : 0;
	cred_commit(c);
	return 0;
}

static int set_no_new_privs(void)
{
	struct cred *c = cred_copy(cred_current());

	if (!c)
		return -ENOMEM;
	c->no_new_privs = true;
	cred_commit(c);
	return 0;
}

static int set_name(uaddr_t from)
{
	char name[16] = "";
	ssize_t length = usercopy_string(name, from, sizeof(name));

	if (length < 0 && length != -E2BIG)
		return (int)length;
	name[sizeof(name) - 1] = '\0';
	thread_set_name(thread_current(), name);
	return 0;
}

static int get_name(uaddr_t to)
{
	char name[16];

	memset(name, 0, sizeof(name));
	strscpy(name, thread_current()->name, sizeof(name));
	return put_user_struct(to, name);
}

/* Credentials and their bits. 1: not one of these. */
static int64_t prctl_rights(int option, uint64_t a, uint64_t b, bool rest_zero)
{
	const struct cred *c = cred_current();

	switch (option) {
	case PR_GET_KEEPCAPS:
		return !!(c->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return set_keepcaps(a);
	case PR_GET_SECUREBITS:
		return c->securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(a);
	case PR_CAPBSET_READ:
		return a > CAP_LAST_CAP ? -EINVAL : (int64_t)(c->cap_bounding >> a & 1);
	case PR_CAPBSET_DROP:
		return drop_bounding(a);
	case PR_CAP_AMBIENT:
		return change_ambient(a, b, rest_zero);
	case PR_GET_NO_NEW_PRIVS:
		return a || b || !rest_zero ? -EINVAL : c->no_new_privs || task_current()->seccomp_no_gain;
	case PR_SET_NO_NEW_PRIVS:
		return a != 1 || b || !rest_zero ? -EINVAL : set_no_new_privs();
	default:
		return -ENOSYS;
	}
}

static int64_t prctl_memory(int option, uint64_t a, uint64_t b, bool rest_zero)
{
	struct space *s = space_current();

	switch (option) {
	case PR_SET_THP_DISABLE:
		if (b || !rest_zero)
			return -EINVAL;
		WRITE_ONCE(s->no_huge, a != 0);
		return 0;
	case PR_GET_THP_DISABLE:
		return a || b || !rest_zero ? -EINVAL : READ_ONCE(s->no_huge);
	default:
		return -ENOSYS;
	}
}

static int64_t prctl_process(int option, uint64_t a)
{
	struct process *p = process_current();

	switch (option) {
	case PR_GET_DUMPABLE:
		return READ_ONCE(p->dumpable);
	case PR_SET_DUMPABLE:
		if (a > 1)
			return -EINVAL;
		WRITE_ONCE(p->dumpable, a);
		return 0;
	case PR_SET_CHILD_SUBREAPER: {
		SPIN_GUARD(&process_tree_lock);
		p->is_subreaper = a;
		return 0;
	}
	case PR_GET_CHILD_SUBREAPER: {
		int on = p->is_subreaper;

		return put_user_struct(a, on);
	}
	default:
		return -ENOSYS;
	}
}

/* Of Linux's Yama, which Debian has but which forbids nothing unless told so: only the number is looked at. */
static int set_ptracer(int number)
{
	struct task *t;

	if (number == 0 || number == -1)
		return 0;
	t = task_find(number);
	if (!t)
		return -EINVAL;
	task_put(t);
	return 0;
}

static int64_t prctl_thread(int option, uint64_t a)
{
	struct task *t = task_current();

	switch (option) {
	case PR_SET_NAME:
		return set_name(a);
	case PR_GET_NAME:
		return get_name(a);
	case PR_SET_PDEATHSIG:
		if (a > SIGNAL_COUNT)
			return -EINVAL;
		t->death_signal = (int)a;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user_struct(a, t->death_signal);
	case PR_SET_TIMERSLACK:
		t->timer_slack = a ? (nsec_t)min(a, (uint64_t)INT64_MAX) : t->timer_slack_default;
		return 0;
	case PR_GET_TIMERSLACK:
		return t->timer_slack;
	case PR_GET_TID_ADDRESS:
		return put_user_struct(a, t->clear_child_tid);
	case PR_GET_SECCOMP:
		return t->seccomp_mode;
	case PR_SET_MM: /* where its parts lie is exec's business here */
		return capable(CAP_SYS_RESOURCE) ? -EINVAL : -EPERM;
	case PR_SET_PTRACER:
		return set_ptracer((int)a);
	default:
		return -ENOSYS;
	}
}

/* What is to be told of broken memory, of which nothing here tells; what was asked for is kept. */
static int64_t mce_policy(int option, uint64_t a, uint64_t b, bool rest_zero)
{
	struct task *t = task_current();

	if (!rest_zero)
		return -EINVAL;
	if (option == PR_MCE_KILL_GET)
		return a || b ? -EINVAL : PR_MCE_KILL_DEFAULT - t->mce_policy;
	if (a == PR_MCE_KILL_CLEAR ? b : a != PR_MCE_KILL_SET || b > PR_MCE_KILL_DEFAULT)
		return -EINVAL;
	t->mce_policy = a == PR_MCE_KILL_SET ? (uint8_t)(PR_MCE_KILL_DEFAULT - b) : 0;
	return 0;
}

/* Who writes back for others. Nothing is written back here. */
static int64_t io_flusher(int option, uint64_t a, bool rest_zero)
{
	struct task *t = task_current();

	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (!rest_zero || a > (option == PR_SET_IO_FLUSHER))
		return -EINVAL;
	if (option == PR_GET_IO_FLUSHER)
		return t->io_flusher;
	t->io_flusher = a;
	return 0;
}

/* What a machine can do, or not. */
static int64_t prctl_machine(int option, uint64_t a, uint64_t b, bool rest_zero)
{
	switch (option) {
	case PR_GET_TIMING:
		return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING:
		return a == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_GET_TSC: {
		int on = PR_TSC_ENABLE;

		return put_user_struct(a, on);
	}
	case PR_SET_TSC:
		return a == PR_TSC_ENABLE ? 0 : -EINVAL;
	case PR_TASK_PERF_EVENTS_DISABLE:
	case PR_TASK_PERF_EVENTS_ENABLE:
		return 0; /* of one's own, which nobody has */
	case PR_MCE_KILL:
	case PR_MCE_KILL_GET:
		return mce_policy(option, a, b, rest_zero);
	case PR_SET_IO_FLUSHER:
	case PR_GET_IO_FLUSHER:
		return io_flusher(option, a, !b && rest_zero);
	case PR_SET_SYSCALL_USER_DISPATCH:
		return a == PR_SYS_DISPATCH_OFF && !b && rest_zero ? 0 : -EINVAL;
	default:
		return -ENOSYS;
	}
}

static int64_t set_seccomp(uint64_t mode, uaddr_t program)
{
	switch (mode) {
	case SECCOMP_MODE_STRICT:
		return seccomp_set_strict();
	case SECCOMP_MODE_FILTER:
		return seccomp_add_filter(program, 0);
	default:
		return -EINVAL;
	}
}

SYSCALL5(prctl, int, option, uint64_t, a, uint64_t, b, uint64_t, c, uint64_t, d)
{
	int64_t result = option == PR_SET_SECCOMP ? set_seccomp(a, b) : prctl_thread(option, a);

	if (result == -ENOSYS)
		result = prctl_process(option, a);
	if (result == -ENOSYS)
		result = prctl_rights(option, a, b, !c && !d);
	if (result == -ENOSYS)
		result = prctl_memory(option, a, b, !c && !d);
	if (result == -ENOSYS)
		result = prctl_machine(option, a, b, !c && !d);
	return result == -ENOSYS ? -EINVAL : result;
}

/* The words of a version, 1 or 2; the version that is preferred is told where an unknown one came. */
static int capability_words(uaddr_t header_at, struct __user_cap_header_struct *h)
{
	if (get_user_struct(*h, header_at))
		return -EFAULT;
	switch (h->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return 1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return 2;
	default:
		h->version = _LINUX_CAPABILITY_VERSION_3;
		return put_user_struct(header_at, *h) ? -EFAULT : -EINVAL;
	}
}

/* Counted credentials of a thread; 0 is the caller. */
static const struct cred *credentials_of(int tid)
{
	const struct cred *c;
	struct task *t;

	if (!tid)
		return cred_get(cred_current());
	t = task_find(tid);
	if (!t)
		return NULL;
	spin_lock(&t->lock);
	c = cred_get(t->cred);
	spin_unlock(&t->lock);
	task_put(t);
	return c;
}

SYSCALL2(capget, uaddr_t, header_at, uaddr_t, to)
{
	struct __user_cap_header_struct h;
	struct __user_cap_data_struct data[2];
	const struct cred *c;
	int words = capability_words(header_at, &h);

	if (words < 0)
		return words == -EINVAL && !to ? 0 : words;
	if (h.pid < 0)
		return -EINVAL;
	c = credentials_of(h.pid);
	if (!c)
		return -ESRCH;
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(c->cap_effective >> (32 * i)),
			.permitted = (uint32_t)(c->cap_permitted >> (32 * i)),
			.inheritable = (uint32_t)(c->cap_inheritable >> (32 * i)),
		};
	cred_put(c);
	return to ? copy_to_user(to, data, (size_t)words * sizeof(data[0])) : 0;
}

SYSCALL2(capset, uaddr_t, header_at, uaddr_t, from)
{
	struct __user_cap_data_struct data[2] = { { 0 } };
	struct __user_cap_header_struct h;
	const struct cred *old = cred_current();
	uint64_t effective, permitted, inheritable, all = BIT(CAP_LAST_CAP + 1) - 1;
	int words = capability_words(header_at, &h);
	struct cred *c;

	if (words < 0)
		return words;
	if (h.pid && h.pid != task_current()->pid->number)
		return -EPERM;
	if (copy_from_user(data, from, (size_t)words * sizeof(data[0])))
		return -EFAULT;
	effective = (data[0].effective | (uint64_t)data[1].effective << 32) & all;
	permitted = (data[0].permitted | (uint64_t)data[1].permitted << 32) & all;
	inheritable = (data[0].inheritable | (uint64_t)data[1].inheritable << 32) & all;
	if ((inheritable & ~(old->cap_inheritable | old->cap_bounding)) ||
	    (!capable(CAP_SETPCAP) && (inheritable & ~(old->cap_inheritable | old->cap_permitted))) ||
	    (permitted & ~old->cap_permitted) || (effective & ~permitted))
		return -EPERM;
	c = cred_copy(old);
	if (!c)
		return -ENOMEM;
	c->cap_effective = effective;
	c->cap_permitted = permitted;
	c->cap_inheritable = inheritable;
	c->cap_ambient &= permitted & inheritable;
	cred_commit(c);
	return 0;
}
