/* SPDX-License-Identifier: MIT */
/* The PVH entry of the test payload: the registers that the protocol speaks of go to C. */
	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 4, 18		/* sizes of name and value, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	payload_entry

	.text
	.globl	payload_entry
payload_entry:
	movl	%esp, %eax		/* the protocol gives no stack */
	movl	$stack_top, %esp
	pushfl
	movl	%cr4, %eax
	pushl	%eax
	movl	%cr0, %eax
	pushl	%eax
	pushl	%ebx
	cld
	call	payload_main		/* does not return */

	.bss
	.balign	16
	.skip	16384
stack_top:

	.section .note.GNU-stack, "", @progbits
