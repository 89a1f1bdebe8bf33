/* SPDX-License-Identifier: MIT */
/*
 * net/device_ioctl.c: interfaces as ioctl(2) shows and changes them (netdevice(7)):
 * one struct ifreq that names an interface and carries one value. They know IPv4
 * addresses only, and any socket will do.
 */
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/device.h"
#include "proc/process.h"
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

static void name_fill(struct sockaddr *to, uint32_t v4)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = v4 };

	memcpy(to, &in, sizeof(*to));
}

static uint32_t mask_of(unsigned prefix)
{
	return prefix ? net32(~0u << (32 - prefix)) : 0;
}

/* The interface's first IPv4 address. Under RCU. */
static const struct net_address *first_address(const struct net_device *d)
{
	struct net_address *a;

	list_for_each_entry_rcu(a, &d->addresses, link)
		if (inet_is4(&a->addr))
			return a;
	return NULL;
}

static int get_address(const struct net_device *d, unsigned command, struct ifreq *r)
{
	const struct net_address *a;
	int error = 0;

	rcu_read_lock();
	a = first_address(d);
	if (!a)
		error = -EADDRNOTAVAIL;
	else if (command == SIOCGIFNETMASK)
		name_fill(&r->ifr_netmask, mask_of(a->prefix));
	else
		name_fill(&r->ifr_addr, command == SIOCGIFBRDADDR ? a->broadcast.word[3] : a->addr.word[3]);
	rcu_read_unlock();
	return error;
}

static int get_value(struct net_device *d, unsigned command, struct ifreq *r)
{
	uint32_t flags = atomic_load(&d->flags);

	switch (command) {
	case SIOCGIFFLAGS:
		r->ifr_flags = (short)(flags & ~(uint32_t)IFF_LOWER_UP);
		return 0;
	case SIOCGIFINDEX:
		r->ifr_ifindex = d->index;
		return 0;
	case SIOCGIFMTU:
		r->ifr_mtu = (int)atomic_load(&d->mtu);
		return 0;
	case SIOCGIFMETRIC:
		r->ifr_metric = 0;
		return 0;
	case SIOCGIFTXQLEN:
		r->ifr_qlen = (int)atomic_load(&d->queue_length);
		return 0;
	case SIOCGIFHWADDR:
		memset(&r->ifr_hwaddr, 0, sizeof(r->ifr_hwaddr));
		r->ifr_hwaddr.sa_family = d->type;
		return 0;
	case SIOCGIFMAP:
		memset(&r->ifr_map, 0, sizeof(r->ifr_map));
		return 0;
	}
	return get_address(d, command, r);
}

/* SIOCSIFADDR and its kin: the one address is replaced by one that differs in a part. */
static int set_address(struct net_device *d, unsigned command, const struct ifreq *r)
{
	struct net_address made = { .prefix = 8, .scope = RT_SCOPE_HOST, .flags = IFA_F_PERMANENT };
	const struct net_address *old = first_address(d);
	struct sockaddr_in in;

	memcpy(&in, &r->ifr_addr, sizeof(struct sockaddr));
	if (in.sin_family != AF_INET)
		return -EINVAL;
	if (old)
		made = *old;
	else if (command != SIOCSIFADDR)
		return -EADDRNOTAVAIL;
	if (command == SIOCSIFADDR)
		made.addr = inet_addr4(in.sin_addr.s_addr);
	else if (command == SIOCSIFBRDADDR)
		made.broadcast = inet_addr4(in.sin_addr.s_addr);
	else if (~net32(in.sin_addr.s_addr) & (~net32(in.sin_addr.s_addr) + 1))
		return -EINVAL; /* ones, then zeros: nothing else is a mask */
	else
		made.prefix = (uint8_t)__builtin_popcount(in.sin_addr.s_addr);
	if (old)
		net_address_remove(d, &old->addr, UINT_MAX);
	return net_address_add(d, &made);
}

