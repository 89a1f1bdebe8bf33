/* SPDX-License-Identifier: MIT */
/*
 * Time. While the TSC serves, time since boot is a base plus the ticks since
 * then, multiplied: the five numbers lie in a page that programs may read too,
 * guarded by its sequence count. A correction moves the base to the present and
 * changes the rate, so time stays continuous and never goes backwards.
 *
 * Where the TSC may not serve (clocksource= names another), the reference
 * counter is widened to 64 bits in software; it must be read once in each half
 * turn, which the limit on deadlines sees to. Programs then make the system call.
 *
 * clock_lock guards the writing of the page, interrupts off. The choice of
 * source is made at boot and immutable.
 */
#include "arch/x86/clock.h"
#include "arch/x86/clock_event.h"
#include "arch/x86/clock_reference.h"
#include "arch/x86/rtc.h"
#include "arch/x86/tsc.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "base/spinlock.h"
#include "hal/clock.h"
#include "lib/string.h"

/* How long the timer is watched where the TSC's rate is known: a second over this. */
#define EVENT_WINDOW_DIVISOR 10000

static struct clock_shared shared;
static struct spinlock clock_lock = SPINLOCK_INIT(RANK_CLOCK);

static const struct clock_reference *reference; /* immutable after boot; NULL if none or not needed */
static uint64_t tsc_hz;                         /* clock_lock */
static bool tsc_stated;                         /* immutable after boot: no need to measure */

static uint64_t counter_mult; /* immutable after boot: nanoseconds per count, 32 binary places */
static uint64_t counter_wide; /* atomic: the reference counter, widened */

/* When clock_refine() measures: by then the brackets are below 10, 1 and 0.1 parts in a million. */
static const nsec_t refine_at[] = { CLOCK_REFINE_FIRST, 2 * NSEC_PER_SEC, 15 * NSEC_PER_SEC };
static unsigned refined; /* owner: the thread that refines */

static uint64_t mult_of(uint64_t hz)
{
	return ((uint64_t)NSEC_PER_SEC << 32) / hz;
}

