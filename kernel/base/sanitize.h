/* SPDX-License-Identifier: MIT */
/*
 * base/sanitize.h: how the run-times of the sanitizer builds (make SAN=...)
 * report what they find. A report has a heading and the call trace of whoever
 * is at fault; then the kernel panics, or, with sanitize=report on the command
 * line, goes on after having counted it. Calls come in this order:
 *
 *   if (sanitize_begin(caller, "KASAN: use after free: ...")) {
 *           sanitize_say("freed by:\n");
 *           sanitize_say_chain(chain, n);
 *           sanitize_end();
 *   }
 *
 * Nothing here takes a lock, allocates, or is instrumented; any context.
 */
#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#include "lib/types.h"

/*
 * Starts a report about the code at the address caller: heading and call trace.
 * False, and nothing printed, if this place was reported before, or this
 * processor is in the middle of a report or of a panic.
 */
bool sanitize_begin(vaddr_t caller, const char *fmt, ...) __printf_like(2, 3);
void sanitize_say(const char *fmt, ...) __printf_like(1, 2);
/* A call chain as context_backtrace() gives it. */
void sanitize_say_chain(const vaddr_t *chain, unsigned n);
/* Ends the report: panics unless the command line says otherwise. */
void sanitize_end(void);

/* Reports so far. */
unsigned sanitize_count(void);

#endif
