/* SPDX-License-Identifier: MIT */
/*
 * proc/signal.h: signals. Pending signals are queued per thread and per
 * process; the standard ones once each, real-time ones with values. A process's
 * signal state has one lock (process->signal_lock), taken with interrupts off
 * because timers send from their interrupt.
 */
#ifndef PROC_SIGNAL_H
#define PROC_SIGNAL_H

#include "base/spinlock.h"
#include "hal/upcall.h"
#include "lib/list.h"
#include "lib/refcount.h"
#include <asm/siginfo.h>
#include <asm/signal.h>

#define SIGNAL_COUNT 64
#define SIGNAL_BIT(sig) (1UL << ((sig) - 1))

struct task;
struct process;
struct pid;
struct cred;
struct account;

struct signal_action {            /* as rt_sigaction(2) has it in user memory */
	uaddr_t handler;
	uint64_t flags;
	uaddr_t restorer;
	uint64_t mask;
};

struct signal_actions {           /* shared by CLONE_SIGHAND */
	struct refcount refs;
	struct spinlock lock;     /* rank SIGNAL_ACTIONS, under signal_lock: action[] */
	struct signal_action action[SIGNAL_COUNT];
};

struct signal_entry {             /* one queued signal */
	struct list link;         /* signal_lock */
	siginfo_t info;
	void *timer;              /* a POSIX timer's preallocated entry, or NULL */
	struct account *account;  /* immutable: that counts it */
};

struct signal_queue {
	uint64_t set;             /* signal_lock; read without for a first look */
	struct list entries;      /* signal_lock: a set bit without an entry is a bare SI_USER/kernel signal */
};

/* info: NULL stands for "from the kernel" (SI_KERNEL). Any context unless said otherwise. 0, or -EAGAIN (queue limit, real-time only). */
int signal_send_task(struct task *t, int sig, const siginfo_t *info);
int signal_send_process(struct process *p, int sig, const siginfo_t *info);
/* Every process of the group. -ESRCH if it is empty. Takes the tree lock. */
int signal_send_group(struct pid *group, int sig, const siginfo_t *info);
/* A synchronous fault of the running thread: cannot be blocked or ignored. */
void signal_force(int sig, const siginfo_t *info);
/* The same, and no handler of it runs: the default action. */
void signal_force_default(int sig, const siginfo_t *info);
/* No room for the frame of signal failed's handler: SIGSEGV, which kills if it was SIGSEGV's own. */
void signal_force_segv(int failed);
void signal_force_fault(int sig, int code, uaddr_t addr, uint64_t trapno, uint64_t error);

/* kill(2)'s permission rule. 0 or -EPERM. */
int signal_permission(struct process *target, int sig);
/* kill(2): number as there; sig 0 only checks. -ESRCH, -EPERM, or what sending says. Takes the tree lock. */
int signal_kill(int number, int sig, const siginfo_t *info);

/* What a sender would see: ignored means that sending it does nothing. signal_lock held, or racy for hints. */
bool signal_is_ignored(struct process *p, int sig);
bool signal_is_blocked(const struct task *t, int sig);
/* The running thread has an unblocked signal pending. */
bool signal_pending_deliverable(void);

/* Mask of the running thread; KILL and STOP are never in it. May wake nothing. */
void signal_set_mask(uint64_t mask);
/* For sigsuspend, ppoll, pselect, epoll_pwait: installs mask until the call ends without a handler. */
void signal_set_temporary_mask(uint64_t mask);
/* At the end of such a call: puts the old mask back unless the call was interrupted (then the exit loop does). */
void signal_restore_mask(bool interrupted);

/* sigaction(2). */
int signal_set_action(int sig, const struct signal_action *new, struct signal_action *old);
/* sigtimedwait(2): a signal of set, taken off; its number. -EAGAIN, -EINTR. May sleep. */
int signal_wait(uint64_t set, siginfo_t *info, nsec_t deadline);
uint64_t signal_pending_set(void); /* sigpending(2) */
/* A pending signal of set, of the running thread or its process, taken off: its number; 0: none. */
int signal_take_of(uint64_t set, siginfo_t *info);

/* signalfd(2): proc/signalfd.c. flags SFD_*. -EINVAL, -ENOMEM. May sleep. */
struct file;
int signalfd_create_file(uint64_t mask, uint32_t flags, struct file **out);
/* -EINVAL: the file is none. */
int signalfd_set_mask(struct file *file, uint64_t mask);

/* The exit loop's part: delivers what is pending, stops, dies. Frame is full. */
void signal_deliver(struct user_frame *f);

struct signal_actions *signal_actions_create(void);
struct signal_actions *signal_actions_copy(struct signal_actions *from); /* NULL when out */
struct signal_actions *signal_actions_copy_ignored(struct signal_actions *from); /* the others to default; NULL when out */
void signal_actions_put(struct signal_actions *a);
void signal_actions_reset(struct task *t); /* exec: handlers to default */
void signal_queue_init(struct signal_queue *q);
void signal_queue_flush(struct signal_queue *q); /* signal_lock held */

/* Preallocated entries, for POSIX timers, counted for the user up to limit. NULL when out. */
struct signal_entry *signal_entry_create(struct account *a, uint64_t limit);
void signal_entry_destroy(struct signal_entry *e); /* taken off its queue if needed */

#endif
