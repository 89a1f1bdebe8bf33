/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/msg.c: message queues: msgget(2), msgop(2), msgctl(2). A queue is a list
 * of messages in the order they came; receivers choose by type. Those that wait
 * sleep on one of the queue's two wait queues and look again under its lock.
 */
#include "hal/usercopy.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/ipc/ipc.h"
#include "proc/ipc/sysv.h"
#include "sched/wait.h"
#include <linux/capability.h>

struct message {
	struct list link;
	long type;
	size_t size;
	char text[];
};

struct msg_queue {
	struct ipc_object object;  /* first */
	struct list messages;      /* object's lock, as all here but the wait queues */
	uint64_t count, bytes, most_bytes;
	int64_t sent, received, changed; /* seconds since 1970 */
	int sender, receiver;      /* the last ones' process numbers */
	struct waitq senders, receivers;
};

static struct msg_queue *queue_of(struct ipc_object *o)
{
	return container_of(o, struct msg_queue, object);
}

static int create(const void *arg, struct ipc_object **out)
{
	struct msg_queue *q = kzalloc(sizeof(*q), ALLOC_KERNEL);

	if (!q)
		return -ENOMEM;
	ipc_init(&q->object);
	list_init(&q->messages);
	waitq_init(&q->senders);
	waitq_init(&q->receivers);
	q->most_bytes = atomic_load(&ipc_settings.msgmnb);
	q->changed = ipc_now();
	*out = &q->object;
	return 0;
}

static int fits(struct ipc_object *o, const void *arg)
{
	return 0;
}

static void destroy(struct ipc_object *o)
{
	struct msg_queue *q = queue_of(o);

	while (!list_empty(&q->messages)) {
		struct message *m = list_first_entry(&q->messages, struct message, link);

		list_del(&m->link);
		kfree(m);
	}
}

static const struct ipc_kind msg_kind = { .limit = &ipc_settings.msgmni, .create = create, .fits = fits, .destroy = destroy };
static struct ipc_table msg_table = IPC_TABLE_INIT(msg_table, &msg_kind);

int msg_get(int key, int flags)
{
	return ipc_get(&msg_table, key, flags, NULL);
}

/* ---- sending ------------------------------------------------------------------- */

/* Puts m in if there is room: 0; -EAGAIN if not; else errno. */
static int try_send(struct msg_queue *q, struct message *m)
{
	int error;

	SPIN_GUARD(&q->object.lock);
	error = ipc_check(&q->object, 2);
	if (error)
		return error;
	if (q->bytes + m->size > q->most_bytes || q->count + 1 > q->most_bytes)
		return -EAGAIN;
	list_add_tail(&m->link, &q->messages);
	q->count++;
	q->bytes += m->size;
	q->sent = ipc_now();
	q->sender = ipc_pid();
	return 0;
}

static int send(struct msg_queue *q, struct message *m, int flags)
{
	int error = try_send(q, m), tried = error;

	if (error == -EAGAIN && !(flags & IPC_NOWAIT)) {
		error = wait_event_interruptible(&q->senders, (tried = try_send(q, m)) != -EAGAIN);
		error = error ? -ERESTARTNOHAND : tried;
	}
	if (!error)
		waitq_wake_all(&q->receivers); /* each may want another type */
	return error;
}

int msg_send(int id, long type, uaddr_t text, size_t size, int flags)
{
	struct ipc_object *o;
	struct message *m;
	int error;

	if (size > (size_t)atomic_load(&ipc_settings.msgmax) || type < 1 || id < 0)
		return -EINVAL;
	m = kmalloc(sizeof(*m) + size, ALLOC_KERNEL);
	if (!m)
		return -ENOMEM;
	m->type = type;
	m->size = size;
	error = copy_from_user(m->text, text, size);
	o = error ? NULL : ipc_find(&msg_table, id, &error);
	if (o) {
		error = send(queue_of(o), m, flags);
		ipc_put(&msg_table, o);
	}
	if (error)
		kfree(m);
	return error;
}

/* ---- receiving ------------------------------------------------------------------- */

