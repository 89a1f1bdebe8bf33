/* SPDX-License-Identifier: MIT */
/*
 * proc/fork.c: clone(2), clone3(2), fork(2), vfork(2): one function. First all
 * that can fail (checks, memory, copies), undone in reverse if it does; then the
 * part that cannot: the child enters the tree and runs.
 */
#include "base/panic.h"
#include "fs/procfs.h"
#include "hal/usercopy.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/itimer.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include "proc/seccomp.h"
#include <linux/capability.h>
#include <linux/sched.h>

#define CLONE_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
			  CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)
#define CLONE_KNOWN                                                                                \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT | \
	 CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | \
	 CLONE_DETACHED | CLONE_UNTRACED | CLONE_CHILD_SETTID | CLONE_IO | CLONE_CLEAR_SIGHAND | CLONE_PIDFD | \
	 CLONE_INTO_CGROUP)

/* One thread in so many bytes of memory, as Linux sets its own limit. */
#define MEMORY_PER_THREAD (8 * KSTACK_BYTES)

static int32_t most_tasks; /* atomic: kernel.threads-max; 0: not worked out yet */

static unsigned max_tasks(void)
{
	struct frame_stats s;

	if (unlikely(!atomic_load(&most_tasks))) {
		frame_stats(&s);
		atomic_store(&most_tasks, (int32_t)min(max((uint64_t)32, s.total * PAGE_SIZE / MEMORY_PER_THREAD), PID_LIMIT - 1UL));
	}
	return (unsigned)atomic_load(&most_tasks);
}

static const struct proc_numbers threads_max = { .ints = &most_tasks, .count = 1, .low = 1, .high = INT_MAX };

static int threads_max_show(struct text *t)
{
	max_tasks();
	return proc_numbers_show(&threads_max, t);
}

static int threads_max_store(const char *buf, size_t n)
{
	return proc_numbers_store(&threads_max, buf, n);
}

TABLE_ENTRY(proc_entries, struct proc_entry, threads_max) = {
	"sys/kernel/threads-max", 0644, threads_max_show, threads_max_store,
};

/* RLIMIT_NPROC counts the threads of a user; root and the privileged may have any number. */
static bool too_many_of_user(const struct task *me)
{
	if (likely(me->account == &account_root || account_threads(me->account) < process_limit(RLIMIT_NPROC)))
		return false;
	return !cred_capable(me->cred, CAP_SYS_RESOURCE) && !cred_capable(me->cred, CAP_SYS_ADMIN);
}

static int check(const struct clone_args *a)
{
	uint64_t f = a->flags;

	if ((f & CLONE_PIDFD) && (f & CLONE_PARENT_SETTID) && a->pidfd == a->parent_tid)
		return -EINVAL;
	if ((f & CLONE_NAMESPACES) || (f & ~(uint64_t)CLONE_KNOWN))
		return -EINVAL;
	if ((f & CLONE_PIDFD) && (f & (CLONE_DETACHED | CLONE_THREAD)))
		return -EINVAL;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && (!(f & CLONE_VM) || (f & CLONE_CLEAR_SIGHAND)))
		return -EINVAL;
	if ((f & CLONE_PARENT) && process_current() == init_process)
		return -EINVAL;
	if (f & CLONE_INTO_CGROUP)
		return -EBADF; /* no descriptor is one of a control group */
	if (thread_interrupted())
		return -ERESTARTNOINTR; /* before the work, not after it: see commit() */
	return task_count() >= max_tasks() || too_many_of_user(task_current()) ? -EAGAIN : 0;
}

static void child_first_run(void *arg)
{
	struct task *t = arg;

	thread_first_run();
	if (t->set_child_tid) {
		uint32_t tid = (uint32_t)t->pid->number;

		/* A bad address is the program's mistake, and Linux says nothing either. */
		(void)copy_to_user(t->set_child_tid, &tid, sizeof(tid));
	}
	context_enter_user();
}

