/* SPDX-License-Identifier: MIT */
/*
 * net/inet/option.c: options of levels IPPROTO_IP and IPPROTO_IPV6 (ip(7), ipv6(7)),
 * and what SOL_SOCKET leaves to the family. Each is a word, or a bit of one; some a
 * program may only set and read back, for there is nothing yet that they would change.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/filter.h"
#include "net/inet/inet.h"
#include "mem/slab.h"
#include "proc/process.h"
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/if.h>

#define IP_DEFAULT_TTL 64
#define LOOPBACK_MTU   65535 /* the longest packet, though the interface would take one more */

int inet_option_int(const void *value, unsigned n, int *out)
{
	uint8_t byte;

	if (n >= sizeof(*out)) {
		memcpy(out, value, sizeof(*out));
	} else if (n) {
		memcpy(&byte, value, 1);
		*out = byte;
	} else {
		*out = 0;
	}
	return 0;
}

void inet_option_answer(void *value, unsigned *n, const void *from, unsigned size)
{
	*n = min(*n, size);
	memcpy(value, from, *n);
}

/* Linux gives one byte to who has room for less than an int. */
static int answer_int(void *value, unsigned *n, int v)
{
	uint8_t byte = (uint8_t)v;

	if (*n > 0 && *n < sizeof(v) && v >= 0 && v <= 255) {
		*n = 1;
		memcpy(value, &byte, 1);
	} else {
		inet_option_answer(value, n, &v, sizeof(v));
	}
	return 0;
}

static uint32_t bit4(int option)
{
	switch (option) {
	case IP_PKTINFO:
		return INET_RECEIVE_INFO;
	case IP_RECVTTL:
		return INET_RECEIVE_TTL;
	case IP_RECVTOS:
		return INET_RECEIVE_TOS;
	case IP_RECVOPTS:
		return INET_RECEIVE_OPTIONS;
	case IP_RECVORIGDSTADDR:
		return INET_RECEIVE_ORIGINAL;
	case IP_RECVERR:
		return INET_ERRORS;
	case IP_FREEBIND:
		return INET_FREEBIND;
	case IP_TRANSPARENT:
		return INET_TRANSPARENT;
	case IP_MULTICAST_LOOP:
		return INET_NO_LOOP;
	case IP_MULTICAST_ALL:
		return INET_NOT_ALL;
	case IP_BIND_ADDRESS_NO_PORT:
		return INET_LATE_PORT;
	case IP_HDRINCL:
		return INET_HEADER;
	}
	return 0;
}

static uint32_t bit6(int option)
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
	}
	return 0;
}

/* Bits whose sense is the opposite of the option's. */
#define NEGATED (INET_NO_LOOP | INET_NO_LOOP6 | INET_NOT_ALL)

static void set_bit(struct inet_socket *s, uint32_t bit, bool on)
{
	if (bit & NEGATED)
		on = !on;
	if (on)
		atomic_or(&s->options.bits, bit);
	else
		atomic_and(&s->options.bits, ~bit);
}

static int get_bit(const struct inet_socket *s, uint32_t bit)
{
	return inet_has(s, bit) != !!(bit & NEGATED);
}

static bool privileged(void)
{
	return cred_capable(cred_current(), CAP_NET_ADMIN) || cred_capable(cred_current(), CAP_NET_RAW);
}

static int set_ttl(int16_t *at, int v, int least)
{
	if (v != -1 && (v < least || v > 255))
		return -EINVAL;
	atomic_store(at, (int16_t)v);
	return 0;
}

/* IP_MULTICAST_IF takes an address, or one of two structures with one. */
static int set_multicast_device(struct inet_socket *s, const void *value, unsigned n)
{
	struct ip_mreqn r = { .imr_ifindex = 0 };
	struct inet_route route;
	struct inet_addr addr;

	if (n < sizeof(struct in_addr))
		return -EINVAL;
	if (n >= sizeof(struct ip_mreq))
		memcpy(&r, value, min((size_t)n, sizeof(r)));
	else
		memcpy(&r.imr_address, value, sizeof(r.imr_address));
	addr = inet_addr4(r.imr_address.s_addr);
	if (r.imr_ifindex) {
		if (!net_device_at(r.imr_ifindex))
			return -EADDRNOTAVAIL;
		s->options.multicast_device = r.imr_ifindex;
	} else if (inet_is_any(&addr)) {
		s->options.multicast_device = 0;
	} else {
		if (!inet_is_local(&addr) || inet_route(&addr, 0, &route))
			return -EADDRNOTAVAIL;
		s->options.multicast_device = route.device;
	}
	s->options.multicast_source = addr;
	return 0;
}

