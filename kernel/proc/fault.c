/* SPDX-License-Identifier: MIT */
/*
 * proc/fault.c: exceptions of programs: page faults go to the address space, and
 * what it cannot serve, like every other exception, becomes a signal.
 */
#include "base/log.h"
#include "base/panic.h"
#include "hal/debug.h"
#include "proc/internal.h"
#include "proc/oom.h"
#include "proc/process.h"
#include "vm/space.h"

/* Vectors of the Intel SDM, volume 3, table 6-1. */
enum { TRAP_DE = 0, TRAP_DB = 1, TRAP_BP = 3, TRAP_OF = 4, TRAP_BR = 5, TRAP_UD = 6, TRAP_NM = 7, TRAP_TS = 10,
       TRAP_NP = 11, TRAP_SS = 12, TRAP_GP = 13, TRAP_PF = 14, TRAP_MF = 16, TRAP_AC = 17, TRAP_XM = 19 };

static int fault_signal(int result, int *code)
{
	switch (result) {
	case -EFAULT:
		*code = SEGV_MAPERR;
		return SIGSEGV;
	case -EACCES:
		*code = SEGV_ACCERR;
		return SIGSEGV;
	case -ENOMEM:
		*code = SI_KERNEL;
		return SIGKILL;
	default:
		*code = BUS_ADRERR;
		return SIGBUS;
	}
}

int upcall_user_fault(uaddr_t addr, enum fault_access access, bool from_user, uint64_t error)
{
	struct space *s = space_current();
	int code, result = s ? space_fault(s, addr, access) : -EFAULT;

	if (likely(!result) || result == -ERESTARTSYS)
		return result; /* the latter: it is dying, and the exit loop sees to it */
	if (result == -ENOMEM && !thread_killed() && oom_make_room())
		return 0; /* and the fault comes again */
	if (!from_user || (result == -ENOMEM && thread_killed()))
		return result;
	int sig = fault_signal(result, &code);
	if (sig == SIGKILL)
		log_err("Out of memory: Killed process %d (%s), with nobody else to choose\n",
			process_current()->pid->number, thread_current()->name);
	signal_force_fault(sig, code, addr, TRAP_PF, error);
	return result;
}

/* status: why, in the bits of DR6; nothing there is an int1. */
static int debug_code(uint64_t status)
{
	if (status & DEBUG_STATUS_STEP)
		return TRAP_TRACE;
	return status & DEBUG_STATUS_HARDWARE ? TRAP_HWBKPT : TRAP_BRKPT;
}

void upcall_user_exception(struct user_frame *f, unsigned trapno, uint64_t error)
{
	uaddr_t addr = f->rip;

	switch (trapno) {
	case TRAP_DE: signal_force_fault(SIGFPE, FPE_INTDIV, addr, trapno, error); break;
	case TRAP_DB: signal_force_fault(SIGTRAP, debug_code(error), addr, trapno, 0); break;
	case TRAP_BP: {
		siginfo_t info = { .si_signo = SIGTRAP, .si_code = SI_KERNEL };
		task_current()->fault.trapno = trapno;
		signal_force(SIGTRAP, &info);
		break;
	}
	case TRAP_UD: signal_force_fault(SIGILL, ILL_ILLOPN, addr, trapno, error); break;
	case TRAP_MF: case TRAP_XM: signal_force_fault(SIGFPE, FPE_FLTINV, addr, trapno, error); break;
	case TRAP_AC: signal_force_fault(SIGBUS, BUS_ADRALN, 0, trapno, error); break;
	case TRAP_TS: case TRAP_NP: case TRAP_SS: {
		siginfo_t info = { .si_signo = SIGBUS, .si_code = SI_KERNEL };
		task_current()->fault.trapno = trapno;
		signal_force(SIGBUS, &info);
		break;
	}
	default: {
		siginfo_t info = { .si_signo = SIGSEGV, .si_code = SI_KERNEL };
		task_current()->fault.trapno = trapno;
		task_current()->fault.error = error;
		signal_force(SIGSEGV, &info);
		break;
	}
	}
}
