/* SPDX-License-Identifier: MIT */
/*
 * base/panic.h: what to do when the kernel itself is wrong.
 *
 * panic() stops the other processors, prints the reason, registers if there are
 * any, a symbolised backtrace, the thread, the last log lines, and the command
 * line; then halts, or restarts after panic= seconds (negative: at once). It
 * takes no locks and allocates nothing.
 *
 * assert() is for debug builds; verify() stays in every build, for what would
 * destroy data if it were wrong.
 */
#ifndef BASE_PANIC_H
#define BASE_PANIC_H

#include "hal/context.h"
#include "lib/types.h"

__noreturn __cold void panic(const char *fmt, ...) __printf_like(1, 2);

/* The same with the registers of an exception (the frame an exception entry built). */
__noreturn __cold void panic_frame(const struct user_frame *f, const char *fmt, ...) __printf_like(2, 3);

/* Seconds from panic= of the command line: 0 halts for ever. */
extern int32_t panic_timeout; /* atomic: kernel.panic */
/* Reads panic=; after cmdline_parse(). */
void panic_configure(void);

/* The processor in panic() + 1, or 0. Locks give way once it is set. */
extern uint32_t panic_cpu; /* atomic */
static inline bool panic_active(void)
{
	return unlikely(__atomic_load_n(&panic_cpu, __ATOMIC_RELAXED) != 0);
}

#define verify(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(!(cond)))                                                             \
			panic("%s:%d: violated: %s", __FILE__, __LINE__, #cond);                   \
	} while (0)

#if CONFIG_DEBUG
#define assert(cond) verify(cond)
#else
#define assert(cond) ((void)sizeof(!(cond)))
#endif

/* Name and offset of the function that holds a text address. NULL if none. */
const char *symbol_name(vaddr_t addr, uint64_t *offset);

#endif
