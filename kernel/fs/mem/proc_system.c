/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/proc_system.c: files of /proc that tell about the machine and the lower
 * rows: memory, time, processors (proc(5)). Numbers are snapshots.
 */
#include "base/cmdline.h"
#include "fs/mem/procfs.h"
#include "hal/clock.h"
#include "mem/shrink.h"
#include "mem/slab.h"
#include "sched/thread.h"
#include "vm/event.h"
#include "vm/object.h"
#include "vm/space.h"

#define KB(pages)  ((unsigned long)(pages) * (PAGE_SIZE / 1024))
#define TICKS(ns)  ((unsigned long)((ns) / (NSEC_PER_SEC / 100))) /* USER_HZ is 100 */

static void memory_line(struct text *t, const char *name, uint64_t pages)
{
	text_printf(t, "%-15s %8lu kB\n", name, KB(pages));
}

static int meminfo_show(struct text *t)
{
	struct frame_stats f;
	struct object_stats o;
	uint64_t reclaimable = shrink_count(), cached, anon;

	frame_stats(&f);
	object_stats(&o);
	cached = o.file + o.shmem;
	anon = f.user > cached ? f.user - cached : 0;
	memory_line(t, "MemTotal:", f.total);
	memory_line(t, "MemFree:", f.free);
	memory_line(t, "MemAvailable:", f.free + o.file + reclaimable);
	memory_line(t, "Buffers:", 0);
	memory_line(t, "Cached:", cached);
	memory_line(t, "SwapCached:", 0);
	memory_line(t, "Active:", anon);
	memory_line(t, "Inactive:", cached);
	memory_line(t, "SwapTotal:", 0);
	memory_line(t, "SwapFree:", 0);
	memory_line(t, "Dirty:", o.dirty);
	memory_line(t, "Writeback:", 0);
	memory_line(t, "AnonPages:", anon);
	memory_line(t, "Mapped:", o.file);
	memory_line(t, "Shmem:", o.shmem);
	memory_line(t, "AnonHugePages:", vm_huge_pages());
	memory_line(t, "KReclaimable:", reclaimable);
	memory_line(t, "Slab:", f.slab);
	memory_line(t, "SReclaimable:", reclaimable);
	memory_line(t, "SUnreclaim:", f.slab > reclaimable ? f.slab - reclaimable : 0);
	memory_line(t, "KernelStack:", f.stacks);
	memory_line(t, "PageTables:", f.tables);
	memory_line(t, "CommitLimit:", vm_commit_limit());
	memory_line(t, "Committed_AS:", vm_committed());
	return 0;
}

static int cmdline_show(struct text *t)
{
	text_printf(t, "%s\n", cmdline_text());
	return 0;
}

static int uptime_show(struct text *t)
{
	struct sched_stats s;
	unsigned long up = (unsigned long)clock_now() / (NSEC_PER_SEC / 100), idle;

	sched_stats(&s);
	idle = TICKS(s.idle);
	text_printf(t, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, idle / 100, idle % 100);
	return 0;
}

static void load_print(struct text *t, uint64_t load)
{
	uint64_t hundredths = (load * 100 + 1024) >> 11;

	text_printf(t, "%lu.%02lu ", hundredths / 100, hundredths % 100);
}

static int loadavg_show(struct text *t)
{
	struct sched_stats s;
	unsigned threads = 0;
	int last = 0;

	sched_stats(&s);
	for (unsigned i = 0; i < 3; i++)
		load_print(t, s.load[i]);
	if (proc_provider)
		proc_provider->counts(&threads, &last);
	text_printf(t, "%u/%u %d\n", s.running, threads, last);
	return 0;
}

static void cpu_line(struct text *t, const char *name, const struct sched_stats *s)
{
	text_printf(t, "%s %lu %lu %lu %lu 0 0 0 0 0 0\n", name, TICKS(s->user), TICKS(s->nice), TICKS(s->system),
		    TICKS(s->idle));
}

