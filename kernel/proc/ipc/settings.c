/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/settings.c: how many objects of System V IPC there may be, and how large,
 * as /proc/sys/kernel says and lets the administrator change. Objects that are there
 * stay when a limit sinks below them. All are single words, read and set atomically.
 */
#include "base/table.h"
#include "proc/ipc/ipc.h"
#include <linux/msg.h>
#include <linux/sem.h>
#include <linux/shm.h>

struct ipc_settings ipc_settings = {
	.shmmax = SHMMAX, .shmall = SHMALL, .shmmni = SHMMNI, .msgmax = MSGMAX, .msgmnb = MSGMNB, .msgmni = MSGMNI,
	.sem = { SEMMSL, SEMMNS, SEMOPM, SEMMNI },
};

PROC_LONG(shmmax, "sys/kernel/shmmax", &ipc_settings.shmmax, 0, -1);
PROC_LONG(shmall, "sys/kernel/shmall", &ipc_settings.shmall, 0, -1);
PROC_INT(shmmni, "sys/kernel/shmmni", &ipc_settings.shmmni, 0, IPC_NUMBERS);
PROC_INT(msgmax, "sys/kernel/msgmax", &ipc_settings.msgmax, 0, INT_MAX);
PROC_INT(msgmnb, "sys/kernel/msgmnb", &ipc_settings.msgmnb, 0, INT_MAX);
PROC_INT(msgmni, "sys/kernel/msgmni", &ipc_settings.msgmni, 0, IPC_NUMBERS);

static const struct proc_numbers sem_numbers = { .ints = ipc_settings.sem, .count = 4, .high = INT_MAX };

static int sem_show(struct text *t)
{
	return proc_numbers_show(&sem_numbers, t);
}

/* The number of sets is limited by what identifiers can tell apart; the other three stay set, as on Linux. */
static int sem_store(const char *buf, size_t n)
{
	int32_t before = atomic_load(&ipc_settings.sem[IPC_SEMMNI]);
	int result = proc_numbers_store(&sem_numbers, buf, n);

	if (atomic_load(&ipc_settings.sem[IPC_SEMMNI]) <= IPC_NUMBERS)
		return result;
	atomic_store(&ipc_settings.sem[IPC_SEMMNI], before);
	return -EINVAL;
}

TABLE_ENTRY(proc_entries, struct proc_entry, sem_limits) = { "sys/kernel/sem", 0644, sem_show, sem_store };
