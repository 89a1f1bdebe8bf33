/* SPDX-License-Identifier: MIT */
/*
 * Extended state: x87, SSE, AVX, AVX-512. The kernel itself is compiled without
 * it, so while a thread that has user mode runs, in the kernel too, nothing
 * changes its state behind its back.
 *
 * Many threads do not use it between two switches. So a thread comes to run with
 * the state turned off (TS in CR0) unless it used it in each of its last turns;
 * the first use by the program traps, and brings it in (xstate_need); the kernel
 * asks for it before it saves or loads, since not every processor traps for XSAVE
 * and XRSTOR (QEMU's do not), and other threads' state would be saved or lost.
 * While it is on, the registers hold the running thread's state, or that of the
 * thread before when a kernel thread runs, and it is saved at the switch. While
 * it is off the area holds it. Counting wraps, so that a thread which has ceased
 * to use its state is found out one day.
 *
 * XSAVE (XSAVEOPT for a thread's own area, which the processor remembers) in
 * the standard form, because signal frames have it; FXSAVE where there is none.
 * Protection keys and AMX stay off. Intel SDM volume 1, chapter 13.
 *
 * An area ends with FP_XSTATE_MAGIC2 and has the software words that signal
 * frames need in place, so that it is copied to a program in one piece.
 * Everything here is immutable after boot; areas belong to their thread.
 */
#include "arch/x86/processor.h"
#include "base/percpu.h"
#include "lib/string.h"
#include <asm/sigcontext.h>

#define XCR0_BASE   0x07UL /* x87, SSE, AVX */
#define XCR0_AVX512 0xe0UL
#define XCR0_LEGACY 0x03UL

#define AREA_FCW      0
#define AREA_MXCSR    24
#define AREA_MASK     28
#define AREA_SOFTWARE 464
#define AREA_HEADER   512
#define LEGACY_BYTES  512
#define HEADER_BYTES  64

#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_NE BIT(5)

/* So many turns in a row with a use, and the next one starts with the state loaded. */
#define USES_EAGER 3

#define FCW_INITIAL   0x37f
#define MXCSR_INITIAL 0x1f80

static bool has_xsaveopt;
static uint32_t mxcsr_mask;
static uint8_t initial_area[LEGACY_BYTES + HEADER_BYTES] __aligned(64);
const uint8_t *const xstate_initial = initial_area;

static PERCPU(struct context *, registers_owner); /* whose state was loaded last; interrupts off */
static PERCPU(bool, registers_off);               /* TS is set; interrupts off */

static uint16_t *area_u16(void *area, size_t at) { return (uint16_t *)((char *)area + at); }
static uint32_t *area_u32(void *area, size_t at) { return (uint32_t *)((char *)area + at); }
static uint64_t *area_u64(void *area, size_t at) { return (uint64_t *)((char *)area + at); }

/* One of the XSAVE family, on all components that are on. */
#define WITH_MASK(instruction, area)                                                  \
	__asm__ volatile(instruction " (%0)"                                          \
			 : : "r"(area), "a"((uint32_t)cpu_features.xstate_mask), "d"(0) \
			 : "memory")

