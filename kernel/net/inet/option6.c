/* SPDX-License-Identifier: MIT */
/*
 * net/inet/option6.c: options of level IPPROTO_IPV6 (ipv6(7)). Each is a word, or a bit of one;
 * some a program may only set and read back.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/inet/inet.h"
#include "proc/process.h"
#include <linux/capability.h>
#include <linux/ipv6.h>

#define HOPS_DEFAULT 64
#define LOOPBACK_MTU 65535
#define ECN_BITS     3
#define MTU_LEAST    1280
#define PREFERENCES_DEFAULT (IPV6_PREFER_SRC_PUBTMP_DEFAULT | IPV6_PREFER_SRC_HOME)

static uint64_t bit6(int option)
{
	switch (option) {
	case IPV6_V6ONLY:
		return INET_ONLY6;
	case IPV6_RECVPKTINFO:
		return INET_RECEIVE_INFO6;
	case IPV6_RECVHOPLIMIT:
		return INET_RECEIVE_HOPS;
	case IPV6_RECVTCLASS:
		return INET_RECEIVE_CLASS;
	case IPV6_RECVERR:
		return INET_ERRORS6;
	case IPV6_MULTICAST_LOOP:
		return INET_NO_LOOP6;
	case IPV6_AUTOFLOWLABEL:
		return INET_AUTOFLOW;
	case IPV6_FLOWINFO_SEND:
		return INET_SEND_FLOW;
	case IPV6_DONTFRAG:
		return INET_DONTFRAG6;
	case IPV6_2292PKTINFO:
		return INET_OLD_INFO6;
	case IPV6_2292HOPOPTS:
		return INET_OLD_HOP_OPTIONS;
	case IPV6_2292DSTOPTS:
		return INET_OLD_TARGET_OPTIONS;
	case IPV6_2292RTHDR:
		return INET_OLD_ROUTING;
	case IPV6_2292HOPLIMIT:
		return INET_OLD_HOPS;
	case IPV6_FLOWINFO:
		return INET_RECEIVE_FLOW;
	case IPV6_MULTICAST_ALL:
		return INET_NOT_ALL6;
	case IPV6_ROUTER_ALERT_ISOLATE:
		return INET_ALERT_ISOLATE;
	case IPV6_RECVERR_RFC4884:
		return INET_ERRORS_MORE6;
	case IPV6_RECVHOPOPTS:
		return INET_RECEIVE_HOP_OPTIONS;
	case IPV6_RECVRTHDR:
		return INET_RECEIVE_ROUTING;
	case IPV6_RECVDSTOPTS:
		return INET_RECEIVE_TARGET_OPTIONS;
	case IPV6_RECVPATHMTU:
		return INET_RECEIVE_PATH;
	case IPV6_RECVORIGDSTADDR:
		return INET_RECEIVE_ORIGINAL6;
	case IPV6_RECVFRAGSIZE:
		return INET_RECEIVE_FRAGMENT6;
	case IPV6_TRANSPARENT:
		return INET_TRANSPARENT;
	case IPV6_FREEBIND:
		return INET_FREEBIND;
	case IPV6_HDRINCL:
		return INET_HEADER6;
	}
	return 0;
}

static bool may_be_transparent(void)
{
	return cred_capable(cred_current(), CAP_NET_ADMIN) || cred_capable(cred_current(), CAP_NET_RAW);
}

static int set_only6(struct inet_socket *s, int v)
{
	SPIN_GUARD(&s->base.lock);
	if (s->claim || s->port_bound)
		return -EINVAL;
	inet_set_bit(s, INET_ONLY6, v);
	return 0;
}

/* Which source addresses it would like (RFC 5014). Of each pair at most one; what is not said stays. */
static int set_preferences(struct inet_options *o, int v)
{
	int which = v & (IPV6_PREFER_SRC_PUBLIC | IPV6_PREFER_SRC_TMP | IPV6_PREFER_SRC_PUBTMP_DEFAULT);
	int home = v & (IPV6_PREFER_SRC_HOME | IPV6_PREFER_SRC_COA), now = o->preferences ? o->preferences : PREFERENCES_DEFAULT;

	if (which & (which - 1) || home & (home - 1))
		return -EINVAL;
	if ((v & IPV6_PREFER_SRC_CGA) && (v & IPV6_PREFER_SRC_NONCGA))
		return -EINVAL;
	if (which)
		now = (now & ~(IPV6_PREFER_SRC_PUBLIC | IPV6_PREFER_SRC_TMP | IPV6_PREFER_SRC_PUBTMP_DEFAULT)) | which;
	if (home)
		now = (now & ~(IPV6_PREFER_SRC_HOME | IPV6_PREFER_SRC_COA)) | home;
	atomic_store(&o->preferences, (uint16_t)now);
	return 0;
}

