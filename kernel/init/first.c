/* SPDX-License-Identifier: MIT */
/*
 * init/first.c: the second half of the boot, in process 1, where sleeping is
 * allowed: drivers, the initramfs, the console as descriptors 0 to 2, and the
 * first program, found as Linux finds it: rdinit= or /init in the initramfs; if
 * there is none, init=, /sbin/init, /etc/init, /bin/init, /bin/sh.
 */
#include "base/cmdline.h"
#include "base/ktest.h"
#include "base/log.h"
#include "base/panic.h"
#include "dev/driver.h"
#include "fs/device.h"
#include "fs/mem/initramfs.h"
#include "hal/boot.h"
#include "hal/mmu.h"
#include "init/init.h"
#include "mem/frame.h"
#include "proc/process.h"
#include "sched/work.h"
#include <linux/fcntl.h>
#include <linux/stat.h>

#define WORDS_MAX 32 /* arguments, and environment strings, that init gets */

/* What every initramfs may rely on, even an empty one. */
static void make_console_node(void)
{
	struct task_walk w;

	if (task_walk_begin(&w, AT_FDCWD, "/", 0))
		return;
	path_mkdir(&w.walk, "/dev", 0755);
	path_mkdir(&w.walk, "/root", 0700);
	path_mknod(&w.walk, "/dev/console", S_IFCHR | 0600, device_number(5, 1));
	task_walk_end(&w);
}

static void unpack_initramfs(void)
{
	size_t n = boot_info.initrd_end - boot_info.initrd_start;

	if (!n)
		return;
	initramfs_unpack(phys_to_virt(boot_info.initrd_start), n);
	frame_free_range(boot_info.initrd_start, boot_info.initrd_end);
}

/* Descriptors 0, 1 and 2; without a console init runs with none, as on Linux. */
static void open_console(void)
{
	struct task *t = task_current();
	struct task_walk w;
	struct file *f;
	int result = task_walk_begin(&w, AT_FDCWD, "/dev/console", 0);

	if (!result) {
		result = file_open(&w.walk, "/dev/console", O_RDWR, 0, &f);
		task_walk_end(&w);
	}
	if (result) {
		log_warn("no initial console (error %d)\n", -result);
		return;
	}
	for (int fd = 0; fd < 3; fd++) {
		if (files_reserve(t->files, 0, 3, false) != fd)
			break;
		file_get(f);
		files_install(t->files, fd, f);
	}
	file_put(f);
}

/* What the kernel does not know on its command line goes to init. */
static void collect_words(const char **argv, const char **envp)
{
	unsigned state = 0, n = 1;
	const char *word;

	while (n < WORDS_MAX && (word = cmdline_unknown(0, &state)))
		argv[n++] = word;
	argv[n] = NULL;
	envp[0] = "HOME=/";
	envp[1] = "TERM=linux";
	n = 2;
	state = 0;
	while (n < WORDS_MAX && (word = cmdline_unknown(1, &state)))
		envp[n++] = word;
	envp[n] = NULL;
}

static int try_program(const char *path, const char **argv, const char **envp)
{
	argv[0] = path;
	int result = process_exec_kernel(path, argv, envp);
	if (result && result != -ENOENT)
		log_warn("%s cannot be run (error %d)\n", path, -result);
	return result;
}

static int run_first_program(void)
{
	static const char *const fallback[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };
	const char *argv[WORDS_MAX + 1], *envp[WORDS_MAX + 1];
	const char *rdinit = cmdline_get("rdinit"), *init = cmdline_get("init");

	collect_words(argv, envp);
	if (!try_program(rdinit ? rdinit : "/init", argv, envp))
		return 0;
	if (rdinit)
		panic("rdinit=%s cannot be run", rdinit);
	if (init) {
		if (try_program(init, argv, envp))
			panic("init=%s cannot be run", init);
		return 0;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(fallback); i++) {
		if (!try_program(fallback[i], argv, envp))
			return 0;
	}
	return -ENOENT;
}

/*
 * Words of Linux's that boot loaders and people put on every command line: they
 * mean nothing here (or not yet), but they are the kernel's, so init does not get
 * them as arguments.
 */
static void know_linux_options(void)
{
	static const char *const words[] = {
		"apic", "apparmor", "audit", "cgroup_disable", "cgroup_enable", "consoleblank", "crashkernel",
		"cryptomgr.notests", "earlycon", "earlyprintk", "edd", "fbcon", "hpet", "hugepages", "idle",
		"init_on_alloc", "init_on_free", "initcall_debug", "intel_iommu", "iommu", "irqaffinity", "isolcpus",
		"kaslr", "log_buf_len", "lsm", "maxcpus", "mce", "mem", "memmap", "mitigations", "net.ifnames",
		"nmi_watchdog", "no_timer_check", "noapic", "nohz", "nohz_full", "nokaslr", "nolapic", "nomodeset",
		"noresume", "nosmap", "nosmep", "nosmp", "nowatchdog", "nox2apic", "numa", "page_poison", "pci", "pcie_aspm",
		"printk.time", "psi", "pti", "nopti", "rcu_nocbs", "reboot", "resume", "ro", "root", "rootdelay",
		"rootflags", "rootfstype", "rootwait", "rw", "security", "selinux", "slub_debug", "spectre_v2",
		"swiotlb", "transparent_hugepage", "tsc", "vga", "video",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		(void)cmdline_get(words[i]);
}

int first_program(void)
{
	know_linux_options();
	dev_init();
	make_console_node();
	unpack_initramfs();
	ktest_run_all(work_settle);
	open_console();
	return run_first_program();
}
