/* SPDX-License-Identifier: MIT */
/*
 * net/inet/udp_receive.c: receiving a datagram, and what comes along with it; the
 * queue of errors.
 */
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/inet/udp.h"
#include <asm/socket.h>
#include <linux/time.h>
#include <linux/errqueue.h>
#include <linux/ipv6.h>

/* The first of a queue, out of it. NULL if there is none. Locked. */
static struct udp_packet *take_first(struct list *queue)
{
	return list_empty(queue) ? NULL : list_entry(list_pop_first(queue), struct udp_packet, link);
}

/* The first behind *offset bytes, with a reference; *offset is then what to leave out of it. NULL. Locked. */
static struct udp_packet *peek_at(struct list *queue, int *offset)
{
	struct udp_packet *p;

	list_for_each_entry(p, queue, link)
		if (!socket_peek_skips(offset, p->bytes.length, p->peeked)) {
			atomic_inc(&p->refs);
			p->peeked = true;
			return p;
		}
	return NULL;
}

bool udp_may_peek(struct socket *s, int offset)
{
	struct udp_packet *p;

	if (atomic_load(&s->error) || READ_ONCE(s->shutdown) & SHUTDOWN_RECEIVE)
		return true;
	SPIN_GUARD(&s->lock);
	list_for_each_entry(p, &udp_of(s)->queue, link)
		if (!socket_peek_skips(&offset, p->bytes.length, p->peeked))
			return true;
	return false;
}

/* NULL: *error says what to answer instead. *offset: what to leave out of it. */
static struct udp_packet *take(struct udp_socket *u, const struct socket_message *m, int *error, int *offset)
{
	bool peek = m->flags & MSG_PEEK;
	struct udp_packet *p;

	*error = socket_take_error(&u->inet.base);
	if (unlikely(*error))
		return NULL;
	*offset = peek ? atomic_load(&u->inet.base.peek_offset) : 0;
	SPIN_GUARD(&u->inet.base.lock);
	p = peek ? peek_at(&u->queue, offset) : take_first(&u->queue);
	*offset = max(*offset, 0);
	if (p && !peek) {
		WRITE_ONCE(u->queued, u->queued - 1);
		u->queued_charge -= p->charge;
	} else if (!p) {
		*error = u->inet.base.shutdown & SHUTDOWN_RECEIVE && !(m->flags & MSG_DONTWAIT) ? 0 : -EAGAIN;
	}
	return p;
}

static void add_time(const struct inet_socket *s, const struct udp_packet *p, struct control *c)
{
	struct __kernel_old_timeval tv = { p->time / NSEC_PER_SEC, p->time % NSEC_PER_SEC / 1000 };
	struct __kernel_timespec ts = { p->time / NSEC_PER_SEC, p->time % NSEC_PER_SEC };

	uint32_t flags = atomic_load(&s->base.flags);
	bool new = flags & SOCKET_TIMESTAMP_NEW;

	if (flags & SOCKET_TIMESTAMP_NS)
		control_add(c, SOL_SOCKET, new ? SO_TIMESTAMPNS_NEW : SO_TIMESTAMPNS_OLD, &ts, sizeof(ts));
	else
		control_add(c, SOL_SOCKET, new ? SO_TIMESTAMP_NEW : SO_TIMESTAMP_OLD, &tv, sizeof(tv));
}

/* What SOL_SOCKET's options ask for. */
static void add_base(const struct inet_socket *s, const struct udp_packet *p, struct control *c)
{
	uint32_t flags = atomic_load(&s->base.flags);

	if (p->time)
		add_time(s, p, c);
	if (flags & SOCKET_COUNT_DROPS && p->drops)
		control_add(c, SOL_SOCKET, SO_RXQ_OVFL, &p->drops, sizeof(p->drops));
	if (flags & SOCKET_RECEIVE_MARK)
		control_add(c, SOL_SOCKET, SO_MARK, &p->mark, sizeof(p->mark));
}

