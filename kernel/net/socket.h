/* SPDX-License-Identifier: MIT */
/*
 * net/socket.h: the socket layer. A struct socket is one end of a conversation;
 * its protocol is a table of functions, and a program sees it as a file whose
 * inode is of type S_IFSOCK.
 *
 * Every protocol function is a try: what it cannot do now gives -EAGAIN, and the
 * caller here sleeps on one of the socket's queues until poll() says otherwise.
 * So a protocol never sleeps for the other side, and poll, epoll and non-blocking
 * calls need nothing of their own.
 *
 * Life: create() of a family makes a socket with one reference, which becomes the
 * file's. When the file goes, release() ends the conversation and drops it; what
 * else holds references (a peer, a message in a queue) may keep the memory longer,
 * and destroy() frees it. A connection that waits in a backlog has no file yet.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "base/table.h"
#include "fs/poll.h"
#include <linux/socket.h>
#include <linux/un.h>

/* Numbers of <sys/socket.h> that the headers of the kernel do not have. */
enum { AF_UNSPEC = 0, AF_UNIX = 1, AF_LIMIT = 46 };
enum { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_SEQPACKET = 5, SOCK_PACKET = 10, SOCK_TYPE_LIMIT = 11, SOCK_TYPE_MASK = 0xf };
enum { SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2, SOMAXCONN = 4096 };
enum {
	MSG_OOB = 1, MSG_PEEK = 2, MSG_CTRUNC = 8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_WAITALL = 0x100,
	MSG_ERRQUEUE = 0x2000, MSG_NOSIGNAL = 0x4000, MSG_MORE = 0x8000, MSG_WAITFORONE = 0x10000, MSG_CMSG_CLOEXEC = 0x40000000,
};

/* Bits of socket.shutdown: what this end will not do any more. */
enum { SHUTDOWN_RECEIVE = 1, SHUTDOWN_SEND = 2, SHUTDOWN_BOTH = 3 };
/* Bits of socket.flags. */
enum {
	SOCKET_PASSCRED = 1, SOCKET_REUSEADDR = 2, SOCKET_REUSEPORT = 4, SOCKET_KEEPALIVE = 8, SOCKET_BROADCAST = 16,
	SOCKET_OOBINLINE = 32, SOCKET_DEBUG = 64, SOCKET_DONTROUTE = 128, SOCKET_LINGER = 256, SOCKET_TIMESTAMP = 512,
	SOCKET_SEND_FIXED = 1024, SOCKET_RECEIVE_FIXED = 2048, /* a program chose the size of the buffer */
	SOCKET_TIMESTAMP_NS = 4096, SOCKET_FILTER_LOCKED = 8192,
	SOCKET_TIMESTAMP_NEW = 1 << 14, SOCKET_PASSSEC = 1 << 15, SOCKET_COUNT_DROPS = 1 << 16, SOCKET_WIFI_STATUS = 1 << 17,
	SOCKET_NO_FCS = 1 << 18, SOCKET_SELECT_ERRORS = 1 << 19, SOCKET_NO_CHECK = 1 << 20, SOCKET_ZEROCOPY = 1 << 21,
	SOCKET_PREFER_BUSY = 1 << 22, SOCKET_RECEIVE_MARK = 1 << 23,
};

#define SOCKET_BUFFER_DEFAULT 212992u /* bytes: Linux's default and greatest size of a buffer */
#define SOCKET_SEND_MIN       4608u
#define SOCKET_RECEIVE_MIN    2304u

/* Who said something: SCM_CREDENTIALS, SO_PEERCRED. */
struct ucred { uint32_t pid, uid, gid; };

struct control;
struct socket;
struct socket_filter;
struct socket_ops;

/* An address as bind(2) and friends pass it, with a zero behind its longest form. */
struct socket_name {
	unsigned length;
	union {
		__kernel_sa_family_t family;
		struct sockaddr_un un;
		struct __kernel_sockaddr_storage storage;
	};
	char zero;
};

