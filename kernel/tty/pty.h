/* SPDX-License-Identifier: MIT */
/*
 * tty/pty.h: pseudo-terminals: a terminal (the slave, /dev/pts/N) whose device is
 * another program that has /dev/ptmx open (the master). What the slave's users
 * write can be read from the master, after output processing; what is written to
 * the master is the slave's input.
 *
 *   pty_create()      the master is opened: devpts makes the node N
 *   pty_open_slave()  each open of the node
 *   pty_hang_up()     the master is closed: the node goes, the slave hangs up
 *   pty_destroy()     the last file and session let go: the number is free again
 *
 * tty.lock guards both directions, beside what tty/tty.h says; it is taken with
 * no other lock held but tty.open_lock or tty.write_lock.
 */
#ifndef TTY_PTY_H
#define TTY_PTY_H

#include "lib/rbtree.h"
#include "tty/tty.h"

#define PTY_OUTPUT      4096 /* bytes between slave and master */
#define PTY_MAX         4096 /* pseudo-terminals in all */
#define PTY_MAJOR_SLAVE 136

struct pty {
	struct tty tty;                    /* the slave; the master's file has a reference */
	struct super *super;               /* immutable, counted: of devpts */
	struct rb_node node;               /* the instance's lock: by index */
	unsigned index;                    /* immutable */
	struct inode *inode;               /* immutable; counted until the master is closed */
	struct ring output;                /* tty.lock, both ends; looked at without */
	uint8_t output_data[PTY_OUTPUT];   /* as output */
	struct waitq master_read, master_write;
	bool locked;                       /* atomic: TIOCSPTLCK, as it is at first */
	bool master_closed;                /* tty.open_lock */
	bool slave_gone;                   /* atomic: it was open, and is no more */
	bool packet;                       /* tty.lock: TIOCPKT */
	uint8_t status;                    /* tty.lock: TIOCPKT_* that the master has not read */
};

static inline struct pty *pty_of(struct tty *tty) { return container_of(tty, struct pty, tty); }

/* The slave's functions as a terminal's device. */
extern const struct tty_ops pty_ops;
/* Of the slave's node and of the master's. */
extern const struct file_ops pty_slave_file_ops, ptmx_file_ops;

/* A pair without a number, for devpts; one reference. NULL when out. May sleep. */
struct pty *pty_alloc(void);
/* The master is gone: open files of the slave see a hang-up; no more of them. May sleep. */
void pty_hang_up(struct pty *pty);

/* devpts.c: the file system of the nodes. */

/* A pair with a node in that instance, owned by who has cred. -ENOSPC (no number free), -ENOMEM. May sleep. */
int devpts_create(struct super *super, const struct cred *cred, struct pty **out);
/* The node goes. */
void devpts_remove(struct pty *pty);
/* The number is free again; drops the superblock. */
void devpts_release(struct pty *pty);
/* The root of the instance that a ptmx leads to: its own, or one mounted on "pts" beside it: counted. -ENODEV, -ENOENT. */
int devpts_find(struct file *ptmx, struct path *root);
/* Pseudo-terminals that exist. */
unsigned devpts_count(void);

#endif
