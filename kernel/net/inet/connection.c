/* SPDX-License-Identifier: MIT */
/*
 * net/inet/connection.c: the table of connections, and those that wait.
 *
 * TIME_WAIT: who ends a connection first keeps its two ends taken for a minute, so
 * that nothing late is taken for part of a new one. Nothing is late on one machine,
 * but programs see it: in bind(2) and connect(2), in ss(8). Everybody waits equally
 * long, so those who wait are in lists in the order of their ends; a timer looks at
 * the heads once a second. The lists are several, since each close passes by one.
 */
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "mem/slab.h"
#include "net/inet/tcp.h"

#define SHARDS      16
#define WAIT_TIME   (60 * NSEC_PER_SEC)
#define WAIT_MAX    32768u               /* net.ipv4.tcp_max_tw_buckets */
#define REUSE_AFTER NSEC_PER_SEC         /* net.ipv4.tcp_tw_reuse = 2: on loopback connect(2) need not wait longer */

static struct bucket {
	struct spinlock lock;  /* rank CONNECTION */
	struct hlist list;     /* lock */
} table[CONNECTION_BUCKETS] = {
	[0 ... CONNECTION_BUCKETS - 1] = { .lock = SPINLOCK_INIT(RANK_CONNECTION) },
};

static struct shard {
	struct spinlock lock;  /* rank CONNECTION */
	struct list waiting;   /* lock: the next to end first */
} shards[SHARDS];

static uint32_t waiting_count; /* atomic */
static uint32_t ready;         /* atomic: 0 not, 1 being made, 2 the shards are */
static struct timer reap_timer;
static struct work reap_work;

static unsigned hash_of(const struct tcp_connection *c)
{
	return (unsigned)(hash_2u64(hash_2u64(c->local.addr.half[1], c->remote.addr.half[1]),
				    (uint64_t)c->local.port << 16 | c->remote.port) % CONNECTION_BUCKETS);
}

static struct shard *shard_of(const struct tcp_connection *c)
{
	return &shards[hash_of(c) % SHARDS];
}

static void reap(struct work *w);

static void reap_later(struct timer *t)
{
	work_queue(&reap_work);
}

/* The first connection makes the lists. */
static void make_ready(void)
{
	uint32_t none = 0;

	if (likely(atomic_load_acquire(&ready) == 2))
		return;
	if (atomic_compare_exchange(&ready, &none, 1)) {
		for (unsigned i = 0; i < SHARDS; i++) {
			spin_init(&shards[i].lock, RANK_CONNECTION);
			list_init(&shards[i].waiting);
		}
		timer_init(&reap_timer, reap_later);
		work_init(&reap_work, reap);
		atomic_store_release(&ready, 2);
	}
	while (atomic_load_acquire(&ready) != 2)
		cpu_relax();
}

struct tcp_connection *connection_create(struct tcp_socket *owner)
{
	struct tcp_connection *c = kzalloc(sizeof(*c), ALLOC_KERNEL);

	if (!c)
		return NULL;
	make_ready();
	refcount_init(&c->refs, 1);
	list_init(&c->wait);
	c->owner = owner;
	c->family = owner->inet.base.family;
	c->uid = owner->inet.uid;
	return c;
}

void connection_put(struct tcp_connection *c)
{
	if (!refcount_put(&c->refs))
		return;
	if (c->claim)
		port_claim_put(c->claim);
	kfree(c);
}

/* Its time to wait is over, one way or another. It is in no list of those who wait. */
static void wait_over(struct tcp_connection *c)
{
	atomic_dec(&waiting_count);
	connection_put(c);
}

static void stop_waiting(struct tcp_connection *c)
{
	struct shard *s = shard_of(c);
	bool waited;

	spin_lock(&s->lock);
	waited = !list_empty(&c->wait);
	list_del_init(&c->wait);
	spin_unlock(&s->lock);
	if (waited)
		wait_over(c);
}

static struct tcp_connection *find(const struct bucket *b, const struct tcp_connection *like)
{
	struct tcp_connection *c;

	hlist_for_each_entry(c, &b->list, node)
		if (inet_end_equal(&c->remote, &like->remote) && inet_end_equal(&c->local, &like->local))
			return c;
	return NULL;
}

static bool may_replace(const struct tcp_connection *c, bool patient)
{
	if (atomic_load(&c->state) != TCP_TIME_WAIT)
		return false;
	return !patient || clock_now() - READ_ONCE(c->since) >= REUSE_AFTER;
}

