/* SPDX-License-Identifier: MIT */
/*
 * net/absent.c: families that are not there, but refuse those without privilege first, as
 * Linux does: packets as an interface has them (AF_PACKET), and rings of them (AF_XDP).
 */
#include "lib/errno.h"
#include "net/socket.h"
#include "proc/process.h"
#include <linux/capability.h>

enum { AF_PACKET = 17, AF_XDP = 44 };

int socket_family_absent(int type, int protocol, struct socket **out)
{
	return cred_capable(cred_current(), CAP_NET_RAW) ? -EAFNOSUPPORT : -EPERM;
}

TABLE_ENTRY(socket_families, struct socket_family, packet) = { AF_PACKET, socket_family_absent };
TABLE_ENTRY(socket_families, struct socket_family, xdp) = { AF_XDP, socket_family_absent };
