/* SPDX-License-Identifier: MIT */
/*
 * proc/ptrace.h: threads that others trace: what ptrace(2) asks for, and what the
 * rest of proc/ tells of a traced thread. The essay is in proc/ptrace.c.
 */
#ifndef PROC_PTRACE_H
#define PROC_PTRACE_H

#include "proc/process.h"
#include <linux/ptrace.h>

/* Is t traced? Tree lock or signal_lock; a hint without. */
static inline bool ptrace_is_traced(const struct task *t)
{
	return READ_ONCE(t->ptrace.tracer);
}

/* Traced by a process that is not its parent? Tree lock, t traced. */
static inline bool ptrace_is_reparented(const struct task *t)
{
	return t->ptrace.tracer->process != t->process->parent;
}

/* ---- the tracer's side: ptrace.c, ptrace_request.c, ptrace_regs.c ---- */

/* ptrace(2), without its answer of PEEK requests in a register: data is where they are stored. May sleep. */
int64_t ptrace_request(int64_t request, int pid, uint64_t addr, uint64_t data);

/* ptrace(2)'s rule. real: by real ids and permitted capabilities (attach), else by those of filesystems (/proc). 0 or -EPERM. */
int ptrace_may_access(struct task *t, const struct cred *me, bool real);

/* A new thread of me's is traced as me is. Tree lock; child not yet run. */
void ptrace_inherit(struct task *child, struct task *me);
/* No longer traced. Tree lock. */
void ptrace_unlink(struct task *t);
/* A thread ends: what it traces goes free. Tree lock. */
void ptrace_tracer_exit(struct task *tracer);
/* May the running thread gain rights by exec, as far as its tracer goes? */
bool ptrace_allows_gain(struct task *t);

/* The pieces of ptrace_request(); t is a reference's. Requests of a running tracer; as ptrace(2). */
int64_t ptrace_control(struct task *t, int64_t request, uint64_t addr, uint64_t data);
int ptrace_detach(struct task *t, uint64_t sig);
int ptrace_check_options(uint64_t options);

/* Registers and the like of a stopped thread: ptrace_regs.c. As ptrace(2). */
int64_t ptrace_registers(struct task *t, int64_t request, uint64_t addr, uint64_t data);
/* The same for siginfo, masks, options, messages: ptrace_info.c. -ENOSYS: not one of these. */
int64_t ptrace_information(struct task *t, int64_t request, uint64_t addr, uint64_t data);

/* ---- the traced thread's side: ptrace_stop.c; the running thread unless said otherwise ---- */

/* A signal was taken that the tracer may see: the number to act on (0: none), *info changed with it. signal_lock, irq: its state. */
int ptrace_signal(struct task *t, int sig, siginfo_t *info, bool shared, uint64_t *irq);
/* Stops for the traps that job_control or the tracer asked for. The same. */
uint64_t ptrace_trap(struct task *t, uint64_t irq);
/* Something changed for a seized thread's group stop: it stops anew. signal_lock; any thread. */
void ptrace_trap_notify(struct task *t);
/* It looks for what to do on its way to user mode; resume: even out of a stop for its tracer. signal_lock; any thread. */
void ptrace_wake(struct task *t, bool resume);
/* A PTRACE_EVENT_*, if the tracer wants it. May sleep. */
void ptrace_event(int event, uint64_t message);
bool ptrace_wants_event(const struct task *t, int event);
/* Before and after a system call whose thread has WORK_TRACE or WORK_CALL_END. True: it shall not be done. May sleep. */
bool ptrace_call_begins(struct task *t);
void ptrace_call_ends(struct task *t);
/* After a handler was entered. */
void ptrace_handler_entered(struct task *t);

/* Tells the tracer of t's end. Tree lock. sig: 0 sends none. */
void ptrace_tell_end(struct task *t, int status, int sig);

/* ---- wait(2): ptrace_wait.c; tree lock ---- */

bool ptrace_wait_candidate(struct process *me, int which, struct pid *id, int options);
/* A thread that me traces and that has news; NULL: none. */
struct task *ptrace_wait_find(struct process *me, int which, struct pid *id, int options);
/* Takes the news of a stop; true: there was one. */
bool ptrace_wait_stop(struct task *t, int options, struct wait_result *r);
/* An ended thread that does not lead its process, waited for: it goes. */
void ptrace_reap(struct task *t);

#endif
