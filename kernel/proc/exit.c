/* SPDX-License-Identifier: MIT */
/*
 * proc/exit.c: the end of a thread, and of a process with its last one.
 *
 * Order. First what the thread's own memory is still needed for (robust futexes,
 * clearing the child's thread id), then memory, files and directories go, then
 * the tree learns of it. The thread that leads a process stays findable until the
 * whole process is waited for. The last thread out turns the process into a
 * zombie, gives its children to a reaper, and tells the parent; a parent that
 * ignores SIGCHLD gets no zombie.
 */
#include "base/log.h"
#include "base/panic.h"
#include "hal/clock.h"
#include "hal/usercopy.h"
#include "mem/inject.h"
#include "proc/coredump.h"
#include "proc/futex.h"
#include "proc/internal.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include <linux/wait.h>

void task_release_vfork_parent(struct task *t)
{
	struct completion *c;

	spin_lock(&t->lock);
	c = t->vfork_done;
	t->vfork_done = NULL;
	/* Signalled under the lock: a parent that gives up takes it before its stack goes. */
	if (c)
		completion_signal(c);
	spin_unlock(&t->lock);
}

/* The last that is done with the thread's own memory, at exit and at exec. May sleep. */
void task_settle_memory(struct task *t, bool exits)
{
	futex_leave(t, exits);
	t->robust_list = 0;
	if (t->clear_child_tid && refcount_read(&t->space->users) > 1) {
		uint32_t zero = 0;

		if (!copy_to_user(t->clear_child_tid, &zero, sizeof(zero)))
			futex_wake_address(t->clear_child_tid, 1);
	}
	t->clear_child_tid = 0;
	usage_note_peak(t->process, t->space);
	space_count_settle();
}

static void leave_memory(struct task *t)
{
	struct space *s = t->space;

	if (!s)
		return;
	task_settle_memory(t, true);
	thread_use_space(NULL);
	spin_lock(&t->lock);
	t->space = NULL;
	spin_unlock(&t->lock);
	task_release_vfork_parent(t);
	space_unuse(s);
}

static void leave_files(struct task *t)
{
	struct files *files = t->files;
	struct fs_context *fs = t->fs;

	spin_lock(&t->lock);
	t->files = NULL;
	t->fs = NULL;
	spin_unlock(&t->lock);
	if (files)
		files_put(files);
	if (fs)
		fs_context_put(fs);
}

/* Adds the thread's times to the process. signal_lock held. */
static void leave_times(struct task *t)
{
	struct process *p = t->process;
	nsec_t user, system;

	thread_times(&t->thread, &user, &system);
	p->dead_threads.user += user;
	p->dead_threads.system += system;
	p->dead_switches_voluntary += t->thread.switches_voluntary;
	p->dead_switches_involuntary += t->thread.switches_involuntary;
	usage_add_io(&p->dead_io, &t->io);
	p->dead_faults_minor += t->thread.faults_minor;
	p->dead_faults_major += t->thread.faults_major;
}

void task_fill_child_info(struct task *t, siginfo_t *info, int sig, int code, int status)
{
	const struct process *p = t->process;

	*info = (siginfo_t){ .si_signo = sig, .si_code = code };
	info->si_pid = t->pid->number;
	info->si_uid = rcu_dereference(t->cred)->uid;
	info->si_status = status;
	info->si_utime = p->dead_threads.user / (NSEC_PER_SEC / 100);
	info->si_stime = p->dead_threads.system / (NSEC_PER_SEC / 100);
}

/* The parent can wait for the news, unless they are none any more, as a stop that is over. */
static void post_event(struct process *p, int code, int status)
{
	if (code == CLD_STOPPED) {
		if (!READ_ONCE(p->stopped))
			return;
		p->child_event = CHILD_STOPPED;
		p->stop_told = status;
	} else if (code == CLD_CONTINUED) {
		p->child_event = CHILD_CONTINUED;
	}
	if (list_empty(&p->event_link))
		list_add_tail(&p->event_link, &p->parent->events);
}

bool process_ignores_children(struct process *parent)
{
	struct signal_action a = {0};
	uint64_t irq = spin_lock_irq(&parent->signal_lock);

	if (!list_empty(&parent->threads))
		a = list_first_entry(&parent->threads, struct task, process_link)->actions->action[SIGCHLD - 1];
	spin_unlock_irq(&parent->signal_lock, irq);
	return a.handler == (uaddr_t)SIG_IGN || (a.flags & SA_NOCLDWAIT);
}

