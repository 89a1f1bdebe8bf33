/* SPDX-License-Identifier: MIT */
/*
 * Starting the other processors (Intel SDM volume 3, 8.4; the MultiProcessor
 * specification's universal start-up algorithm, B.4).
 *
 * Idea. All are sent INIT and the start interrupt at once and come side by
 * side. Each draws a ticket (smp_entry.S), which gives it a stack, says which
 * APIC it has, and waits. The boot processor gathers those that come in time,
 * numbers them in the order of the firmware's table without gaps, prepares their
 * variables, compares their time stamp counters with its own, and lets them go.
 * Who comes later halts for good.
 *
 * A second start interrupt goes to those that have not come after a while: old
 * processors need 10 ms after INIT, and one that runs already ignores it.
 *
 * Everything here is the boot processor's, during boot, but for the words of
 * struct arrival through which it talks to one waiting processor.
 */
#include "arch/x86/smp.h"
#include "arch/x86/apic.h"
#include "arch/x86/clock_event.h"
#include "arch/x86/processor.h"
#include "base/log.h"
#include "hal/boot.h"
#include "hal/clock.h"
#include "lib/atomic.h"
#include "lib/string.h"

#define START_PAGE 0x8000UL /* in the memory that mem/ leaves alone */
#define TYPE_RAM   1

#define INIT_NS   20000LL                /* from INIT to the start interrupt */
#define AGAIN_NS  (NSEC_PER_SEC / 100)   /* until a second one */
#define LATEST_NS (2 * NSEC_PER_SEC)     /* until those that have not come are given up */

#define TSC_ROUNDS   4
#define TSC_PATIENCE (NSEC_PER_SEC / 500)
#define MSR_TSC      0x10U

#define GO_AWAY UINT32_MAX

struct arrival {
	uint32_t here;     /* atomic: it waits; the fields below are valid */
	uint32_t apic_id;  /* immutable once here */
	uint32_t number;   /* atomic: 0 until it may go on */
	uint32_t ask;      /* atomic: questions about its counter, and the */
	uint32_t answered; /* atomic: number of those answered, with */
	uint64_t tsc;      /* the counter then */
	int64_t shift;     /* added to its counter before it goes on */
};

uint32_t smp_efer = 1u << 8 | 1u; /* long mode, syscall */
uint32_t smp_tickets, smp_ticket_limit;
vaddr_t smp_stack[CPU_MAX];

static struct arrival arrival[CPU_MAX]; /* by ticket */

/* ---- the processor that comes -------------------------------------------- */

static uint32_t own_apic_id(void)
{
	if (cpuid_read(0, 0).eax >= 0xb && cpuid_read(0xb, 0).ebx)
		return cpuid_read(0xb, 0).edx;
	return cpuid_read(1, 0).ebx >> 24;
}

static uint64_t tsc_now(void)
{
	__asm__ volatile("lfence" ::: "memory");
	return cpu_cycles();
}

void smp_arrive(unsigned ticket)
{
	struct arrival *a = &arrival[ticket];
	uint32_t number, ask;

	msr_write(MSR_GS_BASE, 0); /* processor 0's variables, of which nothing here uses any */
	a->apic_id = own_apic_id();
	atomic_store_release(&a->here, 1);
	while ((number = atomic_load_acquire(&a->number)) == 0) {
		ask = atomic_load_acquire(&a->ask);
		if (ask != a->answered) {
			a->tsc = tsc_now();
			atomic_store_release(&a->answered, ask);
		}
		cpu_relax();
	}
	if (number == GO_AWAY)
		cpu_halt();
	if (a->shift)
		msr_write(MSR_TSC, cpu_cycles() + (uint64_t)a->shift);
	cpu_init_other(number);
}

/* ---- the boot processor ---------------------------------------------------- */

static void wait_until(nsec_t when)
{
	while (clock_now() < when)
		cpu_relax();
}

/* The ticket with which a processor came; CPU_MAX if it has not. */
static unsigned ticket_of(uint32_t apic_id, unsigned n)
{
	for (unsigned t = 0; t < n; t++)
		if (atomic_load_acquire(&arrival[t].here) && arrival[t].apic_id == apic_id)
			return t;
	return CPU_MAX;
}

