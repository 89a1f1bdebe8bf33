/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs.c: who is in /proc: the provider of the numbered directories, and
 * the table of what stands in each. The tasks themselves tell; see procfs.h.
 */
#include "proc/procfs.h"
#include "proc/internal.h"
#include <linux/capability.h>
#include <linux/stat.h>

/* Any thread's number names a directory of its own; only those of processes are listed. */
static void *find(int number, bool thread)
{
	struct task *t = NULL;

	spin_lock(&process_tree_lock);
	struct pid *p = pid_find(number);
	if (p)
		t = !thread && p->process && p->process->leader ? p->process->leader : p->task;
	if (t)
		task_get(t);
	spin_unlock(&process_tree_lock);
	return t;
}

static void get(void *task) { task_get(task); }
static void put(void *task) { task_put(task); }

/* Threads in the order of the list; the list is walked, as the directory shows all of it. */
static int next_thread(void *task, int from)
{
	struct process *p = ((struct task *)task)->process;
	struct task *t;
	int best = -1;

	SPIN_GUARD(&process_tree_lock);
	list_for_each_entry(t, &p->threads, process_link) {
		int n = t->pid->number;

		if (n >= from && (best < 0 || n < best))
			best = n;
	}
	return best;
}

/* Its number still leads to it. */
static bool alive(void *task)
{
	struct task *t = task;

	rcu_read_lock();
	bool leads = rcu_dereference(rcu_dereference(t->pid)->task) == t;
	rcu_read_unlock();
	return leads;
}

static void owner(void *task, uint32_t *uid, uint32_t *gid)
{
	struct task *t = task;

	spin_lock(&t->lock);
	*uid = t->process->dumpable ? t->cred->euid : 0;
	*gid = t->process->dumpable ? t->cred->egid : 0;
	spin_unlock(&t->lock);
}

static bool may_inspect(void *task, const struct cred *me)
{
	return task_may_inspect(task, me);
}

static uint64_t program(void *task)
{
	return atomic_load(&((struct task *)task)->process->exec_count);
}

static int self(bool thread, int *tgid)
{
	struct task *t = task_current();

	*tgid = t->process->pid->number;
	return thread ? t->pid->number : *tgid;
}

static void counts(unsigned *threads, int *last)
{
	*threads = task_count();
	*last = (int)pid_last();
}

static const struct proc_changes mount_changes = { &mounts_changed, &mounts_changes };

