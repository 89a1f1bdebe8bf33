/* SPDX-License-Identifier: MIT */
/*
 * The gates between user mode, interrupts and C.
 *
 * Every way in builds a struct user_frame (hal/context.h). From user mode it
 * lies at the top of the thread's kernel stack, whose address stands in the
 * TSS, so that `syscall` and the processor's own entries share one word.
 *
 * GS: in the kernel it is this processor's distance to its variables, in user
 * mode the program's; swapgs exchanges the two. Entries that can only come from
 * where CS says look at CS. NMI, double fault and machine check may hit between
 * an entry and its swapgs; they run on stacks of their own, whose top word
 * holds the right value to compare with.
 *
 * System calls: rcx and r11 hold rip and rflags; the callee-saved registers
 * survive C code and are not stored. When work is pending, the frame is made
 * full, upcall_exit_to_user() runs with interrupts on, and everything is loaded
 * from the frame. sysret is used only where rcx and r11 are what it leaves
 * there, rip is canonical (Intel's sysret faults in kernel mode with the user's
 * stack otherwise), and no trap or resume flag is to be set. Selectors in the
 * frame are the two user ones, always, so that iretq cannot fault either.
 *
 * An interrupt changes to the processor's interrupt stack unless it is on it.
 * Handlers run with interrupts off; irq_depth counts them and the exceptions on
 * stacks of their own.
 */
#include "arch/x86/asm.h"

	.section .text.entry, "ax"

/* After rdi has been pushed. */
.macro PUSH_REGISTERS
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	cld
	ASM_CLAC
.endm

/* Leaves orig_rax on the stack. */
.macro POP_REGISTERS
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
.endm

.macro STORE_CALLEE_SAVED
	movq %r15, FRAME_R15(%rsp)
	movq %r14, FRAME_R14(%rsp)
	movq %r13, FRAME_R13(%rsp)
	movq %r12, FRAME_R12(%rsp)
	movq %rbp, FRAME_RBP(%rsp)
	movq %rbx, FRAME_RBX(%rsp)
.endm

/* Zero flag set when nothing is to be done before user mode. Interrupts off. Uses rcx. */
.macro TEST_WORK
	movq %gs:context_running, %rcx
	testl $ASM_WORK_EXIT, CONTEXT_WORK(%rcx)
.endm

/* Calls with the stack aligned; the frame is 8 bytes off. */
.macro CALL_ALIGNED function
	subq $8, %rsp
	call \function
	addq $8, %rsp
.endm

/* Debug builds: before user mode. The frame is 8 bytes off; what is in registers is stored. */
.macro CHECK_USER
#if CONFIG_DEBUG
	CALL_ALIGNED upcall_check_user
#endif
.endm

FUNCTION(entry_syscall)
	swapgs
	movq %rsp, %gs:entry_user_rsp
	movq %gs:cpu_tss + TSS_RSP0, %rsp
	pushq $SEL_USER_DATA
	pushq %gs:entry_user_rsp
	pushq %r11
	pushq $SEL_USER_CODE
	pushq %rcx
	pushq %rax /* orig_rax */
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq $-38 /* rax: ENOSYS until there is a result */
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	subq $(6 * 8 + 8), %rsp /* callee-saved, and a word to align the stack */
	sti
	movq %gs:context_running, %r11
	movl %eax, %eax
	testl $ASM_WORK_SLOW, CONTEXT_WORK(%r11)
	jnz syscall_slow
	cmpq $ASM_SYSCALL_TABLE_SIZE, %rax
	jae syscall_slow
	movq %r10, %rcx
	call *upcall_syscall_table(,%rax,8)
	.globl entry_syscall_return
entry_syscall_return: /* HAL_SYSCALL_FULL knows by this address who called */
#if CONFIG_DEBUG
	pushq %rax
	CALL_ALIGNED upcall_check_user
	popq %rax
