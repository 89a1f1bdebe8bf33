/* SPDX-License-Identifier: MIT */
/*
 * fs/anon/timerfd.c: a timer to wait for as a file (timerfd_create(2)).
 *
 * A periodic timer fires once and then rests until somebody reads or asks: what
 * it missed is computed, not counted, so that one that nobody reads costs
 * nothing. An absolute time of the wall clock is kept as such beside the time
 * since boot it means now; when the clock is set, all of those are looked at
 * (timerfd_clock_was_set), so they are on a list.
 *
 * timerfd.lock (spinlock, interrupts off: the timer's call-back takes it) guards
 * the fields; wall_lock (mutex) guards the list, and is taken first.
 */
#include "fs/file.h"
#include "fs/poll.h"
#include "fs/timerfd.h"
#include "hal/clock.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "mem/slab.h"
#include "sched/timer.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/time.h>
#include <linux/timerfd.h>

struct timerfd {
	struct timer timer;
	struct spinlock lock;   /* rank DRIVER */
	int clock;              /* immutable */
	unsigned flags;         /* lock: TFD_TIMER_* of the last setting */
	nsec_t expires;         /* lock: clock_now() time, 0: not set */
	nsec_t wall;            /* lock: the same as the wall clock's time, if it was given so */
	nsec_t interval;        /* lock: 0: fires once */
	uint64_t ticks;         /* lock, looked at without: expiries that nobody read */
	bool resting;           /* lock: it fired; the next time is not armed yet */
	bool clock_was_set;     /* lock: and the reader wants to hear of it */
	struct waitq wait;
	struct list wall_link;  /* wall_lock: empty unless wall counts */
};

static struct mutex wall_lock = MUTEX_INIT(wall_lock, RANK_SLEEP_LEAF);
static struct list wall_timers = LIST_INIT(wall_timers); /* wall_lock */

static void fire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	uint64_t irq = spin_lock_irq(&t->lock);
	/* Set anew while this waited for the lock: it is not due. */
	bool due = t->expires && t->expires <= clock_now() && !t->resting;

	if (due) {
		t->resting = true;
		t->ticks++;
	}
	spin_unlock_irq(&t->lock, irq);
	if (due)
		waitq_wake_key(&t->wait, EPOLLIN);
}

static void arm(struct timerfd *t)
{
	assert_held(&t->lock);
	t->resting = false;
	timer_arm(&t->timer, t->expires, 0);
}

static nsec_t saturating_add(nsec_t a, nsec_t b)
{
	return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* A periodic timer that fired goes on: counts what it missed. */
static void catch_up(struct timerfd *t)
{
	nsec_t periods, old = t->expires;

	assert_held(&t->lock);
	if (!t->resting || !t->interval)
		return;
	t->expires = timer_forward(old, t->interval, clock_now(), &periods);
	t->wall = saturating_add(t->wall, t->expires - old);
	t->ticks += (uint64_t)max(periods - 1, (nsec_t)0); /* one was counted when it fired */
	arm(t);
}

static void read_setting(struct timerfd *t, nsec_t *left, nsec_t *interval)
{
	catch_up(t);
	*interval = t->interval;
	*left = t->expires && !t->resting ? max(t->expires - clock_now(), (nsec_t)1) : 0;
}

/* Takes the ticks; 0: there are none. -ECANCELED: the clock was set. */
static int64_t take(struct timerfd *t)
{
	uint64_t irq = spin_lock_irq(&t->lock);
	int64_t result;

	if (t->ticks)
		catch_up(t);
	result = t->clock_was_set ? -ECANCELED : (int64_t)t->ticks;
	t->clock_was_set = false;
	t->ticks = 0;
	spin_unlock_irq(&t->lock, irq);
	return result;
}

static ssize_t timerfd_read(struct io *io, struct iter *to)
{
	struct timerfd *t = io->file->data;
	int64_t ticks;

	if (to->count < sizeof(ticks))
		return -EINVAL;
	while ((ticks = take(t)) == 0) {
		int error = io->flags & IO_NOWAIT ? -EAGAIN :
			    wait_event_interruptible(&t->wait, atomic_load(&t->ticks));

		if (error)
			return error;
	}
	if (ticks < 0)
		return ticks;
	return iter_put(to, &ticks, sizeof(ticks)) == sizeof(ticks) ? (ssize_t)sizeof(ticks) : -EFAULT;
}

static uint32_t timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->data;

	poll_wait(pt, &t->wait);
	return atomic_load(&t->ticks) ? EPOLLIN : 0;
}

/* TFD_IOC_SET_TICKS, for who restores a saved program. */
static int64_t timerfd_ioctl(struct file *f, unsigned cmd, uint64_t arg)
{
	struct timerfd *t = f->data;
	uint64_t ticks, irq;

	if (cmd != TFD_IOC_SET_TICKS)
		return -ENOTTY;
	if (copy_from_user(&ticks, arg, sizeof(ticks)))
		return -EFAULT;
	if (!ticks)
		return -EINVAL;
	irq = spin_lock_irq(&t->lock);
	t->ticks = ticks;
	spin_unlock_irq(&t->lock, irq);
	waitq_wake_key(&t->wait, EPOLLIN);
	return 0;
}

