/* SPDX-License-Identifier: MIT */
/*
 * proc/init.c: process 1: made by hand, the only one that is not a clone. Its
 * thread runs a function of init/ that ends by executing the first program.
 */
#include "base/panic.h"
#include "proc/internal.h"
#include "proc/process.h"
#include <linux/capability.h>

/* Linux's initial limits. */
static const struct limit initial_limits[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = { LIMIT_INFINITY, LIMIT_INFINITY },
	[RLIMIT_FSIZE] = { LIMIT_INFINITY, LIMIT_INFINITY },
	[RLIMIT_DATA] = { LIMIT_INFINITY, LIMIT_INFINITY },
	[RLIMIT_STACK] = { 8 << 20, LIMIT_INFINITY },
	[RLIMIT_CORE] = { 0, LIMIT_INFINITY },
	[RLIMIT_RSS] = { LIMIT_INFINITY, LIMIT_INFINITY },
	[RLIMIT_NOFILE] = { 1024, 4096 },
	[RLIMIT_MEMLOCK] = { 8 << 20, 8 << 20 },
	[RLIMIT_AS] = { LIMIT_INFINITY, LIMIT_INFINITY },
	[RLIMIT_LOCKS] = { LIMIT_INFINITY, LIMIT_INFINITY },
	[RLIMIT_MSGQUEUE] = { 819200, 819200 },
	[RLIMIT_NICE] = { 0, 0 },
	[RLIMIT_RTPRIO] = { 0, 0 },
	[RLIMIT_RTTIME] = { LIMIT_INFINITY, LIMIT_INFINITY },
};

static int (*run_init)(void);

/* RLIMIT_FSIZE for fs/. Kernel threads, and process 1 before its first program, have no limit. */
static uint64_t file_limit(void)
{
	return thread_current()->mmu ? process_limit(RLIMIT_FSIZE) : UINT64_MAX;
}

static void file_limit_exceeded(void)
{
	signal_send_task(task_current(), SIGXFSZ, NULL);
}

/* RLIMIT_MEMLOCK for vm/, with the same exceptions. */
static uint64_t lock_limit(void)
{
	return !thread_current()->mmu || cred_capable(cred_current(), CAP_IPC_LOCK) ? UINT64_MAX :
		process_limit(RLIMIT_MEMLOCK);
}

/* Who writes to a set-id program without taking its bits off. */
static bool keeps_set_id(void)
{
	return !thread_current()->mmu || cred_capable(cred_current(), CAP_FSETID);
}

static void first_run(void *arg)
{
	thread_first_run();
	int result = run_init();
	if (result)
		panic("no init could be started (error %d); try init= on the command line", -result);
	context_enter_user();
}

static void set_limits(struct process *p)
{
	struct frame_stats s;

	for (int i = 0; i < RLIM_NLIMITS; i++)
		p->limit[i] = initial_limits[i];
	frame_stats(&s);
	uint64_t threads = s.total * PAGE_SIZE / (8 * KSTACK_BYTES) / 2;
	p->limit[RLIMIT_NPROC] = (struct limit){ threads, threads };
	p->limit[RLIMIT_SIGPENDING] = (struct limit){ threads, threads };
}

struct fs_context *process_root_context(void)
{
	static struct fs_context boot = { .lock = SPINLOCK_INIT(RANK_FS_CONTEXT), .umask = 022 };

	boot.cwd = boot.root = root_path;
	return fs_context_copy(&boot);
}

void process_start_init(int (*run)(void))
{
	struct process *p = process_alloc();
	struct task *t = task_alloc();

	if (!p || !t || thread_init(&t->thread, "init", NULL, first_run, t, task_release) || pid_alloc(0, &t->pid) ||
	    context_user_init(&t->thread.context))
		panic("no memory for process 1");
	t->process = p;
	process_get(p);
	t->cred = cred_get(&cred_root);
	t->account = account_join(0);
	t->actions = signal_actions_create();
	t->files = files_create();
	t->fs = process_root_context();
	if (!t->actions || !t->files || !t->fs)
		panic("no memory for process 1");
	t->timer_slack = t->timer_slack_default = 50000;
	set_limits(p);
	file_set_size_limit_hook(file_limit, file_limit_exceeded);
	space_set_lock_limit_hook(lock_limit);
	inode_set_keeps_hook(keeps_set_id);
	timer_init(&p->real_timer, itimer_real_fire);
	timer_init(&p->cpu_timer, cpu_timer_fire);
	spin_lock(&process_tree_lock);
	process_lead(p, t);
	spin_unlock(&process_tree_lock);
	init_process = p;
	run_init = run;
	thread_start(&t->thread);
}
