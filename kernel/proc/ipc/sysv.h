/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/sysv.h: what the system calls of System V IPC call. Pointers are the
 * kernel's; copying is the caller's. All may sleep.
 */
#ifndef PROC_IPC_SYSV_H
#define PROC_IPC_SYSV_H

#include "proc/process.h"
#include <linux/msg.h>
#include <linux/sem.h>
#include <linux/types.h>
#include <asm/shmbuf.h>

unsigned sem_operations_max(void); /* of one semop(2) */
int sem_get(int key, int count, int flags);
/* deadline in clock_now() time, INT64_MAX for none. -E2BIG and the like are checked here. */
int sem_operate(int id, const struct sembuf *ops, unsigned count, nsec_t deadline);
/* IPC_STAT, SEM_STAT and SEM_STAT_ANY (id is an index there); result as semctl(2). */
int sem_stat(int id, int cmd, struct semid64_ds *out);
int sem_set_owner(int id, const struct ipc64_perm *perm);
int sem_remove(int id);
int sem_info(int cmd, struct seminfo *out);
/* GETVAL, GETPID, GETNCNT, GETZCNT, and SETVAL with value. */
int sem_control_one(int id, int number, int cmd, int value);
/* Number of semaphores, for the buffer of GETALL or SETALL; and whether the running process may. */
int sem_count(int id, int cmd);
/* GETALL and SETALL of all of a set's semaphores; count is what sem_count() said (-EIDRM if that is wrong now). */
int sem_control_all(int id, int cmd, unsigned short *values, unsigned count);

int msg_get(int key, int flags);
/* The text is copied from and to user memory here. */
int msg_send(int id, long type, uaddr_t text, size_t size, int flags);
ssize_t msg_receive(int id, uaddr_t to, size_t size, long type, int flags, long *got_type);
int msg_stat(int id, int cmd, struct msqid64_ds *out);
int msg_set(int id, const struct msqid64_ds *in);
int msg_remove(int id);
int msg_info(int cmd, struct msginfo *out);

int shm_get(int key, size_t size, int flags);
/* The address, or errno. */
int64_t shm_attach(int id, uaddr_t addr, int flags);
int shm_detach(uaddr_t addr);
int shm_stat(int id, int cmd, struct shmid64_ds *out);
int shm_set_owner(int id, const struct ipc64_perm *perm);
int shm_remove(int id);
int shm_lock(int id, bool lock);
int shm_limits(struct shminfo64 *out);
int shm_usage(uint64_t *pages, uint64_t *resident, int *count);

#endif
