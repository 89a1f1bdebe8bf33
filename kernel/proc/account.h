/* SPDX-License-Identifier: MIT */
/*
 * proc/account.h: what a user has, over all processes: threads, against
 * RLIMIT_NPROC, queued signals, against RLIMIT_SIGPENDING, files on their way in
 * messages, against RLIMIT_NOFILE, and things with limits of their own. Users are told apart by their real number. A thread keeps a pointer to its account, so that
 * counting is one atomic instruction; an account that counts nothing goes.
 */
#ifndef PROC_ACCOUNT_H
#define PROC_ACCOUNT_H

#include "lib/types.h"

struct account;

/* The account of a user, with one thread more. NULL when out of memory. Any context. */
struct account *account_join(uint32_t uid);
/* One thread more in an account that counts the caller. */
void account_join_same(struct account *a);
/* One thread less. Any context. NULL allowed. */
void account_leave(struct account *a);
uint32_t account_threads(const struct account *a);

/* One queued signal more, unless there are limit already. a counts a thread that stays meanwhile. */
bool account_add_signal(struct account *a, uint64_t limit);
/* One less: any context. */
void account_drop_signal(struct account *a);
uint32_t account_signals(const struct account *a);

/*
 * The files of one message more, unless there are more than limit already. a counts a
 * thread that stays meanwhile.
 */
bool account_add_files(struct account *a, unsigned n, uint64_t limit);
/* The files of one message less. Any context. */
void account_drop_files(struct account *a, unsigned n);

/*
 * n more of a kind, unless there would be more than limit; a counts a thread that stays meanwhile.
 * What is charged holds the account until it is taken off again, in one piece. Any context.
 */
enum account_kind { ACCOUNT_QUEUE_BYTES, ACCOUNT_INOTIFY, ACCOUNT_WATCHES, ACCOUNT_SHM_LOCKED, ACCOUNT_PIPE_PAGES,
		    ACCOUNT_EPOLL, ACCOUNT_EPOLL_WATCHES, ACCOUNT_KINDS };
bool account_charge(struct account *a, enum account_kind kind, uint64_t n, uint64_t limit);
void account_uncharge(struct account *a, enum account_kind kind, uint64_t n);
/* The same, where something else holds the account for as long: there may be more of these than it counts holders. */
bool account_charge_held(struct account *a, enum account_kind kind, uint64_t n, uint64_t limit);
void account_uncharge_held(struct account *a, enum account_kind kind, uint64_t n);

/* Root's, which is there from the start. */
extern struct account account_root;

#endif
