/* SPDX-License-Identifier: MIT */
/*
 * A thread's registers and extended state for tracers and core files
 * (hal/debug.h). What a thread's area holds is current while it is switched out
 * (xstate.c); components that are in their initial state are not in the area, so
 * they are filled in for the reader. What is written is checked, so that loading
 * it cannot fault. Intel SDM volume 1, 13.4 to 13.8.
 */
#include "arch/x86/processor.h"
#include "hal/debug.h"
#include "hal/upcall.h"
#include "lib/errno.h"
#include "lib/string.h"

/* Numbers of registers, as Linux's user_regs_struct has them. */
enum { REG_CS = 17, REG_FLAGS = 18, REG_SS = 20, REG_FRAME_END = 21, REG_FS_BASE = 21, REG_GS_BASE = 22 };

static_assert(offsetof(struct user_frame, cs) == REG_CS * 8, "user_regs_struct");
static_assert(offsetof(struct user_frame, ss) == REG_SS * 8, "user_regs_struct");
static_assert(sizeof(struct user_frame) == REG_FRAME_END * 8, "user_regs_struct");

#define FLAGS_WRITABLE 0x50dd5UL /* CF PF AF ZF SF TF DF OF RF AC */

/* The area of XSAVE. */
#define AT_FCW        0
#define AT_MXCSR      24
#define AT_ST         32
#define AT_XMM        160
#define AT_PADDING    416
#define AT_SOFTWARE   464
#define AT_HEADER     512
#define AT_COMPONENTS 576
#define HEADER_BYTES  64
#define MXCSR_BYTES   8
#define FEATURE_X87   BIT(0)
#define FEATURE_SSE   BIT(1)
#define FEATURE_AVX   BIT(2)
#define FEATURES_MAX  63

uint64_t debug_register(const struct context *c, unsigned index)
{
	bool running = c == context_current();
	uint64_t value;

	if (index < REG_FRAME_END) {
		value = ((const uint64_t *)context_frame(c))[index];
		if (index == REG_FLAGS && (c->step & CONTEXT_STEP_FORCED))
			value &= ~(uint64_t)FLAG_TF;
		return value;
	}
	if (index == REG_FS_BASE)
		return running ? context_get_fs() : c->fs_base;
	if (index == REG_GS_BASE)
		return running ? context_get_gs() : c->gs_base;
	return 0; /* selectors: programs have none */
}

static void set_flags(struct context *c, uint64_t value)
{
	struct user_frame *f = context_frame(c);

	if (value & FLAG_TF)
		c->step &= (uint8_t)~CONTEXT_STEP_FORCED;
	else if (c->step & CONTEXT_STEP_FORCED)
		value |= FLAG_TF;
	f->rflags = (f->rflags & ~FLAGS_WRITABLE) | (value & FLAGS_WRITABLE);
}

/* Selectors never change: a program has the two of its mode, and null ones. */
static int check_selector(unsigned index, uint16_t value)
{
	if (!value)
		return index == REG_CS || index == REG_SS ? -EIO : 0;
	return (value & 3) == 3 ? 0 : -EIO;
}

int debug_set_register(struct context *c, unsigned index, uint64_t value)
{
	if (index == REG_FLAGS) {
		set_flags(c, value);
	} else if (index == REG_CS || index == REG_SS || index > REG_GS_BASE) {
		return check_selector(index, (uint16_t)value);
	} else if (index < REG_FRAME_END) {
		((uint64_t *)context_frame(c))[index] = value;
	} else {
		if (value >= USER_TOP)
			return -EIO;
		*(index == REG_FS_BASE ? &c->fs_base : &c->gs_base) = value;
	}
	return 0;
}

static uint64_t present(const char *area)
{
	return cpu_features.xsave ? *(const uint64_t *)(area + AT_HEADER) : FEATURE_X87 | FEATURE_SSE;
}

/* Copies [at, at + n), or what it is after reset where there is no such component. */
static void copy_part(char *to, const char *area, size_t at, size_t n, bool there)
{
	memcpy(to + at, there ? area + at : (const char *)xstate_initial + at, n);
}

static void copy_legacy(char *to, const char *area)
{
	uint64_t has = present(area);

	copy_part(to, area, AT_FCW, AT_MXCSR, has & FEATURE_X87);
	copy_part(to, area, AT_MXCSR, MXCSR_BYTES, has & (FEATURE_SSE | FEATURE_AVX));
	copy_part(to, area, AT_ST, AT_XMM - AT_ST, has & FEATURE_X87);
	copy_part(to, area, AT_XMM, AT_PADDING - AT_XMM, has & FEATURE_SSE);
	memset(to + AT_PADDING, 0, DEBUG_FX_BYTES - AT_PADDING);
}

/* The thread's area is brought up to date first if it is the running one's. */
static const char *area_of(const struct context *c)
{
	if (c == context_current()) {
		uint64_t irq = irq_save();

		xstate_copy(c->xstate);
		irq_restore(irq);
	}
	return c->xstate;
}

void debug_fx(const struct context *c, void *to)
{
	copy_legacy(to, area_of(c));
}

int debug_set_fx(struct context *c, const void *from)
{
	char *area = c->xstate;

	if (!xstate_mxcsr_valid(*(const uint32_t *)((const char *)from + AT_MXCSR)))
		return -EINVAL;
	memcpy(area, from, AT_SOFTWARE);
	if (cpu_features.xsave)
		*(uint64_t *)(area + AT_HEADER) |= FEATURE_X87 | FEATURE_SSE;
	xstate_discard(c);
	return 0;
}

struct component { uint32_t size, at; };

static struct component component_of(unsigned feature)
{
	uint32_t size = 0, at = 0, c = 0, d = 0;

	__asm__("cpuid" : "=a"(size), "=b"(at), "=c"(c), "=d"(d) : "a"(13), "c"(feature));
	return (struct component){ size, at };
}

int debug_xstate(const struct context *c, void *to_)
{
	const char *area;
	char *to = to_;

	if (!cpu_features.xsave)
		return -ENODEV;
	area = area_of(c);
	memset(to, 0, cpu_features.xstate_size);
	copy_legacy(to, area);
	*(uint64_t *)(to + AT_SOFTWARE) = cpu_features.xstate_mask;
	*(uint64_t *)(to + AT_HEADER) = present(area);
	for (unsigned i = 2; i < FEATURES_MAX; i++) {
		if (!(present(area) & cpu_features.xstate_mask & BIT(i)))
			continue;
		struct component part = component_of(i);

		memcpy(to + part.at, area + part.at, part.size);
	}
	return 0;
}

int debug_set_xstate(struct context *c, const void *from_)
{
	const char *from = from_;
	const uint64_t *header = (const uint64_t *)(from + AT_HEADER);
	char *area = c->xstate;

	if (!cpu_features.xsave)
		return -ENODEV;
	for (unsigned i = 1; i < HEADER_BYTES / 8; i++)
		if (header[i])
			return -EINVAL;
	if (header[0] & ~cpu_features.xstate_mask)
		return -EINVAL;
	if ((header[0] & (FEATURE_SSE | FEATURE_AVX)) && !xstate_mxcsr_valid(*(const uint32_t *)(from + AT_MXCSR)))
		return -EINVAL;
	memcpy(area, from, AT_SOFTWARE);
	if (!(header[0] & (FEATURE_SSE | FEATURE_AVX)))
		memcpy(area + AT_MXCSR, xstate_initial + AT_MXCSR, MXCSR_BYTES);
	memcpy(area + AT_HEADER, from + AT_HEADER, cpu_features.xstate_size - AT_HEADER);
	xstate_discard(c);
	return 0;
}
