/* SPDX-License-Identifier: MIT */
/*
 * The way in. A PVH boot loader (QEMU, our own BIOS loader) enters at
 * pvh_start: 32-bit protected mode, flat segments, paging off, interrupts off,
 * the start information's physical address in EBX. (The Xen tree's
 * docs/misc/pvh.pandoc and hvm_start_info describe this.)
 *
 * The first page tables map the first 4 GiB by 2 MiB pages three times: at
 * their own address, for the moment of the jump and for firmware's data; at
 * DIRECT_MAP_BASE, so that phys_to_virt() works from the first line of C; and,
 * the first of them, at KERNEL_BASE, where the kernel is linked.
 * mmu_init_production() replaces them all.
 *
 * Five levels (LA57) can only be turned on while paging is off, so it is here
 * that they are, where the processor has them and the command line has not the word
 * no5lvl. A table above then leads to the four-level root twice, from its first entry
 * and from its last: with the sign extended, all addresses are what they were.
 *
 * Until the jump everything is addressed by its physical address: LOW(symbol).
 */
#include "arch/x86/asm.h"

#define KERNEL_BASE 0xffffffff80000000
#define LOW(symbol) (symbol - KERNEL_BASE)

#define TABLE     0x03 /* present, writable */
#define LARGE     0x83 /* and a large page */
#define CR4_EARLY 0xa0 /* PAE, PGE */
#define CR0_EARLY 0x80050033 /* PG, AM, WP, NE, ET, MP, PE */
#define EFER_SCE  0
#define EFER_LME  8
#define CPUID_ID  0x200000
#define CPUID_LA57 16     /* leaf 7, ECX */
#define CR4_LA57   0x1000
#define START_COMMAND_LINE 24 /* in the start information */
#define NO5L 0x6c356f6e /* "no5l" */
#define VL   0x6c76     /* "vl" */
#define UART      0x3f8
#define SHADOW_FIRST  448 /* entries of the top table for SHADOW_BASE */
#define SHADOW_TABLES 32

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad LOW(pvh_start)

	.section .text.boot, "ax"
	.code32
	.globl pvh_start
	.type pvh_start, @function
pvh_start:
	cld
	movl $LOW(boot_stack_top), %esp
	movl %ebx, %esi

	pushfl /* is there CPUID at all? */
	popl %eax
	movl %eax, %ecx
	xorl $CPUID_ID, %eax
	pushl %eax
	popfl
	pushfl
	popl %eax
	xorl %ecx, %eax
	testl $CPUID_ID, %eax
	jz no_long_mode
	movl $0x80000000, %eax
	cpuid
	cmpl $0x80000001, %eax
	jb no_long_mode
	movl $0x80000001, %eax
	cpuid
	btl $29, %edx
	jnc no_long_mode

	movl $LOW(early_directory), %edi
	movl $LARGE, %eax
	movl $(4 * 512), %ecx
1:	movl %eax, (%edi)
	addl $0x200000, %eax
	addl $8, %edi
	decl %ecx
	jnz 1b
	movl $LOW(early_directory) + TABLE, LOW(early_low)
	movl $LOW(early_directory) + TABLE + 0x1000, LOW(early_low) + 8
	movl $LOW(early_directory) + TABLE + 0x2000, LOW(early_low) + 16
	movl $LOW(early_directory) + TABLE + 0x3000, LOW(early_low) + 24
	movl $LOW(early_directory) + TABLE, LOW(early_high) + 510 * 8
	movl $LOW(early_low) + TABLE, LOW(early_root)
	movl $LOW(early_low) + TABLE, LOW(early_root) + 256 * 8
	movl $LOW(early_high) + TABLE, LOW(early_root) + 511 * 8

#if CONFIG_KASAN /* the shadow of everything is one page of zeros, through one table a level */
	movl $LOW(mmu_shared_shadow), %ebx
	movl $3, %edx
2:	leal TABLE(%ebx), %eax
	leal 0x1000(%ebx), %edi
	movl $512, %ecx
