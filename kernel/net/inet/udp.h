/* SPDX-License-Identifier: MIT */
/*
 * net/inet/udp.h: what the files of UDP share (udp(7)). The essay is in
 * net/inet/udp.c.
 */
#ifndef NET_INET_UDP_H
#define NET_INET_UDP_H

#include "net/bytes.h"
#include "net/inet/inet.h"

/* A datagram. Owner: who makes it, then the queue, then who took it out; who only peeks holds a reference. */
struct udp_packet {
	struct list link;            /* the queue's lock */
	uint32_t refs;               /* atomic */
	uint32_t charge;             /* immutable: what it counts for in the queue */
	struct inet_end from, to;    /* immutable */
	nsec_t time;                 /* immutable: when it came, if somebody wants to know */
	uint8_t ttl, tos;            /* immutable */
	uint32_t drops;              /* the queue's lock, then immutable: lost before it */
	uint32_t mark;               /* immutable: the sender's SO_MARK */
	uint8_t device;              /* immutable: index of the interface */
	bool peeked;                 /* the queue's lock: of one without bytes */
	uint8_t error, origin, type, code; /* immutable: of the error queue, struct sock_extended_err */
	struct bytes bytes;          /* immutable; last */
};

#define UDP_LENGTH_MAX4 65507u /* bytes of a datagram's data */
#define UDP_LENGTH_MAX6 65527u

struct inet_headers;
struct inet_envelope;
struct udp_member { struct list link; struct inet_addr group; int device; };

struct udp_socket {
	struct inet_socket inet;     /* first; its lock is "lock" here */
	struct list queue;           /* lock */
	struct list errors;          /* lock: datagrams that came back */
	uint32_t queued;             /* lock, read anywhere */
	uint32_t queued_errors;      /* lock, read anywhere */
	uint32_t queued_charge;      /* lock */
	uint32_t kept;               /* atomic: UDP_CORK, UDP_NO_CHECK6_*, UDP_GRO: bits by option */
	int encapsulation, segment;  /* atomic: UDP_ENCAP, UDP_SEGMENT */
	int coverage[2];             /* atomic: UDP-Lite's, of what is sent and what is taken; only kept */
	uint32_t drops;              /* lock, read anywhere */
	bool dead;                   /* lock: the file went */
	struct list members;         /* lock: multicast groups */
	uint32_t member_count;       /* lock, read anywhere */
	struct inet_envelope *corked; /* lock, read anywhere: owned: where a datagram in parts goes; NULL: there is none */
	struct list parts;           /* lock: of it */
	size_t parts_length;         /* lock */
};

static inline struct udp_socket *udp_of(struct socket *s) { return container_of(inet_of(s), struct udp_socket, inet); }

/* net/inet/udp.c */
/* The fields of a fresh, zeroed socket with these operations. The functions are for sockets that are like UDP's. */
void udp_init(struct udp_socket *u, const struct socket_ops *ops, int family, int type, int protocol, struct port_table *ports);
void udp_release(struct socket *s);
void udp_destroy(struct socket *s);
int udp_shutdown(struct socket *s, unsigned how);
uint32_t udp_poll(struct socket *s, struct poll_table *pt);
int64_t udp_ioctl(struct socket *s, unsigned command, uint64_t argument);
int udp_create(int family, int protocol, struct socket **out); /* IPPROTO_UDP or IPPROTO_UDPLITE */
void udp_packet_put(struct udp_packet *p);

/* net/inet/udp_send.c, net/inet/udp_receive.c */
ssize_t udp_send(struct socket *s, struct socket_message *m);
ssize_t udp_receive(struct socket *s, struct socket_message *m);
bool udp_may_peek(struct socket *s, int offset);
/* A datagram of m's bytes; m is as it was after an error. And on its way, which consumes it. May sleep. */
int udp_packet_create(struct inet_socket *s, struct socket_message *m, const struct inet_envelope *e, struct udp_packet **out);
void udp_transmit(struct udp_socket *u, struct udp_packet *p, const struct inet_route *route);
/* Into a queue, unless it is full. Consumes p. Any context but under the socket's lock. */
void udp_deliver(struct udp_socket *u, struct udp_packet *p);
/* How the headers of a datagram look. */
void udp_headers_make(struct inet_headers *h, const struct udp_packet *p, int protocol);
int udp_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for);

/*
 * net/inet/udp_cork.c. udp_cork_add: m is a part of a datagram, `first` says where it goes, or NULL; more: others follow.
 * push: it is whole. drop: it is given up. segments: m is cut into datagrams of `size` bytes. Bytes, or an error.
 */
ssize_t udp_cork_add(struct udp_socket *u, struct socket_message *m, const struct inet_envelope *first, bool more);
int udp_cork_push(struct udp_socket *u);
void udp_cork_drop(struct udp_socket *u);
ssize_t udp_send_segments(struct udp_socket *u, struct socket_message *m, const struct inet_envelope *e, unsigned size);
enum { UDP_KEPT_CORK = 1, UDP_KEPT_NO_SUM = 2, UDP_KEPT_NO_CHECK = 4, UDP_KEPT_GATHER = 8 }; /* bits of kept */

/* net/inet/udp_option.c */
int udp_get_option(struct socket *s, int level, int option, void *value, unsigned *n);
int udp_set_option(struct socket *s, int level, int option, const void *value, unsigned n);

/* net/inet/udp_group.c: multicast groups */
bool udp_is_group_option(int level, int option);
int udp_group_option(struct udp_socket *u, int level, int option, const void *value, unsigned n);
bool udp_is_member(struct udp_socket *u, const struct inet_addr *group, int device); /* takes its lock */
void udp_leave_all(struct udp_socket *u);

#endif