static int set_value(struct net_device *d, unsigned command, const struct ifreq *r)
{
	MUTEX_GUARD(&net_lock);
	switch (command) {
	case SIOCSIFFLAGS:
		net_device_set_flags(d, (uint16_t)r->ifr_flags, UINT16_MAX);
		return 0;
	case SIOCSIFMTU:
		if (r->ifr_mtu < 0)
			return -EINVAL;
		atomic_store(&d->mtu, (uint32_t)r->ifr_mtu);
		return 0;
	case SIOCSIFTXQLEN:
		if (r->ifr_qlen < 0)
			return -EINVAL;
		atomic_store(&d->queue_length, (uint32_t)r->ifr_qlen);
		return 0;
	case SIOCSIFADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
		return set_address(d, command, r);
	}
	return -EOPNOTSUPP;
}

/* SIOCGIFCONF: a struct ifreq for each interface with an address; without a buffer, how much room they need. */
static int64_t list_devices(uaddr_t at)
{
	struct ifconf c;
	int used = 0;

	if (copy_from_user(&c, at, sizeof(c)))
		return -EFAULT;
	for (struct net_device *d = net_device_next(NULL); d; d = net_device_next(d)) {
		struct ifreq r = { .ifr_name = "" };

		memcpy(r.ifr_name, d->name, sizeof(r.ifr_name));
		if (get_address(d, SIOCGIFADDR, &r))
			continue;
		if (c.ifc_buf && c.ifc_len - used < (int)sizeof(r))
			break;
		if (c.ifc_buf && copy_to_user((uaddr_t)c.ifc_buf + (unsigned)used, &r, sizeof(r)))
			return -EFAULT;
		used += (int)sizeof(r);
	}
	c.ifc_len = used;
	return copy_to_user(at, &c, sizeof(c));
}

static int64_t tell_name(uaddr_t at)
{
	struct net_device *d;
	struct ifreq r;

	if (copy_from_user(&r, at, sizeof(r)))
		return -EFAULT;
	d = net_device_at(r.ifr_ifindex);
	if (!d)
		return -ENODEV;
	memcpy(r.ifr_name, d->name, sizeof(r.ifr_name));
	return copy_to_user(at, &r, sizeof(r));
}

static bool is_change(unsigned command)
{
	switch (command) {
	case SIOCSIFFLAGS:
	case SIOCSIFADDR:
	case SIOCSIFBRDADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFDSTADDR:
	case SIOCSIFMTU:
	case SIOCSIFTXQLEN:
	case SIOCSIFMETRIC:
	case SIOCSIFHWADDR:
	case SIOCSIFNAME:
		return true;
	}
	return false;
}

static bool is_query(unsigned command)
{
	switch (command) {
	case SIOCGIFFLAGS:
	case SIOCGIFINDEX:
	case SIOCGIFMTU:
	case SIOCGIFMETRIC:
	case SIOCGIFTXQLEN:
	case SIOCGIFHWADDR:
	case SIOCGIFMAP:
	case SIOCGIFADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFDSTADDR:
		return true;
	}
	return false;
}

int64_t net_device_ioctl(unsigned command, uaddr_t argument)
{
	struct net_device *d;
	struct ifreq r;
	int error;

	if (command == SIOCGIFCONF)
		return list_devices(argument);
	if (command == SIOCGIFNAME)
		return tell_name(argument);
	if (!is_change(command) && !is_query(command))
		return -ENOTTY;
	if (copy_from_user(&r, argument, sizeof(r)))
		return -EFAULT;
	if (is_change(command) && !cred_capable(cred_current(), CAP_NET_ADMIN))
		return -EPERM;
	r.ifr_name[IFNAMSIZ - 1] = 0;
	d = net_device_find(r.ifr_name);
	if (!d)
		return -ENODEV;
	if (is_change(command))
		return set_value(d, command, &r);
	error = get_value(d, command, &r);
	return error ? error : copy_to_user(argument, &r, sizeof(r));
}
