/* SPDX-License-Identifier: MIT */
/*
 * base/lockrank.h: the order of all locks. A lock may be taken only while every
 * lock held has a lower rank (or the same, where *_nested() says that the order
 * among equals is fixed otherwise, by address or by parent and child). Debug
 * builds check it from the first lock on. docs/locking.md tells the reasons.
 *
 * Sleeping locks come first: none may be taken with a spinlock held.
 *
 * An interrupt handler's locks come on top of whatever it interrupted. Handlers
 * take locks from RANK_IRQ_SAFE on, so every lock from there on is taken with
 * interrupts off, always; debug builds check that too.
 */
#ifndef BASE_LOCKRANK_H
#define BASE_LOCKRANK_H

enum lock_rank {
	/* sleeping locks: mutexes and reader-writer semaphores */
	RANK_EXEC = 1,      /* one exec or ptrace attach of a process at a time */
	RANK_FILE_POS,      /* a file's position */
	RANK_TTY,           /* a terminal's line discipline */
	RANK_EPOLL,         /* an epoll instance */
	RANK_WATCH_ADD,     /* watches of files are added one at a time */
	RANK_MOUNT_CONTEXT, /* a filesystem that is being mounted step by step */
	RANK_DEVICE_TABLE,  /* changes of the table of devices, which show in devtmpfs */
	RANK_PROC_FILE,     /* the text of an open file of /proc */
	RANK_MOUNT,         /* the mount table, for writers */
	RANK_RENAME,        /* one cross-directory rename of a filesystem at a time */
	RANK_INODE,         /* an inode: directory contents, size; parent before child, nested */
	RANK_PIPE,          /* a pipe's contents */
	RANK_NET,           /* network interfaces and their addresses, for writers */
	RANK_SOCKET_READ,   /* a stream socket's readers, one at a time */
	RANK_SPACE,         /* an address space, for writers */
	RANK_OBJECT_GROW,   /* size changes of a memory object against faults */
	RANK_PAGE,          /* the lock bit of a page: page->flags PAGE_LOCKED */
	RANK_SLEEP_LEAF,    /* sleeping locks under which no other sleeping lock is taken */

	RANK_SPIN_FIRST = 64, /* from here on: spinlocks */
	RANK_FUTEX = RANK_SPIN_FIRST, /* a futex bucket */
	RANK_IPC,           /* a System V object, or a list of what semaphores take back */
	RANK_FLOCK_LISTS,   /* the list of inodes that have locks, for /proc/locks */
	RANK_LEASE,         /* leases of an inode: signals are sent under it */
	RANK_DNOTIFY,       /* who wants signals for a directory: they are sent under it */
	RANK_PROCESS_TREE,  /* parents, children, groups, sessions, thread lists */
	RANK_TASK,          /* files, directories, space and credentials of a thread */
	RANK_FILES,         /* a descriptor table */
	RANK_FS_CONTEXT,    /* working directory, root, umask */
	RANK_TTY_STATE,     /* buffers of a terminal, foreground group */
	RANK_FLOCK,         /* record locks of an inode */
	RANK_FLOCK_GRAPH,   /* who waits for whose record lock */
	RANK_SOCKET_TABLE,  /* a bucket of the table of Unix sockets, or of who has files in flight */
	RANK_SOCKET,        /* a socket's state and queue; two in the order of addresses, a listener before its backlog */
	RANK_PORT,          /* a bucket of who has which port: taken with a socket locked */
	RANK_CONNECTION,    /* a bucket of connections, or a list of those that wait for their time to end */
	RANK_DENTRY_MOVE,   /* renames and changes of names in the name cache, one at a time */
	RANK_DENTRY,        /* a dentry's children and name; parent before child */
	RANK_DENTRY_HASH,   /* a bucket of the name cache */
	RANK_DENTRY_LRU,    /* the list of unused dentries: taken with a dentry locked */
	RANK_INODE_CACHE,   /* the table of inodes */
	RANK_INODE_TIMES,   /* time stamps of an inode; also small per-inode and per-filesystem counts */
	RANK_WATCH,         /* those who watch an inode */
	RANK_INOTIFY,       /* an inotify instance: its numbers and events */
	RANK_ANON,          /* the interval tree of a fork family */
	RANK_OBJECT,        /* the page index of a memory object */
	RANK_PAGE_TABLE,    /* one page-table page; upper before lower, two of a level by address */
	RANK_PID,           /* numbers of processes */
	RANK_FUTEX_GRAPH,   /* who waits for whom, for priority inheritance */
	RANK_IRQ_SAFE,      /* from here on: taken with interrupts off */
	RANK_SIGNAL = RANK_IRQ_SAFE, /* a process's signal state and its timers, which send signals from interrupts */
	RANK_SIGNAL_ACTIONS, /* the handlers, which CLONE_SIGHAND shares */
	RANK_ACCOUNT,       /* the table of what users have */
	RANK_WAITQ,         /* a wait queue; an epoll instance's own in another's call-back, nested */
	RANK_POLL,          /* ready list and waiters of an epoll instance: taken in call-backs of wait queues */
	RANK_WALL,          /* who sleeps until a time of the wall clock */
	RANK_DRIVER,        /* state of a device */
	RANK_PCI,           /* the two ports to the configuration of PCI */
	RANK_TIMER,         /* a processor's timers */
	RANK_RUNQ,          /* a run queue; two at a time nested by number */
	RANK_RUNQ_LEAF,     /* load averages, under a run queue */
	RANK_PRESSURE,      /* time lost waiting, sampled with those */
	RANK_THREADS,       /* the list of kernel threads */
	RANK_WORK,          /* a work queue */
	RANK_IRQ,           /* an interrupt line */
	RANK_RCU,           /* grace-period state */
	RANK_VMAP,          /* kernel address ranges */
	RANK_KSTACK,        /* kernel stack slots */
	RANK_SLAB,          /* a slab cache */
	RANK_FRAME,         /* the buddy lists */
	RANK_RANDOM,        /* the random pool */
	RANK_CLOCK,         /* the clock's parameters */
	RANK_LOG,           /* the log ring: anything may log */
	RANK_CONSOLE,       /* output of the log */
	RANK_LAST,
};

#endif
