/* SPDX-License-Identifier: MIT */
/*
 * devpts: the file system of the nodes /dev/pts/N, and of a ptmx of its own. Each
 * mount is an instance with numbers of its own, as on Linux since 4.7. Names come
 * and go with the pairs, so none is kept that is not there (revalidate).
 *
 * A node's inode and its pair have references to each other; devpts_remove(),
 * when the master is closed, cuts them. The number stays taken until the slave's
 * last file is closed too.
 *
 * instance.lock (mutex, a leaf) guards the tree of nodes and the numbers.
 */
#include "base/table.h"
#include "fs/mount_context.h"
#include "fs/path.h"
#include "hal/clock.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mem/slab.h"
#include "tty/pty.h"
#include <asm/statfs.h>
#include <linux/magic.h>

#define ROOT_INO  1
#define PTMX_INO  2
#define FIRST_INO 3 /* of number 0 */

struct devpts_options {
	bool has_uid, has_gid;
	uint32_t uid, gid, mode, ptmx_mode, max;
};

struct devpts {
	struct mutex lock;
	struct rb_root nodes;            /* lock: pairs whose master is open, by index */
	struct bitmap numbers;           /* lock: taken ones */
	uint64_t bits[BITMAP_STORAGE_WORDS(PTY_MAX)];
	struct devpts_options options;   /* lock */
	struct inode *ptmx;              /* immutable, counted */
};

static uint32_t pty_count; /* atomic: in all instances */

unsigned devpts_count(void)
{
	return atomic_load(&pty_count);
}

static struct devpts *devpts_of(const struct super *sb)
{
	return sb->data;
}

/* ---- options --------------------------------------------------------------- */

static int parse_option(const char *at, const char *name, int base, uint64_t limit, uint32_t *out, const char **end)
{
	uint64_t value;

	if (!str_has_prefix(at, name))
		return 0;
	if (parse_u64(at + strlen(name), end, base, &value) || value > limit || (**end && **end != ','))
		return -EINVAL;
	*out = (uint32_t)value;
	return 1;
}

static int parse_one(const char *at, struct devpts_options *o, const char **end)
{
	static const char newinstance[] = "newinstance"; /* what every mount is */
	size_t n = strlen(newinstance);
	int found;

	if (strncmp(at, newinstance, n) == 0 && (!at[n] || at[n] == ',')) {
		*end = at + n;
		return 1;
	}
	found = parse_option(at, "uid=", 10, UINT32_MAX, &o->uid, end);
	if (found)
		o->has_uid = true;
	if (!found && (found = parse_option(at, "gid=", 10, UINT32_MAX, &o->gid, end)))
		o->has_gid = true;
	if (!found)
		found = parse_option(at, "mode=", 8, 0777, &o->mode, end);
	if (!found)
		found = parse_option(at, "ptmxmode=", 8, 0777, &o->ptmx_mode, end);
	return found ? found : parse_option(at, "max=", 10, PTY_MAX, &o->max, end);
}

static int parse_options(const char *data, struct devpts_options *o)
{
	*o = (struct devpts_options){ .mode = 0600, .max = PTY_MAX };
	while (data && *data) {
		const char *end = data;

		if (*data != ',' && parse_one(data, o, &end) <= 0)
			return -EINVAL;
		data = *end == ',' ? end + 1 : end;
	}
	return 0;
}

static void devpts_show_options(struct super *sb, char *buf, size_t size)
{
	const struct devpts_options *o = &devpts_of(sb)->options;
	int n = 0;

	if (o->has_uid)
		n += format_cut(buf, size, ",uid=%u", o->uid);
	if (o->has_gid)
		n += format_cut(buf + n, size - (size_t)n, ",gid=%u", o->gid);
	n += format_cut(buf + n, size - (size_t)n, ",mode=%03o,ptmxmode=%03o", o->mode, o->ptmx_mode);
	if (o->max < PTY_MAX)
		format_cut(buf + n, size - (size_t)n, ",max=%u", o->max);
}

static int devpts_remount(struct super *sb, struct mount_context *c)
{
	struct devpts *d = devpts_of(sb);
	struct devpts_options o;
	int error = parse_options(c->options, &o);

	if (error)
		return error;
	MUTEX_GUARD(&d->lock);
	d->options = o;
	atomic_store(&d->ptmx->mode, S_IFCHR | o.ptmx_mode);
	return 0;
}

/* ---- names ----------------------------------------------------------------- */

/* The node at or after an index; NULL when there is none. Lock held. */
static struct pty *node_from(struct devpts *d, unsigned index)
{
	struct rb_node *n = d->nodes.node;
	struct pty *best = NULL;

