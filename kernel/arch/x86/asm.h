/* SPDX-License-Identifier: MIT */
/*
 * Numbers that C and assembly share: selectors, offsets into struct user_frame,
 * struct context and the TSS (context.c and cpu.c assert them), and the macros
 * that the assembly files have in common.
 */
#ifndef ARCH_X86_ASM_H
#define ARCH_X86_ASM_H

/* Linux's selectors: programs see the user ones. */
#define SEL_KERNEL_CODE32 0x08
#define SEL_KERNEL_CODE   0x10
#define SEL_KERNEL_DATA   0x18
#define SEL_USER_CODE32   0x23
#define SEL_USER_DATA     0x2b
#define SEL_USER_CODE     0x33
#define SEL_TSS           0x40
#define SEL_CPU_NODE      0x7b /* its limit is the processor number: for the vDSO, as on Linux */
#define GDT_ENTRIES       16

#define FRAME_R15      0
#define FRAME_R14      8
#define FRAME_R13      16
#define FRAME_R12      24
#define FRAME_RBP      32
#define FRAME_RBX      40
#define FRAME_R11      48
#define FRAME_R10      56
#define FRAME_R9       64
#define FRAME_R8       72
#define FRAME_RAX      80
#define FRAME_RCX      88
#define FRAME_RDX      96
#define FRAME_RSI      104
#define FRAME_RDI      112
#define FRAME_ORIG_RAX 120
#define FRAME_RIP      128
#define FRAME_CS       136
#define FRAME_RFLAGS   144
#define FRAME_RSP      152
#define FRAME_SS       160
#define FRAME_SIZE     168

#define CONTEXT_SP        0
#define CONTEXT_STACK_TOP 8
#define CONTEXT_WORK      16

#define TSS_RSP0 4

/* enum context_work, for the tests on the way in and out. */
#define ASM_WORK_RESCHED 0x01
#define ASM_WORK_SLOW    0x90 /* tracing and seccomp: what sends calls the slow way */
#define ASM_WORK_EXIT    0x6f /* everything but those, which only entry looks at */

#define ASM_SYSCALL_TABLE_SIZE 464

#define VECTOR_DEBUG_NUMBER 1

#define MSR_EFER_NUMBER    0xc0000080
#define MSR_GS_BASE_NUMBER 0xc0000101

#define FLAG_TF 0x100
#define FLAG_IF 0x200
#define FLAG_RF 0x10000

#define BOOT_STACK_BYTES (16384 << CONFIG_KASAN)

#ifdef __ASSEMBLER__
#define FUNCTION(name) \
	.globl name; .type name, @function; .balign 16; name:
#define END(name) .size name, . - name

/* stac and clac open and close user memory; three idle bytes unless there is SMAP. */
#define ASM_SMAP(b2) \
	661: .byte 0x0f, 0x1f, 0x00; \
	.pushsection .alternatives, "a"; \
	.quad 661b; .byte 0x0f, 0x01, b2, 0, 0, 0, 0, 0; .popsection
#define ASM_CLAC ASM_SMAP(0xca)
#define ASM_STAC ASM_SMAP(0xcb)

/* A fault at the instruction labelled at continues at fix. */
#define EXTABLE(at, fix) \
	.pushsection .extable, "a"; .quad at, fix; .popsection
#endif

#endif
