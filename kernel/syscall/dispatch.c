/* SPDX-License-Identifier: MIT */
/*
 * syscall/dispatch.c: what the rows of syscall/table.h become: the dispatch table
 * that the entry code indexes, the names, and the answer of calls that are not
 * there. Handlers that need the whole user frame are entered through a stub that
 * stores the callee-saved registers; the slow way has them stored already and
 * calls the handler itself.
 */
#include "syscall/syscall.h"
#include "proc/seccomp.h"
#include "hal/syscall.h"
#include "base/log.h"
#include "proc/ptrace.h"
#include <asm/unistd.h>

/* The numbers are Linux's. */
#define ROW_CHECK(number, name, kind, arguments) \
	static_assert(__NR_##name == (number) && (number) < SYSCALL_TABLE_SIZE, #name);
SYSCALL_TABLE(ROW_CHECK)

#define STUB_PLAIN(name)
#define STUB_NONE(name)
#define STUB_FULL(name) HAL_SYSCALL_FULL(entry_##name, sys_##name);
#define ROW_STUB(number, name, kind, arguments) STUB_##kind(name)
SYSCALL_TABLE(ROW_STUB)

static syscall_fn syscall_missing;

#define ENTRY_PLAIN(name) sys_##name
#define ENTRY_FULL(name)  entry_##name
#define ENTRY_NONE(name)  syscall_missing
#define ROW_ENTRY(number, name, kind, arguments) [number] = ENTRY_##kind(name),
syscall_fn *const upcall_syscall_table[SYSCALL_TABLE_SIZE] = {
	SYSCALL_TABLE(ROW_ENTRY)
	[335 ... 423] = syscall_missing,
	[451 ... SYSCALL_TABLE_SIZE - 1] = syscall_missing,
};

#define HANDLER_PLAIN(name) sys_##name
#define HANDLER_FULL(name)  sys_##name
#define HANDLER_NONE(name)  NULL
#define ROW_NAMED(number, name, kind, arguments) [number] = { #name, arguments, HANDLER_##kind(name) },
const struct syscall_row syscall_rows[SYSCALL_TABLE_SIZE] = {
	SYSCALL_TABLE(ROW_NAMED)
};

/* One bit a call: told already. Atomic. */
static uint64_t told[div_round_up(SYSCALL_TABLE_SIZE, 64)];

/* ENOSYS, and a line on the console the first time a call is missed. */
static int64_t missing(uint64_t number)
{
	const char *name = number < SYSCALL_TABLE_SIZE ? syscall_rows[number].name : NULL;

	if (name && !(atomic_fetch_or(&told[number / 64], BIT(number % 64)) & BIT(number % 64)))
		log_warn("%s[%d]: system call %s (%u) is not there\n", thread_current()->name,
			 task_current()->pid->number, name, (unsigned)number);
	return -ENOSYS;
}

static int64_t syscall_missing(SYSCALL_ARGUMENTS)
{
	return missing((uint32_t)context_frame(context_current())->orig_rax);
}

static int64_t call(uint64_t number, struct user_frame *f)
{
	const struct syscall_row *row = number < SYSCALL_TABLE_SIZE ? &syscall_rows[number] : NULL;

	if (!row || !row->handler)
		return missing(number);
	if (task_current()->logged)
		return syscall_call_logged(row, f);
	return row->handler(f->rdi, f->rsi, f->rdx, f->r10, f->r8, f->r9);
}

/* A tracer may change the call before it is made; -1 is none, and rax is what it says. */
void upcall_syscall_slow(struct user_frame *f)
{
	struct task *t = task_current();
	bool traced = ptrace_is_traced(t);

	if ((!traced || !ptrace_call_begins(t)) && (!t->seccomp_mode || seccomp_allows(t, f)) &&
	    (int32_t)f->orig_rax != -1)
		f->rax = (uint64_t)call((uint32_t)f->orig_rax, f);
	if (unlikely(ptrace_is_traced(t)))
		ptrace_call_ends(t);
}
