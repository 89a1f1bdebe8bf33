/* SPDX-License-Identifier: MIT */
/*
 * net/inet/port.c: who has which port.
 *
 * A table of buckets by port, for each protocol that has ports. In a bucket there
 * are claims: a port at an address (or at any), with what decides whether another
 * may have the same: SO_REUSEADDR, SO_REUSEPORT, the user, whether somebody listens.
 * Sockets with equal claims share one, so the ten thousand connections of a server
 * are one claim with a count, and judging a bind(2) looks at a few of them only.
 *
 * Datagrams and connection requests are looked up here under RCU, with no lock and
 * no shared write but the reference to who was found. A socket that moves to another
 * claim while a reader stands on it leads that reader astray; the bucket's count of
 * changes tells who found nothing to look again.
 */
#include "base/random.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "mem/slab.h"
#include "net/filter.h"
#include "net/inet/inet.h"

#define SEARCHES 256

struct port_table tcp_ports = { .bucket[0 ... PORT_BUCKETS - 1].lock = SPINLOCK_INIT(RANK_PORT) };
struct port_table udp_ports = { .bucket[0 ... PORT_BUCKETS - 1].lock = SPINLOCK_INIT(RANK_PORT) };
struct port_table udplite_ports = { .bucket[0 ... PORT_BUCKETS - 1].lock = SPINLOCK_INIT(RANK_PORT) };

static uint32_t search_next[SEARCHES]; /* atomic: by destination, from 0 on */

static struct port_bucket *bucket_of(struct port_table *t, unsigned port)
{
	return &t->bucket[port % PORT_BUCKETS];
}

struct inet_claim *port_claim_create(void)
{
	return kzalloc(sizeof(struct inet_claim), ALLOC_KERNEL);
}

struct inet_claim *port_claim_create_atomic(void)
{
	return kzalloc(sizeof(struct inet_claim), ALLOC_ATOMIC);
}

/* What a claim of this socket at addr would say. */
static struct inet_claim describe(const struct inet_socket *s, const struct inet_addr *addr, unsigned flags)
{
	uint32_t set = atomic_load(&s->base.flags);

	if (set & SOCKET_REUSEADDR)
		flags |= CLAIM_REUSE;
	if (set & SOCKET_REUSEPORT)
		flags |= CLAIM_SHARE;
	if (inet_has(s, INET_ONLY6))
		flags |= CLAIM_ONLY6;
	return (struct inet_claim){ .addr = *addr, .flags = (uint8_t)flags, .uid = s->uid,
				    .device = atomic_load(&s->device) };
}

/* Could a packet be for both? */
static bool overlap(const struct inet_claim *a, const struct inet_claim *b)
{
	bool a4 = inet_is4(&a->addr), b4 = inet_is4(&b->addr);

	if (a->port != b->port || (a->device && b->device && a->device != b->device))
		return false;
	if (a4 == b4)
		return inet_is_any(&a->addr) || inet_is_any(&b->addr) || inet_equal(&a->addr, &b->addr);
	if (b4)
		return inet_is_any6(&a->addr) && !(a->flags & CLAIM_ONLY6);
	return inet_is_any6(&b->addr) && !(b->flags & CLAIM_ONLY6);
}

/* They overlap: do both allow it? */
static bool tolerate(const struct inet_claim *mine, const struct inet_claim *other)
{
	uint8_t both = mine->flags & other->flags;

	if (both & CLAIM_CONNECT)
		return true;
	if (both & CLAIM_REUSE && !(other->flags & CLAIM_LISTENING))
		return true;
	return both & CLAIM_SHARE && mine->uid == other->uid;
}

static bool equal(const struct inet_claim *a, const struct inet_claim *b)
{
	return a->port == b->port && a->flags == b->flags && a->uid == b->uid && a->device == b->device &&
	       inet_equal(&a->addr, &b->addr);
}

enum pick { PICK_NAMED, PICK_FREE, PICK_SHARED };

/* May `want` be had? *same: the one that is equal to it. Bucket locked. */
static bool available(const struct port_bucket *b, const struct inet_claim *want, const struct inet_claim *own,
		      enum pick pick, struct inet_claim **same)
{
	struct inet_claim *c;

	*same = NULL;
	hlist_for_each_entry(c, &b->claims, node) {
		if (c->port != want->port || c == own)
			continue;
		if (pick == PICK_SHARED && !(c->flags & CLAIM_CONNECT))
			return false;
		if (overlap(want, c) && (pick == PICK_FREE || !tolerate(want, c)))
			return false;
		if (equal(c, want))
			*same = c;
	}
	return true;
}

/* A claim like `want`: one more user of `same`, or a fresh one. Bucket locked. */
static struct inet_claim *enter(struct port_table *t, struct port_bucket *b, const struct inet_claim *want,
				struct inet_claim *same, struct inet_claim **fresh)
{
	struct inet_claim *c = same;

	if (!c) {
		c = *fresh;
		*fresh = NULL;
		*c = *want;
		c->bucket = b;
		c->table = t;
		hlist_add_head(&c->node, &b->claims);
	}
	c->users++;
	return c;
}

