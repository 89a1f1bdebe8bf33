/* SPDX-License-Identifier: MIT */
/*
 * fs/path.h: names. Dentries (the name cache, negative entries too), mounts,
 * and the walk from a string to a (mount, dentry) pair. The walk runs under RCU
 * without references as long as everything is cached, and falls back to counted
 * references and locks where it must sleep. fs/ never asks who is running:
 * where the walk starts and with whose rights comes in a struct walk.
 */
#ifndef FS_PATH_H
#define FS_PATH_H

#include "base/seqlock.h"
#include "fs/inode.h"

struct mount;
struct waitq;

struct dentry {
	uint32_t refs;               /* atomic; 0 may stay cached on the LRU; ~0 is dead */
	uint32_t name_hash;          /* seq */
	uint32_t name_length;        /* seq */
	uint32_t flags;              /* lock: DENTRY_* */
	struct seqcount seq;         /* written under lock: name, parent (and the move lock), inode */
	struct spinlock lock;        /* rank DENTRY: children, name, inode changes */
	struct dentry *parent;       /* seq; itself for a root */
	struct inode *inode;         /* seq, RCU: NULL is negative */
	const char *name;            /* seq, RCU: inline_name or allocated, zero-terminated */
	char inline_name[32];
	struct hlist_node hash;      /* the bucket's lock, RCU */
	struct list children;        /* lock */
	struct list sibling;         /* parent's lock */
	struct list lru;             /* the LRU's lock */
	struct super *sb;            /* immutable */
	struct rcu_head rcu;
};
enum { DENTRY_MOUNTED = 1 /* something is mounted here, in some mount */, DENTRY_UNHASHED = 2, DENTRY_REFERENCED = 4 };

struct path { struct mount *mount; struct dentry *dentry; };

enum mount_where {
	MOUNT_NOWHERE,  /* the kernel's own, or unmounted: nothing is mounted on it, it is not copied */
	MOUNT_APART,    /* in the tree of a descriptor of open_tree(2) or fsmount(2) */
	MOUNT_IN_TREE,  /* in the one tree of all */
};

struct mount {
	struct refcount refs;
	uint32_t writers;            /* atomic: files open for writing through it */
	struct super *sb;            /* immutable, counted */
	struct dentry *root;         /* immutable, counted: root of what is mounted (bind mounts: inside) */
	struct mount *parent;        /* mount lock, RCU: itself for the root */
	struct dentry *mountpoint;   /* mount lock, RCU */
	unsigned long flags;         /* atomic: MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME, MS_RELATIME … */
	uint32_t id;                 /* immutable: /proc/PID/mountinfo */
	char *source;                /* immutable: device name shown in /proc/mounts */
	struct hlist_node hash;      /* mount lock, RCU: by (parent, mountpoint) */
	struct list list;            /* mount lock: all mounts in the one tree, in order */
	struct list children, sibling; /* mount lock */
	enum mount_where where;      /* mount lock */
	struct mount *copy;          /* mount lock: its image while a tree is copied */
	bool held;                   /* mount lock: made read-only by the change that is under way */
	struct list of_super;        /* sb->mounts_lock */
	struct path place;           /* mount lock: where it hung; references to be put once the lock is gone */
	struct rcu_head rcu;
};

static inline struct inode *path_inode(const struct path *p) { return p->dentry->inode; }
void path_get(const struct path *p);
void path_put(struct path *p); /* NULLs allowed; clears */

/* Working directory, root and umask, shared by CLONE_FS. */
struct fs_context {
	struct refcount refs;
	struct spinlock lock;        /* rank FS_CONTEXT */
	struct path cwd, root;       /* lock, counted */
	uint32_t umask;              /* lock */
};
struct fs_context *fs_context_copy(struct fs_context *c); /* NULL when out */
void fs_context_put(struct fs_context *c);
void fs_context_set_cwd(struct fs_context *c, const struct path *p);
void fs_context_set_root(struct fs_context *c, const struct path *p);

struct walk {
	struct path start;           /* not counted: the caller holds it (cwd, root or a directory descriptor) */
	struct path root;            /* not counted: the caller holds it */
	const struct cred *cred;
	unsigned flags;              /* WALK_* */
	uint64_t argument;           /* what inode_ops.create is told as rdev by file_open() with O_CREAT: 0 but for mq_open(2) */
};
enum {
	WALK_NOFOLLOW   = 1 << 0, /* do not follow a symbolic link in the last place */
	WALK_DIRECTORY  = 1 << 1, /* the result must be a directory */
	WALK_EMPTY      = 1 << 2, /* "" names the start (AT_EMPTY_PATH) */
	WALK_NO_SYMLINKS = 1 << 3, WALK_BENEATH = 1 << 4, WALK_IN_ROOT = 1 << 5, WALK_NO_XDEV = 1 << 6, WALK_NO_MAGIC = 1 << 7,
	WALK_NOAUTOMOUNT = 1 << 8,
};

