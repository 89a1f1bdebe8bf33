/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/procfs.h: procfs between its files: procfs_mount.c (superblocks), procfs.c (the fixed tree),
 * procfs_pid.c (processes), procfs_file.c (reading and writing).
 */
#ifndef FS_MEM_PROCFS_H
#define FS_MEM_PROCFS_H

#include "fs/procfs.h"

/* A fixed file or directory. */
struct proc_node {
	const char *name;               /* immutable, as all that follows; not terminated */
	size_t len;
	uint64_t ino;
	const struct proc_entry *entry;
	const struct proc_special *special; /* neither, and no link: a directory */
	const char *link;               /* a symbolic link's text */
	const struct proc_changes *changes; /* poll(2) tells of them; NULL: always ready */
	bool setting;                   /* in /proc/sys */
	bool net;                       /* in net, which is in every process's directory */
	struct proc_node *parent;
	struct list children, sibling;  /* in the order they came */
};

/* What an inode of procfs stands for. */
struct proc_inode {                     /* inode->data; immutable; freed after a grace period with the task's reference */
	const struct proc_node *node;   /* the fixed tree, or NULL */
	void *task;                     /* counted by the provider; or NULL */
	const struct proc_pid_file *file; /* NULL: the directory of the task */
	int number;                     /* of the process or thread; in fd and fdinfo: the entry's */
	bool thread;                    /* task is one thread, in /proc/PID/task */
	bool tasks;                     /* the directory /proc/PID/task itself */
	bool entry;                     /* an entry of fd or fdinfo, or of map_files: then area says which */
	struct proc_area area;
	struct rcu_head rcu;
};

static inline struct proc_inode *proc_inode(const struct inode *i) { return i->data; }

/* What a mount hides of processes that one may not inspect; the numbers are those of hidepid=. */
enum proc_hide { PROC_SHOWS_ALL = 0, PROC_HIDES_FILES = 1, PROC_HIDES_DIRECTORIES = 2, PROC_HIDES_MORE = 4 };

struct proc_options {                   /* super->data; each atomic */
	uint32_t hide;                  /* enum proc_hide */
	uint32_t gid;                   /* who is in that group sees all, but for PROC_HIDES_MORE */
	bool only_pids;                 /* nothing but processes */
};
static inline bool proc_only_pids(const struct super *sb)
{
	return atomic_load(&((const struct proc_options *)sb->data)->only_pids);
}
/* Does the mount hide from cred what it hides at this level (FILES or DIRECTORIES) or above? Under RCU too. */
bool proc_hides(const struct super *sb, void *task, const struct cred *cred, enum proc_hide from);

int proc_tree_build(void);              /* once, before the rest */
int proc_root_inode(struct super *sb, struct inode **out);
void proc_evict(struct inode *i);       /* super_ops.evict */

extern const struct proc_provider *proc_provider; /* set once, at boot */
/* The second is for files of processes that nobody can wait for. */
extern const struct file_ops proc_file_ops, proc_task_file_ops;
extern struct proc_node *proc_net; /* immutable once mounted: the directory net */

/* The inode of a fixed file or directory. */
int proc_node_inode(struct super *sb, const struct proc_node *n, struct inode **out);

/* A new inode; takes over what pi holds on success. NULL when out. */
struct inode *proc_inode_create(struct super *sb, uint64_t ino, uint32_t mode, const struct proc_inode *pi);

/* "123" and nothing else: the number, or -1. */
int proc_parse_number(const char *name, size_t len);
/* /proc/NUMBER, "self" and "thread-self". *out NULL: no such. */
int proc_pid_lookup(struct super *sb, const char *name, size_t len, struct inode **out);
/* The rest of the root directory: self, thread-self and the processes that who opened it may see. */
int proc_pid_iterate(struct file *f, struct dir_sink *s);

/*
 * Inodes of what is below /proc/PID, between procfs_pid.c and procfs_maps.c. The first makes
 * the one that pi describes, whose task is counted anew.
 */
int proc_task_inode(struct super *sb, uint64_t ino, uint32_t mode, struct proc_inode pi, const struct inode_ops *ops,
		    struct inode **out);
int proc_task_permission(struct inode *i, const struct cred *cred, unsigned mask);
int proc_task_getattr(struct inode *i, const struct cred *cred);
int proc_task_set_attributes(struct inode *i, const struct attributes *a);
int proc_task_link_follow(struct inode *i, const struct cred *cred, struct path *out);
ssize_t proc_task_link_read(struct inode *i, const struct cred *cred, char *buf, size_t size);
bool proc_never_valid(struct dentry *d);
int proc_maps_lookup(struct inode *dir, const char *name, size_t len, struct inode **out);
void proc_maps_iterate(const struct inode *dir, struct dir_sink *s);

#define PROC_TASK_OPS                                                                                    \
	.permission = proc_task_permission, .getattr = proc_task_getattr, .setattr = proc_task_set_attributes, \
	.create = proc_refuse_create, .fleeting = true

/* inode_ops.create of procfs: names that are not there cannot be made, and Linux says ENOENT. */
int proc_refuse_create(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
		       const struct cred *cred, struct inode **out);

/* proc_interrupts.c: the row "intr" of /proc/stat. 0 or -ENOMEM. May sleep. */
int proc_interrupt_counts(struct text *t);

#define PROC_FIRST_PID 1000 /* positions in the root directory: below are the fixed names */

#endif
