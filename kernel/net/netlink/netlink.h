/* SPDX-License-Identifier: MIT */
/*
 * net/netlink/netlink.h: messages between programs and the kernel (netlink(7)): the
 * sockets, what a protocol is, and building messages. The essay is in
 * net/netlink/netlink.c.
 */
#ifndef NET_NETLINK_NETLINK_H
#define NET_NETLINK_NETLINK_H

#include "net/control.h"
#include <linux/netlink.h>

enum { AF_NETLINK = 16, SOL_NETLINK = 270 };

struct netlink_socket;

/* Messages under construction. Memory that runs out is remembered; nothing is added any more then. */
struct netlink_text {
	uint8_t *data;               /* owned */
	size_t length, size;
	size_t message;              /* where the message being built starts */
	bool failed;
};

/* One request of a program, while it is answered. */
struct netlink_request {
	struct netlink_socket *from;
	const struct nlmsghdr *head; /* whole in memory, aligned to 4 bytes */
	uint32_t port;               /* of the program */
	struct netlink_text *answer;
};

/* TABLE_ENTRY(netlink_protocols, struct netlink_protocol, route) = { NETLINK_ROUTE, 36, answer }; */
struct netlink_protocol {
	int number;
	unsigned groups;             /* that there are; 1 is the first */
	/* 0 or an errno that the program is told; NULL: programs have nothing to ask. Dumps end by themselves. May sleep. */
	int (*answer)(struct netlink_request *r);
};

/* Building. The body of a message, zeroed, valid until the next call; NULL when out of memory. */
void *netlink_begin(struct netlink_text *t, unsigned type, unsigned flags, uint32_t sequence, uint32_t port, size_t body);
void netlink_attribute(struct netlink_text *t, unsigned type, const void *data, size_t n);
static inline void netlink_u32(struct netlink_text *t, unsigned type, uint32_t v) { netlink_attribute(t, type, &v, 4); }
static inline void netlink_u8(struct netlink_text *t, unsigned type, uint8_t v) { netlink_attribute(t, type, &v, 1); }
void netlink_string(struct netlink_text *t, unsigned type, const char *s);
void netlink_end(struct netlink_text *t); /* of the message: its length is set */
void netlink_text_free(struct netlink_text *t);
/* The beginning of an answer to r: its number, its sender. multi: one of several. */
void *netlink_reply(struct netlink_request *r, unsigned type, bool multi, size_t body);

/* An attribute behind `body` bytes of a message: its data and length, or NULL. */
const void *netlink_find(const struct nlmsghdr *h, size_t body, unsigned type, size_t *n);
/* The message's body if it has so many bytes, else NULL. */
static inline const void *netlink_body(const struct nlmsghdr *h, size_t n)
{
	return h->nlmsg_len >= NLMSG_HDRLEN + n ? (const char *)h + NLMSG_HDRLEN : NULL;
}

/*
 * Answers everything a program sent to the kernel in one packet; whatever is asked wrongly has its error in the
 * answer. -ENOMEM, -ENOBUFS. May sleep.
 */
int netlink_answer_all(struct netlink_socket *n, const struct netlink_protocol *protocol, uint32_t port, const uint8_t *data,
		       size_t length);
/* Queues the messages of an answer, cut into packets; it may go beyond the limit. -ENOMEM. May sleep. */
int netlink_deliver(struct netlink_socket *n, const struct netlink_text *t);
/* Is NETLINK_* of SOL_NETLINK, a switch, on? */
bool netlink_has_option(const struct netlink_socket *n, unsigned option);

/* To all who listen to a group of a protocol; those whose queue is full are told that they lost something. May sleep. */
void netlink_broadcast(int protocol, unsigned group, const void *data, size_t n);
/* Does anybody listen? To save the work of a message. */
bool netlink_listened(int protocol, unsigned group);

#endif
