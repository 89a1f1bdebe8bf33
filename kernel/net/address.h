/* SPDX-License-Identifier: MIT */
/*
 * net/address.h: Internet addresses. There is one form inside, the sixteen
 * bytes of IPv6, in which an IPv4 address is ::ffff:a.b.c.d; so tables, sockets and
 * packets know no families. A port is in host order. Plain values: no locks.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "net/socket.h"
#include <linux/in.h>
#include <linux/in6.h>

enum { AF_INET = 2, AF_INET6 = 10 };

struct inet_addr {
	union {
		uint8_t byte[16];
		uint32_t word[4];   /* network order */
		uint64_t half[2];
	};
};

/* One end of a conversation. */
struct inet_end {
	struct inet_addr addr;
	uint16_t port;
	uint32_t scope;             /* interface of a link-local address, else 0 */
};

static inline uint16_t net16(uint16_t v) { return __builtin_bswap16(v); }
static inline uint32_t net32(uint32_t v) { return __builtin_bswap32(v); }

#define INET_MAPPED 0xffff0000u /* word[2] of an IPv4 address */

/* From network order. */
static inline struct inet_addr inet_addr4(uint32_t v4)
{
	return (struct inet_addr){ .word = { 0, 0, INET_MAPPED, v4 } };
}
static inline bool inet_is4(const struct inet_addr *a) { return !a->half[0] && a->word[2] == INET_MAPPED; }
/* 0.0.0.0 or :: */
static inline bool inet_is_any(const struct inet_addr *a)
{
	return !a->half[0] && !a->word[3] && (!a->word[2] || a->word[2] == INET_MAPPED);
}
static inline bool inet_is_any6(const struct inet_addr *a) { return !a->half[0] && !a->half[1]; }
static inline bool inet_equal(const struct inet_addr *a, const struct inet_addr *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}
static inline bool inet_end_equal(const struct inet_end *a, const struct inet_end *b)
{
	return a->port == b->port && inet_equal(&a->addr, &b->addr);
}
static inline bool inet_is_multicast(const struct inet_addr *a)
{
	return inet_is4(a) ? (a->byte[12] & 0xf0) == 0xe0 : a->byte[0] == 0xff;
}
static inline bool inet_is_link_local6(const struct inet_addr *a)
{
	return a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0x80;
}
/* Do the first `length` bits agree? Of the sixteen bytes' 128. */
bool inet_prefix_equal(const struct inet_addr *a, const struct inet_addr *b, unsigned length);

/* The address in a name of its own family, which is one of the two and long enough. */
void inet_end_read(struct inet_end *e, const struct socket_name *name);
/* As a socket of that family shows it; NULL address for the family's "any". */
void inet_end_show(const struct inet_end *e, int family, struct socket_name *out);

#endif
