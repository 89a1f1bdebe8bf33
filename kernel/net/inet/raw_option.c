/* SPDX-License-Identifier: MIT */
/* net/inet/raw_option.c: options of raw sockets (raw(7), icmp(7)): what they do not want, and where checksums go. */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/inet/raw.h"
#include <linux/icmp.h>
#include <linux/icmpv6.h>

enum { SOL_RAW = 255 };

/* The bits of a filter that a program may see and change: of IPv4 the first word. */
static unsigned filter_size(const struct socket *s)
{
	return s->family == AF_INET ? sizeof(uint32_t) : 8 * sizeof(uint32_t);
}

/* 1: it is one; or the error that there is for others at these levels, or 0. */
static int is_filter(const struct socket *s, int level, int option)
{
	bool four = s->family == AF_INET;

	if (!four && level == SOL_RAW)
		return option == IPV6_CHECKSUM || option == IPV6_HDRINCL ? 0 : -ENOPROTOOPT;
	if (level != (four ? SOL_RAW : IPPROTO_ICMPV6))
		return 0;
	if (four && option != ICMP_FILTER)
		return -ENOPROTOOPT;
	if (s->protocol != (four ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return -EOPNOTSUPP;
	return option == (four ? ICMP_FILTER : ICMPV6_FILTER) ? 1 : -ENOPROTOOPT;
}

static bool is_checksum(const struct socket *s, int level, int option)
{
	return s->family == AF_INET6 && (level == IPPROTO_IPV6 || level == SOL_RAW) && option == IPV6_CHECKSUM;
}

static int set_checksum(struct raw_socket *r, int level, const void *value, unsigned n)
{
	int v;

	if (n < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	if (r->udp.inet.base.protocol == IPPROTO_ICMPV6 && level == IPPROTO_IPV6)
		return -EINVAL;
	if (v > 0 && v & 1)
		return -EINVAL;
	atomic_store(&r->checksum_at, v < 0 ? -1 : v);
	return 0;
}

int raw_set_option(struct socket *s, int level, int option, const void *value, unsigned n)
{
	struct raw_socket *r = raw_of(s);
	int filter = is_filter(s, level, option);

	if (s->family == AF_INET6 && level == SOL_RAW && n < sizeof(int))
		return -EINVAL;
	if (filter < 0)
		return filter;
	if (filter) {
		memcpy(r->blocked, value, min(n, filter_size(s)));
		return 0;
	}
	if (is_checksum(s, level, option))
		return set_checksum(r, level, value, n);
	if (udp_is_group_option(level, option))
		return udp_group_option(&r->udp, level, option, value, n);
	return inet_set_option(s, level == SOL_RAW && s->family == AF_INET6 ? IPPROTO_IPV6 : level, option, value, n);
}

int raw_get_option(struct socket *s, int level, int option, void *value, unsigned *n)
{
	struct raw_socket *r = raw_of(s);
	int filter = is_filter(s, level, option), at = atomic_load(&r->checksum_at);

	if (filter < 0)
		return filter;
	if (filter)
		inet_option_answer(value, n, r->blocked, filter_size(s));
	else if (is_checksum(s, level, option))
		inet_option_answer(value, n, &at, sizeof(at));
	else
		return inet_get_option(s, level == SOL_RAW && s->family == AF_INET6 ? IPPROTO_IPV6 : level, option, value, n);
	return 0;
}
