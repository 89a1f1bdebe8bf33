/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_thread.c: what /proc/PID shows of a thread's doings and settings: where
 * it sleeps, its timers, its score for the out-of-memory killer, its identity maps.
 */
#include "base/panic.h"
#include "fs/cred.h"
#include "hal/context.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/itimer.h"
#include "proc/oom.h"
#include "proc/procfs.h"
#include "sched/inspect.h"
#include <linux/capability.h>

#define CHAIN_MAX 32

/* The thread's call chain, if it sleeps; the first is innermost. */
static unsigned chain_of(struct task *t, vaddr_t *chain)
{
	return thread_sleeping_chain(&t->thread, chain, CHAIN_MAX);
}

/* Functions of the scheduler and of waiting do not say where a thread is. */
static bool says_nothing(const char *name)
{
	static const char *const words[] = { "sched_", "thread_", "switch", "waitq_", "wait_", "sleep_until", "context_",
					     "mutex_lock", "rwsem_" };

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (strncmp(name, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

int proc_show_wchan(void *task, struct text *x)
{
	vaddr_t chain[CHAIN_MAX];
	unsigned n = task_may_inspect(task, cred_current()) ? chain_of(task, chain) : 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t offset;
		const char *name = symbol_name(chain[i], &offset);

		if (name && !says_nothing(name)) {
			text_printf(x, "%s", name);
			return 0;
		}
	}
	text_printf(x, "0");
	return 0;
}

int proc_show_stack(void *task, struct text *x)
{
	vaddr_t chain[CHAIN_MAX];
	unsigned n;

	if (!cred_capable(cred_current(), CAP_SYS_ADMIN))
		return -EACCES;
	n = chain_of(task, chain);
	for (unsigned i = 0; i < n; i++) {
		uint64_t offset = 0;
		const char *name = symbol_name(chain[i], &offset);

		text_printf(x, "[<0>] %s+0x%lx\n", name ? name : "?", (unsigned long)offset);
	}
	return 0;
}

/* Where a thread sleeps, if it has been asleep all the while. */
static bool sleeping_frame(struct task *t, struct user_frame *f)
{
	/* Until it has said that it exits, for which it needs the lock, its stack is there. */
	uint64_t irq = spin_lock_irq(&t->process->signal_lock), turns = READ_ONCE(t->thread.switches_voluntary);
	bool asleep = !t->thread.exiting && atomic_load(&t->thread.state) != THREAD_RUNNING &&
		      !atomic_load(&t->thread.on_cpu);

	if (asleep) {
		*f = *context_frame(&t->thread.context);
		atomic_fence();
		asleep = atomic_load(&t->thread.state) != THREAD_RUNNING &&
			 READ_ONCE(t->thread.switches_voluntary) == turns;
	}
	spin_unlock_irq(&t->process->signal_lock, irq);
	return asleep;
}

/* The call it is in, with arguments, stack and program counter; as Linux. */
int proc_show_syscall(void *task, struct text *x)
{
	struct task *t = task;
	struct user_frame frame, *f = &frame;

	if (t == task_current()) {
		frame = *context_frame(&t->thread.context);
	} else if (!sleeping_frame(t, f)) {
		text_printf(x, "running\n");
		return 0;
	}
	if ((int64_t)f->orig_rax < 0)
		text_printf(x, "-1 0x%lx 0x%lx\n", (unsigned long)f->rsp, (unsigned long)f->rip);
	else
		text_printf(x, "%ld 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n", (long)f->orig_rax,
			    (unsigned long)f->rdi, (unsigned long)f->rsi, (unsigned long)f->rdx, (unsigned long)f->r10,
			    (unsigned long)f->r8, (unsigned long)f->r9, (unsigned long)f->rsp, (unsigned long)f->rip);
	return 0;
}

int proc_show_personality(void *task, struct text *x)
{
	text_printf(x, "%08x\n", READ_ONCE(((struct task *)task)->personality));
	return 0;
}

int proc_show_timers(void *task, struct text *x)
{
	return posix_timers_show(((struct task *)task)->process, x);
}

/* One's own, or with CAP_SYS_NICE. */
static int check_slack(struct task *t)
{
	return t == task_current() || cred_capable(cred_current(), CAP_SYS_NICE) ? 0 : -EPERM;
}

int proc_show_slack(void *task, struct text *x)
{
	int error = check_slack(task);

	if (!error)
		text_printf(x, "%lld\n", (long long)READ_ONCE(((struct task *)task)->timer_slack));
	return error;
}

int proc_store_slack(void *task, const char *buf, size_t n)
{
	struct task *t = task;
	uint64_t value;
	int error = parse_u64(buf, NULL, 10, &value);

	if (!error)
		error = check_slack(t);
	if (!error)
		WRITE_ONCE(t->timer_slack, value ? (nsec_t)min(value, (uint64_t)INT64_MAX) : t->timer_slack_default);
	return error;
}

int proc_show_oom_score(void *task, struct text *x)
{
	text_printf(x, "%lu\n", (unsigned long)oom_score(((struct task *)task)->process));
	return 0;
}

/* The old scale, -17 to 15. */
int proc_show_oom_adj(void *task, struct text *x)
{
	int adjust = atomic_load(&((struct task *)task)->process->oom_score_adjust);

	text_printf(x, "%d\n", adjust == 1000 ? 15 : adjust * 17 / 1000);
	return 0;
}

int proc_store_oom_adj(void *task, const char *buf, size_t n)
{
	bool negative = *buf == '-';
	char text[16];
	uint64_t v;

	if (parse_u64(buf + negative, NULL, 10, &v) || v > (negative ? 17u : 15u))
		return -EINVAL;
	format(text, sizeof(text), "%s%d", negative ? "-" : "", v == 15 ? 1000 : (int)v * 1000 / 17);
	return proc_store_oom_score_adj(task, text, strlen(text));
}

/* Nobody logged in through what would number it. */
int proc_show_no_session(void *task, struct text *x)
{
	text_printf(x, "4294967295");
	return 0;
}

int proc_show_id_map(void *task, struct text *x)
{
	text_printf(x, "%10u %10u %10u\n", 0, 0, 4294967295u);
	return 0;
}

int proc_show_setgroups(void *task, struct text *x)
{
	text_printf(x, "allow\n");
	return 0;
}

/* Of the thread alone. A snapshot: more may be born, and end, as soon as it is taken. */
int proc_show_children(void *task, struct text *t)
{
	struct task *maker = task;
	struct process *child;
	int *numbers = NULL;
	unsigned n = 0, room = 0;

	for (;;) {
		n = 0;
		spin_lock(&process_tree_lock);
		list_for_each_entry(child, &maker->made, made_link) {
			if (n < room)
				numbers[n] = child->pid->number;
			n++;
		}
		spin_unlock(&process_tree_lock);
		if (n <= room)
			break;
		kfree(numbers);
		room = n + n / 4 + 16;
		numbers = kmalloc(room * sizeof(*numbers), ALLOC_KERNEL);
		if (!numbers)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < n; i++)
		text_printf(t, "%d ", numbers[i]);
	kfree(numbers);
	return 0;
}

/* What there is none of: control groups. */
int proc_show_nothing(void *task, struct text *t)
{
	return 0;
}

int proc_show_cpuset(void *task, struct text *t)
{
	text_printf(t, "/\n");
	return 0;
}

int proc_show_time_offsets(void *task, struct text *t)
{
	text_printf(t, "monotonic           0         0\nboottime            0         0\n");
	return 0;
}