	assert(mutex_held(&d->lock));
	while (n) {
		struct pty *pty = rb_entry(n, struct pty, node);

		if (pty->index >= index)
			best = pty;
		n = pty->index >= index ? n->left : n->right;
	}
	return best;
}

static void node_insert(struct devpts *d, struct pty *pty)
{
	struct rb_node **link = &d->nodes.node, *parent = NULL;

	assert(mutex_held(&d->lock));
	while (*link) {
		parent = *link;
		link = pty->index < rb_entry(parent, struct pty, node)->index ? &parent->left : &parent->right;
	}
	rb_link(&pty->node, parent, link);
	rb_insert_fix(&pty->node, &d->nodes);
}

/* The number that a name says, without leading zeros; PTY_MAX if it says none. */
static unsigned index_of_name(const char *name, size_t len)
{
	unsigned index = 0;

	if (!len || len > 4 || (name[0] == '0' && len > 1))
		return PTY_MAX;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return PTY_MAX;
		index = index * 10 + (unsigned)(name[i] - '0');
	}
	return min(index, (unsigned)PTY_MAX);
}

static int devpts_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct devpts *d = devpts_of(dir->sb);
	unsigned index = index_of_name(name, len);
	struct pty *pty;

	*out = NULL;
	if (len == 4 && memcmp(name, "ptmx", 4) == 0) {
		*out = d->ptmx;
	} else if (index < PTY_MAX) {
		mutex_lock(&d->lock);
		pty = node_from(d, index);
		if (pty && pty->index == index)
			*out = pty->inode;
		if (*out)
			inode_get(*out);
		mutex_unlock(&d->lock);
		return 0;
	}
	if (*out)
		inode_get(*out);
	return 0;
}

/* Positions: 0 and 1 are the dots, 2 is ptmx, then the numbers. */
static int devpts_iterate(struct file *f, struct dir_sink *s)
{
	static const struct { const char *name; size_t len; uint64_t ino; unsigned type; } fixed[] = {
		{ ".", 1, ROOT_INO, S_IFDIR >> 12 }, { "..", 2, ROOT_INO, S_IFDIR >> 12 },
		{ "ptmx", 4, PTMX_INO, S_IFCHR >> 12 },
	};
	struct devpts *d = devpts_of(f->inode->sb);
	loff_t n = ARRAY_SIZE(fixed);
	struct pty *pty;
	char name[8];

	for (; s->position < n; s->position++)
		if (!s->emit(s, fixed[s->position].name, fixed[s->position].len, fixed[s->position].ino,
			     fixed[s->position].type, s->position + 1))
			return 0;
	MUTEX_GUARD(&d->lock);
	while ((pty = node_from(d, (unsigned)(s->position - n)))) {
		loff_t next = pty->index + n + 1;

		format(name, sizeof(name), "%u", pty->index);
		if (!s->emit(s, name, strlen(name), pty->index + FIRST_INO, S_IFCHR >> 12, next))
			return 0;
		s->position = next;
	}
	return 0;
}

static bool name_is_valid(struct dentry *dentry)
{
	return READ_ONCE(dentry->inode->nlink) != 0;
}

static const struct inode_ops root_ops = { .lookup = devpts_lookup, .revalidate = name_is_valid };
static const struct inode_ops node_ops = { .revalidate = name_is_valid, .fleeting = true };
static const struct file_ops root_file_ops = { .iterate = devpts_iterate, .seek = file_seek_generic };

/* ---- pairs ----------------------------------------------------------------- */

static struct inode *make_inode(struct super *sb, struct pty *pty, const struct cred *cred)
{
	const struct devpts_options *o = &devpts_of(sb)->options;
	struct inode *i = inode_create(sb, pty->index + FIRST_INO, S_IFCHR | o->mode);

	if (!i)
		return NULL;
	i->uid = o->has_uid ? o->uid : cred->fsuid;
	i->gid = o->has_gid ? o->gid : cred->fsgid;
	i->rdev = pty->tty.node.rdev;
	i->ops = &node_ops;
	i->file_ops = &pty_slave_file_ops;
	i->data = pty;
	tty_get(&pty->tty);
	return i;
}

static int take_number(struct devpts *d, unsigned *index)
{
	size_t found;

	MUTEX_GUARD(&d->lock);
	found = bitmap_take(&d->numbers, 0);
	if (found == BITMAP_NONE)
		return -ENOSPC;
	if (atomic_inc_return(&pty_count) <= PTY_MAX && found < d->options.max) {
		*index = (unsigned)found;
		return 0;
	}
	atomic_dec(&pty_count);
	bitmap_clear(&d->numbers, found);
	return -ENOSPC;
}

