/* SPDX-License-Identifier: MIT */
/*
 * proc/posix_timer.c: timer_create(2) and its kin. A process finds its timers by
 * their ids, which count on and are not used again until all have been. Each timer
 * has a signal entry of its own, so that expiry never allocates.
 *
 * A periodic timer rests from when its signal is queued until that is taken; what it
 * missed meanwhile is computed then (the overruns), not counted. So a program that blocks
 * the signal keeps nobody busy, however short the interval. If the signal is ignored, the timer
 * goes on, but not faster than Linux's tick; and one that sends none is never armed.
 *
 * One on a clock of processor time has expiries in that time; its timer fires when the
 * next can be due at the earliest, see cpu_clock.c.
 *
 * signal_lock guards the index and the timers' fields: the interrupt that fires
 * one takes it anyway to send the signal.
 */
#include "base/panic.h"
#include "fs/procfs.h"
#include "hal/clock.h"
#include "lib/string.h"
#include "mem/radix_nodes.h"
#include "mem/slab.h"
#include "proc/cpu_clock.h"
#include "proc/internal.h"
#include "proc/itimer.h"
#include <linux/time.h>

#define SOONEST (NSEC_PER_SEC / 250) /* a periodic timer whose signal is ignored fires again */

struct posix_timer {
	struct timer timer;
	struct process *process;      /* immutable: timers end before it does */
	struct task *target;          /* immutable, counted: SIGEV_THREAD_ID, or NULL */
	struct signal_entry *entry;   /* immutable; NULL for SIGEV_NONE. Queued under signal_lock */
	int signo, notify;            /* immutable: notify is SIGEV_* */
	int clock;                    /* immutable */
	struct cpu_clock cpu;         /* immutable, counted: of processor time, or not valid */
	nsec_t seen;                  /* signal_lock: what that showed at the last look */
	nsec_t interval, expires;     /* signal_lock; 0: not armed. expires in clock_now() or the processor's time */
	nsec_t wall;                  /* signal_lock: the wall clock's time that expires stands for, or 0 */
	bool resting;                 /* signal_lock: not armed until the signal, which is queued, was taken */
	int overruns, last_overruns;  /* signal_lock */
};

void posix_timers_init(struct process *p)
{
	radix_init(&p->posix_timers, &radix_kmalloc_ops);
}

/* The clock_now() time, never 0, at which the wall clock shows t: before the boot, too, so that overruns are counted. */
static nsec_t time_of_wall(nsec_t t)
{
	nsec_t when = t - (clock_wall() - clock_now());

	return when ? when : 1;
}

