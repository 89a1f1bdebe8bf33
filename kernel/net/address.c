/* SPDX-License-Identifier: MIT */
/*
 * net/address.c: addresses between the two forms of struct sockaddr and ours.
 */
#include "net/address.h"
#include "lib/string.h"

bool inet_prefix_equal(const struct inet_addr *a, const struct inet_addr *b, unsigned length)
{
	unsigned bytes = length / 8, bits = length % 8;

	if (memcmp(a->byte, b->byte, bytes))
		return false;
	return !bits || !((a->byte[bytes] ^ b->byte[bytes]) >> (8 - bits));
}

void inet_end_read(struct inet_end *e, const struct socket_name *name)
{
	const struct sockaddr_in *in = (const void *)&name->storage;
	const struct sockaddr_in6 *in6 = (const void *)&name->storage;

	e->port = net16(in->sin_port); /* at the same place in both */
	e->scope = 0;
	if (name->family == AF_INET6) {
		memcpy(&e->addr, &in6->sin6_addr, sizeof(e->addr));
		if (name->length >= sizeof(*in6))
			e->scope = in6->sin6_scope_id;
	} else {
		e->addr = inet_addr4(in->sin_addr.s_addr);
	}
}

void inet_end_show(const struct inet_end *e, int family, struct socket_name *out)
{
	struct sockaddr_in *in = (void *)&out->storage;
	struct sockaddr_in6 *in6 = (void *)&out->storage;

	if (family == AF_INET6) {
		out->length = sizeof(*in6);
		*in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = net16(e->port) };
		memcpy(&in6->sin6_addr, &e->addr, sizeof(e->addr));
		if (inet_is_link_local6(&e->addr))
			in6->sin6_scope_id = e->scope;
		return;
	}
	out->length = sizeof(*in);
	*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = net16(e->port) };
	in->sin_addr.s_addr = e->addr.word[3];
}
