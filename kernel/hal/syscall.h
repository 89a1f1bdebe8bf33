/* SPDX-License-Identifier: MIT */
/*
 * hal/syscall.h: HAL_SYSCALL_FULL(stub, handler) defines stub, a syscall_fn for
 * the dispatch table of hal/upcall.h that makes the user frame complete before it
 * calls handler, and loads every register from it afterwards.
 */
#ifndef HAL_SYSCALL_H
#define HAL_SYSCALL_H

#include "hal/upcall.h"

/* Where the entry code called a handler from, and where stubs leave for; nothing to be called. */
extern const char entry_syscall_return[], entry_syscall_exit_full[];

#include "arch/x86/inline/syscall.h"

#endif