void xstate_save_all(void *area)
{
	if (cpu_features.xsave)
		WITH_MASK("xsave64", area);
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static void xstate_save(void *area)
{
	if (has_xsaveopt)
		WITH_MASK("xsaveopt64", area);
	else
		xstate_save_all(area);
}

void xstate_load(const void *area)
{
	if (cpu_features.xsave)
		WITH_MASK("xrstor64", area);
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

static void registers_turn(bool off)
{
	if (cpu_local_read(registers_off) == off)
		return;
	cr0_write(off ? cr0_read() | CR0_TS : cr0_read() & ~CR0_TS);
	cpu_local_write(registers_off, off);
}

static bool registers_hold(const struct context *c)
{
	return cpu_local_read(registers_owner) == c && c->xstate_cpu == 1 + cpu_id();
}

static void registers_fill(struct context *c)
{
	registers_turn(false);
	if (registers_hold(c))
		return;
	xstate_load(c->xstate);
	cpu_local_write(registers_owner, c);
	c->xstate_cpu = (uint16_t)(1 + cpu_id());
}

void xstate_need(void)
{
	registers_fill(context_current());
}

void xstate_load_initial(void)
{
	uint64_t irq = irq_save();

	xstate_need();
	xstate_load(initial_area);
	irq_restore(irq);
}

void xstate_copy(void *area)
{
	if (cpu_local_read(registers_off))
		memcpy(area, context_current()->xstate, cpu_features.xstate_size);
	else
		xstate_save_all(area);
}

void xstate_discard(struct context *c)
{
	c->xstate_cpu = 0;
}

bool xstate_mxcsr_valid(uint32_t mxcsr)
{
	return !(mxcsr & ~mxcsr_mask);
}

void xstate_switch_from(struct context *c)
{
	if (cpu_local_read(registers_off)) {
		c->xstate_uses = 0;
		return;
	}
	xstate_save(c->xstate);
	c->xstate_uses++;
}

void xstate_switch_to(struct context *c)
{
	if (c->xstate_uses >= USES_EAGER)
		registers_fill(c);
	else
		registers_turn(true);
}

static void registers_initial(void *area)
{
	*area_u16(area, AREA_FCW) = FCW_INITIAL;
	*area_u32(area, AREA_MXCSR) = MXCSR_INITIAL;
}

/* The words the processor leaves to software, and the mark behind the area. */
static void software_words(void *area)
{
	struct _fpx_sw_bytes *sw = (struct _fpx_sw_bytes *)((char *)area + AREA_SOFTWARE);

	if (!cpu_features.xsave)
		return;
	memset(sw, 0, sizeof(*sw));
	sw->magic1 = FP_XSTATE_MAGIC1;
	sw->extended_size = (uint32_t)xstate_frame_bytes();
	sw->xfeatures = cpu_features.xstate_mask;
	sw->xstate_size = cpu_features.xstate_size;
	*area_u32(area, cpu_features.xstate_size) = FP_XSTATE_MAGIC2;
}

void xstate_prepare(void *area)
{
	registers_initial(area);
	software_words(area);
}

size_t xstate_frame_bytes(void)
{
	return cpu_features.xstate_size + (cpu_features.xsave ? FP_XSTATE_MAGIC2_SIZE : 0);
}

/* Loading must not fault: no reserved bit of MXCSR, no component that is off, no compaction. */
bool xstate_sanitize(void *area, bool extended)
{
	uint64_t *header = area_u64(area, AREA_HEADER);
	bool good = !(*area_u32(area, AREA_MXCSR) & ~mxcsr_mask);

	if (extended)
		good = good && !((header[0] & ~cpu_features.xstate_mask) | header[1] | header[2]);
	*area_u32(area, AREA_MXCSR) &= mxcsr_mask;
	if (cpu_features.xsave) {
		header[0] = extended ? header[0] & cpu_features.xstate_mask : XCR0_LEGACY;
		memset(header + 1, 0, HEADER_BYTES - 8);
	}
	software_words(area);
	return good;
}

static void components_enable(void)
{
	if (!cpu_features.xsave)
		return;
	cr4_write(cr4_read() | CR4_OSXSAVE);
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)cpu_features.xstate_mask), "d"(0));
}

/* What all processors use, found out on the first. */
static void components_choose(void)
{
	uint64_t supported = cpuid_read(13, 0).eax, mask = supported & XCR0_BASE;

	if ((supported & XCR0_AVX512) == XCR0_AVX512 && (mask & XCR0_BASE) == XCR0_BASE)
		mask |= XCR0_AVX512;
	cpu_features.xstate_mask = mask;
	components_enable();
	cpu_features.xstate_size = cpuid_read(13, 0).ebx;
	has_xsaveopt = cpuid_read(13, 1).eax & BIT(0);
}

static void areas_init(void)
{
	cpu_features.xstate_mask = XCR0_LEGACY;
	cpu_features.xstate_size = LEGACY_BYTES;
	__asm__ volatile("fxsave64 (%0)" : : "r"(initial_area) : "memory");
	mxcsr_mask = *area_u32(initial_area, AREA_MASK);
	if (!mxcsr_mask)
		mxcsr_mask = 0xffbf;
	memset(initial_area, 0, sizeof(initial_area));
	registers_initial(initial_area);
	if (cpu_features.xsave)
		components_choose();
}

void xstate_init_cpu(void)
{
	cr0_write((cr0_read() & ~(CR0_EM | CR0_TS)) | CR0_MP | CR0_NE);
	cr4_write(cr4_read() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	if (cpu_id() == 0)
		areas_init();
	else
		components_enable();
	xstate_load(initial_area);
}