static void add_control4(const struct inet_socket *s, const struct udp_packet *p, struct control *c)
{
	struct in_pktinfo info = { .ipi_ifindex = p->device, .ipi_spec_dst.s_addr = p->to.addr.word[3],
				   .ipi_addr.s_addr = p->to.addr.word[3] };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = net16(p->to.port),
				  .sin_addr.s_addr = p->to.addr.word[3] };
	int ttl = p->ttl;

	if (inet_has(s, INET_RECEIVE_INFO))
		control_add(c, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	if (inet_has(s, INET_RECEIVE_TTL))
		control_add(c, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	if (inet_has(s, INET_RECEIVE_TOS))
		control_add(c, IPPROTO_IP, IP_TOS, &p->tos, sizeof(p->tos));
	if (inet_has(s, INET_RECEIVE_ORIGINAL))
		control_add(c, IPPROTO_IP, IP_ORIGDSTADDR, &to, sizeof(to));
}

static void add_control6(const struct inet_socket *s, const struct udp_packet *p, struct control *c)
{
	struct in6_pktinfo info = { .ipi6_ifindex = p->device };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = net16(p->to.port) };
	int hops = p->ttl, class = p->tos;

	memcpy(&info.ipi6_addr, &p->to.addr, sizeof(info.ipi6_addr));
	memcpy(&to.sin6_addr, &p->to.addr, sizeof(to.sin6_addr));
	if (inet_has(s, INET_RECEIVE_INFO6))
		control_add(c, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	if (inet_is4(&p->to.addr))
		return;
	if (inet_has(s, INET_RECEIVE_HOPS))
		control_add(c, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	if (inet_has(s, INET_RECEIVE_CLASS))
		control_add(c, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof(class));
	if (inet_has(s, INET_OLD_INFO6))
		control_add(c, IPPROTO_IPV6, IPV6_2292PKTINFO, &info, sizeof(info));
	if (inet_has(s, INET_OLD_HOPS))
		control_add(c, IPPROTO_IPV6, IPV6_2292HOPLIMIT, &hops, sizeof(hops));
	if (inet_has(s, INET_RECEIVE_ORIGINAL6))
		control_add(c, IPPROTO_IPV6, IPV6_ORIGDSTADDR, &to, sizeof(to));
}

#define WANTS_CONTROL (INET_RECEIVE_INFO | INET_RECEIVE_TTL | INET_RECEIVE_TOS | INET_RECEIVE_ORIGINAL | \
		       INET_RECEIVE_INFO6 | INET_RECEIVE_HOPS | INET_RECEIVE_CLASS | INET_OLD_INFO6 | INET_OLD_HOPS | \
		       INET_RECEIVE_ORIGINAL6)

static void add_control(const struct inet_socket *s, const struct udp_packet *p, struct control *c)
{
	if (unlikely(p->time || atomic_load(&s->base.flags) & (SOCKET_COUNT_DROPS | SOCKET_RECEIVE_MARK)))
		add_base(s, p, c);
	if (likely(!inet_has(s, WANTS_CONTROL)))
		return;
	if (s->base.family == AF_INET6)
		add_control6(s, p, c);
	if (inet_is4(&p->to.addr))
		add_control4(s, p, c);
}

/* The bytes from an offset on go to the program. What to return. */
static ssize_t hand_over(const struct udp_packet *p, struct socket_message *m, size_t offset)
{
	size_t left = p->bytes.length - offset, want = min(m->data->count, left);
	bool cut = m->data->count <= left && want < p->bytes.length; /* as Linux: at an offset, told even if all is there */

	if (bytes_copy(&p->bytes, offset, m->data, want, false) != want)
		return -EFAULT;
	m->ended = true;
	if (cut)
		m->told |= MSG_TRUNC;
	return m->flags & MSG_TRUNC ? (ssize_t)p->bytes.length : (ssize_t)want;
}

/* A message that came back: its bytes, where it was to go, and why it did not get there. */
static ssize_t receive_error(struct udp_socket *u, struct socket_message *m)
{
	struct { struct sock_extended_err e; struct sockaddr_in6 offender; } told = { .offender.sin6_family = 0 };
	struct inet_socket *s = &u->inet;
	struct udp_packet *p;
	struct socket_name offender;
	bool four;
	ssize_t n;

	spin_lock(&s->base.lock);
	p = take_first(&u->errors);
	if (p)
		WRITE_ONCE(u->queued_errors, u->queued_errors - 1);
	if (p && list_empty(&u->errors))
		atomic_store(&s->base.error, 0);
	spin_unlock(&s->base.lock);
	if (!p)
		return -EAGAIN;
	four = s->base.family == AF_INET;
	n = hand_over(p, m, 0);
	if (m->name)
		inet_end_show(&p->to, s->base.family, m->name);
	told.e = (struct sock_extended_err){ .ee_errno = p->error, .ee_origin = p->origin, .ee_type = p->type, .ee_code = p->code };
	inet_end_show(&(struct inet_end){ .addr = p->to.addr }, s->base.family, &offender);
	memcpy(&told.offender, &offender.storage, offender.length);
	control_add(m->control, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_RECVERR : IPV6_RECVERR, &told,
		    (unsigned)sizeof(told.e) + offender.length);
	m->told |= MSG_ERRQUEUE;
	udp_packet_put(p);
	return n;
}

ssize_t udp_receive(struct socket *s, struct socket_message *m)
{
	struct udp_socket *u = udp_of(s);
	struct udp_packet *p;
	int error, offset;
	ssize_t n;

	if (unlikely(m->flags & MSG_ERRQUEUE)) {
		m->flags |= MSG_DONTWAIT;
		return receive_error(u, m);
	}
	p = take(u, m, &error, &offset);
	if (!p)
		return error;
	n = hand_over(p, m, (size_t)offset);
	if (n >= 0)
		socket_peek_move(s, m->flags & MSG_PEEK ? n : -n);
	if (n >= 0 && m->name)
		inet_end_show(&p->from, s->family, m->name);
	if (n >= 0 && m->control)
		add_control(&u->inet, p, m->control);
	udp_packet_put(p);
	return n;
}
