/* SPDX-License-Identifier: MIT */
/*
 * net/netlink/diag.c: NETLINK_SOCK_DIAG (sock_diag(7)) for TCP and UDP: what ss(8)
 * asks. Requests for other families are refused, and ss reads /proc instead.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/inet/tcp.h"
#include "net/inet/udp.h"
#include "net/inet/walk.h"
#include "net/netlink/netlink.h"
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

struct dump {
	struct netlink_request *request;
	const struct inet_diag_req_v2 *want;
};

static void put_id(struct inet_diag_sockid *id, const struct inet_shown *s)
{
	bool four = s->family == AF_INET;

	id->idiag_sport = net16(s->local.port);
	id->idiag_dport = net16(s->remote.port);
	memcpy(id->idiag_src, four ? &s->local.addr.byte[12] : s->local.addr.byte, four ? 4 : 16);
	memcpy(id->idiag_dst, four ? &s->remote.addr.byte[12] : s->remote.addr.byte, four ? 4 : 16);
	id->idiag_if = (uint32_t)s->device;
	id->idiag_cookie[0] = (uint32_t)s->cookie;
	id->idiag_cookie[1] = (uint32_t)(s->cookie >> 32);
}

static void put_memory(struct netlink_text *t, const struct inet_shown *s)
{
	uint32_t m[SK_MEMINFO_VARS] = { 0 };

	m[SK_MEMINFO_RMEM_ALLOC] = s->receive_queue;
	m[SK_MEMINFO_RCVBUF] = atomic_load(&s->socket->base.receive_buffer);
	m[SK_MEMINFO_SNDBUF] = atomic_load(&s->socket->base.send_buffer);
	m[SK_MEMINFO_WMEM_QUEUED] = s->send_queue;
	m[SK_MEMINFO_DROPS] = s->drops;
	netlink_attribute(t, INET_DIAG_SKMEMINFO, m, sizeof(m));
}

static void put_info(struct netlink_text *t, const struct inet_shown *s)
{
	struct tcp_info info;
	unsigned n = sizeof(info);

	if (!tcp_get_option(&s->socket->base, IPPROTO_TCP, TCP_INFO, &info, &n))
		netlink_attribute(t, INET_DIAG_INFO, &info, n);
}

static int put_socket(const struct inet_shown *s, void *arg)
{
	struct dump *d = arg;
	const struct inet_diag_req_v2 *want = d->want;
	struct netlink_text *t = d->request->answer;
	struct inet_diag_msg *m;

	if (s->family != want->sdiag_family || !(want->idiag_states >> s->state & 1))
		return 0;
	if (want->id.idiag_sport && want->id.idiag_sport != net16(s->local.port))
		return 0;
	if (want->id.idiag_dport && want->id.idiag_dport != net16(s->remote.port))
		return 0;
	m = netlink_reply(d->request, SOCK_DIAG_BY_FAMILY, true, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->idiag_family = (uint8_t)s->family;
	m->idiag_state = s->state;
	m->idiag_timer = s->time_left ? 3 : 0;
	m->idiag_expires = (uint32_t)(s->time_left / 1000000);
	m->idiag_rqueue = s->receive_queue;
	m->idiag_wqueue = s->send_queue;
	m->idiag_uid = s->uid;
	m->idiag_inode = (uint32_t)s->inode;
	put_id(&m->id, s);
	netlink_u8(t, INET_DIAG_SHUTDOWN, s->socket ? (uint8_t)READ_ONCE(s->socket->base.shutdown) : 0);
	if (s->family == AF_INET6 && (s->state == TCP_LISTENING || s->state == TCP_CLOSED))
		netlink_u8(t, INET_DIAG_SKV6ONLY, s->only6);
	if (s->socket && want->idiag_ext & 1 << (INET_DIAG_SKMEMINFO - 1))
		put_memory(t, s);
	if (s->socket && want->sdiag_protocol == IPPROTO_TCP && want->idiag_ext & 1 << (INET_DIAG_INFO - 1))
		put_info(t, s);
	netlink_end(t);
	return 0;
}

static int answer(struct netlink_request *r)
{
	struct dump d = { r, netlink_body(r->head, sizeof(*d.want)) };
	const struct sock_diag_req *any = netlink_body(r->head, sizeof(*any));

	if (r->head->nlmsg_type != SOCK_DIAG_BY_FAMILY || !any)
		return -EINVAL;
	if (any->sdiag_family != AF_INET && any->sdiag_family != AF_INET6)
		return any->sdiag_family >= AF_LIMIT ? -EINVAL : -ENOENT;
	if (!d.want)
		return -EINVAL;
	if ((r->head->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return -EOPNOTSUPP;
	if (d.want->sdiag_protocol == IPPROTO_TCP)
		return tcp_walk(put_socket, &d);
	return d.want->sdiag_protocol == IPPROTO_UDP ? udp_walk(put_socket, &d) : -ENOENT;
}

TABLE_ENTRY(netlink_protocols, struct netlink_protocol, diag) = { NETLINK_SOCK_DIAG, 4, answer };
