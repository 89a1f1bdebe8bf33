/* SPDX-License-Identifier: MIT */
/*
 * net/unix.h: what the files of AF_UNIX share (unix(7)). The essay is in
 * net/unix.c.
 */
#ifndef NET_UNIX_H
#define NET_UNIX_H

#include "net/bytes.h"
#include "net/control.h"
#include "net/socket.h"

enum unix_state { UNIX_OPEN, UNIX_LISTENING, UNIX_CONNECTED };

/* A name; accepted connections have their listener's. Immutable, counted. */
struct unix_address {
	struct refcount refs;
	struct socket_name name;
};

/* Who is at an end, as SO_PEERCRED tells. */
struct unix_who {
	struct pid *pid;          /* counted; NULL: nobody */
	const struct cred *cred;  /* counted, with pid */
};

struct unix_socket {
	struct socket base;               /* first; its lock is "lock" here */
	enum unix_state state;            /* lock, read anywhere */
	bool dead;                        /* lock, read anywhere: the file went */
	bool binding;                     /* lock: a name is being given */
	struct unix_socket *peer;         /* lock, counted. Of streams: atomic, set once until dead */
	struct unix_address *address;     /* set once, atomic; counted */
	struct path path;                 /* owner (who binds, then release): bound file, counted */
	struct inode *bound;              /* table bucket's lock: of path */
	bool named;                       /* likewise: the address is its own, not a listener's */
	struct hlist_node hash;           /* table bucket's lock */
	unsigned bucket;                  /* owner: who makes it, who binds, then release */
	struct list queue;                /* lock: messages; when listening, connections' backlog_link */
	uint32_t queued;                  /* lock, read anywhere: entries of queue */
	uint64_t queued_bytes;            /* lock, read anywhere */
	uint32_t backlog;                 /* lock, read anywhere: entries beyond which it is full */
	struct list backlog_link;         /* the listener's lock */
	struct unix_message *urgent;      /* lock: of a stream, in the queue: sent with MSG_OOB and not read; or NULL */
	struct mutex read_lock;           /* rank SOCKET_READ: one reader of a stream at a time */
	struct unix_who own, other;       /* lock, set once: shown to those who connect; who did */
	struct wait_entry relay;          /* lock to add; the peer's room_wait: tells our write_wait */
	struct list flying_link;          /* the collector's lock */
	unsigned flying;                  /* likewise: messages that carry this socket */
	long held;                        /* likewise: references not yet explained */
	bool reached;                     /* likewise */
};

/*
 * Bytes on their way. Owner: who makes it, then the queue it is in (its lock), then
 * who took it out. A reader that only peeks holds a reference meanwhile.
 */
struct unix_message {
	struct list link;                 /* the queue's lock */
	struct unix_socket *sender;       /* immutable, counted: charged for it; its name is the sender's */
	struct control control;           /* owner; rights: the queue's lock */
	uint32_t refs;                    /* atomic */
	uint32_t length, consumed;        /* length immutable; consumed: owner (streams: read_lock) */
	uint32_t charge;                  /* immutable: bytes counted to sender */
	bool peeked;                      /* the queue's lock: of one without bytes */
	struct bytes bytes;               /* immutable; last */
};

static inline struct unix_socket *unix_of(struct socket *s) { return container_of(s, struct unix_socket, base); }
static inline void unix_get(struct unix_socket *u) { socket_get(&u->base); }
static inline void unix_put(struct unix_socket *u)
{
	if (u)
		socket_put(&u->base);
}
static inline bool unix_full(const struct unix_socket *u) { return READ_ONCE(u->queued) > READ_ONCE(u->backlog); }
/* Room in our own buffer for one more; plenty of it, for poll() and wake-ups. */
static inline bool unix_has_room(const struct unix_socket *u)
{
	return atomic_load(&u->base.send_charge) < atomic_load(&u->base.send_buffer);
}
static inline bool unix_has_much_room(const struct unix_socket *u)
{
	return (uint64_t)atomic_load(&u->base.send_charge) * 4 <= atomic_load(&u->base.send_buffer);
}

