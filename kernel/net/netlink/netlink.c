/* SPDX-License-Identifier: MIT */
/*
 * net/netlink/netlink.c: netlink sockets (netlink(7)).
 *
 * A message to the kernel is answered before sendmsg(2) returns: the protocol builds
 * its answer in one piece of memory, which is cut between messages into packets of a
 * size that every program has room for, and these go into the socket's own queue. So
 * a dump is one look at things, and there is no state between packets (answer.c). What a program
 * sends to another, or to a group, goes through the same queues.
 *
 * A socket has a port, a number that is its own within its protocol: the process's,
 * if that is free. All sockets of a protocol are in one list; the list's lock guards
 * ports, groups and who is in it. A socket's own lock guards its queue. Broadcasts
 * hold the list's while they fill queues; a group has few listeners.
 *
 * Not done: groups beyond 64, memory-mapped rings.
 */
#include "net/netlink/netlink.h"
#include "net/filter.h"
#include "base/random.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/ipc/mqueue.h"
#include "proc/process.h"
#include <asm/ioctls.h>
#include <linux/capability.h>

#define PACKET_MAX 3776u /* Linux's NLMSG_GOODSIZE: libraries rely on it that less than a page comes at once */
#define REQUEST_MAX MiB(1)

struct packet {
	struct list link;            /* the queue's lock */
	uint32_t refs;               /* atomic */
	uint32_t length;             /* immutable, as all below */
	uint32_t port, groups;       /* who sent it, and to whom */
	unsigned group;
	struct pid *pid;             /* counted; NULL: the kernel */
	uint32_t uid, gid;
	uint8_t data[] __aligned(8);
};

struct queued {                  /* a packet in one of several queues */
	struct list link;            /* the queue's lock */
	struct packet *packet;       /* counted */
	uint32_t length;             /* immutable: what a filter left of it */
};

struct netlink_socket {
	struct socket base;          /* first */
	const struct netlink_protocol *protocol; /* immutable */
	struct list link;            /* table lock */
	uint32_t port;               /* table lock, read anywhere; 0: none yet */
	uint64_t groups;             /* table lock */
	uint32_t to_port;            /* atomic: connect(2) */
	uint32_t to_groups;          /* atomic */
	uint32_t options;            /* atomic: 1 << NETLINK_* */
	struct list queue;           /* lock */
	uint32_t queued;             /* lock, read anywhere */
	uint32_t queued_charge;      /* lock */
	bool overrun;                /* lock */
};

static struct { struct spinlock lock; struct list sockets; bool ready; } table = { .lock = SPINLOCK_INIT(RANK_SOCKET_TABLE) };
static const struct socket_ops netlink_ops;
static const struct mqueue_socket_ops notify_ops;

static struct netlink_socket *netlink_of(struct socket *s) { return container_of(s, struct netlink_socket, base); }

static const struct netlink_protocol *find_protocol(int number)
{
	TABLE_FOREACH(netlink_protocols, struct netlink_protocol, p)
		if (p->number == number)
			return p;
	return NULL;
}

static int netlink_create(int type, int protocol, struct socket **out)
{
	const struct netlink_protocol *p = find_protocol(protocol);
	struct netlink_socket *n;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (!p)
		return -EPROTONOSUPPORT;
	n = kzalloc(sizeof(*n), ALLOC_KERNEL);
	if (!n)
		return -ENOMEM;
	socket_init(&n->base, &netlink_ops, AF_NETLINK, type, protocol);
	n->protocol = p;
	list_init(&n->queue);
	spin_lock(&table.lock);
	if (!table.ready) {
		list_init(&table.sockets);
		mqueue_set_socket_ops(&notify_ops);
	}
	table.ready = true;
	list_add_tail(&n->link, &table.sockets);
	spin_unlock(&table.lock);
	*out = &n->base;
	return 0;
}

TABLE_ENTRY(socket_families, struct socket_family, netlink) = { AF_NETLINK, netlink_create };

static void packet_put(struct packet *p)
{
	if (!atomic_dec_and_test(&p->refs))
		return;
	pid_put(p->pid);
	kfree(p);
}