static nsec_t saturating_add(nsec_t a, nsec_t b)
{
	return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* Armed for its expiry, unless nobody is told of it or it rests; now is by its clock. signal_lock held. */
static void arm(struct posix_timer *pt, nsec_t now)
{
	nsec_t when = pt->expires;

	if (!pt->entry || pt->resting)
		return;
	if (cpu_clock_valid(&pt->cpu)) {
		when = cpu_clock_look_at(&pt->cpu, now, max(pt->expires - now, (nsec_t)0), pt->seen);
		pt->seen = now;
	}
	if (when != INT64_MAX)
		timer_arm(&pt->timer, max(when, (nsec_t)0), 0);
}

static void count_overruns(struct posix_timer *pt, nsec_t n)
{
	pt->overruns = (int)min((nsec_t)INT_MAX, pt->overruns + min(n, (nsec_t)INT_MAX));
}

/* A periodic timer goes on after now. Times of it that are over, the one it was armed for among them. signal_lock held. */
static nsec_t forward(struct posix_timer *pt, nsec_t now)
{
	nsec_t periods, old = pt->expires;

	pt->expires = timer_forward(old, pt->interval, now, &periods);
	if (pt->wall)
		pt->wall = saturating_add(pt->wall, pt->expires - old);
	return periods;
}

/* Queues the signal, or counts that it is queued still. False: it is ignored. signal_lock held. */
static bool tell(struct posix_timer *pt)
{
	if (!list_empty(&pt->entry->link))
		count_overruns(pt, 1);
	else
		signal_send_entry_locked(pt->process, pt->target, pt->entry);
	return !list_empty(&pt->entry->link);
}

/* One that is due: what comes next. signal_lock held. */
static void expire(struct posix_timer *pt, nsec_t now)
{
	bool queued = tell(pt);

	if (!pt->interval) {
		pt->expires = 0;
	} else if (queued && !cpu_clock_valid(&pt->cpu)) {
		pt->resting = true;
	} else {
		nsec_t periods = forward(pt, now);

		count_overruns(pt, queued ? periods - 1 : periods);
		if (!cpu_clock_valid(&pt->cpu) && pt->expires - now < SOONEST)
			count_overruns(pt, forward(pt, now + SOONEST));
		arm(pt, now);
	}
}

static void fire(struct timer *t)
{
	struct posix_timer *pt = container_of(t, struct posix_timer, timer);
	bool cpu = cpu_clock_valid(&pt->cpu);
	struct process *p = pt->process;
	nsec_t now = cpu ? cpu_clock_read(&pt->cpu) : clock_now();
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	/* Set anew or switched off while this call-back waited for the lock; or the processor's time is not so far yet. */
	if (pt->expires && pt->expires <= now && !pt->resting)
		expire(pt, now);
	else if (cpu && pt->expires)
		arm(pt, now);
	spin_unlock_irq(&p->signal_lock, irq);
}

/* The signal was taken: what it says about overruns, and the timer goes on. signal_lock held. */
void posix_timer_signal_taken(struct signal_entry *e, siginfo_t *info)
{
	struct posix_timer *pt = e->timer;

	if (pt->resting) {
		nsec_t now = clock_now();

		pt->resting = false;
		count_overruns(pt, max(forward(pt, timer_goes_on_after(now, pt->interval)) - 1, (nsec_t)0));
		arm(pt, now);
	}
	pt->last_overruns = pt->overruns;
	pt->overruns = 0;
	info->si_overrun = pt->last_overruns;
}

/* What the entry says; from then on it is known as the timer's. signal_lock held. */
static void fill_entry(struct posix_timer *pt, const struct sigevent *event, int id)
{
	struct signal_entry *e = pt->entry;

	if (!e)
		return;
	e->timer = pt;
	e->info = (siginfo_t){ .si_signo = pt->signo, .si_code = SI_TIMER };
	e->info.si_tid = id;
	e->info.si_value = event ? event->sigev_value : (sigval_t){ .sival_int = id };
}

#define TRIES 64 /* of ids, with interrupts off */

/* Gives pt an id and lets others see it under that. -EAGAIN: nodes are missing, or all ids that were tried are used. */
static int publish(struct posix_timer *pt, struct radix_pool *pool, const struct sigevent *event, int *id)
{
	struct process *p = pt->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	int result = -EEXIST;

	for (unsigned i = 0; i < TRIES && result == -EEXIST; i++) {
		*id = p->posix_timer_next;
		result = radix_insert(&p->posix_timers, pool, (unsigned)*id, pt);
		if (result != -EAGAIN)
			p->posix_timer_next = *id == INT_MAX ? 0 : *id + 1;
	}
	if (!result)
		fill_entry(pt, event, *id);
	spin_unlock_irq(&p->signal_lock, irq);
	return result == -EEXIST ? -EAGAIN : result;
}

static int give_id(struct posix_timer *pt, const struct sigevent *event, int *id)
{
	struct radix_pool pool;
	int result;

	radix_pool_init(&pool, &radix_kmalloc_ops);
	do {
		result = radix_pool_fill(&pool);
		if (!result)
			result = publish(pt, &pool, event, id);
	} while (result == -EAGAIN && !thread_killed());
	radix_pool_drain(&pool);
	return result ? -EAGAIN : 0;
}

static struct posix_timer *find_locked(struct process *p, int id)
{
	return id < 0 ? NULL : radix_lookup(&p->posix_timers, (unsigned)id);
}

/* Nobody finds the timer any more. A signal that is queued stays so, and its entry is the queue's then. */
static void destroy(struct posix_timer *pt)
{
	struct process *p = pt->process;

	timer_cancel_sync(&pt->timer);
	if (pt->entry) {
		uint64_t irq = spin_lock_irq(&p->signal_lock);
		bool queued = !list_empty(&pt->entry->link);

		pt->entry->timer = NULL;
		spin_unlock_irq(&p->signal_lock, irq);
		if (!queued)
			signal_entry_destroy(pt->entry);
	}
	if (pt->target)
		task_put(pt->target);
	cpu_clock_put(&pt->cpu);
	kfree(pt);
}

/* Where the signal goes, checked. */
static int set_event(struct posix_timer *pt, const struct sigevent *event)
{
	int notify = event ? event->sigev_notify : SIGEV_SIGNAL;

	pt->notify = notify;
	if (notify == SIGEV_NONE)
		return 0;
	if (notify != SIGEV_SIGNAL && notify != SIGEV_THREAD && notify != (SIGEV_SIGNAL | SIGEV_THREAD_ID))
		return -EINVAL;
	pt->signo = event ? event->sigev_signo : SIGALRM;
	if (pt->signo < 1 || pt->signo > SIGNAL_COUNT)
		return -EINVAL;
	if (notify & SIGEV_THREAD_ID) {
		pt->target = task_find(event->sigev_notify_thread_id);
		if (!pt->target)
			return -EINVAL;
		if (pt->target->process != pt->process)
			return -EINVAL;
	}
	pt->entry = signal_entry_create(task_current()->account, process_limit(RLIMIT_SIGPENDING));
	return pt->entry ? 0 : -EAGAIN;
}

static int check_clock(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_REALTIME_ALARM: /* nothing here wakes a machine that sleeps */
	case CLOCK_BOOTTIME_ALARM:
		return -EOPNOTSUPP;
	default:
		if (cpu_clock_is_device(clock))
			return -EOPNOTSUPP;
		return cpu_clock_is(clock) ? 0 : -EINVAL;
	}
}

