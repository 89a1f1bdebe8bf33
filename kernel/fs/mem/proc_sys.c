/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/proc_sys.c: files of /proc/sys that say how things are and cannot be changed,
 * as the rest of the kernel has them fixed; and a few that count files. What can be
 * set stands with what it sets.
 */
#include "fs/internal.h"
#include "fs/mem/procfs.h"
#include "lib/errno.h"
#include "lib/string.h"

/* ---- files ------------------------------------------------------------------------------- */

PROC_CONSTANT(fs_overflowuid, "sys/fs/overflowuid", "65534");
PROC_CONSTANT(fs_overflowgid, "sys/fs/overflowgid", "65534");
PROC_CONSTANT(dir_notify, "sys/fs/dir-notify-enable", "0");
PROC_CONSTANT(leases, "sys/fs/leases-enable", "0");
PROC_CONSTANT(lease_break, "sys/fs/lease-break-time", "45");
PROC_CONSTANT(suid_dumpable, "sys/fs/suid_dumpable", "0");
PROC_CONSTANT(pipe_soft, "sys/fs/pipe-user-pages-soft", "16384");
PROC_CONSTANT(pipe_hard, "sys/fs/pipe-user-pages-hard", "0");

/* ---- the kernel --------------------------------------------------------------------------- */

PROC_CONSTANT(kernel_overflowuid, "sys/kernel/overflowuid", "65534");
PROC_CONSTANT(kernel_overflowgid, "sys/kernel/overflowgid", "65534");
PROC_CONSTANT(cap_last_cap, "sys/kernel/cap_last_cap", "40");
PROC_CONSTANT(ngroups_max, "sys/kernel/ngroups_max", "65536");
PROC_CONSTANT(threads_max, "sys/kernel/threads-max", "32767");
PROC_CONSTANT(arch, "sys/kernel/arch", "x86_64");
PROC_CONSTANT(tainted, "sys/kernel/tainted", "0");
PROC_CONSTANT(modules_disabled, "sys/kernel/modules_disabled", "1");
PROC_CONSTANT(modprobe, "sys/kernel/modprobe", "");
PROC_CONSTANT(kexec_disabled, "sys/kernel/kexec_load_disabled", "1");
PROC_CONSTANT(perf_paranoid, "sys/kernel/perf_event_paranoid", "3");
PROC_CONSTANT(bpf_disabled, "sys/kernel/unprivileged_bpf_disabled", "2");
PROC_CONSTANT(userns_clone, "sys/kernel/unprivileged_userns_clone", "0");
PROC_CONSTANT(kptr_restrict, "sys/kernel/kptr_restrict", "2");
PROC_CONSTANT(dmesg_restrict, "sys/kernel/dmesg_restrict", "0");
PROC_CONSTANT(numa_balancing, "sys/kernel/numa_balancing", "0");
PROC_CONSTANT(autogroup, "sys/kernel/sched_autogroup_enabled", "0");
PROC_CONSTANT(child_first, "sys/kernel/sched_child_runs_first", "0");
PROC_CONSTANT(rmid_forced, "sys/kernel/shm_rmid_forced", "0");
PROC_CONSTANT(auto_msgmni, "sys/kernel/auto_msgmni", "0");
PROC_CONSTANT(pty_reserve, "sys/kernel/pty/reserve", "0");
PROC_CONSTANT(printk_ratelimit, "sys/kernel/printk_ratelimit", "0");
PROC_CONSTANT(sysctl_strict, "sys/kernel/sysctl_writes_strict", "1");

/* ---- memory ------------------------------------------------------------------------------- */

PROC_CONSTANT(mmap_min_addr, "sys/vm/mmap_min_addr", "65536");
PROC_CONSTANT(max_map_count, "sys/vm/max_map_count", "65530");
PROC_CONSTANT(nr_hugepages, "sys/vm/nr_hugepages", "0");
PROC_CONSTANT(userfaultfd, "sys/vm/unprivileged_userfaultfd", "0");
PROC_CONSTANT(panic_on_oom, "sys/vm/panic_on_oom", "0");
PROC_CONSTANT(oom_allocating, "sys/vm/oom_kill_allocating_task", "0");
PROC_CONSTANT(legacy_layout, "sys/vm/legacy_va_layout", "0");
PROC_CONSTANT(zone_reclaim, "sys/vm/zone_reclaim_mode", "0");
PROC_CONSTANT(min_free, "sys/vm/min_free_kbytes", "1024");

/* Nothing is swapped or written back yet: what programs set is kept, and has no effect. */
static struct proc_number swappiness = { 60, 0, 200 }, cache_pressure = { 100, 0, INT_MAX }, dirty_ratio = { 20, 0, 100 },
			  background_ratio = { 10, 0, 100 }, expire = { 3000, 0, INT_MAX }, writeback = { 500, 0, INT_MAX },
			  cluster = { 3, 0, 31 }, laptop = { 0, 0, INT_MAX };

PROC_NUMBER(swappiness, "sys/vm/swappiness", &swappiness);
PROC_NUMBER(cache_pressure, "sys/vm/vfs_cache_pressure", &cache_pressure);
PROC_NUMBER(dirty_ratio, "sys/vm/dirty_ratio", &dirty_ratio);
PROC_NUMBER(background_ratio, "sys/vm/dirty_background_ratio", &background_ratio);
PROC_NUMBER(dirty_expire, "sys/vm/dirty_expire_centisecs", &expire);
PROC_NUMBER(dirty_writeback, "sys/vm/dirty_writeback_centisecs", &writeback);
PROC_NUMBER(page_cluster, "sys/vm/page-cluster", &cluster);
PROC_NUMBER(laptop_mode, "sys/vm/laptop_mode", &laptop);

/* sync(1) first, then 1, 2 or 3: unused names and inodes go. */
static int drop_store(const char *buf, size_t n)
{
	uint64_t what;

	if (parse_u64(buf, NULL, 10, &what) || what < 1 || what > 4)
		return -EINVAL;
	while ((what & 2) && dentry_shrink(1024))
		;
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, drop_caches) = { "sys/vm/drop_caches", 0200, NULL, drop_store };