static void show(struct inet_socket *s, struct inet_claim *c)
{
	hlist_add_head(&s->bound, &c->sockets);
	if (!c->shared && s->chooser) {
		rcu_assign(c->chooser, s->chooser);
		s->chooser = NULL;
	}
	WRITE_ONCE(s->turn, c->shared++);
	WRITE_ONCE(c->bucket->changes, c->bucket->changes + 1);
}

/* It is found no more; the last of its claim takes its turn, as on Linux. */
static void hide(struct inet_socket *s, struct inet_claim *c)
{
	struct inet_socket *other;

	if (!hlist_unhashed(&s->bound)) {
		hlist_del(&s->bound);
		c->shared--;
		if (c->flags & CLAIM_SHARE)
			hlist_for_each_entry(other, &c->sockets, bound)
				if (other->turn == c->shared)
					WRITE_ONCE(other->turn, s->turn);
	}
	WRITE_ONCE(c->bucket->changes, c->bucket->changes + 1);
}

/* One try. Sockets of protocols without connections are found by their port at once. */
static bool take(struct inet_socket *s, struct inet_claim *want, enum pick pick, struct inet_claim **fresh)
{
	struct port_bucket *b = bucket_of(s->ports, want->port);
	struct inet_claim *same;

	SPIN_GUARD(&b->lock);
	if (!available(b, want, NULL, pick, &same))
		return false;
	s->claim = enter(s->ports, b, want, same, fresh);
	if (s->base.type != SOCK_STREAM)
		show(s, s->claim);
	return true;
}

int port_take(struct inet_socket *s, const struct inet_addr *addr, unsigned port, struct inet_claim **fresh)
{
	struct inet_claim want = describe(s, addr, 0);
	unsigned first, range = inet_port_range(s, &first), start;

	assert_held(&s->base.lock);
	if (port) {
		want.port = (uint16_t)port;
		return take(s, &want, PICK_NAMED, fresh) ? 0 : -EADDRINUSE;
	}
	start = (unsigned)random_below(range);
	for (unsigned i = 0; i < range; i++) {
		want.port = (uint16_t)(first + (start + i) % range);
		if (take(s, &want, PICK_FREE, fresh))
			return 0;
	}
	return -EADDRINUSE;
}

int port_take_shared(struct inet_socket *s, const struct inet_addr *addr, unsigned port, struct inet_claim **fresh)
{
	struct inet_claim want = describe(s, addr, CLAIM_CONNECT);

	assert_held(&s->base.lock);
	want.port = (uint16_t)port;
	return take(s, &want, PICK_SHARED, fresh) ? 0 : -EADDRINUSE;
}

int port_listen(struct inet_socket *s, struct inet_claim **fresh)
{
	struct inet_claim want = describe(s, &s->claim->addr, CLAIM_LISTENING), *same;
	struct port_bucket *b = s->claim->bucket;

	assert_held(&s->base.lock);
	want.port = s->claim->port;
	SPIN_GUARD(&b->lock);
	if (!available(b, &want, s->claim, PICK_NAMED, &same))
		return -EADDRINUSE;
	s->listening = enter(s->ports, b, &want, same, fresh);
	show(s, s->listening);
	return 0;
}

void port_claim_get(struct inet_claim *c)
{
	SPIN_GUARD(&c->bucket->lock);
	c->users++;
}

/* Bucket locked. */
static void drop(struct inet_claim *c)
{
	if (--c->users)
		return;
	assert(hlist_empty(&c->sockets));
	hlist_del(&c->node);
	if (c->chooser)
		kfree_rcu(c->chooser, &c->chooser->rcu);
	kfree_rcu(c, &c->rcu);
}

void port_claim_put(struct inet_claim *c)
{
	SPIN_GUARD(&c->bucket->lock);
	drop(c);
}

void port_unlisten(struct inet_socket *s)
{
	struct inet_claim *c = s->listening;

	if (!c)
		return;
	spin_lock(&c->bucket->lock);
	hide(s, c);
	s->listening = NULL;
	drop(c);
	spin_unlock(&c->bucket->lock);
}

void port_release(struct inet_socket *s)
{
	struct inet_claim *c = s->claim;

	port_unlisten(s);
	if (!c)
		return;
	spin_lock(&c->bucket->lock);
	hide(s, c);
	s->claim = NULL;
	drop(c);
	spin_unlock(&c->bucket->lock);
}

/* How well a claim fits an address: 0 not at all. */
static unsigned claim_score(const struct inet_claim *c, const struct inet_end *to, int device)
{
	if (c->port != to->port || (c->device && c->device != device))
		return 0;
	if (inet_equal(&c->addr, &to->addr))
		return 8;
	if (inet_is4(&to->addr)) {
		if (inet_is_any6(&c->addr))
			return c->flags & CLAIM_ONLY6 ? 0 : 1;
		return inet_is_any(&c->addr) ? 4 : 0;
	}
	return inet_is_any6(&c->addr) ? 4 : 0;
}

