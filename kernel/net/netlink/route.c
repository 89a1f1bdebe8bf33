/* SPDX-License-Identifier: MIT */
/*
 * net/netlink/route.c: NETLINK_ROUTE (rtnetlink(7)): interfaces and addresses, to look
 * at and to change, and the local routes that follow from them. Who listens to a group
 * hears of changes, under net_lock, so in their order.
 */
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/device.h"
#include "net/netlink/netlink.h"
#include "proc/process.h"
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#define FOREVER UINT32_MAX

static void put_statistics(struct netlink_text *t)
{
	uint64_t packets = net_counter(packets), bytes = net_counter(bytes);
	struct rtnl_link_stats64 s = { .rx_packets = packets, .tx_packets = packets, .rx_bytes = bytes, .tx_bytes = bytes };
	struct rtnl_link_stats s32 = { .rx_packets = (uint32_t)packets, .tx_packets = (uint32_t)packets,
				       .rx_bytes = (uint32_t)bytes, .tx_bytes = (uint32_t)bytes };

	netlink_attribute(t, IFLA_STATS64, &s, sizeof(s));
	netlink_attribute(t, IFLA_STATS, &s32, sizeof(s32));
}

/* The attributes of one interface, behind its struct ifinfomsg. */
static void put_link(struct netlink_text *t, const struct net_device *d, struct ifinfomsg *body)
{
	static const uint8_t hardware[6];

	if (!body)
		return;
	*body = (struct ifinfomsg){ .ifi_family = AF_UNSPEC, .ifi_type = d->type, .ifi_index = d->index,
				    .ifi_flags = atomic_load(&d->flags) };
	netlink_string(t, IFLA_IFNAME, d->name);
	netlink_u32(t, IFLA_TXQLEN, atomic_load(&d->queue_length));
	netlink_u8(t, IFLA_OPERSTATE, atomic_load(&d->flags) & IFF_UP ? 0 : 2);
	netlink_u8(t, IFLA_LINKMODE, 0);
	netlink_u32(t, IFLA_MTU, atomic_load(&d->mtu));
	netlink_u32(t, IFLA_MIN_MTU, 0);
	netlink_u32(t, IFLA_MAX_MTU, 0);
	netlink_u32(t, IFLA_GROUP, 0);
	netlink_u32(t, IFLA_PROMISCUITY, 0);
	netlink_u32(t, IFLA_NUM_TX_QUEUES, 1);
	netlink_u32(t, IFLA_NUM_RX_QUEUES, 1);
	netlink_u8(t, IFLA_CARRIER, 1);
	netlink_string(t, IFLA_QDISC, READ_ONCE(d->was_up) ? "noqueue" : "noop");
	netlink_u32(t, IFLA_CARRIER_CHANGES, 0);
	netlink_attribute(t, IFLA_ADDRESS, hardware, sizeof(hardware));
	netlink_attribute(t, IFLA_BROADCAST, hardware, sizeof(hardware));
	put_statistics(t);
	netlink_end(t);
}

static void put_address(struct netlink_text *t, const struct net_address *a, struct ifaddrmsg *body)
{
	struct ifa_cacheinfo times = { .ifa_prefered = FOREVER, .ifa_valid = FOREVER };
	bool four = inet_is4(&a->addr);

	if (!body)
		return;
	*body = (struct ifaddrmsg){ .ifa_family = four ? AF_INET : AF_INET6, .ifa_prefixlen = a->prefix, .ifa_flags = a->flags,
				    .ifa_scope = a->scope, .ifa_index = (uint32_t)a->device->index };
	netlink_attribute(t, IFA_ADDRESS, four ? &a->addr.byte[12] : a->addr.byte, four ? 4 : 16);
	if (four) {
		netlink_attribute(t, IFA_LOCAL, &a->addr.byte[12], 4);
		if (a->broadcast.word[3])
			netlink_attribute(t, IFA_BROADCAST, &a->broadcast.byte[12], 4);
		netlink_string(t, IFA_LABEL, a->device->name);
	}
	netlink_u32(t, IFA_FLAGS, a->flags);
	netlink_attribute(t, IFA_CACHEINFO, &times, sizeof(times));
	netlink_end(t);
}

static struct net_device *named_device(const struct nlmsghdr *h, int index)
{
	char name[NET_NAME_SIZE] = "";
	const void *text;
	size_t n;

	if (index > 0)
		return net_device_at(index);
	text = netlink_find(h, sizeof(struct ifinfomsg), IFLA_IFNAME, &n);
	if (!text || !n)
		return NULL;
	memcpy(name, text, min(n, sizeof(name) - 1));
	return net_device_find(name);
}

