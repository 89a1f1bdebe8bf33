/* SPDX-License-Identifier: MIT */
/*
 * hal/debug.h: a thread's machine state as a tracer or a core file has it:
 * registers, extended state, debug registers, single steps.
 *
 * Legal on a context that is switched out and stays so (a stopped one), and,
 * where said, on the running one. Its user frame must be full. No locks: who has
 * the context stopped owns it.
 */
#ifndef HAL_DEBUG_H
#define HAL_DEBUG_H

#include "hal/context.h"

/* The words of Linux's user_regs_struct: struct user_frame, then fs_base, gs_base, ds, es, fs, gs. */
#define DEBUG_REGISTERS 27

/* Register number index. The running context too. */
uint64_t debug_register(const struct context *c, unsigned index);
/* -EIO: not a value it can have. What a program cannot change stays. */
int debug_set_register(struct context *c, unsigned index, uint64_t value);

/* The registers a system call or a tracer's questions are about. */
static inline uint64_t debug_ip(const struct context *c) { return context_frame(c)->rip; }
static inline uint64_t debug_sp(const struct context *c) { return context_frame(c)->rsp; }

/* x87 and SSE as fxsave has them. The running context too. */
#define DEBUG_FX_BYTES 512
void debug_fx(const struct context *c, void *to);
int debug_set_fx(struct context *c, const void *from); /* -EINVAL: MXCSR has bits that do not exist */

/* All extended state in the standard form of XSAVE, cpu_features.xstate_size bytes. -ENODEV: no XSAVE. The running context too. */
int debug_xstate(const struct context *c, void *to);
int debug_set_xstate(struct context *c, const void *from); /* -EINVAL as Linux; -ENODEV */

/* Debug registers 0..7 as Linux shows them. Setting: -EIO (4 and 5), -EINVAL, -ENOMEM. May sleep. */
uint64_t debug_hardware(const struct context *c, unsigned n);
int debug_set_hardware(struct context *c, unsigned n, uint64_t value);

/* What upcall_user_exception() gets as the error code of a debug exception; neither: the program asked for it. */
#define DEBUG_STATUS_HARDWARE 0x000fUL /* breakpoints 0 to 3 */
#define DEBUG_STATUS_STEP     0x4000UL /* a single step */

/* Trap after each instruction; not when the program itself has set the flag for that. */
void debug_set_step(struct context *c, bool on);
static inline bool debug_steps(const struct context *c) { return c->step & CONTEXT_STEPS; }

/* exec, of the running context: no breakpoints, no steps. */
void debug_reset(void);

#endif