/* net/unix.c */
int unix_create(int type, struct unix_socket **out);
void unix_end(struct unix_socket *u, bool never_accepted); /* ends the conversation; drops a reference. May sleep */
void unix_lock_two(struct unix_socket *a, struct unix_socket *b); /* in the order of addresses; may be the same */
void unix_unlock_two(struct unix_socket *a, struct unix_socket *b);
void unix_who_set(struct unix_who *w);                     /* the running process */
void unix_who_put(struct unix_who *w);
void unix_who_copy(struct unix_who *to, const struct unix_who *from);
int unix_pair(struct socket *sa, struct socket *sb);

/* net/unix_name.c */
void unix_table_add(struct unix_socket *u);      /* without a name */
void unix_table_remove(struct unix_socket *u);
#define UNIX_BUCKETS 256
/* For /proc/net/unix: sockets of bucket i, counted, into v (max of them). How many there are. */
unsigned unix_table_list(unsigned i, struct unix_socket **v, unsigned max);
int unix_bind(struct socket *s, const struct socket_name *name);
int unix_bind_any(struct unix_socket *u);        /* gives it a name if it has none */
int unix_name_check(const struct socket_name *name); /* -EINVAL */
/* Whoever has the name; counted. -ECONNREFUSED, -EPROTOTYPE (other type), and what a path walk gives. May sleep. */
int unix_find(const struct socket_name *name, int type, struct unix_socket **out);
int unix_get_name(struct socket *s, bool peer, struct socket_name *out);
void unix_address_put(struct unix_address *a);   /* NULL allowed */
/* The address of a sender, for recvfrom(2). */
void unix_tell_sender(struct unix_socket *sender, struct socket_name *out);

/* net/unix_connect.c */
int unix_listen(struct socket *s, unsigned backlog);
int unix_stream_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for);
int unix_accept(struct socket *s, struct socket **out);

/* net/unix_message.c */
/*
 * A message of n bytes from `from`, charged to u, with what goes along (taken over
 * on success). n is cut for streams when memory is short. -ENOMEM, -EFAULT,
 * -ETOOMANYREFS. May sleep.
 */
int unix_message_create(struct unix_socket *u, struct iter *from, size_t n, struct control *c,
			struct unix_message **out);
void unix_message_put(struct unix_message *m);
/* Up to n bytes from offset on. never_sleep: stops at memory that is not there. */
size_t unix_message_copy(const struct unix_message *m, size_t offset, struct iter *to, size_t n, bool never_sleep);
/* Credentials go along if either end wants them, or nobody can tell yet. */
void unix_message_sign(struct unix_message *m, const struct unix_socket *from, const struct unix_socket *to);
/* What came along goes to the reader: a copy when it only peeks. May sleep. */
void unix_message_take_control(struct unix_message *m, struct unix_socket *reader, struct socket_message *to);

/* net/unix_urgent.c */
enum unix_pass { UNIX_READ, UNIX_SKIP, UNIX_STOP };
/* What reading does that gets to a message that is, or was, urgent; copied: it has some bytes already. read_lock held. */
enum unix_pass unix_pass_urgent(struct unix_socket *u, const struct socket_message *m, struct unix_message *msg, bool copied);
ssize_t unix_receive_urgent(struct unix_socket *u, struct socket_message *m);
/* msg, just queued, is the urgent one. The file, counted, whose owner gets SIGURG, or NULL. Locked. */
struct file *unix_mark_urgent(struct unix_socket *u, struct unix_message *msg);
int unix_at_mark(struct unix_socket *u);

/* net/unix_stream.c, net/unix_dgram.c */
bool unix_may_peek(struct socket *s, int offset);
ssize_t unix_stream_send(struct socket *s, struct socket_message *m);
ssize_t unix_stream_receive(struct socket *s, struct socket_message *m);
ssize_t unix_dgram_send(struct socket *s, struct socket_message *m);
ssize_t unix_dgram_receive(struct socket *s, struct socket_message *m);
ssize_t unix_seqpacket_send(struct socket *s, struct socket_message *m);
ssize_t unix_seqpacket_receive(struct socket *s, struct socket_message *m);
int unix_dgram_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for);
bool unix_may_send(struct socket *s, struct socket *target);
/* May u send to its peer as far as the peer's queue goes? If not, u's write_wait is told when it may. */
bool unix_peer_has_room(struct unix_socket *u);


#endif
