/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/procfs_mount.c: mounts of procfs and their options (proc(5)): hidepid= and gid=,
 * who sees whose directories; subset=pid, nothing but them. Each mount has a superblock
 * of its own, with options of its own, over the one fixed tree. A superblock lives until its
 * last walk is over (super_put()), so its options may be looked at under RCU.
 */
#include "fs/mem/procfs.h"
#include "fs/mount_context.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <asm/statfs.h>
#include <linux/magic.h>

static struct mutex proc_lock = MUTEX_INIT(proc_lock, RANK_SLEEP_LEAF);
static bool tree_is_built; /* proc_lock */

static const char *const hide_names[] = {
	[PROC_SHOWS_ALL] = "off", [PROC_HIDES_FILES] = "noaccess", [PROC_HIDES_DIRECTORIES] = "invisible",
	[PROC_HIDES_MORE] = "ptraceable",
};

bool proc_hides(const struct super *sb, void *task, const struct cred *cred, enum proc_hide from)
{
	const struct proc_options *o = sb->data;
	uint32_t hide = atomic_load(&o->hide);

	if (hide != PROC_HIDES_MORE && (hide < from || cred_in_group(cred, atomic_load(&o->gid))))
		return false;
	return !proc_provider->may_inspect(task, cred);
}

static bool word_is(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(s, word, n) == 0;
}

static int parse_hide(const char *value, size_t n, uint32_t *out)
{
	const char *end;
	uint64_t number;

	for (uint32_t i = 0; i < ARRAY_SIZE(hide_names); i++)
		if (hide_names[i] && word_is(value, n, hide_names[i])) {
			*out = i;
			return 0;
		}
	if (parse_u64(value, &end, 10, &number) || end != value + n || number >= ARRAY_SIZE(hide_names) || !hide_names[number])
		return -EINVAL;
	*out = (uint32_t)number;
	return 0;
}

/* One option, name=value, of n bytes; name_bytes is n if there is no value. */
static int parse_one(const char *s, size_t name_bytes, size_t n, struct proc_options *o)
{
	const char *value = s + name_bytes + 1, *end;
	size_t value_bytes = name_bytes < n ? n - name_bytes - 1 : 0;
	uint64_t number;

	if (!word_is(s, name_bytes, "hidepid") && !word_is(s, name_bytes, "gid") && !word_is(s, name_bytes, "subset"))
		return -ENOENT;
	if (!value_bytes)
		return -EINVAL;
	if (word_is(s, name_bytes, "hidepid"))
		return parse_hide(value, value_bytes, &o->hide);
	if (word_is(s, name_bytes, "gid")) {
		if (parse_u64(value, &end, 10, &number) || end != value + value_bytes || number >= UINT32_MAX)
			return -EINVAL;
		o->gid = (uint32_t)number;
		return 0;
	}
	/* A list with colons between, of which only one word has a meaning. */
	if (!word_is(value, value_bytes, "pid"))
		return -EINVAL;
	o->only_pids = true;
	return 0;
}

/* Bytes before the first c, or all. */
static size_t until(const char *s, char c)
{
	const char *at = strchr(s, c);

	return at ? (size_t)(at - s) : strlen(s);
}

static int parse(const char *data, struct proc_options *o)
{
	while (data && *data) {
		size_t n = until(data, ','), name_bytes = min(until(data, '='), n);
		int error = n ? parse_one(data, name_bytes, n, o) : 0;

		if (error)
			return error;
		data += n + (data[n] == ',');
	}
	return 0;
}

static int proc_check_option(const char *option)
{
	struct proc_options scratch = { 0 };
	size_t n = strlen(option);

	return parse_one(option, min(until(option, '='), n), n, &scratch);
}

static int proc_remount(struct super *sb, struct mount_context *c)
{
	struct proc_options *o = sb->data, new = *o;
	int error = parse(c->options, &new);

	if (error)
		return error;
	atomic_store(&o->hide, new.hide);
	atomic_store(&o->gid, new.gid);
	atomic_store(&o->only_pids, new.only_pids);
	return 0;
}

static void proc_show_options(struct super *sb, char *buf, size_t size)
{
	const struct proc_options *o = sb->data;
	int at = 0;

	if (o->gid)
		at += format_cut(buf, size, ",gid=%u", o->gid);
	if (o->hide)
		at += format_cut(buf + at, size - (size_t)at, ",hidepid=%s", hide_names[o->hide]);
	if (o->only_pids)
		format_cut(buf + at, size - (size_t)at, ",subset=pid");
}

static int proc_statfs(struct super *sb, void *out)
{
	((struct statfs *)out)->f_type = PROC_SUPER_MAGIC;
	return 0;
}

static void proc_put_super(struct super *sb)
{
	kfree(sb->data);
}

static const struct super_ops proc_super_ops = {
	.evict = proc_evict, .statfs = proc_statfs, .remount = proc_remount, .put = proc_put_super,
	.show_options = proc_show_options,
};

static int build_tree_once(void)
{
	MUTEX_GUARD(&proc_lock);
	int error = tree_is_built ? 0 : proc_tree_build();

	tree_is_built |= !error;
	return error;
}

static int make_root(struct super *sb)
{
	struct inode *root;
	int error = proc_root_inode(sb, &root);

	if (error)
		return error;
	sb->root = dentry_create_root(sb, root);
	if (sb->root)
		return 0;
	inode_put(root);
	return -ENOMEM;
}

static int proc_mount(struct mount_context *c, struct super **out)
{
	struct proc_options *o = kzalloc(sizeof(*o), ALLOC_KERNEL);
	struct super *sb = NULL;
	int error = o ? parse(c->options, o) : -ENOMEM;

	if (!error)
		error = build_tree_once();
	if (!error) {
		sb = super_create(c->type, &proc_super_ops, c->flags);
		error = sb ? 0 : -ENOMEM;
	}
	if (error) {
		kfree(o);
		return error;
	}
	sb->data = o;
	error = make_root(sb);
	if (error)
		super_put(sb);
	else
		*out = sb;
	return error;
}

TABLE_ENTRY(fs_types, struct fs_type, proc) = {
	.name = "proc", .mount = proc_mount, .check_option = proc_check_option,
};
