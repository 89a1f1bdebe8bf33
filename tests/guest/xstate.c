/* SPDX-License-Identifier: MIT */
/*
 * Extended registers over switches, forks, signals and execs: of threads that use
 * them always, now and then, or only once, since a kernel may treat these
 * differently.
 */
#include "tap.h"

#include <pthread.h>
#include <sched.h>

#define THREADS 6
#define TURNS   400

/* Two registers of 32 bytes, MXCSR and the x87 control word: what a thread's own look like. */
struct state {
	uint64_t low[4], high[4];
	uint32_t mxcsr;
	uint16_t control;
};

static void load(const struct state *s)
{
	__asm__ volatile("vmovdqu %0, %%ymm6; vmovdqu %1, %%ymm15; ldmxcsr %2; fldcw %3"
			 : : "m"(s->low), "m"(s->high), "m"(s->mxcsr), "m"(s->control)
			 : "xmm6", "xmm15");
}

/*
 * Gives the processor away by a bare system call, so that nothing else uses the
 * registers in between; then takes them down.
 */
static void call_and_store(long call, struct state *s)
{
	long result;

	memset(s, 0, sizeof(*s));
	__asm__ volatile("syscall\n\t"
			 "vmovdqu %%ymm6, %1; vmovdqu %%ymm15, %2; stmxcsr %3; fnstcw %4"
			 : "=a"(result), "=m"(s->low), "=m"(s->high), "=m"(s->mxcsr), "=m"(s->control)
			 : "0"(call) : "rcx", "r11", "memory");
}

static struct state state_of(unsigned who, unsigned turn)
{
	struct state s;

	memset(&s, 0, sizeof(s));
	for (unsigned i = 0; i < 4; i++) {
		s.low[i] = (who + 1) * 0x0101010101010101 + turn * 4 + i;
		s.high[i] = ~s.low[i];
	}
	s.mxcsr = 0x1f80 | (who % 4) << 13;
	s.control = 0x37f & ~((who % 3) << 8);
	return s;
}

static bool survives(unsigned who, unsigned turn)
{
	struct state before = state_of(who, turn), after;

	load(&before);
	call_and_store(SYS_sched_yield, &after);
	return !memcmp(&before, &after, sizeof(before));
}

/* Loads once, then only system calls, then looks. */
static bool survives_many(unsigned who)
{
	struct state before = state_of(who, 0), after;
	long result;

	load(&before);
	for (unsigned i = 0; i < TURNS; i++)
		__asm__ volatile("syscall" : "=a"(result) : "0"((long)SYS_sched_yield) : "rcx", "r11", "memory");
	call_and_store(SYS_sched_yield, &after);
	return !memcmp(&before, &after, sizeof(before));
}

static void *use(void *argument)
{
	unsigned who = (unsigned)(uintptr_t)argument;
	bool good = true;

	for (unsigned turn = 0; turn < TURNS; turn++)
		good &= who % 2 || turn % 16 == who ? survives(who, turn) : !sched_yield();
	return good && survives_many(who) ? NULL : argument + 1;
}

static bool threads_keep_theirs(void)
{
	pthread_t threads[THREADS];
	bool good = true;
	void *bad;

	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, use, (void *)i);
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &bad);
		good &= !bad;
	}
	return good;
}

/* The child of a bare fork has what its parent had. */
static bool child_has_them(void)
{
	struct state before = state_of(3, 0), after;
	pid_t child;
	int status;

	memset(&after, 0, sizeof(after));
	load(&before);
	__asm__ volatile("syscall\n\t"
			 "vmovdqu %%ymm6, %1; vmovdqu %%ymm15, %2; stmxcsr %3; fnstcw %4"
			 : "=a"(child), "=m"(after.low), "=m"(after.high), "=m"(after.mxcsr), "=m"(after.control)
			 : "0"((long)SYS_fork) : "rcx", "r11", "memory");
	if (!child)
		_exit(memcmp(&before, &after, sizeof(before)) ? 1 : 0);
	waitpid(child, &status, 0);
	return status == 0;
}

static volatile bool clean;

static void spoil(int number)
{
	struct state other = state_of(5, number), seen;

	call_and_store(SYS_getppid, &seen);
	clean = seen.mxcsr == 0x1f80 && seen.control == 0x37f;
	load(&other);
}

static bool handlers_have_their_own(void)
{
	struct state before = state_of(2, 0), after;
	long result;

	signal(SIGUSR1, spoil);
	load(&before);
	__asm__ volatile("syscall" : "=a"(result)
			 : "0"((long)SYS_kill), "D"((long)getpid()), "S"((long)SIGUSR1)
			 : "rcx", "r11", "memory");
	load(&before); /* getpid() or the compiler may have used some */
	raise(SIGUSR1);
	call_and_store(SYS_getppid, &after);
	return clean && after.mxcsr == before.mxcsr && after.control == before.control;
}

/* What an exec leaves: see main(). */
static bool exec_starts_fresh(void)
{
	return IN_CHILD(struct state s = state_of(1, 1);
			load(&s);
			execl("/proc/self/exe", "xstate", "fresh", NULL)) == 0;
}

int main(int argc, char **argv)
{
	struct state s;

	if (argc > 1 && !strcmp(argv[1], "fresh")) {
		call_and_store(SYS_getppid, &s);
		return s.mxcsr != 0x1f80 || s.control != 0x37f;
	}
	CHECK("a system call keeps them", survives(0, 0));
	CHECK("switches keep each thread's", threads_keep_theirs());
	CHECK("a child has its parent's", child_has_them());
	CHECK("a handler has fresh ones, and the program keeps its own", handlers_have_their_own());
	CHECK("a program starts with fresh ones", exec_starts_fresh());
	CHECK("still kept", survives_many(4));
	return tap_done();
}
