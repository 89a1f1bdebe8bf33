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

void usage_note_peak(struct process *p, const struct space *s)
{
	struct space_resident r;
	uint64_t irq;

	space_resident(s, &r);
	irq = spin_lock_irq(&p->signal_lock);
	p->peak_rss = max(p->peak_rss, r.peak);
	spin_unlock_irq(&p->signal_lock, irq);
}

/* What the process holds now may be the most it ever held. */
static void note_current_peak(struct process *p)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct task *t = list_empty(&p->threads) ? NULL : list_first_entry(&p->threads, struct task, process_link);

	if (t)
		task_get(t);
	spin_unlock_irq(&p->signal_lock, irq);
	if (!t)
		return;
	spin_lock(&t->lock);
	if (t->space)
		usage_note_peak(p, t->space);
	spin_unlock(&t->lock);
	task_put(t);
}

static void add_counts(const struct thread *t, struct sums *s)
{
	s->minor += t->faults_minor;
	s->major += t->faults_major;
	s->voluntary += t->switches_voluntary;
	s->involuntary += t->switches_involuntary;
}

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
	list_for_each_entry(t, &p->threads, process_link)
		add_counts(&t->thread, s);
	spin_unlock_irq(&p->signal_lock, irq);
}

static void add_children(struct process *p, struct sums *s)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	s->user += p->dead_children.user;
	s->system += p->dead_children.system;
	s->voluntary += p->children_switches_voluntary;
	s->involuntary += p->children_switches_involuntary;
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

	if (who != RUSAGE_CHILDREN)
		note_current_peak(p);
	if (who == RUSAGE_THREAD) {
		thread_times(thread_current(), &s.user, &s.system);
		add_counts(thread_current(), &s);
		s.peak = p->peak_rss;
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

void usage_add_io(struct io_counts *sum, const struct io_counts *one)
{
	sum->read_bytes += one->read_bytes;
	sum->written_bytes += one->written_bytes;
	sum->read_calls += one->read_calls;
	sum->write_calls += one->write_calls;
}

void usage_of_io(struct process *p, struct io_counts *sum)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	const struct task *t;

	*sum = p->dead_io;
	list_for_each_entry(t, &p->threads, process_link)
		usage_add_io(sum, &t->io);
	spin_unlock_irq(&p->signal_lock, irq);
}
