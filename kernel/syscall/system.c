/* SPDX-License-Identifier: MIT */
/*
 * syscall/system.c: the machine as a whole: restarting it, its memory and load,
 * its log, random numbers; and calls that Linux itself refuses where a feature is
 * not configured.
 */
#include "fs/procfs.h"
#include "base/log.h"
#include "base/random.h"
#include "hal/boot.h"
#include "hal/clock.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/timer.h"
#include "syscall/syscall.h"
#include "vm/object.h"
#include <linux/capability.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/sysinfo.h>

SYSCALL1(sysinfo, uaddr_t, to)
{
	struct object_stats objects;
	struct frame_stats frames;
	struct sched_stats load;
	struct sysinfo s;

	memset(&s, 0, sizeof(s));
	frame_stats(&frames);
	object_stats(&objects);
	sched_stats(&load);
	s.uptime = clock_now() / NSEC_PER_SEC;
	for (int i = 0; i < 3; i++)
		s.loads[i] = load.load[i] << (SI_LOAD_SHIFT - 11);
	s.totalram = frames.total * PAGE_SIZE;
	s.freeram = frames.free * PAGE_SIZE;
	s.sharedram = objects.shmem * PAGE_SIZE;
	s.procs = (uint16_t)task_count();
	s.mem_unit = 1;
	return put_user_struct(to, s);
}

/* Ctrl-Alt-Del is told to process 1, unless it restarts at once. */
static int32_t cad_restarts = 1; /* atomic */

PROC_INT(ctrl_alt_del, "sys/kernel/ctrl-alt-del", &cad_restarts, INT_MIN, INT_MAX);

SYSCALL4(reboot, uint32_t, magic1, uint32_t, magic2, uint32_t, command, uaddr_t, text)
{
	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A && magic2 != LINUX_REBOOT_MAGIC2B &&
	     magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	switch (command) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		atomic_store(&cad_restarts, command == LINUX_REBOOT_CMD_CAD_ON);
		return 0;
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		log_printf(LOG_NOTICE, "Restarting system\n");
		machine_restart();
		break;
	case LINUX_REBOOT_CMD_POWER_OFF:
		log_printf(LOG_NOTICE, "Power down\n");
		machine_power_off();
		break;
	case LINUX_REBOOT_CMD_HALT:
		log_printf(LOG_NOTICE, "System halted\n");
		break;
	default:
		return -EINVAL;
	}
	/* There was no way, or none was asked for: the other threads would go on. */
	cpu_stop_others();
	irq_disable();
	cpu_halt();
}

enum { GETRANDOM_CHUNK = 256 };

/* A request of up to that many bytes is not interrupted; see getrandom(2). */
SYSCALL3(getrandom, uaddr_t, to, size_t, n, unsigned, flags)
{
	uint8_t buf[GETRANDOM_CHUNK];
	size_t done = 0;

	if ((flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) ||
	    (flags & (GRND_INSECURE | GRND_RANDOM)) == (GRND_INSECURE | GRND_RANDOM))
		return -EINVAL;
	n = min_t(size_t, n, INT_MAX);
	while (done < n) {
		size_t part = min_t(size_t, n - done, sizeof(buf)), left;

		random_bytes(buf, part);
		left = usercopy_to(to + done, buf, part);
		done += part - left;
		if (left)
			return done ? (int64_t)done : -EFAULT;
		if (done >= GETRANDOM_CHUNK && thread_interrupted())
			break;
	}
	memset(buf, 0, sizeof(buf));
	return (int64_t)done;
}

SYSCALL3(getcpu, uaddr_t, cpu_to, uaddr_t, node_to, uaddr_t, unused)
{
	uint32_t cpu = cpu_id(), node = 0;

	if (cpu_to && put_user_struct(cpu_to, cpu))
		return -EFAULT;
	return node_to ? put_user_struct(node_to, node) : 0;
}

SYSCALL3(membarrier, int, command, unsigned, flags, int, cpu)
{
	return process_membarrier(command, flags, cpu);
}

/* What syslog(2) has cleared, as a position of the log. Atomic. */
static uint64_t log_clear_position;
static int32_t log_saved_level; /* atomic: of SYSLOG_ACTION_CONSOLE_OFF */