static int set4(struct inet_socket *s, int option, const void *value, unsigned n)
{
	struct inet_options *o = &s->options;
	uint32_t bit = bit4(option);
	int v;

	if (option == IP_MULTICAST_IF)
		return set_multicast_device(s, value, n);
	inet_option_int(value, n, &v);
	if (option == IP_HDRINCL && s->base.type != SOCK_RAW)
		return -ENOPROTOOPT;
	if (option == IP_TRANSPARENT && v && !privileged())
		return -EPERM;
	if (bit && (option == IP_MULTICAST_LOOP || option == IP_MULTICAST_ALL || option == IP_FREEBIND) && n < 1)
		return -EINVAL;
	if (option == IP_MULTICAST_ALL && (v & ~1))
		return -EINVAL;
	if (bit) {
		set_bit(s, bit, v);
		return 0;
	}
	switch (option) {
	case IP_TOS:
		if (s->base.type == SOCK_STREAM)
			v = (v & ~3) | (o->tos & 3);
		atomic_store(&o->tos, (uint8_t)v);
		return 0;
	case IP_TTL:
		return n < 1 ? -EINVAL : set_ttl(&o->ttl, v, 1);
	case IP_MULTICAST_TTL:
		if (s->base.type == SOCK_STREAM || n < 1)
			return -EINVAL;
		return set_ttl(&o->multicast_ttl, v == -1 ? 1 : v, 0);
	case IP_MTU_DISCOVER:
		if (v < IP_PMTUDISC_DONT || v > IP_PMTUDISC_OMIT)
			return -EINVAL;
		atomic_store(&o->discover, (uint8_t)v);
		return 0;
	case IP_MINTTL:
		if (v < 0 || v > 255 || n < 1)
			return -EINVAL;
		atomic_store(&o->min_ttl, v);
		return 0;
	case IP_OPTIONS:
		return n > 40 ? -EINVAL : n ? -EOPNOTSUPP : 0;
	}
	return -ENOPROTOOPT;
}

static int set_only6(struct inet_socket *s, int v)
{
	SPIN_GUARD(&s->base.lock);
	if (s->claim || s->port_bound)
		return -EINVAL;
	set_bit(s, INET_ONLY6, v);
	return 0;
}

