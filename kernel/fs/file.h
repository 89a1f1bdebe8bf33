/* SPDX-License-Identifier: MIT */
/*
 * fs/file.h: open files and descriptor tables.
 *
 * Every blocking operation is try, then EAGAIN with a poll hook: read and write
 * get a struct io with IO_NOWAIT set or not; a file that can block also has
 * poll(), and its non-waiting form never sleeps for data.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include "fs/path.h"
#include "sched/wait.h"
#include "vm/iter.h"

struct poll_table;
struct space_map_request;

struct io {
	struct file *file;           /* counted by the caller */
	loff_t position;             /* in and out, for files with a position */
	unsigned flags;              /* IO_* */
};
enum { IO_NOWAIT = 1, IO_APPEND = 2, IO_SYNC = 4, IO_DSYNC = 8 };

struct dir_sink {
	/* One entry; false when the buffer is full. type is DT_*. position is that of the entry after it. */
	bool (*emit)(struct dir_sink *s, const char *name, size_t len, uint64_t ino, unsigned type, loff_t next);
	loff_t position;             /* in: where to start; out: where to go on */
};

struct file_ops {
	int (*open)(struct inode *inode, struct file *f);    /* NULL: nothing to do */
	void (*release)(struct file *f);                     /* the last reference went */
	int (*flush)(struct file *f);                        /* each close(2) */
	ssize_t (*read)(struct io *io, struct iter *to);     /* NULL: -EINVAL */
	ssize_t (*write)(struct io *io, struct iter *from);  /* NULL: -EINVAL */
	loff_t (*seek)(struct file *f, loff_t offset, int whence); /* NULL: -ESPIPE */
	int (*iterate)(struct file *f, struct dir_sink *s);  /* directories; inode lock held for reading */
	int64_t (*ioctl)(struct file *f, unsigned cmd, uint64_t arg); /* NULL: -ENOTTY. Process-dependent ones are tty's */
	/* Fills object, page_offset etc. of a mapping; may refuse. NULL: -ENODEV. file_map_generic() for the page cache. */
	int (*map)(struct file *f, struct space_map_request *r);
	/* Ready events (EPOLL* bits of <linux/eventpoll.h>), after queueing on every wait queue if pt is not NULL. NULL: always ready. */
	uint32_t (*poll)(struct file *f, struct poll_table *pt);
	int (*fsync)(struct file *f, bool data_only);        /* NULL: -EINVAL */
	/* An area that maps the file came (1) or went (-1). NULL: nobody counts. May sleep; an address space may be locked. */
	void (*area_count)(struct file *f, int change);
	int (*fallocate)(struct file *f, int mode, loff_t offset, loff_t length); /* NULL: -EOPNOTSUPP */
	void (*show_fdinfo)(struct file *f, char *buf, size_t size); /* extra lines of /proc/PID/fdinfo */
	unsigned rw;                                         /* FILE_TAKES_*: flags of preadv2(2) */
};
/* RWF_NOWAIT besides the others; none of them but RWF_HIPRI, reading or writing. */
enum { FILE_TAKES_NOWAIT = 1, FILE_TAKES_NONE_READING = 2, FILE_TAKES_NONE_WRITING = 4,
       FILE_TAKES_NONE = FILE_TAKES_NONE_READING | FILE_TAKES_NONE_WRITING };

struct file {
	struct refcount refs;        /* RCU: taken by increment-unless-zero */
	uint32_t flags;              /* lock: O_* of open(2), without O_CREAT and the like */
	uint32_t mode;               /* immutable: FILE_* */
	const struct file_ops *ops;  /* immutable */
	struct path path;            /* immutable, counted */
	struct inode *inode;         /* immutable: path.dentry's */
	loff_t position;             /* position_lock */
	struct mutex position_lock;  /* rank FILE_POS: held over read, write, lseek when the file is shared */
	const struct cred *cred;     /* immutable, counted: who opened it */
	void *data;                  /* the file type's */
	struct spinlock lock;        /* rank FILES: flags, owner, epoll links */
	struct list epoll_items;     /* lock: epoll items that watch it */
	void *owner;                 /* lock: F_SETOWN target: proc/sigio.c's, or NULL */
	int owner_signal;            /* lock: F_SETSIG */
	void *async;                 /* proc/sigio.c's, or NULL */
	struct rcu_head rcu;
};
enum { FILE_READ = 1, FILE_WRITE = 2, FILE_SEEK = 4 /* has a position */, FILE_PATH_ONLY = 8 /* O_PATH */,
       FILE_STREAM = 16 /* position ignored */, FILE_EXEC = 32 /* open for execution: writers are denied */,
       FILE_COUNTED = 64 /* counted in inode->writers, mount->writers */, FILE_READER = 128 /* counted in inode->readers */ };

