/* SPDX-License-Identifier: MIT */
/*
 * syscall/adjtimex.c: the discipline of the wall clock (adjtimex(2), clock_adjtime(2)).
 * What programs set is kept and told. The clock's rate stays what calibration found:
 * tick and frequency change nothing, and an offset is a step, not a drift.
 */
#include "hal/clock.h"
#include "proc/cpu_clock.h"
#include "sched/mutex.h"
#include "syscall/syscall.h"
#include "syscall/time.h"
#include <linux/capability.h>
#include <linux/time.h>
#include <linux/timex.h>

#define TICK_MIN   9000
#define TICK_MAX   11000
#define FREQ_MAX   (500LL << 16) /* parts per million, 16 bits behind the point */
#define ERROR_MAX  16000000      /* microseconds */
#define TAI_MAX    100000
#define PPM_SCALE  (1000L << 16) /* what Linux multiplies a frequency by */

/* adjtime(3): <linux/timex.h> gives programs the sums only. */
#define ADJ_ADJTIME         0x8000
#define ADJ_OFFSET_READONLY 0x2000

#define STA_READ_ONLY (STA_PPSSIGNAL | STA_PPSJITTER | STA_PPSWANDER | STA_PPSERROR | STA_CLOCKERR | STA_NANO | \
		       STA_MODE | STA_CLK)

static struct mutex adjust_lock = MUTEX_INIT(adjust_lock, RANK_SLEEP_LEAF);
static struct {
	int64_t tick, frequency, constant, max_error, estimated_error;
	int status, tai;
} state = { .tick = 10000, .constant = 2, .max_error = ERROR_MAX, .estimated_error = ERROR_MAX, .status = STA_UNSYNC };

static int check(const struct __kernel_timex *t)
{
	bool once = t->modes & ADJ_ADJTIME;

	if (once && !(t->modes & ADJ_OFFSET))
		return -EINVAL;
	if ((once ? !(t->modes & ADJ_OFFSET_READONLY) : t->modes != 0) && !capable(CAP_SYS_TIME))
		return -EPERM;
	if (!once && (t->modes & ADJ_TICK) && (t->tick < TICK_MIN || t->tick > TICK_MAX))
		return -EINVAL;
	if (t->modes & ADJ_SETOFFSET) {
		if (!capable(CAP_SYS_TIME))
			return -EPERM;
		if (t->time.tv_usec < 0 || t->time.tv_usec >= (t->modes & ADJ_NANO ? NSEC_PER_SEC : NSEC_PER_SEC / 1000))
			return -EINVAL;
	}
	if ((t->modes & ADJ_FREQUENCY) && (t->freq > INT64_MAX / PPM_SCALE || t->freq < INT64_MIN / PPM_SCALE))
		return -EINVAL;
	return 0;
}

static void set_status(int status)
{
	if ((state.status & STA_PLL) && !(status & STA_PLL))
		state.status = STA_UNSYNC;
	state.status = (state.status & STA_READ_ONLY) | (status & ~STA_READ_ONLY);
}

static void set_values(const struct __kernel_timex *t)
{
	if (t->modes & ADJ_STATUS)
		set_status(t->status);
	if (t->modes & ADJ_NANO)
		state.status |= STA_NANO;
	if (t->modes & ADJ_MICRO)
		state.status &= ~STA_NANO;
	if (t->modes & ADJ_FREQUENCY)
		state.frequency = max(min((int64_t)t->freq, (int64_t)FREQ_MAX), -(int64_t)FREQ_MAX);
	if (t->modes & ADJ_MAXERROR)
		state.max_error = t->maxerror;
	if (t->modes & ADJ_ESTERROR)
		state.estimated_error = t->esterror;
	if (t->modes & ADJ_TIMECONST)
		state.constant = max(min((int64_t)t->constant + (state.status & STA_NANO ? 0 : 4), (int64_t)10), (int64_t)0);
	if ((t->modes & ADJ_TAI) && t->constant >= 0 && t->constant <= TAI_MAX)
		state.tai = (int)t->constant;
	if (t->modes & ADJ_TICK)
		state.tick = t->tick;
}

/* How far the clock is to go, at once. */
static nsec_t step_of(const struct __kernel_timex *t)
{
	nsec_t step = 0;

	if (t->modes & ADJ_SETOFFSET)
		step = t->time.tv_sec * NSEC_PER_SEC + t->time.tv_usec * (t->modes & ADJ_NANO ? 1 : 1000);
	if (t->modes & ADJ_ADJTIME)
		return step + (t->modes & ADJ_OFFSET_READONLY ? 0 : t->offset * 1000);
	if ((t->modes & ADJ_OFFSET) && (state.status & STA_PLL))
		step += t->offset * (state.status & STA_NANO ? 1 : 1000);
	return step;
}

static void tell(struct __kernel_timex *t)
{
	nsec_t now = clock_wall();

	*t = (struct __kernel_timex){
		.modes = t->modes,
		.freq = state.frequency,
		.maxerror = state.max_error,
		.esterror = state.estimated_error,
		.status = state.status,
		.constant = state.constant,
		.precision = 1,
		.tolerance = FREQ_MAX,
		.tick = state.tick,
		.tai = state.tai,
	};
	t->time.tv_sec = now / NSEC_PER_SEC;
	t->time.tv_usec = now % NSEC_PER_SEC / (state.status & STA_NANO ? 1 : 1000);
}

static int64_t adjust_clock(uaddr_t at)
{
	struct __kernel_timex t;
	nsec_t step;
	int result;

	if (get_user_struct(t, at))
		return -EFAULT;
	result = check(&t);
	if (result)
		return result;
	MUTEX_GUARD(&adjust_lock);
	step = step_of(&t);
	if (step)
		result = wall_clock_set(clock_wall() + step);
	if (result)
		return result;
	if (!(t.modes & ADJ_ADJTIME))
		set_values(&t);
	tell(&t);
	if (put_user_struct(at, t))
		return -EFAULT;
	return state.status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : TIME_OK;
}

SYSCALL1(adjtimex, uaddr_t, at)
{
	return adjust_clock(at);
}

SYSCALL2(clock_adjtime, int, clock, uaddr_t, at)
{
	if (clock == CLOCK_REALTIME)
		return adjust_clock(at);
	return (clock >= 0 && clock <= CLOCK_TAI && clock != 10) || cpu_clock_is(clock) || cpu_clock_is_device(clock) ?
		       -EOPNOTSUPP : -EINVAL;
}
