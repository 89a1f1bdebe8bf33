/* SPDX-License-Identifier: MIT */
/*
 * fs/inode.h: inodes and superblocks: the objects filesystems are made of. A
 * filesystem supplies tables of functions; every entry left NULL means what
 * the comment says.
 */
#ifndef FS_INODE_H
#define FS_INODE_H

#include "fs/cred.h"
#include "lib/list.h"
#include "sched/mutex.h"
#include "vm/object.h"
#include <linux/stat.h>

#define NAME_MAX_BYTES 255

struct dentry;
struct file;
struct inode;
struct mount_context;
struct super;
struct path;

/* Seconds and nanoseconds since 1970. */
struct file_time { int64_t sec; uint32_t nsec; };

struct attributes {                /* for setattr: which fields are meant */
	uint32_t valid;            /* ATTR_* */
	uint32_t mode, uid, gid;
	uint64_t size;
	struct file_time atime, mtime, ctime;
};
enum { ATTR_MODE = 1, ATTR_UID = 2, ATTR_GID = 4, ATTR_SIZE = 8, ATTR_ATIME = 16, ATTR_MTIME = 32, ATTR_CTIME = 64,
       ATTR_NOW = 128 /* the times meant are "now" (utimes with NULL): the right to write is enough */,
       ATTR_STRIP = 256 /* set-id bits and capabilities of a file go, as for chown(2) */ };

/* Called with dir's lock held for writing unless said otherwise; dentries are negative and hashed by the caller. May sleep. */
struct inode_ops {
	/* Finds dentry's name in dir: *out counted, or NULL if absent. dir's lock held for reading or writing. NULL: no names. */
	int (*lookup)(struct inode *dir, const char *name, size_t len, struct inode **out);
	/* Makes a regular file, directory, device, fifo or socket; *out counted. NULL: -EPERM (-EROFS first). */
	int (*create)(struct inode *dir, const char *name, size_t len, uint32_t mode, uint64_t rdev,
		      const struct cred *cred, struct inode **out);
	int (*symlink)(struct inode *dir, const char *name, size_t len, const char *target, const struct cred *cred,
		       struct inode **out);
	int (*link)(struct inode *dir, const char *name, size_t len, struct inode *inode); /* inode locked too */
	int (*unlink)(struct inode *dir, const char *name, size_t len, struct inode *inode); /* both locked */
	int (*rmdir)(struct inode *dir, const char *name, size_t len, struct inode *inode);  /* both locked; -ENOTEMPTY */
	/* target may be NULL; all locked; flags RENAME_EXCHANGE or 0 (NOREPLACE is checked above). */
	int (*rename)(struct inode *from_dir, const char *from, size_t from_len, struct inode *inode,
		      struct inode *to_dir, const char *to, size_t to_len, struct inode *target, unsigned flags);
	/* An unnamed file for O_TMPFILE. NULL: -EOPNOTSUPP. */
	int (*tmpfile)(struct inode *dir, uint32_t mode, const struct cred *cred, struct inode **out);
	/*
	 * Target of a symbolic link, zero-terminated, into buf, for who may see it. Length or errno. No lock.
	 * NULL: inode->link is the text.
	 */
	ssize_t (*readlink)(struct inode *inode, const struct cred *cred, char *buf, size_t size);
	/* A link that leads to an object, not to a name (/proc/PID/fd/N): *out counted. No lock. NULL: follow the text. */
	int (*follow)(struct inode *inode, const struct cred *cred, struct path *out);
	/* Checked and locked for writing. NULL: inode_set_attributes() is all. */
	int (*setattr)(struct inode *inode, const struct attributes *a);
	/* Refreshes the fields before stat; an error if cred may not know of it. NULL: they are right already. */
	int (*getattr)(struct inode *inode, const struct cred *cred);
	/* Permission beyond the mode bits. mask is MAY_*. NULL: inode_permission_generic(). No lock. */
	int (*permission)(struct inode *inode, const struct cred *cred, unsigned mask);
	/* False: a cached dentry is stale and looked up again (procfs). No lock, may not sleep. NULL: always valid. */
	bool (*revalidate)(struct dentry *dentry);
	/* Its dentries go when nobody uses them any more: they would keep a process in memory (procfs). */
	bool fleeting;
	/* Extended attributes; NULL: -EOPNOTSUPP. size 0 asks for the length. */
	ssize_t (*getxattr)(struct inode *inode, const char *name, void *value, size_t size);
	int (*setxattr)(struct inode *inode, const char *name, const void *value, size_t size, int flags);
	ssize_t (*listxattr)(struct inode *inode, char *list, size_t size);
	int (*removexattr)(struct inode *inode, const char *name);
};
enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };

