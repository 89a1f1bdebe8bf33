/* SPDX-License-Identifier: MIT */
/*
 * net/inet/raw.h: raw sockets (raw(7)) and the messages of ICMP. The essay is in
 * net/inet/raw.c.
 */
#ifndef NET_INET_RAW_H
#define NET_INET_RAW_H

#include "net/inet/header.h"
#include "net/inet/udp.h"

struct raw_socket {
	struct udp_socket udp;       /* first: its queue, its ends */
	uint32_t blocked[8];         /* atomic: types of ICMP messages that it does not want, a bit each */
	int checksum_at;             /* atomic: where the kernel puts a checksum, IPv6 only; -1: nowhere */
};

static inline struct raw_socket *raw_of(struct socket *s) { return container_of(udp_of(s), struct raw_socket, udp); }

extern uint32_t raw_count; /* atomic: how many there are: with none, nobody looks at packets */
extern struct port_table raw_ports; /* by their protocol's number in place of a port */

int raw_create(int family, int protocol, struct socket **out);
/* A packet for this machine: e->protocol, n bytes, of which `header` are IPv4's header, goes to all who want it. May sleep. */
void raw_deliver(const struct inet_envelope *e, const uint8_t *data, size_t n, unsigned header);
/* The same for a datagram of UDP on its way, which is not changed. May sleep. */
void raw_see_datagram(const struct udp_packet *p, int protocol);

/* net/inet/raw_option.c */
int raw_get_option(struct socket *s, int level, int option, void *value, unsigned *n);
int raw_set_option(struct socket *s, int level, int option, const void *value, unsigned n);

/* net/inet/icmp.c: may sleep. What this machine answers to a message, as raw_deliver() has it. */
void icmp_receive(const struct inet_envelope *e, const uint8_t *data, size_t n, unsigned header);
/* Nobody has the port that p was sent to: those who listen to ICMP hear it. */
void icmp_unreachable(const struct udp_packet *p, int protocol);
/* The checksum of n bytes of ICMP between these ends; over good ones that have theirs, it is 0. */
uint16_t icmp_checksum(const struct inet_envelope *e, const uint8_t *data, size_t n);

#endif
