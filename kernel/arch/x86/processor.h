/* SPDX-License-Identifier: MIT */
/*
 * Inside arch/ only: the tables the processor reads, control registers, and
 * the per-processor words that entry.S uses.
 */
#ifndef ARCH_X86_PROCESSOR_H
#define ARCH_X86_PROCESSOR_H

#include "arch/x86/asm.h"
#include "arch/x86/msr.h"
#include "hal/context.h"

#define MSR_EFER           0xc0000080U
#define MSR_STAR           0xc0000081U
#define MSR_LSTAR          0xc0000082U
#define MSR_CSTAR          0xc0000083U
#define MSR_SFMASK         0xc0000084U
#define MSR_FS_BASE        0xc0000100U
#define MSR_GS_BASE        0xc0000101U
#define MSR_KERNEL_GS_BASE 0xc0000102U
#define MSR_PAT            0x277U

#define EFER_NXE BIT(11)

#define CR0_WP BIT(16)

#define CR4_MCE        BIT(6)
#define CR4_PGE        BIT(7)
#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP       BIT(11)
#define CR4_LA57       BIT(12)
#define CR4_FSGSBASE   BIT(16)
#define CR4_OSXSAVE    BIT(18)
#define CR4_SMEP       BIT(20)
#define CR4_SMAP       BIT(21)

#define FLAG_FIXED 0x002UL /* always one */
#define FLAG_DF    0x400UL
#define FLAG_IOPL  0x3000UL
#define FLAG_NT    0x4000UL
#define FLAG_AC    0x40000UL

#define VECTOR_DEBUG        VECTOR_DEBUG_NUMBER
#define VECTOR_NMI          2
#define VECTOR_BREAKPOINT   3
#define VECTOR_OVERFLOW     4
#define VECTOR_NO_DEVICE    7 /* extended state is used while it is off */
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_GENERAL      13
#define VECTOR_PAGE_FAULT   14
#define VECTOR_MACHINE      18

#define READ_CR(n)                                                              \
	static inline uint64_t cr##n##_read(void)                               \
	{                                                                       \
		uint64_t v;                                                     \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) : : "memory");  \
		return v;                                                       \
	}
READ_CR(0)
READ_CR(2)
READ_CR(3)
READ_CR(4)
#undef READ_CR

static inline void cr0_write(uint64_t v)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(v) : "memory");
}

static inline void cr3_write(uint64_t v)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}

static inline void cr4_write(uint64_t v)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(v) : "memory");
}

/* Intel SDM volume 3, 8.7: the 64-bit task state segment. */
struct tss {
	uint32_t reserved0;
	uint64_t rsp0;      /* where entries from user mode start: context.stack_top */
	uint64_t rsp1, rsp2, reserved1;
	uint64_t ist[7];    /* stacks of their own, IST_* - 1 */
	uint64_t reserved2;
	uint16_t reserved3, io_map;
} __packed;

enum { IST_DOUBLE_FAULT = 1, IST_NMI, IST_MACHINE, IST_DEBUG, IST_LAST = IST_DEBUG };

/* Per processor. Owner: this processor's entry code and context switch. */
extern struct tss cpu_tss;
extern uint64_t entry_user_rsp; /* scratch of entry_syscall */
extern uint32_t irq_depth;      /* interrupts and own-stack exceptions in progress */
extern vaddr_t irq_stack_top;   /* immutable */
extern struct user_frame *irq_frame; /* what the interrupt in progress interrupted */

extern uint64_t entry_rip_end; /* immutable after boot: programs' canonical addresses lie below */

/* Another processor's way up: its memory, by the boot processor; then its registers, by itself. */
void cpu_prepare_other(unsigned cpu, const struct cpu_memory *m, vaddr_t stack);
__noreturn void cpu_init_other(unsigned cpu);

/* True if [addr, addr + 16) lies on a stack of this processor or of the running thread. */
bool cpu_stack_holds(vaddr_t addr);

/* True if addr lies in an unmapped page beneath a stack of the image or of the stack region. */
bool cpu_stack_is_guard(vaddr_t addr);

/* paging.c: how many levels there are, as head.S left it. */
void paging_init_levels(void);

/* features.c: fills cpu_features. */
void features_init(void);

/* xstate.c */
void xstate_init_cpu(void); /* turns the state components on */
void xstate_switch_from(struct context *c); /* of a thread with user mode; interrupts off */
void xstate_switch_to(struct context *c);
void xstate_need(void); /* the running thread's comes into the registers; preemption off */
void xstate_copy(void *area); /* the running thread's; interrupts off */
/* Between the registers, which are on (xstate_need), and any area; preemption off. All components are written. */
void xstate_save_all(void *area);
void xstate_load(const void *area);
void xstate_load_initial(void); /* the running thread's becomes that after reset */
void xstate_prepare(void *area); /* a zeroed area becomes the initial state */
bool xstate_sanitize(void *area, bool extended); /* what came from a program may be loaded; false: it would have faulted */
size_t xstate_frame_bytes(void); /* in a signal frame */
void xstate_discard(struct context *c); /* its area was written by another: no registers are it any more */
bool xstate_mxcsr_valid(uint32_t mxcsr);
extern const uint8_t *const xstate_initial; /* the legacy area after reset */

/* debug.c */
void debug_switch(const struct context *next); /* loads its debug registers; interrupts off */
uint64_t debug_take(struct user_frame *f); /* a debug exception from user mode: why; interrupts off */
void debug_ignore(struct user_frame *f);   /* one in the kernel */

/* Linker script and assembly. */
extern char kernel_image_start[], kernel_image_end[];
extern char kernel_text_start[], kernel_text_end[];
extern char kernel_data_start[];
extern char percpu_start[], percpu_end[];
extern char usercopy_text_start[], usercopy_text_end[];
extern char boot_stack_guard[], boot_stack_top[];
extern char entry_stubs[], entry_syscall[];
__noreturn void context_start(void);
void context_switch_stack(vaddr_t *save, vaddr_t load);

#endif