int posix_timer_create(int clock, const struct sigevent *event, int *id)
{
	struct process *p = process_current();
	struct posix_timer *pt;
	int result;

	result = check_clock(clock);
	if (result)
		return result;
	pt = kzalloc(sizeof(*pt), ALLOC_KERNEL);
	if (!pt)
		return -EAGAIN;
	timer_init(&pt->timer, fire);
	pt->process = p;
	pt->clock = clock;
	result = cpu_clock_is(clock) ? cpu_clock_find(clock, false, &pt->cpu) : 0;
	if (!result)
		result = set_event(pt, event);
	if (!result)
		result = give_id(pt, event, id);
	if (result)
		destroy(pt);
	return result;
}

int posix_timer_delete(int id)
{
	struct process *p = process_current();
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct posix_timer *pt = id < 0 ? NULL : radix_erase(&p->posix_timers, (unsigned)id);

	spin_unlock_irq(&p->signal_lock, irq);
	if (!pt)
		return -EINVAL;
	destroy(pt);
	return 0;
}

/* What the timer's clock shows. Of a process it may not be read with signal_lock held. */
static nsec_t now_of(struct process *p, int id)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct posix_timer *pt = find_locked(p, id);
	struct cpu_clock c = pt ? pt->cpu : (struct cpu_clock){0};
	nsec_t now;

	cpu_clock_get(&c);
	spin_unlock_irq(&p->signal_lock, irq);
	now = cpu_clock_valid(&c) ? cpu_clock_read(&c) : clock_now();
	cpu_clock_put(&c);
	return now;
}

/* One that rests, or is never armed, goes on as if it were: the next time that lies ahead counts. */
static void read_locked(struct posix_timer *pt, nsec_t now, nsec_t *left, nsec_t *interval)
{
	nsec_t expires = pt->expires, periods;

	*interval = pt->interval;
	if (pt->interval && (pt->resting || !pt->entry))
		expires = timer_forward(expires, pt->interval, now, &periods);
	if (!expires)
		*left = 0;
	else
		*left = max(expires - now, (nsec_t)(pt->entry ? 1 : 0));
}

int posix_timer_get(int id, nsec_t *left, nsec_t *interval)
{
	struct process *p = process_current();
	nsec_t now = now_of(p, id);
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct posix_timer *pt = find_locked(p, id);

	if (pt)
		read_locked(pt, now, left, interval);
	spin_unlock_irq(&p->signal_lock, irq);
	return pt ? 0 : -EINVAL;
}

int posix_timer_overrun(int id)
{
	struct process *p = process_current();
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct posix_timer *pt = find_locked(p, id);
	int n = pt ? pt->last_overruns : -EINVAL;

	spin_unlock_irq(&p->signal_lock, irq);
	return n;
}