static void drop_queue(struct list *queue)
{
	struct list *e;

	while ((e = list_pop_first(queue)) != NULL) {
		packet_put(list_entry(e, struct queued, link)->packet);
		kfree(list_entry(e, struct queued, link));
	}
}

static void netlink_release(struct socket *s)
{
	struct netlink_socket *n = netlink_of(s);
	struct list left = LIST_INIT(left);

	spin_lock(&table.lock);
	list_del(&n->link);
	spin_unlock(&table.lock);
	spin_lock(&s->lock);
	atomic_store(&s->file, (struct file *)NULL);
	list_splice_tail(&n->queue, &left);
	spin_unlock(&s->lock);
	drop_queue(&left);
	socket_put(s);
}

static void netlink_destroy(struct socket *s)
{
	drop_queue(&netlink_of(s)->queue); /* what a message queue said after the release */
	kfree(netlink_of(s));
}

/* Who has the port; table locked. */
static struct netlink_socket *find_port(int protocol, uint32_t port)
{
	struct netlink_socket *n;

	if (!table.ready)
		return NULL;
	list_for_each_entry(n, &table.sockets, link)
		if (n->port == port && n->base.protocol == protocol)
			return n;
	return NULL;
}

/* port 0: the process's number, or any that is free. */
static int take_port(struct netlink_socket *n, uint32_t port)
{
	uint32_t wanted = port ? port : (uint32_t)process_current()->pid->number;

	SPIN_GUARD(&table.lock);
	if (n->port)
		return port && port != n->port ? -EINVAL : 0;
	while (find_port(n->base.protocol, wanted)) {
		if (port)
			return -EADDRINUSE;
		wanted = (uint32_t)random_u64() | 0x80000000u;
	}
	WRITE_ONCE(n->port, wanted);
	return 0;
}

static int name_check(const struct socket_name *name)
{
	if (name->length < sizeof(struct sockaddr_nl) || name->family != AF_NETLINK)
		return -EINVAL;
	return 0;
}

static int netlink_bind(struct socket *s, const struct socket_name *name)
{
	const struct sockaddr_nl *a = (const void *)&name->storage;
	struct netlink_socket *n = netlink_of(s);
	int error = name_check(name);

	if (!error)
		error = take_port(n, a->nl_pid);
	if (error)
		return error;
	SPIN_GUARD(&table.lock);
	n->groups = (n->groups & ~(uint64_t)UINT32_MAX) | a->nl_groups;
	return 0;
}

static int netlink_connect(struct socket *s, const struct socket_name *name, struct socket **wait_for)
{
	const struct sockaddr_nl *a = (const void *)&name->storage;
	struct netlink_socket *n = netlink_of(s);
	int error;

	if (name->length < sizeof(name->family))
		return -EINVAL;
	if (name->family == AF_UNSPEC) {
		atomic_store(&n->to_port, 0u);
		atomic_store(&n->to_groups, 0u);
		return 0;
	}
	error = name_check(name);
	if (!error && a->nl_groups && !cred_capable(cred_current(), CAP_NET_ADMIN))
		error = -EPERM;
	if (!error)
		error = take_port(n, 0);
	if (error)
		return error;
	atomic_store(&n->to_port, a->nl_pid);
	atomic_store(&n->to_groups, a->nl_groups ? 1u << __builtin_ctz(a->nl_groups) : 0u);
	return 0;
}

static void show_name(struct socket_name *out, uint32_t port, uint32_t groups)
{
	struct sockaddr_nl *a = (void *)&out->storage;

	*a = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = port, .nl_groups = groups };
	out->length = sizeof(*a);
}

static int netlink_get_name(struct socket *s, bool peer, struct socket_name *out)
{
	struct netlink_socket *n = netlink_of(s);

	if (peer)
		show_name(out, atomic_load(&n->to_port), atomic_load(&n->to_groups));
	else
		show_name(out, READ_ONCE(n->port), (uint32_t)READ_ONCE(n->groups));
	return 0;
}

static struct packet *packet_create(const void *data, size_t n, uint32_t port, unsigned group)
{
	struct packet *p = kmalloc(sizeof(*p) + n, ALLOC_KERNEL);

