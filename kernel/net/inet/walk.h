/* SPDX-License-Identifier: MIT */
/*
 * net/inet/walk.h: all Internet sockets, one after the other, for /proc/net and
 * sock_diag(7). What is shown was true at some moment each; nothing is locked between.
 */
#ifndef NET_INET_WALK_H
#define NET_INET_WALK_H

#include "net/inet/inet.h"

struct inet_shown {
	uint16_t family;
	uint8_t state;
	struct inet_end local, remote;
	uint32_t receive_queue, send_queue; /* bytes; of a listener: connections that wait, and how many may */
	uint32_t uid;
	uint64_t inode;              /* 0: no file has it */
	uint64_t cookie;             /* a number of its own */
	nsec_t time_left;            /* in TIME_WAIT */
	uint32_t refs, drops;
	int device;
	bool only6;
	struct inet_socket *socket;  /* NULL: it is gone */
};

/* Each calls show() until one is not 0, which is the result; -ENOMEM. May sleep. */
typedef int inet_show(const struct inet_shown *s, void *arg);
int tcp_walk(inet_show *show, void *arg);
int udp_walk(inet_show *show, void *arg);
int udplite_walk(inet_show *show, void *arg);
int raw_walk(inet_show *show, void *arg);

#endif
