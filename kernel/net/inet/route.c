/* SPDX-License-Identifier: MIT */
/*
 * net/inet/route.c: where an address leads. There are local addresses only: on a
 * loopback interface all that lie in the range of one of its addresses, as Linux has
 * it. Everything else is unreachable until there is an interface with a wire.
 */
#include "lib/errno.h"
#include "net/inet/inet.h"
#include <linux/if.h>

/* Bits of the sixteen-byte form. */
static unsigned prefix_of(const struct net_address *a)
{
	return inet_is4(&a->addr) ? 96u + a->prefix : a->prefix;
}

static bool is_up(const struct net_device *d)
{
	return atomic_load(&d->flags) & IFF_UP;
}

/* As on Linux, the way to an IPv4 address stays when its interface goes down: what is sent there is lost. */
static bool usable(const struct net_device *d, int device)
{
	return READ_ONCE(d->was_up) && (!device || device == d->index);
}

/* The last address of a range with more than two. */
static bool is_last(const struct net_address *a, const struct inet_addr *addr)
{
	uint32_t host = a->prefix < 31 ? ~0u >> a->prefix : 0;

	return host && inet_is4(addr) && (net32(addr->word[3]) & host) == host;
}

/* The address of ours whose range it lies in. Under RCU. */
static const struct net_address *range_of(const struct inet_addr *addr, int device)
{
	const struct net_address *a, *best = NULL;

	for (struct net_device *d = net_device_next(NULL); d; d = net_device_next(d)) {
		if (!usable(d, device))
			continue;
		list_for_each_entry_rcu(a, &d->addresses, link)
			if (inet_is4(&a->addr) == inet_is4(addr) && inet_prefix_equal(&a->addr, addr, prefix_of(a)) &&
			    (!best || a->prefix > best->prefix))
				best = a;
	}
	return best;
}

bool inet_is_broadcast(const struct inet_addr *addr)
{
	const struct net_address *a;
	bool result = inet_is4(addr) && addr->word[3] == UINT32_MAX;

	rcu_read_lock();
	a = result ? NULL : range_of(addr, 0);
	if (a && is_last(a, addr))
		result = true;
	rcu_read_unlock();
	return result;
}

bool inet_is_local(const struct inet_addr *addr)
{
	const struct net_address *a;
	bool result;

	rcu_read_lock();
	a = range_of(addr, 0);
	result = a && !is_last(a, addr);
	rcu_read_unlock();
	return result;
}

bool inet_may_bind(const struct inet_addr *addr, int device)
{
	return inet_is_any(addr) || inet_is_multicast(addr) || inet_is_broadcast(addr) || inet_is_local(addr);
}

static bool any_up(void)
{
	for (struct net_device *d = net_device_next(NULL); d; d = net_device_next(d))
		if (is_up(d))
			return true;
	return false;
}

int inet_route(const struct inet_addr *addr, int device, struct inet_route *out)
{
	const struct net_address *a;
	int error = 0;

	out->lost = false;
	rcu_read_lock();
	a = range_of(addr, device);
	if (a) {
		out->lost = !is_up(a->device);
		out->kind = is_last(a, addr) ? ROUTE_BROADCAST : ROUTE_LOCAL;
		out->source = a->addr;
		out->device = a->device->index;
	} else if (device && inet_is_multicast(addr) && net_device_at(device) && is_up(net_device_at(device))) {
		out->kind = ROUTE_MULTICAST;
		out->device = device;
		out->source = inet_is4(addr) ? inet_addr4(0) : (struct inet_addr){ .word = { 0 } };
		list_for_each_entry_rcu(a, &net_device_at(device)->addresses, link)
			if (inet_is4(&a->addr) == inet_is4(addr)) {
				out->source = a->addr;
				break;
			}
	} else {
		error = inet_is4(addr) || any_up() ? -ENETUNREACH : -EADDRNOTAVAIL;
	}
	rcu_read_unlock();
	return error;
}

void inet_replace_any(struct inet_addr *addr)
{
	if (!inet_is_any(addr))
		return;
	if (inet_is4(addr))
		*addr = inet_addr4(net32(INADDR_LOOPBACK));
	else
		addr->byte[15] = 1;
}
