/* SPDX-License-Identifier: MIT */
/*
 * proc/process.h: tasks (threads of programs) and processes (thread groups).
 *
 * A task is a thread of the scheduler's with what belongs to one thread of a
 * program; a process is what its threads share for good. What clone(2) can share
 * or not (address space, files, directories, handlers) hangs off the task, each
 * counted.
 *
 * Locks. process_tree_lock (spinlock, rank PROCESS_TREE) guards parents,
 * children, groups, sessions, thread lists and the pointers in struct pid;
 * look-ups by number go under RCU. process->signal_lock guards signals, stop
 * state and limits of one process. task->files, fs, space, cred are written by
 * their owner only, under task->lock, so that another thread may look at them
 * under that lock.
 */
#ifndef PROC_PROCESS_H
#define PROC_PROCESS_H

#include "fs/file.h"
#include "lib/radix.h"
#include "proc/account.h"
#include "proc/pid.h"
#include "proc/signal.h"
#include "sched/mutex.h"
#include "sched/thread.h"
#include "sched/timer.h"
#include "vm/space.h"
#include <linux/resource.h>

struct limit { uint64_t soft, hard; };
#define LIMIT_INFINITY (~0UL)

struct io_counts { uint64_t read_bytes, written_bytes, read_calls, write_calls; }; /* of /proc/PID/io */
struct exit_times { nsec_t user, system; };
struct cpu_itimer { nsec_t expires, interval; }; /* expires: processor time of the process, 0 is off */

struct process {
	struct refcount refs;              /* tasks of it, struct pid, visitors */
	struct pid *pid;                   /* immutable, counted */
	struct pid *group, *session;       /* tree lock, counted */
	struct list group_link, session_link; /* tree lock */
	struct process *parent;            /* tree lock: whom to tell; counted by being a child */
	struct list children, sibling;     /* tree lock */
	struct task *maker;                /* tree lock: the parent's thread that made it, or its heir; NULL for process 1 */
	struct list made_link;             /* tree lock: in maker's list */
	struct list threads;               /* tree and signal_lock to change, either to read: task.process_link */
	unsigned thread_count;             /* likewise: live ones */
	uint32_t live;                     /* atomic: threads that have not begun to exit; whoever takes the last one ends the process's own things */
	struct list events, event_link;    /* tree lock: children with something to report; this one in its parent's */
	struct list trace_events;          /* tree lock: threads traced by ours with something to report: task.ptrace.event_link */
	unsigned tracees;                  /* tree lock: threads that ours trace */
	unsigned unreaped;                 /* tree lock: ended threads, the leader apart, whose tracer has not waited for them */
	struct task *leader;               /* tree lock: the thread whose tid is the pid */
	struct waitq child_wait;           /* wait(2): woken when a child changes */
	int exit_signal;                   /* tree lock: sent to parent at exit: SIGCHLD, or clone's choice, 0 none */
	bool zombie;                       /* tree lock: all threads gone, waits for wait(2) */
	bool is_subreaper, was_execed;     /* tree lock */
	bool vfork_child;                  /* immutable */
	uint32_t exec_count;               /* atomic: programs executed */

	struct spinlock signal_lock;       /* rank SIGNAL, interrupts off */
	struct signal_queue pending;       /* signal_lock: for the process as a whole */
	bool group_exiting;                /* signal_lock: every thread must exit with exit_code */
	struct task *group_exec;           /* signal_lock: the one thread that survives exec */
	int exit_code;                     /* signal_lock: wait(2) status */
	int stop_signal;                   /* signal_lock: of the job control stop in force or under way; 0: none */
	bool stop_taken;                   /* signal_lock: a stop signal was taken off a queue, and no SIGCONT came since */
	bool stopped;                      /* signal_lock: every thread has joined it, though a tracer may have let some go on; racy for hints */
	int stop_told;                     /* tree lock: the signal of the stop that the parent was told of */
	bool continue_untold;              /* signal_lock: the parent is still to be told of SIGCONT */
	unsigned stop_pending;             /* signal_lock: threads that still have to stop */
	uint32_t child_event;              /* tree lock: CHILD_STOPPED or CHILD_CONTINUED not yet waited for */
	struct waitq exec_wait;            /* an exec waits for the other threads to end; or a core file's dumper, and they for it */
	struct task *core_dumper;          /* signal_lock: writes a core file while the others are parked; NULL: none */
	unsigned core_parked;              /* signal_lock: how many are */
	uint32_t core_filter;              /* atomic: what core files have of memory: /proc/PID/coredump_filter */
	struct waitq signal_wait;          /* signalfd and sigtimedwait */

