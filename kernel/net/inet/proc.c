/* SPDX-License-Identifier: MIT */
/*
 * net/inet/proc.c: /proc/net/tcp, udp and their IPv6 forms: a line for each socket
 * (proc(5)), in Linux's columns.
 */
#include "fs/procfs.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "net/inet/walk.h"

#define TICK (NSEC_PER_SEC / 100) /* what times are shown in */

struct listing {
	struct text *text;
	int family;
	unsigned line;
	bool udp, raw;
};

enum kind { TCP, UDP, UDPLITE, RAW };

static int show_end(char *to, size_t size, const struct inet_end *e, int family)
{
	const uint32_t *w = e->addr.word;

	if (family == AF_INET6)
		return format_cut(to, size, "%08X%08X%08X%08X:%04X", w[0], w[1], w[2], w[3], e->port);
	return format_cut(to, size, "%08X:%04X", w[3], e->port);
}

/* What follows the inode. */
static int show_tail(char *to, size_t size, const struct listing *l, const struct inet_shown *s)
{
	if (l->udp)
		return format_cut(to, size, " %u %016x %u", s->refs, 0, s->drops);
	if (!s->socket)
		return format_cut(to, size, " %u %016x", s->refs, 0);
	if (s->state == TCP_LISTENING)
		return format_cut(to, size, " %u %016x 100 0 0 10 0", s->refs, 0);
	return format_cut(to, size, " %u %016x 20 4 30 10 -1", s->refs, 0);
}

static int show_line(const struct inet_shown *s, void *arg)
{
	struct listing *l = arg;
	char line[256];
	unsigned n;
	bool listening = s->state == TCP_LISTENING && !l->udp;

	if (s->family != l->family)
		return 0;
	n = (unsigned)format_cut(line, sizeof(line), "%*u: ", l->udp && !l->raw ? 5 : 4, l->line++);
	n += (unsigned)show_end(line + n, sizeof(line) - n, &s->local, l->family);
	line[n++] = ' ';
	n += (unsigned)show_end(line + n, sizeof(line) - n, &s->remote, l->family);
	n += (unsigned)format_cut(line + n, sizeof(line) - n, " %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu", s->state,
				  listening ? 0 : s->send_queue, s->receive_queue, s->time_left ? 3 : 0,
				  (unsigned long)div_round_up(s->time_left, TICK), 0, s->uid, 0, s->inode);
	n += (unsigned)show_tail(line + n, sizeof(line) - n, l, s);
	text_printf(l->text, "%-*s\n", l->raw || l->family == AF_INET6 ? 0 : l->udp ? 127 : 149, line);
	return 0;
}

static int show_list(struct text *t, int family, enum kind kind)
{
	static int (*const walk[])(inet_show *, void *) = { tcp_walk, udp_walk, udplite_walk, raw_walk };
	bool udp = kind != TCP;
	struct listing l = { .text = t, .family = family, .udp = udp, .raw = kind == RAW };

	if (family == AF_INET6)
		text_printf(t, "  sl  local_address                         remote_address                        st tx_queue "
			       "rx_queue tr tm->when retrnsmt   uid  timeout inode%s\n", udp ? " ref pointer drops" : "");
	else if (kind == RAW)
		text_printf(t, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref "
			       "pointer drops\n");
	else if (udp)
		text_printf(t, "%-127s\n", "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
					   "timeout inode ref pointer drops");
	else
		text_printf(t, "%-149s\n", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
					   "timeout inode");
	return walk[kind](show_line, &l);
}

static int show_tcp(struct text *t) { return show_list(t, AF_INET, TCP); }
static int show_tcp6(struct text *t) { return show_list(t, AF_INET6, TCP); }
static int show_udp(struct text *t) { return show_list(t, AF_INET, UDP); }
static int show_udp6(struct text *t) { return show_list(t, AF_INET6, UDP); }
static int show_udplite(struct text *t) { return show_list(t, AF_INET, UDPLITE); }
static int show_udplite6(struct text *t) { return show_list(t, AF_INET6, UDPLITE); }
static int show_raw(struct text *t) { return show_list(t, AF_INET, RAW); }
static int show_raw6(struct text *t) { return show_list(t, AF_INET6, RAW); }

TABLE_ENTRY(proc_entries, struct proc_entry, net_tcp) = { "net/tcp", 0444, show_tcp, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_tcp6) = { "net/tcp6", 0444, show_tcp6, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_udp) = { "net/udp", 0444, show_udp, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_udp6) = { "net/udp6", 0444, show_udp6, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_udplite) = { "net/udplite", 0444, show_udplite, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_udplite6) = { "net/udplite6", 0444, show_udplite6, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_raw) = { "net/raw", 0444, show_raw, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, net_raw6) = { "net/raw6", 0444, show_raw6, NULL };