static const struct proc_pid_file files[] = {
	{ .name = "stat", .mode = S_IFREG | 0444, .show = proc_show_stat },
	{ .name = "status", .mode = S_IFREG | 0444, .show = proc_show_status },
	{ .name = "statm", .mode = S_IFREG | 0444, .show = proc_show_statm },
	{ .name = "cmdline", .mode = S_IFREG | 0444, .show = proc_show_cmdline },
	{ .name = "comm", .mode = S_IFREG | 0644, .show = proc_show_comm, .store = proc_store_comm },
	{ .name = "environ", .mode = S_IFREG | 0400, .show = proc_show_environ },
	{ .name = "auxv", .mode = S_IFREG | 0400, .show = proc_show_auxv },
	{ .name = "maps", .mode = S_IFREG | 0444, .show = proc_show_maps, .guarded = true },
	{ .name = "smaps", .mode = S_IFREG | 0444, .show = proc_show_smaps, .guarded = true },
	{ .name = "smaps_rollup", .mode = S_IFREG | 0444, .show = proc_show_smaps_rollup, .guarded = true },
	{ .name = "numa_maps", .mode = S_IFREG | 0444, .show = proc_show_numa_maps, .guarded = true },
	{ .name = "pagemap", .mode = S_IFREG | 0400, .read = proc_read_pagemap },
	{ .name = "clear_refs", .mode = S_IFREG | 0200, .store = proc_store_clear_refs },
	{ .name = "mem", .mode = S_IFREG | 0600, .read = proc_read_mem, .write = proc_write_mem },
	{ .name = "limits", .mode = S_IFREG | 0444, .show = proc_show_limits },
	{ .name = "io", .mode = S_IFREG | 0400, .show = proc_show_io },
	{ .name = "oom_score_adj", .mode = S_IFREG | 0644, .show = proc_show_oom_score_adj,
	  .store = proc_store_oom_score_adj },
	{ .name = "coredump_filter", .mode = S_IFREG | 0644, .show = proc_show_core_filter,
	  .store = proc_store_core_filter, .only = PROC_OF_PROCESS },
	{ .name = "mounts", .mode = S_IFREG | 0444, .show = proc_show_mounts, .changes = &mount_changes },
	{ .name = "mountinfo", .mode = S_IFREG | 0444, .show = proc_show_mountinfo, .changes = &mount_changes },
	{ .name = "exe", .mode = S_IFLNK | 0777, .link = proc_link_exe },
	{ .name = "cwd", .mode = S_IFLNK | 0777, .link = proc_link_cwd },
	{ .name = "root", .mode = S_IFLNK | 0777, .link = proc_link_root },
	{ .name = "fd", .mode = S_IFDIR | 0500, .next = proc_next_fd, .entry_link = proc_link_fd,
	  .entry_mode = proc_mode_fd },
	{ .name = "fdinfo", .mode = S_IFDIR | 0555, .next = proc_next_fd, .entry_show = proc_show_fdinfo },
	{ .name = "map_files", .mode = S_IFDIR | 0500, .next_area = proc_next_mapped, .area_link = proc_link_mapped,
	  .only = PROC_OF_PROCESS },
	{ .name = "ns", .mode = S_IFDIR | 0511, .names = proc_namespaces, .entry_link = proc_link_namespace },
	{ .name = "mountstats", .mode = S_IFREG | 0400, .show = proc_show_mountstats, .only = PROC_OF_PROCESS },
	{ .name = "wchan", .mode = S_IFREG | 0444, .show = proc_show_wchan },
	{ .name = "stack", .mode = S_IFREG | 0400, .show = proc_show_stack },
	{ .name = "syscall", .mode = S_IFREG | 0400, .show = proc_show_syscall },
	{ .name = "personality", .mode = S_IFREG | 0400, .show = proc_show_personality },
	{ .name = "sched", .mode = S_IFREG | 0644, .show = proc_show_sched, .store = proc_store_sched },
	{ .name = "schedstat", .mode = S_IFREG | 0444, .show = proc_show_schedstat },
	{ .name = "timers", .mode = S_IFREG | 0444, .show = proc_show_timers, .only = PROC_OF_PROCESS },
	{ .name = "timerslack_ns", .mode = S_IFREG | 0666, .show = proc_show_slack, .store = proc_store_slack,
	  .only = PROC_OF_PROCESS },
	{ .name = "oom_score", .mode = S_IFREG | 0444, .show = proc_show_oom_score },
	{ .name = "oom_adj", .mode = S_IFREG | 0644, .show = proc_show_oom_adj, .store = proc_store_oom_adj },
	{ .name = "sessionid", .mode = S_IFREG | 0444, .show = proc_show_no_session },
	{ .name = "loginuid", .mode = S_IFREG | 0644, .show = proc_show_no_session },
	{ .name = "uid_map", .mode = S_IFREG | 0644, .show = proc_show_id_map },
	{ .name = "gid_map", .mode = S_IFREG | 0644, .show = proc_show_id_map },
	{ .name = "projid_map", .mode = S_IFREG | 0644, .show = proc_show_id_map },
	{ .name = "children", .mode = S_IFREG | 0444, .show = proc_show_children, .only = PROC_OF_THREAD },
	{ .name = "cgroup", .mode = S_IFREG | 0444, .show = proc_show_nothing },
	{ .name = "cpuset", .mode = S_IFREG | 0444, .show = proc_show_cpuset },
	{ .name = "timens_offsets", .mode = S_IFREG | 0644, .show = proc_show_time_offsets },
	{ .name = "setgroups", .mode = S_IFREG | 0644, .show = proc_show_setgroups },
#if CONFIG_DEBUG
	{ .name = "fail-nth", .mode = S_IFREG | 0600, .show = proc_show_fail_nth, .store = proc_store_fail_nth },
#endif
	{ .name = NULL },
};

static const struct proc_provider provider = {
	.find = find,
	.get = get,
	.put = put,
	.next = pid_next_process,
	.next_thread = next_thread,
	.alive = alive,
	.owner = owner,
	.may_inspect = may_inspect,
	.program = program,
	.counts = counts,
	.self = self,
	.files = files,
};

void procfs_register(void)
{
	procfs_set_provider(&provider);
}
