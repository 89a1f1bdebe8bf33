/* SPDX-License-Identifier: MIT */
/*
 * One interrupt at a time: the local APIC's timer, told a TSC value where it
 * has that mode and a count otherwise; or the PIT where there is no local APIC.
 * What is set further off than the timer reaches comes early, and sched/ asks
 * again. Each processor sets only its own timer, interrupts off.
 */
#include "arch/x86/clock_event.h"
#include "arch/x86/apic.h"
#include "arch/x86/clock_reference.h"
#include "arch/x86/irq.h"
#include "arch/x86/tsc.h"
#include "arch/x86/vdso/page.h"
#include "base/log.h"
#include "base/panic.h"
#include "hal/clock.h"
#include "hal/irq.h"
#include "lib/atomic.h"

#define APIC_READINGS 5
#define APIC_HZ_LEAST 100000u

enum event_kind { EVENT_NONE, EVENT_TSC, EVENT_APIC, EVENT_PIT };

static enum event_kind kind;             /* immutable after boot */
static uint64_t ticks_per_ns;            /* atomic: 32 binary places */
static nsec_t reach = INT64_MAX;         /* immutable after boot */
static uint64_t begin_tsc, begin_count;  /* boot only */
static uint64_t apic_ticks, tsc_ticks;   /* immutable after boot: counted in the same time */

/* The APIC's count and the TSC at the same time: the tightest of several readings. */
static void apic_reading(uint64_t *tsc, uint64_t *count)
{
	uint64_t width = UINT64_MAX;

	for (unsigned i = 0; i < APIC_READINGS; i++) {
		uint64_t before = clock_page_tsc();
		uint32_t now = apic_timer_count();
		uint64_t after = clock_page_tsc();

		if (after - before >= width)
			continue;
		width = after - before;
		*tsc = before + width / 2;
		*count = now;
	}
}

void clock_event_begin(bool tsc_serves)
{
	kind = EVENT_PIT;
	if (!apic_present())
		return;
	if (tsc_serves && apic_timer_use_deadline()) {
		kind = EVENT_TSC;
		return;
	}
	kind = EVENT_APIC;
	apic_timer_set(UINT32_MAX);
	apic_reading(&begin_tsc, &begin_count);
}

static void pit_interrupt(void *arg)
{
	irq_local_timer();
}

static struct irq_action pit_action = { .handler = pit_interrupt, .name = "timer" };

static void pit_start(void)
{
	enum irq_trigger trigger;
	unsigned gsi = irq_isa_to_gsi(0, &trigger);

	kind = EVENT_PIT;
	ticks_per_ns = (PIT_HZ << 32) / NSEC_PER_SEC;
	pit_timer_set(PIT_TICKS_MAX);
	if (irq_register(gsi, trigger, &pit_action)) {
		kind = EVENT_NONE;
		log_err("clock: this machine has no timer\n");
	}
}

void clock_event_set_rate(uint64_t tsc_hz)
{
	if (kind == EVENT_APIC)
		atomic_store(&ticks_per_ns,
			     mul_div(mul_div(apic_ticks, tsc_hz, tsc_ticks), 1UL << 32, NSEC_PER_SEC));
}

static void apic_start(uint64_t tsc_hz)
{
	uint64_t tsc, count;

	apic_reading(&tsc, &count);
	apic_timer_set(0);
	apic_ticks = begin_count - count;
	tsc_ticks = tsc - begin_tsc;
	if (count == 0 || mul_div(apic_ticks, tsc_hz, tsc_ticks) < APIC_HZ_LEAST) {
		log_warn("clock: the local APIC's timer does not count\n");
		pit_start();
		return;
	}
	clock_event_set_rate(tsc_hz);
	apic_timer_unmask();
}

void clock_event_end(uint64_t tsc_hz)
{
	if (kind == EVENT_APIC)
		apic_start(tsc_hz);
	else if (kind == EVENT_TSC)
		apic_timer_unmask();
	else
		pit_start();
}

bool clock_event_every_cpu(void)
{
	return kind == EVENT_APIC || kind == EVENT_TSC;
}

void clock_event_init_cpu(void)
{
	apic_timer_unmask();
}

void clock_event_limit(nsec_t limit)
{
	reach = limit;
}

bool clock_event_uses_pit(void)
{
	return kind == EVENT_PIT;
}

const char *clock_event_name(void)
{
	static const char *const names[] = {
		[EVENT_NONE] = "none", [EVENT_TSC] = "lapic-deadline", [EVENT_APIC] = "lapic", [EVENT_PIT] = "pit",
	};
	return names[kind];
}

/* Timer ticks in a time, at least one, rounded up so that the interrupt is not early. */
static uint64_t ticks_in(nsec_t delta, uint64_t most)
{
	uint64_t ticks;

	if (delta <= 0)
		return 1;
	ticks = (uint64_t)((unsigned __int128)(uint64_t)min(delta, reach) * atomic_load(&ticks_per_ns) >> 32) + 1;
	return min(ticks, most);
}

/* What is due already is an interrupt to oneself: an emulator takes long to see that a timer ends. */
static void apic_set(nsec_t delta)
{
	if (delta <= 0)
		apic_send(apic_id(), VECTOR_TIMER);
	else
		apic_timer_set((uint32_t)ticks_in(delta, UINT32_MAX));
}

void clock_set_deadline(nsec_t when)
{
	assert(!irq_enabled());
	if (when == INT64_MAX && reach == INT64_MAX) {
		if (kind == EVENT_TSC)
			apic_timer_set_deadline(0);
		else if (kind == EVENT_APIC)
			apic_timer_set(0);
		return;
	}
	if (kind == EVENT_APIC)
		apic_set(when - clock_now());
	else if (kind == EVENT_TSC)
		apic_timer_set_deadline(clock_tsc_at(when));
	else if (kind == EVENT_PIT)
		pit_timer_set((uint16_t)ticks_in(when - clock_now(), PIT_TICKS_MAX));
}
