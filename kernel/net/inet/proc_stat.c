/* SPDX-License-Identifier: MIT */
/*
 * net/inet/proc_stat.c: the rest of /proc/net: interfaces, addresses, counters. What
 * loopback does not have (segments sent again, neighbours, routes) is shown as none.
 */
#include "fs/procfs.h"
#include "net/inet/tcp.h"
#include "net/inet/walk.h"
#include <linux/if.h>

static int show_dev(struct text *t)
{
	text_printf(t, "Inter-|   Receive                                                |  Transmit\n"
		       " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
		       "carrier compressed\n");
	for (struct net_device *d = net_device_next(NULL); d; d = net_device_next(d)) {
		uint64_t bytes = net_counter(bytes), packets = net_counter(packets);

		text_printf(t, "%6s: %7lu %7lu %4u %4u %4u %5u %10u %9u %8lu %7lu %4u %4u %4u %5u %7u %10u\n", d->name, bytes,
			    packets, 0, 0, 0, 0, 0, 0, bytes, packets, 0, 0, 0, 0, 0, 0);
	}
	return 0;
}

static int show_if_inet6(struct text *t)
{
	const struct net_address *a;

	MUTEX_GUARD(&net_lock);
	for (struct net_device *d = net_device_next(NULL); d; d = net_device_next(d))
		list_for_each_entry(a, &d->addresses, link) {
			if (inet_is4(&a->addr))
				continue;
			for (unsigned i = 0; i < 16; i++)
				text_printf(t, "%02x", a->addr.byte[i]);
			text_printf(t, " %02x %02x %02x %02x %8s\n", d->index, a->prefix, a->scope == 254 ? 0x10 : 0, a->flags,
				    d->name);
		}
	return 0;
}

static int show_route(struct text *t)
{
	text_printf(t, "%-127s\n", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
	return 0;
}

static int show_arp(struct text *t)
{
	text_printf(t, "IP address       HW type     Flags       HW address            Mask     Device\n");
	return 0;
}

struct counts { unsigned tcp4, tcp6, udp4, udp6; };

static int count_tcp(const struct inet_shown *s, void *arg)
{
	struct counts *c = arg;

	if (s->socket)
		(*(s->family == AF_INET ? &c->tcp4 : &c->tcp6))++;
	return 0;
}

static int count_udp(const struct inet_shown *s, void *arg)
{
	struct counts *c = arg;

	(*(s->family == AF_INET ? &c->udp4 : &c->udp6))++;
	return 0;
}

static int show_sockstat(struct text *t)
{
	struct counts c = { 0, 0, 0, 0 };
	int error = tcp_walk(count_tcp, &c);

	if (!error)
		error = udp_walk(count_udp, &c);
	text_printf(t, "sockets: used %u\n", c.tcp4 + c.tcp6 + c.udp4 + c.udp6);
	text_printf(t, "TCP: inuse %u orphan 0 tw %u alloc %u mem 0\n", c.tcp4, connection_waiting_count(), c.tcp4 + c.tcp6);
	text_printf(t, "UDP: inuse %u mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n", c.udp4);
	return error;
}

static int show_sockstat6(struct text *t)
{
	struct counts c = { 0, 0, 0, 0 };
	int error = tcp_walk(count_tcp, &c);

	if (!error)
		error = udp_walk(count_udp, &c);
	text_printf(t, "TCP6: inuse %u\nUDP6: inuse %u\nUDPLITE6: inuse 0\nRAW6: inuse 0\nFRAG6: inuse 0 memory 0\n", c.tcp6, c.udp6);
	return error;
}

static int show_snmp(struct text *t)
{
	uint64_t packets = net_counter(packets), segments = net_counter(tcp_segments);

	text_printf(t, "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards "
		       "InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs "
		       "FragFails FragCreates\n");
	text_printf(t, "Ip: 2 64 %lu 0 0 0 0 0 %lu %lu 0 0 0 0 0 0 0 0 0\n", packets, packets, packets);
	text_printf(t, "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab "
		       "InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n");
	text_printf(t, "Tcp: 1 200 120000 -1 %lu %lu %lu %lu %u %lu %lu 0 0 %lu 0\n", net_counter(tcp_active),
		    net_counter(tcp_passive), net_counter(tcp_failed), net_counter(tcp_reset), tcp_established_count(), segments,
		    segments, net_counter(tcp_resets_sent));
	text_printf(t, "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti "
		       "MemErrors\n");
	text_printf(t, "Udp: %lu %lu %lu %lu %lu 0 0 0 0\n", net_counter(udp_in), net_counter(udp_no_port), net_counter(udp_full),
		    net_counter(udp_out), net_counter(udp_full));
	return 0;
}

static int show_netstat(struct text *t)
{
	text_printf(t, "TcpExt: TW ListenOverflows ListenDrops\nTcpExt: %lu %lu %lu\n", net_counter(time_waits),
		    net_counter(listen_overflows), net_counter(listen_overflows));
	text_printf(t, "IpExt: InOctets OutOctets\nIpExt: %lu %lu\n", net_counter(bytes), net_counter(bytes));
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, net_dev) = { "net/dev", 0444, show_dev, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_if_inet6) = { "net/if_inet6", 0444, show_if_inet6, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_route) = { "net/route", 0444, show_route, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_arp) = { "net/arp", 0444, show_arp, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_sockstat) = { "net/sockstat", 0444, show_sockstat, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_sockstat6) = { "net/sockstat6", 0444, show_sockstat6, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_snmp) = { "net/snmp", 0444, show_snmp, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_netstat) = { "net/netstat", 0444, show_netstat, NULL };
