/* SPDX-License-Identifier: MIT */
/* net/netlink/uevent.h: telling programs about devices. */
#ifndef NET_NETLINK_UEVENT_H
#define NET_NETLINK_UEVENT_H

/*
 * action: "add", "remove", "change"; path: from /sys on; more: one more NAME=value, such
 * as "DEVNAME=tty1". May sleep.
 */
void uevent_send(const char *action, const char *path, const char *subsystem, const char *more);

#endif
