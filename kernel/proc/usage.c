/* SPDX-License-Identifier: MIT */
/*
 * proc/usage.c: what a process has used: getrusage(2) and wait4(2)'s rusage.
 */
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/process.h"

static void set_time(struct __kernel_old_timeval *tv, nsec_t t)
{
	tv->tv_sec = t / 1000000000;
	tv->tv_usec = t % 1000000000 / 1000;
}

struct sums { nsec_t user, system; uint64_t minor, major, voluntary, involuntary, peak; };

static void add_threads(struct process *p, struct sums *s)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct task *t;

	process_cpu_times_locked(p, &s->user, &s->system);
	s->voluntary += p->dead_switches_voluntary;
	s->involuntary += p->dead_switches_involuntary;
	s->minor += p->dead_faults_minor;
	s->major += p->dead_faults_major;
	s->peak = max(s->peak, p->peak_rss);
	list_for_each_entry(t, &p->threads, process_link) {
		s->voluntary += t->thread.switches_voluntary;
		s->involuntary += t->thread.switches_involuntary;
	}
	spin_unlock_irq(&p->signal_lock, irq);
}

static void add_children(struct process *p, struct sums *s)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	s->user += p->dead_children.user;
	s->system += p->dead_children.system;
	s->minor += p->children_faults_minor;
	s->major += p->children_faults_major;
	s->peak = max(s->peak, p->children_peak_rss);
	spin_unlock_irq(&p->signal_lock, irq);
}

void process_cpu_times_locked(struct process *p, nsec_t *user, nsec_t *system)
{
	struct task *t;

	assert_held(&p->signal_lock);
	*user = p->dead_threads.user;
	*system = p->dead_threads.system;
	list_for_each_entry(t, &p->threads, process_link) {
		nsec_t u, s;

		thread_times(&t->thread, &u, &s);
		*user += u;
		*system += s;
	}
}

void process_usage(struct process *p, int who, struct rusage *r)
{
	struct sums s = {0};

	if (who == RUSAGE_THREAD) {
		struct task *t = task_current();

		thread_times(&t->thread, &s.user, &s.system);
		s.voluntary = t->thread.switches_voluntary;
		s.involuntary = t->thread.switches_involuntary;
	}
	if (who == RUSAGE_SELF || who == RUSAGE_BOTH)
		add_threads(p, &s);
	if (who == RUSAGE_CHILDREN || who == RUSAGE_BOTH)
		add_children(p, &s);

	memset(r, 0, sizeof(*r));
	set_time(&r->ru_utime, s.user);
	set_time(&r->ru_stime, s.system);
	r->ru_minflt = (long)s.minor;
	r->ru_majflt = (long)s.major;
	r->ru_nvcsw = (long)s.voluntary;
	r->ru_nivcsw = (long)s.involuntary;
	r->ru_maxrss = (long)(s.peak * (PAGE_SIZE / 1024));
}
