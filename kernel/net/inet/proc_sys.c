/* SPDX-License-Identifier: MIT */
/* net/inet/proc_sys.c: the settings under /proc/sys/net that programs look at; what they say cannot be changed yet. */
#include "fs/procfs.h"
#include "net/inet/inet.h"

#define SHOW_SETTING(name, path, ...)                                        \
	static int show_##name(struct text *t)                               \
	{                                                                    \
		text_printf(t, __VA_ARGS__);                                 \
		return 0;                                                    \
	}                                                                    \
	TABLE_ENTRY(proc_entries, struct proc_entry, sys_##name) = { "sys/net/" path, 0444, show_##name, NULL }

SHOW_SETTING(somaxconn, "core/somaxconn", "%d\n", SOMAXCONN);
SHOW_SETTING(rmem_max, "core/rmem_max", "%u\n", SOCKET_BUFFER_DEFAULT);
SHOW_SETTING(wmem_max, "core/wmem_max", "%u\n", SOCKET_BUFFER_DEFAULT);
SHOW_SETTING(rmem_default, "core/rmem_default", "%u\n", SOCKET_BUFFER_DEFAULT);
SHOW_SETTING(wmem_default, "core/wmem_default", "%u\n", SOCKET_BUFFER_DEFAULT);
SHOW_SETTING(port_range, "ipv4/ip_local_port_range", "%u\t%u\n", PORT_EPHEMERAL_FIRST, PORT_EPHEMERAL_LAST);
SHOW_SETTING(port_unprivileged, "ipv4/ip_unprivileged_port_start", "%u\n", PORT_UNPRIVILEGED);
SHOW_SETTING(forward, "ipv4/ip_forward", "0\n");
SHOW_SETTING(ping_group, "ipv4/ping_group_range", "1\t0\n");
SHOW_SETTING(syn_retries, "ipv4/tcp_syn_retries", "6\n");
SHOW_SETTING(fin_timeout, "ipv4/tcp_fin_timeout", "60\n");
SHOW_SETTING(keepalive_time, "ipv4/tcp_keepalive_time", "7200\n");
SHOW_SETTING(tcp_rmem, "ipv4/tcp_rmem", "4096\t131072\t6291456\n");
SHOW_SETTING(tcp_wmem, "ipv4/tcp_wmem", "4096\t16384\t4194304\n");
SHOW_SETTING(congestion, "ipv4/tcp_congestion_control", "cubic\n");
SHOW_SETTING(disable_ipv6, "ipv6/conf/all/disable_ipv6", "0\n");
SHOW_SETTING(bindv6only, "ipv6/bindv6only", "0\n");
