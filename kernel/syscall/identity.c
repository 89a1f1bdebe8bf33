/* SPDX-License-Identifier: MIT */
/*
 * syscall/identity.c: users and groups: credentials(7). A change makes a copy of
 * the credentials, alters it and commits it. Capabilities follow the user numbers
 * as capabilities(7) says under "Effect of user ID changes on capabilities".
 */
#include "lib/string.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/securebits.h>

#define KEEP (~0u) /* -1: leave this number alone */

/* What the file system layer may do follows fsuid. */
#define CAPS_FS                                                                                   \
	(BIT(CAP_CHOWN) | BIT(CAP_MKNOD) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | \
	 BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MAC_OVERRIDE))

SYSCALL0(getuid)
{
	return cred_current()->uid;
}

SYSCALL0(geteuid)
{
	return cred_current()->euid;
}

SYSCALL0(getgid)
{
	return cred_current()->gid;
}

SYSCALL0(getegid)
{
	return cred_current()->egid;
}

static void fix_capabilities(struct cred *c, const struct cred *old)
{
	bool was_root = !old->uid || !old->euid || !old->suid, is_root = !c->uid || !c->euid || !c->suid;

	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (was_root && !is_root) {
		if (!(c->securebits & SECBIT_KEEP_CAPS))
			c->cap_permitted = c->cap_effective = 0;
		c->cap_ambient = 0;
	}
	if (!old->euid && c->euid)
		c->cap_effective = 0;
	if (old->euid && !c->euid)
		c->cap_effective = c->cap_permitted;
}

/* Takes c on. A process whose identity changed may not be looked into by its new peers, nor killed with its parent. */
static int64_t commit(struct cred *c)
{
	const struct cred *old = cred_current();

	if (c->euid != old->euid || c->egid != old->egid || c->fsuid != old->fsuid || c->fsgid != old->fsgid) {
		WRITE_ONCE(process_current()->dumpable, false);
		atomic_store(&task_current()->death_signal, 0);
	}
	fix_capabilities(c, old);
	cred_commit(c);
	return 0;
}

static int64_t refuse(struct cred *c)
{
	cred_put(c);
	return -EPERM;
}

SYSCALL1(setuid, uint32_t, uid)
{
	struct cred *c = cred_copy(cred_current());

	if (!c)
		return -ENOMEM;
	if (uid == KEEP) {
		cred_put(c);
		return -EINVAL;
	}
	if (capable(CAP_SETUID))
		c->uid = c->suid = uid;
	else if (uid != c->uid && uid != c->suid)
		return refuse(c);
	c->euid = c->fsuid = uid;
	return commit(c);
}

SYSCALL1(setgid, uint32_t, gid)
{
	struct cred *c = cred_copy(cred_current());

	if (!c)
		return -ENOMEM;
	if (gid == KEEP) {
		cred_put(c);
		return -EINVAL;
	}
	if (capable(CAP_SETGID))
		c->gid = c->sgid = gid;
	else if (gid != c->gid && gid != c->sgid)
		return refuse(c);
	c->egid = c->fsgid = gid;
	return commit(c);
}

SYSCALL2(setreuid, uint32_t, ruid, uint32_t, euid)
{
	const struct cred *old = cred_current();
	struct cred *c = cred_copy(old);
	bool may = capable(CAP_SETUID);

	if (!c)
		return -ENOMEM;
	if (ruid != KEEP) {
		if (ruid != old->uid && ruid != old->euid && !may)
			return refuse(c);
		c->uid = ruid;
	}
	if (euid != KEEP) {
		if (euid != old->uid && euid != old->euid && euid != old->suid && !may)
			return refuse(c);
		c->euid = euid;
	}
	if (ruid != KEEP || (euid != KEEP && euid != old->uid))
		c->suid = c->euid;
	c->fsuid = c->euid;
	return commit(c);
}

SYSCALL2(setregid, uint32_t, rgid, uint32_t, egid)
{
	const struct cred *old = cred_current();
	struct cred *c = cred_copy(old);
	bool may = capable(CAP_SETGID);

	if (!c)
		return -ENOMEM;
	if (rgid != KEEP) {
		if (rgid != old->gid && rgid != old->egid && !may)
			return refuse(c);
		c->gid = rgid;
	}
	if (egid != KEEP) {
		if (egid != old->gid && egid != old->egid && egid != old->sgid && !may)
			return refuse(c);
		c->egid = egid;
	}
	if (rgid != KEEP || (egid != KEEP && egid != old->gid))
		c->sgid = c->egid;
	c->fsgid = c->egid;
	return commit(c);
}

static bool is_own_uid(const struct cred *c, uint32_t id)
{
	return id == KEEP || id == c->uid || id == c->euid || id == c->suid;
}

static bool is_own_gid(const struct cred *c, uint32_t id)
{
	return id == KEEP || id == c->gid || id == c->egid || id == c->sgid;
}