enum {
	SYSLOG_CLOSE, SYSLOG_OPEN, SYSLOG_READ, SYSLOG_READ_ALL, SYSLOG_READ_CLEAR, SYSLOG_CLEAR, SYSLOG_CONSOLE_OFF,
	SYSLOG_CONSOLE_ON, SYSLOG_CONSOLE_LEVEL, SYSLOG_SIZE_UNREAD, SYSLOG_SIZE_BUFFER,
};
#define LOG_SIZE_SHOWN (64 * 1024)

/* The last n bytes, or what comes after *position, which then moves. */
static int64_t log_to_user(uint64_t *position, uaddr_t to, size_t n)
{
	char *buf = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	size_t done = 0, got;

	if (!buf)
		return -ENOMEM;
	while (done < n && (got = log_read(position, buf, min(n - done, PAGE_SIZE))) > 0) {
		if (copy_to_user(to + done, buf, got)) {
			kfree(buf);
			return -EFAULT;
		}
		done += got;
	}
	kfree(buf);
	return (int64_t)done;
}

static int64_t log_read_all(uaddr_t to, size_t n, bool clear)
{
	uint64_t position = max(log_tail_position(n), atomic_load(&log_clear_position));
	int64_t result = log_to_user(&position, to, n);

	if (clear && result >= 0)
		atomic_store(&log_clear_position, log_end_position());
	return result;
}

/* Waits until something is there, looking again every tenth of a second: the log wakes nobody. */
static int64_t log_read_next(uaddr_t to, size_t n)
{
	for (;;) {
		uint64_t position = atomic_load(&log_read_position);
		int64_t result = log_to_user(&position, to, n);

		if (result) {
			atomic_store(&log_read_position, position);
			return result;
		}
		result = sleep_until(clock_now() + NSEC_PER_SEC / 10, 0);
		if (result)
			return result;
	}
}

static int64_t set_console_level(int level)
{
	if (level < 1 || level > 8)
		return -EINVAL;
	atomic_store(&log_console_level, max(level, atomic_load(&log_lowest_level)));
	return 0;
}

SYSCALL3(syslog, int, action, uaddr_t, to, int, n)
{
	if ((atomic_load(&log_restricted) || (action != SYSLOG_READ_ALL && action != SYSLOG_SIZE_BUFFER)) &&
	    !capable(CAP_SYSLOG) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (action >= SYSLOG_READ && action <= SYSLOG_READ_CLEAR) {
		if (!to || n < 0)
			return -EINVAL;
		if (!n)
			return 0;
		if (!user_range_ok(to, (size_t)n))
			return -EFAULT;
	}
	switch (action) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
		return log_read_next(to, (size_t)n);
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		return log_read_all(to, (size_t)n, action == SYSLOG_READ_CLEAR);
	case SYSLOG_CLEAR:
		atomic_store(&log_clear_position, log_end_position());
		return 0;
	case SYSLOG_CONSOLE_OFF:
		if (!log_saved_level)
			atomic_store(&log_saved_level, log_console_level);
		return set_console_level(atomic_load(&log_lowest_level));
	case SYSLOG_CONSOLE_ON:
		return log_saved_level ? set_console_level((int)__atomic_exchange_n(&log_saved_level, 0, __ATOMIC_RELAXED)) : 0;
	case SYSLOG_CONSOLE_LEVEL:
		return set_console_level(n);
	case SYSLOG_SIZE_UNREAD:
		return (int64_t)(log_end_position() - atomic_load(&log_read_position));
	case SYSLOG_SIZE_BUFFER:
		return LOG_SIZE_SHOWN;
	default:
		return -EINVAL;
	}
}

/* Ports are not given to programs. */
SYSCALL1(iopl, unsigned, level)
{
	return level > 3 ? -EINVAL : level ? -EPERM : 0;
}

SYSCALL3(ioperm, uint64_t, from, uint64_t, n, int, on)
{
	return from + n <= from || from + n > 65536 ? -EINVAL : on ? -EPERM : 0;
}

/* No accounting, no swap: as Linux answers those who may not. */
SYSCALL1(acct, uaddr_t, name)
{
	return capable(CAP_SYS_PACCT) ? -ENOSYS : -EPERM;
}

SYSCALL2(swapon, uaddr_t, name, int, flags)
{
	return capable(CAP_SYS_ADMIN) ? -ENOSYS : -EPERM;
}

SYSCALL1(swapoff, uaddr_t, name)
{
	return capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
}