#endif
	addq $8, %rsp
	cli
	TEST_WORK
	jnz syscall_work
	movq FRAME_R11(%rsp), %r11
	movq FRAME_RIP(%rsp), %rcx
	testl $(FLAG_TF | FLAG_RF), %r11d
	jnz syscall_flags
	movq FRAME_RDI(%rsp), %rdi
	movq FRAME_RSI(%rsp), %rsi
	movq FRAME_RDX(%rsp), %rdx
	movq FRAME_R10(%rsp), %r10
	movq FRAME_R9(%rsp), %r9
	movq FRAME_R8(%rsp), %r8
	movq FRAME_RSP(%rsp), %rsp
	swapgs
	sysretq

syscall_slow:
	addq $8, %rsp
	STORE_CALLEE_SAVED
	movq %rsp, %rdi
	CALL_ALIGNED upcall_syscall_slow
	jmp exit_full

syscall_flags:
	movq %rax, FRAME_RAX(%rsp)
	STORE_CALLEE_SAVED
	jmp restore

syscall_work:
	movq %rax, FRAME_RAX(%rsp)
	STORE_CALLEE_SAVED
	jmp exit_work
END(entry_syscall)

/* Where the stubs of HAL_SYSCALL_FULL end: rax is the result, the frame is full. */
FUNCTION(entry_syscall_exit_full)
	addq $8, %rsp
	movq %rax, FRAME_RAX(%rsp)
exit_full:
	cli
exit_check:
	TEST_WORK
	jz restore
exit_work:
	sti
	movq %rsp, %rdi
	CALL_ALIGNED upcall_exit_to_user
	jmp exit_full

/* Interrupts off, rsp is the full frame, no work. */
restore:
	CHECK_USER
	movq FRAME_RIP(%rsp), %rcx
	cmpq entry_rip_end, %rcx
	jae restore_bad_rip
	cmpq %rcx, FRAME_RCX(%rsp)
	jne restore_iret
	movq FRAME_RFLAGS(%rsp), %rdx
	cmpq %rdx, FRAME_R11(%rsp)
	jne restore_iret
	testl $(FLAG_TF | FLAG_RF), %edx
	jnz restore_iret
	POP_REGISTERS
	movq (FRAME_RSP - FRAME_ORIG_RAX)(%rsp), %rsp
	swapgs
	sysretq
restore_iret:
	POP_REGISTERS
	addq $8, %rsp
	swapgs
	iretq
restore_bad_rip:
	sti
	movq %rsp, %rdi
	CALL_ALIGNED fault_bad_rip
	jmp exit_full
END(entry_syscall_exit_full)

FUNCTION(context_enter_user)
	cli
	xorl %ebp, %ebp
	movq %gs:context_running, %rax
	movq CONTEXT_STACK_TOP(%rax), %rsp
	subq $FRAME_SIZE, %rsp
	jmp exit_check
END(context_enter_user)

/* The first code of a kernel thread: see context_init(). */
FUNCTION(context_start)
	movq %r12, %rdi
	xorl %ebp, %ebp
	call *%rbx
	ud2
END(context_start)

/* context_switch_stack(vaddr_t *save, vaddr_t load) */
FUNCTION(context_switch_stack)
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
END(context_switch_stack)

/* rdi: vector; the old rdi, orig_rax (-1) and the processor's words are on the stack. */
FUNCTION(entry_interrupt)
	PUSH_REGISTERS
	testb $3, FRAME_CS(%rsp)
	jz 1f
	swapgs
	xorl %ebp, %ebp
1:	movq %rsp, %rbx
	movq %rsp, %gs:irq_frame
	incl %gs:irq_depth
	cmpl $1, %gs:irq_depth
	jne 2f
	movq %gs:irq_stack_top, %rsp
