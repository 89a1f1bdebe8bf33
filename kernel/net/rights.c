/* SPDX-License-Identifier: MIT */
/*
 * net/rights.c: files on their way in messages, and who is charged for them.
 *
 * A user's files in flight are counted by user number in a hash table; an entry is
 * there as long as its count is not zero. A bucket's lock guards its entries.
 *
 * Dropping a file may close a socket, whose queue holds more files, and so on, as
 * deep as a program likes to build it. So only the first rights_free() of a thread
 * drops files; what is freed beneath it goes to the end of its list.
 */
#include "base/random.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "mem/slab.h"
#include "net/control.h"
#include "proc/process.h"
#include <linux/capability.h>

#define BUCKETS 64

struct sender {
	struct hlist_node hash; /* the bucket's lock */
	uint32_t uid;           /* immutable */
	uint64_t flying;        /* the bucket's lock */
};

static struct bucket {
	struct spinlock lock;   /* rank SOCKET_TABLE */
	struct hlist list;      /* lock */
} senders[BUCKETS] = {
	[0 ... BUCKETS - 1] = { .lock = SPINLOCK_INIT(RANK_SOCKET_TABLE) },
};

static struct bucket *bucket_of(uint32_t uid)
{
	return &senders[hash_u64(uid) % BUCKETS];
}

static struct sender *find(struct bucket *b, uint32_t uid)
{
	struct sender *s;

	hlist_for_each_entry(s, &b->list, hash)
		if (s->uid == uid)
			return s;
	return NULL;
}

/* Counts n more files in b, unless there were more than limit already. fresh: to be put there if uid has nothing yet. */
static int charge_in(struct bucket *b, uint32_t uid, unsigned n, uint64_t limit, struct sender **fresh)
{
	struct sender *s;

	SPIN_GUARD(&b->lock);
	s = find(b, uid);
	if (s && s->flying > limit)
		return -ETOOMANYREFS;
	if (!s && !*fresh)
		return -EAGAIN;
	if (!s) {
		s = *fresh;
		*fresh = NULL;
		hlist_add_head(&s->hash, &b->list);
	}
	s->flying += n;
	return 0;
}

static int charge(uint32_t uid, unsigned n, uint64_t limit)
{
	struct bucket *b = bucket_of(uid);
	struct sender *fresh = NULL;
	int error = charge_in(b, uid, n, limit, &fresh);

	if (error != -EAGAIN)
		return error;
	fresh = kzalloc(sizeof(*fresh), ALLOC_KERNEL);
	if (!fresh)
		return -ENOMEM;
	fresh->uid = uid;
	error = charge_in(b, uid, n, limit, &fresh);
	kfree(fresh);
	return error;
}

static void uncharge(uint32_t uid, unsigned n)
{
	struct bucket *b = bucket_of(uid);
	struct sender *s;

	spin_lock(&b->lock);
	s = find(b, uid);
	assert(s && s->flying >= n);
	s->flying -= n;
	if (s->flying)
		s = NULL;
	else
		hlist_del(&s->hash);
	spin_unlock(&b->lock);
	kfree(s);
}

struct rights *rights_grow(struct rights *r, unsigned count)
{
	bool fresh = !r;

	r = krealloc(r, sizeof(*r) + count * sizeof(r->file[0]), ALLOC_KERNEL);
	if (r && fresh)
		*r = (struct rights){ .count = 0 };
	return r;
}

static bool carries_rights(const struct file *f)
{
	const struct socket *s = socket_of_file(f);

	return s && s->family == AF_UNIX;
}

int rights_launch(struct rights *r)
{
	const struct cred *c = cred_current();
	bool free = cred_capable(c, CAP_SYS_RESOURCE) || cred_capable(c, CAP_SYS_ADMIN);
	int error = charge(c->uid, r->count, free ? UINT64_MAX : process_limit(RLIMIT_NOFILE));

	if (error)
		return error;
	r->uid = c->uid;
	r->flying = true;
	for (unsigned i = 0; i < r->count; i++) {
		if (carries_rights(r->file[i])) {
			collect_launch(r->file[i]);
			r->sockets = true;
		}
	}
	return 0;
}

void rights_land(struct rights *r)
{
	for (unsigned i = 0; r->sockets && i < r->count; i++)
		if (carries_rights(r->file[i]))
			collect_land(r->file[i]);
	r->flying = r->sockets = false;
	uncharge(r->uid, r->count);
}

static void drop(struct rights *r)
{
	if (r->flying)
		rights_land(r);
	for (unsigned i = 0; i < r->count; i++)
		file_put(r->file[i]);
	kfree(r);
}

void rights_free(struct rights *r)
{
	struct thread *t = thread_current();
	struct list todo = LIST_INIT(todo), *next;

	if (!r)
		return;
	might_sleep();
	if (t->dropping) {
		list_add_tail(&r->link, t->dropping);
		return;
	}
	t->dropping = &todo;
	list_add_tail(&r->link, &todo);
	while ((next = list_pop_first(&todo)) != NULL)
		drop(list_entry(next, struct rights, link));
	t->dropping = NULL;
}
