/* SPDX-License-Identifier: MIT */
/*
 * hal/upcall.h: the functions machine code may call upward, and nothing else.
 * Each names the row that defines it.
 */
#ifndef HAL_UPCALL_H
#define HAL_UPCALL_H

#include "hal/context.h"
#include "lib/types.h"

/* init/: the first C code after arch/'s entry; on the boot stack, interrupts off. */
__noreturn void upcall_kernel_main(void);

/* sched/: the first code of another processor that runs there with everything set up; on its boot stack, interrupts off. */
__noreturn void upcall_cpu_main(void);

/* mem/: page-aligned, zeroed memory before the frame allocator runs (bump allocator). Panics when out. */
paddr_t upcall_boot_alloc(size_t bytes);
/* mem/: zeroed memory for extended state, 64-byte aligned. May sleep. NULL when out. */
void *upcall_xstate_alloc(size_t bytes);
void upcall_xstate_free(void *p);

/*
 * syscall/: the dispatch table, indexed by the entry code, called with the six
 * arguments in C order; interrupts on, on the thread's kernel stack. Numbers
 * beyond the table, and (when WORK_TRACE is set) all calls, go to
 * upcall_syscall_slow() with a full frame; it stores the result in f->rax. It
 * may call what stands in the table itself.
 * A handler that needs the full frame is entered through a stub made by
 * HAL_SYSCALL_FULL(stub_name, handler_name) of arch/x86/inline/syscall.h.
 */
typedef int64_t syscall_fn(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);
#define SYSCALL_TABLE_SIZE 464
extern syscall_fn *const upcall_syscall_table[SYSCALL_TABLE_SIZE];
void upcall_syscall_slow(struct user_frame *f);

/*
 * proc/: a page fault on a user address (from user mode, or inside a usercopy
 * routine). May sleep; interrupts on. 0 when served; otherwise the fault stands:
 * from user mode a signal has been raised, in usercopy the fix-up is taken.
 * error is the processor's error code.
 */
enum fault_access { FAULT_READ = 0, FAULT_WRITE = 1, FAULT_EXEC = 2 };
int upcall_user_fault(uaddr_t addr, enum fault_access access, bool from_user, uint64_t error);

/* proc/: any other exception from user mode; raises the signal. trapno is the vector. Interrupts on. */
void upcall_user_exception(struct user_frame *f, unsigned trapno, uint64_t error);

/* proc/: on the way to user mode with work pending; loops until none is. Frame is full. Interrupts on. */
void upcall_exit_to_user(struct user_frame *f);

/* sched/, debug builds only: about to go on in user mode, where nothing may be held. Any state of interrupts. */
void upcall_check_user(void);

/* sched/: the local timer fired. Interrupts off, interrupt stack. */
void upcall_timer(void);

/* sched/: end of an interrupt that came in kernel mode with preemption allowed and WORK_RESCHED set. Interrupts off. */
void upcall_preempt(void);

#endif