/* Memory, files, directories, handlers: shared or copied as the flags say. */
static int copy_resources(struct task *t, struct task *me, uint64_t flags)
{
	int result;

	t->cred = cred_get(me->cred);
	account_join_same(me->account);
	t->account = me->account;
	if (flags & CLONE_SIGHAND) {
		refcount_get(&me->actions->refs);
		t->actions = me->actions;
	} else {
		t->actions = flags & CLONE_CLEAR_SIGHAND ? signal_actions_copy_ignored(me->actions) :
							   signal_actions_copy(me->actions);
		if (!t->actions)
			return -ENOMEM;
	}
	t->files = flags & CLONE_FILES ? files_get(me->files) : files_copy(me->files);
	if (!t->files)
		return -ENOMEM;
	if (flags & CLONE_FS) {
		refcount_get(&me->fs->refs);
		t->fs = me->fs;
	} else {
		t->fs = fs_context_copy(me->fs);
	}
	if (!t->fs)
		return -ENOMEM;
	result = sem_undo_fork(me, t, flags);
	if (result)
		return result;
	if (flags & CLONE_VM) {
		space_use(me->space);
		t->space = me->space;
	} else {
		result = space_fork(me->space, &t->space);
		if (result)
			return result;
	}
	t->thread.mmu = &t->space->mmu;
	return 0;
}

static void drop_resources(struct task *t)
{
	sem_undo_exit(t);
	if (t->space)
		space_unuse(t->space);
	if (t->fs)
		fs_context_put(t->fs);
	if (t->files)
		files_put(t->files);
}

static void copy_limits(struct process *to, struct process *from)
{
	uint64_t irq = spin_lock_irq(&from->signal_lock);

	memcpy(to->limit, from->limit, sizeof(to->limit));
	spin_unlock_irq(&from->signal_lock, irq);
}

static int make_process(struct task *t, struct task *me, uint64_t flags)
{
	if (flags & CLONE_THREAD) {
		process_get(me->process);
		t->process = me->process;
		return 0;
	}
	struct process *p = process_alloc();

	if (!p)
		return -ENOMEM;
	t->process = p; /* the allocation's reference becomes the tree's below; this task has its own */
	process_get(p);
	copy_limits(p, me->process);
	p->vfork_child = flags & CLONE_VFORK;
	p->oom_score_adjust = me->process->oom_score_adjust;
	p->dumpable = me->process->dumpable;
	p->core_filter = atomic_load(&me->process->core_filter);
	timer_init(&p->real_timer, itimer_real_fire);
	timer_init(&p->cpu_timer, cpu_timer_fire);
	return 0;
}

