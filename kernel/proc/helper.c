/* SPDX-License-Identifier: MIT */
/*
 * proc/helper.c: programs that the kernel starts by itself, as root, from the
 * kernel's root and with nothing open but their standard input: who is to read a
 * core file. Such a process is process 1's child, in a session of its own.
 *
 * Its first thread begins in the kernel and executes the program; whoever started
 * it waits until that has worked or failed, so the arguments may lie on its stack.
 */
#include "base/panic.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/itimer.h"
#include "proc/process.h"

struct start {
	const char *const *argv;     /* immutable, until done */
	struct completion done;
	int result;                  /* owner: the new thread, until done */
};

static const char *const environment[] = { "HOME=/", "PATH=/sbin:/bin:/usr/sbin:/usr/bin", NULL };

static void first_run(void *arg)
{
	struct start *s = arg;
	int result;

	thread_first_run();
	result = process_exec_kernel(s->argv[0], s->argv, environment);
	s->result = result;
	completion_signal(&s->done); /* *s is gone from here on */
	if (result)
		task_exit(127 << 8);
	context_enter_user();
}

static int open_input(struct task *t, struct file *input)
{
	int fd = files_reserve(t->files, 0, 1, false);

	if (fd < 0)
		return fd;
	file_get(input);
	files_install(t->files, fd, input);
	return 0;
}

/* What it has of its own. Limits as process 1's, but for core files: 1 stands for "it reads one". */
static int build(struct task *t, struct process *p, struct file *input)
{
	uint64_t irq;

	t->cred = cred_get(&cred_root);
	t->account = account_join(0);
	t->actions = signal_actions_create();
	t->files = files_create();
	t->fs = process_root_context();
	t->timer_slack = t->timer_slack_default = 50000;
	if (!t->account || !t->actions || !t->files || !t->fs)
		return -ENOMEM;
	irq = spin_lock_irq(&init_process->signal_lock);
	memcpy(p->limit, init_process->limit, sizeof(p->limit));
	spin_unlock_irq(&init_process->signal_lock, irq);
	p->limit[RLIMIT_CORE] = (struct limit){ 1, 1 };
	timer_init(&p->real_timer, itimer_real_fire);
	timer_init(&p->cpu_timer, cpu_timer_fire);
	return open_input(t, input);
}

/* Process 1 takes it for its own. */
static void join_tree(struct process *p, struct task *t)
{
	SPIN_GUARD(&process_tree_lock);
	p->parent = init_process;
	p->maker = list_first_entry(&init_process->threads, struct task, process_link);
	list_add_tail(&p->sibling, &init_process->children);
	list_add_tail(&p->made_link, &p->maker->made);
	process_lead(p, t);
}

static void discard(struct task *t, struct process *p)
{
	if (t->fs)
		fs_context_put(t->fs);
	if (t->files)
		files_put(t->files);
	thread_uninit(&t->thread);
	task_release(&t->thread); /* drops its reference of p */
	process_put(p);
}

static int create(struct start *s, struct file *input, struct task **out)
{
	struct process *p = process_alloc();
	struct task *t = p ? task_alloc() : NULL;
	int result;

	if (!t || thread_init(&t->thread, "helper", NULL, first_run, s, task_release)) {
		if (t)
			task_free_unborn(t);
		if (p)
			process_put(p);
		return -ENOMEM;
	}
	t->process = p;
	process_get(p);
	result = pid_alloc(0, &t->pid);
	if (!result)
		result = context_user_init(&t->thread.context);
	if (!result)
		result = build(t, p, input);
	if (result) {
		discard(t, p);
		return result;
	}
	join_tree(p, t);
	*out = t;
	return 0;
}

int process_start_helper(const char *const *argv, struct file *input)
{
	struct start s = { .argv = argv };
	struct task *t;
	int result;

	might_sleep();
	completion_init(&s.done);
	result = create(&s, input, &t);
	if (result)
		return result;
	thread_start(&t->thread);
	completion_wait(&s.done);
	return s.result;
}