/* IPV6_PKTINFO: of it the interface counts. */
static int set_sticky(struct inet_options *o, const void *value, unsigned n)
{
	struct in6_pktinfo info;

	if (n < sizeof(info))
		return -EINVAL;
	memcpy(&info, value, sizeof(info));
	atomic_store(&o->sticky_device, (int)info.ipi6_ifindex);
	return 0;
}

/* Those that few programs use; v is the number in value, if it is long enough. */
static int set_rare(struct inet_socket *s, int option, const void *value, unsigned n, int v)
{
	struct inet_options *o = &s->options;

	switch (option) {
	case IPV6_2292PKTOPTIONS:
		return n < sizeof(struct control_header) ? 0 : -EINVAL;
	case IPV6_MTU:
		return n < sizeof(v) || (v && v < MTU_LEAST) ? -EINVAL : 0;
	case IPV6_MINHOPCOUNT:
		if (n < sizeof(v) || v < 0 || v > 255)
			return -EINVAL;
		atomic_store(&o->min_hops, v);
		return 0;
	case IPV6_ADDR_PREFERENCES:
		return n < sizeof(v) ? -EINVAL : set_preferences(o, v);
	case IPV6_UNICAST_IF:
		return inet_set_unicast(s, &o->unicast_device6, value, n);
	case IPV6_IPSEC_POLICY:
	case IPV6_XFRM_POLICY:
		return !cred_capable(cred_current(), CAP_NET_ADMIN) ? -EPERM : n ? -EINVAL : -EMSGSIZE;
	case IPV6_RTHDR:
		return n ? -EINVAL : 0;
	case IPV6_HOPOPTS:
	case IPV6_RTHDRDSTOPTS:
	case IPV6_DSTOPTS:
		return !cred_capable(cred_current(), CAP_NET_RAW) ? -EPERM : n & 7 || n > 8 * 255 ? -EINVAL : 0;
	case IPV6_ROUTER_ALERT:
		return n < sizeof(v) ? -EINVAL : s->base.type == SOCK_RAW && s->base.protocol == IPPROTO_RAW ? 0 : -ENOPROTOOPT;
	case IPV6_JOIN_ANYCAST:
		return n < sizeof(struct ipv6_mreq) ? -EINVAL : -EADDRNOTAVAIL;
	case IPV6_LEAVE_ANYCAST:
		return n < sizeof(struct ipv6_mreq) ? -EINVAL : -ENOENT;
	case IPV6_PKTINFO:
		return set_sticky(o, value, n);
	case IPV6_ADDRFORM:
		return n < sizeof(v) || v != AF_INET ? -EINVAL : s->base.type == SOCK_RAW ? -ENOPROTOOPT : -ENOTCONN;
	case IPV6_ADD_MEMBERSHIP:
	case IPV6_DROP_MEMBERSHIP:
		return n < sizeof(struct ipv6_mreq) ? -EINVAL : -EPROTO; /* of streams: others have them elsewhere */
	case IPV6_FLOWLABEL_MGR:
	case MCAST_JOIN_GROUP:
	case MCAST_BLOCK_SOURCE:
	case MCAST_UNBLOCK_SOURCE:
	case MCAST_LEAVE_GROUP:
	case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_LEAVE_SOURCE_GROUP:
	case MCAST_MSFILTER:
		return -EINVAL;
	}
	return -ENOPROTOOPT;
}

int inet_set_option6(struct inet_socket *s, int option, const void *value, unsigned n)
{
	struct inet_options *o = &s->options;
	uint64_t bit = bit6(option);
	int v = 0;

	if (s->base.family != AF_INET6 || (option == IPV6_HDRINCL && s->base.type != SOCK_RAW))
		return -ENOPROTOOPT;
	if (n >= sizeof(v))
		memcpy(&v, value, sizeof(v));
	else if (bit && option != IPV6_DONTFRAG && option != IPV6_AUTOFLOWLABEL && option != IPV6_RECVFRAGSIZE)
		return -EINVAL;
	if (option == IPV6_TRANSPARENT && v && !may_be_transparent())
		return -EPERM;
	if (option == IPV6_RECVERR_RFC4884 && v != !!v)
		return -EINVAL;
	if (bit == INET_ONLY6)
		return set_only6(s, v);
	if (option == IPV6_MULTICAST_LOOP && v != !!v)
		return -EINVAL;
	if (bit) {
		inet_set_bit(s, bit, v);
		return 0;
	}
	switch (option) {
	case IPV6_UNICAST_HOPS:
		return n < sizeof(v) ? -EINVAL : inet_set_ttl(&o->hops, v, 0);
	case IPV6_MULTICAST_HOPS:
		if (s->base.type == SOCK_STREAM)
			return -ENOPROTOOPT;
		return n < sizeof(v) ? -EINVAL : inet_set_ttl(&o->multicast_hops, v == -1 ? 1 : v, 0);
	case IPV6_TCLASS:
		if (n < sizeof(v) || v < -1 || v > 255)
			return -EINVAL;
		v = max(v, 0);
		if (s->base.type == SOCK_STREAM)
			v = (v & ~ECN_BITS) | (o->tclass & ECN_BITS);
		atomic_store(&o->tclass, (uint8_t)v);
		return 0;
	case IPV6_MTU_DISCOVER:
		if (n < sizeof(v) || v < IPV6_PMTUDISC_DONT || v > IPV6_PMTUDISC_OMIT)
			return -EINVAL;
		atomic_store(&o->discover6, (uint8_t)v);
		return 0;
	case IPV6_MULTICAST_IF:
		if (s->base.type == SOCK_STREAM)
			return -ENOPROTOOPT;
		if (n < sizeof(v))
			return -EINVAL;
		if (v && !net_device_at(v))
			return -ENODEV;
		atomic_store(&o->multicast_device6, v);
		return 0;
	}
	return set_rare(s, option, value, n, v);
}