/* What belongs to the thread alone. */
static void copy_thread_state(struct task *t, const struct task *me, const struct clone_args *a)
{
	struct user_frame *f = context_frame(&t->thread.context);

	context_fork(&t->thread.context, &me->thread.context);
	if (a->stack)
		f->rsp = a->stack + (a->stack_size == ~0UL ? 0 : a->stack_size);
	t->blocked = me->blocked;
	if (!(a->flags & CLONE_VM) || (a->flags & CLONE_VFORK)) {
		t->altstack_sp = me->altstack_sp;
		t->altstack_size = me->altstack_size;
		t->altstack_flags = me->altstack_flags;
	}
	t->timer_slack = t->timer_slack_default = me->timer_slack;
	t->mce_policy = me->mce_policy;
	t->io_flusher = me->io_flusher;
	t->personality = me->personality;
	t->io_priority = atomic_load(&me->io_priority);
	t->memory_policy = me->memory_policy;
	t->logged = me->logged;
	if (t->logged)
		t->thread.context.work |= WORK_TRACE;
	if (a->flags & CLONE_CHILD_SETTID)
		t->set_child_tid = a->child_tid;
	if (a->flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = a->child_tid;
	/* The copy of the memory has the area too; a thread that shares the memory registers its own. */
	if (!(a->flags & CLONE_VM))
		rseq_set(t, me->rseq_area, me->rseq_length, me->rseq_signature);
}

/* False: the process ends, or another thread of it executes a program; the caller hears of that first. */
static bool join_process(struct process *p, struct task *t, struct task *me)
{
	uint64_t irq;
	bool allowed;

	if (p != me->process && unlikely(me->seccomp_mode)) {
		irq = spin_lock_irq(&me->process->signal_lock);
		seccomp_fork(t, me);
		spin_unlock_irq(&me->process->signal_lock, irq);
	}
	irq = spin_lock_irq(&p->signal_lock);
	allowed = !p->group_exiting && !p->group_exec;
	if (allowed) {
		if (p == me->process)
			seccomp_fork(t, me); /* a TSYNC comes before it, or finds the new thread */
		list_add_tail(&t->process_link, &p->threads);
		p->thread_count++;
		atomic_inc(&p->live);
		job_stop_inherit(t);
	}
	spin_unlock_irq(&p->signal_lock, irq);
	return allowed;
}

/* A new process. Tree lock held. */
static void join_tree(struct task *t, struct task *me, const struct clone_args *a)
{
	struct process *p = t->process, *mine = me->process;
	bool sibling = a->flags & CLONE_PARENT;

	p->exit_signal = sibling ? mine->exit_signal : (int)a->exit_signal;
	pid_get(t->pid);
	p->pid = t->pid;
	p->leader = t;
	p->parent = sibling ? mine->parent : mine;
	p->maker = sibling ? mine->maker : me;
	list_add_tail(&p->sibling, &p->parent->children);
	list_add_tail(&p->made_link, &p->maker->made);
	process_join_group(p, mine->group);
	process_join_session(p, mine->session);
	rcu_assign(p->pid->process, p);
}

/*
 * The part that cannot fail, but for one thing: a deadly signal, or one to a
 * group, that came meanwhile is taken before the child exists, so that it cannot
 * miss the child. Other signals wait: a program whose timer is faster than its
 * fork would never get one done. group_signals: how many there were at the start.
 */
static int commit(struct task *t, struct task *me, const struct clone_args *a, uint64_t group_signals, int event)
{
	SPIN_GUARD(&process_tree_lock);
	if (thread_killed() || (group_signals != process_group_signals && thread_interrupted()))
		return -ERESTARTNOINTR;
	if (!join_process(t->process, t, me))
		return -ERESTARTNOINTR;
	if (!(a->flags & CLONE_THREAD))
		join_tree(t, me, a);
	rcu_assign(t->pid->task, t);
	if (unlikely(me->ptrace.tracer) && ((a->flags & CLONE_PTRACE) || event))
		ptrace_inherit(t, me);
	return 0;
}

static int build(struct task *t, struct task *me, const struct clone_args *a, int tid)
{
	int result = make_process(t, me, a->flags);

	if (result)
		return result;
	result = pid_alloc(tid, &t->pid);
	if (result)
		return result;
	result = context_user_init(&t->thread.context);
	if (result)
		return result;
	result = copy_resources(t, me, a->flags);
	if (result)
		return result;
	copy_thread_state(t, me, a);
	return a->flags & CLONE_SETTLS ? context_set_fs(&t->thread.context, a->tls) : 0;
}

static void wait_for_vfork(struct task *child, struct completion *done, int tid)
{
	if (completion_wait_killable(done)) {
		/* Killed: the child must not signal a stack that is gone. */
		spin_lock(&child->lock);
		child->vfork_done = NULL;
		spin_unlock(&child->lock);
	} else {
		ptrace_event(PTRACE_EVENT_VFORK_DONE, (uint64_t)tid);
	}
}

/* Undoes build(), however far it came. */
static void discard(struct task *t)
{
	struct process *p = t->process;
	bool own_process = p && p != process_current();

	drop_resources(t);
	thread_uninit(&t->thread);
	task_release(&t->thread);
	if (own_process)
		process_put(p);
}

/* A task with all that is its own, not in the tree yet. */
static int create(struct task *me, const struct clone_args *a, int tid, struct task **out)
{
	struct task *t = task_alloc();
	int result;

	if (!t)
		return -ENOMEM;
	result = thread_init(&t->thread, me->thread.name, &me->thread, child_first_run, t, task_release);
	if (result) {
		task_free_unborn(t);
		return result;
	}
	result = build(t, me, a, tid);
	if (result)
		discard(t);
	*out = t;
	return result;
}

/* A descriptor of the child, told to the program, not yet in the table. */
static int reserve_pidfd(struct task *t, struct task *me, uaddr_t to, struct file **file)
{
	int fd = files_reserve(me->files, 0, process_limit(RLIMIT_NOFILE), true), result;

	if (fd < 0)
		return fd;
	result = pidfd_create_file(t->pid, 0, file);
	if (!result && copy_to_user(to, &fd, sizeof(fd))) {
		file_put(*file);
		result = -EFAULT;
	}
	if (!result)
		return fd;
	files_unreserve(me->files, fd);
	return result;
}

/* The last that can fail; then the child is there. */
static int publish(struct task *t, struct task *me, const struct clone_args *a, uint64_t group_signals, int event)
{
	struct file *file;
	int fd = 0, result;

	if (a->flags & CLONE_PIDFD)
		fd = reserve_pidfd(t, me, a->pidfd, &file);
	if (fd < 0)
		return fd;
	result = commit(t, me, a, group_signals, event);
	if (!(a->flags & CLONE_PIDFD))
		return result;
	if (!result) {
		files_install(me->files, fd, file);
	} else {
		files_unreserve(me->files, fd);
		file_put(file);
	}
	return result;
}

/* The event that a tracer is to hear of, 0: none. */
static int event_of(const struct task *me, const struct clone_args *a)
{
	int event = a->flags & CLONE_VFORK ? PTRACE_EVENT_VFORK :
		    a->exit_signal != SIGCHLD ? PTRACE_EVENT_CLONE : PTRACE_EVENT_FORK;

	if (likely(!ptrace_is_traced(me)) || (a->flags & CLONE_UNTRACED))
		return 0;
	return ptrace_wants_event(me, event) ? event : 0;
}

int64_t process_clone(const struct clone_args *a, int tid)
{
	uint64_t group_signals = READ_ONCE(process_group_signals);
	struct task *me = task_current(), *t;
	struct completion vfork_done;
	int result = check(a), event;

	if (!result)
		result = create(me, a, tid, &t);
	if (result)
		return result;
	if (a->flags & CLONE_VFORK) {
		completion_init(&vfork_done);
		t->vfork_done = &vfork_done;
	}
	event = event_of(me, a);
	result = publish(t, me, a, group_signals, event);
	if (result) {
		discard(t);
		return result;
	}

	tid = t->pid->number;
	/* As in Linux, it is the program's mistake if this cannot be written. */
	if (a->flags & CLONE_PARENT_SETTID)
		(void)copy_to_user(a->parent_tid, &tid, sizeof(tid));
	if (!(a->flags & CLONE_THREAD) && unlikely(t->process->limit[RLIMIT_CPU].soft != LIMIT_INFINITY ||
						   t->process->limit[RLIMIT_RTTIME].soft != LIMIT_INFINITY))
		cpu_limit_changed(t->process);
	if (!(a->flags & CLONE_VFORK)) {
		thread_start(&t->thread);
		if (unlikely(event))
			ptrace_event(event, (uint64_t)tid);
		return tid;
	}
	task_get(t);
	thread_start(&t->thread);
	if (unlikely(event))
		ptrace_event(event, (uint64_t)tid);
	wait_for_vfork(t, &vfork_done, tid);
	task_put(t);
	return tid;
}
