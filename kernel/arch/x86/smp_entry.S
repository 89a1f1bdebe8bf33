/* SPDX-License-Identifier: MIT */
/*
 * The way in of every processor but the first. A start interrupt sets it going
 * in real mode at the start of a page below 1 MiB, where smp.c has put a copy of
 * the trampoline. That is only as long as it takes to reach 32-bit code in the
 * image; from there it goes as in head.S, through the same first tables, to the
 * kernel's own root. Then it draws a ticket: all come at once, and the ticket
 * says which stack is whose.
 */
#include "arch/x86/asm.h"

#define KERNEL_BASE 0xffffffff80000000
#define LOW(symbol) (symbol - KERNEL_BASE)

#define CR0_EARLY 0x80050033 /* PG, AM, WP, NE, ET, MP, PE */
#define CR0_PE    0x1

	.section .rodata
	.globl smp_trampoline, smp_trampoline_end
	.code16
smp_trampoline:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl trampoline_gdt_pointer - smp_trampoline
	movl %cr0, %eax
	orl $CR0_PE, %eax
	movl %eax, %cr0
	ljmpl $SEL_KERNEL_CODE32, $LOW(smp_protected)
	.balign 4
trampoline_gdt_pointer:
	.word GDT_ENTRIES * 8 - 1
	.long LOW(cpu_gdt)
smp_trampoline_end:

	.section .text.boot, "ax"
	.code32
smp_protected:
	movl $SEL_KERNEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl LOW(early_cr4), %eax
	movl %eax, %cr4
	movl LOW(early_cr3), %eax
	movl %eax, %cr3
	movl $MSR_EFER_NUMBER, %ecx
	rdmsr
	orl LOW(smp_efer), %eax /* no execute too: the kernel's tables have that bit */
	wrmsr
	movl $CR0_EARLY, %eax
	movl %eax, %cr0
	ljmp $SEL_KERNEL_CODE, $LOW(smp_long)

	.code64
smp_long:
	movabsq $1f, %rax
	jmp *%rax
1:	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movq mmu_kernel_root, %rax
	movq %rax, %cr3
	movl $1, %edi
	lock xaddl %edi, smp_tickets
	cmpl smp_ticket_limit, %edi
	jae 2f
	movq smp_stack(,%rdi,8), %rsp
	xorl %ebp, %ebp
	call smp_arrive
2:	cli
	hlt
	jmp 2b
