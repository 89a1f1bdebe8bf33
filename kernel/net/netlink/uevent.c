/* SPDX-License-Identifier: MIT */
/*
 * net/netlink/uevent.c: the kernel tells programs about devices (NETLINK_KOBJECT_UEVENT,
 * group 1): "add@PATH" and lines NAME=value, each ended by a zero byte.
 */
#include "net/netlink/uevent.h"
#include "lib/format.h"
#include "mem/slab.h"
#include "net/netlink/netlink.h"

#define EVENT_MAX 512

static uint64_t sequence; /* atomic */

void uevent_send(const char *action, const char *path, const char *subsystem, const char *more)
{
	uint64_t number = atomic_add_return(&sequence, 1);
	char *text;
	unsigned n;

	if (!netlink_listened(NETLINK_KOBJECT_UEVENT, 1))
		return;
	text = kmalloc(EVENT_MAX, ALLOC_KERNEL);
	if (!text)
		return;
	n = (unsigned)format_cut(text, EVENT_MAX, "%s@%s%cACTION=%s%cDEVPATH=%s%cSUBSYSTEM=%s%c%s%cSEQNUM=%lu%c", action, path, 0,
				 action, 0, path, 0, subsystem, 0, more, 0, number, 0);
	netlink_broadcast(NETLINK_KOBJECT_UEVENT, 1, text, n);
	kfree(text);
}

TABLE_ENTRY(netlink_protocols, struct netlink_protocol, uevent) = { NETLINK_KOBJECT_UEVENT, 32, NULL };
TABLE_ENTRY(netlink_protocols, struct netlink_protocol, usersock) = { NETLINK_USERSOCK, 32, NULL };
