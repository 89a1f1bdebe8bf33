/* SPDX-License-Identifier: MIT */
/*
 * net/inet/udp_group.c: multicast groups: which a socket is a member of, by interface.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/inet/udp.h"
#include <linux/in.h>

#define MEMBERS_MAX 20 /* net.ipv4.igmp_max_memberships */

static struct udp_member *find(struct udp_socket *u, const struct inet_addr *group, int device)
{
	struct udp_member *m;

	list_for_each_entry(m, &u->members, link)
		if (inet_equal(&m->group, group) && (!device || m->device == device))
			return m;
	return NULL;
}

bool udp_is_member(struct udp_socket *u, const struct inet_addr *group, int device)
{
	if (!READ_ONCE(u->member_count))
		return false;
	SPIN_GUARD(&u->inet.base.lock);
	return find(u, group, device);
}

static int join(struct udp_socket *u, const struct inet_addr *group, int device)
{
	struct udp_member *m = kmalloc(sizeof(*m), ALLOC_KERNEL);
	int error = 0;

	if (!m)
		return -ENOBUFS;
	*m = (struct udp_member){ .group = *group, .device = device };
	spin_lock(&u->inet.base.lock);
	if (find(u, group, device))
		error = -EADDRINUSE;
	else if (u->member_count >= MEMBERS_MAX)
		error = -ENOBUFS;
	if (!error) {
		list_add_tail(&m->link, &u->members);
		WRITE_ONCE(u->member_count, u->member_count + 1);
	}
	spin_unlock(&u->inet.base.lock);
	if (error)
		kfree(m);
	return error;
}

static int leave(struct udp_socket *u, const struct inet_addr *group, int device)
{
	struct udp_member *m;

	spin_lock(&u->inet.base.lock);
	m = find(u, group, device);
	if (m) {
		list_del(&m->link);
		WRITE_ONCE(u->member_count, u->member_count - 1);
	}
	spin_unlock(&u->inet.base.lock);
	kfree(m);
	return m ? 0 : -EADDRNOTAVAIL;
}

void udp_leave_all(struct udp_socket *u)
{
	struct list left = LIST_INIT(left), *e;

	spin_lock(&u->inet.base.lock);
	list_splice_tail(&u->members, &left);
	WRITE_ONCE(u->member_count, 0);
	spin_unlock(&u->inet.base.lock);
	while ((e = list_pop_first(&left)) != NULL)
		kfree(list_entry(e, struct udp_member, link));
}

/* struct ip_mreqn, ip_mreq or ipv6_mreq; an interface that is not named is the one that a route would choose: none. */
static int read_request(int level, const void *value, unsigned n, bool adds, struct inet_addr *group, int *device)
{
	struct ip_mreqn r4 = { .imr_ifindex = 0 };
	struct ipv6_mreq r6;
	struct inet_route route;
	struct inet_addr own;

	if (n < (level == IPPROTO_IP ? sizeof(struct ip_mreq) : sizeof(r6)))
		return -EINVAL;
	if (level == IPPROTO_IPV6) {
		memcpy(&r6, value, sizeof(r6));
		memcpy(group, &r6.ipv6mr_multiaddr, sizeof(*group));
		*device = r6.ipv6mr_ifindex;
		return inet_is_multicast(group) && !inet_is4(group) ? 0 : -EINVAL;
	}
	memcpy(&r4, value, min((size_t)n, sizeof(r4)));
	*group = inet_addr4(r4.imr_multiaddr.s_addr);
	own = inet_addr4(r4.imr_address.s_addr);
	*device = r4.imr_ifindex;
	if (adds && !inet_is_multicast(group))
		return -EINVAL;
	if (!*device && inet_is_any(&own) && inet_route(group, 0, &route))
		return -ENODEV;
	if (!*device && !inet_is_any(&own) && !inet_route(&own, 0, &route) && inet_is_local(&own))
		*device = route.device;
	return 0;
}

bool udp_is_group_option(int level, int option)
{
	if (level == IPPROTO_IP)
		return option == IP_ADD_MEMBERSHIP || option == IP_DROP_MEMBERSHIP;
	return level == IPPROTO_IPV6 && (option == IPV6_ADD_MEMBERSHIP || option == IPV6_DROP_MEMBERSHIP);
}

int udp_group_option(struct udp_socket *u, int level, int option, const void *value, unsigned n)
{
	bool adds = option == (level == IPPROTO_IP ? IP_ADD_MEMBERSHIP : IPV6_ADD_MEMBERSHIP);
	struct inet_addr group;
	int device, error;

	if (u->inet.base.family != AF_INET6 ? level == IPPROTO_IPV6 : level == IPPROTO_IP && u->inet.base.type == SOCK_RAW)
		return -ENOPROTOOPT;
	error = read_request(level, value, n, adds, &group, &device);
	if (error)
		return error;
	if (adds && (!device || !net_device_at(device)))
		return -ENODEV;
	return adds ? join(u, &group, device) : leave(u, &group, device);
}
