/* SPDX-License-Identifier: MIT */
/*
 * The machine's part of a thread: see hal/context.h. The running thread's FS
 * base and GS base are in the registers; context_switch() saves and loads them,
 * and sees to the extended state (xstate.c tells the rule). Kernel threads have
 * none of these and leave the registers as they are.
 *
 * With the FSGSBASE instructions programs write the bases themselves, so they
 * are read back at a switch. Without, they change by system call only, but a
 * program may zero a base by loading a null selector, which cannot be seen; so
 * the bases are always written, unless both threads' are zero.
 *
 * In the kernel the program's GS base is the one that swapgs would bring.
 */
#include "arch/x86/processor.h"
#include "base/panic.h"
#include "base/percpu.h"
#include "base/preempt.h"
#include "hal/debug.h"
#include "hal/upcall.h"
#include "lib/errno.h"
#include "lib/string.h"

static_assert(sizeof(struct user_frame) == FRAME_SIZE, "asm.h");
static_assert(offsetof(struct user_frame, rbx) == FRAME_RBX, "asm.h");
static_assert(offsetof(struct user_frame, rax) == FRAME_RAX, "asm.h");
static_assert(offsetof(struct user_frame, orig_rax) == FRAME_ORIG_RAX, "asm.h");
static_assert(offsetof(struct user_frame, ss) == FRAME_SS, "asm.h");
static_assert(offsetof(struct context, sp) == CONTEXT_SP, "asm.h");
static_assert(offsetof(struct context, stack_top) == CONTEXT_STACK_TOP, "asm.h");
static_assert(offsetof(struct context, work) == CONTEXT_WORK, "asm.h");
static_assert(offsetof(struct tss, rsp0) == TSS_RSP0, "asm.h");
static_assert(WORK_RESCHED == ASM_WORK_RESCHED && (WORK_TRACE | WORK_SECCOMP) == ASM_WORK_SLOW, "asm.h");
static_assert((WORK_RESCHED | WORK_SIGNAL | WORK_KILLED | WORK_NOTIFY | WORK_RESTORE_MASK | WORK_CALL_END) ==
		      ASM_WORK_EXIT, "asm.h");
static_assert(SYSCALL_TABLE_SIZE == ASM_SYSCALL_TABLE_SIZE, "asm.h");