int devpts_create(struct super *sb, const struct cred *cred, struct pty **out)
{
	struct devpts *d = devpts_of(sb);
	struct pty *pty = pty_alloc();
	int error = pty ? take_number(d, &pty->index) : -ENOMEM;

	if (error) {
		kfree(pty);
		return error;
	}
	refcount_get(&sb->refs);
	pty->super = sb;
	format_cut(pty->tty.name, sizeof(pty->tty.name), "pts/%u", pty->index);
	pty->tty.node.rdev = device_number(PTY_MAJOR_SLAVE, pty->index);
	pty->inode = make_inode(sb, pty, cred);
	if (!pty->inode) {
		tty_put(&pty->tty);
		return -ENOMEM;
	}
	MUTEX_GUARD(&d->lock);
	node_insert(d, pty);
	*out = pty;
	return 0;
}

void devpts_remove(struct pty *pty)
{
	struct devpts *d = devpts_of(pty->super);

	mutex_lock(&d->lock);
	rb_erase(&pty->node, &d->nodes);
	atomic_store(&pty->inode->nlink, 0);
	mutex_unlock(&d->lock);
	inode_put(pty->inode);
}

void devpts_release(struct pty *pty)
{
	struct devpts *d = devpts_of(pty->super);

	mutex_lock(&d->lock);
	bitmap_clear(&d->numbers, pty->index);
	mutex_unlock(&d->lock);
	atomic_dec(&pty_count);
	super_put(pty->super);
}

/* ---- instances --------------------------------------------------------------- */

static void devpts_evict(struct inode *i)
{
	struct pty *pty = i->data;

	if (pty)
		tty_put(&pty->tty);
}

static int devpts_statfs(struct super *sb, void *out)
{
	((struct statfs *)out)->f_type = DEVPTS_SUPER_MAGIC;
	return 0;
}

static void devpts_put(struct super *sb)
{
	struct devpts *d = devpts_of(sb);

	if (d && d->ptmx)
		inode_put(d->ptmx);
	kfree(d);
}

static const struct super_ops devpts_super_ops = {
	.evict = devpts_evict,
	.statfs = devpts_statfs,
	.remount = devpts_remount,
	.show_options = devpts_show_options,
	.put = devpts_put,
};

static struct devpts *instance_create(const struct devpts_options *o)
{
	struct devpts *d = kzalloc(sizeof(*d), ALLOC_KERNEL);

	if (!d)
		return NULL;
	mutex_init(&d->lock, RANK_SLEEP_LEAF);
	bitmap_init(&d->numbers, d->bits, PTY_MAX);
	d->options = *o;
	return d;
}

static int make_names(struct super *sb)
{
	struct devpts *d = devpts_of(sb);
	struct inode *root = inode_create(sb, ROOT_INO, S_IFDIR | 0755);

	if (!root)
		return -ENOMEM;
	root->nlink = 2;
	root->ops = &root_ops;
	root->file_ops = &root_file_ops;
	sb->root = dentry_create_root(sb, root);
	if (!sb->root) {
		inode_put(root);
		return -ENOMEM;
	}
	d->ptmx = inode_create(sb, PTMX_INO, S_IFCHR | d->options.ptmx_mode);
	if (!d->ptmx)
		return -ENOMEM;
	d->ptmx->rdev = device_number(5, 2);
	d->ptmx->ops = &node_ops;
	d->ptmx->file_ops = &ptmx_file_ops;
	return 0;
}

static int devpts_mount(struct mount_context *c, struct super **out)
{
	struct devpts_options o;
	struct super *sb;
	int error = parse_options(c->options, &o);

	if (error)
		return error;
	sb = super_create(c->type, &devpts_super_ops, c->flags);
	if (!sb)
		return -ENOMEM;
	sb->data = instance_create(&o);
	error = sb->data ? make_names(sb) : -ENOMEM;
	if (error)
		super_put(sb);
	else
		*out = sb;
	return error;
}

TABLE_ENTRY(fs_types, struct fs_type, devpts) = { .name = "devpts", .mount = devpts_mount };

static bool is_devpts(const struct super *sb)
{
	return sb->ops == &devpts_super_ops;
}

int devpts_find(struct file *ptmx, struct path *root)
{
	int error;

	if (is_devpts(ptmx->path.mount->sb)) {
		*root = (struct path){ ptmx->path.mount, ptmx->path.mount->sb->root };
		path_get(root);
		return 0;
	}
	error = path_lookup_beside(&ptmx->path, "pts", root);
	if (error || is_devpts(root->mount->sb))
		return error;
	path_put(root);
	return -ENODEV;
}