	if (!p)
		return NULL;
	*p = (struct packet){ .refs = 1, .length = (uint32_t)n, .port = port, .group = group,
			      .groups = group && group <= 32 ? 1u << (group - 1) : 0 };
	if (data)
		memcpy(p->data, data, n);
	return p;
}

/* Adds a reference. answer: it may go beyond the limit. How many bytes were taken; -ENOBUFS, -ENOMEM. Any context. */
static int enqueue(struct netlink_socket *n, struct packet *p, bool answer)
{
	struct filter_packet seen = { .flat = p->data, .length = p->length };
	size_t keep = socket_filter(&n->base, &seen);
	struct queued *q;
	int error;

	if (unlikely(!keep))
		return (int)p->length;
	q = kmalloc(sizeof(*q), ALLOC_ATOMIC);
	error = q ? 0 : -ENOMEM;
	spin_lock(&n->base.lock);
	if (q && !answer && n->queued_charge + p->length > atomic_load(&n->base.receive_buffer))
		error = -ENOBUFS;
	if (!error) {
		q->packet = p;
		q->length = (uint32_t)min(keep, (size_t)p->length);
		atomic_inc(&p->refs);
		list_add_tail(&q->link, &n->queue);
		WRITE_ONCE(n->queued, n->queued + 1);
		n->queued_charge += p->length + 256;
	} else if (!n->overrun) {
		n->overrun = true;
		atomic_store(&n->base.error, ENOBUFS);
	}
	spin_unlock(&n->base.lock);
	if (error)
		kfree(q);
	waitq_wake_key(&n->base.read_wait, EPOLLIN | EPOLLRDNORM | EPOLLERR);
	return error ? error : (int)min(keep, (size_t)p->length);
}

static void broadcast(int protocol, struct packet *p, const struct netlink_socket *but)
{
	struct netlink_socket *n;

	SPIN_GUARD(&table.lock);
	if (table.ready)
		list_for_each_entry(n, &table.sockets, link)
			if (n != but && n->base.protocol == protocol && n->groups >> (p->group - 1) & 1)
				enqueue(n, p, false);
}

bool netlink_has_option(const struct netlink_socket *n, unsigned option)
{
	return atomic_load(&n->options) >> option & 1;
}

bool netlink_listened(int protocol, unsigned group)
{
	struct netlink_socket *n;

	SPIN_GUARD(&table.lock);
	if (table.ready)
		list_for_each_entry(n, &table.sockets, link)
			if (n->base.protocol == protocol && n->groups >> (group - 1) & 1)
				return true;
	return false;
}

void netlink_broadcast(int protocol, unsigned group, const void *data, size_t n)
{
	struct packet *p = packet_create(data, n, 0, group);

	if (!p)
		return;
	broadcast(protocol, p, NULL);
	packet_put(p);
}

int netlink_deliver(struct netlink_socket *n, const struct netlink_text *t)
{
	size_t start = 0, at = 0;
	int error = t->failed ? -ENOMEM : 0;

	while (start < t->length && !error) {
		struct packet *p;

		do
			at += NLMSG_ALIGN(((const struct nlmsghdr *)(t->data + at))->nlmsg_len);
		while (at < t->length && at + ((const struct nlmsghdr *)(t->data + at))->nlmsg_len - start <= PACKET_MAX);
		p = packet_create(t->data + start, at - start, 0, 0);
		if (!p)
			return -ENOMEM;
		error = min(enqueue(n, p, true), 0);
		packet_put(p);
		start = at;
	}
	return error;
}

static int send_to_port(struct netlink_socket *from, struct packet *p, uint32_t port)
{
	struct netlink_socket *to;

	SPIN_GUARD(&table.lock);
	to = find_port(from->base.protocol, port);
	return to ? enqueue(to, p, false) : -ECONNREFUSED;
}

static void sign(struct packet *p)
{
	p->pid = process_current()->pid;
	pid_get(p->pid);
	p->uid = cred_current()->uid;
	p->gid = cred_current()->gid;
}

