/* SPDX-License-Identifier: MIT */
/*
 * net/filter.h: what a socket does not want to see (SO_ATTACH_FILTER, socket(7)): programs of
 * the classic packet filter that are asked about each packet before it is queued, and say how
 * many bytes of it the socket gets. A program is replaced as a whole and read under RCU.
 */
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include "lib/bpf.h"
#include "net/bytes.h"
#include "net/socket.h"

struct socket_filter {
	struct rcu_head rcu;
	unsigned charge;             /* immutable: bytes of option memory that Linux would count */
	unsigned length;             /* immutable */
	struct sock_filter program[]; /* immutable, checked */
};

/* A packet as programs see it: headers, if there are any, and what is behind them. */
struct filter_packet {
	const uint8_t *head;
	unsigned head_length;
	unsigned start;              /* where offset 0 is in them, and the length begins */
	unsigned network;            /* where the network's header is */
	bool link;                   /* they begin with the interface's */
	const struct bytes *bytes;   /* what is behind them; or flat */
	const uint8_t *flat;
	size_t length;               /* of that */
	int device;                  /* 0: none */
	uint16_t hardware;           /* of the device: ARPHRD_* */
	uint16_t protocol;           /* ETH_P_* */
	uint8_t type;                /* PACKET_* */
	uint32_t mark;
};

/* How many bytes from p->start on this socket takes of it: SIZE_MAX all, 0 none. Any context. */
size_t socket_filter_ask(struct socket *s, const struct filter_packet *p);
static inline size_t socket_filter(struct socket *s, const struct filter_packet *p)
{
	return likely(!READ_ONCE(s->filter)) ? SIZE_MAX : socket_filter_ask(s, p);
}
bpf_load socket_filter_load;
/* What the program says, under RCU; 0 for bytes that are not there. */
static inline uint32_t socket_filter_run(const struct socket_filter *f, const struct filter_packet *p)
{
	return bpf_run(f->program, p, socket_filter_load);
}

/* A program from a struct sock_fprog. -EINVAL, -EFAULT, -ENOMEM, -EPERM (locked). May sleep. */
int socket_filter_read(struct socket *s, const void *value, unsigned n, struct socket_filter **out);
/* The options, n bytes: SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_LOCK_FILTER, SO_ATTACH_BPF. May sleep. */
int socket_filter_set(struct socket *s, int option, const void *value, unsigned n);
/* SO_GET_FILTER: as many instructions to user memory, if there is room for *n of them. */
int socket_filter_get(struct socket *s, uaddr_t to, unsigned *n);
void socket_filter_drop(struct socket *s);

#endif
