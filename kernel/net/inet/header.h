/* SPDX-License-Identifier: MIT */
/*
 * net/inet/header.h: headers of packets, made only for who wants to look at them: filters
 * and raw sockets. And what is said about a datagram that is sent. Plain values: no locks.
 */
#ifndef NET_INET_HEADER_H
#define NET_INET_HEADER_H

#include "net/filter.h"
#include "net/inet/inet.h"

#define LINK_HEADER    14u   /* bytes of an Ethernet header, which lo has too: zeros and a protocol */
#define IP4_HEADER     20u
#define IP6_HEADER     40u
#define HEADERS_MAX    (LINK_HEADER + IP6_HEADER + 20u)

/* The interface's, the network's and the transport's, one behind the other. */
struct inet_headers {
	uint8_t data[HEADERS_MAX];
	unsigned length, transport;  /* of all; where the last begins */
};

/* What a call says about its datagram; the network's header says some of it. */
struct inet_envelope {
	struct inet_end from, to;
	struct inet_route route;
	uint8_t ttl, tos, protocol;
	uint16_t segment;            /* UDP_SEGMENT: as set by the caller, unless the call says another */
	int device;
};

/* net/inet/envelope.c: 0, or what a send should answer. */
int inet_address(struct inet_socket *s, const struct socket_message *m, struct inet_envelope *e);

/* Fills in the link's and the network's header; `extra` bytes for the transport's follow, zeroed, then `n` of data. */
void inet_headers_make(struct inet_headers *h, const struct inet_envelope *e, unsigned extra, size_t n);
/* The network's alone, at `to`: its length. n: bytes behind it. */
unsigned inet_header_make(uint8_t *to, const struct inet_envelope *e, size_t n);
/* The Internet checksum's sum: `sum` and n more bytes, of which the first is at an even place; and its end. */
uint32_t inet_sum(uint32_t sum, const void *data, size_t n);
uint16_t inet_sum_fold(uint32_t sum);
/* The sum of what a transport's checksum covers beside its own bytes. */
uint32_t inet_sum_pseudo(const struct inet_envelope *e, size_t n);
/* As a filter sees it. h is behind it while it is used. */
void inet_headers_packet(const struct inet_headers *h, bool four, const struct bytes *bytes, struct filter_packet *out);

#endif