/* One call of send or receive, over all its tries. */
struct socket_message {
	struct iter *data;            /* advances */
	struct socket_name *name;     /* send: destination, or NULL; receive: to be filled, or NULL */
	struct control *control;      /* what goes along; send: NULL for nothing; receive: always there */
	unsigned flags;               /* MSG_* of the caller; MSG_DONTWAIT also for O_NONBLOCK */
	unsigned told;                /* receive: MSG_TRUNC */
	bool ended;                   /* receive: a boundary: MSG_WAITALL waits no more */
	size_t done;                  /* receive: bytes of the tries before */
	struct socket *target;        /* send, after -EAGAIN: wait for room there, not here; counted */
};

/* Options that are only kept, or read rarely: words, each atomic. */
struct socket_kept {
	int busy_poll, processor, device; /* SO_BUSY_POLL, SO_INCOMING_CPU; SO_BINDTODEVICE of families without routes */
	uint32_t timestamping[2];    /* flags, clock */
	uint32_t txtime[2];          /* clock, flags */
	uint64_t pacing;
	uint8_t rehash;
};

struct socket {
	struct refcount refs;
	const struct socket_ops *ops; /* immutable */
	uint16_t family, type;        /* immutable */
	int protocol;                 /* immutable */
	struct file *file;            /* atomic, not counted: set once; NULL before accept() */
	struct spinlock lock;         /* rank SOCKET */
	struct waitq read_wait;       /* for data, connections, the end */
	struct waitq write_wait;      /* for room in our own buffer */
	struct waitq room_wait;       /* others: for room in our queue */
	uint32_t flags;               /* atomic: SOCKET_* */
	uint32_t shutdown;            /* lock, read anywhere: SHUTDOWN_* */
	int error;                    /* atomic: SO_ERROR, positive; reported once */
	uint32_t send_charge;         /* atomic: bytes on their way from here */
	uint32_t send_buffer, receive_buffer; /* atomic: limits */
	uint32_t low_water, priority, mark; /* atomic: kept for getsockopt(2) */
	int linger;                   /* atomic: seconds */
	int peek_offset;              /* atomic: SO_PEEK_OFF; negative: peek at the beginning */
	struct socket_kept kept;
	struct socket_filter *filter; /* lock, RCU: net/filter.h; NULL: none */
	nsec_t receive_timeout, send_timeout; /* atomic: INT64_MAX for none */
};

/* Each may sleep, for memory and for user memory, and takes no lock to its caller. NULL: -EOPNOTSUPP. */
struct socket_ops {
	int (*pair)(struct socket *a, struct socket *b);
	int (*bind)(struct socket *s, const struct socket_name *name);
	/* -EAGAIN with *wait_for set (counted): wait for room there; -EINPROGRESS, -EALREADY: wait; and call again. */
	int (*connect)(struct socket *s, const struct socket_name *name, struct socket **wait_for);
	int (*listen)(struct socket *s, unsigned backlog);
	int (*accept)(struct socket *s, struct socket **out); /* one reference, no file yet */
	ssize_t (*send)(struct socket *s, struct socket_message *m);    /* bytes moved in this try */
	ssize_t (*receive)(struct socket *s, struct socket_message *m); /* likewise; with MSG_TRUNC what there was */
	bool (*may_send)(struct socket *s, struct socket *target);      /* is another try worth it? Does not sleep */
	int (*shutdown)(struct socket *s, unsigned how);                /* SHUTDOWN_* */
	int (*get_name)(struct socket *s, bool peer, struct socket_name *out);
	uint32_t (*poll)(struct socket *s, struct poll_table *pt);
	/* Is there something to peek at behind so many bytes, or no more to come? NULL: SO_PEEK_OFF is not for it. */
	bool (*may_peek)(struct socket *s, int offset);
	int64_t (*ioctl)(struct socket *s, unsigned command, uint64_t argument); /* NULL: -ENOTTY */
	/* Options of SOL_SOCKET that need the protocol, and all other levels; -ENOPROTOOPT. *length in and out. */
	int (*get_option)(struct socket *s, int level, int option, void *value, unsigned *length);
	int (*set_option)(struct socket *s, int level, int option, const void *value, unsigned length); /* likewise */
	void (*release)(struct socket *s);  /* the file went; drops its reference */
	void (*destroy)(struct socket *s);  /* the last reference went: frees */
};