/* open(2) below the descriptor: name to file. flags O_*, mode after umask. *out has one reference. May sleep. */
int file_open(const struct walk *w, const char *name, uint32_t flags, uint32_t mode, struct file **out);
/* A file for a path (O_PATH opens, exec) or for a detached inode (pipes, sockets, memfd). */
int file_open_path(const struct path *p, uint32_t flags, const struct cred *cred, struct file **out);
int file_create_anonymous(const char *name, const struct file_ops *ops, void *data, uint32_t flags, struct file **out);
/* The same with an inode of its own (mode bits give the type). Consumes nothing on failure. */
int file_create_inode(struct inode *inode, const char *name, const struct file_ops *ops, void *data, uint32_t flags,
		      struct file **out);
/* An inode of the pseudo filesystem that pipes, sockets and the like live in; for file_create_inode(). NULL when out. */
struct inode *inode_create_anonymous(uint32_t mode, const struct cred *cred);
static inline void file_get(struct file *f) { refcount_get(&f->refs); }
void file_put(struct file *f); /* may sleep at the last one */
/* Whom a file sends signals, as proc/ keeps it. */
struct file_async_hooks {
	void (*gone)(struct file *f);           /* the end of a file that has something in async or owner */
	void (*tell)(struct file *f, int fd);   /* something happened (POLL_MSG); spinlocks up to LEASE may be held */
	int (*own)(struct file *f);             /* the running process, if there is nobody yet: 1, else 0. -ENOMEM */
	void (*disown)(struct file *f, bool signal); /* nobody any more, and no signal chosen; spinlocks as above */
	int (*process_number)(void);            /* of the running thread */
};
extern const struct file_async_hooks *file_async_hooks; /* set once, at boot */

/* read(2) and friends above the descriptor: checks mode, limits, position locking. position NULL: the file's own. May sleep. */
ssize_t file_read(struct file *f, struct iter *to, loff_t *position);
ssize_t file_write(struct file *f, struct iter *from, loff_t *position);
/* The same with RWF_* of preadv2(2), which are not 0. -EOPNOTSUPP: the file does not take them. */
ssize_t file_read_flags(struct file *f, struct iter *to, loff_t *position, unsigned flags);
ssize_t file_write_flags(struct file *f, struct iter *from, loff_t *position, unsigned flags);
ssize_t file_read_kernel(struct file *f, void *buf, size_t n, loff_t position); /* for exec and the like */
/* getdents(2) above the buffer: locks, position, access time. -ENOTDIR, -ENOENT (removed). May sleep. */
int file_iterate(struct file *f, struct dir_sink *s);
loff_t file_seek(struct file *f, loff_t offset, int whence);
int file_truncate(struct file *f, uint64_t size);
int file_allocate(struct file *f, int mode, loff_t offset, loff_t length); /* fallocate(2) */
int file_sync(struct file *f, bool data_only);
/* A read happened: access time, unless flags of file or mount say no. */
void file_touch_access(struct file *f);
/*
 * sendfile, copy_file_range: moves up to n bytes through pages, from a file that
 * has a position, or another that gives the same bytes to everyone. May sleep.
 */
ssize_t file_copy(struct file *from, loff_t *from_position, struct file *to, loff_t *to_position, size_t n);

/* fs/anon/splice.c. Bytes, 0 at the end, -EAGAIN, -EPIPE (no signal sent), -ERESTARTSYS. They may sleep. */
bool file_is_pipe(const struct file *f);
/* At least one end is a pipe; modes of the files are checked. nowait: for the pipes, beside what their flags say. */
ssize_t file_splice(struct file *from, loff_t *from_position, struct file *to, loff_t *to_position, size_t n,
		    bool nowait);
