/* SPDX-License-Identifier: MIT */
/*
 * base/sysrq.h: keys that make the kernel tell about itself at any time: a break
 * on the console's serial line and then the key, or the key written to
 * /proc/sysrq-trigger. The letters are Linux's. An owner registers a key by
 *
 *   TABLE_ENTRY(sysrq_keys, struct sysrq_key, tasks) = { 't', "show-task-states(t)", show_tasks };
 *
 * run() may be called in any context, interrupts included: it logs, and waits
 * for nothing but for a bounded time.
 */
#ifndef BASE_SYSRQ_H
#define BASE_SYSRQ_H

#include "base/table.h"

struct sysrq_key {
	char key;
	const char *help;
	void (*run)(void);
};

/* What the key stands for, all of it on the console; an unknown one shows the keys. Any context. */
void sysrq_run(char key);
/* The same for who sits at the console, if kernel.sysrq allows it. */
void sysrq_press(char key);
/* What is allowed there: 0 nothing, 1 all, or bits of kinds of keys as sysrq(8)'s. Atomic. */
extern int32_t sysrq_allowed;

#endif