/* Does not end what it replaces: *old is to be. */
static int insert(struct bucket *b, struct tcp_connection *c, bool patient, struct tcp_connection **old)
{
	SPIN_GUARD(&b->lock);
	*old = find(b, c);
	if (*old && !may_replace(*old, patient)) {
		*old = NULL;
		return -EADDRNOTAVAIL;
	}
	if (*old)
		hlist_del(&(*old)->node);
	refcount_get(&c->refs);
	hlist_add_head(&c->node, &b->list);
	return 0;
}

int connection_insert(struct tcp_connection *c, bool patient)
{
	struct tcp_connection *old;
	int error = insert(&table[hash_of(c)], c, patient, &old);

	if (old) {
		stop_waiting(old);
		connection_put(old);
	}
	return error;
}

/* Out of the table, if it is there still. */
static void unhash(struct tcp_connection *c)
{
	struct bucket *b = &table[hash_of(c)];
	bool there;

	spin_lock(&b->lock);
	there = !hlist_unhashed(&c->node);
	hlist_del(&c->node);
	c->owner = NULL;
	spin_unlock(&b->lock);
	if (there)
		connection_put(c);
}

void connection_remove(struct tcp_connection *c)
{
	stop_waiting(c);
	unhash(c);
	connection_put(c);
}

/* The first of a shard if its time has come. */
static struct tcp_connection *due(struct shard *s, nsec_t now)
{
	struct tcp_connection *c;

	SPIN_GUARD(&s->lock);
	if (list_empty(&s->waiting))
		return NULL;
	c = list_first_entry(&s->waiting, struct tcp_connection, wait);
	if (c->expires > now)
		return NULL;
	list_del_init(&c->wait);
	return c;
}

static void reap(struct work *w)
{
	nsec_t now = clock_now();
	struct tcp_connection *c;

	for (unsigned i = 0; i < SHARDS; i++)
		while ((c = due(&shards[i], now)) != NULL) {
			unhash(c);
			wait_over(c);
		}
	if (atomic_load(&waiting_count))
		timer_arm(&reap_timer, now + NSEC_PER_SEC, NSEC_PER_SEC / 4);
}

/* True if it did not wait before. */
static bool begin_waiting(struct tcp_connection *c, enum inet_state state)
{
	struct shard *s = shard_of(c);
	bool fresh;

	SPIN_GUARD(&s->lock);
	fresh = list_empty(&c->wait);
	list_del_init(&c->wait);
	atomic_store(&c->state, (uint8_t)state);
	WRITE_ONCE(c->since, clock_now());
	c->expires = c->since + WAIT_TIME;
	list_add_tail(&c->wait, &s->waiting);
	if (fresh)
		refcount_get(&c->refs);
	return fresh;
}

void connection_wait(struct tcp_connection *c, enum inet_state state, struct inet_claim *claim)
{
	struct bucket *b = &table[hash_of(c)];

	if (atomic_load(&waiting_count) >= WAIT_MAX || hlist_unhashed(&c->node)) {
		connection_remove(c);
		return;
	}
	spin_lock(&b->lock);
	c->owner = NULL;
	spin_unlock(&b->lock);
	if (!c->claim) {
		port_claim_get(claim);
		c->claim = claim;
	}
	if (begin_waiting(c, state) && atomic_fetch_add(&waiting_count, 1) == 0)
		timer_arm(&reap_timer, clock_now() + NSEC_PER_SEC, NSEC_PER_SEC / 4);
	connection_put(c);
}

unsigned connection_waiting_count(void)
{
	return atomic_load(&waiting_count);
}

nsec_t connection_time_left(const struct tcp_connection *c)
{
	nsec_t left = READ_ONCE(c->expires) - clock_now();

	return left > 0 ? left : 0;
}

unsigned connection_list(unsigned bucket, struct tcp_connection **v, struct tcp_socket **owner, unsigned max)
{
	struct bucket *b = &table[bucket];
	struct tcp_connection *c;
	unsigned n = 0;

	if (hlist_empty(&b->list))
		return 0;
	SPIN_GUARD(&b->lock);
	hlist_for_each_entry(c, &b->list, node) {
		if (n < max) {
			refcount_get(&c->refs);
			v[n] = c;
			owner[n] = c->owner;
			if (c->owner)
				tcp_get(c->owner);
		}
		n++;
	}
	return n;
}
