/* SPDX-License-Identifier: MIT */
/* lib/bpf.c: the classic packet filter: checking programs, and running them; see lib/bpf.h. */
#include "lib/bpf.h"
#include "lib/errno.h"
#include "lib/string.h"

/* ---- checking -------------------------------------------------------------------------- */

/* Is the instruction, which loads nothing from the data, one that a filter may have, its constant sensible? */
static bool is_allowed(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
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
	case BPF_ALU | BPF_MOD | BPF_X:
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
static bool memory_is_written(const struct sock_filter *program, unsigned length, uint16_t *written)
{
	uint16_t now = 0;

	memset(written, 0xff, length * sizeof(*written));
	for (unsigned n = 0; n < length; n++) {
		const struct sock_filter *i = &program[n];

		now &= written[n];
		if (i->code == BPF_ST || i->code == BPF_STX)
			now |= (uint16_t)BIT(i->k);
		else if ((i->code == (BPF_LD | BPF_MEM) || i->code == (BPF_LDX | BPF_MEM)) && !(now & BIT(i->k)))
			return false;
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
	return true;
}

/* From the data, in whatever way? Then the owner of the program decides about it. */
static bool is_load(const struct sock_filter *i)
{
	unsigned mode = BPF_MODE(i->code);

	return (BPF_CLASS(i->code) == BPF_LD || BPF_CLASS(i->code) == BPF_LDX) && mode != BPF_IMM && mode != BPF_MEM;
}

int bpf_check(struct sock_filter *program, unsigned length, bpf_may_load *may_load, uint16_t *scratch)
{
	uint16_t last = program[length - 1].code;

	for (unsigned n = 0; n < length; n++) {
		struct sock_filter *i = &program[n];

		if (is_load(i) ? !may_load(i) : !is_allowed(i) || !jumps_inside(i, length - n - 1))
			return -EINVAL;
	}
	if (last != (BPF_RET | BPF_K) && last != (BPF_RET | BPF_A))
		return -EINVAL;
	return memory_is_written(program, length, scratch) ? 0 : -EINVAL;
}

/* ---- running ------------------------------------------------------------------------------ */

static uint32_t arithmetic(uint16_t code, uint32_t a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_DIV: return a / b;
	case BPF_MOD: return a % b;
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

uint32_t bpf_run(const struct sock_filter *i, const void *data, bpf_load *load)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS], b;

	for (;; i++) {
		b = BPF_SRC(i->code) == BPF_X ? x : i->k;
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (BPF_MODE(i->code) == BPF_MEM)
				a = memory[i->k];
			else if (BPF_MODE(i->code) == BPF_IMM)
				a = i->k;
			else if (!load)
				a = *(const uint32_t *)((const char *)data + i->k);
			else if (!load(data, i, &a, &x))
				return 0;
			break;
		case BPF_LDX:
			if (BPF_MODE(i->code) == BPF_MEM)
				x = memory[i->k];
			else if (BPF_MODE(i->code) == BPF_IMM)
				x = i->k;
			else if (!load(data, i, &a, &x))
				return 0;
			break;
		case BPF_ST:
			memory[i->k] = a;
			break;
		case BPF_STX:
			memory[i->k] = x;
			break;
		case BPF_ALU:
			if ((BPF_OP(i->code) == BPF_DIV || BPF_OP(i->code) == BPF_MOD) && !b)
				return 0;
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
