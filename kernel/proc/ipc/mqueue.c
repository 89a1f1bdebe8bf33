/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/mqueue.c: the messages of a POSIX queue: sending and receiving
 * (mq_timedsend(2), mq_timedreceive(2)), and what its file shows.
 *
 * Messages are in a tree by priority and number, so that putting one in and taking
 * the next out is O(log n). Who must wait is served in turn: a message that comes
 * while receivers wait is handed to the first of them and never enters the queue;
 * who takes one out of a full queue puts in that of the first sender that waits. So a
 * waiter lies on its own stack, is taken off the list by whoever serves it, and takes
 * the queue's lock once more before it goes, since its waker may still be at it.
 */
#include "proc/ipc/mqueue.h"
#include "fs/poll.h"
#include "hal/clock.h"
#include "hal/usercopy.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "vm/iter.h"
#include <linux/fcntl.h>

#define NODE_BYTES 48 /* what Linux counts for a message, and for a priority, beside the bytes */
#define SHOWN      80 /* bytes of the file, at most */

struct mqueue_message {
	struct rb_node node;         /* queue's lock */
	unsigned priority;
	uint64_t sequence;
	size_t size;
	char text[];
};

struct mqueue_waiter {
	struct list link;            /* queue's lock; empty: served */
	struct mqueue_message *message; /* a sender's, or the one for a receiver */
	int rank;                    /* of the thread */
	bool served;                 /* atomic */
	struct waitq wake;
};

/* ---- the queue itself ------------------------------------------------------------ */

int mqueue_create(struct inode *inode, uint64_t most, uint64_t most_bytes, struct mqueue **out)
{
	uint64_t charge, nodes = most * NODE_BYTES + min(most, (uint64_t)MQUEUE_PRIORITIES) * NODE_BYTES;
	struct mqueue *q;

	if (__builtin_mul_overflow(most, most_bytes, &charge) || __builtin_add_overflow(charge, nodes, &charge))
		return -EOVERFLOW;
	q = kzalloc(sizeof(*q), ALLOC_KERNEL);
	if (!q)
		return -ENOMEM;
	spin_init(&q->lock, RANK_IPC);
	list_init(&q->senders);
	list_init(&q->receivers);
	waitq_init(&q->wait);
	q->inode = inode;
	q->most = most;
	q->most_bytes = most_bytes;
	q->charge = charge;
	if (!account_charge(task_current()->account, ACCOUNT_QUEUE_BYTES, charge, process_limit(RLIMIT_MSGQUEUE))) {
		kfree(q);
		return -EMFILE;
	}
	q->account = task_current()->account;
	*out = q;
	return 0;
}

void mqueue_destroy(struct mqueue *q)
{
	struct rb_node *n;

	while ((n = rb_first_cached(&q->messages)) != NULL) {
		rb_erase_cached(n, &q->messages);
		kfree(rb_entry(n, struct mqueue_message, node));
	}
	mqueue_notify_release(&q->notify);
	account_uncharge(q->account, ACCOUNT_QUEUE_BYTES, q->charge);
	kfree(q);
}

struct mqueue *mqueue_of(const struct file *f)
{
	return f->ops == &mqueue_file_ops ? f->inode->data : NULL;
}

static void insert(struct mqueue *q, struct mqueue_message *m)
{
	struct rb_node **link = &q->messages.root.node, *parent = NULL;
	bool leftmost = true;

	m->sequence = q->sequence++;
	while (*link) {
		parent = *link;
		if (m->priority > rb_entry(parent, struct mqueue_message, node)->priority) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&m->node, parent, link);
	rb_insert_fix_cached(&m->node, &q->messages, leftmost);
	q->count++;
	q->bytes += m->size;
}

static struct mqueue_message *take_first(struct mqueue *q)
{
	struct mqueue_message *m = rb_entry(rb_first_cached(&q->messages), struct mqueue_message, node);

	rb_erase_cached(&m->node, &q->messages);
	q->count--;
	q->bytes -= m->size;
	return m;
}

/* ---- waiting --------------------------------------------------------------------- */

/* Behind all that are as urgent. Lock held. */
static void enqueue(struct list *waiters, struct mqueue_waiter *w)
{
	struct sched_params p;
	struct list *at = waiters->prev;

	thread_get_params(&task_current()->thread, &p);
	w->rank = p.priority ? 100 + p.priority : -p.nice;
	while (at != waiters && list_entry(at, struct mqueue_waiter, link)->rank < w->rank)
		at = at->prev;
	list_add_head(&w->link, at);
}

/* The first that waits, off the list; it goes on with what is in w->message. Lock held. */
static struct mqueue_waiter *first_of(struct list *waiters)
{
	struct mqueue_waiter *w;

	if (list_empty(waiters))
		return NULL;
	w = list_first_entry(waiters, struct mqueue_waiter, link);
	list_del_init(&w->link);
	return w;
}

static void serve(struct mqueue_waiter *w)
{
	atomic_store_release(&w->served, true);
	waitq_wake_one(&w->wake);
}

/* Lock held, and dropped. 0: served; -ETIMEDOUT, -ERESTARTSYS. */
static int wait(struct mqueue *q, struct list *waiters, struct mqueue_waiter *w, nsec_t deadline)
{
	int result;

	w->served = false;
	waitq_init(&w->wake);
	enqueue(waiters, w);
	spin_unlock(&q->lock);
	result = wait_event_interruptible_until(&w->wake, atomic_load_acquire(&w->served), wall_deadline(deadline));
	spin_lock(&q->lock);
	if (atomic_load_acquire(&w->served))
		result = 0;
	else
		list_del(&w->link);
	spin_unlock(&q->lock);
	return result;
}