struct super_ops {
	void (*evict)(struct inode *inode);   /* last reference went and nlink may be 0: free what is behind it */
	int (*statfs)(struct super *sb, void *kstatfs); /* struct statfs of <asm/statfs.h>, zeroed */
	int (*sync)(struct super *sb, bool wait);
	/* Takes the options of the context, or refuses (mount_context_refuse()). NULL: there is nothing to change. */
	int (*remount)(struct super *sb, struct mount_context *c);
	void (*put)(struct super *sb);        /* last unmount */
	void (*show_options)(struct super *sb, char *buf, size_t size); /* ",size=…" for /proc/mounts */
};

struct fs_type {
	const char *name;
	bool needs_device;        /* no "nodev" in /proc/filesystems */
	/*
	 * Would it take this option, "name=value" or "name"? 0; -ENOENT: there is none of that name; -EINVAL: not with
	 * that value; -E2BIG: it takes none. NULL: options are looked at only when they are used.
	 */
	int (*check_option)(const char *option);
	/* Makes or finds a superblock as the context says (fs/mount_context.h). May sleep. */
	int (*mount)(struct mount_context *c, struct super **out);
};
/* Filesystems register in the table "fs_types": TABLE_ENTRY(fs_types, struct fs_type, tmpfs) = { … }; */

struct super {
	struct refcount refs;
	const struct fs_type *type;       /* immutable */
	const struct super_ops *ops;      /* immutable */
	struct dentry *root;              /* immutable, counted */
	uint64_t dev;                     /* immutable: device number (makedev) of stat */
	unsigned long flags;              /* atomic: MS_RDONLY … */
	uint32_t block_size;              /* immutable */
	uint64_t max_bytes;               /* immutable: largest file */
	void *data;                       /* the filesystem's */
	struct spinlock mounts_lock;      /* rank INODE_TIMES */
	struct list mounts;               /* mounts_lock: all there are of it, by their of_super */
	struct mutex rename_lock;         /* one directory rename at a time, rank RENAME */
	struct list watches;              /* notify.c's watch_list_lock: of its inodes */
	uint32_t watch_count;             /* atomic: the same, and those ended that have not let go of their inode yet */
};

struct flock_list;
struct watch_list;
struct inode {
	struct refcount refs;
	struct super *sb;                 /* immutable */
	uint64_t ino;                     /* immutable */
	uint32_t mode;                    /* lock; type bits immutable. Read without lock: old or new */
	uint32_t uid, gid;                /* lock */
	uint32_t nlink;                   /* lock */
	uint64_t rdev;                    /* immutable */
	struct file_time atime, mtime, ctime, btime; /* times_lock via inode_touch */
	struct spinlock times_lock;       /* rank INODE_TIMES */
	struct rwsem lock;                /* rank INODE: names of a directory, size and writes of a file */
	const struct inode_ops *ops;      /* immutable */
	const struct file_ops *file_ops;  /* immutable: for open(); devices: replaced by the device's */
	struct object object;             /* regular files: the page cache; size is object.size. Its refs are not used: the inode's count */
	uint64_t size_hint;               /* lock: size for directories and links */
	uint64_t blocks;                  /* lock: 512-byte units for stat; 0: from object.page_count */
	char *link;                       /* immutable: text of a symbolic link */
	void *data;                       /* the filesystem's */
	void *pipe;                       /* lock: a fifo's pipe */
	struct flock_list *flocks;        /* set once, atomic: record locks and leases */
	struct watch_list *watches;       /* set once, atomic: who is told of what happens, see fs/watch.h */
	uint32_t writers;                 /* atomic: open for writing; negative: being executed (deny write) */
	uint32_t readers;                 /* atomic: open for nothing but reading, of a regular file */
	uint32_t seals;                   /* lock: F_SEAL_* of a memfd */
	bool append_only, immutable_file; /* lock */
	bool has_capabilities;            /* lock, looked at without: there may be a security.capability */
	bool linkable;                    /* lock: without a name, but may get one (O_TMPFILE) */
	struct rcu_head rcu;
};