bool process_signal_parent(struct process *parent, siginfo_t *info, bool ended)
{
	struct signal_action a = {0};
	bool forgotten = false;
	int sig = info->si_signo;

	uint64_t irq = spin_lock_irq(&parent->signal_lock);
	if (!list_empty(&parent->threads))
		a = list_first_entry(&parent->threads, struct task, process_link)->actions->action[SIGCHLD - 1];
	if (ended && sig == SIGCHLD)
		forgotten = a.handler == (uaddr_t)SIG_IGN || (a.flags & SA_NOCLDWAIT);
	if (sig && sig <= SIGNAL_COUNT && (ended || !(a.flags & SA_NOCLDSTOP)) && !(forgotten && a.handler == (uaddr_t)SIG_IGN))
		signal_send_locked(parent, NULL, sig, info);
	spin_unlock_irq(&parent->signal_lock, irq);
	return forgotten;
}

void process_note_stop(struct process *p, int sig)
{
	post_event(p, CLD_STOPPED, sig);
}

bool process_tell_parent(struct process *p, int code, int status)
{
	bool change = code == CLD_STOPPED || code == CLD_CONTINUED;
	bool forgotten;
	siginfo_t info;

	assert_held(&process_tree_lock);
	task_fill_child_info(p->leader, &info, change ? SIGCHLD : p->exit_signal, code, status);
	forgotten = process_signal_parent(p->parent, &info, !change);
	if (!forgotten)
		post_event(p, code, status);
	/* Who waits for a forgotten one finds that it has no such child any more. */
	waitq_wake_all(&p->parent->child_wait);
	return forgotten;
}

void task_unlink(struct task *t)
{
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	struct account *account = t->account;

	t->account = NULL;
	spin_unlock_irq(&t->process->signal_lock, irq);
	if (t->pid->task == t)
		rcu_assign(t->pid->task, (struct task *)NULL);
	account_leave(account);
}

void process_unlink(struct process *p)
{
	struct task *leader = p->leader;

	assert_held(&process_tree_lock);
	list_del_init(&p->sibling);
	list_del_init(&p->made_link);
	list_del_init(&p->event_link);
	process_leave_groups(p);
	rcu_assign(p->pid->process, (struct process *)NULL);
	task_unlink(leader);
	p->leader = NULL;
}

bool process_tell_end(struct process *p)
{
	int status = p->exit_code;
	int code = CLD_EXITED, value = status >> 8 & 0xff;

	if (unlikely(p->leader->ptrace.tracer)) {
		ptrace_tell_end(p->leader, status, ptrace_is_reparented(p->leader) ? SIGCHLD : p->exit_signal);
		if (!ptrace_is_reparented(p->leader))
			post_event(p, CLD_EXITED, 0);
		return false;
	}
	if (status & 0x7f) {
		code = status & 0x80 ? CLD_DUMPED : CLD_KILLED;
		value = status & 0x7f;
	}
	return process_tell_parent(p, code, value);
}

static struct process *find_reaper(const struct process *p)
{
	for (struct process *up = p->parent; up && up != init_process; up = up->parent) {
		if (up->is_subreaper && !up->zombie)
			return up;
	}
	return init_process;
}

/* prctl(2), PR_SET_PDEATHSIG: the thread that made child has ended, as the running one does. */
static void send_death_signals(struct process *child)
{
	siginfo_t info = { .si_code = SI_USER };
	struct task *t;

	list_for_each_entry(t, &child->threads, process_link) {
		int sig = atomic_load(&t->death_signal);

		if (!sig)
			continue;
		info.si_pid = process_current()->pid->number;
		info.si_uid = cred_current()->uid;
		signal_send_process(child, sig, &info);
	}
}

/* Children count as made by another thread of the process now. Tree lock held. */
static void bequeath_children(struct task *t)
{
	struct task *heir = list_first_entry(&t->process->threads, struct task, process_link);
	struct process *child, *next;

	list_for_each_entry_safe(child, next, &t->made, made_link) {
		list_del(&child->made_link);
		child->maker = heir;
		list_add_tail(&child->made_link, &heir->made);
		send_death_signals(child);
	}
}

static void adopt(struct process *child, struct process *reaper)
{
	list_del(&child->sibling);
	list_del(&child->made_link);
	rcu_assign(child->parent, reaper);
	child->maker = list_first_entry(&reaper->threads, struct task, process_link);
	list_add_tail(&child->sibling, &reaper->children);
	list_add_tail(&child->made_link, &child->maker->made);
	child->exit_signal = SIGCHLD;
	if (!list_empty(&child->event_link)) {
		list_del(&child->event_link);
		list_add_tail(&child->event_link, &reaper->events);
	}
}

/* Nothing here sleeps. */
void process_forget(struct process *p)
{
	struct task *leader = p->leader;

	process_unlink(p);
	task_put(leader);
	process_put(p);
}

static void give_children_away(struct process *p)
{
	struct process *reaper, *child, *next;

	if (list_empty(&p->children))
		return;
	reaper = find_reaper(p);
	list_for_each_entry_safe(child, next, &p->children, sibling) {
		adopt(child, reaper);
		send_death_signals(child);
		session_orphan_group(child, p);
		if (child->zombie && !child->leader->ptrace.tracer && process_tell_end(child))
			process_forget(child);
	}
}

