/* SPDX-License-Identifier: MIT */
/*
 * fs/internal.h: what the files of fs/ share among themselves: the name cache's
 * operations, the mount table, and how names get hashed. Nobody outside of fs/
 * includes this.
 */
#ifndef FS_INTERNAL_H
#define FS_INTERNAL_H

#include "base/seqlock.h"
#include "fs/file.h"
#include "fs/path.h"
#include "lib/hash.h"

/* dentry.refs: being freed, or frozen by dentry_delete(); nobody may take it any more. */
#define DENTRY_DEAD UINT32_MAX

/* More bits of dentry.flags (guarded by its lock, as the others). */
enum { DENTRY_ON_LRU = 8, DENTRY_DETACHED = 16 /* name is the whole path, as "pipe:[7]" */ };

extern uint64_t dentry_hash_seed; /* immutable after boot */

/*
 * The next component of a path: its length up to a slash or the end in *len (at
 * most 256 are counted), and its hash.
 */
static inline uint32_t name_hash_component(const char *name, size_t *len)
{
	uint64_t h = dentry_hash_seed;
	size_t n = 0;

	for (; name[n] && name[n] != '/' && n <= NAME_MAX_BYTES; n++)
		h = (h ^ (uint8_t)name[n]) * 0x100000001b3UL;
	*len = n;
	return (uint32_t)(h ^ h >> 32);
}

static inline uint32_t name_hash(const char *name, size_t len)
{
	uint64_t h = dentry_hash_seed;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 0x100000001b3UL;
	return (uint32_t)(h ^ h >> 32);
}

/* Name cache: fs/dentry.c. Counted unless said otherwise. */
void dentry_cache_init(void);
/* Under RCU, not counted: *seq is to be checked against what was read from the dentry. NULL: not there, or moving. */
struct dentry *dentry_find_rcu(const struct dentry *parent, const char *name, size_t len, uint32_t hash, uint32_t *seq);
struct dentry *dentry_find(struct dentry *parent, const char *name, size_t len, uint32_t hash);
bool dentry_get_unless_dead(struct dentry *d);
/*
 * The dentry for a name in a locked directory (reading or writing), from the
 * cache or by asking the filesystem; negative if there is no such name. May sleep.
 */
int dentry_resolve(struct dentry *parent, const char *name, size_t len, uint32_t hash, struct dentry **out);
void dentry_instantiate(struct dentry *d, struct inode *inode); /* negative to positive; takes over the reference */
void dentry_delete(struct dentry *d);   /* the name went: negative, or unhashed if others use it. Directory locked */
void dentry_drop(struct dentry *d);     /* out of the hash: the next lookup asks the filesystem */
/* d takes target's place and name; target leaves the hash, or takes d's. Both directories locked. */
void dentry_move(struct dentry *d, struct dentry *target, bool exchange);
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d); /* a is d, or above it. RENAME lock of sb held */
void dentry_prune_children(struct dentry *d);
void dentry_prune_tree(struct dentry *root); /* last unmount */
uint64_t dentry_unused_count(void);
uint64_t dentry_shrink(uint64_t n);          /* frees up to n unused ones; number freed. May sleep */
/* Whoever was freeing unused dentries when this was called is done: a superblock's last ones are gone for good. */
void dentry_shrink_wait(void);
extern struct seqcount dentry_move_seq;      /* changes with every rename, for walks up the tree */

/* Mounts: fs/mount.c. */
extern struct rwsem mount_lock;
extern struct seqcount mount_seq; /* written under mount_lock with preemption off */
struct mount *mount_find_rcu(const struct mount *parent, const struct dentry *at); /* not counted */
struct mount *mount_create(struct super *sb, struct dentry *root, unsigned long flags, const char *source);
void mount_put(struct mount *m);
static inline void mount_get(struct mount *m) { refcount_get(&m->refs); }
/* From the root of a mount to its mount point. False at the root of all. Consumes and gives a counted path. */
bool mount_cross_up(struct path *p);
/* A mount that hangs nowhere: for pipes and the like, and for the first root. -errno in ERR_PTR. */
struct mount *mount_kernel(const char *type, const char *data);
/* The first root goes on the list of mounts. */
void mount_show_root(struct mount *m);

/* fs/walk_fast.c: -ECHILD means: not all of it is cached, walk counted. */
int walk_fast(const struct walk *w, const char *name, struct path *out);
int walk_fast_parent(const struct walk *w, const char *name, struct path *parent, const char **last, size_t *len,
		     uint32_t *hash, bool *slash);

/*
 * The counted walk, step by step, for those who do something of their own with
 * the last component (open with O_CREAT). walk_start(), then walk_parent(): at is
 * the directory, last the name in it; the caller may splice a symbolic link found
 * there with walk_follow() and call walk_parent() again; walk_end() always.
 */
enum last_kind { LAST_NORMAL, LAST_DOT, LAST_DOTDOT, LAST_ROOT };
struct walk_state {
	const struct walk *w;
	struct path at;         /* counted */
	struct path root;       /* not counted */
	const char *rest;       /* text not walked yet */
	char *buffer;           /* owned: holds rest after a link */
	unsigned links;
	const char *last;       /* the last component, in the text */
	size_t len;
	uint32_t hash;
	enum last_kind kind;
	bool slash;             /* slashes follow it: must be a directory, links are followed */
};
int walk_start(struct walk_state *s, const struct walk *w, const char *name);
int walk_parent(struct walk_state *s);
/* s->last in s->at: counted in *out, mounts crossed; negative: -ENOENT. */
int walk_last(struct walk_state *s, struct path *out);
/* Goes on at link's target; takes over the reference on link. *done: it led to an object, which is s->at now. */
int walk_follow(struct walk_state *s, struct path *link, bool *done);
/* The same for the last component, which shared folders are careful about: -EACCES. */
int walk_follow_last(struct walk_state *s, struct path *link, bool *done);

/* /proc/sys/fs/protected_*. 0 or errno: -EPERM (a link to i), -EACCES (opening i, which O_CREAT found in dir). protect.c */
int protect_link(struct inode *i, const struct cred *cred);
bool protect_may_follow(const struct inode *dir, const struct inode *link, const struct cred *cred);
int protect_open(const struct inode *dir, const struct inode *i, const struct cred *cred);
void walk_end(struct walk_state *s);
/* Permission to search a directory. */
int walk_may_search(const struct walk_state *s, struct inode *dir);

/* fs/namei.c: checks shared by what makes a name. */
int namei_may_create(struct inode *dir, const struct cred *cred);

/* fs/file.c, fs/open.c */
void file_cache_init(void);
struct file *file_alloc(const struct cred *cred, uint32_t flags);
uint32_t file_position_mode(const struct file *f); /* FILE_SEEK or FILE_STREAM; inode and ops are set */
void file_uncount(struct file *f); /* it is no reader or writer of its inode and mount any more */
void file_destroy(struct file *f); /* of a file that never got its functions: path, credentials, memory */
extern const struct file_ops path_only_ops;
/* A dentry for an unnamed file in dir's filesystem: "#ino (deleted)" below dir. */
struct dentry *dentry_create_unnamed(struct dentry *dir, struct inode *inode);
extern const struct file_ops fifo_file_ops; /* fs/anon/pipe.c */

/* fs/inode.c, fs/super.c, fs/files.c */
void inode_cache_init(void);
const struct fs_type *fs_type_find(const char *name);
void files_cache_init(void);
/* Pseudo filesystem of pipes, sockets and such: */
extern struct mount *anon_mount; /* immutable after fs_init */
uint64_t anon_next_ino(void);

#endif