static int set6(struct inet_socket *s, int option, const void *value, unsigned n)
{
	struct inet_options *o = &s->options;
	uint32_t bit = bit6(option);
	int v = 0;

	if (s->base.family != AF_INET6)
		return -ENOPROTOOPT;
	if (n >= sizeof(v))
		memcpy(&v, value, sizeof(v));
	else if (bit)
		return -EINVAL;
	if (bit == INET_ONLY6)
		return set_only6(s, v);
	if (option == IPV6_MULTICAST_LOOP && v != !!v)
		return -EINVAL;
	if (bit) {
		set_bit(s, bit, v);
		return 0;
	}
	switch (option) {
	case IPV6_UNICAST_HOPS:
		return n < sizeof(v) ? -EINVAL : set_ttl(&o->hops, v, 0);
	case IPV6_MULTICAST_HOPS:
		if (s->base.type == SOCK_STREAM)
			return -ENOPROTOOPT;
		return n < sizeof(v) ? -EINVAL : set_ttl(&o->multicast_hops, v == -1 ? 1 : v, 0);
	case IPV6_TCLASS:
		if (n < sizeof(v) || v < -1 || v > 255)
			return -EINVAL;
		atomic_store(&o->tclass, (uint8_t)(v < 0 ? 0 : v));
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
	return -ENOPROTOOPT;
}

/* SO_BINDTODEVICE: a name, which need not end in zero; none unbinds. */
static int bind_device(struct inet_socket *s, const void *value, unsigned n)
{
	char name[IFNAMSIZ] = "";
	struct net_device *d;

	memcpy(name, value, min(n, (unsigned)IFNAMSIZ - 1));
	d = name[0] ? net_device_find(name) : NULL;
	if (name[0] && !d)
		return -ENODEV;
	if (s->device && !cred_capable(cred_current(), CAP_NET_RAW))
		return -EPERM;
	atomic_store(&s->device, d ? d->index : 0);
	return 0;
}

/* SO_ATTACH_REUSEPORT_CBPF: which of those who share a port gets a packet. */
static int set_chooser(struct inet_socket *s, const void *value, unsigned n)
{
	struct socket_filter *f;
	int error = socket_filter_read(&s->base, value, n, &f);

	if (error)
		return error;
	error = port_set_chooser(s, f);
	if (error)
		kfree(f);
	return error;
}

static int set_base(struct inet_socket *s, int option, const void *value, unsigned n)
{
	switch (option) {
	case SO_BINDTODEVICE:
		return bind_device(s, value, n);
	case SO_ATTACH_REUSEPORT_CBPF:
		return set_chooser(s, value, n);
	case SO_DETACH_REUSEPORT_BPF:
		return port_set_chooser(s, NULL);
	}
	return -ENOPROTOOPT;
}

int inet_set_option(struct socket *base, int level, int option, const void *value, unsigned n)
{
	struct inet_socket *s = inet_of(base);

	switch (level) {
	case SOL_SOCKET:
		return set_base(s, option, value, n);
	case IPPROTO_IP:
		return set4(s, option, value, n);
	case IPPROTO_IPV6:
		return set6(s, option, value, n);
	}
	return -ENOPROTOOPT;
}

static int get4(struct inet_socket *s, int option, void *value, unsigned *n)
{
	const struct inet_options *o = &s->options;
	uint32_t bit = bit4(option), source = o->multicast_source.word[3];

	if (option == IP_HDRINCL && s->base.type != SOCK_RAW)
		return -ENOPROTOOPT;
	if (bit)
		return answer_int(value, n, get_bit(s, bit));
	switch (option) {
	case IP_TOS:
		return answer_int(value, n, o->tos);
	case IP_TTL:
		return answer_int(value, n, o->ttl < 0 ? IP_DEFAULT_TTL : o->ttl);
	case IP_MULTICAST_TTL:
		return answer_int(value, n, o->multicast_ttl);
	case IP_MTU_DISCOVER:
		return answer_int(value, n, o->discover);
	case IP_MINTTL:
		return answer_int(value, n, o->min_ttl);
	case IP_MTU:
		return s->remote.port ? answer_int(value, n, LOOPBACK_MTU) : -ENOTCONN;
	case IP_MULTICAST_IF:
		inet_option_answer(value, n, &source, sizeof(source));
		return 0;
	case IP_OPTIONS:
		*n = 0;
		return 0;
	}
	return -ENOPROTOOPT;
}

static int get6(struct inet_socket *s, int option, void *value, unsigned *n)
{
	const struct inet_options *o = &s->options;
	uint32_t bit = bit6(option);
	int v;

	if (s->base.family != AF_INET6)
		return -EOPNOTSUPP;
	switch (option) {
	case IPV6_UNICAST_HOPS:
		v = o->hops < 0 ? IP_DEFAULT_TTL : o->hops;
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
		if (!bit)
			return -ENOPROTOOPT;
		v = get_bit(s, bit);
	}
	inet_option_answer(value, n, &v, sizeof(v));
	return 0;
}

static int get_base(struct inet_socket *s, int option, void *value, unsigned *n)
{
	struct ucred nobody = { 0, UINT32_MAX, UINT32_MAX };
	int listening = READ_ONCE(s->state) == TCP_LISTENING;
	struct net_device *d;

	switch (option) {
	case SO_ACCEPTCONN:
		inet_option_answer(value, n, &listening, sizeof(listening));
		return 0;
	case SO_PEERCRED:
		inet_option_answer(value, n, &nobody, sizeof(nobody));
		return 0;
	case SO_BINDTODEVICE:
		d = net_device_at(atomic_load(&s->device));
		if (d && *n < IFNAMSIZ)
			return -EINVAL;
		inet_option_answer(value, n, d ? d->name : "", d ? (unsigned)strlen(d->name) + 1 : 0);
		return 0;
	}
	return -ENOPROTOOPT;
}

int inet_get_option(struct socket *base, int level, int option, void *value, unsigned *n)
{
	struct inet_socket *s = inet_of(base);

	switch (level) {
	case SOL_SOCKET:
		return get_base(s, option, value, n);
	case IPPROTO_IP:
		return get4(s, option, value, n);
	case IPPROTO_IPV6:
		return get6(s, option, value, n);
	}
	return -EOPNOTSUPP;
}