SYSCALL3(setresuid, uint32_t, ruid, uint32_t, euid, uint32_t, suid)
{
	const struct cred *old = cred_current();
	struct cred *c = cred_copy(old);

	if (!c)
		return -ENOMEM;
	if (!(is_own_uid(old, ruid) && is_own_uid(old, euid) && is_own_uid(old, suid)) && !capable(CAP_SETUID))
		return refuse(c);
	if (ruid != KEEP)
		c->uid = ruid;
	if (euid != KEEP)
		c->euid = euid;
	if (suid != KEEP)
		c->suid = suid;
	c->fsuid = c->euid;
	return commit(c);
}

SYSCALL3(setresgid, uint32_t, rgid, uint32_t, egid, uint32_t, sgid)
{
	const struct cred *old = cred_current();
	struct cred *c = cred_copy(old);

	if (!c)
		return -ENOMEM;
	if (!(is_own_gid(old, rgid) && is_own_gid(old, egid) && is_own_gid(old, sgid)) && !capable(CAP_SETGID))
		return refuse(c);
	if (rgid != KEEP)
		c->gid = rgid;
	if (egid != KEEP)
		c->egid = egid;
	if (sgid != KEEP)
		c->sgid = sgid;
	c->fsgid = c->egid;
	return commit(c);
}

static int64_t put_three(uaddr_t a_to, uint32_t a, uaddr_t b_to, uint32_t b, uaddr_t c_to, uint32_t c)
{
	return put_user_struct(a_to, a) || put_user_struct(b_to, b) || put_user_struct(c_to, c) ? -EFAULT : 0;
}

SYSCALL3(getresuid, uaddr_t, ruid, uaddr_t, euid, uaddr_t, suid)
{
	const struct cred *c = cred_current();

	return put_three(ruid, c->uid, euid, c->euid, suid, c->suid);
}

SYSCALL3(getresgid, uaddr_t, rgid, uaddr_t, egid, uaddr_t, sgid)
{
	const struct cred *c = cred_current();

	return put_three(rgid, c->gid, egid, c->egid, sgid, c->sgid);
}

/* setfsuid(2) and setfsgid(2) answer with the old number, whether or not they did it. */
SYSCALL1(setfsuid, uint32_t, uid)
{
	const struct cred *old = cred_current();
	uint32_t before = old->fsuid;
	struct cred *c;

	if (uid == before || uid == KEEP || (!is_own_uid(old, uid) && !capable(CAP_SETUID)))
		return before;
	c = cred_copy(old);
	if (!c)
		return before;
	c->fsuid = uid;
	if (!before && uid && !(c->securebits & SECBIT_NO_SETUID_FIXUP))
		c->cap_effective &= ~CAPS_FS;
	if (before && !uid && !(c->securebits & SECBIT_NO_SETUID_FIXUP))
		c->cap_effective |= c->cap_permitted & CAPS_FS;
	commit(c);
	return before;
}

SYSCALL1(setfsgid, uint32_t, gid)
{
	const struct cred *old = cred_current();
	uint32_t before = old->fsgid;
	struct cred *c;

	if (gid == before || gid == KEEP || (!is_own_gid(old, gid) && !capable(CAP_SETGID)))
		return before;
	c = cred_copy(old);
	if (!c)
		return before;
	c->fsgid = gid;
	commit(c);
	return before;
}

SYSCALL2(getgroups, int, n, uaddr_t, to)
{
	const struct group_list *g = cred_current()->groups;
	int count = g ? (int)g->count : 0;

	if (n < 0)
		return -EINVAL;
	if (!n)
		return count;
	if (count > n)
		return -EINVAL;
	return count && copy_to_user(to, g->gid, (size_t)count * sizeof(g->gid[0])) ? -EFAULT : count;
}

/* Into ascending order: heap sort, as there may be 65,536. */
static void sift(uint32_t *v, size_t at, size_t n)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		uint32_t t = v[at];

		if (child + 1 < n && v[child + 1] > v[child])
			child++;
		if (t >= v[child])
			return;
		v[at] = v[child];
		v[child] = t;
	}
}

static void sort(uint32_t *v, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(v, i, n);
	for (size_t i = n; i-- > 1;) {
		uint32_t t = v[0];

		v[0] = v[i];
		v[i] = t;
		sift(v, 0, i);
	}
}

SYSCALL2(setgroups, int, n, uaddr_t, from)
{
	struct group_list *g;
	struct cred *c;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (n < 0 || n > NGROUPS_MAX)
		return -EINVAL;
	g = group_list_create((unsigned)n);
	if (!g)
		return -ENOMEM;
	if (copy_from_user(g->gid, from, (size_t)n * sizeof(g->gid[0]))) {
		group_list_put(g);
		return -EFAULT;
	}
	sort(g->gid, (size_t)n);
	c = cred_copy(cred_current());
	if (!c) {
		group_list_put(g);
		return -ENOMEM;
	}
	group_list_put(c->groups);
	c->groups = g;
	cred_commit(c);
	return 0;
}
