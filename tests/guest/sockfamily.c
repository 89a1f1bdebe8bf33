/* SPDX-License-Identifier: MIT */
/* socket(2) and socketpair(2) for every family and type: what there is, with privilege and without. */
#include "net.h"
#include "told.h"
#include <linux/netlink.h>

static int try_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol), error = fd < 0 ? errno : 0;

	close(fd);
	return error;
}

static void drop(void)
{
	setresgid(65534, 65534, 65534);
	setresuid(65534, 65534, 65534);
}

static void say_types(int family)
{
	static const int types[] = { 0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP, SOCK_PACKET, 11 };

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i] != SOCK_PACKET || geteuid()) /* it is AF_PACKET then */
			say("%d ", try_socket(family, types[i], 0));
}

static void say_protocols(int family, int type)
{
	static const int protocols[] = { 1, 2, 6, 17, 33, 41, 47, 50, 58, 89, 132, 136, 255, 256, 262, 300, -1 };

	for (unsigned i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		say("%d ", try_socket(family, type, protocols[i]));
}

static void families(void)
{
	char name[40];

	for (int family = -1; family < 47; family++) {
		if (family == AF_NETLINK)
			continue;
		if (family == AF_PACKET || family == AF_XDP) { /* there with privilege only, and not everywhere */
			snprintf(name, sizeof(name), "family %d, unprivileged", family);
			TOLD(name, (drop(), say_types(family)));
			continue;
		}
		snprintf(name, sizeof(name), "family %d", family);
		TOLD(name, say_types(family));
		snprintf(name, sizeof(name), "family %d, unprivileged", family);
		TOLD(name, (drop(), say_types(family)));
	}
}

static void protocols(void)
{
	static const int family[] = { AF_INET, AF_INET6 }, type[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };
	char name[60];

	for (int f = 0; f < 2; f++)
		for (int t = 0; t < 3; t++) {
			snprintf(name, sizeof(name), "protocols of family %d, type %d", family[f], type[t]);
			TOLD(name, say_protocols(family[f], type[t]));
			snprintf(name, sizeof(name), "protocols of family %d, type %d, unprivileged", family[f], type[t]);
			TOLD(name, (drop(), say_protocols(family[f], type[t])));
		}
}

int main(void)
{
	families();
	protocols();
	for (int p = 0; p < 24; p++)
		if (p != NETLINK_SELINUX && p != NETLINK_AUDIT && p != NETLINK_FIB_LOOKUP && p != NETLINK_CONNECTOR && p != NETLINK_GENERIC)
			TELL("netlink", "%d: %d", p, try_socket(AF_NETLINK, SOCK_RAW, p));
	return tap_done();
}
