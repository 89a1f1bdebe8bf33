/* SPDX-License-Identifier: MIT */
/*
 * proc/cpu_timer.c: what happens after so much processor time: ITIMER_VIRTUAL,
 * ITIMER_PROF, RLIMIT_CPU and RLIMIT_RTTIME.
 *
 * Nothing is counted on the way into or out of the kernel. One timer of the
 * process is armed for the earliest time at which the next of the four can be
 * due, if all its threads run all the time; when it fires, the time used is summed
 * up, and the timer armed again for what is missing. It runs only while one of
 * the four is wanted. POSIX timers on such clocks do the same each for itself.
 *
 * All is guarded by process->signal_lock; the call-back runs in the interrupt.
 */
#include "hal/clock.h"
#include "proc/cpu_clock.h"
#include "proc/internal.h"
#include "proc/itimer.h"
#include "proc/process.h"
#include <linux/sched.h>
#include <linux/time.h>

#define RTTIME_MOST  (INT64_MAX / 2000) /* us: more is without limit */
#define USEC_PER_SEC 1000000

struct cpu_used { nsec_t user, all; };

static struct cpu_used used_locked(struct process *p)
{
	struct cpu_used used;
	nsec_t system;

	process_cpu_times_locked(p, &used.user, &system);
	used.all = used.user + system;
	return used;
}

static nsec_t saturating_add(nsec_t a, nsec_t b)
{
	return b > INT64_MAX - a ? INT64_MAX : a + b;
}

/* ns of processor time until t is due, after sending its signal if it is; INT64_MAX if it is not armed. */
static nsec_t look_at(struct process *p, struct cpu_itimer *t, nsec_t used, int sig)
{
	if (!t->expires)
		return INT64_MAX;
	if (used >= t->expires) {
		signal_send_locked(p, NULL, sig, NULL);
		t->expires = t->interval ? max(saturating_add(t->expires, t->interval), used) : 0;
	}
	return t->expires ? t->expires - used : INT64_MAX;
}

/* SIGXCPU at the soft limit and every second after, SIGKILL at the hard one. */
static nsec_t look_at_limit(struct process *p, nsec_t used)
{
	struct limit *l = &p->limit[RLIMIT_CPU];
	uint64_t seconds = (uint64_t)used / NSEC_PER_SEC;

	if (l->hard != LIMIT_INFINITY && seconds >= l->hard) {
		signal_send_locked(p, NULL, SIGKILL, NULL);
		return INT64_MAX;
	}
	if (l->soft != LIMIT_INFINITY && seconds >= l->soft) {
		signal_send_locked(p, NULL, SIGXCPU, NULL);
		l->soft = seconds + 1;
	}
	seconds = min(l->soft, l->hard);
	return seconds < INT64_MAX / NSEC_PER_SEC ? (nsec_t)seconds * NSEC_PER_SEC - used : INT64_MAX;
}

/* How long t has run without sleeping, as far as it was looked at, in ns: 0 unless it is a real-time thread. */
static nsec_t run_without_sleep(struct task *t)
{
	struct sched_params params;
	nsec_t user, system;

	thread_get_params(&t->thread, &params);
	if (params.policy != SCHED_FIFO && params.policy != SCHED_RR)
		return 0;
	thread_times(&t->thread, &user, &system);
	if (t->rt_turns != READ_ONCE(t->thread.switches_voluntary) + 1) {
		t->rt_turns = READ_ONCE(t->thread.switches_voluntary) + 1;
		t->rt_since = user + system;
	}
	return max(user + system - t->rt_since, (nsec_t)1);
}

/*
 * RLIMIT_RTTIME: SIGXCPU when a real-time thread has not slept for so long, and every second after, SIGKILL at the
 * hard limit. Whether it slept shows in how often it gave up the processor, so it is looked at a few times within
 * the limit; one that slept meanwhile begins anew.
 */
static nsec_t look_at_real_time(struct process *p)
{
	struct limit *l = &p->limit[RLIMIT_RTTIME];
	nsec_t longest = 0;
	struct task *t;

	if (l->soft >= RTTIME_MOST)
		return INT64_MAX;
	list_for_each_entry(t, &p->threads, process_link)
		longest = max(longest, run_without_sleep(t));
	if (l->hard < RTTIME_MOST && longest > (nsec_t)l->hard * 1000) {
		signal_send_locked(p, NULL, SIGKILL, NULL);
		return INT64_MAX;
	}
	if (longest > (nsec_t)l->soft * 1000) {
		signal_send_locked(p, NULL, SIGXCPU, NULL);
		l->soft += USEC_PER_SEC;
	}
	return max((nsec_t)min(l->soft, l->hard) * 1000 / (longest ? 8 : 1), (nsec_t)NSEC_PER_SEC / 100);
}

static void look(struct process *p)
{
	struct cpu_used used = used_locked(p);
	bool idle = used.all == p->cpu_timer_seen;
	nsec_t left;

	if (p->cpu_timer_ended)
		return;
	p->cpu_timer_seen = used.all;
	left = look_at(p, &p->virtual_timer, used.user, SIGVTALRM);
	left = min(left, look_at(p, &p->profile_timer, used.all, SIGPROF));
	left = min(left, look_at_limit(p, used.all));
	left = min(left, look_at_real_time(p));
	if (left == INT64_MAX)
		timer_cancel(&p->cpu_timer);
	else
		timer_arm(&p->cpu_timer, cpu_look_at(p->thread_count, left, idle), 0);
}

void cpu_timer_fire(struct timer *t)
{
	struct process *p = container_of(t, struct process, cpu_timer);
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	look(p);
	spin_unlock_irq(&p->signal_lock, irq);
}

void cpu_timer_end(struct process *p)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	p->cpu_timer_ended = true;
	spin_unlock_irq(&p->signal_lock, irq);
	timer_cancel_sync(&p->cpu_timer);
}

void cpu_limit_changed(struct process *p)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	look(p);
	spin_unlock_irq(&p->signal_lock, irq);
}

static struct cpu_itimer *timer_of(struct process *p, int which)
{
	return which == ITIMER_VIRTUAL ? &p->virtual_timer : &p->profile_timer;
}

static void read_locked(struct process *p, int which, struct cpu_used used, nsec_t *left, nsec_t *interval)
{
	const struct cpu_itimer *t = timer_of(p, which);
	nsec_t now = which == ITIMER_VIRTUAL ? used.user : used.all;

	*interval = t->interval;
	*left = t->expires ? max(t->expires - now, (nsec_t)1) : 0;
}

void itimer_cpu_get(int which, nsec_t *left, nsec_t *interval)
{
	struct process *p = process_current();
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	read_locked(p, which, used_locked(p), left, interval);
	spin_unlock_irq(&p->signal_lock, irq);
}

void itimer_cpu_set(int which, nsec_t value, nsec_t interval, nsec_t *old_left, nsec_t *old_interval)
{
	struct process *p = process_current();
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct cpu_used used = used_locked(p);
	nsec_t now = which == ITIMER_VIRTUAL ? used.user : used.all;
	struct cpu_itimer *t = timer_of(p, which);

	read_locked(p, which, used, old_left, old_interval);
	t->interval = interval;
	t->expires = value ? (value > INT64_MAX - now ? INT64_MAX : now + value) : 0;
	look(p);
	spin_unlock_irq(&p->signal_lock, irq);
}