static void unlist(struct timerfd *t)
{
	assert(mutex_held(&wall_lock));
	list_del_init(&t->wall_link);
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->data;

	timer_cancel_sync(&t->timer);
	mutex_lock(&wall_lock);
	unlist(t);
	mutex_unlock(&wall_lock);
	kfree(t);
}

static void timerfd_show(struct file *f, char *buf, size_t size)
{
	struct timerfd *t = f->data;
	uint64_t irq = spin_lock_irq(&t->lock);
	nsec_t left = t->expires && !t->resting ? max(t->expires - clock_now(), (nsec_t)1) : 0;

	format(buf, size,
	       "clockid: %d\nticks: %lu\nsettime flags: 0%o\nit_value: (%lld, %lld)\nit_interval: (%lld, %lld)\n", t->clock,
	       t->ticks, t->flags, left / NSEC_PER_SEC, left % NSEC_PER_SEC, t->interval / NSEC_PER_SEC,
	       t->interval % NSEC_PER_SEC);
	spin_unlock_irq(&t->lock, irq);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.rw = FILE_TAKES_NONE,
	.poll = timerfd_poll,
	.seek = file_seek_nothing,
	.ioctl = timerfd_ioctl,
	.release = timerfd_release,
	.show_fdinfo = timerfd_show,
};

int timerfd_create_file(int clock, uint32_t flags, const struct cred *cred, struct file **out)
{
	struct timerfd *t;
	int error;

	if (flags & ~(uint32_t)(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_ALARM &&
	    clock != CLOCK_BOOTTIME && clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	if ((clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) && !cred_capable(cred, CAP_WAKE_ALARM))
		return -EPERM;
	t = kzalloc(sizeof(*t), ALLOC_KERNEL);
	if (!t)
		return -ENOMEM;
	timer_init(&t->timer, fire);
	spin_init(&t->lock, RANK_DRIVER);
	waitq_init(&t->wait);
	list_init(&t->wall_link);
	t->clock = clock;
	error = file_create_anonymous("anon_inode:[timerfd]", &timerfd_ops, t, O_RDWR | (flags & O_NONBLOCK), out);
	if (error)
		kfree(t);
	return error;
}

static bool is_wall(const struct timerfd *t, unsigned flags)
{
	return (flags & TFD_TIMER_ABSTIME) && (t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM);
}

/* The time since boot at which the wall clock, as it goes now, shows t->wall. */
static nsec_t from_wall(const struct timerfd *t)
{
	return max(saturating_add(t->wall, clock_now() - clock_wall()), (nsec_t)1);
}

int timerfd_set(struct file *f, unsigned flags, nsec_t value, nsec_t interval, nsec_t *old_left, nsec_t *old_interval)
{
	struct timerfd *t = f->data;
	int result;
	uint64_t irq;

	if (f->ops != &timerfd_ops || flags & ~(unsigned)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	MUTEX_GUARD(&wall_lock);
	unlist(t);
	irq = spin_lock_irq(&t->lock);
	read_setting(t, old_left, old_interval);
	timer_cancel(&t->timer); /* a call-back that runs already finds that it is not due */
	t->flags = flags;
	t->interval = interval;
	t->ticks = 0;
	t->expires = t->wall = 0;
	result = value && t->clock_was_set ? -ECANCELED : 0; /* set all the same */
	t->resting = t->clock_was_set = false;
	if (value) {
		t->wall = value;
		if (is_wall(t, flags))
			t->expires = from_wall(t);
		else
			t->expires = flags & TFD_TIMER_ABSTIME ? value : saturating_add(clock_now(), value);
		arm(t);
	}
	spin_unlock_irq(&t->lock, irq);
	if (is_wall(t, flags))
		list_add_tail(&t->wall_link, &wall_timers);
	return result;
}

int timerfd_get(struct file *f, nsec_t *left, nsec_t *interval)
{
	struct timerfd *t = f->data;
	uint64_t irq;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	irq = spin_lock_irq(&t->lock);
	read_setting(t, left, interval);
	spin_unlock_irq(&t->lock, irq);
	return 0;
}

/* The times that are left in the new clock; who asked for it learns that it was set. */
static void look_again(struct timerfd *t)
{
	uint64_t irq = spin_lock_irq(&t->lock);
	bool tell = t->flags & TFD_TIMER_CANCEL_ON_SET;

	if (t->expires && !t->resting) {
		timer_cancel(&t->timer);
		t->expires = from_wall(t);
		arm(t);
	}
	if (tell) {
		t->clock_was_set = true;
		t->ticks++;
	}
	spin_unlock_irq(&t->lock, irq);
	if (tell)
		waitq_wake_key(&t->wait, EPOLLIN);
}

void timerfd_clock_was_set(void)
{
	struct timerfd *t;

	MUTEX_GUARD(&wall_lock);
	list_for_each_entry(t, &wall_timers, wall_link)
		look_again(t);
}
