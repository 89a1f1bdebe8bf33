/* SPDX-License-Identifier: MIT */
/*
 * net/inet/tcp.h: what the files of TCP share (tcp(7)). The essay is in
 * net/inet/tcp.c.
 */
#ifndef NET_INET_TCP_H
#define NET_INET_TCP_H

#include "mem/slab.h"
#include "net/bytes.h"
#include "net/inet/inet.h"
#include "sched/timer.h"
#include "sched/work.h"

/*
 * A connection as the table of all of them has it, by both ends. It outlives its
 * socket while it waits (TIME_WAIT, or FIN_WAIT2 when the program let go of it).
 */
struct tcp_connection {
	struct hlist_node node;      /* bucket's lock */
	struct refcount refs;        /* the table, who waits, the socket */
	struct inet_end local, remote; /* immutable in the table */
	struct tcp_socket *owner;    /* bucket's lock: NULL once it waits */
	uint8_t state;               /* atomic: as the socket's, or what it waits for */
	uint16_t family;             /* immutable */
	uint32_t uid;                /* immutable */
	struct inet_claim *claim;    /* owner: of one that waits, counted */
	struct list wait;            /* shard's lock */
	nsec_t since, expires;       /* shard's lock, read anywhere */
};

/* Bytes on their way. Owner: who makes it, then the queue (its socket's lock), then who took it out. */
struct tcp_chunk {
	struct list link;
	uint32_t length, consumed;   /* length immutable; consumed: read_lock */
	uint32_t charge;             /* immutable: what it counts for */
	bool urgent;                 /* immutable: its last byte is */
	struct bytes bytes;          /* immutable; last */
};

static inline void tcp_chunk_free(struct tcp_chunk *c)
{
	bytes_free_more(&c->bytes);
	kfree(c);
}

enum tcp_phase { PHASE_NONE, PHASE_CONNECTING, PHASE_CONNECTED }; /* what connect(2) thinks */
enum tcp_urgent { URGENT_NONE, URGENT_THERE, URGENT_READ };

/* Options of level TCP: each a word, changed and read as such. */
struct tcp_options {
	bool no_delay, cork, quick_ack_off, thin_linear, fast_open_connect, no_copy, inq, no_cookie;
	int keep_idle, keep_interval, keep_count; /* 0: the default */
	int syn_count, linger, defer_accept, window_clamp, user_timeout, max_segment, low_at, fast_open, delay, save_syn;
	char congestion[16];
};

struct tcp_socket {
	struct inet_socket inet;             /* first; its lock is "lock" here */
	const struct tcp_transport *transport; /* lock */
	struct tcp_socket *peer;             /* lock, RCU; counted */
	struct tcp_connection *connection;   /* lock, counted: while it is in the table */
	enum tcp_phase phase;                /* lock, read anywhere */
	bool dead;                           /* lock: the file went */
	bool accepted;                       /* immutable: the far end of a connect(2) */
	bool end_received;                   /* lock, read anywhere: the other end sent all it will */
	struct mutex read_lock;              /* rank SOCKET_READ: one reader at a time */
	struct list queue;                   /* lock: chunks; removed by who has read_lock too */
	uint64_t read_position;              /* lock: bytes taken since the connection began; read_lock to change */
	uint64_t end_position;               /* lock, read anywhere: bytes that came */
	uint32_t queued_charge;              /* atomic: of all chunks in queue */
	enum tcp_urgent urgent;              /* lock, read anywhere */
	uint8_t urgent_byte;                 /* lock */
	uint64_t urgent_position;            /* lock: where it stands in the stream */
	struct list accepting;               /* lock: connections for accept(2), by their `link` */
	struct list knocking;                /* lock: sockets that found us full, counted, by their `link` */
	uint32_t accepting_count, backlog;   /* lock, read anywhere */
	struct list link;                    /* the listener's lock */
	struct tcp_socket *listener;         /* lock: where we knock, counted */
	struct timer give_up;                /* while we knock */
	struct work gave_up;
	struct tcp_options options;
};

/* How the two ends are joined. No lock is held, the program's end is counted by the caller; all may sleep. */
struct tcp_transport {
	/* In SYN_SENT: becomes ESTABLISHED, or CLOSED with an error, now or later. -ENOMEM. */
	int (*connect)(struct tcp_socket *t);
	void (*send)(struct tcp_socket *t, struct tcp_chunk *c); /* consumes it; the program sees an error next time */
	void (*finish)(struct tcp_socket *t);                    /* we will not send any more */
	void (*reset)(struct tcp_socket *t);                     /* the connection is void */
};
extern const struct tcp_transport tcp_loopback;