static bool is_dump(const struct netlink_request *r)
{
	return (r->head->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

static int get_links(struct netlink_request *r)
{
	const struct ifinfomsg *want = netlink_body(r->head, sizeof(*want));
	struct net_device *d;

	if (is_dump(r)) {
		for (d = net_device_next(NULL); d; d = net_device_next(d))
			put_link(r->answer, d, netlink_reply(r, RTM_NEWLINK, true, sizeof(struct ifinfomsg)));
		return 0;
	}
	if (!want)
		return -EINVAL;
	d = named_device(r->head, want->ifi_index);
	if (!d)
		return -ENODEV;
	put_link(r->answer, d, netlink_reply(r, RTM_NEWLINK, false, sizeof(struct ifinfomsg)));
	return 0;
}

static int change_link(struct netlink_request *r)
{
	const struct ifinfomsg *want = netlink_body(r->head, sizeof(*want));
	struct net_device *d;
	const void *value;
	uint32_t mask;
	size_t n;

	if (!want)
		return -EINVAL;
	d = named_device(r->head, want->ifi_index);
	if (!d)
		return r->head->nlmsg_flags & NLM_F_CREATE ? -EOPNOTSUPP : -ENODEV;
	if (r->head->nlmsg_flags & NLM_F_EXCL)
		return -EEXIST;
	MUTEX_GUARD(&net_lock);
	value = netlink_find(r->head, sizeof(*want), IFLA_MTU, &n);
	if (value && n == sizeof(uint32_t))
		atomic_store(&d->mtu, *(const uint32_t *)value);
	value = netlink_find(r->head, sizeof(*want), IFLA_TXQLEN, &n);
	if (value && n == sizeof(uint32_t))
		atomic_store(&d->queue_length, *(const uint32_t *)value);
	mask = want->ifi_change ? want->ifi_change : want->ifi_flags ? UINT32_MAX : 0;
	net_device_set_flags(d, want->ifi_flags, mask);
	return 0;
}

static int get_addresses(struct netlink_request *r)
{
	const struct rtgenmsg *want = netlink_body(r->head, sizeof(*want));
	const struct net_address *a;

	if (!want)
		return -EINVAL;
	if (!is_dump(r))
		return -EOPNOTSUPP;
	MUTEX_GUARD(&net_lock);
	for (unsigned family = AF_INET; family <= AF_INET6; family += AF_INET6 - AF_INET) {
		if (want->rtgen_family != AF_UNSPEC && want->rtgen_family != family)
			continue;
		for (struct net_device *d = net_device_next(NULL); d; d = net_device_next(d))
			list_for_each_entry(a, &d->addresses, link)
				if (inet_is4(&a->addr) == (family == AF_INET))
					put_address(r->answer, a, netlink_reply(r, RTM_NEWADDR, true, sizeof(struct ifaddrmsg)));
	}
	return 0;
}

/* The address a request names: IFA_LOCAL, or IFA_ADDRESS. */
static int read_address(const struct netlink_request *r, struct net_address *out, struct net_device **d)
{
	const struct ifaddrmsg *m = netlink_body(r->head, sizeof(*m));
	size_t n = 0, size;
	const void *value;

	if (!m || (m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
		return m ? -EAFNOSUPPORT : -EINVAL;
	size = m->ifa_family == AF_INET ? 4 : 16;
	*d = net_device_at((int)m->ifa_index);
	if (!*d)
		return -ENODEV;
	value = netlink_find(r->head, sizeof(*m), IFA_LOCAL, &n);
	if (!value)
		value = netlink_find(r->head, sizeof(*m), IFA_ADDRESS, &n);
	if (!value || n < size || m->ifa_prefixlen > size * 8)
		return -EINVAL;
	*out = (struct net_address){ .prefix = m->ifa_prefixlen, .scope = m->ifa_scope, .flags = IFA_F_PERMANENT };
	if (size == 4)
		out->addr = inet_addr4(*(const uint32_t *)value);
	else
		memcpy(&out->addr, value, size);
	value = netlink_find(r->head, sizeof(*m), IFA_BROADCAST, &n);
	if (value && n == 4 && size == 4)
		out->broadcast = inet_addr4(*(const uint32_t *)value);
	return 0;
}

static int change_address(struct netlink_request *r, bool add)
{
	struct net_address a;
	struct net_device *d;
	int error = read_address(r, &a, &d);

	if (error)
		return error;
	MUTEX_GUARD(&net_lock);
	return add ? net_address_add(d, &a) : net_address_remove(d, &a.addr, a.prefix);
}

static void put_route(struct netlink_request *r, const struct net_address *a, unsigned type, unsigned prefix,
		      const struct inet_addr *to)
{
	bool four = inet_is4(&a->addr);
	struct rtmsg *m = netlink_reply(r, RTM_NEWROUTE, true, sizeof(*m));

	if (!m)
		return;
	*m = (struct rtmsg){ .rtm_family = four ? AF_INET : AF_INET6, .rtm_dst_len = (uint8_t)prefix, .rtm_table = RT_TABLE_LOCAL,
			     .rtm_protocol = RTPROT_KERNEL, .rtm_type = (uint8_t)type,
			     .rtm_scope = !four ? RT_SCOPE_UNIVERSE : type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK };
	netlink_u32(r->answer, RTA_TABLE, RT_TABLE_LOCAL);
	netlink_attribute(r->answer, RTA_DST, four ? &to->byte[12] : to->byte, four ? 4 : 16);
	if (four)
		netlink_attribute(r->answer, RTA_PREFSRC, &a->addr.byte[12], 4);
	else
		netlink_u32(r->answer, RTA_PRIORITY, 0);
	netlink_u32(r->answer, RTA_OIF, (uint32_t)a->device->index);
	netlink_end(r->answer);
}

/* What follows from an address of a loopback interface. */
static void put_routes(struct netlink_request *r, const struct net_address *a)
{
	uint32_t mask = a->prefix ? ~0u << (32 - a->prefix) : 0, v4 = net32(a->addr.word[3]);
	struct inet_addr net = inet_addr4(net32(v4 & mask)), last = inet_addr4(net32(v4 | ~mask));

	if (!inet_is4(&a->addr)) {
		put_route(r, a, RTN_LOCAL, a->prefix, &a->addr);
		return;
	}
	if (a->prefix < 32)
		put_route(r, a, RTN_LOCAL, a->prefix, &net);
	put_route(r, a, RTN_LOCAL, 32, &a->addr);
	if (a->prefix < 31)
		put_route(r, a, RTN_BROADCAST, 32, &last);
}

static int get_routes(struct netlink_request *r)
{
	const struct rtmsg *want = netlink_body(r->head, sizeof(*want));
	const struct rtgenmsg *family = netlink_body(r->head, sizeof(*family));
	const struct net_address *a;

	if (!family)
		return -EINVAL;
	if (!is_dump(r))
		return -EOPNOTSUPP;
	if (want && want->rtm_table && want->rtm_table != RT_TABLE_LOCAL)
		return 0;
	MUTEX_GUARD(&net_lock);
	for (struct net_device *d = net_device_next(NULL); d; d = net_device_next(d))
		list_for_each_entry(a, &d->addresses, link)
			if (family->rtgen_family == AF_UNSPEC || inet_is4(&a->addr) == (family->rtgen_family == AF_INET))
				put_routes(r, a);
	return 0;
}

static int get_rules(struct netlink_request *r)
{
	static const struct { uint32_t priority; uint8_t table; } rules[] = { { 0, 255 }, { 32766, 254 }, { 32767, 253 } };
	const struct rtgenmsg *want = netlink_body(r->head, sizeof(*want));
	unsigned n = want && want->rtgen_family == AF_INET6 ? 2 : ARRAY_SIZE(rules);

	for (unsigned i = 0; i < n; i++) {
		struct rtmsg *m = netlink_reply(r, RTM_NEWRULE, true, sizeof(*m));

		if (!m)
			return 0;
		m->rtm_family = want && want->rtgen_family ? want->rtgen_family : AF_INET;
		m->rtm_table = rules[i].table;
		m->rtm_type = RTN_UNICAST; /* FR_ACT_TO_TBL, which is the same number */
		netlink_u32(r->answer, 15 /* FRA_TABLE */, rules[i].table);
		if (rules[i].priority)
			netlink_u32(r->answer, 6 /* FRA_PRIORITY */, rules[i].priority);
		netlink_end(r->answer);
	}
	return 0;
}

static int answer(struct netlink_request *r)
{
	unsigned type = r->head->nlmsg_type;

	if (type > RTM_MAX)
		return -EOPNOTSUPP;
	if ((type & 3) != 2 && !cred_capable(cred_current(), CAP_NET_ADMIN)) /* all but the queries */
		return -EPERM;
	switch (type) {
	case RTM_GETLINK:
		return get_links(r);
	case RTM_NEWLINK:
	case RTM_SETLINK:
		return change_link(r);
	case RTM_GETADDR:
		return get_addresses(r);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return change_address(r, type == RTM_NEWADDR);
	case RTM_GETROUTE:
		return get_routes(r);
	case RTM_GETRULE:
		return get_rules(r);
	case RTM_GETNEIGH:
	case RTM_GETQDISC:
	case RTM_GETNEIGHTBL:
	case RTM_GETADDRLABEL:
		return is_dump(r) ? 0 : -EOPNOTSUPP;
	}
	return -EOPNOTSUPP;
}

TABLE_ENTRY(netlink_protocols, struct netlink_protocol, route) = { NETLINK_ROUTE, 36, answer };

static void tell_change(int type, struct net_device *d, const struct net_address *a)
{
	struct netlink_text t = { .data = NULL };
	unsigned group = !a ? RTNLGRP_LINK : inet_is4(&a->addr) ? RTNLGRP_IPV4_IFADDR : RTNLGRP_IPV6_IFADDR;

	if (!netlink_listened(NETLINK_ROUTE, group))
		return;
	if (a)
		put_address(&t, a, netlink_begin(&t, (unsigned)type, 0, 0, 0, sizeof(struct ifaddrmsg)));
	else
		put_link(&t, d, netlink_begin(&t, (unsigned)type, 0, 0, 0, sizeof(struct ifinfomsg)));
	if (!t.failed)
		netlink_broadcast(NETLINK_ROUTE, group, t.data, t.length);
	netlink_text_free(&t);
}

TABLE_ENTRY(net_listeners, struct net_listener, netlink) = { tell_change };