	struct limit limit[RLIM_NLIMITS];  /* signal_lock; single words read without */
	struct timer real_timer;           /* ITIMER_REAL */
	nsec_t real_interval, real_expires; /* signal_lock */
	bool real_resting;                 /* signal_lock: it fired, and its signal was not taken yet: it is not armed */
	struct timer cpu_timer;            /* for the next two, RLIMIT_CPU and RLIMIT_RTTIME */
	nsec_t cpu_timer_seen;             /* signal_lock: time used at its last look */
	bool cpu_timer_ended;              /* signal_lock: the process exits, it is not armed any more */
	struct cpu_itimer virtual_timer, profile_timer; /* signal_lock */
	struct radix posix_timers;         /* signal_lock: by id; owner file proc/posix_timer.c */
	int posix_timer_next;              /* signal_lock: the next id */
	struct list aio;                   /* signal_lock: contexts of io_setup(2) */
	struct exit_times dead_threads, dead_children; /* signal_lock */
	struct io_counts dead_io;          /* signal_lock */
	uint64_t dead_faults_minor, dead_faults_major, children_faults_minor, children_faults_major; /* signal_lock */
	uint64_t dead_switches_voluntary, dead_switches_involuntary; /* signal_lock */
	uint64_t children_switches_voluntary, children_switches_involuntary; /* signal_lock */
	uint64_t peak_rss, children_peak_rss; /* signal_lock, pages */
	struct mutex exec_lock;            /* rank EXEC */
	bool dumpable;                     /* signal_lock */
	int oom_score_adjust;              /* atomic */
	struct rcu_head rcu;
};
enum { CHILD_STOPPED = 1, CHILD_CONTINUED = 2 };

struct restart_block {                     /* restart_syscall(2): how to go on */
	int64_t (*restart)(struct restart_block *b);
	uint64_t arg[6];
};

/* A thread under ptrace(2): see proc/ptrace.c. */
struct ptrace_state {
	struct task *tracer;       /* tree and signal_lock to change, either to read: NULL nobody */
	const struct cred *cred;   /* the same; counted: the tracer's when it began */
	struct list link;          /* tree lock: in tracer->tracees */
	struct list event_link;    /* tree lock: in the tracer's process's trace_events */
	bool zombie;               /* tree lock: ended, leads no process, and is kept for its tracer */
	bool seized;               /* signal_lock */
	bool calls, emulates;      /* signal_lock, owner reads without: stops at system calls; and does not do them */
	uint32_t options;          /* signal_lock: PTRACE_O_* */
	int code;                  /* signal_lock: of the stop, for wait(2), 0 once told; then the signal to go on with */
	uint64_t message;          /* signal_lock: PTRACE_GETEVENTMSG */
	siginfo_t *info;           /* signal_lock: of the stop, on the thread's stack; NULL none */
};

/* Bits of task.job. */
enum {
	JOB_STOP        = 1 << 0,  /* has to join a job control stop */
	JOB_COUNTED     = 1 << 1,  /* and is one of process.stop_pending */
	JOB_TRAP_STOP   = 1 << 2,  /* has to stop for its tracer */
	JOB_TRAP_NOTIFY = 1 << 3,  /* the same, seized: there is news of job control */
	JOB_TRAPPING    = 1 << 4,  /* stopped when it was attached to, it moves to the tracer's kind of stop */
	JOB_LISTENING   = 1 << 5,  /* stopped, but to the tracer as if it ran: PTRACE_LISTEN */
	JOB_STOPPED     = 1 << 6,  /* sleeps in a job control stop */
	JOB_TRACED      = 1 << 7,  /* sleeps for its tracer */
	JOB_FROZEN      = 1 << 8,  /* and nothing, not even SIGKILL, wakes it: the tracer is at work on it */
	JOB_PENDING     = JOB_STOP | JOB_TRAP_STOP | JOB_TRAP_NOTIFY,
};

