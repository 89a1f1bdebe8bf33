/* SPDX-License-Identifier: MIT */
/*
 * net/inet/option.c: options of level IPPROTO_IP (ip(7)), and what SOL_SOCKET leaves to
 * the family. Each is a word, or a bit of one; some a
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
#include <linux/ip.h>

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

static uint64_t bit4(int option)
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
	case IP_RETOPTS:
		return INET_RETURN_OPTIONS;
	case IP_PASSSEC:
		return INET_PASS_SECURITY;
	case IP_CHECKSUM:
		return INET_RECEIVE_CHECKSUM;
	case IP_RECVFRAGSIZE:
		return INET_RECEIVE_FRAGMENT;
	case IP_RECVERR_RFC4884:
		return INET_ERRORS_MORE;
	case IP_NODEFRAG:
		return INET_NO_DEFRAG;
	}
	return 0;
}

/* Bits whose sense is the opposite of the option's. */
#define NEGATED (INET_NO_LOOP | INET_NO_LOOP6 | INET_NOT_ALL | INET_NOT_ALL6)

void inet_set_bit(struct inet_socket *s, uint64_t bit, bool on)
{
	if (bit & NEGATED)
		on = !on;
	if (on)
		atomic_or(&s->options.bits, bit);
	else
		atomic_and(&s->options.bits, ~bit);
}

int inet_get_bit(const struct inet_socket *s, uint64_t bit)
{
	return inet_has(s, bit) != !!(bit & NEGATED);
}

static bool privileged(void)
{
	return cred_capable(cred_current(), CAP_NET_ADMIN) || cred_capable(cred_current(), CAP_NET_RAW);
}

int inet_set_ttl(int16_t *at, int v, int least)
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

/* Whole options, each with its length, but for padding; and only the harmless without privilege. */
static bool ip_options_good(const uint8_t *at, unsigned left)
{
	while (left && *at != IPOPT_END) {
		unsigned n = *at == IPOPT_NOOP ? 1 : left < 2 ? 0 : at[1];

		if (n > left || (*at != IPOPT_NOOP && n < 2))
			return false;
		if (*at != IPOPT_NOOP && *at != IPOPT_RR && *at != IPOPT_TS && !cred_capable(cred_current(), CAP_NET_RAW))
			return false;
		at += n;
		left -= n;
	}
	return true;
}

/* Options in the header of IPv4: kept, padded to four bytes, and not sent. */
static int set_ip_options(struct inet_socket *s, const void *value, unsigned n)
{
	struct inet_options *o = &s->options;

	if (n > sizeof(o->ip_options) || !ip_options_good(value, n))
		return -EINVAL;
	SPIN_GUARD(&s->base.lock);
	memset(o->ip_options, 0, sizeof(o->ip_options));
	memcpy(o->ip_options, value, n);
	o->ip_options_length = (uint8_t)((n + 3) & ~3u);
	return 0;
}

static void get_ip_options(struct inet_socket *s, void *value, unsigned *n)
{
	SPIN_GUARD(&s->base.lock);
	inet_option_answer(value, n, s->options.ip_options, s->options.ip_options_length);
}

int inet_set_unicast(struct inet_socket *s, int *at, const void *value, unsigned n)
{
	int index, bound = atomic_load(&s->device);

	if (n != sizeof(index))
		return -EINVAL;
	memcpy(&index, value, sizeof(index));
	index = (int)net32((uint32_t)index);
	if (index && !net_device_at(index))
		return -EADDRNOTAVAIL;
	if (index && bound && index != bound)
		return -EINVAL;
	atomic_store(at, index);
	return 0;
}

/* The chain of who gets packets with the router's alert: in it once, out of it once. */
static int set_alert(struct inet_socket *s, bool on)
{
	if (s->base.type != SOCK_RAW || s->base.protocol == IPPROTO_RAW)
		return -EINVAL;
	if (inet_has(s, INET_ROUTER_ALERT) == on)
		return on ? -EADDRINUSE : -ENOBUFS;
	inet_set_bit(s, INET_ROUTER_ALERT, on);
	return 0;
}

static int set_port_range(struct inet_options *o, uint32_t v, unsigned n)
{
	uint32_t least = v & UINT16_MAX, most = v >> 16;

	if (n != sizeof(v) || (least && most && least > most))
		return -EINVAL;
	atomic_store(&o->port_range, v);
	return 0;
}

/* Those that few programs use; v is the number in value. */
static int set4_rare(struct inet_socket *s, int option, const void *value, unsigned n, int v)
{
	switch (option) {
	case IP_ROUTER_ALERT:
		return set_alert(s, v);
	case IP_IPSEC_POLICY:
	case IP_XFRM_POLICY:
		return !cred_capable(cred_current(), CAP_NET_ADMIN) ? -EPERM : n ? -EINVAL : -EMSGSIZE;
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return -EPROTO; /* of streams: others have them elsewhere */
	case IP_UNBLOCK_SOURCE:
	case IP_BLOCK_SOURCE:
	case IP_ADD_SOURCE_MEMBERSHIP:
	case IP_DROP_SOURCE_MEMBERSHIP:
	case IP_MSFILTER:
	case MCAST_JOIN_GROUP:
	case MCAST_BLOCK_SOURCE:
	case MCAST_UNBLOCK_SOURCE:
	case MCAST_LEAVE_GROUP:
	case MCAST_JOIN_SOURCE_GROUP:
	case MCAST_LEAVE_SOURCE_GROUP:
	case MCAST_MSFILTER:
		return -EINVAL;
	case IP_UNICAST_IF:
		return inet_set_unicast(s, &s->options.unicast_device, value, n);
	case IP_LOCAL_PORT_RANGE:
		return set_port_range(&s->options, (uint32_t)v, n);
	}
	return -ENOPROTOOPT;
}

