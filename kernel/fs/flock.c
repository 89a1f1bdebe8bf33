/* SPDX-License-Identifier: MIT */
/*
 * fs/flock.c: file locks: fcntl's record locks of processes and of open files,
 * and flock(2) (fcntl_locking(2), flock(2)). The two families do not see each
 * other. An inode gets its list of locks with the first one.
 *
 * Waiting. A request that meets a foreign lock queues at that lock, is woken when
 * the lock goes or changes, and tries again. A process that waits is besides in a
 * table by its token, with the token it waits for; following these from the
 * blocker finds whether the wait would close a circle (EDEADLK). As on Linux only
 * record locks of processes are looked at, and ten steps at most.
 */
#include "fs/flock.h"
#include "base/panic.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "mem/slab.h"
#include <linux/fcntl.h>
#include <linux/fs.h>

#define GRAPH_BUCKETS 64
#define GRAPH_STEPS   10

struct waiting {
	struct lock_waiter waiter;
	struct waitq wait;
	bool woken;              /* atomic */
	struct hlist_node node;  /* graph_lock */
	void *token, *blocker;   /* graph_lock */
};

static struct spinlock graph_lock = SPINLOCK_INIT(RANK_FLOCK_GRAPH);
static struct hlist graph[GRAPH_BUCKETS]; /* graph_lock: struct waiting by token */

struct flock_list *flock_list_get(struct inode *i)
{
	struct flock_list *l = atomic_load_acquire(&i->flocks), *none = NULL;

	if (l)
		return l;
	l = kzalloc(sizeof(*l), ALLOC_KERNEL);
	if (!l)
		return NULL;
	spin_init(&l->lock, RANK_FLOCK);
	spin_init(&l->leases.lock, RANK_LEASE);
	list_init(&l->leases.leases);
	l->inode = i;
	if (atomic_compare_exchange(&i->flocks, &none, l)) {
		flock_list_publish(l);
		return l;
	}
	kfree(l);
	return none;
}

void flock_free_list(struct inode *i)
{
	if (likely(!i->flocks))
		return;
	flock_list_withdraw(i->flocks);
	kfree(i->flocks);
	i->flocks = NULL;
}

static struct hlist *graph_bucket(const void *token)
{
	return &graph[hash_ptr(token, 0) % GRAPH_BUCKETS];
}

static void *graph_blocker(const void *token)
{
	struct waiting *w;

	hlist_for_each_entry(w, graph_bucket(token), node)
		if (w->token == token)
			return w->blocker;
	return NULL;
}

/* Notes that w->token waits for w->blocker, unless that closes a circle. */
static bool graph_enter(struct waiting *w)
{
	void *at = w->blocker;

	SPIN_GUARD(&graph_lock);
	for (unsigned i = 0; at && i < GRAPH_STEPS; i++) {
		at = graph_blocker(at);
		if (at == w->token)
			return false;
	}
	hlist_add_head(&w->node, graph_bucket(w->token));
	return true;
}

static void graph_leave(struct waiting *w)
{
	SPIN_GUARD(&graph_lock);
	hlist_del(&w->node);
}

static void waiting_wake(struct lock_waiter *lw)
{
	struct waiting *w = container_of(lw, struct waiting, waiter);

	atomic_store(&w->woken, true);
	waitq_wake_all(&w->wait);
}

/* Sleeps until blocker changes. The list's lock is held on entry, not on return. */
static int wait_for(struct flock_list *list, struct range_lock *blocker, const struct lock_request *r, bool detect)
{
	struct waiting w = { .waiter = { .wake = waiting_wake, .request = r }, .token = r->token, .blocker = blocker->owner->token };
	int error;

	waitq_init(&w.wait);
	hlist_node_init(&w.node);
	if (detect && !blocker->ofd && !graph_enter(&w)) {
		spin_unlock(&list->lock);
		return -EDEADLK;
	}
	list_add_tail(&w.waiter.link, &blocker->blocked);
	spin_unlock(&list->lock);
	error = wait_event_interruptible(&w.wait, atomic_load(&w.woken));
	spin_lock(&list->lock);
	list_del_init(&w.waiter.link);
	graph_leave(&w);
	spin_unlock(&list->lock);
	return error;
}

/* Until the request holds. */
static int lock_set(struct flock_list *list, struct lock_space *s, const struct lock_request *r, bool wait, bool detect)
{
	struct lock_memory m;
	int error;

	if (!lock_memory_get(&m))
		return -ENOLCK;
	do {
		struct range_lock *blocker;

		spin_lock(&list->lock);
		blocker = lock_conflict(s, r);
		if (!blocker) {
			lock_apply(s, r, &m);
			spin_unlock(&list->lock);
			error = 0;
			break;
		}
		if (!wait) {
			spin_unlock(&list->lock);
			error = -EAGAIN;
			break;
		}
		error = wait_for(list, blocker, r, detect);
	} while (!error);
	lock_memory_free(&m);
	return error;
}

