/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_sched.c: what the scheduler tells of a thread, /proc/PID/sched and
 * schedstat, and of the processors, /proc/schedstat. The lines are those of Linux 6.1
 * with kernel.sched_schedstats at 0: what is not kept there then is 0 here as well. Besides,
 * averages of load (se.avg) and what NUMA would need are 0: nobody here keeps them.
 */
#include "hal/clock.h"
#include "lib/format.h"
#include "proc/internal.h"
#include "proc/procfs.h"
#include "sched/thread.h"

#define NS_PER_MS     1000000
#define JIFFY_NS      4000000LL
#define FIRST_JIFFY   4294892296UL /* five minutes before 32 bits overflow */
#define LOAD_SHIFT    10           /* weights are shown with more digits */
#define DOMAIN_FIGURES 36

static void put_time(struct text *x, const char *name, nsec_t ns)
{
	long long sign = ns < 0 ? -1 : 1;

	text_printf(x, "%-45s:%14lld.%06lld\n", name, (long long)ns / NS_PER_MS, (long long)ns % NS_PER_MS * sign);
}

static void put_number(struct text *x, const char *name, int64_t n)
{
	text_printf(x, "%-45s:%21lld\n", name, (long long)n);
}

static void put_head(struct text *x, struct task *t)
{
	spin_lock(&process_tree_lock);
	int number = t->pid->number;
	unsigned threads = t->process->thread_count;
	spin_unlock(&process_tree_lock);
	text_printf(x, "%s (%d, #threads: %u)\n", t->thread.name, number, threads);
	text_printf(x, "-------------------------------------------------------------------\n");
}

static void put_averages(struct text *x, const struct thread_schedule *s)
{
	static const char *const none[] = { "load_sum", "runnable_sum", "util_sum", "load_avg", "runnable_avg", "util_avg" };
	char name[32];

	for (unsigned i = 0; i < ARRAY_SIZE(none); i++) {
		format(name, sizeof(name), "se.avg.%s", none[i]);
		put_number(x, name, 0);
	}
	put_number(x, "se.avg.last_update_time", s->started & ~1023LL);
	put_number(x, "se.avg.util_est.ewma", 0);
	put_number(x, "se.avg.util_est.enqueued", 0);
}

static void put_numa(struct text *x, bool program)
{
	if (program)
		put_number(x, "mm->numa_scan_seq", 0);
	put_number(x, "numa_pages_migrated", 0);
	put_number(x, "numa_preferred_nid", -1);
	put_number(x, "total_numa_faults", 0);
	text_printf(x, "current_node=0, numa_group_id=0\n"
		       "numa_faults node=0 task_private=0 task_shared=0 group_private=0 group_shared=0\n");
}

int proc_show_sched(void *task, struct text *x)
{
	struct task *t = task;
	struct thread_schedule s;
	nsec_t now;

	thread_get_schedule(&t->thread, &s);
	put_head(x, t);
	put_time(x, "se.exec_start", s.started);
	put_time(x, "se.vruntime", s.vruntime);
	put_time(x, "se.sum_exec_runtime", s.runtime);
	put_number(x, "se.nr_migrations", s.migrations);
	put_number(x, "nr_switches", (int64_t)(s.switches_voluntary + s.switches_involuntary));
	put_number(x, "nr_voluntary_switches", (int64_t)s.switches_voluntary);
	put_number(x, "nr_involuntary_switches", (int64_t)s.switches_involuntary);
	put_number(x, "se.load.weight", (int64_t)s.weight << LOAD_SHIFT);
	put_averages(x, &s);
	put_number(x, "policy", s.policy);
	put_number(x, "prio", s.priority);
	now = clock_now();
	put_number(x, "clock-delta", clock_now() - now);
	put_numa(x, t->thread.mmu != NULL);
	return 0;
}

/* A write of anything sets statistics back that are not kept while sched_schedstats is 0. */
int proc_store_sched(void *task, const char *buf, size_t n)
{
	return 0;
}

int proc_show_schedstat(void *task, struct text *x)
{
	struct thread_schedule s;

	thread_get_schedule(&((struct task *)task)->thread, &s);
	text_printf(x, "%lld %lld %lu\n", (long long)s.runtime, (long long)s.waited, (unsigned long)s.turns);
	return 0;
}

/* The domain is all processors: one, and no domain, where there is only one. Digits as many as processors need. */
static void put_domain(struct text *x)
{
	int digits = (int)(cpu_online_count + 3) / 4;
	uint64_t all = cpu_all();

	if (cpu_online_count < 2)
		return;
	if (digits > 8)
		text_printf(x, "domain0 %0*lx,%08lx", digits - 8, (unsigned long)(all >> 32), (unsigned long)(all & 0xffffffff));
	else
		text_printf(x, "domain0 %0*lx", digits, (unsigned long)all);
	for (unsigned i = 0; i < DOMAIN_FIGURES; i++)
		text_printf(x, " 0");
	text_printf(x, "\n");
}

static int show_schedstat(struct text *x)
{
	text_printf(x, "version 15\ntimestamp %lu\n", FIRST_JIFFY + (unsigned long)(clock_now() / JIFFY_NS));
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		struct sched_stats s;

		sched_cpu_stats(cpu, &s);
		text_printf(x, "cpu%u 0 0 0 0 0 0 %lld %lld %lu\n", cpu, (long long)(s.user + s.nice + s.system),
			    (long long)s.waited, (unsigned long)s.turns);
		put_domain(x);
	}
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, schedstat) = { "schedstat", 0444, show_schedstat, NULL };