bool process_finish(struct process *p)
{
	assert_held(&process_tree_lock);
	p->zombie = true;
	waitq_wake_all(&p->pid->end_wait);
	return process_tell_end(p);
}

/* The last thread is out. Tree lock held. True: nobody waits for the zombie, which is to go. */
static bool process_end(struct process *p)
{
	assert_held(&process_tree_lock);
	give_children_away(p);
	session_orphan_group(p, p->parent);
	return !p->unreaped && process_finish(p);
}

/* Takes the thread off its process. True if it was the last. Tree lock held. */
static bool leave_process(struct task *t)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	bool tell_stop = job_stop_leave(t);
	int stop_signal = p->stop_signal;

	t->thread.exiting = true;
	t->job = 0;
	leave_times(t);
	list_del_init(&t->process_link);
	bool last = --p->thread_count == 0;
	signal_retarget(t);
	/* Pending entries go with their queues. */
	signal_queue_flush(&t->pending);
	if (last)
		signal_queue_flush(&p->pending);
	spin_unlock_irq(&p->signal_lock, irq);
	if (tell_stop && !last)
		process_tell_parent(p, CLD_STOPPED, stop_signal);
	return last;
}

/* A traced thread stays, ended, until its tracer has waited for it. Tree lock held. */
static void keep_for_tracer(struct task *t)
{
	task_get(t);
	t->ptrace.zombie = true;
	t->process->unreaped++;
	ptrace_tell_end(t, t->exit_code, SIGCHLD);
}

static void leave_tree(struct task *t)
{
	struct process *p = t->process;

	SPIN_GUARD(&process_tree_lock);
	if (unlikely(!list_empty(&t->tracees)))
		ptrace_tracer_exit(t);
	bool last = leave_process(t);
	if (t == p->leader)
		task_get(t); /* for wait(2): its number and name are still shown */
	else if (unlikely(t->ptrace.tracer))
		keep_for_tracer(t);
	else
		task_unlink(t);
	waitq_wake_all(&p->exec_wait);
	if (!last)
		bequeath_children(t);
	else if (process_end(p))
		process_forget(p);
	if (unlikely(t == p->leader && t->ptrace.tracer && !p->zombie))
		ptrace_tell_end(t, t->exit_code, SIGCHLD);
}

/* The last thread to begin its exit says how the process ended, unless that is said already. */
static void settle_code(struct process *p, int code)
{
	uint64_t irq;

	if (READ_ONCE(p->group_exiting))
		return;
	irq = spin_lock_irq(&p->signal_lock);
	if (!p->group_exiting) {
		p->group_exiting = true;
		p->exit_code = code;
	}
	spin_unlock_irq(&p->signal_lock, irq);
}

void task_exit(int code)
{
	struct task *t = task_current();
	struct process *p = t->process;

	might_sleep();
	inject_thread_end();
	if (unlikely(READ_ONCE(p->core_dumper)))
		core_park(t);
	if (unlikely(ptrace_is_traced(t)))
		ptrace_event(PTRACE_EVENT_EXIT, (uint64_t)code);
	bool last = atomic_dec_and_test(&p->live);
	core_gone(p);
	if (last && p == init_process)
		panic("init ended with status 0x%04x", p->group_exiting ? p->exit_code : code);
	t->exit_code = code;
	if (last)
		settle_code(p, code);
	/* From here on nothing ends our sleeps early but their events. */
	atomic_and(&t->thread.context.work, WORK_RESCHED);
	leave_memory(t);
	sem_undo_exit(t);
	leave_files(t);
	if (last) {
		process_timers_exit(p);
		if (READ_ONCE(p->session) == p->pid)
			session_leader_exit(p);
	}
	leave_tree(t);
	thread_exit();
}

void process_exit(int code)
{
	struct process *p = process_current();
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	process_begin_exit(p, code);
	code = p->exit_code;
	spin_unlock_irq(&p->signal_lock, irq);
	task_exit(code);
}

/* All threads but the running one are gone, and waited for if traced; the leader may linger as an ended thread. */
static bool is_alone(struct process *p)
{
	return READ_ONCE(p->thread_count) == 1 && !READ_ONCE(p->unreaped);
}

int process_kill_other_threads(void)
{
	struct task *me = task_current(), *t;
	struct process *p = me->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	if (p->group_exiting || p->group_exec) {
		spin_unlock_irq(&p->signal_lock, irq);
		return -EAGAIN;
	}
	p->group_exec = me;
	list_for_each_entry(t, &p->threads, process_link) {
		if (t != me)
			job_kill(t);
	}
	spin_unlock_irq(&p->signal_lock, irq);

	int result = wait_event_killable(&p->exec_wait, is_alone(p));
	irq = spin_lock_irq(&p->signal_lock);
	p->group_exec = NULL;
	spin_unlock_irq(&p->signal_lock, irq);
	return result ? -EAGAIN : 0;
}
