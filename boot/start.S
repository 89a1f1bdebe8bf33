/* SPDX-License-Identifier: MIT */
/*
 * The assembly of stage 2: its 16-bit entry, the way to 32-bit C, the round trip back to real
 * mode for one BIOS call, and the jump into the kernel. All of it and all of its data lie below
 * 64 KiB, so that the same labels serve segment 0 of real mode and the flat segments.
 */
#include "layout.h"

#define SEL_CODE32	0x08
#define SEL_DATA32	0x10
#define SEL_CODE16	0x18
#define SEL_DATA16	0x20
#define SEL_TSS		0x28

/* struct bios_regs, see bios.h */
#define REGS_EAX	0
#define REGS_EBX	4
#define REGS_ECX	8
#define REGS_EDX	12
#define REGS_ESI	16
#define REGS_EDI	20
#define REGS_DS		24
#define REGS_ES		26
#define REGS_FLAGS	28
#define REGS_DWORDS	8

#define CR0_PE		1

	.section .text.start, "ax"
	.code16
	.globl	stage2_start
stage2_start:				/* DL: the drive; DS = ES = SS = 0 */
	cli
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orb	$CR0_PE, %al
	movl	%eax, %cr0
	ljmpl	$SEL_CODE32, $1f
	.code32
1:	movw	$SEL_DATA32, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	$STACK_TOP, %esp
	cld
	xorl	%eax, %eax
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep stosl
	movzbl	%dl, %edx
	xorl	%ebp, %ebp
	subl	$12, %esp		/* so that the stack is aligned to 16 at the call */
	pushl	%edx
	call	loader_main		/* does not return */

/*
 * void bios_interrupt(uint32_t vector, struct bios_regs *regs)
 *
 * The registers travel through bios_frame, since *regs may lie where real mode cannot reach.
 * The handler is called through its entry in the vector table: there is no "int" by register.
 */
	.text
	.globl	bios_interrupt
bios_interrupt:
	pushal
	movl	36(%esp), %eax
	movl	(,%eax,4), %eax
	movl	%eax, bios_handler
	movl	40(%esp), %esi
	movl	$bios_frame, %edi
	movl	$REGS_DWORDS, %ecx
	rep movsl
	movl	%esp, bios_saved_esp

	ljmpl	$SEL_CODE16, $1f	/* segments of real mode's shape, then real mode */
	.code16
1:	movw	$SEL_DATA16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	%cr0, %eax
	andb	$~CR0_PE, %al
	movl	%eax, %cr0
	ljmpw	$0, $2f
2:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	lidtl	real_idt_pointer

	movl	bios_frame + REGS_EAX, %eax
	movl	bios_frame + REGS_EBX, %ebx
	movl	bios_frame + REGS_ECX, %ecx
	movl	bios_frame + REGS_EDX, %edx
	movl	bios_frame + REGS_ESI, %esi
	movl	bios_frame + REGS_EDI, %edi
	movw	bios_frame + REGS_ES, %es
	movw	bios_frame + REGS_DS, %ds
	sti
	pushfw				/* what "int" would push: flags, and the far return */
	lcallw	*%cs:bios_handler
	pushfw
	cli
	cld
	popw	%cs:bios_frame + REGS_FLAGS
	movw	%ds, %cs:bios_frame + REGS_DS
	movw	%es, %cs:bios_frame + REGS_ES
	movl	%eax, %cs:bios_frame + REGS_EAX
	movl	%ebx, %cs:bios_frame + REGS_EBX
	movl	%ecx, %cs:bios_frame + REGS_ECX
	movl	%edx, %cs:bios_frame + REGS_EDX
	movl	%esi, %cs:bios_frame + REGS_ESI
	movl	%edi, %cs:bios_frame + REGS_EDI

	lgdtl	%cs:gdt_pointer		/* the BIOS may have used a table of its own */
	movl	%cr0, %eax
	orb	$CR0_PE, %al
	movl	%eax, %cr0
	ljmpl	$SEL_CODE32, $3f
	.code32
3:	movw	$SEL_DATA32, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	bios_saved_esp, %esp
	movl	40(%esp), %edi
	movl	$bios_frame, %esi
	movl	$REGS_DWORDS, %ecx
	rep movsl
	popal
	ret

/*
 * void kernel_enter(uint32_t entry, uint32_t start_info)
 *
 * The machine as the PVH boot protocol wants it: flat 32-bit segments, a task register with
 * base 0 and limit 0x67, only PE set in CR0, nothing in CR4, interrupts off, EBX the start info.
 */
	.globl	kernel_enter
kernel_enter:
	cli
	movl	4(%esp), %ecx
	movl	8(%esp), %ebx
	movw	$SEL_TSS, %ax
	ltr	%ax
	xorl	%eax, %eax
	movl	%eax, %cr4
	incl	%eax
	movl	%eax, %cr0
	pushl	$2
	popfl
	jmp	*%ecx

	.data
	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 32-bit code, 4 GiB */
	.quad	0x00cf93000000ffff	/* 32-bit data, 4 GiB */
	.quad	0x00009b000000ffff	/* 16-bit code, 64 KiB */
	.quad	0x000093000000ffff	/* 16-bit data, 64 KiB */
	.quad	0x0000890000000067	/* TSS */
gdt_end:

gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
real_idt_pointer:
	.word	0x3ff
	.long	0

	.balign	4
bios_handler:	.long	0
bios_saved_esp:	.long	0
bios_frame:	.fill	REGS_DWORDS, 4, 0

	.section .note.GNU-stack, "", @progbits
