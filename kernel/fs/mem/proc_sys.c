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

/* What does not fit 16 bits, or a namespace; nothing here asks. One number under two names each. */
static int32_t overflow_uid = 65534, overflow_gid = 65534; /* atomic */

PROC_INT(fs_overflowuid, "sys/fs/overflowuid", &overflow_uid, 0, 65535);
PROC_INT(fs_overflowgid, "sys/fs/overflowgid", &overflow_gid, 0, 65535);
PROC_INT(kernel_overflowuid, "sys/kernel/overflowuid", &overflow_uid, 0, 65535);
PROC_INT(kernel_overflowgid, "sys/kernel/overflowgid", &overflow_gid, 0, 65535);
PROC_CONSTANT(suid_dumpable, "sys/fs/suid_dumpable", "0");

/* ---- the kernel --------------------------------------------------------------------------- */

PROC_CONSTANT(cap_last_cap, "sys/kernel/cap_last_cap", "40");
PROC_CONSTANT(ngroups_max, "sys/kernel/ngroups_max", "65536");
PROC_CONSTANT(arch, "sys/kernel/arch", "x86_64");
PROC_CONSTANT(tainted, "sys/kernel/tainted", "0");
PROC_CONSTANT(modules_disabled, "sys/kernel/modules_disabled", "1");
PROC_CONSTANT(modprobe, "sys/kernel/modprobe", "");
PROC_CONSTANT(kexec_disabled, "sys/kernel/kexec_load_disabled", "1");
PROC_KEPT(perf_paranoid, "sys/kernel/perf_event_paranoid", 3, INT_MIN, INT_MAX);
PROC_CONSTANT(bpf_disabled, "sys/kernel/unprivileged_bpf_disabled", "2");
PROC_CONSTANT(userns_clone, "sys/kernel/unprivileged_userns_clone", "0");
/* No pointer is ever shown. */
PROC_KEPT(kptr_restrict, "sys/kernel/kptr_restrict", 2, 0, 2);
PROC_CONSTANT(numa_balancing, "sys/kernel/numa_balancing", "0");
PROC_CONSTANT(autogroup, "sys/kernel/sched_autogroup_enabled", "0");
PROC_CONSTANT(child_first, "sys/kernel/sched_child_runs_first", "0");
PROC_CONSTANT(rmid_forced, "sys/kernel/shm_rmid_forced", "0");
PROC_CONSTANT(auto_msgmni, "sys/kernel/auto_msgmni", "0");
PROC_CONSTANT(pty_reserve, "sys/kernel/pty/reserve", "0");
/* One answer each: other numbers are refused. */
PROC_KEPT(sysctl_strict, "sys/kernel/sysctl_writes_strict", 1, 1, 1);
PROC_KEPT(panic_on_oops, "sys/kernel/panic_on_oops", 1, 1, 1);

/* ---- memory ------------------------------------------------------------------------------- */

PROC_CONSTANT(mmap_min_addr, "sys/vm/mmap_min_addr", "65536");
PROC_CONSTANT(nr_hugepages, "sys/vm/nr_hugepages", "0");
PROC_CONSTANT(userfaultfd, "sys/vm/unprivileged_userfaultfd", "0");
PROC_CONSTANT(panic_on_oom, "sys/vm/panic_on_oom", "0");
PROC_CONSTANT(oom_allocating, "sys/vm/oom_kill_allocating_task", "0");
PROC_CONSTANT(legacy_layout, "sys/vm/legacy_va_layout", "0");
PROC_CONSTANT(zone_reclaim, "sys/vm/zone_reclaim_mode", "0");
PROC_CONSTANT(min_free, "sys/vm/min_free_kbytes", "1024");

/* Nothing is swapped or written back yet: what programs set is kept, and has no effect. */
PROC_KEPT(swappiness, "sys/vm/swappiness", 60, 0, 200);
PROC_KEPT(cache_pressure, "sys/vm/vfs_cache_pressure", 100, 0, INT_MAX);
PROC_KEPT(dirty_ratio, "sys/vm/dirty_ratio", 20, 0, 100);
PROC_KEPT(background_ratio, "sys/vm/dirty_background_ratio", 10, 0, 100);
PROC_KEPT(dirty_expire, "sys/vm/dirty_expire_centisecs", 3000, 0, INT_MAX);
PROC_KEPT(dirty_writeback, "sys/vm/dirty_writeback_centisecs", 500, INT_MIN, INT_MAX);
PROC_KEPT(dirtytime_expire, "sys/vm/dirtytime_expire_seconds", 43200, 0, INT_MAX);
PROC_KEPT(page_cluster, "sys/vm/page-cluster", 3, 0, 31);
PROC_KEPT(laptop_mode, "sys/vm/laptop_mode", 0, INT_MIN, INT_MAX);
PROC_KEPT(stat_interval, "sys/vm/stat_interval", 1, INT_MIN, INT_MAX);

/* sync(1) first, then 1, 2 or 3: unused names and inodes go. */
static int drop_store(const char *buf, size_t n)
{
	int32_t what;
	const struct proc_numbers v = { .ints = &what, .count = 1, .low = 1, .high = 4 };
	int used = proc_numbers_store(&v, buf, n);

	while (used > 0 && (what & 2) && dentry_shrink(1024))
		;
	return used;
}

TABLE_ENTRY(proc_entries, struct proc_entry, drop_caches) = { "sys/vm/drop_caches", 0200, NULL, drop_store };