/* ---- sending ----------------------------------------------------------------------- */

/* Handed over, or into the queue, which has room. Lock held, and dropped. */
static void put_message(struct mqueue *q, struct mqueue_message *m)
{
	struct mqueue_waiter *w = first_of(&q->receivers);
	struct mqueue_notify n = { .owner = NULL };

	if (w) {
		w->message = m;
		serve(w);
		spin_unlock(&q->lock);
		return;
	}
	insert(q, m);
	if (q->count == 1)
		mqueue_take_notify(q, &n);
	spin_unlock(&q->lock);
	mqueue_tell(&n, false);
	waitq_wake_n(&q->wait, ~0u, EPOLLIN | EPOLLRDNORM);
}

static int send(struct mqueue *q, struct mqueue_message *m, bool nowait, nsec_t deadline)
{
	struct mqueue_waiter w = { .message = m };
	int result = 0;

	spin_lock(&q->lock);
	if (q->count < q->most) {
		put_message(q, m);
	} else if (nowait) {
		spin_unlock(&q->lock);
		result = -EAGAIN;
	} else {
		result = wait(q, &q->senders, &w, deadline);
	}
	return result;
}

int mqueue_send(struct file *f, uaddr_t text, size_t size, unsigned priority, nsec_t deadline)
{
	struct mqueue *q = mqueue_of(f);
	struct mqueue_message *m;
	int result;

	if (size > q->most_bytes)
		return -EMSGSIZE;
	m = kmalloc(sizeof(*m) + size, ALLOC_KERNEL);
	if (!m)
		return -ENOMEM;
	m->priority = priority;
	m->size = size;
	result = copy_from_user(m->text, text, size);
	if (!result)
		result = send(q, m, f->flags & O_NONBLOCK, deadline);
	if (result)
		kfree(m);
	else
		inode_touch(q->inode, ATTR_ATIME | ATTR_MTIME | ATTR_CTIME);
	return result;
}

/* ---- receiving ---------------------------------------------------------------------- */

/* The next one, and into its place that of the first sender. Lock held, and dropped. */
static struct mqueue_message *get_message(struct mqueue *q)
{
	struct mqueue_message *m = take_first(q);
	struct mqueue_waiter *w = first_of(&q->senders);

	if (w) {
		insert(q, w->message);
		serve(w);
	}
	spin_unlock(&q->lock);
	if (!w)
		waitq_wake_n(&q->wait, ~0u, EPOLLOUT | EPOLLWRNORM);
	return m;
}

static int receive(struct mqueue *q, bool nowait, nsec_t deadline, struct mqueue_message **m)
{
	struct mqueue_waiter w = { .message = NULL };
	int result = 0;

	spin_lock(&q->lock);
	if (q->count) {
		*m = get_message(q);
	} else if (nowait) {
		spin_unlock(&q->lock);
		result = -EAGAIN;
	} else {
		result = wait(q, &q->receivers, &w, deadline);
		*m = w.message;
	}
	return result;
}

ssize_t mqueue_receive(struct file *f, uaddr_t to, size_t size, uaddr_t priority_to, nsec_t deadline)
{
	struct mqueue *q = mqueue_of(f);
	struct mqueue_message *m;
	ssize_t result;

	if (size < q->most_bytes)
		return -EMSGSIZE;
	result = receive(q, f->flags & O_NONBLOCK, deadline, &m);
	if (result)
		return result;
	inode_touch(q->inode, ATTR_ATIME | ATTR_MTIME | ATTR_CTIME);
	result = (ssize_t)m->size;
	if ((priority_to && copy_to_user(priority_to, &m->priority, sizeof(m->priority))) ||
	    copy_to_user(to, m->text, m->size))
		result = -EFAULT;
	kfree(m);
	return result;
}

/* ---- the file ------------------------------------------------------------------------- */

static ssize_t mqueue_read(struct io *io, struct iter *to)
{
	struct mqueue *q = mqueue_of(io->file);
	struct mqueue_notify *n = &q->notify;
	size_t at = (size_t)io->position, length, done = 0;
	char text[SHOWN];

	spin_lock(&q->lock);
	length = (size_t)format(text, sizeof(text), "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", q->bytes,
				n->owner ? n->kind : 0, n->owner && n->kind == SIGEV_SIGNAL ? n->signo : 0,
				n->owner ? n->owner->number : 0);
	spin_unlock(&q->lock);
	if (at >= length)
		return 0;
	done = iter_put(to, text + at, min(to->count, length - at));
	if (!done && to->count)
		return -EFAULT;
	io->position += (loff_t)done;
	inode_touch(q->inode, ATTR_ATIME | ATTR_CTIME);
	return (ssize_t)done;
}

static uint32_t mqueue_poll(struct file *f, struct poll_table *pt)
{
	struct mqueue *q = mqueue_of(f);

	poll_wait(pt, &q->wait);
	SPIN_GUARD(&q->lock);
	return (q->count ? EPOLLIN | EPOLLRDNORM : 0) | (q->count < q->most ? EPOLLOUT | EPOLLWRNORM : 0);
}

/* Who closes a descriptor of it is told nothing any more. */
static int mqueue_flush(struct file *f)
{
	struct mqueue *q = mqueue_of(f);

	mqueue_set_notify(q, NULL);
	return 0;
}

const struct file_ops mqueue_file_ops = {
	.read = mqueue_read,
	.rw = FILE_TAKES_NONE,
	.poll = mqueue_poll,
	.flush = mqueue_flush,
	.seek = file_seek_generic,
};
