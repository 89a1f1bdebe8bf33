/* SPDX-License-Identifier: MIT */
/*
 * proc/exec_cred.c: whose rights a new program has: set-id bits, file capabilities,
 * and what the old program passes on (capabilities(7), "Transformation of
 * capabilities during execve()").
 *
 * P are the process's sets, F the file's. pP' = (F_permitted & bounding) |
 * (F_inheritable & pI) | ambient; the effective set is all of that, if the file says
 * so, or the ambient set. A program that user 0 runs counts as a file with all bits.
 */
#include "fs/xattr.h"
#include "lib/string.h"
#include "proc/exec.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/securebits.h>
#include <linux/xattr.h>

#define CAP_ALL (BIT(CAP_LAST_CAP + 1) - 1)

struct file_capabilities {
	uint64_t permitted, inheritable;
	bool there, effective;
};

/* -EPERM: the program counts on rights that it cannot have, and would not notice. */
static int read_capabilities(const struct file *f, const struct cred *c, struct file_capabilities *fc)
{
	struct vfs_ns_cap_data data;
	ssize_t n;

	*fc = (struct file_capabilities){0};
	if (!READ_ONCE(f->inode->has_capabilities) || f->path.mount->flags & MS_NOSUID)
		return 0;
	n = xattr_get(f->inode, c, XATTR_NAME_CAPS, &data, sizeof(data));
	if (n < (ssize_t)XATTR_CAPS_SZ_2)
		return 0;
	/* The third format is of a user namespace, of which there is one. */
	if ((data.magic_etc & VFS_CAP_REVISION_MASK) == VFS_CAP_REVISION_3 && data.rootid)
		return 0;
	fc->there = true;
	fc->effective = data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE;
	fc->permitted = (data.data[0].permitted | (uint64_t)data.data[1].permitted << 32) & CAP_ALL;
	fc->inheritable = (data.data[0].inheritable | (uint64_t)data.data[1].inheritable << 32) & CAP_ALL;
	return fc->effective && fc->permitted & ~c->cap_bounding & ~(fc->inheritable & c->cap_inheritable) ? -EPERM : 0;
}

static void apply_set_id(const struct file *f, struct cred *c)
{
	const struct inode *inode = f->inode;

	if (f->path.mount->flags & MS_NOSUID || c->no_new_privs)
		return;
	if (inode->mode & S_ISUID)
		c->euid = inode->uid;
	if ((inode->mode & (S_ISGID | 0010)) == (S_ISGID | 0010))
		c->egid = inode->gid;
}

/* User 0's programs have all there is, unless one that others run as 0 says what it needs. */
static void add_root(const struct cred *c, struct file_capabilities *fc)
{
	if (c->securebits & SECBIT_NOROOT || (fc->there && c->uid != 0 && c->euid == 0))
		return;
	if (c->uid == 0 || c->euid == 0)
		fc->permitted = fc->inheritable = CAP_ALL;
	if (c->euid == 0)
		fc->effective = true;
}

/* Who is not to gain anything keeps what he had of it. */
static void deny_gain(struct cred *c, const struct cred *old)
{
	if (!cred_capable(old, CAP_SETUID) || c->no_new_privs) {
		c->euid = c->uid;
		c->egid = c->gid;
	}
	c->cap_permitted &= old->cap_permitted;
}

int exec_credentials(const struct file *f, struct cred **out, bool *secure)
{
	const struct cred *old = cred_current();
	struct cred *c = cred_copy(old);
	struct file_capabilities fc;
	bool has_file, set_id;
	int result;

	if (!c)
		return -ENOMEM;
	c->no_new_privs |= task_current()->seccomp_no_gain;
	apply_set_id(f, c);
	result = read_capabilities(f, c, &fc);
	if (result) {
		cred_put(c);
		return result;
	}
	has_file = fc.there;
	add_root(c, &fc);
	c->cap_permitted = (fc.permitted & c->cap_bounding) | (fc.inheritable & c->cap_inheritable);
	set_id = c->euid != old->uid || c->egid != old->gid;
	if ((set_id || c->cap_permitted & ~old->cap_permitted) &&
	    (c->no_new_privs || !ptrace_allows_gain(task_current())))
		deny_gain(c, old);
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	if (has_file || set_id)
		c->cap_ambient = 0;
	c->cap_permitted |= c->cap_ambient;
	c->cap_effective = fc.effective ? c->cap_permitted : c->cap_ambient;
	c->securebits &= ~(uint32_t)SECBIT_KEEP_CAPS;
	*secure = set_id || (c->uid != 0 && (fc.effective || c->cap_permitted & ~c->cap_ambient));
	*out = c;
	return 0;
}

bool exec_gains(const struct cred *old, const struct cred *new)
{
	return new->euid != old->euid || new->egid != old->egid || new->cap_permitted & ~old->cap_permitted;
}

/* Who may not read the program may not look into what runs it either. */
bool exec_may_be_dumped(const struct file *f, const struct cred *old, const struct cred *new)
{
	return !exec_gains(old, new) && new->uid == new->euid && new->gid == new->egid &&
	       !inode_permission(f->inode, new, MAY_READ);
}
