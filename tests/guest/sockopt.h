/* SPDX-License-Identifier: MIT */
/* Every option of every level on every kind of socket; kinds that answer the same stand together. */
#ifndef SOCKOPT_H
#define SOCKOPT_H

#include "net.h"
#include <linux/netlink.h>

static const struct kind { const char *name; int family, type, protocol; } kinds[] = {
	{ "unix", AF_UNIX, SOCK_STREAM, 0 },
	{ "unixdgram", AF_UNIX, SOCK_DGRAM, 0 },
	{ "unixpacket", AF_UNIX, SOCK_SEQPACKET, 0 },
	{ "tcp", AF_INET, SOCK_STREAM, 0 },
	{ "tcp6", AF_INET6, SOCK_STREAM, 0 },
	{ "udp", AF_INET, SOCK_DGRAM, 0 },
	{ "udp6", AF_INET6, SOCK_DGRAM, 0 },
	{ "udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE },
	{ "raw", AF_INET, SOCK_RAW, 200 },
	{ "raw6", AF_INET6, SOCK_RAW, 200 },
	{ "netlink", AF_NETLINK, SOCK_RAW, NETLINK_ROUTE },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Values that differ by themselves. */
static bool differs(int level, int option)
{
	switch (level) {
	case SOL_SOCKET:
		return option == 55 /* SO_MEMINFO */ || option == 57 /* SO_COOKIE */ || option == SO_INCOMING_CPU || option == SO_PEERCRED;
	case IPPROTO_TCP:
		return option == TCP_INFO || option == 24 /* TCP_TIMESTAMP */ || option == 26 /* TCP_CC_INFO */;
	}
	return false;
}

static int show_get(int fd, int level, int option, char *out)
{
	unsigned char data[300];
	socklen_t n = 256;
	int v, used;

	memset(data, 0, sizeof(data));
	if (getsockopt(fd, level, option, data, &n))
		return sprintf(out, "E%d", errno);
	if (differs(level, option))
		return sprintf(out, "#%u", n);
	memcpy(&v, data, sizeof(v));
	if (n == sizeof(v))
		return sprintf(out, "%d", v);
	used = sprintf(out, "#%u:", n);
	for (socklen_t i = 0; i < n && i < 16; i++)
		used += sprintf(out + used, "%02x", data[i]);
	return used;
}

/* Taking connections apart is for nobody here (TCP_REPAIR). */
static bool left_out(int level, int option)
{
	return level == IPPROTO_TCP && option == TCP_REPAIR;
}

/* The kinds by answer. */
static void tell(int level, int option, void (*ask)(const struct kind *k, int level, int option, char *out))
{
	static char answer[KINDS][300], told[4000];
	static char line[4000];
	char name[40];

	*line = 0;

	for (unsigned k = 0; k < KINDS; k++)
		ask(&kinds[k], level, option, answer[k]);
	for (unsigned k = 0; k < KINDS; k++) {
		if (!answer[k][0])
			continue;
		sprintf(line + strlen(line), "%s", kinds[k].name);
		for (unsigned j = k + 1; j < KINDS; j++)
			if (!strcmp(answer[j], answer[k])) {
				sprintf(line + strlen(line), ",%s", kinds[j].name);
				answer[j][0] = 0;
			}
		sprintf(line + strlen(line), " %s; ", answer[k]);
	}
	snprintf(name, sizeof(name), "%d.%d", level, option);
	if (strcmp(line, told)) /* the same again is left out */
		TELL(name, "%s", line);
	strcpy(told, line);
}

static void tell_all(void (*ask)(const struct kind *k, int level, int option, char *out))
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_RAW,
				      IPPROTO_ICMPV6, SOL_NETLINK, 261 };

	for (unsigned l = 0; l < sizeof(levels) / sizeof(levels[0]); l++)
		for (int option = 0; option <= (levels[l] == IPPROTO_UDP ? 106 : 90); option++)
			if (!left_out(levels[l], option))
				tell(levels[l], option, ask);
}

#endif
