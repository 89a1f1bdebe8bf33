/* SPDX-License-Identifier: MIT */
/*
 * syscall/ptrace.c: ptrace(2). Requests and their answers are in proc/ptrace.h.
 */
#include "proc/ptrace.h"
#include "syscall/syscall.h"

SYSCALL4(ptrace, int64_t, request, int64_t, pid, uint64_t, addr, uint64_t, data)
{
	return ptrace_request(request, (int)pid, addr, data);
}
