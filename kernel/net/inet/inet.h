/* SPDX-License-Identifier: MIT */
/*
 * net/inet/inet.h: what the Internet sockets share (ip(7), ipv6(7)): their ends,
 * their options, the ports they have. The essay is in net/inet/inet.c.
 */
#ifndef NET_INET_INET_H
#define NET_INET_INET_H

#include "net/control.h"
#include "net/device.h"

/* The states of TCP, as /proc/net/tcp and TCP_INFO number them; of other sockets: connected or not. */
enum inet_state {
	TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSED,
	TCP_CLOSE_WAIT, TCP_LAST_ACK, TCP_LISTENING, TCP_CLOSING,
};

#define PORT_EPHEMERAL_FIRST 32768u /* net.ipv4.ip_local_port_range */
#define PORT_EPHEMERAL_LAST  60999u
#define SIN6_LENGTH_LEAST    24u    /* of a struct sockaddr_in6: its scope may be missing */
#define PORT_UNPRIVILEGED    1024u  /* net.ipv4.ip_unprivileged_port_start */

struct inet_socket;
struct bytes;

/* Bits of inet_claim.flags: what makes two claims of one port agree or not. */
enum {
	CLAIM_REUSE = 1,     /* SO_REUSEADDR */
	CLAIM_SHARE = 2,     /* SO_REUSEPORT, with others of uid */
	CLAIM_ONLY6 = 4,     /* IPV6_V6ONLY */
	CLAIM_LISTENING = 8,
	CLAIM_CONNECT = 16,  /* the port was chosen by connect(2): others so made may have it too */
};

/*
 * A claim on a port, by all who have it with one address in the same way: one UDP
 * socket, as a rule; a listener; all connections that a listener accepted.
 */
struct inet_claim {
	struct hlist_node node;      /* bucket's lock, RCU */
	struct hlist sockets;        /* bucket's lock, RCU: those that are looked up by the port */
	struct inet_addr addr;       /* immutable */
	uint16_t port;               /* immutable */
	uint8_t flags;               /* immutable */
	uint32_t uid;                /* immutable */
	int device;                  /* immutable: SO_BINDTODEVICE, or 0 */
	uint32_t users;              /* bucket's lock: sockets and connections that wait */
	uint32_t shared;             /* bucket's lock: of them, those in `sockets` */
	struct socket_filter *chooser; /* bucket's lock, RCU: SO_ATTACH_REUSEPORT_CBPF; NULL: none */
	struct port_bucket *bucket;  /* immutable */
	struct port_table *table;    /* immutable */
	struct rcu_head rcu;
};

#define PORT_BUCKETS 1024
struct port_bucket {
	struct spinlock lock;        /* rank PORT */
	uint32_t changes;            /* lock, read under RCU: how often a socket came or went */
	struct hlist claims;         /* lock, RCU */
};
struct port_table {
	struct port_bucket bucket[PORT_BUCKETS];
	uint32_t claims;             /* atomic */
};
extern struct port_table tcp_ports, udp_ports, udplite_ports;

