/* SPDX-License-Identifier: MIT */
/*
 * HAL_SYSCALL_FULL: a stub that stores the callee-saved registers into the
 * user frame before it calls the handler. The system-call entry leaves them
 * out (they survive the C code anyway); fork, exec, signal return and the like
 * need them. The stub is entered with a return address above the frame it is
 * called from, so the frame's first slot lies at 8(%rsp).
 */
#ifndef ARCH_X86_INLINE_SYSCALL_H
#define ARCH_X86_INLINE_SYSCALL_H

#define HAL_SYSCALL_FULL(stub, handler)                                                            \
	syscall_fn stub;                                                                           \
	asm(".pushsection .text\n.globl " #stub "\n.type " #stub ", @function\n" #stub ":\n"        \
	    "movq %r15, 8(%rsp)\nmovq %r14, 16(%rsp)\nmovq %r13, 24(%rsp)\nmovq %r12, 32(%rsp)\n"  \
	    "movq %rbp, 40(%rsp)\nmovq %rbx, 48(%rsp)\njmp " #handler "\n"                         \
	    ".size " #stub ", . - " #stub "\n.popsection")

#endif
