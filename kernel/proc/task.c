/* SPDX-License-Identifier: MIT */
/*
 * proc/task.c: finding tasks and processes, letting go of them, and what a task
 * hands to the layers below: where a path walk starts, whose rights it has.
 */
#include "base/panic.h"
#include "mem/slab.h"
#include "proc/coredump.h"
#include "proc/futex.h"
#include "fs/poll.h"
#include "fs/watch.h"
#include "proc/internal.h"
#include "proc/itimer.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include "proc/seccomp.h"
#include "sched/inspect.h"
#include <linux/capability.h>
#include <linux/fcntl.h>

struct spinlock process_tree_lock = SPINLOCK_INIT(RANK_PROCESS_TREE);
struct process *init_process;

static struct kcache *task_cache, *process_cache;
static unsigned tasks_alive, processes_alive; /* atomic */

static bool privileged(void)
{
	struct task *t = task_current_or_null();

	return t && cred_capable(t->cred, CAP_SYS_ADMIN);
}

/* What users have of inotify, in their accounts. */
static void *charge_instance(unsigned limit)
{
	struct account *a = task_current()->account;

	return account_charge(a, ACCOUNT_INOTIFY, 1, limit) ? a : NULL;
}

static void uncharge_instance(void *account) { account_uncharge(account, ACCOUNT_INOTIFY, 1); }
static bool charge_watch(void *account, unsigned limit) { return account_charge(account, ACCOUNT_WATCHES, 1, limit); }
static void uncharge_watch(void *account) { account_uncharge(account, ACCOUNT_WATCHES, 1); }

static const struct watch_account_hooks watch_hooks = { charge_instance, uncharge_instance, charge_watch, uncharge_watch };

/* Of pipes. Who is no task pays for nothing. */
static bool charge_pipe(void **account, uint64_t pages, uint64_t limit)
{
	struct task *t = task_current_or_null();

	if (!*account && (!t || !t->account))
		return true;
	if (!account_charge(*account ? *account : t->account, ACCOUNT_PIPE_PAGES, pages, limit))
		return false;
	if (!*account)
		*account = t->account;
	return true;
}

static void uncharge_pipe(void *account, uint64_t pages) { account_uncharge(account, ACCOUNT_PIPE_PAGES, pages); }

static bool may_have_pipes(void)
{
	struct task *t = task_current_or_null();

	return !t || cred_capable(t->cred, CAP_SYS_RESOURCE) || cred_capable(t->cred, CAP_SYS_ADMIN);
}

static const struct pipe_account_hooks pipe_hooks = { charge_pipe, uncharge_pipe, may_have_pipes };

/* Of epoll: an instance holds its user's account, what it watches is counted there. */
static void *hold_epoll(void)
{
	struct account *a = task_current()->account;

	return account_charge(a, ACCOUNT_EPOLL, 1, UINT64_MAX) ? a : NULL;
}

static void let_go_epoll(void *account) { account_uncharge(account, ACCOUNT_EPOLL, 1); }

static bool charge_epoll(void *account, uint64_t limit)
{
	return account_charge_held(account, ACCOUNT_EPOLL_WATCHES, 1, limit);
}

static void uncharge_epoll(void *account) { account_uncharge_held(account, ACCOUNT_EPOLL_WATCHES, 1); }

static const struct epoll_account_hooks epoll_hooks = { hold_epoll, let_go_epoll, charge_epoll, uncharge_epoll };

void proc_init(void)
{
	epoll_set_account_hooks(&epoll_hooks);
	pipe_set_account_hooks(&pipe_hooks);
	watch_set_account_hooks(&watch_hooks);
	vm_set_privileged_hook(privileged);
	pid_init();
	task_cache = kcache_create("task", sizeof(struct task), 64);
	process_cache = kcache_create("process", sizeof(struct process), 64);
	signal_init();
	futex_init();
	file_async_hooks = &sigio_hooks;
	procfs_register();
}

unsigned task_count(void) { return atomic_load(&tasks_alive); }
unsigned process_count(void) { return atomic_load(&processes_alive); }

/* Kernel threads have no user frame's worth of process: their release function tells them apart. */
struct task *task_current_or_null(void)
{
	struct thread *t = thread_current();

	return t->release == task_release ? container_of(t, struct task, thread) : NULL;
}

struct task *task_alloc(void)
{
	struct task *t = kcache_alloc(task_cache, ALLOC_KERNEL | ALLOC_ZERO);

	if (!t)
		return NULL;
	atomic_inc(&tasks_alive);
	spin_init(&t->lock, RANK_TASK);
	list_init(&t->process_link);
	list_init(&t->made);
	list_init(&t->tracees);
	list_init(&t->ptrace.link);
	list_init(&t->ptrace.event_link);
	signal_queue_init(&t->pending);
	return t;
}

void task_free_unborn(struct task *t)
{
	atomic_dec(&tasks_alive);
	kcache_free(task_cache, t);
}

static void task_free_rcu(struct rcu_head *h)
{
	struct task *t = container_of(h, struct task, rcu);

	process_put(t->process);
	kcache_free(task_cache, t);
}

