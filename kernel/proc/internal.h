/* SPDX-License-Identifier: MIT */
/*
 * proc/internal.h: what the files of proc/ share among themselves.
 */
#ifndef PROC_INTERNAL_H
#define PROC_INTERNAL_H

#include "proc/process.h"

/* task.c */
struct task *task_alloc(void);           /* NULL when out */
void task_free_unborn(struct task *t);   /* nothing but task_alloc() was done */
struct process *process_alloc(void);     /* NULL when out */
void task_release(struct thread *thread);

/* signal_queue.c */
void signal_init(void);
/* Removes every pending signal of mask. signal_lock held. */
void signal_queue_remove(struct signal_queue *q, uint64_t mask);
/* Removes those that POSIX timers sent. signal_lock held. */
void signal_queue_remove_timers(struct signal_queue *q);

/* signal.c */
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
bool signal_action_ignores(struct process *p, int sig); /* signal_lock held */

bool signal_default_ignores(int sig);
bool signal_default_stops(int sig);
bool signal_default_dumps(int sig);
/* Sends with process->signal_lock held; to one task, or (t NULL) to the process. */
int signal_send_locked(struct process *p, struct task *t, int sig, const siginfo_t *info);
/* Sends with a preallocated entry that is not queued now. signal_lock held. */
void signal_send_entry_locked(struct process *p, struct task *t, struct signal_entry *e);
/* posix_timer.c: the entry of a timer is being taken off. signal_lock held. */
void posix_timer_signal_taken(struct signal_entry *e, siginfo_t *info);
/* Takes the first pending signal not in mask off t's or its process's queue; 0 if none. signal_lock held. */
int signal_take(struct task *t, uint64_t mask, siginfo_t *info);
/* Sets WORK_SIGNAL of the running task if it has to look at something. signal_lock held. */
void signal_note_pending(struct task *t);
/* Likewise, or clears it: not where a system call may have ended because of it, and nobody has seen to that. */
void signal_update_pending(struct task *t);
/* Wakes threads so that those now able to take pending signals do. signal_lock held. */
void signal_retarget(struct task *leaving);

/* job.c */
/* The running thread took stop signal sig: a stop of its process. signal_lock held. */
void job_stop_begin(struct process *p, int sig);
/*
 * The running thread joins a stop, or another kind its tracer wants (task.job has a
 * pending bit), until continued. signal_lock held with the interrupt state irq;
 * dropped and taken again, new state returned.
 */
uint64_t job_stop_join(struct task *t, uint64_t irq);
bool job_stop_leave(struct task *t);              /* signal_lock held; true: the last one, the parent is to be told */
void job_stop_inherit(struct task *t);            /* a new thread joins what is under way. signal_lock held */
void job_continue(struct process *p);             /* signal_lock held */
uint64_t job_tell_continued(struct process *p, uint64_t irq); /* locks as job_stop_join() */
void job_kill(struct task *t);                    /* it must die: ends sleeps and stops. signal_lock held */

/* init.c: the kernel's root, as working directory too; NULL when out */
struct fs_context *process_root_context(void);

/*
 * helper.c: runs a program as root, as a child of process 1, with input as its standard
 * input and nothing else open. argv[0] is its path. 0 once it runs, or errno. May sleep.
 */
int process_start_helper(const char *const *argv, struct file *input);

/* session.c; tree lock held */
bool group_orphaned_locked(const struct pid *group, const struct process *ignore);
void process_join_group(struct process *p, struct pid *group);
void process_join_session(struct process *p, struct pid *session);
void process_leave_groups(struct process *p);
/* t is the first thread of p, which the kernel makes: it can be found, in a group and a session of its own. */
void process_lead(struct process *p, struct task *t);
/* p, or parent that p had, ends: if that orphans p's group, hang up its stopped members. */
void session_orphan_group(struct process *p, const struct process *parent);
/* The leader of a session ended: hang-up. Takes locks; may sleep. */
void session_leader_exit(struct process *p);

/* procfs.c */
void procfs_register(void);

/* rseq.c */
void rseq_set(struct task *t, uaddr_t area, uint32_t length, uint32_t signature); /* area 0: none */
/* The thread was preempted, migrated or gets a signal: on the way to user mode. -EFAULT, -EINVAL: its area is broken. May sleep. */
int rseq_resume(struct user_frame *f);

/* exit.c */
/* Its number leads to the ended thread no more (but perhaps to who took it over), and no account counts it. Tree lock held. */
void task_unlink(struct task *t);
void task_settle_memory(struct task *t, bool exits); /* exec or exit: the memory is left next. May sleep */
void task_release_vfork_parent(struct task *t);   /* exec or exit: the memory is no longer shared */
/* Sends info to a parent or tracer, unless SIGCHLD's action forbids. ended: no stop. True: it ignores ends of children. Tree lock. */
bool process_signal_parent(struct process *parent, siginfo_t *info, bool ended);
/* SIGCHLD's action says that it will not wait for children. */
bool process_ignores_children(struct process *parent);
/* siginfo of CLD_* for a thread, or (leader) its process. */
void task_fill_child_info(struct task *t, siginfo_t *info, int sig, int code, int status);
/* The parent may wait for a stop that it is not told of: its tracer is of the same process. Tree lock. */
void process_note_stop(struct process *p, int sig);
/* Nothing is left of p but its leader, ended: it becomes a zombie, and its parent or tracer hears of it. Tree lock. True: nobody waits. */
bool process_finish(struct process *p);
/* Tells who may wait for zombie p. Tree lock. True: nobody will. */
bool process_tell_end(struct process *p);
/* A zombie whose parent will not wait for it goes. Tree lock. */
void process_forget(struct process *p);

/* usage.c: what the process has held at most of a space that it leaves now */
void usage_note_peak(struct process *p, const struct space *s);
void usage_add_io(struct io_counts *sum, const struct io_counts *one);
/* What all threads of the process have read and written, ended ones too. */
void usage_of_io(struct process *p, struct io_counts *sum);

/* sigio.c */
extern const struct file_async_hooks sigio_hooks;

/* kill.c */
extern uint64_t process_group_signals;            /* tree lock: how often a signal went to a group */

/* itimer.c */
void itimer_real_fire(struct timer *t);
/* SIGALRM is being taken off the process's queue. signal_lock held. */
void itimer_real_signal_taken(struct process *p);

/* cpu_timer.c */
void cpu_timer_fire(struct timer *t);
void cpu_timer_end(struct process *p); /* exit: it fires no more */
void process_timers_exit(struct process *p);

/*
 * What semop(2) has to take back at exit: shared with the child or not, as clone's
 * CLONE_SYSVSEM says (-ENOMEM). May sleep. proc/ipc/sem_undo.c
 */
int sem_undo_fork(struct task *parent, struct task *child, uint64_t flags);

#endif