static int set4(struct inet_socket *s, int option, const void *value, unsigned n)
{
	struct inet_options *o = &s->options;
	uint64_t bit = bit4(option);
	int v;

	if (option == IP_MULTICAST_IF)
		return s->base.type == SOCK_STREAM ? -EINVAL : set_multicast_device(s, value, n);
	if (option == IP_OPTIONS)
		return set_ip_options(s, value, n);
	inet_option_int(value, n, &v);
	if ((option == IP_HDRINCL || option == IP_NODEFRAG) && s->base.type != SOCK_RAW)
		return -ENOPROTOOPT;
	if (option == IP_RECVFRAGSIZE && s->base.type == SOCK_STREAM)
		return -EINVAL;
	if (option == IP_RECVERR_RFC4884 && v != !!v)
		return -EINVAL;
	if (option == IP_TRANSPARENT && n < 1)
		return -EINVAL;
	if (option == IP_TRANSPARENT && v && !privileged())
		return -EPERM;
	if (bit && (option == IP_MULTICAST_LOOP || option == IP_MULTICAST_ALL || option == IP_FREEBIND) && n < 1)
		return -EINVAL;
	if (option == IP_MULTICAST_ALL && (v & ~1))
		return -EINVAL;
	if (bit) {
		inet_set_bit(s, bit, v);
		return 0;
	}
	switch (option) {
	case IP_TOS:
		if (s->base.type == SOCK_STREAM)
			v = (v & ~3) | (o->tos & 3);
		atomic_store(&o->tos, (uint8_t)v);
		return 0;
	case IP_TTL:
		return n < 1 ? -EINVAL : inet_set_ttl(&o->ttl, v, 1);
	case IP_MULTICAST_TTL:
		if (s->base.type == SOCK_STREAM || n < 1)
			return -EINVAL;
		return inet_set_ttl(&o->multicast_ttl, v == -1 ? 1 : v, 0);
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
	}
	return set4_rare(s, option, value, n, v);
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

static int bind_index(struct inet_socket *s, const void *value)
{
	int index;

	memcpy(&index, value, sizeof(index));
	if (index < 0)
		return -EINVAL;
	if (s->device && !cred_capable(cred_current(), CAP_NET_RAW))
		return -EPERM;
	atomic_store(&s->device, index);
	return 0;
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
	case SO_BINDTOIFINDEX:
		return bind_index(s, value);
	}
	return -ENOPROTOOPT;
}

static bool is_raw6(const struct inet_socket *s)
{
	return s->base.family == AF_INET6 && s->base.type == SOCK_RAW;
}

int inet_set_option(struct socket *base, int level, int option, const void *value, unsigned n)
{
	struct inet_socket *s = inet_of(base);

	switch (level) {
	case SOL_SOCKET:
		return set_base(s, option, value, n);
	case IPPROTO_IP:
		return is_raw6(s) ? -ENOPROTOOPT : set4(s, option, value, n);
	case IPPROTO_IPV6:
		return inet_set_option6(s, option, value, n);
	}
	return -ENOPROTOOPT;
}

static int get4(struct inet_socket *s, int option, void *value, unsigned *n)
{
	const struct inet_options *o = &s->options;
	uint64_t bit = bit4(option);
	uint32_t source = o->multicast_source.word[3];

	if (bit)
		return answer_int(value, n, inet_get_bit(s, bit));
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
		get_ip_options(s, value, n);
		return 0;
	case IP_PKTOPTIONS:
		*n = s->base.type == SOCK_STREAM ? 0 : *n;
		return s->base.type == SOCK_STREAM ? 0 : -ENOPROTOOPT;
	case IP_MSFILTER:
	case MCAST_MSFILTER:
		return -EINVAL;
	case IP_UNICAST_IF:
		return answer_int(value, n, (int)net32((uint32_t)o->unicast_device));
	case IP_LOCAL_PORT_RANGE:
		return answer_int(value, n, (int)o->port_range);
	case IP_PROTOCOL:
		return answer_int(value, n, s->base.type == SOCK_RAW ? s->base.protocol : 0);
	}
	return -ENOPROTOOPT;
}

static int get_base(struct inet_socket *s, int option, void *value, unsigned *n)
{
	int listening = READ_ONCE(s->state) == TCP_LISTENING, device;
	struct net_device *d;

	switch (option) {
	case SO_ACCEPTCONN:
		inet_option_answer(value, n, &listening, sizeof(listening));
		return 0;
	case SO_BINDTOIFINDEX:
		device = atomic_load(&s->device);
		inet_option_answer(value, n, &device, sizeof(device));
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
		return is_raw6(s) ? -ENOPROTOOPT : get4(s, option, value, n);
	case IPPROTO_IPV6:
		return inet_get_option6(s, option, value, n);
	}
	return s->base.family == AF_INET6 ? -ENOPROTOOPT : -EOPNOTSUPP;
}
