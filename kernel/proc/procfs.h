/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs.h: the files of /proc/PID, inside proc/ only. Each show function
 * gets a counted task and appends text; errors as read(2) would give them.
 */
#ifndef PROC_PROCFS_H
#define PROC_PROCFS_H

#include "fs/procfs.h"
#include "proc/process.h"

/* procfs_status.c */
int proc_show_stat(void *task, struct text *t);
int proc_show_status(void *task, struct text *t);
int proc_show_statm(void *task, struct text *t);
int proc_show_comm(void *task, struct text *t);
int proc_store_comm(void *task, const char *buf, size_t n);
int proc_show_limits(void *task, struct text *t);
int proc_show_io(void *task, struct text *t);
int proc_show_oom_score_adj(void *task, struct text *t);
int proc_store_oom_score_adj(void *task, const char *buf, size_t n);

/* procfs_memory.c */
int proc_show_cmdline(void *task, struct text *t);
int proc_show_environ(void *task, struct text *t);
int proc_show_auxv(void *task, struct text *t);
int proc_show_maps(void *task, struct text *t);
ssize_t proc_read_mem(void *task, struct io *io, struct iter *to);
ssize_t proc_write_mem(void *task, struct io *io, struct iter *from);
int proc_link_exe(void *task, struct path *out);
bool proc_next_mapped(void *task, struct proc_area *a);
int proc_link_mapped(void *task, const struct proc_area *a, struct path *out);
struct area;
/* The areas of a task's address space, in order; none: 0. As space_for_each(). */
int proc_for_each_area(void *task, int (*visit)(void *arg, const struct area *a), void *arg);
int proc_put_area(struct text *x, const struct area *a);       /* its line in maps. 0 or -ENOMEM */
void proc_put_area_kind(struct text *x, const struct area *a); /* " file=NAME", " heap" … */

/* procfs_usage.c */
int proc_show_smaps(void *task, struct text *t);
int proc_show_smaps_rollup(void *task, struct text *t);
int proc_show_numa_maps(void *task, struct text *t);
ssize_t proc_read_pagemap(void *task, struct io *io, struct iter *to);
int proc_store_clear_refs(void *task, const char *buf, size_t n);

/* procfs_files.c */
int proc_link_cwd(void *task, struct path *out);
int proc_link_root(void *task, struct path *out);
int proc_next_fd(void *task, int from);
int proc_link_fd(void *task, int fd, struct path *out);
int proc_show_fdinfo(void *task, int fd, struct text *t);
int proc_show_mounts(void *task, struct text *t);
int proc_show_mountinfo(void *task, struct text *t);
uint32_t proc_mode_fd(void *task, int fd);
int proc_show_mountstats(void *task, struct text *t);

/* procfs_thread.c */
int proc_show_wchan(void *task, struct text *t);
int proc_show_stack(void *task, struct text *t);
int proc_show_syscall(void *task, struct text *t);
int proc_show_personality(void *task, struct text *t);
int proc_show_timers(void *task, struct text *t);
int proc_show_slack(void *task, struct text *t);
int proc_store_slack(void *task, const char *buf, size_t n);
int proc_show_oom_score(void *task, struct text *t);
int proc_show_oom_adj(void *task, struct text *t);
int proc_store_oom_adj(void *task, const char *buf, size_t n);
int proc_show_no_session(void *task, struct text *t);
int proc_show_id_map(void *task, struct text *t);
int proc_show_setgroups(void *task, struct text *t);
int proc_show_children(void *task, struct text *t);
int proc_show_nothing(void *task, struct text *t);
int proc_show_cpuset(void *task, struct text *t);
int proc_show_time_offsets(void *task, struct text *t);

/* procfs_sched.c */
int proc_show_sched(void *task, struct text *t);
int proc_store_sched(void *task, const char *buf, size_t n);
int proc_show_schedstat(void *task, struct text *t);

/* procfs_namespace.c: the one namespace of each kind. */
extern const char *const proc_namespaces[];
int proc_link_namespace(void *task, int number, struct path *out);
/* As which kind of namespace f was opened there: CLONE_NEWUSER, ...; 0: it is none. */
unsigned namespace_kind(const struct file *f);

/* coredump_name.c */
int proc_show_core_filter(void *task, struct text *t);
int proc_store_core_filter(void *task, const char *buf, size_t n);

/* procfs_inject.c, debug builds */
int proc_show_fail_nth(void *task, struct text *t);
int proc_store_fail_nth(void *task, const char *buf, size_t n);

/* The address space of a task, counted as a visitor; NULL for kernel threads and the dead. */
struct space *proc_task_space(struct task *t);

#endif
