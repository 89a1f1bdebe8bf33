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
#include "proc/internal.h"
#include "proc/process.h"
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

static void leave_memory(struct task *t)
{
	struct space *s = t->space;

	if (!s)
		return;
	futex_exit_robust(t);
	if (t->clear_child_tid && refcount_read(&s->users) > 1) {
		uint32_t zero = 0;

		if (!copy_to_user(t->clear_child_tid, &zero, sizeof(zero)))
			futex_wake_address(t->clear_child_tid, 1);
	}
	if (atomic_load(&s->count.peak) > t->process->peak_rss)
		t->process->peak_rss = atomic_load(&s->count.peak);
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
}

static struct process *find_reaper(struct process *p)
{
	for (struct process *up = p->parent; up && up != init_process; up = up->parent) {
		if (up->is_subreaper && !up->zombie)
			return up;
	}
	return init_process;
}

static void give_child(struct process *child, struct process *reaper)
{
	child->parent = reaper;
	list_add_tail(&child->sibling, &reaper->children);
	child->exit_signal = SIGCHLD;
	if (!list_empty(&child->event_link)) {
		list_del(&child->event_link);
		list_add_tail(&child->event_link, &reaper->events);
	}
}

static void give_children_away(struct process *p)
{
	struct process *reaper = find_reaper(p), *child, *next;
	struct task *t;

	list_for_each_entry_safe(child, next, &p->children, sibling) {
		list_del(&child->sibling);
		give_child(child, reaper);
		t = child->leader;
		if (t && t->death_signal)
			signal_send_process(child, t->death_signal, NULL);
	}
	if (!list_empty(&reaper->events)) {
		signal_send_process(reaper, SIGCHLD, NULL);
		waitq_wake_all(&reaper->child_wait);
	}
}

static uint32_t parent_uid_of(struct process *p)
{
	struct task *t = p->leader;

	return t ? t->cred->uid : 0;
}

static void fill_child_info(struct process *p, siginfo_t *info, int code, int status)
{
	*info = (siginfo_t){ .si_signo = SIGCHLD, .si_code = code };
	info->si_pid = p->pid->number;
	info->si_uid = parent_uid_of(p);
	info->si_status = status;
	info->si_utime = p->dead_threads.user / (NSEC_PER_SEC / 100);
	info->si_stime = p->dead_threads.system / (NSEC_PER_SEC / 100);
}

/* What SIGCHLD's action in the parent says: SA_NOCLDSTOP, SA_NOCLDWAIT, ignored. */
static struct signal_action sigchld_action(struct process *parent)
{
	struct signal_action a = {0};
	uint64_t irq = spin_lock_irq(&parent->signal_lock);

	if (!list_empty(&parent->threads))
		a = list_first_entry(&parent->threads, struct task, process_link)->actions->action[SIGCHLD - 1];
	spin_unlock_irq(&parent->signal_lock, irq);
	return a;
}

bool process_tell_parent(struct process *p, int code, int status)
{
	struct process *parent = p->parent;
	bool ended = code != CLD_STOPPED && code != CLD_CONTINUED, forgotten = false;
	int sig = ended ? p->exit_signal : SIGCHLD;
	siginfo_t info;

	assert_held(&process_tree_lock);
	struct signal_action a = sigchld_action(parent);
	if (ended && sig == SIGCHLD && (a.handler == (uaddr_t)SIG_IGN || (a.flags & SA_NOCLDWAIT)))
		forgotten = true;
	if (!ended)
		p->child_event = code == CLD_STOPPED ? CHILD_STOPPED : CHILD_CONTINUED;
	if (!forgotten && list_empty(&p->event_link))
		list_add_tail(&p->event_link, &parent->events);

	if (sig && !(!ended && (a.flags & SA_NOCLDSTOP)) && !(forgotten && a.handler == (uaddr_t)SIG_IGN)) {
		fill_child_info(p, &info, code, status);
		info.si_signo = sig;
		signal_send_process(parent, sig, &info);
	}
	waitq_wake_all(&parent->child_wait);
	return forgotten;
}