int posix_timer_set(int id, bool absolute, nsec_t value, nsec_t interval, nsec_t *old_left, nsec_t *old_interval)
{
	struct process *p = process_current();
	nsec_t now = now_of(p, id);
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct posix_timer *pt = find_locked(p, id);

	if (pt) {
		read_locked(pt, now, old_left, old_interval);
		/* A call-back that runs now on another processor waits for our lock, then finds that it is not due. */
		timer_cancel(&pt->timer);
		pt->interval = value ? interval : 0;
		pt->overruns = pt->last_overruns = 0;
		pt->resting = false;
		pt->expires = 0;
		pt->wall = value && absolute && (pt->clock == CLOCK_REALTIME || pt->clock == CLOCK_TAI) ? value : 0;
		if (pt->wall)
			pt->expires = time_of_wall(value);
		else if (value && absolute)
			pt->expires = value;
		else if (value)
			pt->expires = saturating_add(now, value);
		pt->seen = -1;
		if (pt->expires)
			arm(pt, now);
	}
	spin_unlock_irq(&p->signal_lock, irq);
	return pt ? 0 : -EINVAL;
}

void posix_timers_exit(struct process *p)
{
	struct posix_timer *pt;

	do {
		uint64_t id = 0, irq = spin_lock_irq(&p->signal_lock);

		pt = radix_find(&p->posix_timers, &id, INT_MAX);
		if (pt)
			radix_erase(&p->posix_timers, id);
		spin_unlock_irq(&p->signal_lock, irq);
		if (pt)
			destroy(pt);
	} while (pt);
}

/* A copy of the first timer at or after *id, which becomes its id. */
static bool describe(struct process *p, uint64_t *id, struct posix_timer *out, void **value)
{
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	struct posix_timer *pt = radix_find(&p->posix_timers, id, INT_MAX);

	if (pt) {
		*out = *pt;
		*value = pt->entry ? pt->entry->info.si_value.sival_ptr : NULL;
	}
	spin_unlock_irq(&p->signal_lock, irq);
	return pt;
}

static void show(struct process *p, uint64_t id, struct text *x)
{
	static const char *const how[] = { "signal", "none", "thread" };
	struct posix_timer pt;
	uint64_t found = id;
	void *value;

	if (describe(p, &found, &pt, &value) && found == id)
		text_printf(x, "ID: %lu\nsignal: %d/%016lx\nnotify: %s/%s.%d\nClockID: %d\n", id, pt.signo,
			    (unsigned long)value, how[pt.notify & 3 ? pt.notify & 3 : 0],
			    pt.notify & SIGEV_THREAD_ID ? "tid" : "pid", p->pid->number, pt.clock);
}

int posix_timers_show(struct process *p, struct text *x)
{
	size_t most = READ_ONCE(p->posix_timers.count), n = 0;
	int *ids = kcalloc(most, sizeof(*ids), ALLOC_KERNEL);
	struct posix_timer pt;
	void *value;

	if (most && !ids)
		return -ENOMEM;
	for (uint64_t id = 0; n < most && describe(p, &id, &pt, &value); id++)
		ids[n++] = (int)id;
	while (n)
		show(p, (unsigned)ids[--n], x); /* the newest first, as on Linux */
	kfree(ids);
	return 0;
}

/* Those of a process that stand for a time of the wall clock. */
static void clock_was_set(struct pid *pid, void *arg)
{
	struct process *p = rcu_dereference(pid->process);
	struct posix_timer *pt;
	uint64_t irq, id;

	if (!p || radix_is_empty(&p->posix_timers))
		return;
	irq = spin_lock_irq(&p->signal_lock);
	radix_for_each(&p->posix_timers, pt, id, 0, INT_MAX) {
		if (!pt->wall || !pt->expires)
			continue;
		timer_cancel(&pt->timer); /* a call-back that runs waits for the lock, and looks again */
		pt->expires = time_of_wall(pt->wall);
		arm(pt, 0);
	}
	spin_unlock_irq(&p->signal_lock, irq);
}

void posix_timers_clock_was_set(void)
{
	rcu_read_lock();
	pid_for_each(clock_was_set, NULL);
	rcu_read_unlock();
}
