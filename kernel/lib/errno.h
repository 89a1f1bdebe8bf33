/* SPDX-License-Identifier: MIT */
/*
 * Error numbers: Linux's own, since they reach programs. Kernel functions
 * return them negated. ERR_PTR folds one into a pointer result where a
 * function has nothing else to return; the last page of the address space is
 * never mapped, so that such a pointer cannot be a real one.
 */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

#include "lib/types.h"

#if __STDC_HOSTED__
#include <errno.h>
#else
#include <linux/errno.h>
#endif

#define MAX_ERRNO 4095

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return unlikely((uintptr_t)p >= (uintptr_t)-MAX_ERRNO);
}

#endif
