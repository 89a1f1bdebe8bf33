/* SPDX-License-Identifier: MIT */
/*
 * What code of base/ and mem/ needs around it on the host: libshim.a has those
 * folders, compiled against the headers beside this one, and shim.c, which plays
 * the machine. A test may include a .c file of the kernel itself to reach inside;
 * then the library's copy is not linked.
 *
 * A panic() that the test announced comes back to it; any other ends the program.
 */
#ifndef SHIM_H
#define SHIM_H

#include "unit.h"

#include "base/panic.h"
#include "base/preempt.h"
#include "hal/boot.h"
#include "mem/frame.h"

#define SHIM_MEMORY MiB(64)

extern jmp_buf shim_panic_return;
extern bool shim_panic_expected;
extern char shim_panic_text[];

/* Memory and frame array as after a reset: full of garbage, nothing mapped. */
void shim_memory_init(void);
/* The same, and everything up to slab_init() done, on 64 MiB of RAM. */
void shim_mem_init(void);

/* assert that the statement panics; preemption and interrupts are set right afterwards. */
#define shim_assert_panics(statement)                         \
	do {                                                  \
		shim_panic_expected = true;                   \
		if (setjmp(shim_panic_return) == 0) {         \
			statement;                            \
			fail_msg("%s: no panic", #statement); \
		}                                             \
		shim_irq_on = true;                           \
		preempt_count = 0;                            \
	} while (0)

#endif
