/* SPDX-License-Identifier: MIT */
/*
 * HAL_SYSCALL_FULL: a stub that stores the callee-saved registers into the
 * user frame before it calls the handler. The system-call entry leaves them
 * out (they survive the C code anyway); fork, exec, signal return and the like
 * need them. The handler's result becomes f->rax, and every register is then
 * loaded from the frame, so that the handler may change any of them; signal
 * return therefore returns f->rax.
 *
 * The entry code keeps one unused word below the frame (the stack is then
 * aligned for the call), so on entry to the stub the frame starts at 16(%rsp).
 * Called from anywhere else (upcall_syscall_slow() with a frame that is full
 * already) the stub is just the handler.
 */
#ifndef ARCH_X86_INLINE_SYSCALL_H
#define ARCH_X86_INLINE_SYSCALL_H

#define HAL_SYSCALL_FULL(stub, handler)                                                            \
	syscall_fn stub;                                                                           \
	__asm__(".pushsection .text\n.globl " #stub "\n.type " #stub ", @function\n" #stub ":\n"   \
		"cmpq $entry_syscall_return, (%rsp)\njne " #handler "\n"                         \
		"movq %r15, 16(%rsp)\nmovq %r14, 24(%rsp)\nmovq %r13, 32(%rsp)\n"                  \
		"movq %r12, 40(%rsp)\nmovq %rbp, 48(%rsp)\nmovq %rbx, 56(%rsp)\n"                  \
		"addq $8, %rsp\ncall " #handler "\njmp entry_syscall_exit_full\n"                  \
		".size " #stub ", . - " #stub "\n.popsection")

#endif