static int stat_show(struct text *t)
{
	struct sched_stats s;
	int error;

	sched_stats(&s);
	cpu_line(t, "cpu ", &s);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		struct sched_stats one = { 0 };

		sched_cpu_stats(cpu, &one);
		text_printf(t, "cpu%u", cpu);
		cpu_line(t, "", &one);
	}
	error = proc_interrupt_counts(t);
	if (error)
		return error;
	text_printf(t, "ctxt %lu\nbtime %ld\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n"
		       "softirq 0 0 0 0 0 0 0 0 0 0 0\n",
		    s.switches, (long)((clock_wall() - clock_now()) / NSEC_PER_SEC), s.threads_created, s.running);
	return 0;
}

static int cpuinfo_show(struct text *t)
{
	const struct cpu_features *c = &cpu_features;
	unsigned long khz = clock_tsc_khz();
	char flags[768];

	cpu_flags_format(flags, sizeof(flags));
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		text_printf(t, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n",
			    cpu, c->vendor, c->family, c->model_number, c->model);
		text_printf(t, "stepping\t: %u\ncpu MHz\t\t: %lu.%03lu\nphysical id\t: 0\nsiblings\t: %u\n", c->stepping,
			    khz / 1000, khz % 1000, cpu_online_count);
		text_printf(t, "core id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\nfpu\t\t: yes\nfpu_exception\t: yes\n",
			    cpu, cpu_online_count, cpu);
		text_printf(t, "wp\t\t: yes\nflags\t\t: %s\nbogomips\t: %lu.%02lu\nclflush size\t: 64\n", flags,
			    khz / 500, khz / 5 % 100);
		text_printf(t, "cache_alignment\t: 64\naddress sizes\t: %u bits physical, %u bits virtual\n\n",
			    c->address_bits_physical, c->address_bits_virtual);
	}
	return 0;
}

static void slab_line(void *arg, const struct kcache_stats *s)
{
	uint64_t per_slab = s->frames && s->total ? max(s->total / s->frames, 1UL) : 1;

	text_printf(arg, "%-17s %6lu %6lu %6zu %4lu %4u : tunables 0 0 0 : slabdata %6lu %6lu 0\n", s->name, s->used,
		    s->total, s->size, per_slab, 1u, s->frames, s->frames);
}

static int slabinfo_show(struct text *t)
{
	text_printf(t, "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> "
		       "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> "
		       "<num_slabs> <sharedavail>\n");
	kcache_for_each(slab_line, t);
	return 0;
}

static const char *const event_name[VM_EVENTS] = {
	[VM_EVENT_FAULT] = "pgfault",           [VM_EVENT_MAJOR_FAULT] = "pgmajfault",
	[VM_EVENT_HUGE_FAULT] = "thp_fault_alloc", [VM_EVENT_HUGE_SPLIT] = "thp_split_page",
	[VM_EVENT_OOM_KILL] = "oom_kill",
};

static int vmstat_show(struct text *t)
{
	struct frame_stats f;
	struct object_stats o;
	uint64_t reclaimable = shrink_count(), cached;

	frame_stats(&f);
	object_stats(&o);
	cached = o.file + o.shmem;
	text_printf(t, "nr_free_pages %lu\nnr_anon_pages %lu\nnr_file_pages %lu\nnr_dirty %lu\nnr_writeback 0\n", f.free,
		    f.user > cached ? f.user - cached : 0, cached, o.dirty);
	text_printf(t, "nr_slab_reclaimable %lu\nnr_slab_unreclaimable %lu\nnr_shmem %lu\n", min(f.slab, reclaimable),
		    f.slab - min(f.slab, reclaimable), o.shmem);
	text_printf(t, "nr_anon_transparent_hugepages %lu\nnr_page_table_pages %lu\nnr_kernel_stack %lu\n",
		    vm_huge_pages() / (MiB(2) / PAGE_SIZE), f.tables, KB(f.stacks));
	text_printf(t, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n");
	for (enum vm_event event = 0; event < VM_EVENTS; event++)
		text_printf(t, "%s %lu\n", event_name[event], vm_event_count(event));
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, meminfo) = { "meminfo", 0444, meminfo_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, cmdline) = { "cmdline", 0444, cmdline_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, uptime) = { "uptime", 0444, uptime_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, loadavg) = { "loadavg", 0444, loadavg_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, stat) = { "stat", 0444, stat_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, cpuinfo) = { "cpuinfo", 0444, cpuinfo_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, slabinfo) = { "slabinfo", 0400, slabinfo_show, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, vmstat) = { "vmstat", 0444, vmstat_show, NULL };
