/* SPDX-License-Identifier: MIT */
/* System V objects are the machine's: a test that counts them begins without those of the ones before. */
#ifndef IPC_H
#define IPC_H

#include "tap.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static inline void ipc_clear(void)
{
	union {
		struct semid_ds set;
		struct msqid_ds queue;
		struct shmid_ds segment;
		struct seminfo sets;
		struct msginfo queues;
		struct shm_info segments;
	} u;

	for (int i = semctl(0, 0, SEM_INFO, &u); i >= 0; i--)
		semctl(semctl(i, 0, SEM_STAT, &u), 0, IPC_RMID);
	for (int i = msgctl(0, MSG_INFO, (void *)&u); i >= 0; i--)
		msgctl(msgctl(i, MSG_STAT, (void *)&u), IPC_RMID, NULL);
	for (int i = shmctl(0, SHM_INFO, (void *)&u); i >= 0; i--)
		shmctl(shmctl(i, SHM_STAT, (void *)&u), IPC_RMID, NULL);
}

#endif
