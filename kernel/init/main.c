/* SPDX-License-Identifier: MIT */
/*
 * init/main.c: the whole boot on one page, one call a line, each with its
 * reason. arch/ has brought the processor into 64-bit mode on the boot stack and
 * filled boot_info.
 */
#include "base/acpi.h"
#include "base/cmdline.h"
#include "base/log.h"
#include "base/panic.h"
#include "dev/driver.h"
#include "fs/path.h"
#include "hal/boot.h"
#include "hal/clock.h"
#include "hal/irq.h"
#include "hal/upcall.h"
#include "init/init.h"
#include "mem/frame.h"
#include "mem/kstack.h"
#include "mem/shadow.h"
#include "mem/slab.h"
#include "mem/vmap.h"
#include "proc/process.h"
#include "sched/thread.h"
#include "sched/watchdog.h"
#include "sched/work.h"
#include "syscall/syscall.h"
#include "vm/space.h"

void upcall_kernel_main(void)
{
	cmdline_parse(boot_info.cmdline);  /* first: everything below may ask for its option */
	log_configure();                   /* which messages reach the console */
	panic_configure();                 /* what to do when something below goes wrong */
	boot_alloc_init(&boot_info);       /* page tables need memory before there is an allocator */
	mmu_init_production(&boot_info);   /* the final address space; boot mappings are gone */
	shadow_init(&boot_info);           /* SAN=address only: which memory may be touched */
	frame_init(&boot_info);            /* page frames: the bump allocator ends here */
	slab_init();                       /* kernel objects stand on frames */
	vmap_init();                       /* device memory and ranges */
	kstack_init();                     /* stacks with guards, for threads and interrupts */
	acpi_init(boot_info.rsdp);         /* tables that name controllers and processors */
	irq_init();                        /* interrupt controllers, all lines masked */
	cpu_init_late();                   /* stacks and extended state of this processor */
	clock_init();                      /* time, and the local timer */
	sched_init();                      /* the boot stack becomes the idle thread */
	irq_enable();                      /* everything an interrupt touches is there */
	sched_start_others();              /* the other processors, while nothing runs that they could disturb */
	work_start();                      /* deferred work and the ends of grace periods */
	watchdog_start();                  /* from here on a processor that gets stuck is reported */
	vm_init();                         /* address spaces, memory objects */
	fs_init();                         /* names, files, an empty root */
	proc_init();                       /* identifiers, processes, signals */
	syscall_init();                    /* whose calls are printed: strace= */
	process_start_init(first_program); /* process 1 goes on in init/first.c */
	sched_idle();                      /* the boot thread idles; process 1 runs */
}
