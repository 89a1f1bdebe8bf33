/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/fscontext.c: what the descriptors of fsopen(2) and fspick(2) stand for: a mount
 * context, and the phase it is in. A new one takes options, makes its superblock, has it
 * mounted once, and then is like a picked one: it takes options, changes its superblock,
 * and begins again. What fails half way is of no use any more.
 */
#include "fs/anon/fscontext.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include <linux/capability.h>
#include <linux/fcntl.h>

enum phase {
	TAKES_OPTIONS,  /* for a new superblock */
	MADE,           /* to be mounted */
	TAKES_CHANGES,  /* options for its superblock */
	FAILED,
};

struct fscontext {
	struct mutex lock;              /* rank MOUNT_CONTEXT */
	enum phase phase;               /* lock */
	struct mount_context *context;  /* immutable; what it points to: lock */
};

static ssize_t fscontext_read(struct io *io, struct iter *to)
{
	struct fscontext *s = io->file->data;
	char *message;
	ssize_t result;

	mutex_lock(&s->lock);
	result = mount_context_message(s->context, to->count, &message);
	mutex_unlock(&s->lock);
	if (result < 0)
		return result;
	if (iter_put(to, message, (size_t)result) != (size_t)result)
		result = -EFAULT;
	kfree(message);
	return result;
}

static void fscontext_release(struct file *f)
{
	struct fscontext *s = f->data;

	mount_context_free(s->context);
	kfree(s);
}

static const struct file_ops fscontext_ops = { .read = fscontext_read, .release = fscontext_release };

/* Takes over the context, on failure too. */
static int make_file(struct mount_context *c, enum phase phase, struct file **out)
{
	struct fscontext *s = kzalloc(sizeof(*s), ALLOC_KERNEL);
	int error = -ENOMEM;

	if (s) {
		mutex_init(&s->lock, RANK_MOUNT_CONTEXT);
		s->phase = phase;
		s->context = c;
		c->keeps_messages = true;
		error = file_create_anonymous("anon_inode:[fscontext]", &fscontext_ops, s, O_RDWR, out);
	}
	if (error) {
		mount_context_free(c);
		kfree(s);
	}
	return error;
}

int fscontext_open(const char *type, struct file **out)
{
	struct mount_context *c;
	int error = mount_context_create(type, NULL, 0, NULL, &c);

	return error ? error : make_file(c, TAKES_OPTIONS, out);
}

int fscontext_pick(const struct path *p, struct file **out)
{
	struct mount_context *c;
	int error = p->dentry == p->mount->root ? mount_context_pick(p->mount->sb, &c) : -EINVAL;

	return error ? error : make_file(c, TAKES_CHANGES, out);
}

bool fscontext_is(const struct file *f)
{
	return f->ops == &fscontext_ops;
}

bool fscontext_is_simple(const struct file *f)
{
	const struct fscontext *s = f->data;

	return !s->context->type->check_option;
}

int fscontext_set(struct file *f, const char *name, enum option_kind kind, const char *value)
{
	struct fscontext *s = f->data;

	MUTEX_GUARD(&s->lock);
	if (s->phase != TAKES_OPTIONS && s->phase != TAKES_CHANGES)
		return -EBUSY;
	return mount_context_set(s->context, name, kind, value);
}

int fscontext_make(struct file *f, const struct cred *cred)
{
	struct fscontext *s = f->data;
	int error;

	MUTEX_GUARD(&s->lock);
	if (s->phase != TAKES_OPTIONS)
		return -EBUSY;
	if (!cred_capable(cred, CAP_SYS_ADMIN))
		return -EPERM;
	error = mount_context_make(s->context);
	s->phase = error ? FAILED : MADE;
	return error;
}

int fscontext_change(struct file *f, const struct cred *cred)
{
	struct fscontext *s = f->data;
	int error;

	MUTEX_GUARD(&s->lock);
	if (s->phase != TAKES_CHANGES)
		return -EBUSY;
	error = cred_capable(cred, CAP_SYS_ADMIN) ? mount_context_change(s->context) : -EPERM;
	if (error)
		s->phase = FAILED;
	else
		mount_context_clear(s->context);
	return error;
}

int fscontext_mount(struct file *f, unsigned long flags, const struct cred *cred, struct file **out)
{
	struct fscontext *s = f->data;
	struct mount_context *c = s->context;
	struct mount *m;

	MUTEX_GUARD(&s->lock);
	if (!c->sb)
		return -EINVAL;
	if (s->phase != MADE)
		return -EBUSY;
	m = mount_create(c->sb, c->sb->root, flags, c->source);
	if (!m)
		return -ENOMEM;
	rwsem_write_lock(&mount_lock);
	mount_tree_settle(m, MOUNT_APART);
	rwsem_write_unlock(&mount_lock);
	mount_context_clear(c);
	s->phase = TAKES_CHANGES;
	return mount_tree_open(m, cred, out);
}