void process_unlink(struct process *p)
{
	struct task *leader = p->leader;

	assert_held(&process_tree_lock);
	list_del_init(&p->sibling);
	list_del_init(&p->event_link);
	process_leave_groups(p);
	rcu_assign(p->pid->process, (struct process *)NULL);
	if (leader) {
		rcu_assign(leader->pid->task, (struct task *)NULL);
		p->leader = NULL;
	}
}

static void tell_of_exit(struct process *p, bool *forgotten)
{
	int status = p->exit_code;
	int code = CLD_EXITED, value = status >> 8 & 0xff;

	if (status & 0x7f) {
		code = status & 0x80 ? CLD_DUMPED : CLD_KILLED;
		value = status & 0x7f;
	}
	*forgotten = process_tell_parent(p, code, value);
}

/* The last thread is out. Returns what is left to drop: the leader, and the process if nobody waits for it. */
static void process_end(struct process *p, struct task **leader, struct process **gone)
{
	bool forgotten;

	assert_held(&process_tree_lock);
	session_orphan_groups(p);
	give_children_away(p);
	p->zombie = true;
	*leader = p->leader;
	tell_of_exit(p, &forgotten);
	if (forgotten) {
		process_unlink(p);
		*gone = p;
	} else {
		*leader = NULL; /* wait(2) drops it */
	}
}

/* Takes the thread off its process. True if it was the last. Tree lock held. */
static bool leave_process(struct task *t)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	bool tell_stop = job_stop_leave(t);
	int stop_signal = p->stop_signal;

	t->thread.exiting = true;
	leave_times(t);
	list_del_init(&t->process_link);
	bool last = --p->thread_count == 0;
	signal_retarget(t);
	if (t == p->leader)
		p->leader_code = t->exit_code;
	if (last && !p->group_exiting)
		p->exit_code = p->leader_code;
	/* Pending entries go with their queues. */
	signal_queue_flush(&t->pending);
	if (last)
		signal_queue_flush(&p->pending);
	spin_unlock_irq(&p->signal_lock, irq);
	if (tell_stop && !last)
		process_tell_parent(p, CLD_STOPPED, stop_signal);
	return last;
}

static void leave_tree(struct task *t)
{
	struct process *p = t->process, *gone = NULL;
	struct task *leader = NULL;
	bool last;

	spin_lock(&process_tree_lock);
	last = leave_process(t);
	if (t != p->leader)
		rcu_assign(t->pid->task, (struct task *)NULL);
	else
		task_get(t); /* for wait(2): its number and name are still shown */
	waitq_wake_all(&p->exec_wait);
	if (last)
		process_end(p, &leader, &gone);
	spin_unlock(&process_tree_lock);

	if (leader)
		task_put(leader);
	if (gone)
		process_put(gone);
}

void task_exit(int code)
{
	struct task *t = task_current();
	struct process *p = t->process;

	might_sleep();
	bool last = atomic_dec_and_test(&p->live);
	if (last && p == init_process)
		panic("init ended with status 0x%04x", p->group_exiting ? p->exit_code : code);
	t->exit_code = code;
	/* From here on nothing ends our sleeps early but their events. */
	atomic_and(&t->thread.context.work, WORK_RESCHED);
	leave_memory(t);
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

/* All threads but the running one are gone from the list; the leader may linger as an ended thread. */
static bool is_alone(struct process *p)
{
	return READ_ONCE(p->thread_count) == 1;
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
		if (t == me)
			continue;
		thread_notify(&t->thread, WORK_KILLED | WORK_SIGNAL);
		thread_wake_state(&t->thread, THREAD_STOPPED | THREAD_TRACED);
	}
	spin_unlock_irq(&p->signal_lock, irq);

	int result = wait_event_killable(&p->exec_wait, is_alone(p));
	irq = spin_lock_irq(&p->signal_lock);
	p->group_exec = NULL;
	spin_unlock_irq(&p->signal_lock, irq);
	return result ? -EAGAIN : 0;
}
