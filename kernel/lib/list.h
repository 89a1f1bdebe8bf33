/* SPDX-License-Identifier: MIT */
/*
 * Intrusive lists. `struct list` is a doubly linked ring, both for the head
 * and for the entries; `struct hlist` has a one-pointer head, for the buckets
 * of hash tables. No locks here: the owner of the list has one.
 *
 * Functions ending in _rcu, and all of hlist, may run beside readers that walk
 * with the _rcu iterators inside an RCU read section: an entry is complete
 * before its address is published, and a deleted entry keeps its forward link
 * until the grace period ends. Writers still exclude each other by a lock.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/atomic.h"
#include "lib/types.h"

/* Non-canonical addresses: following a deleted link faults at once. */
#define LIST_POISON_NEXT ((void *)0xdead000000000100UL)
#define LIST_POISON_PREV ((void *)0xdead000000000200UL)

struct list {
	struct list *next, *prev; /* the lock of the list's owner */
};

#define LIST_INIT(name)                \
	{                              \
		.next = &(name), .prev = &(name) \
	}

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *head)
{
	return READ_ONCE(head->next) == head;
}

static inline bool list_is_singular(const struct list *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void list_insert_between(struct list *e, struct list *prev, struct list *next)
{
	e->next = next;
	e->prev = prev;
	next->prev = e;
	atomic_store_release(&prev->next, e);
}

/* Adds at the front; or, given an entry for head, right behind that entry. */
static inline void list_add_head(struct list *e, struct list *head)
{
	list_insert_between(e, head, head->next);
}

/* Adds at the end; or, given an entry for head, right before that entry. */
static inline void list_add_tail(struct list *e, struct list *head)
{
	list_insert_between(e, head->prev, head);
}

static inline void list_unlink(struct list *e)
{
	e->next->prev = e->prev;
	WRITE_ONCE(e->prev->next, e->next);
}

static inline void list_del(struct list *e)
{
	list_unlink(e);
	e->next = LIST_POISON_NEXT;
	e->prev = LIST_POISON_PREV;
}

/* As list_del, but the entry may be deleted again and is list_empty. */
static inline void list_del_init(struct list *e)
{
	list_unlink(e);
	list_init(e);
}

/* As list_del, but readers standing on the entry still find their way on. */
static inline void list_del_rcu(struct list *e)
{
	list_unlink(e);
	e->prev = LIST_POISON_PREV;
}

static inline void list_move_tail(struct list *e, struct list *head)
{
	list_unlink(e);
	list_add_tail(e, head);
}

static inline void list_move_head(struct list *e, struct list *head)
{
	list_unlink(e);
	list_add_head(e, head);
}

/* Moves all entries of from to the end of head; from is empty afterwards. */
static inline void list_splice_tail(struct list *from, struct list *head)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	from->prev->next = head;
	head->prev->next = from->next;
	head->prev = from->prev;
	list_init(from);
}

/* NULL when the list is empty. */
static inline struct list *list_first(const struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

static inline struct list *list_last(const struct list *head)
{
	return list_empty(head) ? NULL : head->prev;
}

/* Unlinks and returns the first entry (list_empty afterwards); NULL when there is none. */
static inline struct list *list_pop_first(struct list *head)
{
	struct list *e = list_first(head);

	if (e)
		list_del_init(e);
	return e;
}

#define list_entry(ptr, type, member)	     container_of(ptr, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)  list_entry((head)->prev, type, member)
#define list_next_entry(pos, member) list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member) list_entry((pos)->member.prev, __typeof__(*(pos)), member)

#define list_for_each(e, head) for ((e) = (head)->next; (e) != (head); (e) = (e)->next)

#define list_for_each_safe(e, n, head) \
	for ((e) = (head)->next, (n) = (e)->next; (e) != (head); (e) = (n), (n) = (e)->next)

#define list_for_each_entry(pos, head, member)                           \
	for ((pos) = list_entry((head)->next, __typeof__(*(pos)), member); \
	     &(pos)->member != (head); (pos) = list_next_entry(pos, member))

#define list_for_each_entry_reverse(pos, head, member)                   \
	for ((pos) = list_entry((head)->prev, __typeof__(*(pos)), member); \
	     &(pos)->member != (head); (pos) = list_prev_entry(pos, member))

/* The body may delete or free pos (but not n). */
#define list_for_each_entry_safe(pos, n, head, member)                   \
	for ((pos) = list_entry((head)->next, __typeof__(*(pos)), member), \
	    (n) = list_next_entry(pos, member);                          \
	     &(pos)->member != (head); (pos) = (n), (n) = list_next_entry(n, member))

#define list_for_each_entry_rcu(pos, head, member)                               \
	for ((pos) = list_entry(atomic_load_acquire(&(head)->next), __typeof__(*(pos)), \
				member);                                         \
	     &(pos)->member != (head);                                           \
	     (pos) = list_entry(atomic_load_acquire(&(pos)->member.next),        \
				__typeof__(*(pos)), member))

struct hlist_node {
	struct hlist_node *next;   /* RCU; written under the bucket's lock */
	struct hlist_node **pprev; /* the bucket's lock; NULL: on no list */
};

struct hlist {
	struct hlist_node *first; /* RCU; written under the bucket's lock */
};

static inline void hlist_init(struct hlist *h)
{
	h->first = NULL;
}

static inline void hlist_node_init(struct hlist_node *n)
{
	n->next = NULL;
	n->pprev = NULL;
}

static inline bool hlist_empty(const struct hlist *h)
{
	return READ_ONCE(h->first) == NULL;
}

static inline bool hlist_unhashed(const struct hlist_node *n)
{
	return READ_ONCE(n->pprev) == NULL;
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist *h)
{
	n->next = h->first;
	n->pprev = &h->first;
	if (n->next)
		n->next->pprev = &n->next;
	atomic_store_release(&h->first, n);
}

/* Nothing happens when n is on no list. Readers on n go on along its next. */
static inline void hlist_del(struct hlist_node *n)
{
	if (hlist_unhashed(n))
		return;
	if (n->next)
		n->next->pprev = n->pprev;
	WRITE_ONCE(*n->pprev, n->next);
	WRITE_ONCE(n->pprev, NULL);
}

#define hlist_entry(ptr, type, member) container_of(ptr, type, member)

#define hlist_entry_or_null(ptr, type, member)                        \
	({                                                            \
		__auto_type hlist_p_ = (ptr);                         \
		hlist_p_ ? hlist_entry(hlist_p_, type, member) : NULL; \
	})

/* For holders of the lock and for RCU readers alike. */
#define hlist_for_each_entry(pos, h, member)                                         \
	for ((pos) = hlist_entry_or_null(atomic_load_acquire(&(h)->first),           \
					 __typeof__(*(pos)), member);                \
	     (pos) != NULL;                                                          \
	     (pos) = hlist_entry_or_null(atomic_load_acquire(&(pos)->member.next),   \
					 __typeof__(*(pos)), member))

/* The body may delete or free pos; n is a struct hlist_node *. */
#define hlist_for_each_entry_safe(pos, n, h, member)                                 \
	for ((pos) = hlist_entry_or_null((h)->first, __typeof__(*(pos)), member);    \
	     (pos) != NULL && ((n) = (pos)->member.next, true);                      \
	     (pos) = hlist_entry_or_null(n, __typeof__(*(pos)), member))

#endif
