/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/sem_undo.c: what semop(2) with SEM_UNDO has to take back when a process
 * ends. Tasks that share it (CLONE_SYSVSEM: the threads of a process) have one
 * list, with an entry for each set they used so. An entry is in two lists: its
 * owner's, under the list's lock, and the set's, under the set's. The two locks
 * are never held together.
 *
 * Entries of sets that were removed are dropped when another one is looked for in vain: a program
 * that makes and removes sets all the time does not collect them. Nobody uses such an entry any more,
 * since whoever has the set's lock sees first that the set is gone.
 */
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/ipc/sem.h"
#include <linux/sched.h>

struct sem_undo_list {
	struct refcount refs;    /* tasks */
	struct spinlock lock;    /* rank IPC */
	struct list entries;     /* lock: sem_undo.by_list */
};

static struct sem_undo_list *list_create(void)
{
	struct sem_undo_list *l = kmalloc(sizeof(*l), ALLOC_KERNEL);

	if (!l)
		return NULL;
	refcount_init(&l->refs, 1);
	spin_init(&l->lock, RANK_IPC);
	list_init(&l->entries);
	return l;
}

int sem_undo_fork(struct task *parent, struct task *child, uint64_t flags)
{
	child->sem_undos = NULL;
	if (!(flags & CLONE_SYSVSEM))
		return 0;
	if (!parent->sem_undos)
		parent->sem_undos = list_create();
	if (!parent->sem_undos)
		return -ENOMEM;
	refcount_get(&parent->sem_undos->refs);
	child->sem_undos = parent->sem_undos;
	return 0;
}

/* The entry for a set, put in front: who uses a set will again. On the way those of removed sets go to the list gone. Lock held. */
static struct sem_undo *find_locked(struct sem_undo_list *l, const struct sem_set *s, struct list *gone)
{
	struct sem_undo *u, *next;

	assert_held(&l->lock);
	list_for_each_entry_safe(u, next, &l->entries, by_list) {
		if (u->set == s) {
			list_del(&u->by_list);
			list_add_head(&u->by_list, &l->entries);
			return u;
		}
		if (READ_ONCE(u->set->object.removed)) {
			list_del(&u->by_list);
			list_add_tail(&u->by_list, gone);
		}
	}
	return NULL;
}

static struct sem_undo *entry_create(struct sem_set *s)
{
	struct sem_undo *u = kzalloc(sizeof(*u) + s->count * sizeof(u->adjust[0]), ALLOC_KERNEL);

	if (!u)
		return NULL;
	list_init(&u->by_set);
	u->set = s;
	refcount_get(&s->object.refs);
	return u;
}

static void entry_free(struct sem_undo *u)
{
	ipc_put(&sem_table, &u->set->object);
	kfree(u);
}

static void drop_all(struct list *gone)
{
	while (!list_empty(gone)) {
		struct sem_undo *u = list_first_entry(gone, struct sem_undo, by_list);
		struct sem_set *s = u->set;

		list_del(&u->by_list);
		spin_lock(&s->object.lock);
		list_del_init(&u->by_set);
		spin_unlock(&s->object.lock);
		entry_free(u);
	}
}

struct sem_undo *sem_undo_get(struct sem_set *s)
{
	struct list gone = LIST_INIT(gone);
	struct task *t = task_current();
	struct sem_undo *u, *fresh;
	struct sem_undo_list *l;

	if (!t->sem_undos)
		t->sem_undos = list_create();
	l = t->sem_undos;
	if (!l)
		return NULL;
	spin_lock(&l->lock);
	u = find_locked(l, s, &gone);
	spin_unlock(&l->lock);
	drop_all(&gone);
	if (u)
		return u;
	fresh = entry_create(s);
	if (!fresh)
		return NULL;
	spin_lock(&l->lock);
	u = find_locked(l, s, &gone);
	if (!u)
		list_add_head(&fresh->by_list, &l->entries);
	spin_unlock(&l->lock);
	drop_all(&gone);
	if (u) { /* another thread was faster */
		entry_free(fresh);
		return u;
	}
	return fresh;
}

void sem_undo_link(struct sem_set *s, struct sem_undo *u)
{
	assert_held(&s->object.lock);
	if (list_empty(&u->by_set))
		list_add_tail(&u->by_set, &s->undos);
}

void sem_undo_forget(struct sem_set *s)
{
	assert_held(&s->object.lock);
	while (!list_empty(&s->undos))
		list_del_init(&list_first_entry(&s->undos, struct sem_undo, by_set)->by_set);
}

/* Values stay within their limits, whatever the others did meanwhile. */
static void take_back(struct sem_undo *u)
{
	struct sem_set *s = u->set;
	struct sem_wakes wakes;

	sem_wakes_init(&wakes);
	spin_lock(&s->object.lock);
	list_del_init(&u->by_set);
	for (unsigned i = 0; !s->object.removed && i < s->count; i++) {
		if (!u->adjust[i])
			continue;
		s->sem[i].value = min(max(s->sem[i].value + u->adjust[i], 0), SEMVMX);
		s->sem[i].pid = ipc_pid();
		s->operated = ipc_now();
	}
	if (!s->object.removed)
		sem_update(s, NULL, 0, &wakes);
	spin_unlock(&s->object.lock);
	sem_wakes_run(&wakes);
}

void sem_undo_exit(struct task *t)
{
	struct sem_undo_list *l = t->sem_undos;

	t->sem_undos = NULL;
	if (!l || !refcount_put(&l->refs))
		return;
	while (!list_empty(&l->entries)) {
		struct sem_undo *u = list_first_entry(&l->entries, struct sem_undo, by_list);

		list_del(&u->by_list);
		take_back(u);
		entry_free(u);
	}
	kfree(l);
}