/* How many bytes arrived, or an error. */
static int dispatch(struct netlink_socket *n, struct packet *p, uint32_t port, uint32_t groups)
{
	int error = (int)p->length;

	if (groups) {
		p->groups = groups;
		p->group = 1 + (unsigned)__builtin_ctz(groups);
		broadcast(n->base.protocol, p, n);
	}
	if (port)
		error = send_to_port(n, p, port);
	else if (!groups && n->protocol->answer)
		error = netlink_answer_all(n, n->protocol, READ_ONCE(n->port), p->data, p->length) ?: error;
	else if (!groups)
		error = -ECONNREFUSED;
	return error;
}

static ssize_t netlink_send(struct socket *s, struct socket_message *m)
{
	uint32_t port = atomic_load(&netlink_of(s)->to_port), groups = atomic_load(&netlink_of(s)->to_groups);
	const struct sockaddr_nl *a = m->name ? (const void *)&m->name->storage : NULL;
	struct netlink_socket *n = netlink_of(s);
	size_t length = m->data->count;
	struct packet *p;
	int error = a ? name_check(m->name) : 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (a) {
		port = a->nl_pid;
		groups = a->nl_groups ? 1u << __builtin_ctz(a->nl_groups) : 0;
	}
	if (!error && (port || groups) && s->protocol != NETLINK_USERSOCK && !cred_capable(cred_current(), CAP_NET_ADMIN))
		error = -EPERM;
	if (!error)
		error = take_port(n, 0);
	if (!error && length > min((size_t)atomic_load(&s->send_buffer), REQUEST_MAX))
		error = -EMSGSIZE;
	if (error)
		return error;
	p = packet_create(NULL, length, READ_ONCE(n->port), 0);
	if (!p)
		return -ENOBUFS;
	sign(p);
	error = iter_take(m->data, p->data, length) == length ? dispatch(n, p, port, groups) : -EFAULT;
	packet_put(p);
	return error;
}

/* The first packet, counted, and how much of it there is; out of the queue unless it is only looked at. */
static struct packet *take_packet(struct netlink_socket *n, bool peek, size_t *length)
{
	struct queued *q;
	struct packet *p;

	SPIN_GUARD(&n->base.lock);
	if (list_empty(&n->queue))
		return NULL;
	q = list_first_entry(&n->queue, struct queued, link);
	p = q->packet;
	*length = q->length;
	if (peek) {
		atomic_inc(&p->refs);
		return p;
	}
	list_del(&q->link);
	WRITE_ONCE(n->queued, n->queued - 1);
	n->queued_charge -= p->length + 256;
	n->overrun = n->overrun && n->queued;
	kfree(q);
	return p;
}

static void tell(const struct netlink_socket *n, const struct packet *p, struct socket_message *m)
{
	struct nl_pktinfo info = { .group = p->group };

	if (m->name)
		show_name(m->name, p->port, p->groups);
	if (!m->control)
		return;
	if (p->pid)
		pid_get(p->pid);
	pid_put(m->control->pid);
	m->control->pid = p->pid;
	m->control->uid = p->uid;
	m->control->gid = p->gid;
	m->control->credentials = true;
	if (atomic_load(&n->options) & 1u << NETLINK_PKTINFO)
		control_add(m->control, SOL_NETLINK, NETLINK_PKTINFO, &info, sizeof(info));
}

static ssize_t netlink_receive(struct socket *s, struct socket_message *m)
{
	struct netlink_socket *n = netlink_of(s);
	int error = m->flags & MSG_OOB ? -EOPNOTSUPP : socket_take_error(s);
	struct packet *p;
	size_t want, length;
	ssize_t result = -EFAULT;

	if (error)
		return error;
	p = take_packet(n, m->flags & MSG_PEEK, &length);
	if (!p)
		return -EAGAIN;
	want = min(m->data->count, length);
	if (iter_put(m->data, p->data, want) == want) {
		tell(n, p, m);
		m->ended = true;
		if (want < length)
			m->told |= MSG_TRUNC;
		result = m->flags & MSG_TRUNC ? (ssize_t)length : (ssize_t)want;
	}
	packet_put(p);
	return result;
}