/* Whether the thread's locks can be waited for: it leaves them when its memory goes. */
enum futex_state { FUTEX_ALIVE, FUTEX_LEAVING, FUTEX_GONE };

struct pi_waiter;
struct sem_undo_list;
struct task {
	struct thread thread;              /* first: found again by container_of */
	struct process *process;           /* immutable after exec, counted */
	struct pid *pid;                   /* tree lock (exec exchanges it), counted: the tid. Others read it under RCU */
	struct list made;                  /* tree lock: processes it made, by process.made_link */
	struct account *account;           /* signal_lock to change, owner reads without: the user's. NULL once out of the tree */
	bool too_many;                     /* owner: a change of user went over RLIMIT_NPROC, so no exec */
	struct list process_link;          /* as process.threads */
	struct spinlock lock;              /* rank TASK: the four below, for other threads */
	struct files *files;               /* lock; owner reads without. NULL when exiting */
	struct fs_context *fs;             /* likewise */
	struct space *space;               /* likewise; a user of it */
	const struct cred *cred;           /* likewise, RCU */

	struct signal_actions *actions;    /* owner; counted. Changed by exec only */
	struct signal_queue pending;       /* process->signal_lock */
	uint64_t blocked;                  /* process->signal_lock for writers; owner reads without */
	uint64_t saved_blocked;            /* owner: for WORK_RESTORE_MASK */
	uint64_t waiting_for;              /* process->signal_lock: sigtimedwait's set */
	uint32_t job;                      /* process->signal_lock: JOB_* */
	bool core_parked;                  /* process->signal_lock: waits until the core file is written */
	int job_signal;                    /* process->signal_lock: of the last stop it was to join */
	struct ptrace_state ptrace;
	struct list tracees;               /* tree lock: threads that it traces, by ptrace.link */
	bool logged;                       /* owner: its system calls go to the log, see syscall/strace.c */
	uaddr_t altstack_sp;               /* owner */
	uint64_t altstack_size;            /* owner */
	uint32_t altstack_flags;           /* owner: SS_AUTODISARM */
	struct { uint64_t trapno, error, cr2; } fault; /* owner: last fault, for signal frames */

	uint64_t rt_turns; nsec_t rt_since; /* process->signal_lock: for RLIMIT_RTTIME, proc/cpu_timer.c */
	uaddr_t clear_child_tid;           /* owner: zeroed and woken at exit */
	uaddr_t set_child_tid;             /* owner */
	uaddr_t robust_list;               /* owner */
	uint32_t futex_state;              /* atomic, written by the owner: enum futex_state */
	struct task *wake_next;            /* atomic: on a list of threads to be woken; the last leads to itself */
	struct rb_root_cached pi_held;     /* pi_graph_lock: locks it has that others wait for, see proc/futex_graph.c */
	struct pi_waiter *pi_blocked;      /* pi_graph_lock: by which it waits for one, or NULL */
	struct sem_undo_list *sem_undos;   /* owner; counted: proc/ipc/sem_undo.c, NULL until needed */
	uaddr_t rseq_area; uint32_t rseq_length, rseq_signature; /* owner */
	struct completion *vfork_done;     /* owner, task lock: whom exec or exit releases */
	struct restart_block restart;      /* owner */
	int exit_code;                     /* owner, then tree lock */
	int death_signal;                  /* atomic, written by the owner: PR_SET_PDEATHSIG */
	nsec_t timer_slack, timer_slack_default; /* owner: the second is the maker's, what 0 asks for */
	uint32_t personality;              /* owner: personality(2) */
	uint16_t io_priority;              /* atomic: ioprio_set(2), 0 none */
	uint16_t memory_policy;            /* owner: set_mempolicy(2), mode and flags */
	uint8_t mce_policy;                /* owner: PR_MCE_KILL_DEFAULT less what PR_MCE_KILL set */
	bool io_flusher;                   /* owner: PR_SET_IO_FLUSHER */
	uint8_t seccomp_mode;              /* process->signal_lock; owner reads without: SECCOMP_MODE_* */
	bool seccomp_no_gain;              /* likewise: filters came from a thread that gave up gaining rights by exec */
	struct seccomp_filter *seccomp;    /* likewise; counted: its filters, or NULL */
	struct io_counts io;               /* owner: racy for others */
	struct rcu_head rcu;
};

