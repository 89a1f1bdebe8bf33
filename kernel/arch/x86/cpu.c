/* SPDX-License-Identifier: MIT */
/*
 * The tables of this processor: flat GDT with Linux's selectors, TSS with the
 * stacks that must be good whatever happened (double fault, NMI, machine
 * check), IDT with a gate for all 256 vectors, and the registers that turn
 * protections on. cpu_init_early() before anything else, cpu_init_late() once
 * the command line and memory are there. Processor 0 uses the static stacks
 * here, the others get theirs from cpu_prepare_other() and come through
 * cpu_init_other(); every word below is this processor's own.
 */
#include "arch/x86/apic.h"
#include "arch/x86/clock_event.h"
#include "arch/x86/interrupt.h"
#include "arch/x86/irq_chip.h"
#include "arch/x86/processor.h"
#include "base/percpu.h"
#include "hal/boot.h"
#include "hal/irq.h"
#include "hal/upcall.h"
#include "lib/string.h"

#define IRQ_STACK_BYTES (16384 << CONFIG_KASAN)
#define OWN_STACK_BYTES (8192 << CONFIG_KASAN)

struct gate {
	uint16_t offset0, selector;
	uint8_t ist, type;
	uint16_t offset1;
	uint32_t offset2, reserved;
};

#define GATE_INTERRUPT 0x8e /* present, DPL 0, interrupts off on entry */
#define GATE_USER      0xee /* the same, DPL 3: int3 and into */

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __packed;

/* The word above a stack of its own tells entry_own_stack the GS base: see there. */
struct own_stack {
	uint8_t bytes[OWN_STACK_BYTES];
	uint64_t gs_base;
	uint64_t unused;
} __aligned(16);

struct guarded_stack {
	uint8_t guard[PAGE_SIZE]; /* not mapped in the production tables */
	uint8_t bytes[IRQ_STACK_BYTES];
};

static_assert(CPU_OWN_STACKS == IST_LAST, "hal/cpu.h");

unsigned cpu_online_count = 1;
unsigned cpu_possible_count = 1;

static PERCPU(struct context, boot_context) = { .stack_top = (vaddr_t)boot_stack_top, .name = "boot" };

PERCPU(uint32_t, cpu_own_id);
PERCPU(uint64_t, cpu_own_offset);
PERCPU(struct context *, context_running) = &boot_context;
PERCPU(struct tss, cpu_tss);
PERCPU(uint64_t, entry_user_rsp);
PERCPU(uint32_t, irq_depth);
PERCPU(vaddr_t, irq_stack_top);
PERCPU(struct user_frame *, irq_frame);

extern uint64_t cpu_gdt[GDT_ENTRIES];
__section(".percpu") uint64_t cpu_gdt[GDT_ENTRIES] = {
	[SEL_KERNEL_CODE32 / 8] = 0x00cf9b000000ffff,
	[SEL_KERNEL_CODE / 8] = 0x00af9b000000ffff,
	[SEL_KERNEL_DATA / 8] = 0x00cf93000000ffff,
	[SEL_USER_CODE32 / 8] = 0x00cffb000000ffff,
	[SEL_USER_DATA / 8] = 0x00cff3000000ffff,
	[SEL_USER_CODE / 8] = 0x00affb000000ffff,
};

static struct gate idt[VECTOR_COUNT] __aligned(16); /* immutable after boot, of all processors */
static struct guarded_stack boot_irq_stack __aligned(PAGE_SIZE);
static struct own_stack boot_own_stack[IST_LAST];

static void gate_set(unsigned vector, uint8_t type, uint8_t ist)
{
	vaddr_t entry = (vaddr_t)entry_stubs + 16 * vector;

	idt[vector] = (struct gate){
		.offset0 = (uint16_t)entry,
		.selector = SEL_KERNEL_CODE,
		.ist = ist,
		.type = type,
		.offset1 = (uint16_t)(entry >> 16),
		.offset2 = (uint32_t)(entry >> 32),
	};
}

static void idt_init(void)
{
	for (unsigned v = 0; v < VECTOR_COUNT; v++)
		gate_set(v, GATE_INTERRUPT, 0);
	gate_set(VECTOR_BREAKPOINT, GATE_USER, 0);
	gate_set(VECTOR_OVERFLOW, GATE_USER, 0);
	gate_set(VECTOR_DOUBLE_FAULT, GATE_INTERRUPT, IST_DOUBLE_FAULT);
	gate_set(VECTOR_NMI, GATE_INTERRUPT, IST_NMI);
	gate_set(VECTOR_MACHINE, GATE_INTERRUPT, IST_MACHINE);
	gate_set(VECTOR_DEBUG, GATE_INTERRUPT, IST_DEBUG);
}

static void stacks_init(struct tss *tss, struct own_stack *own, uint64_t gs_base)
{
	for (unsigned i = 0; i < IST_LAST; i++) {
		own[i].gs_base = gs_base;
		tss->ist[i] = (uint64_t)&own[i].gs_base;
	}
	tss->rsp0 = (uint64_t)boot_stack_top;
	tss->io_map = sizeof(*tss);
	irq_stack_top = (vaddr_t)(&boot_irq_stack + 1);
}

size_t cpu_area_bytes(void)
{
	return (size_t)(percpu_end - percpu_start);
}

