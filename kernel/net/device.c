/* SPDX-License-Identifier: MIT */
/*
 * net/device.c: the table of interfaces, their flags and addresses.
 */
#include "net/device.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#define CHANGEABLE (IFF_UP | IFF_DEBUG | IFF_PROMISC | IFF_ALLMULTI | IFF_MULTICAST | IFF_NOTRAILERS | IFF_DYNAMIC)

struct mutex net_lock = MUTEX_INIT(net_lock, RANK_NET);
PERCPU(struct net_counters, net_counters);

struct net_device net_loopback = {
	.name = "lo",
	.index = 1,
	.type = ARPHRD_LOOPBACK,
	.flags = IFF_LOOPBACK,
	.mtu = 65536,
	.queue_length = 1000,
	.addresses = LIST_INIT(net_loopback.addresses),
};

static struct net_device *const devices[] = { &net_loopback };

struct net_device *net_device_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (!strcmp(devices[i]->name, name))
			return devices[i];
	return NULL;
}

struct net_device *net_device_at(int index)
{
	return index > 0 && (size_t)index <= ARRAY_SIZE(devices) ? devices[index - 1] : NULL;
}

struct net_device *net_device_next(const struct net_device *d)
{
	return net_device_at(d ? d->index + 1 : 1);
}

static void tell(int type, struct net_device *d, const struct net_address *a)
{
	TABLE_FOREACH(net_listeners, struct net_listener, l)
		l->changed(type, d, a);
}

static struct net_address *find_address(struct net_device *d, const struct inet_addr *addr)
{
	struct net_address *a;

	list_for_each_entry(a, &d->addresses, link)
		if (inet_equal(&a->addr, addr))
			return a;
	return NULL;
}

int net_address_add(struct net_device *d, const struct net_address *what)
{
	struct net_address *a;

	verify(mutex_held(&net_lock));
	if (find_address(d, &what->addr))
		return -EEXIST;
	a = kmalloc(sizeof(*a), ALLOC_KERNEL);
	if (!a)
		return -ENOMEM;
	*a = *what;
	a->device = d;
	list_add_tail(&a->link, &d->addresses);
	tell(RTM_NEWADDR, d, a);
	return 0;
}

static void drop_address(struct net_device *d, struct net_address *a)
{
	list_del_rcu(&a->link);
	tell(RTM_DELADDR, d, a);
	kfree_rcu(a, &a->rcu);
}

int net_address_remove(struct net_device *d, const struct inet_addr *addr, unsigned prefix)
{
	struct net_address *a = find_address(d, addr);

	verify(mutex_held(&net_lock));
	if (!a || (prefix != UINT_MAX && a->prefix != prefix))
		return -EADDRNOTAVAIL;
	drop_address(d, a);
	return 0;
}

/* The addresses that Linux gives lo when it goes up. */
static void loopback_up(struct net_device *d)
{
	struct net_address a = { .addr = inet_addr4(net32(INADDR_LOOPBACK)), .prefix = 8, .scope = RT_SCOPE_HOST,
				 .flags = IFA_F_PERMANENT };

	if (!d->was_up)
		net_address_add(d, &a);
	WRITE_ONCE(d->was_up, true);
	a.addr = (struct inet_addr){ .byte = { [15] = 1 } };
	a.prefix = 128;
	net_address_add(d, &a);
}

/* IPv6 forgets its addresses when an interface goes down. */
static void loopback_down(struct net_device *d)
{
	struct net_address *a, *next;

	list_for_each_entry_safe(a, next, &d->addresses, link)
		if (!inet_is4(&a->addr))
			drop_address(d, a);
}

void net_device_set_flags(struct net_device *d, uint32_t flags, uint32_t mask)
{
	uint32_t old = d->flags, now;

	verify(mutex_held(&net_lock));
	mask &= CHANGEABLE;
	now = (old & ~mask) | (flags & mask);
	now = now & IFF_UP ? now | IFF_RUNNING | IFF_LOWER_UP : now & ~(uint32_t)(IFF_RUNNING | IFF_LOWER_UP);
	if (now == old)
		return;
	atomic_store(&d->flags, now);
	if (now & ~old & IFF_UP)
		loopback_up(d);
	else if (old & ~now & IFF_UP)
		loopback_down(d);
	tell(RTM_NEWLINK, d, NULL);
}

uint64_t net_counter_at(size_t offset)
{
	uint64_t sum = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		sum += READ_ONCE(*(uint64_t *)((char *)percpu_of(net_counters, cpu) + offset));
	return sum;
}
