/* SPDX-License-Identifier: MIT */
/*
 * base/ktest.h: tests that run inside the kernel, in debug builds, before init
 * starts. They live in tests/kernel/, and register themselves:
 *
 *   KTEST(frame_alloc_zeroes)
 *   {
 *           check(page != NULL);
 *           check_equal(word, 0);
 *   }
 *
 * "ktest" on the command line runs them all, "ktest=TEXT" those whose name
 * contains TEXT, in an order that ktest_seed=N repeats. Results are TAP lines on
 * the console. A test of a check that ends in panic() is KTEST_PANICS: it runs
 * only when named in full, and the panic's text is the result. KTEST_REPORTS is
 * the same for a bug planted for a sanitizer; the report must contain the text.
 *
 * Tests run one after the other in one thread, and may sleep if that one may.
 */
#ifndef BASE_KTEST_H
#define BASE_KTEST_H

#include "base/table.h"
#include "lib/types.h"

struct ktest {
	const char *name;   /* all immutable */
	void (*run)(void);
	bool panics;
};

#define KTEST_ENTRY(test, panics_)                                                                 \
	static void test(void);                                                                    \
	TABLE_ENTRY(ktests, struct ktest, test) = { .name = #test, .run = test, .panics = panics_ }; \
	static void test(void)
#define KTEST(test)	   KTEST_ENTRY(test, false)
#define KTEST_PANICS(test) KTEST_ENTRY(test, true)
#define KTEST_REPORTS(test, text) KTEST_ENTRY(test, true)

/* Ends the function it stands in (a test, or a helper without result) if cond is false. */
#define check(cond)                                                                                \
	do {                                                                                       \
		if (unlikely(!(cond))) {                                                           \
			ktest_fail(__FILE__, __LINE__, "not true: %s", #cond);                     \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#define check_equal(a, b)                                                                          \
	do {                                                                                       \
		uint64_t ktest_a_ = (uint64_t)(a), ktest_b_ = (uint64_t)(b);                       \
		if (unlikely(ktest_a_ != ktest_b_)) {                                              \
			ktest_fail(__FILE__, __LINE__, "%s is 0x%llx, %s is 0x%llx", #a,           \
				   (unsigned long long)ktest_a_, #b, (unsigned long long)ktest_b_); \
			return;                                                                    \
		}                                                                                  \
	} while (0)

#if CONFIG_DEBUG
void ktest_fail(const char *file, int line, const char *fmt, ...) __printf_like(3, 4);

/* A random number that the seed and the name of the running test repeat. */
uint64_t ktest_random(void);

/* Runs what the command line asks for, settle() before each. False at once if it asks for nothing. */
bool ktest_run_all(void (*settle)(void));
#else
static inline bool ktest_run_all(void (*settle)(void)) { return false; }
#endif

#endif
