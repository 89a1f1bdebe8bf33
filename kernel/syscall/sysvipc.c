/* SPDX-License-Identifier: MIT */
/* syscall/sysvipc.c: System V IPC (sysvipc(7)): arguments in, results out; the rest is in proc/ipc/. */
#include "hal/clock.h"
#include "mem/slab.h"
#include "proc/ipc/sysv.h"
#include "syscall/syscall.h"
#include <linux/shm.h>

#define FEW_OPS 8 /* on the stack */

SYSCALL3(semget, int, key, int, count, int, flags)
{
	return sem_get(key, count, flags);
}

static int64_t operate(int id, uaddr_t from, unsigned count, nsec_t deadline)
{
	struct sembuf few[FEW_OPS], *ops = few;
	int64_t result = -EFAULT;

	if (id < 0 || count < 1)
		return -EINVAL;
	if (count > sem_operations_max())
		return -E2BIG;
	if (count > FEW_OPS) {
		ops = kmalloc(count * sizeof(*ops), ALLOC_KERNEL);
		if (!ops)
			return -ENOMEM;
	}
	if (!copy_from_user(ops, from, count * sizeof(*ops)))
		result = sem_operate(id, ops, count, deadline);
	if (ops != few)
		kfree(ops);
	return result;
}

SYSCALL3(semop, int, id, uaddr_t, ops, unsigned, count)
{
	return operate(id, ops, count, INT64_MAX);
}

SYSCALL4(semtimedop, int, id, uaddr_t, ops, unsigned, count, uaddr_t, timeout)
{
	nsec_t t = 0;
	int result = timeout ? timespec_read(&t, timeout) : 0;

	return result ? result : operate(id, ops, count, timeout ? deadline_after(t) : INT64_MAX);
}

static int64_t sem_all(int id, int cmd, uaddr_t at)
{
	int result = sem_count(id, cmd);
	unsigned count = (unsigned)result;
	unsigned short *values;

	if (result < 0)
		return result;
	values = kmalloc(count * sizeof(*values), ALLOC_KERNEL);
	if (!values)
		return -ENOMEM;
	result = 0;
	if (cmd == SETALL && copy_from_user(values, at, count * sizeof(*values)))
		result = -EFAULT;
	for (unsigned i = 0; cmd == SETALL && !result && i < count; i++)
		result = values[i] > SEMVMX ? -ERANGE : 0;
	if (!result)
		result = sem_control_all(id, cmd, values, count);
	if (!result && cmd == GETALL && copy_to_user(at, values, count * sizeof(*values)))
		result = -EFAULT;
	kfree(values);
	return result;
}

static int64_t sem_structures(int id, int cmd, uaddr_t at)
{
	struct semid64_ds ds;
	struct seminfo info;
	int result;

	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		result = sem_info(cmd, &info);
		return put_user_struct(at, info) ? -EFAULT : result;
	case IPC_SET:
		return get_user_struct(ds, at) ? -EFAULT : sem_set_owner(id, &ds.sem_perm);
	default:
		result = sem_stat(id, cmd, &ds);
		return result >= 0 && put_user_struct(at, ds) ? -EFAULT : result;
	}
}

SYSCALL4(semctl, int, id, int, number, int, cmd, uint64_t, arg)
{
	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
	case IPC_SET:
		return sem_structures(id, cmd, arg);
	case GETALL:
	case SETALL:
		return sem_all(id, cmd, arg);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
	case SETVAL:
		return sem_control_one(id, number, cmd, (int)arg);
	case IPC_RMID:
		return sem_remove(id);
	}
	return -EINVAL;
}

SYSCALL2(msgget, int, key, int, flags)
{
	return msg_get(key, flags);
}

/* In memory: the type, a long, and behind it the text. */
SYSCALL4(msgsnd, int, id, uaddr_t, from, size_t, size, int, flags)
{
	long type;

	if (get_user_struct(type, from))
		return -EFAULT;
	return msg_send(id, type, from + sizeof(type), size, flags);
}

SYSCALL5(msgrcv, int, id, uaddr_t, to, size_t, size, long, type, int, flags)
{
	long got;
	ssize_t n = msg_receive(id, to + sizeof(got), size, type, flags, &got);

	return n >= 0 && put_user_struct(to, got) ? -EFAULT : n;
}

SYSCALL3(msgctl, int, id, int, cmd, uaddr_t, at)
{
	struct msqid64_ds ds;
	struct msginfo info;
	int result;

	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		result = msg_info(cmd, &info);
		return put_user_struct(at, info) ? -EFAULT : result;
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		result = msg_stat(id, cmd, &ds);
		return result >= 0 && put_user_struct(at, ds) ? -EFAULT : result;
	case IPC_SET:
		return get_user_struct(ds, at) ? -EFAULT : msg_set(id, &ds);
	case IPC_RMID:
		return msg_remove(id);
	}
	return -EINVAL;
}

SYSCALL3(shmget, int, key, size_t, size, int, flags)
{
	return shm_get(key, size, flags);
}

SYSCALL3(shmat, int, id, uaddr_t, addr, int, flags)
{
	return id < 0 ? -EINVAL : shm_attach(id, addr, flags);
}

SYSCALL1(shmdt, uaddr_t, addr)
{
	return shm_detach(addr);
}

static int64_t shm_totals(uaddr_t at)
{
	struct shm_info info = { 0 };
	uint64_t pages, resident;
	int result = shm_usage(&pages, &resident, &info.used_ids);

	info.shm_tot = pages;
	info.shm_rss = resident;
	return put_user_struct(at, info) ? -EFAULT : result;
}

SYSCALL3(shmctl, int, id, int, cmd, uaddr_t, at)
{
	struct shminfo64 limits;
	struct shmid64_ds ds;
	int result;

	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
		result = shm_limits(&limits);
		return put_user_struct(at, limits) ? -EFAULT : result;
	case SHM_INFO:
		return shm_totals(at);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		result = shm_stat(id, cmd, &ds);
		return result >= 0 && put_user_struct(at, ds) ? -EFAULT : result;
	case IPC_SET:
		return get_user_struct(ds, at) ? -EFAULT : shm_set_owner(id, &ds.shm_perm);
	case IPC_RMID:
		return shm_remove(id);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_lock(id, cmd == SHM_LOCK);
	}
	return -EINVAL;
}