struct inet_options {                /* each a word, changed and read as such */
	uint64_t bits;               /* atomic: INET_* */
	uint8_t tos, tclass;
	int16_t ttl, hops;           /* -1: the default */
	int16_t multicast_ttl, multicast_hops;
	int multicast_device, multicast_device6;
	uint8_t discover, discover6; /* IP_MTU_DISCOVER */
	uint32_t flow;
	int min_ttl, min_hops;
	int sticky_device;           /* IPV6_PKTINFO: for what is sent */
	int unicast_device, unicast_device6; /* IP_UNICAST_IF, IPV6_UNICAST_IF */
	uint32_t port_range;         /* IP_LOCAL_PORT_RANGE: the least, and the greatest in the upper half; 0: any */
	uint16_t preferences;        /* IPV6_ADDR_PREFERENCES */
	uint8_t ip_options_length, ip_options[40]; /* lock: IP_OPTIONS, as kept */
	struct inet_addr multicast_source;
};
/* Their numbers; INET_* are the bits. */
enum {
	BIT_ONLY6, BIT_RECEIVE_INFO, BIT_RECEIVE_TTL, BIT_RECEIVE_TOS, BIT_RECEIVE_OPTIONS, BIT_RECEIVE_ORIGINAL,
	BIT_ERRORS, BIT_ERRORS6, BIT_FREEBIND, BIT_TRANSPARENT, BIT_NO_LOOP, BIT_NO_LOOP6, BIT_NOT_ALL, BIT_HEADER,
	BIT_LATE_PORT, BIT_RECEIVE_INFO6, BIT_RECEIVE_HOPS, BIT_RECEIVE_CLASS, BIT_NO_CHECK6, BIT_ROUTER_ALERT,
	BIT_AUTOFLOW, BIT_SEND_FLOW, BIT_DONTFRAG6, BIT_RETURN_OPTIONS, BIT_PASS_SECURITY, BIT_RECEIVE_CHECKSUM,
	BIT_RECEIVE_FRAGMENT, BIT_ERRORS_MORE, BIT_NO_DEFRAG, BIT_OLD_INFO6, BIT_OLD_HOP_OPTIONS,
	BIT_OLD_TARGET_OPTIONS, BIT_OLD_ROUTING, BIT_OLD_HOPS, BIT_RECEIVE_FLOW, BIT_NOT_ALL6, BIT_ALERT_ISOLATE,
	BIT_ERRORS_MORE6, BIT_RECEIVE_HOP_OPTIONS, BIT_RECEIVE_ROUTING, BIT_RECEIVE_TARGET_OPTIONS, BIT_RECEIVE_PATH,
	BIT_RECEIVE_ORIGINAL6, BIT_RECEIVE_FRAGMENT6, BIT_HEADER6,
};
#define INET_ONLY6 (1ULL << BIT_ONLY6)
#define INET_RECEIVE_INFO (1ULL << BIT_RECEIVE_INFO)
#define INET_RECEIVE_TTL (1ULL << BIT_RECEIVE_TTL)
#define INET_RECEIVE_TOS (1ULL << BIT_RECEIVE_TOS)
#define INET_RECEIVE_OPTIONS (1ULL << BIT_RECEIVE_OPTIONS)
#define INET_RECEIVE_ORIGINAL (1ULL << BIT_RECEIVE_ORIGINAL)
#define INET_ERRORS (1ULL << BIT_ERRORS)
#define INET_ERRORS6 (1ULL << BIT_ERRORS6)
#define INET_FREEBIND (1ULL << BIT_FREEBIND)
#define INET_TRANSPARENT (1ULL << BIT_TRANSPARENT)
#define INET_NO_LOOP (1ULL << BIT_NO_LOOP)
#define INET_NO_LOOP6 (1ULL << BIT_NO_LOOP6)
#define INET_NOT_ALL (1ULL << BIT_NOT_ALL)
#define INET_HEADER (1ULL << BIT_HEADER)
#define INET_LATE_PORT (1ULL << BIT_LATE_PORT)
#define INET_RECEIVE_INFO6 (1ULL << BIT_RECEIVE_INFO6)
#define INET_RECEIVE_HOPS (1ULL << BIT_RECEIVE_HOPS)
#define INET_RECEIVE_CLASS (1ULL << BIT_RECEIVE_CLASS)
#define INET_NO_CHECK6 (1ULL << BIT_NO_CHECK6)
#define INET_ROUTER_ALERT (1ULL << BIT_ROUTER_ALERT)
#define INET_AUTOFLOW (1ULL << BIT_AUTOFLOW)
#define INET_SEND_FLOW (1ULL << BIT_SEND_FLOW)
#define INET_DONTFRAG6 (1ULL << BIT_DONTFRAG6)
#define INET_RETURN_OPTIONS (1ULL << BIT_RETURN_OPTIONS)
#define INET_PASS_SECURITY (1ULL << BIT_PASS_SECURITY)
#define INET_RECEIVE_CHECKSUM (1ULL << BIT_RECEIVE_CHECKSUM)
#define INET_RECEIVE_FRAGMENT (1ULL << BIT_RECEIVE_FRAGMENT)
#define INET_ERRORS_MORE (1ULL << BIT_ERRORS_MORE)
#define INET_NO_DEFRAG (1ULL << BIT_NO_DEFRAG)
#define INET_OLD_INFO6 (1ULL << BIT_OLD_INFO6)
#define INET_OLD_HOP_OPTIONS (1ULL << BIT_OLD_HOP_OPTIONS)
#define INET_OLD_TARGET_OPTIONS (1ULL << BIT_OLD_TARGET_OPTIONS)
#define INET_OLD_ROUTING (1ULL << BIT_OLD_ROUTING)
#define INET_OLD_HOPS (1ULL << BIT_OLD_HOPS)
#define INET_RECEIVE_FLOW (1ULL << BIT_RECEIVE_FLOW)
#define INET_NOT_ALL6 (1ULL << BIT_NOT_ALL6)
#define INET_ALERT_ISOLATE (1ULL << BIT_ALERT_ISOLATE)
#define INET_ERRORS_MORE6 (1ULL << BIT_ERRORS_MORE6)
#define INET_RECEIVE_HOP_OPTIONS (1ULL << BIT_RECEIVE_HOP_OPTIONS)
#define INET_RECEIVE_ROUTING (1ULL << BIT_RECEIVE_ROUTING)
#define INET_RECEIVE_TARGET_OPTIONS (1ULL << BIT_RECEIVE_TARGET_OPTIONS)
#define INET_RECEIVE_PATH (1ULL << BIT_RECEIVE_PATH)
#define INET_RECEIVE_ORIGINAL6 (1ULL << BIT_RECEIVE_ORIGINAL6)
#define INET_RECEIVE_FRAGMENT6 (1ULL << BIT_RECEIVE_FRAGMENT6)
#define INET_HEADER6 (1ULL << BIT_HEADER6)

