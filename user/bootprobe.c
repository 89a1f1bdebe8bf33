/* SPDX-License-Identifier: MIT */
/*
 * Process 1 of ./linnet bench boot: its first instruction reads the time-stamp
 * counter, which QEMU starts at reset and which, when it counts instructions, is
 * their number. It prints "@boot N" and powers off.
 */
#define RT_FIRST					\
	"	rdtsc\n"				\
	"	mov %eax, boot_ticks(%rip)\n"		\
	"	mov %edx, boot_ticks+4(%rip)\n"
#include "rt.h"

#include <linux/fcntl.h>
#include <linux/reboot.h>

uint64_t boot_ticks;

int rt_main(int argc, char **argv, char **envp)
{
	char line[32] = "@boot ", *end;
	long fd;

	(void)argc, (void)argv, (void)envp;
	SYS(mount, "devtmpfs", "/dev", "devtmpfs", 0, 0);
	fd = SYS(open, "/dev/console", O_RDWR, 0);
	end = rt_decimal(line + 6, boot_ticks);
	*end++ = '\n';
	SYS(write, fd, line, end - line);
	SYS(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0);
	for (;;)
		SYS(pause);
}