/*
 * The path named; counted in *out. -ENOENT, -ENOTDIR, -EACCES, -ELOOP (40
 * links), -ENAMETOOLONG (a component), -EXDEV. May sleep.
 */
int path_lookup(const struct walk *w, const char *name, struct path *out);

/* The same, from the directory that p hangs in, as ptmx finds the pts beside it. */
int path_lookup_beside(const struct path *p, const char *name, struct path *out);

/*
 * Up to the last component: *parent counted; *last points into name (no slashes;
 * length in *len, 0 for "/" or empty; trailing slashes told in *must_dir).
 * Symbolic links in the last place are not followed.
 */
int path_lookup_parent(const struct walk *w, const char *name, struct path *parent, const char **last, size_t *len,
		       bool *must_dir);

/* -EROFS where the mount or the superblock is read-only. */
int path_want_write(const struct path *p);
/* The same for a file open for writing, which keeps both from becoming read-only until mount_put_write(). */
int mount_get_write(struct mount *m);
static inline void mount_put_write(struct mount *m) { atomic_dec(&m->writers); }
/* The superblock becomes read-only; -EBUSY: a file is open for writing. mount_lock is held for writing. */
int mount_stop_writers(struct super *sb);

/* Changes by name, each with all of Linux's checks. May sleep. */
int path_truncate(const struct path *p, const struct cred *cred, uint64_t size);
int path_mknod(const struct walk *w, const char *name, uint32_t mode, uint64_t rdev);  /* mode as given: umask is applied by the caller */
int path_make_socket(const struct walk *w, const char *name, uint32_t mode, struct path *out); /* for bind(2); *out counted */
int path_mkdir(const struct walk *w, const char *name, uint32_t mode);
int path_unlink(const struct walk *w, const char *name);
int path_rmdir(const struct walk *w, const char *name);
int path_symlink(const struct walk *w, const char *target, const char *name);
int path_link(const struct path *old, const struct walk *w, const char *name);
int path_rename(const struct walk *from, const char *old, const struct walk *to, const char *name, unsigned flags);

/*
 * Absolute name of p seen from root, at the end of buf: its start. ERR as negative errno in *error and NULL.
 * " (deleted)" as Linux. Without a mount in both: its name in its filesystem.
 */
char *path_name(const struct path *p, const struct path *root, char *buf, size_t size, int *error);

/* Mounts. flags MS_*. May sleep. */
int mount_new(const char *type, const char *source, const struct path *at, unsigned long flags, const char *data);
int mount_bind(const struct path *from, const struct path *at, bool recursive);
int mount_move(const struct path *from, const struct path *at);
int mount_remount(const struct path *at, unsigned long flags, const char *data);
int mount_remove(const struct path *at, int flags); /* -EBUSY, -EINVAL; MNT_DETACH */
/*
 * MS_* that belong to a mount, changed in it or in the whole tree below it. -EINVAL: at is no mount's root; -EBUSY: it
 * cannot become read-only, since a file is open for writing.
 */
int mount_change_flags(const struct path *at, unsigned long set, unsigned long clear, bool recursive);
/* A copy of what from shows, alone or with what is mounted below, as a file that is its only place. */
int mount_copy_apart(const struct path *from, bool recursive, const struct cred *cred, struct file **out);
/* From the mount point to the root of the topmost mount on it; consumes and gives a counted path. True if it moved. */
bool mount_cross(struct path *p);
/* Visits all mounts below root in order, under the mount lock held for reading (may sleep). */
extern struct waitq mounts_changed; /* woken when a mount came, went, or has other flags */
extern uint32_t mounts_changes;     /* atomic: how often */
int mount_for_each(int (*visit)(void *arg, struct mount *m), void *arg);
/* A mount of sb that hangs nowhere, for the kernel's own walks in it. NULL when out. May sleep. */
struct mount *mount_of_super(struct super *sb, const char *source);
extern struct path root_path; /* immutable after fs_init */

/* pivot_root(2) and the first root. */
int mount_pivot(const struct path *new_root, const struct path *put_old, struct fs_context *caller);

/* A dentry outside any directory (pipes, sockets, memfd): name shows as "pipe:[7]" and the like. */
struct dentry *dentry_create_detached(struct inode *inode, const char *name); /* takes its own inode reference */
/* The root of a superblock, for a filesystem's mount(); takes over the inode reference on success. NULL when out. */
struct dentry *dentry_create_root(struct super *sb, struct inode *inode);
void dentry_get(struct dentry *d);
void dentry_put(struct dentry *d);

/* Caches, the root tmpfs, devtmpfs and the rest of the registered filesystems. */
void fs_init(void);

#endif