extern struct spinlock process_tree_lock;
extern struct process *init_process;       /* process 1; immutable once it runs */

/* The running thread as a task; only in threads of programs. */
static inline struct task *task_current(void)
{
	return container_of(thread_current(), struct task, thread);
}
static inline struct process *process_current(void) { return task_current()->process; }
/* NULL in kernel threads. */
struct task *task_current_or_null(void);

static inline void task_get(struct task *t) { thread_get(&t->thread); }
static inline void task_put(struct task *t) { thread_put(&t->thread); }
static inline void process_get(struct process *p) { refcount_get(&p->refs); }
void process_put(struct process *p);

/* By number, counted; NULL: -ESRCH. */
struct task *task_find(int tid);
struct process *process_find(int pid);

/* Makes process 1 run path (from the kernel's root), with arguments and environment. From init/. Panics on no memory. */
void process_start_init(int (*run)(void));
/* Removes a zombie from the tree, for wait(2) and exit. Tree lock held; the caller then drops the child's reference. */
void process_unlink(struct process *p);
/* Tells the parent that p stopped, continued or ended. Tree lock held. True: nobody will wait for it. */
bool process_tell_parent(struct process *p, int code, int status);

/*
 * clone(2), all kinds; args as struct clone_args of <linux/sched.h>, checked here. tid: the
 * number that the child is to have, or 0. The child's tid, or errno.
 */
struct clone_args;
int64_t process_clone(const struct clone_args *args, int tid);

/* pidfds. proc/pidfd.c */
int pidfd_create_file(struct pid *pid, uint32_t flags, struct file **out); /* flags: O_NONBLOCK */
struct pid *pidfd_pid(const struct file *f);          /* the file's, not counted; NULL: it is no pidfd */
int pidfd_open_process(int number, struct pid **out); /* counted; -ESRCH, -EINVAL: a thread's number */
/* kill(2) for what a pidfd says. */
int signal_kill_pid(struct pid *pid, int sig, const siginfo_t *info);
/*
 * ptrace(2)'s check: same identity, no fewer capabilities, and dumpable; or
 * CAP_SYS_PTRACE. inspect: as filesystems ask, by fsuid; attach: by real ids.
 */
bool task_may_inspect(struct task *t, const struct cred *me);
bool task_may_attach(struct task *t, const struct cred *me);

/* exit(2) and exit_group(2); code is a wait status. */
__noreturn void task_exit(int code);
__noreturn void process_exit(int code);
/* Makes every other thread of the process exit; used by exec. 0, or -EAGAIN when the process is exiting already. May sleep. */
int process_kill_other_threads(void);
/* Marks the whole process as exiting with code, a wait status; the first call counts. signal_lock held. */
void process_begin_exit(struct process *p, int code);

/* wait4 and waitid. which: P_ALL, P_PID, P_PGID; options W*. *status is a wait status. Number of the child, 0 (WNOHANG), or errno. May sleep. */
struct wait_result { int pid; uint32_t uid; int status; int code; struct rusage *usage; };
int64_t process_wait(int which, int id, int options, struct wait_result *r);

/* Resource limits of the running process. */
static inline uint64_t process_limit(unsigned which)
{
	return __atomic_load_n(&process_current()->limit[which].soft, __ATOMIC_RELAXED);
}

/* Processor time of all its threads, ended ones too. signal_lock held. */
void process_cpu_times_locked(struct process *p, nsec_t *user, nsec_t *system);
/* getrusage(2): who is RUSAGE_*. */
void process_usage(struct process *p, int who, struct rusage *r);

