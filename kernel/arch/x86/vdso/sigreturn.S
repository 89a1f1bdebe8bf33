/* SPDX-License-Identifier: MIT */
/*
 * The way back from a signal handler for programs that bring no restorer. The
 * exact bytes are those by which unwinders know a signal frame, so there is no
 * unwind information; the image's entry point names it to the kernel.
 */
#include <asm/unistd.h>

	.text
	.balign	16
	nop
	.globl	__vdso_rt_sigreturn
	.hidden	__vdso_rt_sigreturn
	.type	__vdso_rt_sigreturn, @function
__vdso_rt_sigreturn:
	movq	$__NR_rt_sigreturn, %rax
	syscall
	.size	__vdso_rt_sigreturn, . - __vdso_rt_sigreturn
	.section .note.GNU-stack, "", @progbits
