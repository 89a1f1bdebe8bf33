/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary of the whole kernel: names for the kinds of address, the few
 * macros and attributes that every file uses. Nothing here has any state.
 *
 * A user address is an integer on purpose: it cannot be dereferenced by
 * accident. Only hal/usercopy.h turns one into memory.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* GCC's <limits.h> asks for the C library's, which the kernel does not have. */
#if __STDC_HOSTED__
#include <limits.h>
#else
#define CHAR_BIT  __CHAR_BIT__
#define INT_MAX	  __INT_MAX__
#define INT_MIN	  (-INT_MAX - 1)
#define UINT_MAX  (INT_MAX * 2U + 1)
#define LONG_MAX  __LONG_MAX__
#define LONG_MIN  (-LONG_MAX - 1)
#define ULONG_MAX (LONG_MAX * 2UL + 1)
#endif

typedef uint64_t paddr_t; /* physical address, bytes */
typedef uint64_t vaddr_t; /* kernel virtual address as a number */
typedef uint64_t uaddr_t; /* user virtual address: never a pointer */
typedef uint64_t pfn_t;	  /* page frame number: paddr / 4096 */
typedef int64_t nsec_t;	  /* nanoseconds, signed */
typedef int64_t loff_t;	  /* position in a file, bytes */
typedef long ssize_t;	  /* count of bytes, or a negative errno */

#define KiB(n) ((n) * 1024UL)
#define MiB(n) ((n) * 1024UL * 1024)
#define GiB(n) ((n) * 1024UL * 1024 * 1024)

#define BIT(n) (1UL << (n))

#define __printf_like(fmt, args) __attribute__((__format__(__printf__, fmt, args)))
#define __noreturn		 __attribute__((__noreturn__))
#define __packed		 __attribute__((__packed__))
#define __aligned(n)		 __attribute__((__aligned__(n)))
#define __must_check		 __attribute__((__warn_unused_result__))
#define __section(s)		 __attribute__((__section__(s)))
#define __cold			 __attribute__((__cold__))
#undef __always_inline
#define __always_inline inline __attribute__((__always_inline__))

#ifndef static_assert
#define static_assert _Static_assert
#endif

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* One access, neither torn, repeated nor dropped by the compiler; no ordering. */
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* Elements of an array; does not compile for a pointer. */
#define ARRAY_SIZE(a)                                                                 \
	(sizeof(a) / sizeof((a)[0]) +                                                 \
	 0 * sizeof(struct {                                                          \
		 int not_an_array                                                     \
			 : 1 - 2 * !!__builtin_types_compatible_p(__typeof__(a),      \
								  __typeof__(&(a)[0])); \
	 }))

/* The structure of which *ptr is the named member. */
#define container_of(ptr, type, member)                                             \
	({                                                                          \
		static_assert(                                                      \
			__builtin_types_compatible_p(__typeof__(*(ptr)),            \
						     __typeof__(((type *)0)->member)) || \
				__builtin_types_compatible_p(__typeof__(*(ptr)), void), \
			"container_of: pointer and member differ");                 \
		(type *)((uintptr_t)(ptr)-offsetof(type, member));                  \
	})

/* Both arguments must have the same type; each is evaluated once. May be nested. */
#define min(a, b) choose_(<, a, b, __COUNTER__)
#define max(a, b) choose_(>, a, b, __COUNTER__)
#define choose_(op, a, b, id) choose_named_(op, a, b, id)
#define choose_named_(op, a, b, id)                        \
	({                                                 \
		__auto_type choose_a_##id = (a);           \
		__auto_type choose_b_##id = (b);           \
		(void)(&choose_a_##id == &choose_b_##id);  \
		choose_a_##id op choose_b_##id ?           \
			choose_a_##id :                    \
			choose_b_##id;                     \
	})

/* Both converted to the named type first. */
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))

/* n is a power of two; the result has x's type (constants stay constants). */
#define align_down(x, n) ((x) & ~((__typeof__(x))(n)-1))
#define align_up(x, n)	 (((x) + ((__typeof__(x))(n)-1)) & ~((__typeof__(x))(n)-1))
#define is_aligned(x, n) (((x) & ((__typeof__(x))(n)-1)) == 0)

#define is_power_of_2(x) ((x) != 0 && ((x) & ((x)-1)) == 0)
#define div_round_up(x, n) (((x) + (n)-1) / (n))

#endif