/* Sessions and groups. proc/session.c */
int process_set_group(int pid, int group);    /* setpgid(2) */
int process_new_session(void);                /* setsid(2): its number */
bool process_group_orphaned(struct pid *group); /* tree lock held or not: takes it itself */

/*
 * The controlling terminal of a session is an opaque object of tty/; the session
 * keeps it in its struct session.
 */
struct session_terminal {
	void *terminal;                                   /* opaque */
	void (*get)(void *terminal);
	void (*put)(void *terminal);
	void (*leader_exits)(void *terminal, struct pid *session); /* hang-up: signals the foreground group; may sleep */
	void (*describe)(void *terminal, uint64_t *rdev, int *foreground_group); /* for /proc; tree lock held; NULL allowed */
};
/* The caller's session gets or loses its terminal. Only a leader without one gets one: -EPERM. */
int session_set_terminal(const struct session_terminal *t);
void session_clear_terminal(struct pid *session);
/* Counted opaque terminal of the running process's session, or NULL. */
void *session_get_terminal(void);
bool session_is_leader(void);                 /* the running process leads its session */
/* Group and session of the running process, counted. */
struct pid *process_get_group(void);
struct pid *process_get_session(void);

/*
 * The task's space, in use: its pages and tables stay until task_leave_space(), which may be
 * called with locks held. NULL if its process ends or has none.
 */
struct space *task_visit_space(struct task *t);
void task_leave_space(struct space *s);

/* Credentials of the running task. */
static inline const struct cred *cred_current(void) { return task_current()->cred; }
void cred_commit(struct cred *c);             /* consumes c */

/* How a walk starts for the running task: dirfd AT_FDCWD or a descriptor. Fills start, root, cred; task_walk_end() lets go. -EBADF, -ENOTDIR. */
struct task_walk { struct walk walk; struct path held_start, held_root; };
int task_walk_begin(struct task_walk *w, int dirfd, const char *name, unsigned flags);
void task_walk_end(struct task_walk *w);

/*
 * execve(2): argv and envp are user addresses of pointer arrays. shown is the
 * name that the program sees (AT_EXECFN, scripts): name itself, or "/dev/fd/N"
 * for execveat(2) on a descriptor. Needs the full frame; on success it is that of
 * the new program. May sleep. proc/exec.c
 */
int process_exec(struct task_walk *w, const char *name, uaddr_t argv, uaddr_t envp, const char *shown);
/* The same with kernel strings, for process 1. */
int process_exec_kernel(const char *path, const char *const *argv, const char *const *envp);
/* Called by the thread of a program that has just been executed, its name set; for tracing. Set once, at boot. */
void process_set_exec_hook(void (*hook)(void));

/* O_ASYNC. proc/sigio.c: whether such a file can; fd: what its signals name. 0 or -ENOMEM. May sleep. */
bool sigio_possible(const struct file *f);
int sigio_set(struct file *f, int fd, bool on);
/* F_SETOWN of fcntl(2), for the running task: type F_OWNER_*, number 0 nobody. -ESRCH, -ENOMEM. May sleep. */
int sigio_set_owner(struct file *f, int type, int number);
/* *number 0: nobody, or nobody any more. */
void sigio_get_owner(struct file *f, int *type, int *number);
/* The same as one number, negative for a group: F_SETOWN, FIOSETOWN. -EINVAL, -ESRCH, -ENOMEM. */
int sigio_set_owner_number(struct file *f, int number);
int sigio_get_owner_number(struct file *f);
/* SIGURG for whoever F_SETOWN named: there are urgent data. May sleep. */
void sigio_send_urgent(struct file *f);

/* t has nothing any more that semop(2) has to take back; who was the last to share it takes it back. May sleep. proc/ipc/sem_undo.c */
void sem_undo_exit(struct task *t);

/* membarrier(2). May sleep. proc/membarrier.c */
int process_membarrier(int command, unsigned flags, int cpu);

/* rseq(2). 0, or errno as its manual page. proc/rseq.c */
int rseq_register(uaddr_t area, uint32_t length, int flags, uint32_t signature);

void proc_init(void);
unsigned process_count(void), task_count(void);

#endif
