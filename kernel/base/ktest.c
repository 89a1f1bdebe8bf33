/* SPDX-License-Identifier: MIT */
/*
 * The runner of the in-kernel tests: picks, shuffles, runs, and writes TAP. One
 * thread, so nothing is locked; lines go past the log, without its time stamps.
 */
#include "base/ktest.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "hal/cpu.h"
#include "lib/format.h"
#include "lib/hash.h"
#include "lib/string.h"

#if CONFIG_DEBUG

#define TESTS_MAX 512

static const struct ktest *chosen[TESTS_MAX];
static unsigned chosen_count;
static uint64_t seed, random_state;
static bool failed; /* the running test */

static void tap(const char *fmt, ...) __printf_like(1, 2);
static void tap(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vformat(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_emergency(line, min_t(size_t, (size_t)n, sizeof(line) - 1));
}

void ktest_fail(const char *file, int line, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	tap("# %s:%d: %s\n", file, line, text);
	failed = true;
}

uint64_t ktest_random(void)
{
	random_state += HASH_K0;
	return hash_u64(random_state);
}

static bool contains(const char *text, const char *part)
{
	for (; *text; text++)
		if (str_has_prefix(text, part))
			return true;
	return *part == '\0';
}

static void choose(const char *pattern)
{
	chosen_count = 0;
	TABLE_FOREACH(ktests, struct ktest, t) {
		bool wanted = t->panics ? strcmp(t->name, pattern) == 0 : contains(t->name, pattern);

		if (wanted && chosen_count < TESTS_MAX)
			chosen[chosen_count++] = t;
	}
}

static void shuffle(void)
{
	random_state = seed;
	for (unsigned i = chosen_count; i > 1; i--) {
		unsigned j = (unsigned)(ktest_random() % i);
		const struct ktest *t = chosen[i - 1];

		chosen[i - 1] = chosen[j];
		chosen[j] = t;
	}
}

static bool run_one(unsigned number, const struct ktest *t)
{
	failed = false;
	random_state = seed;
	for (const char *s = t->name; *s; s++)
		random_state = hash_2u64(random_state, (unsigned char)*s);
	t->run();
	tap("%sok %u - %s\n", failed ? "not " : "", number, t->name);
	if (failed)
		tap("# repeat with: ktest=%s ktest_seed=%llu\n", t->name, (unsigned long long)seed);
	return !failed;
}

bool ktest_run_all(void (*settle)(void))
{
	const char *pattern = cmdline_get("ktest");
	unsigned passed = 0;

	if (!pattern)
		return false;
	seed = (uint64_t)cmdline_number("ktest_seed", (int64_t)(cpu_cycles() >> 1 & 0xffffffff));
	choose(pattern);
	shuffle();
	tap("1..%u\n# ktest_seed=%llu\n", chosen_count, (unsigned long long)seed);
	for (unsigned i = 0; i < chosen_count; i++) {
		settle(); /* what the one before left to later is not to be counted in this one */
		passed += run_one(i + 1, chosen[i]);
	}
	tap("# ktest: %u passed, %u failed\n", passed, chosen_count - passed);
	return true;
}

#endif
