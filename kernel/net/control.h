/* SPDX-License-Identifier: MIT */
/*
 * net/control.h: what goes along with a message (cmsg(3)): descriptors and
 * credentials. control_read() takes a program's control buffer apart,
 * control_write() puts what came along into one, and control_free() lets go of
 * what is left; a struct control is its caller's own and needs no lock.
 *
 * Files on their way are in flight: they are counted against who sent them
 * (ETOOMANYREFS beyond the limit of open files), from rights_launch() to
 * rights_land(). Those which are sockets might be held by nothing but messages in
 * their own queues; net/collect.c finds such circles and breaks them.
 */
#ifndef NET_CONTROL_H
#define NET_CONTROL_H

#include "net/socket.h"
#include "proc/pid.h"

#define RIGHTS_MAX 253       /* files with one message, as Linux */
#define CONTROL_MAX 20480    /* bytes of a control buffer */
#define CONTROL_EXTRA_MAX 408 /* bytes of it that are for a protocol */

struct rights {
	struct list link;    /* owner: rights_free() */
	unsigned count;
	struct account *account; /* owner: that is charged while in flight */
	bool flying;         /* owner */
	bool sockets;        /* owner: some are sockets that can carry rights */
	struct file *file[]; /* counted */
};

/* Linux's header of one piece; the kernel's headers do not have it. */
struct control_header {
	uint64_t length;         /* this included */
	int level, type;
};

/* Pieces of protocols: headers and data as in a program's buffer. */
struct control_extra {
	unsigned length;
	uint8_t data[CONTROL_EXTRA_MAX] __aligned(8);
};

struct control {
	struct rights *rights;   /* owned */
	struct control_extra *extra; /* owned; NULL for none */
	struct pid *pid;         /* counted; NULL: unknown */
	uint32_t uid, gid;
	bool credentials;        /* they are set */
};

enum { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2 };
static inline size_t control_align(size_t n) { return (n + 7) & ~7UL; }

/* A piece of a protocol's; one for which there is no room is left out. 0 or -ENOMEM. May sleep. */
int control_add(struct control *c, int level, int type, const void *data, unsigned n);
/* The pieces of protocols in turn: NULL for the first, NULL at the end. */
const struct control_header *control_next(const struct control *c, const struct control_header *before);

/* buf: n bytes of headers. -EINVAL, -EBADF, -EPERM, -ESRCH, -ENOMEM; nothing is kept then. May sleep. */
int control_read(struct control *c, const void *buf, size_t n);
/*
 * Puts c into at most *n bytes of user memory at `at`, in descriptors of the running
 * task too; *n is what was used. told gets MSG_CTRUNC. passcred: credentials are wanted.
 */
void control_write(struct control *c, uaddr_t at, size_t *n, bool passcred, unsigned flags, unsigned *told);
void control_free(struct control *c);
void control_set_own(struct control *c); /* credentials of the running task */

/* r, or a fresh one for NULL, with room for so many. NULL when out: r is as it was. */
struct rights *rights_grow(struct rights *r, unsigned count);
int rights_launch(struct rights *r);          /* 0 or -ETOOMANYREFS. May sleep */
void rights_land(struct rights *r);           /* may sleep */
/* Lands them if need be, and drops the files: at once, without recursion. NULL allowed. May sleep. */
void rights_free(struct rights *r);

/* net/collect.c, for sockets that carry rights; file is the socket's. */
void collect_launch(struct file *f);
void collect_land(struct file *f);
/* Looks for circles, later, if a socket is in flight at all. Any context. */
void collect_start(void);

#endif
