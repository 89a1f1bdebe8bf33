/* SPDX-License-Identifier: MIT */
/* Calls by their numbers, without the library between, and saying what they gave. */
#ifndef GUEST_RAW_H
#define GUEST_RAW_H

#include "tap.h"

/* The result, or an errno below zero. */
#define CALL(name, ...)                                       \
	({                                                    \
		errno = 0;                                    \
		long r_ = syscall(SYS_##name, ##__VA_ARGS__); \
		r_ == -1 ? -errno : r_;                       \
	})
/* Numbers, made in the order in which they stand. */
#define SAY(name, ...)                                                     \
	do {                                                               \
		long v_[] = { __VA_ARGS__ };                               \
		char t_[300] = "";                                         \
		for (unsigned i_ = 0; i_ < sizeof(v_) / sizeof(v_[0]); i_++) \
			sprintf(t_ + strlen(t_), " %ld", v_[i_]);          \
		TELL(name, "%s", t_ + 1);                                  \
	} while (0)

#endif /* GUEST_RAW_H */