1:	movl %eax, (%edi)
	addl $8, %edi
	decl %ecx
	jnz 1b
	addl $0x1000, %ebx
	decl %edx
	jnz 2b
	movl $LOW(early_root) + SHADOW_FIRST * 8, %edi
	movl $SHADOW_TABLES, %ecx
1:	movl $LOW(mmu_shared_shadow) + 3 * 0x1000 + TABLE, (%edi)
	addl $8, %edi
	decl %ecx
	jnz 1b
#endif

	xorl %eax, %eax
	cpuid
	cmpl $7, %eax
	jb four_levels
	movl $7, %eax
	xorl %ecx, %ecx
	cpuid
	btl $CPUID_LA57, %ecx
	jnc four_levels
	movl START_COMMAND_LINE(%esi), %edi
	testl %edi, %edi
	jz five_levels
	movb $' ', %al /* what stands before */
1:	cmpb $' ', %al
	jne 2f
	cmpl $NO5L, (%edi)
	jne 2f
	cmpw $VL, 4(%edi)
	jne 2f
	testb $~' ', 6(%edi) /* a blank, or the end */
	jz four_levels
2:	movb (%edi), %al
	incl %edi
	testb %al, %al
	jnz 1b
five_levels:
	movl $LOW(early_root) + TABLE, LOW(early_top)
	movl $LOW(early_root) + TABLE, LOW(early_top) + 511 * 8
	movl $LOW(early_top), LOW(early_cr3)
	orl $CR4_LA57, LOW(early_cr4)
four_levels:

	movl LOW(early_cr4), %eax
	movl %eax, %cr4
	movl LOW(early_cr3), %eax
	movl %eax, %cr3
	movl $MSR_EFER_NUMBER, %ecx
	rdmsr
	orl $(1 << EFER_SCE | 1 << EFER_LME), %eax
	wrmsr
	movl $CR0_EARLY, %eax
	movl %eax, %cr0
	lgdt LOW(boot_gdt_pointer)
	ljmp $SEL_KERNEL_CODE, $LOW(long_mode)

	.code64
long_mode:
	movabsq $high_half, %rax
	jmp *%rax
high_half:
	movl $SEL_KERNEL_DATA, %eax
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	xorl %edx, %edx
	movl $MSR_GS_BASE_NUMBER, %ecx /* processor 0's variables are the image's own */
	wrmsr
	incl %ecx /* and the user's GS base */
	wrmsr
	movq $boot_stack_top, %rsp
	xorl %ebp, %ebp
	movl %esi, %edi
	call arch_start
	ud2

	.code32
no_long_mode:
	movl $LOW(no_long_mode_text), %esi
	movl $0xb8000, %edi
1:	movb (%esi), %bl
	testb %bl, %bl
	jz 3f
	movl $0x10000, %ecx
	movw $(UART + 5), %dx
2:	inb %dx, %al
	testb $0x20, %al
	loopz 2b
	movw $UART, %dx
	movb %bl, %al
	outb %al, %dx
	movb $0x07, %ah
	movw %ax, (%edi)
	addl $2, %edi
	incl %esi
	jmp 1b
3:	cli
	hlt
	jmp 3b

no_long_mode_text:
	.asciz "Linnet needs a 64-bit processor (long mode).\r\n"
	.balign 4
boot_gdt_pointer:
	.word GDT_ENTRIES * 8 - 1
	.long LOW(cpu_gdt)
	.size pvh_start, . - pvh_start

	.data
	.balign 4
	.globl early_cr4, early_cr3
early_cr4: /* what other processors come with too */
	.long CR4_EARLY
early_cr3:
	.long LOW(early_root)

	.section .bss.pages, "aw", @nobits
	.balign 4096
	.globl boot_stack_guard, boot_stack_top
boot_stack_guard: /* not mapped in the production tables */
	.skip 4096
	.skip BOOT_STACK_BYTES
boot_stack_top:
early_top: /* other processors come through these tables too */
	.skip 4096
early_root:
	.skip 4096
early_low:
	.skip 4096
early_high:
	.skip 4096
early_directory:
	.skip 4 * 4096
#if CONFIG_KASAN
	.globl mmu_shared_shadow
mmu_shared_shadow:
	.skip 4 * 4096
#endif