/* What context_switch_stack() takes from a new stack. */
struct switch_frame {
	uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

static uint64_t fs_read(void)
{
	uint64_t base;

	if (!cpu_features.fsgsbase)
		return context_current()->fs_base;
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

static void fs_write(uint64_t base)
{
	if (cpu_features.fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(base));
	else
		msr_write(MSR_FS_BASE, base);
}

/* Interrupts off: between the two swapgs per-processor variables are out of reach. */
static uint64_t gs_read(void)
{
	uint64_t base;

	if (!cpu_features.fsgsbase)
		return context_current()->gs_base;
	__asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(base) : : "memory");
	return base;
}

static void gs_write(uint64_t base)
{
	if (cpu_features.fsgsbase)
		__asm__ volatile("swapgs; wrgsbase %0; swapgs" : : "r"(base) : "memory");
	else
		msr_write(MSR_KERNEL_GS_BASE, base);
}

/* From one program's bases to another's, in one go. Interrupts off. */
static void bases_load(const struct context *next)
{
	static PERCPU(uint64_t, bases_loaded); /* were any bits set in the last ones written? */

	if (cpu_features.fsgsbase) {
		fs_write(next->fs_base);
		gs_write(next->gs_base);
		return;
	}
	uint64_t bits = next->fs_base | next->gs_base;

	if (bits | cpu_local_read(bases_loaded)) {
		fs_write(next->fs_base);
		gs_write(next->gs_base);
		cpu_local_write(bases_loaded, bits);
	}
}

static void user_state_save(struct context *c)
{
	xstate_switch_from(c);
	if (cpu_features.fsgsbase) {
		c->fs_base = fs_read();
		c->gs_base = gs_read();
	}
}

static void user_state_load(struct context *c)
{
	xstate_switch_to(c);
	bases_load(c);
}

void context_switch(struct context *prev, struct context *next)
{
	assert(!irq_enabled() && prev == context_current() && next != prev);
	if (prev->xstate)
		user_state_save(prev);
	if (next->xstate)
		user_state_load(next);
	if (unlikely(prev->debug || next->debug))
		debug_switch(next);
	cpu_local_write(context_running, next);
	cpu_local_write(cpu_tss.rsp0, next->stack_top);
	context_switch_stack(&prev->sp, next->sp);
}

void context_adopt(struct context *c)
{
	c->stack_top = context_current()->stack_top;
	cpu_local_write(context_running, c);
}

void context_init(struct context *c, vaddr_t stack_top, void (*entry)(void *arg), void *arg)
{
	vaddr_t start = align_down(stack_top - sizeof(struct user_frame), 16UL);
	struct switch_frame *f = (struct switch_frame *)start - 1;

	assert(is_aligned(stack_top, 16UL));
	*f = (struct switch_frame){
		.rbx = (uint64_t)entry,
		.r12 = (uint64_t)arg,
		.rip = (uint64_t)context_start,
	};
	c->sp = (vaddr_t)f;
	c->stack_top = stack_top;
	c->work = 0;
	c->faults_off = 0;
	c->fs_base = c->gs_base = 0;
	c->xstate = NULL;
	c->xstate_cpu = 0;
	c->xstate_uses = 0;
	c->step = 0;
	c->debug_status = 0;
	c->debug = NULL;
}

int context_user_init(struct context *c)
{
	uint64_t irq;
	void *area;

	might_sleep();
	assert(!c->xstate && cpu_features.xstate_size);
	area = upcall_xstate_alloc(xstate_frame_bytes());
	if (!area)
		return -ENOMEM;
	xstate_prepare(area);
	c->xstate_cpu = 0;
	irq = irq_save();
	c->xstate = area;
	if (c == context_current()) {
		xstate_need();
		bases_load(c);
	}
	irq_restore(irq);
	return 0;
}

void context_user_destroy(struct context *c)
{
	void *area = c->xstate;

	assert(c != context_current());
	c->xstate = NULL;
	c->xstate_cpu = 0;
	if (area)
		upcall_xstate_free(area);
	if (unlikely(c->debug))
		upcall_xstate_free(c->debug);
	c->debug = NULL;
}

void context_fork(struct context *child, const struct context *parent)
{
	struct user_frame *f = context_frame(child);
	uint64_t irq;

	*f = *context_frame(parent);
	f->rax = 0;
	if (parent->step & CONTEXT_STEP_FORCED)
		f->rflags &= ~(uint64_t)FLAG_TF;
	assert(parent == context_current());
	if (!parent->xstate)
		return;
	assert(child->xstate);
	irq = irq_save();
	xstate_copy(child->xstate);
	child->xstate_uses = parent->xstate_uses; /* children are like their parents */
	child->fs_base = fs_read();
	child->gs_base = gs_read();
	irq_restore(irq);
}

/* A null selector everywhere. Loading GS zeroes its base: the user's, not the kernel's. */
static void selectors_clear(void)
{
	__asm__ volatile("mov %w0, %%ds; mov %w0, %%es; mov %w0, %%fs\n\t"
			 "swapgs; mov %w0, %%gs; swapgs"
			 : : "r"(0) : "memory");
}

void context_exec(uaddr_t entry, uaddr_t stack)
{
	struct context *c = context_current();
	struct user_frame *f = context_frame(c);
	uint64_t irq = irq_save();

	*f = (struct user_frame){
		.rip = entry, .rcx = entry,
		.cs = SEL_USER_CODE, .ss = SEL_USER_DATA,
		.rflags = FLAG_FIXED | FLAG_IF, .r11 = FLAG_FIXED | FLAG_IF,
		.rsp = stack,
		.orig_rax = f->orig_rax,
	};
	c->fs_base = c->gs_base = 0;
	debug_reset();
	selectors_clear();
	fs_write(0);
	gs_write(0);
	xstate_load_initial();
	irq_restore(irq);
}

int context_set_fs(struct context *c, uint64_t base)
{
	uint64_t irq;

	if (base >= USER_TOP)
		return -EPERM;
	irq = irq_save();
	c->fs_base = base;
	if (c == context_current())
		bases_load(&(struct context){ .fs_base = base, .gs_base = gs_read() });
	irq_restore(irq);
	return 0;
}

int context_set_gs(struct context *c, uint64_t base)
{
	uint64_t irq;

	if (base >= USER_TOP)
		return -EPERM;
	irq = irq_save();
	c->gs_base = base;
	if (c == context_current())
		bases_load(&(struct context){ .fs_base = fs_read(), .gs_base = base });
	irq_restore(irq);
	return 0;
}

uint64_t context_get_fs(void)
{
	return fs_read();
}

uint64_t context_get_gs(void)
{
	uint64_t irq = irq_save(), base = gs_read();

	irq_restore(irq);
	return base;
}

static bool is_text(vaddr_t addr)
{
	return addr >= (vaddr_t)kernel_text_start && addr < (vaddr_t)kernel_text_end;
}

unsigned context_backtrace(uint64_t fp, vaddr_t *out, unsigned max)
{
	unsigned n = 0;

	while (n < max && is_aligned(fp, 8UL) && cpu_stack_holds(fp)) {
		const uint64_t *frame = (const uint64_t *)fp;

		if (!is_text(frame[1]))
			break;
		out[n++] = frame[1];
		fp = frame[0];
	}
	return n;
}

/* True if [addr, addr + bytes) lies on the kernel stack of c. */
static bool own_stack_holds(const struct context *c, vaddr_t addr, size_t bytes)
{
	return addr >= c->stack_top - KSTACK_BYTES && addr <= c->stack_top - bytes;
}

unsigned context_backtrace_of(const struct context *c, vaddr_t *out, unsigned max)
{
	const struct switch_frame *f = (const struct switch_frame *)c->sp;
	unsigned n = 0;
	uint64_t fp;

	if (max == 0 || !is_aligned(c->sp, 8UL) || !own_stack_holds(c, c->sp, sizeof(*f)) || !is_text(f->rip))
		return 0;
	out[n++] = f->rip;
	for (fp = f->rbp; n < max && is_aligned(fp, 8UL) && own_stack_holds(c, fp, 16);) {
		const uint64_t *frame = (const uint64_t *)fp;

		if (!is_text(frame[1]) || frame[0] <= fp)
			break;
		out[n++] = frame[1];
		fp = frame[0];
	}
	return n;
}
