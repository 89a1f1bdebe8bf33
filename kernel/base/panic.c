/* SPDX-License-Identifier: MIT */
/*
 * The end of the road. One processor reports; the others are stopped, and one
 * that comes to panic() by itself stays there; where they were is reported too.
 * A panic inside the report cuts it short instead of starting over: the second
 * says its one line, the third says nothing.
 *
 * Nothing here waits for a lock or allocates. Text goes out through one static
 * buffer, for the stack may be nearly used up.
 */
#include "base/panic.h"
#include "base/backtrace.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "hal/boot.h"
#include "hal/clock.h"
#include "hal/mmu.h"
#include "lib/atomic.h"
#include "lib/format.h"
#include "lib/string.h"

#define LOG_TAIL      1500 /* bytes of log that the report repeats */

int32_t panic_timeout;
uint32_t panic_cpu;

static unsigned panic_depth; /* owner: the processor in panic() */
static char buffer[2048];    /* the same */

static void say(const char *fmt, ...) __printf_like(1, 2);
static void say(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vformat(buffer, sizeof(buffer), fmt, ap);
	va_end(ap);
	log_emergency(buffer, min_t(size_t, (size_t)n, sizeof(buffer) - 1));
}

static void say_address(vaddr_t addr)
{
	uint64_t offset;
	const char *name = symbol_name(addr, &offset);

	if (name)
		say("  %016llx %s+0x%llx\n", (unsigned long long)addr, name, (unsigned long long)offset);
	else
		say("  %016llx\n", (unsigned long long)addr);
}

static void say_backtrace(uint64_t frame_pointer)
{
	static vaddr_t chain[BACKTRACE_MAX];
	unsigned n = context_backtrace(frame_pointer, chain, BACKTRACE_MAX);

	for (unsigned i = 0; i < n; i++)
		say_address(chain[i]);
}

static void say_registers(const struct user_frame *f)
{
	size_t n = cpu_registers_format(buffer, sizeof(buffer), f);

	log_emergency(buffer, n);
}

static void say_log_tail(void)
{
	uint64_t position = log_tail_position(LOG_TAIL);
	size_t n;

	while ((n = log_read(&position, buffer, sizeof(buffer))) > 0)
		log_emergency(buffer, n);
}

/* Where the others were when they were stopped. */
static void say_others(void)
{
	static struct cpu_trace t;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		if (cpu == cpu_id())
			continue;
		if (!cpu_trace(cpu, &t)) {
			say("processor %u does not answer\n", cpu);
			continue;
		}
		say("processor %u, thread %s%s\n", cpu, t.name, t.user ? ", in its program" : "");
		if (!t.user && t.rip)
			say_address(t.rip);
		for (unsigned i = 0; i < t.n; i++)
			say_address(t.chain[i]);
	}
}

/* The whole report; f is NULL when there are no registers of an exception. */
static void report(const struct user_frame *f, uint64_t frame_pointer)
{
	const struct context *c = context_current();

	say("processor %u, thread %s\n", cpu_id(), c && c->name ? c->name : "(none)");
	if (f)
		say_registers(f);
	say("call trace:\n");
	if (f && f->rip >= KERNEL_BASE)
		say_address(f->rip);
	say_backtrace(frame_pointer);
	say_others();
	say("last log lines:\n");
	say_log_tail();
	say("command line: %.1000s\n", cmdline_text());
}

/* By the clock if it runs, else by a guess at the rate of the time stamp counter. */
static void wait_seconds(unsigned seconds)
{
	nsec_t start = clock_now();
	uint64_t cycles = cpu_cycles(), limit = seconds * 2000000000UL;
	bool has_clock = start != 0;

	while (has_clock ? clock_now() - start < (nsec_t)seconds * NSEC_PER_SEC
			 : cpu_cycles() - cycles < limit)
		cpu_relax();
}

static __noreturn void stop(void)
{
	if (panic_timeout > 0) {
		say("restarting in %d seconds\n", panic_timeout);
		wait_seconds((unsigned)panic_timeout);
	}
	if (panic_timeout != 0)
		machine_restart();
	say("---[ end Kernel panic ]---\n");
	cpu_halt();
}

/* Returns on the one processor that reports, once. */
static void enter(void)
{
	uint32_t nobody = 0, self = cpu_id() + 1;

	irq_disable();
	if (!atomic_compare_exchange(&panic_cpu, &nobody, self) && nobody != self)
		cpu_halt();
	panic_depth++;
	if (panic_depth > 2)
		stop();
}

static __noreturn void panic_report(const struct user_frame *f, uint64_t frame_pointer, const char *fmt,
				    va_list ap)
{
	static char reason[512];

	enter();
	vformat(reason, sizeof(reason), fmt, ap);
	if (panic_depth > 1) {
		say("\npanic inside the report: %s\n", reason);
		stop();
	}
	cpu_stop_others();
	say("\nKernel panic - not syncing: %s\n", reason);
	report(f, frame_pointer);
	stop();
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	panic_report(NULL, cpu_frame_pointer(), fmt, ap);
}

void panic_frame(const struct user_frame *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	panic_report(f, f->rip >= KERNEL_BASE ? f->rbp : cpu_frame_pointer(), fmt, ap);
}

void panic_configure(void)
{
	panic_timeout = (int)cmdline_number("panic", 0);
}