/* A new inode with one reference, fields zero, times now. NULL when out. */
struct inode *inode_create(struct super *sb, uint64_t ino, uint32_t mode);
static inline void inode_get(struct inode *i) { refcount_get(&i->refs); }
void inode_put(struct inode *i);
/*
 * The release function of inode->object: every object_ops that a filesystem puts
 * there must have it. The memory of an inode goes with the last reference to its
 * object, since mappings and futex keys may hold that longer.
 */
void inode_object_release(struct object *o);
/* Owner and mode of a new file in dir: set-gid directories hand down their group. */
void inode_init_owner(struct inode *i, const struct inode *dir, uint32_t mode, const struct cred *cred);
static inline uint64_t inode_size(const struct inode *i)
{
	return S_ISREG(i->mode) ? __atomic_load_n(&i->object.size, __ATOMIC_RELAXED) : i->size_hint;
}
/* Sets atime, mtime or ctime (ATTR_*) to now; relatime rule for atime. */
void inode_touch(struct inode *i, unsigned which);
int inode_permission(struct inode *i, const struct cred *cred, unsigned mask); /* 0, -EACCES, -EROFS */
int inode_permission_generic(struct inode *i, const struct cred *cred, unsigned mask);
/* chmod, chown, utimes, truncate: checks as Linux does, then setattr. May sleep. */
int inode_change(struct inode *i, const struct cred *cred, struct attributes *a);
void inode_set_attributes(struct inode *i, const struct attributes *a);
/* deny/allow write for running programs: 0 or -ETXTBSY. */
int inode_deny_write(struct inode *i);
/* One more, one fewer file open for writing: 0 or -ETXTBSY. */
int inode_get_write(struct inode *i);
void inode_put_write(struct inode *i);
/* The three times as they are now, none of them torn. */
void inode_times(struct inode *i, struct file_time *atime, struct file_time *mtime, struct file_time *ctime);
/* Takes set-user-ID, set-group-ID and capabilities away before others' bytes get in. i locked for writing. */
void inode_strip_privileges(struct inode *i);
/* Whether the running thread may leave them: it counts who writes, not who opened the file. Set once by proc/. */
void inode_set_keeps_hook(bool (*keeps)(void));
/* May cred delete or rename victim in dir (sticky bit, append-only ...)? dir locked. 0 or an errno. */
int inode_may_delete(struct inode *dir, struct inode *victim, const struct cred *cred, bool want_dir);
/* Owner of the inode, or CAP_FOWNER. */
bool inode_owner_or_capable(const struct inode *i, const struct cred *cred);
void inode_allow_write(struct inode *i);

struct super *super_create(const struct fs_type *type, const struct super_ops *ops, unsigned long flags); /* anonymous dev number */
void super_put(struct super *sb);
/* statfs(2): out is filled but for f_flags, which are the mount's. 0 or -ENOSYS. May sleep. */
struct statfs;
int super_statfs(struct super *sb, struct statfs *out);
/* sync(2): every mounted filesystem; the first error. May sleep. */
int super_sync_all(void);

static inline struct file_time file_time_of(nsec_t t)
{
	return (struct file_time){ t / 1000000000, (uint32_t)(t % 1000000000) };
}

#endif
