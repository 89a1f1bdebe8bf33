/* SPDX-License-Identifier: MIT */
/*
 * Measuring the time stamp counter against a counter of known frequency.
 *
 * Idea. A reading of the other counter takes time, and in a virtual machine
 * once in a while a lot of it. So each end of the measurement is an edge: the
 * other counter is read until its value changes, between two readings of the
 * TSC that bracket the change. Of several edges the tightest bracket counts.
 * The window between the two ends is only as long as the brackets demand (their
 * width is at most a thousandth of it) and never more than a millisecond: where
 * an emulator counts a nanosecond for an instruction the brackets are tens of
 * nanoseconds wide, and the whole costs less than 100,000 instructions.
 *
 * Later, tsc_recalibrate() compares over all the time since, which makes the
 * same brackets a matter of parts in a million. The counters wrap meanwhile;
 * how often follows from the rate known so far, as long as its error has not
 * grown to half a turn.
 *
 * What is deliberately not done: watching for a TSC that stops or changes its
 * rate. Processors of 64 bits from before 2008 may have one; clocksource= on
 * the command line is for them.
 */
#include "arch/x86/tsc.h"
#include "arch/x86/msr.h"
#include "arch/x86/vdso/page.h"
#include "hal/clock.h"
#include "hal/cpu.h"
#include "hal/mmu.h"
#include <asm/kvm_para.h>

#define EDGES            5
#define READS_MAX        1000
#define BRACKET_FRACTION 1000    /* the window is this many times wider than both brackets */
#define WINDOW_DIVISOR   1000    /* at most a second over this */
#define ERROR_FIRST      500     /* a first measurement is better than one in this, */
#define ERROR_LATER      20000   /* a later one than one in this */
#define TRUST_DIVISOR    50      /* two measurements differ by less than one in this */

#define CPUID_HYPERVISOR     0x40000000u
#define CPUID_HYPERVISOR_TSC 0x40000010u /* EAX: kHz */
#define CPUID_CRYSTAL        0x15u       /* TSC = ECX * EBX / EAX */
#define CPUID_FREQUENCY      0x16u       /* EAX: base MHz */

/* An edge: count began at tsc, give or take half the width. */
struct point {
	uint64_t tsc, count, width;
};

static struct point origin;                     /* owner: the calibrating thread */
static uint64_t error_divisor = ERROR_FIRST;    /* owner: the calibrating thread */

bool clock_reference_counts(const struct clock_reference *ref)
{
	uint64_t first = ref->read() & ref->mask;

	for (unsigned i = 0; i < READS_MAX; i++)
		if ((ref->read() & ref->mask) != first)
			return true;
	return false;
}

static bool edge_take(const struct clock_reference *ref, struct point *p)
{
	uint64_t before = clock_page_tsc();
	uint64_t first = ref->read() & ref->mask;

	for (unsigned i = 0; i < READS_MAX; i++) {
		uint64_t start = clock_page_tsc();
		uint64_t count = ref->read() & ref->mask;
		uint64_t after = clock_page_tsc();

		if (count != first) {
			p->tsc = before + (after - before) / 2;
			p->count = count;
			p->width = after - before;
			return true;
		}
		before = start;
	}
	return false;
}

/* The tightest of several edges. */
static bool point_take(const struct clock_reference *ref, struct point *best)
{
	uint64_t irq = irq_save();
	bool found = true;
	struct point p;

	best->width = UINT64_MAX;
	for (unsigned i = 0; i < EDGES && found; i++) {
		found = edge_take(ref, &p);
		if (found && p.width < best->width)
			*best = p;
	}
	irq_restore(irq);
	return found;
}

static void window_wait(const struct clock_reference *ref, const struct point *from)
{
	uint64_t ticks = 2 * from->width * BRACKET_FRACTION;
	uint64_t most = ref->hz / WINDOW_DIVISOR;

	while (clock_page_tsc() - from->tsc < ticks && ((ref->read() - from->count) & ref->mask) < most)
		cpu_relax();
}

