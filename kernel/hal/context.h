/* SPDX-License-Identifier: MIT */
/*
 * hal/context.h: the machine's part of a thread: its kernel stack, the user
 * registers at the top of it, the extended state, and the switch.
 *
 * A thread that runs in user mode enters the kernel at context.stack_top, where
 * the entry code builds a struct user_frame. System calls leave the
 * callee-saved registers (rbx rbp r12..r15) out of it; those slots are filled
 * before a handler that needs them runs (marked FULL in the system-call table)
 * and before the exit loop handles signals or tracing.
 */
#ifndef HAL_CONTEXT_H
#define HAL_CONTEXT_H

#include "hal/cpu.h"
#include "hal/mmu.h"
#include "lib/types.h"

/* The layout of Linux's struct pt_regs and user_regs_struct up to ss. */
struct user_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx;              /* callee-saved: see above */
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax; /* system call number, or ~0 when not in one */
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Bits of context.work, tested on every way to user mode. All atomic. */
enum context_work {
	WORK_RESCHED      = 1u << 0, /* another thread should run */
	WORK_SIGNAL       = 1u << 1, /* a signal may be deliverable: interruptible sleeps end */
	WORK_KILLED       = 1u << 2, /* must exit: killable sleeps end too */
	WORK_NOTIFY       = 1u << 3, /* deferred work of the process layer */
	WORK_TRACE        = 1u << 4, /* system call entry and exit go the slow way (ptrace, strace) */
	WORK_RESTORE_MASK = 1u << 5, /* the saved signal mask returns unless a handler runs */
	WORK_SECCOMP      = 1u << 7, /* entry goes the slow way, too: calls are asked about */
	WORK_CALL_END     = 1u << 6, /* the system call in progress began untraced, its end is to be told */
};

/* Single steps, see hal/debug.h. */
enum context_step {
	CONTEXT_STEPS       = 1, /* a tracer wants a trap after each instruction */
	CONTEXT_STEP_FORCED = 2, /* the trap flag is the tracer's, and hidden from it */
};

struct context_debug; /* arch/ */
struct context {
	vaddr_t sp;             /* owner: kernel stack pointer while switched out */
	vaddr_t stack_top;      /* immutable: where entries from user mode start */
	uint32_t work;          /* atomic: enum context_work */
	uint32_t faults_off;    /* owner: usercopy_disable_faults() depth */
	uint64_t fs_base;       /* owner: user FS base (thread-local storage) */
	uint64_t gs_base;       /* owner: user GS base */
	void *xstate;           /* owner: extended state save area, NULL in kernel threads */
	uint16_t xstate_cpu;    /* owner: 1 + processor whose registers got its extended state last; 0 none */
	uint8_t xstate_uses;    /* owner: in how many of its last turns it used extended state; wraps */
	uint8_t step;           /* owner, or who has it stopped: enum context_step */
	uint32_t debug_status;  /* the same: DR6 as tracers see it, but for the bits that are always set */
	struct context_debug *debug; /* the same: debug registers, NULL until some were set */
	const char *name;       /* immutable pointer: the thread's name, for fault reports */
};

/* This processor's running context: never NULL, before context_adopt() one that stands for the boot. */
extern struct context *context_running; /* per processor */
static inline struct context *context_current(void)
{
	return cpu_local_read_stable(context_running);
}

/* Makes c the running context of this processor, at boot, for the boot stack. */
void context_adopt(struct context *c);

/*
 * Prepares a new context on the kernel stack [stack_top - KSTACK_BYTES, stack_top):
 * the first switch to it calls entry(arg), interrupts off, as context_switch()
 * left them; entry must run the scheduler's tail first and never return.
 */
void context_init(struct context *c, vaddr_t stack_top, void (*entry)(void *arg), void *arg);

/* Extended state for a context that will run in user mode. May sleep. -ENOMEM. */
int context_user_init(struct context *c);
/* Releases what context_user_init() got. The context must not be running. */
void context_user_destroy(struct context *c);

/*
 * Switches from prev (the running one) to next. Interrupts off. Returns when
 * prev is switched to again. Swaps extended state and FS/GS bases as needed;
 * the address space is the caller's business (mmu_switch).
 */
void context_switch(struct context *prev, struct context *next);

/* The frame at the top of a user thread's stack; valid inside system calls and exceptions. */
static inline struct user_frame *context_frame(const struct context *c)
{
	return (struct user_frame *)c->stack_top - 1;
}

/*
 * fork: the child (context_init() and context_user_init() done) gets the
 * parent's frame (which must be full), extended state and bases; its rax is 0.
 */
void context_fork(struct context *child, const struct context *parent);

/* exec: the current context gets fresh registers and extended state, and starts at entry. */
void context_exec(uaddr_t entry, uaddr_t stack);

/* Leaves for user mode with the frame at the top of the current stack; runs the exit loop first. */
__noreturn void context_enter_user(void);

/* arch_prctl and clone's TLS. c is the current context or a child not yet run. -EPERM: not a user address. */
int context_set_fs(struct context *c, uint64_t base);
int context_set_gs(struct context *c, uint64_t base);
uint64_t context_get_fs(void);
uint64_t context_get_gs(void);

/* Return addresses from frame pointer fp on, never faulting. Number stored. */
unsigned context_backtrace(uint64_t fp, vaddr_t *out, unsigned max);

/* The same of a context that is switched out and stays so meanwhile. */
unsigned context_backtrace_of(const struct context *c, vaddr_t *out, unsigned max);

/*
 * Signal frames: Linux's rt_sigframe with the extended state.
 * push builds the frame on the user stack and sets f to enter the handler;
 * pop is rt_sigreturn: restores registers, gives back mask and alternate stack.
 * -EFAULT when the user's stack is bad. Both may sleep; current context only.
 */
struct signal_delivery {
	int signo;
	uaddr_t handler, restorer;
	uint64_t flags;          /* SA_* */
	uint64_t mask;           /* the mask to be restored by rt_sigreturn */
	uaddr_t altstack_sp;     /* saved in uc_stack */
	uint64_t altstack_size;
	uint32_t altstack_flags;
	bool on_altstack;        /* start from altstack_sp + altstack_size, not from rsp */
	const void *siginfo;     /* 128 bytes, siginfo_t of <asm/siginfo.h> */
	uint64_t trapno, error, cr2; /* of the fault, for uc_mcontext */
};
int context_push_signal(struct user_frame *f, const struct signal_delivery *d);

struct signal_return {
	uint64_t mask;
	uaddr_t altstack_sp;
	uint64_t altstack_size;
	uint32_t altstack_flags;
};
int context_pop_signal(struct user_frame *f, struct signal_return *r);

/* Least size of an alternate stack (AT_MINSIGSTKSZ). */
size_t context_signal_min_stack(void);

#endif