/* The same for a socket under it; one that is connected takes from its peer only. */
static unsigned socket_score(const struct inet_socket *s, const struct inet_end *to, const struct inet_end *from)
{
	const struct inet_addr *mine = &s->local.addr;

	if (!READ_ONCE(s->remote.port))
		return 1;
	if (!inet_is_any(mine) && !inet_equal(mine, &to->addr))
		return 0;
	return READ_ONCE(s->remote.port) == from->port && inet_equal(&s->remote.addr, &from->addr) ? 16 : 0;
}

/* Of those who share a port each sender finds the same one. */
static uint64_t share_rank(const struct inet_socket *s, const struct inet_end *from)
{
	return hash_ptr(s, hash_2u64(from->addr.half[1], from->port));
}

/* The turn of the one that the claim's program chooses; UINT32_MAX: it has none, or chose nobody. Under RCU. */
static uint32_t choose(const struct inet_claim *c, const struct bytes *data)
{
	const struct socket_filter *f = rcu_dereference(c->chooser);
	struct filter_packet p = { .bytes = data, .length = data ? data->length : 0 };
	uint32_t turn = f ? socket_filter_run(f, &p) : UINT32_MAX;

	return turn < READ_ONCE(c->shared) ? turn : UINT32_MAX;
}

int port_set_chooser(struct inet_socket *s, struct socket_filter *f)
{
	struct socket_filter *old, **at = &s->chooser;
	struct inet_claim *c;

	SPIN_GUARD(&s->base.lock);
	c = s->base.type == SOCK_STREAM ? s->listening : s->claim;
	if (c ? !(c->flags & CLAIM_SHARE) : !(atomic_load(&s->base.flags) & SOCKET_REUSEPORT))
		return -EINVAL;
	if (c)
		at = &c->chooser;
	old = *at;
	if (!f && !old)
		return -ENOENT;
	if (c)
		spin_lock(&c->bucket->lock);
	old = *at;
	rcu_assign(*at, f);
	if (c)
		spin_unlock(&c->bucket->lock);
	if (old)
		kfree_rcu(old, &old->rcu);
	return 0;
}

static struct inet_socket *find_once(struct port_bucket *b, const struct inet_end *to, const struct inet_end *from,
				     int device, const struct bytes *data)
{
	struct inet_socket *s, *best = NULL;
	unsigned best_score = 0;
	struct inet_claim *c;

	hlist_for_each_entry(c, &b->claims, node) {
		unsigned score = claim_score(c, to, device);
		uint32_t turn;

		if (!score)
			continue;
		turn = unlikely(READ_ONCE(c->chooser)) ? choose(c, data) : UINT32_MAX;
		hlist_for_each_entry(s, &c->sockets, bound) {
			unsigned fit = socket_score(s, to, from), sum = fit ? score + fit : 0;
			bool shared = sum == best_score && best && c->flags & CLAIM_SHARE;

			if (turn != UINT32_MAX && turn != READ_ONCE(s->turn) && fit == 1)
				continue; /* another was chosen */
			if (sum > best_score || (shared && share_rank(s, from) > share_rank(best, from))) {
				best = s;
				best_score = sum;
			}
		}
	}
	return best && refcount_get_unless_zero(&best->base.refs) ? best : NULL;
}

struct inet_socket *port_find(struct port_table *t, const struct inet_end *to, const struct inet_end *from, int device,
			      const struct bytes *data)
{
	struct port_bucket *b = bucket_of(t, to->port);
	struct inet_socket *found;
	uint32_t changes;

	rcu_read_lock();
	do {
		changes = atomic_load_acquire(&b->changes);
		found = find_once(b, to, from, device, data);
	} while (!found && unlikely(atomic_load_acquire(&b->changes) != changes));
	rcu_read_unlock();
	return found;
}

void port_for_each(struct port_table *t, unsigned port, void (*visit)(struct inet_socket *s, void *arg), void *arg)
{
	struct port_bucket *b = bucket_of(t, port);
	struct inet_socket *s;
	struct inet_claim *c;

	rcu_read_lock();
	hlist_for_each_entry(c, &b->claims, node)
		if (c->port == port)
			hlist_for_each_entry(s, &c->sockets, bound)
				visit(s, arg);
	rcu_read_unlock();
}

unsigned port_list(struct port_table *t, unsigned bucket, struct inet_socket **v, unsigned max)
{
	struct port_bucket *b = &t->bucket[bucket];
	struct inet_socket *s;
	struct inet_claim *c;
	unsigned n = 0;

	if (hlist_empty(&b->claims))
		return 0;
	SPIN_GUARD(&b->lock);
	hlist_for_each_entry(c, &b->claims, node)
		hlist_for_each_entry(s, &c->sockets, bound) {
			if (n < max && refcount_get_unless_zero(&s->base.refs))
				v[n++] = s;
			else if (!max)
				n++;
		}
	return n;
}

unsigned port_search_start(const struct inet_end *to)
{
	uint32_t *next = &search_next[hash_2u64(to->addr.half[1], to->port) % SEARCHES];
	uint32_t none = 0;

	if (unlikely(!atomic_load(next)))
		atomic_compare_exchange(next, &none, (uint32_t)random_u64() | 1);
	return atomic_fetch_add(next, 1);
}