uint64_t tsc_calibrate(const struct clock_reference *ref)
{
	struct point end;
	uint64_t counted;

	if (!point_take(ref, &origin))
		return 0;
	window_wait(ref, &origin);
	if (!point_take(ref, &end))
		return 0;
	counted = (end.count - origin.count) & ref->mask;
	return counted ? mul_div(end.tsc - origin.tsc, ref->hz, counted) : 0;
}

/* What the counter counted, turns included, when it should have been about the expected number. */
static uint64_t count_unwrap(uint64_t counted, uint64_t expected, uint64_t mask)
{
	uint64_t more = (counted - expected) & mask;

	return more > mask / 2 ? expected - (mask + 1 - more) : expected + more;
}

uint64_t tsc_recalibrate(const struct clock_reference *ref, uint64_t hz)
{
	struct point end;
	uint64_t expected, counted, better;

	if (!point_take(ref, &end))
		return 0;
	expected = mul_div(end.tsc - origin.tsc, ref->hz, hz);
	if (expected / error_divisor > ref->mask / 2) {
		origin = end; /* too long ago to tell the turns: the next time measures from here */
		return 0;
	}
	counted = count_unwrap(end.count - origin.count, expected, ref->mask);
	if (!counted)
		return 0;
	better = mul_div(end.tsc - origin.tsc, ref->hz, counted);
	if (better - (hz - hz / TRUST_DIVISOR) > 2 * (hz / TRUST_DIVISOR))
		return 0;
	error_divisor = ERROR_LATER;
	return better;
}

/* The scale of KVM's clock: nanoseconds = (ticks << shift) * mul >> 32. */
static uint64_t kvm_clock_hz(void)
{
	static struct {
		uint32_t version, pad;
		uint64_t tsc, ns;
		uint32_t mul;
		int8_t shift;
		uint8_t flags, pad2[2];
	} __packed __aligned(64) page;
	uint64_t hz;

	msr_write(MSR_KVM_SYSTEM_TIME_NEW, mmu_image_phys(&page) | 1);
	msr_write(MSR_KVM_SYSTEM_TIME_NEW, 0);
	if (!READ_ONCE(page.mul))
		return 0;
	hz = ((uint64_t)NSEC_PER_SEC << 32) / page.mul;
	return page.shift < 0 ? hz << -page.shift : hz >> page.shift;
}

static uint64_t hypervisor_hz(void)
{
	const uint32_t present = 1u << 31;
	struct cpuid leaf;
	uint32_t last;

	if (!(cpuid_read(1, 0).ecx & present))
		return 0;
	leaf = cpuid_read(CPUID_HYPERVISOR, 0);
	last = leaf.eax;
	if (last >= CPUID_HYPERVISOR_TSC && last < CPUID_HYPERVISOR + 0x100)
		return cpuid_read(CPUID_HYPERVISOR_TSC, 0).eax * 1000ULL;
	if (leaf.ebx != 0x4b4d564b || leaf.ecx != 0x564b4d56 || leaf.edx != 0x4d) /* KVMKVMKVM */
		return 0;
	leaf = cpuid_read(KVM_CPUID_FEATURES, 0);
	return leaf.eax & BIT(KVM_FEATURE_CLOCKSOURCE2) ? kvm_clock_hz() : 0;
}

uint64_t tsc_stated_hz(void)
{
	uint64_t hz = hypervisor_hz();
	struct cpuid leaf;

	if (hz || cpuid_read(0, 0).eax < CPUID_CRYSTAL)
		return hz;
	leaf = cpuid_read(CPUID_CRYSTAL, 0);
	return leaf.eax && leaf.ebx && leaf.ecx ? (uint64_t)leaf.ecx * leaf.ebx / leaf.eax : 0;
}

uint64_t tsc_assumed_hz(void)
{
	uint64_t mhz = 0;

	if (cpuid_read(0, 0).eax >= CPUID_FREQUENCY)
		mhz = cpuid_read(CPUID_FREQUENCY, 0).eax & 0xffff;
	return mhz ? mhz * 1000000 : (uint64_t)NSEC_PER_SEC;
}