/* The bytes a struct flock means. */
static int range_from(struct file *f, const struct flock *l, struct lock_request *r)
{
	loff_t base = 0, start, end = INT64_MAX;

	if (l->l_whence == SEEK_CUR)
		base = f->position;
	else if (l->l_whence == SEEK_END)
		base = (loff_t)inode_size(f->inode);
	else if (l->l_whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(base, l->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (l->l_len > 0 && __builtin_add_overflow(start, l->l_len - 1, &end))
		return -EOVERFLOW;
	if (l->l_len < 0) {
		end = start - 1;
		start += l->l_len;
		if (start < 0)
			return -EINVAL;
	}
	r->start = (uint64_t)start;
	r->end = end == INT64_MAX ? LOCK_END : (uint64_t)end;
	return 0;
}

static int request_from(struct file *f, void *owner, int cmd, const struct flock *l, int pid, struct lock_request *r)
{
	*r = (struct lock_request){ .token = owner, .pid = pid };
	r->ofd = cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW || cmd == F_OFD_GETLK;
	if (r->ofd) {
		if (l->l_pid)
			return -EINVAL;
		r->token = f;
		r->pid = -1;
	}
	if (l->l_type != F_RDLCK && l->l_type != F_WRLCK && l->l_type != F_UNLCK)
		return -EINVAL;
	r->write = l->l_type == F_WRLCK;
	r->unlock = l->l_type == F_UNLCK;
	return range_from(f, l, r);
}

int flock_set(struct file *f, void *owner, int cmd, struct flock *l, int pid)
{
	struct flock_list *list;
	struct lock_request r;
	int error = request_from(f, owner, cmd, l, pid, &r);

	if (error)
		return error;
	if ((l->l_type == F_RDLCK && !(f->mode & FILE_READ)) || (r.write && !(f->mode & FILE_WRITE)))
		return -EBADF;
	if (r.unlock && !atomic_load(&f->inode->flocks))
		return 0;
	list = flock_list_get(f->inode);
	if (!list)
		return -ENOLCK;
	return lock_set(list, &list->record, &r, cmd == F_SETLKW || cmd == F_OFD_SETLKW, !r.ofd);
}

int flock_get(struct file *f, void *owner, int cmd, struct flock *l)
{
	struct flock_list *list = atomic_load_acquire(&f->inode->flocks);
	struct range_lock *found = NULL;
	struct lock_request r;
	int error = request_from(f, owner, cmd, l, 0, &r);

	if (!error && r.unlock && !r.ofd)
		error = -EINVAL;
	if (error)
		return error;
	l->l_type = F_UNLCK;
	if (!list)
		return 0;
	spin_lock(&list->lock);
	found = lock_conflict(&list->record, &r);
	if (found) {
		l->l_type = found->write ? F_WRLCK : F_RDLCK;
		l->l_whence = SEEK_SET;
		l->l_start = (loff_t)found->start;
		l->l_len = found->end == LOCK_END ? 0 : (loff_t)(found->end - found->start + 1);
		l->l_pid = found->pid;
	}
	spin_unlock(&list->lock);
	return 0;
}

static void unlock_all(struct flock_list *list, struct lock_space *s, void *token)
{
	struct lock_request r = { .token = token, .end = LOCK_END, .unlock = true };
	struct lock_memory none = { 0 };

	SPIN_GUARD(&list->lock);
	if (lock_owner_has(s, token))
		lock_apply(s, &r, &none); /* removing everything needs no memory */
}

/* As on Linux a conversion gives up the old lock first, so that two cannot wait for each other's. */
static void give_up_other(struct flock_list *list, struct file *f, bool write)
{
	bool other;

	spin_lock(&list->lock);
	other = lock_owner_has(&list->whole, f) && lock_owner_writes(&list->whole, f) != write;
	spin_unlock(&list->lock);
	if (other)
		unlock_all(list, &list->whole, f);
}

int flock_whole(struct file *f, int operation, int pid)
{
	bool wait = !(operation & LOCK_NB);
	struct lock_request r = { .token = f, .end = LOCK_END, .pid = pid };
	struct flock_list *list;

	operation &= ~LOCK_NB;
	if (operation != LOCK_SH && operation != LOCK_EX && operation != LOCK_UN)
		return -EINVAL;
	if (f->mode & FILE_PATH_ONLY)
		return -EBADF;
	list = flock_list_get(f->inode);
	if (!list)
		return -ENOLCK;
	if (operation == LOCK_UN) {
		unlock_all(list, &list->whole, f);
		return 0;
	}
	r.write = operation == LOCK_EX;
	give_up_other(list, f, r.write);
	return lock_set(list, &list->whole, &r, wait, false);
}

void flock_release_owner(struct inode *i, void *owner)
{
	struct flock_list *list = atomic_load_acquire(&i->flocks);

	if (!list)
		return;
	unlock_all(list, &list->record, owner);
	unlock_all(list, &list->whole, owner);
}