/* On the boot processor: the variables that processor cpu must find set when it gets its GS base. */
void cpu_prepare_other(unsigned cpu, const struct cpu_memory *m, vaddr_t stack)
{
	struct tss *tss;

	percpu_offset[cpu] = (uint64_t)m->area - (uint64_t)percpu_start;
	*percpu_of(cpu_own_id, cpu) = cpu;
	*percpu_of(cpu_own_offset, cpu) = percpu_offset[cpu];
	*percpu_of(context_running, cpu) = percpu_of(boot_context, cpu);
	*percpu_of(boot_context, cpu) = (struct context){ .stack_top = stack, .name = "boot" };
	*percpu_of(irq_stack_top, cpu) = m->irq_stack;
	memcpy(percpu_of(cpu_gdt, cpu), cpu_gdt, sizeof(cpu_gdt));
	tss = percpu_of(cpu_tss, cpu);
	tss->rsp0 = stack;
	tss->io_map = sizeof(*tss);
	for (unsigned i = 0; i < IST_LAST; i++) {
		tss->ist[i] = m->own_stack[i] - 16;
		*(uint64_t *)tss->ist[i] = percpu_offset[cpu];
	}
	message_prepare_other(cpu);
}

static void tables_load(void)
{
	uint64_t base = (uint64_t)cpu_local_ptr(cpu_tss), *gdt = *cpu_local_ptr(cpu_gdt);
	struct table_pointer gdt_pointer = { sizeof(cpu_gdt) - 1, (uint64_t)gdt };
	struct table_pointer idt_pointer = { sizeof(idt) - 1, (uint64_t)idt };

	gdt[SEL_TSS / 8] = (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 |
			   (base >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = base >> 32;
	gdt[SEL_CPU_NODE / 8] = 0x0040f10000000000 | cpu_id();
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2; lldt %w3"
			 : : "m"(gdt_pointer), "m"(idt_pointer), "r"(SEL_TSS), "r"(0));
}

/* syscall clears these flags, AC too, so that the kernel starts with user memory closed. */
static void syscall_init(void)
{
	msr_write(MSR_STAR, (uint64_t)SEL_USER_CODE32 << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
	msr_write(MSR_LSTAR, (uint64_t)entry_syscall);
	msr_write(MSR_SFMASK,
		  FLAG_TF | FLAG_IF | FLAG_DF | FLAG_IOPL | FLAG_NT | FLAG_AC | FLAG_RF);
}

/* Entry 1 of the page attribute table (PWT alone) becomes write-combining; the others stay. */
static void attributes_init(void)
{
	if (cpuid_read(1, 0).edx & BIT(16))
		msr_write(MSR_PAT, 0x0007040600070106UL);
}

static void protections_init(void)
{
	uint64_t cr4 = cr4_read() | CR4_PGE;

	if (cpu_features.hwcap & BIT(7))
		cr4 |= CR4_MCE;
	if (cpu_features.nx) {
		msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
		mmu_pte_nx = X86_PTE_NX;
	}
	if (cpu_features.smep)
		cr4 |= CR4_SMEP;
	if (cpu_features.smap)
		cr4 |= CR4_SMAP;
	if (cpu_features.umip)
		cr4 |= CR4_UMIP;
	if (cpu_features.fsgsbase)
		cr4 |= CR4_FSGSBASE;
	cr4_write(cr4);
}

/* Puts stac and clac where usercopy and entry code left room; text is still writable. */
static void alternatives_apply(void)
{
	struct alternative {
		uint8_t *at;
		uint8_t code[8];
	};
	extern const struct alternative alternatives_start[], alternatives_end[];

	for (const struct alternative *a = alternatives_start; a < alternatives_end; a++)
		for (unsigned i = 0; i < 3; i++)
			a->at[i] = a->code[i];
}

void cpu_init_early(void)
{
	paging_init_levels();
	features_init();
	stacks_init(&cpu_tss, boot_own_stack, 0);
	idt_init();
	tables_load();
	syscall_init();
	attributes_init();
	protections_init();
	if (cpu_features.smap)
		alternatives_apply();
}

void cpu_init_late(void)
{
	xstate_init_cpu();
}

/* Everything of cpu_init_early() and cpu_init_late() that is each processor's own. */
void cpu_init_other(unsigned cpu)
{
	msr_write(MSR_GS_BASE, percpu_offset[cpu]);
	msr_write(MSR_KERNEL_GS_BASE, 0);
	tables_load();
	syscall_init();
	attributes_init();
	protections_init();
	mmu_switch(mmu_kernel_root, 0);
	xstate_init_cpu();
	apic_init_cpu(false);
	clock_event_init_cpu();
	upcall_cpu_main();
}

bool irq_in_progress(void)
{
	return cpu_local_read(irq_depth) != 0;
}

bool irq_from_user(void)
{
	return cpu_local_read(irq_frame)->cs & 3;
}

void cpu_serialize(void)
{
	(void)cpuid_read(0, 0);
}

void cpu_halt(void)
{
	irq_disable();
	for (;;)
		__asm__ volatile("hlt");
}

bool cpu_stack_is_guard(vaddr_t addr)
{
	return kstack_is_guard(addr) || addr - (vaddr_t)boot_stack_guard < PAGE_SIZE ||
	       addr - (vaddr_t)boot_irq_stack.guard < PAGE_SIZE;
}

static bool stack_holds(vaddr_t top, size_t bytes, vaddr_t addr)
{
	return addr >= top - bytes && addr <= top - 16;
}

bool cpu_stack_holds(vaddr_t addr)
{
	const struct tss *tss = cpu_local_ptr(cpu_tss);

	for (unsigned i = 0; i < IST_LAST; i++)
		if (stack_holds(tss->ist[i], OWN_STACK_BYTES, addr))
			return true;
	return stack_holds(context_current()->stack_top, KSTACK_BYTES, addr) ||
	       stack_holds(cpu_local_read(irq_stack_top), IRQ_STACK_BYTES, addr);
}
