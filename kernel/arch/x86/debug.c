/* SPDX-License-Identifier: MIT */
/*
 * Single steps and debug registers of threads (hal/debug.h). Intel SDM volume 3,
 * chapter 18.2 and 18.3.
 *
 * Steps. The trap flag in a program's flags may be its own or its tracer's. It is
 * the tracer's if it was clear when the tracer asked for steps, or if the tracer
 * has not set it itself since: then it is hidden from the tracer, and goes when
 * the steps end.
 *
 * Debug registers. What a tracer writes is kept per thread and loaded at a switch
 * if either of the two threads has any. Only the program's own accesses count: in
 * the kernel the exception is dropped. A breakpoint is checked when it is written,
 * so that what is loaded is always legal and never names the kernel's memory.
 * Registers belong to the thread's tracer while it is stopped; debug_loaded is
 * this processor's, interrupts off.
 */
#include "arch/x86/processor.h"
#include "base/percpu.h"
#include "hal/debug.h"
#include "hal/upcall.h"
#include "lib/errno.h"
#include "lib/string.h"

#define DR6_FIXED    0xffff0ff0UL /* read as ones */
#define DR7_FIXED    0x400UL
#define DR7_IGNORED  0xffffffff0000fc00UL /* of what a tracer writes */
#define DR7_ENABLES  0xffUL
#define DR_COUNT     4

enum { TYPE_EXECUTE = 0, TYPE_WRITE = 1, TYPE_IO = 2, TYPE_ACCESS = 3 };

struct context_debug {
	uint64_t address[DR_COUNT];
	uint64_t control; /* DR7 as the tracer wrote it */
};

static PERCPU(bool, debug_loaded); /* DR7 is not at rest */

#define DR_WRITE(n, v) __asm__ volatile("mov %0, %%db" #n : : "r"((uint64_t)(v)))

static unsigned type_of(uint64_t control, unsigned n) { return control >> (16 + 4 * n) & 3; }
static bool is_enabled(uint64_t control, unsigned n) { return control >> (2 * n) & 3; }

/* Bytes less one. */
static uint64_t span_of(uint64_t control, unsigned n)
{
	static const uint8_t span[] = { 0, 1, 7, 3 };

	return span[control >> (18 + 4 * n) & 3];
}

static bool is_legal(const struct context_debug *d, uint64_t control, unsigned n)
{
	uint64_t span = span_of(control, n);

	if (!is_enabled(control, n))
		return true;
	if (type_of(control, n) == TYPE_IO || (type_of(control, n) == TYPE_EXECUTE && span))
		return false;
	return !(d->address[n] & span) && d->address[n] < USER_TOP - span;
}

void debug_switch(const struct context *next)
{
	const struct context_debug *d = next->debug;

	if (d && (d->control & DR7_ENABLES)) {
		DR_WRITE(0, d->address[0]);
		DR_WRITE(1, d->address[1]);
		DR_WRITE(2, d->address[2]);
		DR_WRITE(3, d->address[3]);
		DR_WRITE(7, d->control | DR7_FIXED);
		cpu_local_write(debug_loaded, true);
	} else if (cpu_local_read(debug_loaded)) {
		DR_WRITE(7, DR7_FIXED);
		cpu_local_write(debug_loaded, false);
	}
}

static uint64_t status_take(void)
{
	uint64_t status;

	__asm__ volatile("mov %%db6, %0" : "=r"(status));
	DR_WRITE(6, DR6_FIXED);
	return (status ^ DR6_FIXED) & (DEBUG_STATUS_HARDWARE | DEBUG_STATUS_STEP);
}

uint64_t debug_take(struct user_frame *f)
{
	struct context *c = context_current();
	uint64_t status = status_take();

	for (unsigned n = 0; n < DR_COUNT; n++) {
		if (!(status >> n & 1))
			continue;
		if (!c->debug || !is_enabled(c->debug->control, n))
			status &= ~(1UL << n);
		else if (type_of(c->debug->control, n) == TYPE_EXECUTE)
			f->rflags |= FLAG_RF; /* the instruction itself comes next */
	}
	c->debug_status = (uint32_t)status;
	return status;
}

void debug_ignore(struct user_frame *f)
{
	(void)status_take();
	f->rflags &= ~(uint64_t)FLAG_TF;
}

void debug_set_step(struct context *c, bool on)
{
	struct user_frame *f = context_frame(c);

	if (!on) {
		if (c->step & CONTEXT_STEP_FORCED)
			f->rflags &= ~(uint64_t)FLAG_TF;
		c->step = 0;
		return;
	}
	if (!(f->rflags & FLAG_TF))
		c->step |= CONTEXT_STEP_FORCED;
	c->step |= CONTEXT_STEPS;
	f->rflags |= FLAG_TF;
}

uint64_t debug_hardware(const struct context *c, unsigned n)
{
	if (n == 6)
		return c->debug_status ^ DR6_FIXED;
	if (!c->debug)
		return 0;
	return n < DR_COUNT ? c->debug->address[n] : n == 7 ? c->debug->control : 0;
}

static int set_address(struct context_debug *d, unsigned n, uint64_t address)
{
	uint64_t old = d->address[n];

	if (address >= USER_TOP)
		return -EINVAL;
	d->address[n] = address;
	if (is_legal(d, d->control, n))
		return 0;
	d->address[n] = old;
	return -EINVAL;
}

static int set_control(struct context_debug *d, uint64_t control)
{
	control &= ~DR7_IGNORED;
	for (unsigned n = 0; n < DR_COUNT; n++)
		if (!is_legal(d, control, n))
			return -EINVAL;
	d->control = control;
	return 0;
}

int debug_set_hardware(struct context *c, unsigned n, uint64_t value)
{
	if (n == 4 || n == 5)
		return -EIO;
	if (n == 6) {
		c->debug_status = (uint32_t)(value ^ DR6_FIXED);
		return 0;
	}
	if (!c->debug)
		c->debug = upcall_xstate_alloc(sizeof(*c->debug));
	if (!c->debug)
		return -ENOMEM;
	return n == 7 ? set_control(c->debug, value) : set_address(c->debug, n, value);
}

void debug_reset(void)
{
	struct context *c = context_current();

	if (c->step)
		debug_set_step(c, c->step & CONTEXT_STEPS);
	c->debug_status = 0;
	if (!c->debug)
		return;
	memset(c->debug, 0, sizeof(*c->debug));
	uint64_t irq = irq_save();
	debug_switch(c);
	irq_restore(irq);
}
