/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, after entry.S has built the frame. From user mode: a page fault
 * or another exception goes to proc/, with interrupts on, and may sleep. In the
 * kernel only the usercopy routines may fault, and only on user addresses: the
 * fault is served, or (with page faults disabled, or nothing there) the
 * exception table tells where the routine gives up. Everything else is the
 * kernel's own mistake and ends in panic_frame() with its reason spelt out.
 *
 * A kernel stack that runs into its guard cannot take the page fault, so the
 * processor turns it into a double fault, which has a stack of its own.
 */
#include "arch/x86/ipi.h"
#include "arch/x86/processor.h"
#include "base/log.h"
#include "base/panic.h"
#include "hal/irq.h"
#include "hal/upcall.h"
#include "hal/usercopy.h"
#include "lib/format.h"

typedef unsigned long long ull; /* what %llx takes */

#define ERROR_PRESENT 0x01
#define ERROR_WRITE   0x02
#define ERROR_EXEC    0x10

struct extable_entry {
	vaddr_t at, fix;
};
extern const struct extable_entry extable_start[], extable_end[];

/* Called by entry.S. */
void fault_from_user(struct user_frame *f, unsigned vector, uint64_t error);
void fault_from_kernel(struct user_frame *f, unsigned vector, uint64_t error);
void fault_own_stack(struct user_frame *f, unsigned vector, uint64_t error);
void fault_bad_rip(struct user_frame *f);

static const char *const vector_names[32] = {
	"divide error", "debug exception", "non-maskable interrupt", "breakpoint", "overflow",
	"bound range exceeded", "invalid opcode", "device not available", "double fault",
	"coprocessor segment overrun", "invalid TSS", "segment not present", "stack fault",
	"general protection fault", "page fault", "spurious interrupt", "x87 error",
	"alignment check", "machine check", "SIMD error", "virtualization exception",
	"control protection exception",
};

static enum fault_access fault_access(uint64_t error)
{
	return error & ERROR_EXEC ? FAULT_EXEC : error & ERROR_WRITE ? FAULT_WRITE : FAULT_READ;
}

static void panic_exception(const struct user_frame *f, unsigned vector, uint64_t error)
{
	const char *name = vector_names[vector & 31];

	panic_frame(f, "%s in the kernel, error code %#llx, in %s", name ? name : "exception",
		    (ull)error, context_current()->name);
}

static void panic_page_fault(const struct user_frame *f, vaddr_t addr, uint64_t error)
{
	static const char *const verb[] = { "reading", "writing", "executing" };
	const char *why = !(error & ERROR_PRESENT) ? "not mapped" :
			  addr < USER_TOP	  ? "user memory" : "protected";

	panic_frame(f, "page fault in the kernel %s %#llx (%s), in %s", verb[fault_access(error)],
		    (ull)addr, why, context_current()->name);
}

static bool extable_fix(struct user_frame *f)
{
	for (const struct extable_entry *e = extable_start; e < extable_end; e++) {
		if (e->at == f->rip) {
			f->rip = e->fix;
			return true;
		}
	}
	return false;
}

/* True when the interrupted usercopy routine may go on, at the same place or at its fix-up. */
static bool fault_usercopy(struct user_frame *f, vaddr_t addr, uint64_t error)
{
	if (f->rip < (vaddr_t)usercopy_text_start || f->rip >= (vaddr_t)usercopy_text_end)
		return false;
	if (addr < USER_TOP && !context_current()->faults_off && (f->rflags & FLAG_IF)) {
		irq_enable();
		if (upcall_user_fault(addr, fault_access(error), false, error) == 0)
			return true;
	}
	return extable_fix(f);
}

void fault_from_user(struct user_frame *f, unsigned vector, uint64_t error)
{
	vaddr_t addr = vector == VECTOR_PAGE_FAULT ? cr2_read() : 0;

	assert(f == context_frame(context_current()) && (f->rflags & FLAG_IF));
	if (vector == VECTOR_NO_DEVICE) {
		xstate_need();
		return;
	}
	if (unlikely(vector == VECTOR_DEBUG))
		error = debug_take(f);
	irq_enable();
	if (vector == VECTOR_PAGE_FAULT)
		upcall_user_fault(addr, fault_access(error), true, error);
	else
		upcall_user_exception(f, vector, error);
}

void fault_from_kernel(struct user_frame *f, unsigned vector, uint64_t error)
{
	if (vector == VECTOR_PAGE_FAULT) {
		vaddr_t addr = cr2_read();

		if (!fault_usercopy(f, addr, error))
			panic_page_fault(f, addr, error);
	} else if (vector != VECTOR_GENERAL || !extable_fix(f)) {
		panic_exception(f, vector, error);
	}
}

void fault_own_stack(struct user_frame *f, unsigned vector, uint64_t error)
{
	static const char nmi[] = "non-maskable interrupt: ignored\n";
	vaddr_t addr = cr2_read();

	if (vector == VECTOR_DEBUG) {
		debug_ignore(f);
		return;
	}
	if (vector == VECTOR_NMI) {
		irq_note(IRQ_KIND_NMI);
		if (!ipi_nmi(f))
			log_emergency(nmi, sizeof(nmi) - 1);
		return;
	}
	if (vector == VECTOR_DOUBLE_FAULT && cpu_stack_is_guard(addr))
		panic_frame(f, "kernel stack overflow in %s, at %#llx", context_current()->name,
			    (ull)addr);
	panic_exception(f, vector, error);
}

/* A program is to go on at an address that no program has: as if it had jumped there. */
void fault_bad_rip(struct user_frame *f)
{
	upcall_user_exception(f, VECTOR_GENERAL, 0);
}

size_t cpu_registers_format(char *buf, size_t size, const struct user_frame *f)
{
	return (size_t)format_cut(
		buf, size,
		"rip %016llx rsp %016llx flags %08llx cs %02llx ss %02llx\n"
		"rax %016llx rbx %016llx rcx %016llx rdx %016llx\n"
		"rsi %016llx rdi %016llx rbp %016llx r8  %016llx\n"
		"r9  %016llx r10 %016llx r11 %016llx r12 %016llx\n"
		"r13 %016llx r14 %016llx r15 %016llx\n"
		"cr0 %016llx cr2 %016llx cr3 %016llx cr4 %08llx\n",
		(ull)f->rip, (ull)f->rsp, (ull)f->rflags,
		(ull)f->cs, (ull)f->ss, (ull)f->rax,
		(ull)f->rbx, (ull)f->rcx, (ull)f->rdx,
		(ull)f->rsi, (ull)f->rdi, (ull)f->rbp,
		(ull)f->r8, (ull)f->r9, (ull)f->r10,
		(ull)f->r11, (ull)f->r12, (ull)f->r13,
		(ull)f->r14, (ull)f->r15, (ull)cr0_read(),
		(ull)cr2_read(), (ull)cr3_read(),
		(ull)cr4_read());
}
