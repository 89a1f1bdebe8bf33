/* SPDX-License-Identifier: MIT */
/*
 * The part of hal/usercopy.h that is C: the futex operations, built on the
 * compare-and-exchange of copy.S.
 */
#include "hal/usercopy.h"
#include <linux/futex.h>

static int futex_apply(int op, uint32_t value, uint32_t arg, uint32_t *result)
{
	switch (op) {
	case FUTEX_OP_SET: *result = arg; return 0;
	case FUTEX_OP_ADD: *result = value + arg; return 0;
	case FUTEX_OP_OR: *result = value | arg; return 0;
	case FUTEX_OP_ANDN: *result = value & ~arg; return 0;
	case FUTEX_OP_XOR: *result = value ^ arg; return 0;
	default: return -ENOSYS;
	}
}

int usercopy_atomic_op32(uaddr_t at, int op, uint32_t arg, uint32_t *old)
{
	uint32_t expected, seen, result;
	int r = usercopy_load32(&seen, at);

	while (r == 0) {
		expected = seen;
		r = futex_apply(op, expected, arg, &result);
		if (r == 0)
			r = usercopy_cmpxchg32(at, expected, result, &seen);
		if (r == 0 && seen == expected) {
			*old = seen;
			return 0;
		}
	}
	return r;
}
