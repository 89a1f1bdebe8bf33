/* SPDX-License-Identifier: MIT */
/*
 * What the rows of ./linnet bench sched and ipc share. A row is a function that repeats one
 * operation n times and gives the time that took by now(), or less where it takes
 * away what it had to do in between. Rows may prepare something before the first
 * and tidy up after the last repetition. A failing call ends the program: a row that
 * measures an error would look fast.
 */
#ifndef BENCH_H
#define BENCH_H

#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct row {
	const char *name;
	uint64_t (*run)(unsigned n);	/* elapsed time of n repetitions */
	void (*prepare)(void);		/* may be NULL */
	void (*tidy)(void);		/* may be NULL */
	unsigned n;			/* repetitions when instructions are counted */
	unsigned operations;		/* in one repetition; 0 stands for 1 */
};

/* The clock in use: the time-stamp counter, or CLOCK_MONOTONIC in nanoseconds. */
extern uint64_t (*now)(void);

/* Ends the program with the row's name and errno, unless good. Gives good. */
long must(long good, const char *what);
#define MUST(call) must((long)(call) != -1, #call)

/* Names the row that runs, for such a message. */
void bench_row(const char *name);

/* A child, bench_partner, that repeats answer() until it is stopped. One at a time. */
void partner_start(void (*answer)(void));
void partner_stop(void);
extern pid_t bench_partner;

#define TIMED(n, body) ({					\
	uint64_t started_ = now();				\
	for (unsigned i_ = 0; i_ < (n); i_++) {			\
		body;						\
	}							\
	now() - started_;					\
})

/* Rows of one kind, to the first without a name. */
extern const struct row call_rows[], file_rows[], memory_rows[], process_rows[], wait_rows[];
extern const struct row ready_rows[], message_rows[], inet_rows[], shell_rows[];

/* All rows of rows_two.c. */
void two_run(void);

#endif