/* IPV6_PATHMTU, of a connection. */
static int get_path(struct inet_socket *s, void *value, unsigned *n)
{
	struct { struct sockaddr_in6 addr; uint32_t mtu; } told = { .mtu = LOOPBACK_MTU };

	if (*n < sizeof(told))
		return -EINVAL;
	if (!s->remote.port)
		return -ENOTCONN;
	memcpy(&told.addr.sin6_addr, &s->remote.addr, sizeof(told.addr.sin6_addr));
	inet_option_answer(value, n, &told, sizeof(told));
	return 0;
}

static int get_rare(struct inet_socket *s, int option, void *value, unsigned *n)
{
	const struct inet_options *o = &s->options;
	int v = 0;

	switch (option) {
	case IPV6_ADDRFORM:
		if (s->base.type == SOCK_RAW)
			return -ENOPROTOOPT;
		if (READ_ONCE(s->state) != TCP_ESTABLISHED)
			return -ENOTCONN;
		v = AF_INET6;
		break;
	case IPV6_2292PKTOPTIONS:
		if (s->base.type != SOCK_STREAM)
			return -ENOPROTOOPT;
		*n = 0;
		return 0;
	case IPV6_HOPOPTS:
	case IPV6_RTHDRDSTOPTS:
	case IPV6_RTHDR:
	case IPV6_DSTOPTS:
		*n = 0;
		return 0;
	case IPV6_FLOWLABEL_MGR:
		return *n < sizeof(struct in6_flowlabel_req) ? -EINVAL : -ENOENT;
	case MCAST_MSFILTER:
		return *n < sizeof(struct group_filter) - sizeof(struct __kernel_sockaddr_storage) ? -EINVAL : -EADDRNOTAVAIL;
	case IPV6_PATHMTU:
		return get_path(s, value, n);
	case IPV6_MINHOPCOUNT:
		v = o->min_hops;
		break;
	case IPV6_ADDR_PREFERENCES:
		v = o->preferences ? o->preferences : PREFERENCES_DEFAULT;
		break;
	case IPV6_UNICAST_IF:
		v = (int)net32((uint32_t)o->unicast_device6);
		break;
	default:
		return -ENOPROTOOPT;
	}
	inet_option_answer(value, n, &v, sizeof(v));
	return 0;
}

int inet_get_option6(struct inet_socket *s, int option, void *value, unsigned *n)
{
	const struct inet_options *o = &s->options;
	uint64_t bit = bit6(option);
	int v;

	if (s->base.family != AF_INET6)
		return -EOPNOTSUPP;
	switch (option) {
	case IPV6_UNICAST_HOPS:
		v = o->hops < 0 ? HOPS_DEFAULT : o->hops;
		break;
	case IPV6_MULTICAST_HOPS:
		v = o->multicast_hops;
		break;
	case IPV6_TCLASS:
		v = o->tclass;
		break;
	case IPV6_MTU_DISCOVER:
		v = o->discover6;
		break;
	case IPV6_MULTICAST_IF:
		v = o->multicast_device6;
		break;
	case IPV6_MTU:
		if (!s->remote.port)
			return -ENOTCONN;
		v = LOOPBACK_MTU;
		break;
	default:
		if (!bit || (option == IPV6_HDRINCL && s->base.type != SOCK_RAW))
			return get_rare(s, option, value, n);
		v = inet_get_bit(s, bit);
	}
	inet_option_answer(value, n, &v, sizeof(v));
	return 0;
}