static bool always(struct socket *s, struct socket *target)
{
	return true;
}

static uint32_t netlink_poll(struct socket *s, struct poll_table *pt)
{
	uint32_t events = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;

	poll_wait(pt, &s->read_wait);
	poll_wait(pt, &s->write_wait);
	if (atomic_load(&s->error))
		events |= EPOLLERR;
	if (READ_ONCE(netlink_of(s)->queued))
		events |= EPOLLIN | EPOLLRDNORM;
	return events;
}

static int set_member(struct netlink_socket *n, unsigned group, bool on)
{
	if (!group || group > n->protocol->groups)
		return -EINVAL;
	SPIN_GUARD(&table.lock);
	n->groups = on ? n->groups | 1ULL << (group - 1) : n->groups & ~(1ULL << (group - 1));
	return 0;
}

static int netlink_set_option(struct socket *s, int level, int option, const void *value, unsigned n)
{
	struct netlink_socket *nl = netlink_of(s);
	int v = 0;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if (n >= sizeof(v))
		memcpy(&v, value, sizeof(v));
	if (option == NETLINK_LISTEN_ALL_NSID && !cred_capable(cred_current(), CAP_NET_BROADCAST))
		return -EPERM;
	switch (option) {
	case NETLINK_ADD_MEMBERSHIP:
	case NETLINK_DROP_MEMBERSHIP:
		return set_member(nl, (unsigned)v, option == NETLINK_ADD_MEMBERSHIP);
	case NETLINK_PKTINFO:
	case NETLINK_BROADCAST_ERROR:
	case NETLINK_NO_ENOBUFS:
	case NETLINK_CAP_ACK:
	case NETLINK_EXT_ACK:
	case NETLINK_GET_STRICT_CHK:
	case NETLINK_LISTEN_ALL_NSID:
		if (v)
			atomic_or(&nl->options, 1u << option);
		else
			atomic_and(&nl->options, ~(1u << option));
		return 0;
	}
	return -ENOPROTOOPT;
}

static int netlink_get_option(struct socket *s, int level, int option, void *value, unsigned *n)
{
	uint64_t groups = READ_ONCE(netlink_of(s)->groups);
	int v = atomic_load(&netlink_of(s)->options) >> (option & 31) & 1;

	if (level == SOL_NETLINK && option == NETLINK_LIST_MEMBERSHIPS) {
		*n = min(*n, groups ? (netlink_of(s)->protocol->groups + 31) / 32 * 4 : 0);
		memcpy(value, &groups, min(*n, (unsigned)sizeof(groups)));
		return 0;
	}
	if (level != SOL_NETLINK || option < NETLINK_PKTINFO || option > NETLINK_GET_STRICT_CHK ||
	    (option > NETLINK_NO_ENOBUFS && option < NETLINK_CAP_ACK))
		return -ENOPROTOOPT;
	if (*n < sizeof(v))
		return -EINVAL;
	*n = sizeof(v);
	memcpy(value, &v, sizeof(v));
	return 0;
}

/* ---- mq_notify(3) with SIGEV_THREAD ------------------------------------------------ */

static int notify_get(struct file *f, void **socket)
{
	struct socket *s = socket_of_file(f);

	if (!s)
		return -ENOTSOCK;
	if (s->ops != &netlink_ops)
		return -EINVAL;
	socket_get(s);
	*socket = s;
	return 0;
}

static void notify_send(void *socket, const char *cookie, size_t n)
{
	struct packet *p = packet_create(cookie, n, 0, 0);

	if (!p)
		return;
	enqueue(netlink_of(socket), p, true);
	packet_put(p);
}

static void notify_put(void *socket)
{
	socket_put(socket);
}

static const struct mqueue_socket_ops notify_ops = { notify_get, notify_send, notify_put };

static const struct socket_ops netlink_ops = {
	.bind = netlink_bind, .connect = netlink_connect, .get_name = netlink_get_name,
	.send = netlink_send, .receive = netlink_receive, .may_send = always, .poll = netlink_poll,
	.get_option = netlink_get_option, .set_option = netlink_set_option,
	.release = netlink_release, .destroy = netlink_destroy,
};