static uint64_t page_write_begin(void)
{
	uint64_t irq = spin_lock_irq(&clock_lock);

	__atomic_store_n(&shared.page.seq, shared.page.seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return irq;
}

static void page_write_end(uint64_t irq)
{
	__atomic_store_n(&shared.page.seq, shared.page.seq + 1, __ATOMIC_RELEASE);
	spin_unlock_irq(&clock_lock, irq);
}

/* From now on the TSC counts at hz. */
static void page_set_rate(uint64_t hz)
{
	uint64_t irq = page_write_begin();
	uint64_t now = clock_page_tsc();

	shared.page.ns_base = clock_page_ns(&shared.page, now);
	shared.page.tsc_base = now;
	shared.page.mult = mult_of(hz);
	tsc_hz = hz;
	page_write_end(irq);
}

static nsec_t counter_now(void)
{
	uint64_t wide = atomic_load(&counter_wide), next;

	if (!reference)
		return 0;
	do
		next = wide + ((reference->read() - wide) & reference->mask);
	while (!atomic_compare_exchange(&counter_wide, &wide, next));
	return (nsec_t)((unsigned __int128)next * counter_mult >> 32);
}

nsec_t clock_now(void)
{
	uint64_t ns;
	int64_t wall_offset;

	if (likely(clock_page_read(&shared.page, &ns, &wall_offset)))
		return (nsec_t)ns;
	return counter_now();
}

nsec_t clock_wall(void)
{
	uint64_t ns;
	int64_t wall_offset;

	if (likely(clock_page_read(&shared.page, &ns, &wall_offset)))
		return (nsec_t)ns + wall_offset;
	return counter_now() + atomic_load(&shared.page.wall_offset);
}

void clock_set_wall(nsec_t wall)
{
	nsec_t offset = wall - clock_now();
	uint64_t irq = page_write_begin();

	atomic_store(&shared.page.wall_offset, offset);
	page_write_end(irq);
}

uint64_t clock_tsc_at(nsec_t when)
{
	uint64_t seq, base, ns_base, hz;
	nsec_t delta;

	do {
		seq = atomic_load_acquire(&shared.page.seq);
		base = shared.page.tsc_base;
		ns_base = shared.page.ns_base;
		hz = READ_ONCE(tsc_hz);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((seq & 1) || atomic_load(&shared.page.seq) != seq);
	delta = when - (nsec_t)ns_base;
	if (delta <= 0)
		return base;
	delta = min_t(nsec_t, delta, 3600 * NSEC_PER_SEC);
	return base + mul_div((uint64_t)delta, hz, NSEC_PER_SEC) + 1;
}

nsec_t clock_refine(void)
{
	uint64_t hz;

	if (!reference || tsc_stated || !shared.page.usable)
		return INT64_MAX;
	hz = tsc_recalibrate(reference, tsc_hz);
	if (hz) {
		log_debug("clock: tsc %lu Hz\n", hz);
		page_set_rate(hz);
		clock_event_set_rate(hz);
	}
	refined++;
	return refined < ARRAY_SIZE(refine_at) ? clock_now() + refine_at[refined] : INT64_MAX;
}

static const struct clock_reference *reference_find(const char *wanted)
{
	static const struct clock_reference *(*const init[])(void) = { hpet_init, pm_timer_init, pit_init };

	for (unsigned i = 0; i < ARRAY_SIZE(init); i++) {
		const struct clock_reference *ref = init[i]();

		if (ref && (!wanted || strcmp(ref->name, wanted) == 0))
			return ref;
	}
	return NULL;
}

/* The reference counter as the clock itself. */
static void counter_start(void)
{
	counter_mult = mult_of(reference->hz);
	counter_wide = reference->read() & reference->mask;
	clock_event_limit((nsec_t)((unsigned __int128)(reference->mask / 2) * counter_mult >> 32));
}

/* Finds out the TSC's rate, while the timer counts beside it. */
static void rate_find(void)
{
	uint64_t start = clock_page_tsc();

	tsc_hz = tsc_stated_hz();
	tsc_stated = tsc_hz != 0;
	if (!tsc_hz && reference)
		tsc_hz = tsc_calibrate(reference);
	if (!tsc_hz) {
		tsc_hz = tsc_assumed_hz();
		log_warn("clock: nothing to measure the TSC by, assuming %lu MHz\n", tsc_hz / 1000000);
	}
	while (clock_page_tsc() - start < tsc_hz / EVENT_WINDOW_DIVISOR)
		cpu_relax();
}

/* The counter that clocksource= names instead of the TSC; NULL for the TSC. The PIT may have to be the timer. */
static const struct clock_reference *counter_wanted(void)
{
	const char *wanted = cmdline_get("clocksource");

	if (!wanted || (strcmp(wanted, "hpet") != 0 && strcmp(wanted, "acpi_pm") != 0))
		return NULL;
	return reference_find(wanted);
}

void clock_init(void)
{
	const struct clock_reference *counter = counter_wanted();
	uint64_t start = clock_page_tsc();
	nsec_t wall;

	reference = counter ? counter : reference_find(NULL);
	clock_event_begin(!counter);
	rate_find();
	shared.page.tsc_base = start;
	shared.page.mult = mult_of(tsc_hz);
	clock_event_end(tsc_hz);
	if (reference && strcmp(reference->name, "pit") == 0 && clock_event_uses_pit())
		reference = NULL;
	if (counter)
		counter_start();
	atomic_store_release(&shared.page.usable, !counter);
	if (rtc_read(&wall))
		clock_set_wall(wall);
	vdso_init(&shared);
	log_info("clock: %s, TSC %lu.%03lu MHz%s%s, timer %s\n", clock_source_name(), tsc_hz / 1000000,
		 tsc_hz / 1000 % 1000, reference ? " by " : "", reference ? reference->name : "",
		 clock_event_name());
}

const char *clock_source_name(void)
{
	return shared.page.usable || !reference ? "tsc" : reference->name;
}

uint64_t clock_tsc_khz(void)
{
	return READ_ONCE(tsc_hz) / 1000;
}
