/* SPDX-License-Identifier: MIT */
/*
 * proc/ptrace_regs.c: registers of a stopped thread by ptrace(2): struct user word
 * by word, and whole sets. What a register may hold is hal/debug.h's business. The
 * thread is kept stopped by the caller, so nothing is locked.
 */
#include "fs/file.h"
#include "hal/debug.h"
#include "hal/usercopy.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/ptrace.h"
#include <asm/prctl.h>
#include <linux/elf.h>
#include <linux/uio.h>

/* Linux's struct user, which its headers do not give to kernels. */
#define USER_BYTES        928
#define USER_REGISTERS    (DEBUG_REGISTERS * 8)
#define USER_HARDWARE     848 /* u_debugreg[8] */
#define USER_HARDWARE_END 912

#define XSTATE_BYTES_MAX  4096

static int64_t peek_user(struct task *t, uint64_t at, uaddr_t to)
{
	const struct context *c = &t->thread.context;
	uint64_t value = 0;

	if ((at & 7) || at >= USER_BYTES)
		return -EIO;
	if (at < USER_REGISTERS)
		value = debug_register(c, (unsigned)(at / 8));
	else if (at >= USER_HARDWARE && at < USER_HARDWARE_END)
		value = debug_hardware(c, (unsigned)(at - USER_HARDWARE) / 8);
	return copy_to_user(to, &value, sizeof(value));
}

static int64_t poke_user(struct task *t, uint64_t at, uint64_t value)
{
	struct context *c = &t->thread.context;

	if ((at & 7) || at >= USER_BYTES)
		return -EIO;
	if (at < USER_REGISTERS)
		return debug_set_register(c, (unsigned)(at / 8), value);
	if (at < USER_HARDWARE || at >= USER_HARDWARE_END)
		return -EIO;
	return debug_set_hardware(c, (unsigned)(at - USER_HARDWARE) / 8, value);
}

static int64_t get_registers(struct task *t, uaddr_t to, size_t n)
{
	uint64_t value[DEBUG_REGISTERS];

	for (unsigned i = 0; i < n / 8; i++)
		value[i] = debug_register(&t->thread.context, i);
	return copy_to_user(to, value, n);
}

/* Those before a bad one are set, as in Linux. */
static int64_t set_registers(struct task *t, uaddr_t from, size_t n)
{
	uint64_t value[DEBUG_REGISTERS];
	int result = copy_from_user(value, from, n);

	for (unsigned i = 0; !result && i < n / 8; i++)
		result = debug_set_register(&t->thread.context, i, value[i]);
	return result;
}

static int64_t get_fx(struct task *t, uaddr_t to, size_t n)
{
	char fx[DEBUG_FX_BYTES] __aligned(16);

	debug_fx(&t->thread.context, fx);
	return copy_to_user(to, fx, n);
}

static int64_t set_fx(struct task *t, uaddr_t from, size_t n)
{
	char fx[DEBUG_FX_BYTES] __aligned(16);

	if (n != sizeof(fx))
		return -EINVAL;
	return copy_from_user(fx, from, n) ? -EFAULT : debug_set_fx(&t->thread.context, fx);
}

static int64_t get_xstate(struct task *t, uaddr_t to, size_t n)
{
	char *area = kmalloc(XSTATE_BYTES_MAX, ALLOC_KERNEL);
	int64_t result;

	if (!area)
		return -ENOMEM;
	result = debug_xstate(&t->thread.context, area);
	if (!result)
		result = copy_to_user(to, area, n);
	kfree(area);
	return result;
}

static int64_t set_xstate(struct task *t, uaddr_t from, size_t n)
{
	char *area;
	int64_t result;

	if (!cpu_features.xsave)
		return -ENODEV;
	if (n != cpu_features.xstate_size)
		return -EFAULT; /* Linux says that */
	area = kmalloc(XSTATE_BYTES_MAX, ALLOC_KERNEL);
	if (!area)
		return -ENOMEM;
	result = copy_from_user(area, from, n);
	if (!result)
		result = debug_set_xstate(&t->thread.context, area);
	kfree(area);
	return result;
}

struct register_set {
	uint64_t type; /* NT_* */
	size_t bytes;  /* 0: cpu_features.xstate_size */
	int64_t (*get)(struct task *t, uaddr_t to, size_t n);
	int64_t (*set)(struct task *t, uaddr_t from, size_t n);
};

static int64_t get_ports(struct task *t, uaddr_t to, size_t n)
{
	return -ENXIO; /* nobody has any */
}

static int64_t set_ports(struct task *t, uaddr_t from, size_t n)
{
	return -EOPNOTSUPP;
}

static const struct register_set sets[] = {
	{ NT_PRSTATUS, USER_REGISTERS, get_registers, set_registers },
	{ NT_PRFPREG, DEBUG_FX_BYTES, get_fx, set_fx },
	{ NT_X86_XSTATE, 0, get_xstate, set_xstate },
	{ NT_386_IOPERM, 8192, get_ports, set_ports },
};

static const struct register_set *find_set(uint64_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		if (sets[i].type == type)
			return &sets[i];
	return NULL;
}

/* PTRACE_GETREGSET, PTRACE_SETREGSET: at is a struct iovec, whose length becomes what was moved. */
static int64_t register_set(struct task *t, bool set, uint64_t type, uaddr_t at)
{
	const struct register_set *s;
	struct iovec v;
	int64_t result;

	if (copy_from_user(&v, at, sizeof(v)))
		return -EFAULT;
	s = find_set(type);
	if (!s || v.iov_len % 8)
		return -EINVAL;
	v.iov_len = min_t(uint64_t, v.iov_len, s->bytes ? s->bytes : cpu_features.xstate_size);
	result = (set ? s->set : s->get)(t, (uaddr_t)v.iov_base, v.iov_len);
	return result ? result : copy_to_user(at + offsetof(struct iovec, iov_len), &v.iov_len, sizeof(v.iov_len));
}

/* arch_prctl(2) of another: the bases. */
static int64_t bases(struct task *t, uint64_t code, uint64_t argument)
{
	struct context *c = &t->thread.context;

	switch (code) {
	case ARCH_GET_FS:
		return copy_to_user(argument, &c->fs_base, sizeof(c->fs_base));
	case ARCH_GET_GS:
		return copy_to_user(argument, &c->gs_base, sizeof(c->gs_base));
	case ARCH_SET_FS:
		return context_set_fs(c, argument);
	case ARCH_SET_GS:
		return context_set_gs(c, argument);
	default:
		return -EINVAL;
	}
}

int64_t ptrace_registers(struct task *t, int64_t request, uint64_t addr, uint64_t data)
{
	switch (request) {
	case PTRACE_PEEKUSR:
		return peek_user(t, addr, data);
	case PTRACE_POKEUSR:
		return poke_user(t, addr, data);
	case PTRACE_GETREGS:
		return get_registers(t, data, USER_REGISTERS);
	case PTRACE_SETREGS:
		return set_registers(t, data, USER_REGISTERS);
	case PTRACE_GETFPREGS:
		return get_fx(t, data, DEBUG_FX_BYTES);
	case PTRACE_SETFPREGS:
		return set_fx(t, data, DEBUG_FX_BYTES);
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return register_set(t, request == PTRACE_SETREGSET, addr, data);
	case PTRACE_ARCH_PRCTL:
		return bases(t, data, addr);
	default:
		return -EIO;
	}
}