/* A task that never ran, or whose last reference went; after a grace period, as look-ups by number use RCU. */
void task_release(struct thread *thread)
{
	struct task *t = container_of(thread, struct task, thread);

	context_user_destroy(&t->thread.context);
	if (t->cred)
		cred_put(t->cred);
	seccomp_free(t);
	if (t->actions)
		signal_actions_put(t->actions);
	account_leave(t->account); /* of one that was never born */
	pid_put(t->pid);
	atomic_dec(&tasks_alive);
	rcu_call(&t->rcu, task_free_rcu);
}

struct each {
	void (*visit)(struct thread *t, int id, void *arg);
	void *arg;
};

static void visit_pid(struct pid *p, void *arg)
{
	struct each *e = arg;
	struct task *t = rcu_dereference(p->task);

	if (t)
		e->visit(&t->thread, p->number, e->arg);
}

static void each_task(void (*visit)(struct thread *t, int id, void *arg), void *arg)
{
	struct each e = { visit, arg };

	pid_for_each(visit_pid, &e);
}

TABLE_ENTRY(thread_sources, struct thread_source, tasks) = { each_task };

struct process *process_alloc(void)
{
	struct process *p = kcache_alloc(process_cache, ALLOC_KERNEL | ALLOC_ZERO);

	if (!p)
		return NULL;
	atomic_inc(&processes_alive);
	refcount_init(&p->refs, 1);
	list_init(&p->group_link);
	list_init(&p->session_link);
	list_init(&p->children);
	list_init(&p->sibling);
	list_init(&p->made_link);
	list_init(&p->aio);
	list_init(&p->threads);
	list_init(&p->events);
	list_init(&p->event_link);
	list_init(&p->trace_events);
	waitq_init(&p->child_wait);
	waitq_init(&p->signal_wait);
	waitq_init(&p->exec_wait);
	spin_init(&p->signal_lock, RANK_SIGNAL);
	signal_queue_init(&p->pending);
	posix_timers_init(p);
	mutex_init(&p->exec_lock, RANK_EXEC);
	p->dumpable = true;
	p->core_filter = CORE_FILTER_DEFAULT;
	return p;
}

static void process_free_rcu(struct rcu_head *h)
{
	kcache_free(process_cache, container_of(h, struct process, rcu));
}

void process_put(struct process *p)
{
	if (!p || !refcount_put(&p->refs))
		return;
	pid_put(p->group);
	pid_put(p->session);
	pid_put(p->pid);
	atomic_dec(&processes_alive);
	rcu_call(&p->rcu, process_free_rcu);
}

struct task *task_find(int tid)
{
	struct task *t = NULL;

	rcu_read_lock();
	struct pid *p = pid_find(tid);
	/* One that just went may have left its number to another (exec): the number then leads there already. */
	if (p)
		do
			t = rcu_dereference(p->task);
		while (t && !refcount_get_unless_zero(&t->thread.refs));
	rcu_read_unlock();
	return t;
}

struct process *process_find(int pid)
{
	struct process *found = NULL;

	rcu_read_lock();
	struct pid *p = pid_find(pid);
	if (p)
		found = rcu_dereference(p->process);
	if (found && !refcount_get_unless_zero(&found->refs))
		found = NULL;
	rcu_read_unlock();
	return found;
}

/* Another user: the thread counts there. Without memory it stays where it is. */
static void change_account(struct task *t, uint32_t uid)
{
	struct account *new = account_join(uid), *old = t->account;
	uint64_t irq;

	if (!new)
		return;
	t->too_many = uid && account_threads(new) - 1 > process_limit(RLIMIT_NPROC); /* as Linux: without this one */
	irq = spin_lock_irq(&t->process->signal_lock);
	t->account = new;
	spin_unlock_irq(&t->process->signal_lock, irq);
	account_leave(old);
}

void cred_commit(struct cred *c)
{
	struct task *t = task_current();
	const struct cred *old = t->cred;

	if (c->uid != old->uid)
		change_account(t, c->uid);
	spin_lock(&t->lock);
	rcu_assign(t->cred, c);
	spin_unlock(&t->lock);
	cred_put(old);
}

bool task_may_inspect(struct task *t, const struct cred *me)
{
	return !ptrace_may_access(t, me, false);
}

bool task_may_attach(struct task *t, const struct cred *me)
{
	return !ptrace_may_access(t, me, true);
}

int task_walk_begin(struct task_walk *w, int dirfd, const char *name, unsigned flags)
{
	struct task *t = task_current();
	struct fs_context *fs = t->fs;

	spin_lock(&fs->lock);
	w->held_root = fs->root;
	path_get(&w->held_root);
	w->held_start = (struct path){0};
	if (dirfd == AT_FDCWD && name[0] != '/') {
		w->held_start = fs->cwd;
		path_get(&w->held_start);
	}
	spin_unlock(&fs->lock);

	if (name[0] == '/' && !(flags & WALK_IN_ROOT)) {
		w->held_start = w->held_root;
		path_get(&w->held_start);
	} else if (!w->held_start.dentry) {
		struct file *f = files_lookup(t->files, dirfd, true);

		if (!f) {
			path_put(&w->held_root);
			return -EBADF;
		}
		w->held_start = f->path;
		path_get(&w->held_start);
		file_put(f);
	}
	w->walk = (struct walk){
		.start = w->held_start,
		.root = w->held_root,
		.cred = t->cred,
		.flags = flags,
	};
	return 0;
}

void task_walk_end(struct task_walk *w)
{
	path_put(&w->held_start);
	path_put(&w->held_root);
}
