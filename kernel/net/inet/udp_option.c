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
	return (level == IPPROTO_UDP || level == IPPROTO_UDPLITE) &&
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

/* Options of UDP that are on or off. 0: it is none of them. */
static uint32_t kept_of(int option)
{
	switch (option) {
	case UDP_CORK:
		return UDP_KEPT_CORK;
	case UDP_NO_CHECK6_TX:
		return UDP_KEPT_NO_SUM;
	case UDP_NO_CHECK6_RX:
		return UDP_KEPT_NO_CHECK;
	case UDP_GRO:
		return UDP_KEPT_GATHER;
	}
	return 0;
}

static int set_udp(struct udp_socket *u, int option, const void *value, unsigned n)
{
	uint32_t bit = kept_of(option);
	int v;

	if (n < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	if (bit && v)
		atomic_or(&u->kept, bit);
	else if (bit)
		atomic_and(&u->kept, ~bit);
	if (bit)
		return option == UDP_CORK && !v ? udp_cork_push(u) : 0;
	switch (option) {
	case UDP_ENCAP:
		if (v && v != UDP_ENCAP_ESPINUDP && v != UDP_ENCAP_ESPINUDP_NON_IKE && v != UDP_ENCAP_L2TPINUDP)
			return -ENOPROTOOPT;
		atomic_store(&u->encapsulation, v);
		return 0;
	case UDP_SEGMENT:
		if (v < 0 || v > (int)UINT16_MAX)
			return -EINVAL;
		atomic_store(&u->segment, v);
		return 0;
	}
	return -ENOPROTOOPT;
}

int udp_set_option(struct socket *s, int level, int option, const void *value, unsigned n)
{
	if (udp_is_group_option(level, option))
		return udp_group_option(udp_of(s), level, option, value, n);
	if (is_coverage(s, level, option) && s->protocol == IPPROTO_UDPLITE)
		return set_coverage(&udp_of(s)->coverage[option - UDPLITE_SEND_COVERAGE], value, n);
	if (level == IPPROTO_UDP || level == IPPROTO_UDPLITE)
		return set_udp(udp_of(s), option, value, n);
	return inet_set_option(s, level, option, value, n);
}

int udp_get_option(struct socket *s, int level, int option, void *value, unsigned *n)
{
	struct udp_socket *u = udp_of(s);
	int v;

	if (is_coverage(s, level, option)) {
		inet_option_answer(value, n, &u->coverage[option - UDPLITE_SEND_COVERAGE], sizeof(int));
		return 0;
	}
	if (level != IPPROTO_UDP && level != IPPROTO_UDPLITE)
		return inet_get_option(s, level, option, value, n);
	if (kept_of(option))
		v = !!(atomic_load(&u->kept) & kept_of(option));
	else if (option == UDP_ENCAP)
		v = atomic_load(&u->encapsulation);
	else if (option == UDP_SEGMENT)
		v = atomic_load(&u->segment);
	else
		return -ENOPROTOOPT;
	inet_option_answer(value, n, &v, sizeof(v));
	return 0;
}