/* From one pipe to another, which is not the same (-EINVAL); tee: the source keeps it. */
ssize_t pipe_move(struct file *from, struct file *to, size_t n, bool nowait, bool tee);
/* vmsplice(2): waits for room or data, then moves what there is; the files' O_NONBLOCK does not count. */
ssize_t pipe_write_some(struct file *f, struct iter *from, bool nowait);
ssize_t pipe_read_some(struct file *f, struct iter *to, bool nowait);

/* Building blocks for file_ops of page-cache files. */
ssize_t file_read_generic(struct io *io, struct iter *to);
ssize_t file_write_generic(struct io *io, struct iter *from);
loff_t file_seek_generic(struct file *f, loff_t offset, int whence);
/* For files without a position on which lseek(2) does nothing: 0. They are streams all the same. */
loff_t file_seek_nothing(struct file *f, loff_t offset, int whence);
int file_map_generic(struct file *f, struct space_map_request *r);

/*
 * File size limit (RLIMIT_FSIZE) of the running thread, in bytes, and what happens
 * to it for going beyond (SIGXFSZ). Set once by proc/.
 */
void file_set_size_limit_hook(uint64_t (*limit)(void), void (*exceeded)(void));
uint64_t file_size_limit(void); /* UINT64_MAX without */
int file_size_exceeded(void);   /* tells the thread; -EFBIG */

/*
 * Descriptor tables. Read under RCU: file_of_fd() takes a reference by
 * increment-unless-zero; tables grow by copying, the old one freed after a grace
 * period. The next free descriptor comes from a two-level bitmap.
 */
struct files;
extern int32_t files_most;                         /* atomic: fs.nr_open, the most that any limit may be */
struct files *files_create(void);                 /* NULL when out */
struct files *files_copy(struct files *old);      /* for fork; NULL when out */
struct files *files_get(struct files *t);
void files_put(struct files *t);                  /* the last closes all; may sleep */
/* The file with a reference, or NULL (-EBADF). path_only: O_PATH files are wanted too. */
struct file *files_lookup(struct files *t, int fd, bool path_only);
/*
 * The same for the length of one system call of a thread of this table: while it is
 * the table's only user nobody can close the file, and no reference is taken. The
 * caller must not close it before file_return(), and whoever keeps the file longer
 * takes a reference of his own.
 */
struct file_loan {
	struct file *file;  /* NULL: -EBADF */
	bool counted;
};
struct file_loan files_borrow(struct files *t, int fd, bool path_only);
static inline void file_return(struct file_loan *loan)
{
	if (unlikely(loan->counted))
		file_put(loan->file);
}
/* Lowest free descriptor >= from and below limit; reserves it, empty. -EMFILE, -ENOMEM. */
int files_reserve(struct files *t, int from, uint64_t limit, bool cloexec);
void files_install(struct files *t, int fd, struct file *f); /* into a reserved one; consumes the reference */
void files_unreserve(struct files *t, int fd);
int files_close(struct files *t, int fd);
int files_replace(struct files *t, int fd, struct file *f, bool cloexec, uint64_t limit); /* dup2; takes its own reference */
int files_close_range(struct files *t, unsigned first, unsigned last, bool cloexec_only);
void files_close_on_exec(struct files *t);
int files_get_cloexec(struct files *t, int fd);   /* 0, 1 or -EBADF */
int files_set_cloexec(struct files *t, int fd, bool on);
/* The next open descriptor >= from, or -1. For /proc/PID/fd. */
int files_next(struct files *t, int from);
bool files_shared(const struct files *t);
unsigned files_size(struct files *t);             /* no descriptor of it is that number, or above; it grows */

/* Record locks (fcntl, OFD, flock) of an inode. owner: the files table (POSIX), the file (OFD, flock). fs/flock.c */
struct flock;
int flock_set(struct file *f, void *owner, int cmd, struct flock *l, int pid);  /* cmd F_SETLK, F_SETLKW, F_OFD_… */
int flock_get(struct file *f, void *owner, int cmd, struct flock *l);
int flock_whole(struct file *f, int operation, int pid); /* flock(2) */
void flock_release_owner(struct inode *i, void *owner); /* close(2) and last put */
void flock_free_list(struct inode *i);                  /* the inode's last moment */

#endif