/* TABLE_ENTRY(socket_families, struct socket_family, unix) = { AF_UNIX, create }; */
struct socket_family {
	int family;
	int (*create)(int type, int protocol, struct socket **out);
};

/* create() of a family that needs a privilege, and is not there with it: -EPERM or -EAFNOSUPPORT. */
int socket_family_absent(int type, int protocol, struct socket **out);
/* For a family's create(): fields to their first values, one reference. */
void socket_init(struct socket *s, const struct socket_ops *ops, int family, int type, int protocol);
static inline void socket_get(struct socket *s) { refcount_get(&s->refs); }
void socket_destroy(struct socket *s);
static inline void socket_put(struct socket *s)
{
	if (s && refcount_put(&s->refs))
		socket_destroy(s);
}

/* The socket of a file, or NULL (-ENOTSOCK). The file holds it. */
struct socket *socket_of_file(const struct file *f);
/* EPIPE of this file comes with a signal: it is a byte stream. */
bool socket_breaks_pipe(const struct file *f);

/*
 * socket(2), socketpair(2), accept(2): files with one reference each. type without
 * flags; flags O_NONBLOCK or 0. May sleep.
 */
int socket_create_file(int family, int type, int protocol, uint32_t flags, struct file **out);
int socket_create_pair(int family, int type, int protocol, uint32_t flags, struct file *out[2]);
int socket_accept(struct socket *s, uint32_t flags, struct file **out);

/* The others, which sleep where a try is not enough and the file or m->flags allow it. */
int socket_bind(struct socket *s, const struct socket_name *name);
int socket_connect(struct socket *s, const struct socket_name *name);
int socket_listen(struct socket *s, int backlog);
int socket_shutdown(struct socket *s, int how);
int socket_get_name(struct socket *s, bool peer, struct socket_name *out);
ssize_t socket_send(struct socket *s, struct socket_message *m);
ssize_t socket_receive(struct socket *s, struct socket_message *m);

/* SO_ERROR: reads and clears; 0 or a negative errno. */
static inline int socket_take_error(struct socket *s)
{
	return unlikely(atomic_load(&s->error)) ? -atomic_exchange(&s->error, 0) : 0;
}
/* Do calls on its file return instead of waiting? */
bool socket_nowait(const struct socket *s);
/*
 * SO_PEEK_OFF. The place moves by n bytes, which may be negative. And: does peeking at an offset go on behind a message
 * of n bytes? *offset is then what is left; -1 skips nothing. An empty one is skipped if it was peeked at before.
 */
static inline void socket_peek_move(struct socket *s, long n)
{
	int at = atomic_load(&s->peek_offset);

	if (unlikely(at >= 0))
		atomic_store(&s->peek_offset, (int)max(at + n, 0L));
}
static inline bool socket_peek_skips(int *offset, size_t n, bool peeked)
{
	if (likely(*offset < 0) || (size_t)*offset < n || !(*offset || peeked))
		return false;
	*offset -= (int)n;
	return true;
}
/* Wakes everybody who waits for anything here. */
void socket_wake_all(struct socket *s);

/*
 * Options. Values are in kernel memory, n bytes long; get returns with *n cut to
 * what there is. -ENOPROTOOPT, -EOPNOTSUPP, -EINVAL, -EDOM, -EPERM.
 */
#define SOCKET_OPTION_MAX 256
int socket_set_option(struct socket *s, int level, int option, const void *value, unsigned n);
int socket_get_option(struct socket *s, int level, int option, void *value, unsigned *n);
/* net/option_kept.c: those of SOL_SOCKET that few programs use. -ENOPROTOOPT: it is none of them. */
int socket_set_kept(struct socket *s, int option, const void *value, unsigned n);
int socket_get_kept(struct socket *s, int option, void *value, unsigned *n);

#endif