static bool all_here(unsigned n)
{
	for (unsigned t = 0; t < n; t++)
		if (!atomic_load_acquire(&arrival[t].here))
			return false;
	return true;
}

static void start_missing(unsigned n)
{
	for (unsigned cpu = 1; cpu <= n; cpu++)
		if (ticket_of(apic_id_of(cpu), n) == CPU_MAX)
			apic_send(apic_id_of(cpu), APIC_SEND_START | START_PAGE >> PAGE_SHIFT);
}

static void start_all(unsigned n)
{
	nsec_t start = clock_now();
	bool again = false;

	for (unsigned cpu = 1; cpu <= n; cpu++)
		apic_send(apic_id_of(cpu), APIC_SEND_INIT);
	wait_until(start + INIT_NS);
	start_missing(n);
	while (!all_here(n) && clock_now() < start + LATEST_NS) {
		cpu_relax();
		if (again || clock_now() < start + AGAIN_NS)
			continue;
		start_missing(n);
		again = true;
	}
	atomic_store(&smp_ticket_limit, 0);
}

/*
 * How far a's counter is ahead of ours, by the tightest of a few questions; 0
 * if it may be the same. A question that nobody answers in time tells nothing.
 */
static int64_t tsc_ahead(struct arrival *a)
{
	uint64_t width = UINT64_MAX;
	int64_t ahead = 0;
	nsec_t end = clock_now() + TSC_PATIENCE;

	for (uint32_t round = 1; round <= TSC_ROUNDS; round++) {
		uint64_t before = tsc_now(), after;

		atomic_store_release(&a->ask, round);
		while (atomic_load_acquire(&a->answered) != round)
			if (clock_now() > end)
				return ahead;
		after = tsc_now();
		if (after - before >= width)
			continue;
		width = after - before;
		ahead = a->tsc - before <= width ? 0 : (int64_t)(a->tsc - before - width / 2);
	}
	return ahead;
}

static void let_go(struct arrival *a, unsigned number)
{
	int64_t ahead = tsc_ahead(a);

	if (ahead)
		log_warn("smp: processor %u: time stamp counter off by %ld, set right\n", number, (long)ahead);
	a->shift = -ahead;
	apic_set_id_of(number, a->apic_id);
	atomic_store_release(&a->number, number);
}

/* Numbers those that have come, in the table's order. */
static unsigned gather(const struct cpu_memory *memory, unsigned n)
{
	unsigned count = 0;

	for (unsigned cpu = 1; cpu <= n; cpu++) {
		unsigned t = ticket_of(apic_id_of(cpu), n);

		if (t == CPU_MAX) {
			log_err("smp: the processor with APIC id %u does not start\n", apic_id_of(cpu));
			continue;
		}
		count++;
		cpu_prepare_other(count, &memory[count - 1], smp_stack[t]);
		let_go(&arrival[t], count);
	}
	for (unsigned t = 0; t < n; t++)
		if (!atomic_load(&arrival[t].number))
			atomic_store(&arrival[t].number, GO_AWAY);
	return count;
}

static bool start_page_is_ram(void)
{
	for (unsigned i = 0; i < boot_info.ranges; i++) {
		const struct boot_range *r = &boot_info.range[i];

		if (r->type == TYPE_RAM && r->start <= START_PAGE && r->end >= START_PAGE + PAGE_SIZE)
			return true;
	}
	return false;
}

unsigned cpu_start_others(const struct cpu_memory *memory, unsigned n)
{
	if (n == 0 || !apic_present() || !clock_event_every_cpu() || !start_page_is_ram())
		return 0;
	memcpy(phys_to_virt(START_PAGE), smp_trampoline, (size_t)(smp_trampoline_end - smp_trampoline));
	for (unsigned t = 0; t < n; t++)
		smp_stack[t] = memory[t].stack;
	if (cpu_features.nx)
		smp_efer |= EFER_NXE;
	atomic_store_release(&smp_ticket_limit, n);
	start_all(n);
	return gather(memory, n);
}
