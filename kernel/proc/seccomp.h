/* SPDX-License-Identifier: MIT */
/*
 * proc/seccomp.h: system calls that a thread has forbidden itself (seccomp(2)): all
 * but a few, or as filters say, programs of the classic packet filter that are asked
 * at each call. The essay is in proc/seccomp.c.
 */
#ifndef PROC_SECCOMP_H
#define PROC_SECCOMP_H

#include "proc/process.h"
#include <linux/filter.h>
#include <linux/seccomp.h>

struct seccomp_filter {
	struct refcount refs;
	struct seccomp_filter *previous; /* immutable, counted: asked too */
	unsigned total;                  /* immutable: instructions of all, with something for each */
	unsigned count;                  /* immutable: filters in the chain */
	bool log;                        /* immutable: SECCOMP_FILTER_FLAG_LOG */
	unsigned length;                 /* immutable */
	struct sock_filter program[];    /* immutable, checked */
};

/* May the running thread make the call that its frame holds? False: rax is the answer. May not return. */
bool seccomp_allows(struct task *t, struct user_frame *f);

int seccomp_set_strict(void);
/* A filter more: flags SECCOMP_FILTER_FLAG_*. 0, a thread's number (TSYNC), or errno as seccomp(2). */
int seccomp_add_filter(uaddr_t program_at, unsigned flags);
/* 0, or -EOPNOTSUPP for an action there is not. */
int seccomp_action_there(uint32_t action);

/* The child is forbidden what the parent is. The parent's process's signal_lock. */
void seccomp_fork(struct task *child, const struct task *parent);
void seccomp_free(struct task *t);
/* How many filters; for /proc. */
unsigned seccomp_count(struct task *t);

/* seccomp_filter.c: 0 or -EINVAL; what loads the length is changed to load the number. */
int seccomp_program_check(struct sock_filter *program, unsigned length);
uint32_t seccomp_program_run(const struct sock_filter *program, const struct seccomp_data *data);

#endif