struct inet_socket {
	struct socket base;                  /* first; its lock is "lock" here */
	uint8_t state;                       /* lock, read anywhere: enum inet_state */
	bool port_bound, addr_bound;         /* lock: by bind(2), so they stay when a connection ends */
	struct inet_end local, remote;       /* lock; read anywhere for show */
	struct port_table *ports;            /* immutable; NULL: this protocol has none */
	struct inet_claim *claim;            /* lock */
	struct inet_claim *listening;        /* lock: a listener's second claim */
	struct hlist_node bound;             /* bucket's lock, RCU: in the sockets of one of them */
	struct socket_filter *chooser;       /* lock: for its claim, when it has one */
	uint32_t turn;                       /* bucket's lock, read under RCU: which of its claim's sockets it is */
	int device;                          /* atomic: SO_BINDTODEVICE, or 0 */
	uint32_t uid;                        /* immutable: who made it */
	struct inet_options options;
	struct rcu_head rcu;
};

static inline struct inet_socket *inet_of(struct socket *s) { return container_of(s, struct inet_socket, base); }
static inline bool inet_has(const struct inet_socket *s, uint64_t bit) { return atomic_load(&s->options.bits) & bit; }
/* Where a port is looked for that is not named: from *first on, so many. IP_LOCAL_PORT_RANGE narrows it. */
static inline unsigned inet_port_range(const struct inet_socket *s, unsigned *first)
{
	unsigned set = atomic_load(&s->options.port_range), least = set & UINT16_MAX, most = set >> 16, last = PORT_EPHEMERAL_LAST;

	*first = PORT_EPHEMERAL_FIRST;
	if (unlikely(least >= *first && least <= last))
		*first = least;
	if (unlikely(most >= *first && most <= last))
		last = most;
	return last - *first + 1;
}

/* net/inet/inet.c. name: what create() is told; sets the fields of a fresh, zeroed socket. */
void inet_init(struct inet_socket *s, const struct socket_ops *ops, int family, int type, int protocol);
/*
 * A name from a program for this socket: -EINVAL (short), -EAFNOSUPPORT. An IPv6
 * socket also takes IPv4's, as ::ffff:a.b.c.d, unless it is for IPv6 only (-ENETUNREACH).
 */
int inet_name_check(const struct inet_socket *s, const struct socket_name *name, struct inet_end *out);
int inet_bind(struct socket *s, const struct socket_name *name);
int inet_get_name(struct socket *s, bool peer, struct socket_name *out);
int64_t inet_ioctl(struct socket *s, unsigned command, uint64_t argument);
/* Gives a port if there is none. 0, -EADDRINUSE, -EAGAIN, -ENOMEM. May sleep. */
int inet_bind_any(struct inet_socket *s);
/* To be called by destroy(): frees after a grace period. */
void inet_free(struct inet_socket *s);

