/* SPDX-License-Identifier: MIT */
/*
 * proc/seccomp_filter.c: programs of the classic packet filter, as far as seccomp(2)
 * allows them: an accumulator, an index register, sixteen words of memory, jumps
 * forward only, so that each ends. They are checked once: every jump stays inside, the
 * last instruction returns, no word of memory is read before it was written on every
 * way that leads there, nothing is divided by a constant zero. Then they run unchecked.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/seccomp.h"

/* ---- checking -------------------------------------------------------------------------- */

/* Is the instruction one that a filter may have, its constant sensible? Loads of the length become the length. */
static bool is_allowed(struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k < sizeof(struct seccomp_data) && !(i->k & 3);
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
		i->code = BPF_CLASS(i->code) | BPF_IMM;
		i->k = sizeof(struct seccomp_data);
		return true;
	case BPF_ALU | BPF_DIV | BPF_K:
		return i->k;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return i->k < 32;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < BPF_MEMWORDS;
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return true;
	default:
		return false;
	}
}

/* Jumps stay inside; left: instructions behind this one. */
static bool jumps_inside(const struct sock_filter *i, unsigned left)
{
	if (BPF_CLASS(i->code) != BPF_JMP)
		return true;
	return i->code == (BPF_JMP | BPF_JA) ? i->k < left : i->jt < left && i->jf < left;
}

/* Words of memory written on all ways to each instruction: none is read before. */
static int check_memory(const struct sock_filter *program, unsigned length)
{
	uint16_t *written = kmalloc(length * sizeof(*written), ALLOC_KERNEL), now = 0;
	int error = 0;

	if (!written)
		return -ENOMEM;
	memset(written, 0xff, length * sizeof(*written));
	for (unsigned n = 0; n < length && !error; n++) {
		const struct sock_filter *i = &program[n];

		now &= written[n];
		if (i->code == BPF_ST || i->code == BPF_STX)
			now |= (uint16_t)BIT(i->k);
		else if ((i->code == (BPF_LD | BPF_MEM) || i->code == (BPF_LDX | BPF_MEM)) && !(now & BIT(i->k)))
			error = -EINVAL;
		if (BPF_CLASS(i->code) != BPF_JMP)
			continue;
		if (i->code == (BPF_JMP | BPF_JA)) {
			written[n + 1 + i->k] &= now;
		} else {
			written[n + 1 + i->jt] &= now;
			written[n + 1 + i->jf] &= now;
		}
		now = 0xffff;
	}
	kfree(written);
	return error;
}

int seccomp_program_check(struct sock_filter *program, unsigned length)
{
	uint16_t last = program[length - 1].code;

	for (unsigned n = 0; n < length; n++)
		if (!is_allowed(&program[n]) || !jumps_inside(&program[n], length - n - 1))
			return -EINVAL;
	if (last != (BPF_RET | BPF_K) && last != (BPF_RET | BPF_A))
		return -EINVAL;
	return check_memory(program, length);
}

/* ---- running ------------------------------------------------------------------------------ */

static uint32_t arithmetic(uint16_t code, uint32_t a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_DIV: return a / b;
	case BPF_AND: return a & b;
	case BPF_OR:  return a | b;
	case BPF_XOR: return a ^ b;
	case BPF_LSH: return a << (b & 31);
	case BPF_RSH: return a >> (b & 31);
	default:      return -a;
	}
}

static bool holds(uint16_t code, uint32_t a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ: return a == b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	default:      return a & b;
	}
}

uint32_t seccomp_program_run(const struct sock_filter *i, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS], b;

	for (;; i++) {
		b = BPF_SRC(i->code) == BPF_X ? x : i->k;
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			a = BPF_MODE(i->code) == BPF_ABS ? *(const uint32_t *)((const char *)data + i->k) :
			    BPF_MODE(i->code) == BPF_MEM ? memory[i->k] : i->k;
			break;
		case BPF_LDX:
			x = BPF_MODE(i->code) == BPF_MEM ? memory[i->k] : i->k;
			break;
		case BPF_ST:
			memory[i->k] = a;
			break;
		case BPF_STX:
			memory[i->k] = x;
			break;
		case BPF_ALU:
			if (BPF_OP(i->code) == BPF_DIV && !b)
				return SECCOMP_RET_KILL_THREAD; /* as the packet filter: it returns 0 */
			a = arithmetic(i->code, a, b);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				i += i->k;
			else
				i += holds(i->code, a, b) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		default:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
}