struct wish {
	long type;
	int flags;
	size_t room;
	struct message *got;       /* taken off the queue, or a copy of one that stays */
	struct message *copy;      /* MSG_COPY: memory for it, of that size */
};

static bool is_wanted(const struct wish *w, const struct message *m, long number)
{
	if (w->flags & MSG_COPY)
		return number == w->type;
	if (w->type == 0)
		return true;
	if (w->type < 0)
		return m->type <= -w->type;
	return (m->type == w->type) == !(w->flags & MSG_EXCEPT);
}

/* The first that fits, or of a negative type the first with the lowest. */
static struct message *choose(const struct msg_queue *q, const struct wish *w)
{
	struct message *m, *best = NULL;
	long number = 0;

	list_for_each_entry(m, &q->messages, link) {
		if (!is_wanted(w, m, number++))
			continue;
		if (w->type >= 0 || (w->flags & MSG_COPY))
			return m;
		if (!best || m->type < best->type)
			best = m;
	}
	return best;
}

/* 0 with w->got; -ENOMSG if there is none such; else errno. */
static int try_receive(struct msg_queue *q, struct wish *w)
{
	struct message *m;
	int error;

	SPIN_GUARD(&q->object.lock);
	error = ipc_check(&q->object, 4);
	if (error)
		return error;
	m = choose(q, w);
	if (!m)
		return -ENOMSG;
	if (m->size > w->room && !(w->flags & MSG_NOERROR))
		return -E2BIG;
	if (w->flags & MSG_COPY) {
		if (m->size > w->copy->size)
			return -EINVAL;
		memcpy(w->copy, m, sizeof(*m) + m->size);
		w->got = w->copy;
		return 0;
	}
	list_del(&m->link);
	q->count--;
	q->bytes -= m->size;
	q->received = ipc_now();
	q->receiver = ipc_pid();
	w->got = m;
	return 0;
}

static int receive(struct msg_queue *q, struct wish *w)
{
	int error = try_receive(q, w), tried = error;

	if (error == -ENOMSG && !(w->flags & IPC_NOWAIT)) {
		error = wait_event_interruptible(&q->receivers, (tried = try_receive(q, w)) != -ENOMSG);
		error = error ? -ERESTARTNOHAND : tried;
	}
	if (!error && !(w->flags & MSG_COPY))
		waitq_wake_all(&q->senders);
	return error;
}

static ssize_t deliver(const struct message *m, uaddr_t to, size_t room, long *type)
{
	size_t n = min(m->size, room);

	*type = m->type;
	return copy_to_user(to, m->text, n) ? -EFAULT : (ssize_t)n;
}

ssize_t msg_receive(int id, uaddr_t to, size_t size, long type, int flags, long *got_type)
{
	struct wish w = { .type = max(type, -LONG_MAX), .flags = flags, .room = size };
	struct ipc_object *o;
	ssize_t result;
	int error;

	if (id < 0 || (ssize_t)size < 0)
		return -EINVAL;
	if ((flags & MSG_COPY) && ((flags & MSG_EXCEPT) || !(flags & IPC_NOWAIT)))
		return -EINVAL;
	if (flags & MSG_COPY) {
		size_t most = min(size, (size_t)atomic_load(&ipc_settings.msgmax));

		w.copy = kmalloc(sizeof(*w.copy) + most, ALLOC_KERNEL);
		if (!w.copy)
			return -ENOMEM;
		w.copy->size = most;
	}
	o = ipc_find(&msg_table, id, &error);
	if (o) {
		error = receive(queue_of(o), &w);
		ipc_put(&msg_table, o);
	}
	result = error ? error : deliver(w.got, to, size, got_type);
	if (w.got != w.copy)
		kfree(w.got);
	kfree(w.copy);
	return result;
}

/* ---- control ------------------------------------------------------------------- */

static void fill(struct ipc_object *o, struct msqid64_ds *out)
{
	struct msg_queue *q = queue_of(o);

	assert_held(&o->lock);
	memset(out, 0, sizeof(*out));
	ipc_get_perm(o, &out->msg_perm);
	out->msg_stime = q->sent;
	out->msg_rtime = q->received;
	out->msg_ctime = q->changed;
	out->msg_cbytes = q->bytes;
	out->msg_qnum = q->count;
	out->msg_qbytes = q->most_bytes;
	out->msg_lspid = q->sender;
	out->msg_lrpid = q->receiver;
}