/* net/inet/option.c: level IP, and what SOL_SOCKET leaves to the family; net/inet/option6.c: level IPv6 */
int inet_get_option(struct socket *s, int level, int option, void *value, unsigned *n);
int inet_set_option(struct socket *s, int level, int option, const void *value, unsigned n);
int inet_set_option6(struct inet_socket *s, int option, const void *value, unsigned n);
int inet_get_option6(struct inet_socket *s, int option, void *value, unsigned *n);
/* A bit that an option turns on; of some the bit says the opposite. */
void inet_set_bit(struct inet_socket *s, uint64_t bit, bool on);
int inet_get_bit(const struct inet_socket *s, uint64_t bit);
int inet_set_ttl(int16_t *at, int v, int least);
/* IP_UNICAST_IF and IPV6_UNICAST_IF: an index in network order. -EINVAL, -EADDRNOTAVAIL. */
int inet_set_unicast(struct inet_socket *s, int *at, const void *value, unsigned n);
/* Helpers for protocols: an int out of, or into, an option's value. */
int inet_option_int(const void *value, unsigned n, int *out);
void inet_option_answer(void *value, unsigned *n, const void *from, unsigned size);

/* net/inet/route.c */
enum inet_route_kind { ROUTE_LOCAL, ROUTE_BROADCAST, ROUTE_MULTICAST };
struct inet_route {
	enum inet_route_kind kind;
	struct inet_addr source;     /* which address speaks to it, if the socket has none */
	int device;
	bool lost;                   /* it is down */
};
/* How to reach addr, by interface `device` if not 0: 0 or -ENETUNREACH. Any context. */
int inet_route(const struct inet_addr *addr, int device, struct inet_route *out);
/* May a socket be bound to it: any, one of ours, multicast, broadcast? */
bool inet_may_bind(const struct inet_addr *addr, int device);
/* "Any" as a destination is this machine. */
void inet_replace_any(struct inet_addr *addr);
bool inet_is_local(const struct inet_addr *addr);
bool inet_is_broadcast(const struct inet_addr *addr);

/*
 * net/inet/port.c. Fresh claims are made beforehand, by port_claim_create() (NULL when
 * out); *fresh is NULL afterwards if it was used, and the caller's to kfree() if not.
 * The socket is locked.
 *
 * port_take: the socket gets port (0: one that is free) at addr. -EADDRINUSE.
 * port_take_shared: as connect(2) does it: a port that only such have. -EADDRINUSE.
 * port_listen: it is found by its port from now on; -EADDRINUSE if another listens.
 * port_release: it gives up what it has.
 */
struct inet_claim *port_claim_create(void);
struct inet_claim *port_claim_create_atomic(void);
int port_take(struct inet_socket *s, const struct inet_addr *addr, unsigned port, struct inet_claim **fresh);
int port_take_shared(struct inet_socket *s, const struct inet_addr *addr, unsigned port, struct inet_claim **fresh);
int port_listen(struct inet_socket *s, struct inet_claim **fresh);
void port_release(struct inet_socket *s);
void port_unlisten(struct inet_socket *s);
/* Sets that program (NULL: none; it is freed with the claim), or -EINVAL, -ENOENT: f is still the caller's. */
int port_set_chooser(struct inet_socket *s, struct socket_filter *f);
/* Any context below rank PORT. */
void port_claim_get(struct inet_claim *c);
void port_claim_put(struct inet_claim *c);
/*
 * The best of those who are looked up, for a packet between these ends; counted. NULL: nobody. data, which may be
 * NULL: what a program is asked about that chooses among those who share the port.
 */
struct inet_socket *port_find(struct port_table *t, const struct inet_end *to, const struct inet_end *from, int device,
			      const struct bytes *data);
/* All sockets that take datagrams for a port (broadcast, multicast): calls visit under RCU. */
void port_for_each(struct port_table *t, unsigned port, void (*visit)(struct inet_socket *s, void *arg), void *arg);
/* Those of a bucket, counted, into v (max of them): how many there are. */
unsigned port_list(struct port_table *t, unsigned bucket, struct inet_socket **v, unsigned max);
/* For connect(2): where the search for a port starts, which differs by destination and moves on each time. */
unsigned port_search_start(const struct inet_end *to);

#endif