2:	andq $-16, %rsp
	call arch_interrupt
	movq %rbx, %rsp
	decl %gs:irq_depth
	testb $3, FRAME_CS(%rsp)
	jnz exit_interrupt
	testl $FLAG_IF, FRAME_RFLAGS(%rsp)
	jz restore_kernel
	cmpl $0, %gs:preempt_count
	jne restore_kernel
	movq %gs:context_running, %rax
	testl $ASM_WORK_RESCHED, CONTEXT_WORK(%rax)
	jz restore_kernel
	CALL_ALIGNED upcall_preempt
restore_kernel:
	POP_REGISTERS
	addq $8, %rsp
	iretq
END(entry_interrupt)

/* rdi: vector; the old rdi, the error code and the processor's words are on the stack. */
FUNCTION(entry_exception)
	PUSH_REGISTERS
	movl %edi, %esi
	movq FRAME_ORIG_RAX(%rsp), %rdx
	movq $-1, FRAME_ORIG_RAX(%rsp)
	movq %rsp, %rdi
	testb $3, FRAME_CS(%rsp)
	jz 1f
	swapgs
	xorl %ebp, %ebp
	CALL_ALIGNED fault_from_user
	cli
exit_interrupt:
	TEST_WORK
	jnz exit_work
	CHECK_USER
	jmp restore_iret /* rip came from the processor, so it is canonical */
1:	CALL_ALIGNED fault_from_kernel
	cli
	jmp restore_kernel
END(entry_exception)

/*
 * A debug exception may come in the kernel at any instruction, even before the first
 * swapgs, so it has a stack of its own; from user mode it goes on as any exception, on
 * the thread's. The old rdi, a zero and the processor's words are on the stack.
 */
FUNCTION(entry_debug)
	testb $3, 24(%rsp)
	jz entry_own_stack
	swapgs
	movq %rsp, %rdi
	movq %gs:cpu_tss + TSS_RSP0, %rsp
	pushq 48(%rdi)
	pushq 40(%rdi)
	pushq 32(%rdi)
	pushq 24(%rdi)
	pushq 16(%rdi)
	pushq 8(%rdi)
	pushq (%rdi)
	swapgs
	movl $VECTOR_DEBUG_NUMBER, %edi
	jmp entry_exception
END(entry_debug)

/* The same for the vectors that have their own stack; nothing here may sleep. */
FUNCTION(entry_own_stack)
	PUSH_REGISTERS
	movl %edi, %esi
	movq $MSR_GS_BASE_NUMBER, %rcx
	rdmsr
	shlq $32, %rdx
	orq %rdx, %rax
	xorl %ebx, %ebx
	cmpq FRAME_SIZE(%rsp), %rax
	je 1f
	swapgs
	incl %ebx
1:	movq FRAME_ORIG_RAX(%rsp), %rdx
	movq $-1, FRAME_ORIG_RAX(%rsp)
	movq %rsp, %rdi
	incl %gs:irq_depth
	CALL_ALIGNED fault_own_stack
	decl %gs:irq_depth
	testl %ebx, %ebx
	jz restore_kernel
	swapgs
	jmp restore_kernel
END(entry_own_stack)

/* One stub of 16 bytes a vector. The processor itself pushes an error code for some. */
	.balign 16
	.globl entry_stubs
entry_stubs:
	.set vector, 0
	.set with_error, 1 << 8 | 0x1f << 10 | 1 << 17 | 1 << 21 | 3 << 29
	.rept 256
	.balign 16
	.if vector >= 32
	pushq $-1
	.elseif !(with_error >> vector & 1)
	pushq $0
	.endif
	pushq %rdi
	movl $vector, %edi
	.if vector >= 32
	jmp entry_interrupt
	.elseif vector == 2 || vector == 8 || vector == 18
	jmp entry_own_stack
	.elseif vector == VECTOR_DEBUG_NUMBER
	jmp entry_debug
	.else
	jmp entry_exception
	.endif
	.set vector, vector + 1
	.endr
	.balign 16