static inline struct tcp_socket *tcp_of(struct socket *s) { return container_of(inet_of(s), struct tcp_socket, inet); }
static inline void tcp_get(struct tcp_socket *t) { socket_get(&t->inet.base); }
static inline void tcp_put(struct tcp_socket *t)
{
	if (t)
		socket_put(&t->inet.base);
}
static inline uint8_t tcp_state(const struct tcp_socket *t) { return READ_ONCE(t->inet.state); }
static inline bool tcp_state_in(const struct tcp_socket *t, unsigned states) { return states >> tcp_state(t) & 1; }
#define TCP_IN(state) (1u << (state))
#define TCP_OPEN_TO_SEND (TCP_IN(TCP_ESTABLISHED) | TCP_IN(TCP_CLOSE_WAIT))
#define TCP_JOINED (TCP_OPEN_TO_SEND | TCP_IN(TCP_FIN_WAIT2))

/* net/inet/tcp.c */
int tcp_create(int family, struct socket **out);
int tcp_create_socket(int family, struct tcp_socket **out);
struct tcp_socket *tcp_peer_get(struct tcp_socket *t);  /* counted, or NULL */
void tcp_lock_two(struct tcp_socket *a, struct tcp_socket *b); /* in the order of addresses; may be the same */
void tcp_unlock_two(struct tcp_socket *a, struct tcp_socket *b);
/* Locked. The connection is over: its place in the table goes, and its port if it was not bound. */
void tcp_set_state(struct tcp_socket *t, enum inet_state state);
void tcp_begin(struct tcp_socket *t);                   /* ESTABLISHED, of one that nobody else has yet; not locked */
void tcp_set_closed(struct tcp_socket *t, int error);
/* Locked. All was said on both sides, or by us: the table remembers it as `state`. */
void tcp_set_waiting(struct tcp_socket *t, enum inet_state state);
/* Drops the queue and the peer; a connection that is open is reset. read_lock held, or nobody reads. */
void tcp_disconnect(struct tcp_socket *t);
uint32_t tcp_send_limit(const struct tcp_socket *t, const struct tcp_socket *peer);
bool tcp_has_room(struct tcp_socket *t, bool much);

/* net/inet/tcp_connect.c */
int tcp_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for);
int tcp_listen(struct socket *s, unsigned backlog);
int tcp_accept(struct socket *s, struct socket **out);
void tcp_stop_listening(struct tcp_socket *t);
void tcp_connect_failed(struct tcp_socket *t, int error); /* in SYN_SENT */

/* net/inet/tcp_loop.c */
void tcp_loop_gave_up(struct work *w);
void tcp_loop_fire(struct timer *t);
void tcp_loop_leave(struct tcp_socket *t);        /* knocks no more */
bool tcp_loop_refuse(struct tcp_socket *listener); /* the first who knocks; false: nobody does */
void tcp_loop_let_in(struct tcp_socket *listener); /* there is room: the next who knocks */

/* net/inet/tcp_send.c, net/inet/tcp_receive.c */
ssize_t tcp_send(struct socket *s, struct socket_message *m);
bool tcp_may_send(struct socket *s, struct socket *target);
ssize_t tcp_receive(struct socket *s, struct socket_message *m);
void tcp_drop_queue(struct tcp_socket *t);
/* FIONREAD, SIOCATMARK, SIOCOUTQ. */
unsigned tcp_bytes_to_read(struct tcp_socket *t);
bool tcp_at_mark(struct tcp_socket *t);
unsigned tcp_bytes_to_send(struct tcp_socket *t);

/* net/inet/tcp_option.c */
int tcp_get_option(struct socket *s, int level, int option, void *value, unsigned *n);
int tcp_set_option(struct socket *s, int level, int option, const void *value, unsigned n);
void tcp_inherit(struct tcp_socket *t, const struct tcp_socket *from);

/* net/inet/connection.c. The socket whose connection it is is locked, or nobody has it any more. */
struct tcp_connection *connection_create(struct tcp_socket *owner); /* NULL when out; may sleep; one reference */
/* By its ends. -EADDRNOTAVAIL: there is one, and (patient) it has not waited for a second. */
int connection_insert(struct tcp_connection *c, bool patient);
void connection_remove(struct tcp_connection *c);               /* drops the owner's reference too */
void connection_wait(struct tcp_connection *c, enum inet_state state, struct inet_claim *claim); /* likewise */
void connection_put(struct tcp_connection *c);
#define CONNECTION_BUCKETS 4096
/* For /proc and netlink: those of a bucket, counted, and their sockets, counted or NULL; how many there are. */
unsigned connection_list(unsigned bucket, struct tcp_connection **v, struct tcp_socket **owner, unsigned max);
unsigned connection_waiting_count(void);
unsigned tcp_established_count(void);
nsec_t connection_time_left(const struct tcp_connection *c);

#endif
