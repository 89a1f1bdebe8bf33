/* SPDX-License-Identifier: MIT */
/*
 * proc/seccomp_filter.c: programs of the classic packet filter (lib/bpf.h) as far as
 * seccomp(2) allows them: they load aligned words of struct seccomp_data.
 */
#include "lib/bpf.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "proc/seccomp.h"

/* A load of the length becomes the length. */
static bool may_load(struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k < sizeof(struct seccomp_data) && !(i->k & 3);
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
		i->code = BPF_CLASS(i->code) | BPF_IMM;
		i->k = sizeof(struct seccomp_data);
		return true;
	}
	return false;
}

/* The packet filter's remainder is not for seccomp. */
static bool has_remainder(const struct sock_filter *program, unsigned length)
{
	for (unsigned n = 0; n < length; n++)
		if (BPF_CLASS(program[n].code) == BPF_ALU && BPF_OP(program[n].code) == BPF_MOD)
			return true;
	return false;
}

int seccomp_program_check(struct sock_filter *program, unsigned length)
{
	uint16_t *scratch = kmalloc(length * sizeof(*scratch), ALLOC_KERNEL);
	int error;

	if (!scratch)
		return -ENOMEM;
	error = has_remainder(program, length) ? -EINVAL : bpf_check(program, length, may_load, scratch);
	kfree(scratch);
	return error;
}

uint32_t seccomp_program_run(const struct sock_filter *program, const struct seccomp_data *data)
{
	return bpf_run(program, data, NULL);
}
