/* SPDX-License-Identifier: MIT */
/*
 * net/device.h: network interfaces: names, flags, addresses, counters. There is
 * "lo" so far; a driver's interface will be registered the same way.
 *
 * An interface is never freed. Its addresses are read under RCU; changes exclude
 * each other by a mutex, under which listeners (net/netlink) are told, so that they
 * hear of changes in their order. As on Linux, lo is down when the system starts,
 * and 127.0.0.1 and ::1 come the first time it goes up.
 */
#ifndef NET_DEVICE_H
#define NET_DEVICE_H

#include "base/percpu.h"
#include "net/address.h"
#include "sched/mutex.h"

/* For <linux/if.h>, which leaves it to the C library. */
struct sockaddr {
	__kernel_sa_family_t sa_family;
	char sa_data[14];
};
#define NET_NAME_SIZE 16 /* IFNAMSIZ */

struct net_address {
	struct list link;            /* device's: changed under net_lock, read under RCU */
	struct rcu_head rcu;
	struct inet_addr addr;       /* immutable */
	struct inet_addr broadcast;  /* immutable: any for none */
	uint8_t prefix;              /* immutable: bits of its own family */
	uint8_t scope;               /* immutable: RT_SCOPE_* */
	uint8_t flags;               /* immutable: IFA_F_* */
	struct net_device *device;   /* immutable */
};

struct net_device {
	char name[NET_NAME_SIZE];       /* immutable */
	int index;                   /* immutable */
	uint16_t type;               /* immutable: ARPHRD_* */
	uint32_t flags;              /* atomic; changed under net_lock: IFF_* */
	uint32_t mtu;                /* atomic */
	uint32_t queue_length;       /* atomic */
	bool was_up;                 /* net_lock, read anywhere */
	struct list addresses;       /* changed under net_lock, read under RCU */
};

/* What a processor counts; all traffic of lo is counted once and shown on both sides. */
struct net_counters {
	uint64_t packets, bytes, drops;
	uint64_t tcp_active, tcp_passive, tcp_failed, tcp_reset, tcp_segments, tcp_resets_sent;
	uint64_t listen_overflows, time_waits, syn_retries;
	uint64_t udp_in, udp_out, udp_no_port, udp_full;
};
DECLARE_PERCPU(struct net_counters, net_counters);
#define net_count(field, n) cpu_local_add(net_counters.field, n)

extern struct mutex net_lock;                /* changes of interfaces; rank NET */
extern struct net_device net_loopback;

struct net_device *net_device_find(const char *name);  /* NULL */
struct net_device *net_device_at(int index);           /* NULL */
/* The next one behind, NULL for the first: NULL at the end. */
struct net_device *net_device_next(const struct net_device *d);

/* Under net_lock. 0, -EEXIST, -EADDRNOTAVAIL, -EINVAL, -ENOMEM. May sleep. */
void net_device_set_flags(struct net_device *d, uint32_t flags, uint32_t mask);
int net_address_add(struct net_device *d, const struct net_address *what);
int net_address_remove(struct net_device *d, const struct inet_addr *addr, unsigned prefix);

/*
 * TABLE_ENTRY(net_listeners, struct net_listener, x) = { changed }: called under net_lock after each change;
 * type RTM_NEWLINK, RTM_NEWADDR, RTM_DELADDR.
 */
struct net_listener {
	void (*changed)(int type, struct net_device *d, const struct net_address *a);
};

/* ioctl(2) on any socket of these families. -ENOTTY: not one of ours. May sleep. */
int64_t net_device_ioctl(unsigned command, uaddr_t argument);

/* The sum of one counter over all processors. */
#define net_counter(field) net_counter_at(offsetof(struct net_counters, field))
uint64_t net_counter_at(size_t offset);

#endif
