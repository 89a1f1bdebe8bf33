/* SPDX-License-Identifier: MIT */
/*
 * net/inet/udp_option.c: options of UDP (udp(7)): those of IP, and groups.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/inet/udp.h"
#include <linux/udp.h>

enum { UDPLITE_SEND_COVERAGE = 10, UDPLITE_RECEIVE_COVERAGE = 11, COVERAGE_LEAST = 8 };

static bool is_coverage(const struct socket *s, int level, int option)
{
	return level == IPPROTO_UDPLITE && s->protocol == IPPROTO_UDPLITE &&
	       (option == UDPLITE_SEND_COVERAGE || option == UDPLITE_RECEIVE_COVERAGE);
}

/* 0 is all; else at least the header. */
static int set_coverage(int *at, const void *value, unsigned n)
{
	int v;

	if (n < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	atomic_store(at, v && v < COVERAGE_LEAST ? COVERAGE_LEAST : min(v, (int)UINT16_MAX));
	return 0;
}

int udp_set_option(struct socket *s, int level, int option, const void *value, unsigned n)
{
	if (udp_is_group_option(level, option))
		return udp_group_option(udp_of(s), level, option, value, n);
	if (is_coverage(s, level, option))
		return set_coverage(&udp_of(s)->coverage[option - UDPLITE_SEND_COVERAGE], value, n);
	if (level == IPPROTO_UDP)
		return n < sizeof(int) ? -EINVAL : -ENOPROTOOPT;
	return inet_set_option(s, level, option, value, n);
}

int udp_get_option(struct socket *s, int level, int option, void *value, unsigned *n)
{
	int none = 0;

	if (is_coverage(s, level, option)) {
		inet_option_answer(value, n, &udp_of(s)->coverage[option - UDPLITE_SEND_COVERAGE], sizeof(int));
		return 0;
	}
	if (level != IPPROTO_UDP)
		return inet_get_option(s, level, option, value, n);
	if (option != UDP_CORK && option != UDP_SEGMENT && option != UDP_GRO)
		return -ENOPROTOOPT;
	inet_option_answer(value, n, &none, sizeof(none));
	return 0;
}