int msg_stat(int id, int cmd, struct msqid64_ds *out)
{
	int error = -EINVAL;
	struct ipc_object *o = cmd == IPC_STAT ? ipc_find(&msg_table, id, &error) :
			       id >= 0 ? ipc_find_index(&msg_table, (unsigned)id % IPC_NUMBERS) : NULL;

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check(o, cmd == MSG_STAT_ANY ? 0 : 4);
	fill(o, out);
	spin_unlock(&o->lock);
	if (!error && cmd != IPC_STAT)
		error = o->id;
	ipc_put(&msg_table, o);
	return error;
}

int msg_set(int id, const struct msqid64_ds *in)
{
	int error;
	struct ipc_object *o = ipc_find(&msg_table, id, &error);
	struct msg_queue *q = o ? queue_of(o) : NULL;

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check_owner(o);
	if (!error && in->msg_qbytes > (uint64_t)atomic_load(&ipc_settings.msgmnb) &&
	    !cred_capable(cred_current(), CAP_SYS_RESOURCE))
		error = -EPERM;
	if (!error)
		error = ipc_set_perm(o, &in->msg_perm);
	if (!error) {
		q->most_bytes = in->msg_qbytes;
		q->changed = ipc_now();
	}
	spin_unlock(&o->lock);
	waitq_wake_all(&q->senders);   /* there may be more room, */
	waitq_wake_all(&q->receivers); /* or no right to wait any more */
	ipc_put(&msg_table, o);
	return error;
}

int msg_remove(int id)
{
	int error;
	struct ipc_object *o = ipc_find(&msg_table, id, &error);

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check_owner(o);
	spin_unlock(&o->lock);
	if (!error) {
		ipc_remove(&msg_table, o);
		waitq_wake_all(&queue_of(o)->senders);
		waitq_wake_all(&queue_of(o)->receivers);
	}
	ipc_put(&msg_table, o);
	return error;
}

int msg_info(int cmd, struct msginfo *out)
{
	int count, highest = ipc_highest(&msg_table, &count);

	*out = (struct msginfo){
		.msgpool = MSGPOOL, .msgmap = MSGMAP,
		.msgmax = atomic_load(&ipc_settings.msgmax), .msgmnb = atomic_load(&ipc_settings.msgmnb),
		.msgmni = atomic_load(&ipc_settings.msgmni),
		.msgssz = MSGSSZ, .msgtql = MSGTQL, .msgseg = (unsigned short)MSGSEG,
	};
	if (cmd != MSG_INFO)
		return highest;
	out->msgpool = count;
	out->msgmap = out->msgtql = 0;
	for (int i = 0; count && i <= highest; i++) {
		struct ipc_object *o = ipc_find_index(&msg_table, (unsigned)i);

		if (!o)
			continue;
		out->msgmap += (int)queue_of(o)->count;
		out->msgtql += (int)queue_of(o)->bytes;
		ipc_put(&msg_table, o);
	}
	return highest;
}

static void show_one(struct text *t, struct ipc_object *o)
{
	struct msqid64_ds ds;
	struct ipc64_perm *p = &ds.msg_perm;

	spin_lock(&o->lock);
	fill(o, &ds);
	spin_unlock(&o->lock);
	text_printf(t, "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10ld %10ld %10ld\n", p->key, o->id, p->mode,
		    (unsigned long)ds.msg_cbytes, (unsigned long)ds.msg_qnum, (unsigned)ds.msg_lspid,
		    (unsigned)ds.msg_lrpid, p->uid, p->gid, p->cuid, p->cgid, (long)ds.msg_stime, (long)ds.msg_rtime,
		    (long)ds.msg_ctime);
}

static int show(struct text *t)
{
	text_printf(t, "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime"
		       "      rtime      ctime\n");
	return ipc_show(&msg_table, t, show_one);
}

TABLE_ENTRY(proc_entries, struct proc_entry, sysvipc_msg) = { "sysvipc/msg", 0444, show, NULL };
