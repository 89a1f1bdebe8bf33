/* SPDX-License-Identifier: MIT */
/*
 * The run-time of GCC's -fsanitize=undefined (make SAN=undefined). Where the
 * compiled code finds that its next step is undefined in C, it calls the
 * function here that is named after the kind, with a constant record of where
 * and what types, and the values. The names and the records' layouts are the
 * compiler's (gcc/ubsan.cc); nobody else calls these.
 *
 * Each writes one report (base/sanitize.h). No state, no locks, any context.
 */
#include "base/panic.h"
#include "base/sanitize.h"

#if CONFIG_UBSAN

struct place {
	const char *file;
	uint32_t line, column;
};

struct type {
	uint16_t kind; /* 0: an integer */
	uint16_t info; /* bit 0: signed; from bit 1: logarithm of the bits */
	char name[];
};

struct overflow_data {
	struct place place;
	const struct type *type;
};

struct shift_data {
	struct place place;
	const struct type *left, *right;
};

struct bounds_data {
	struct place place;
	const struct type *array, *index;
};

struct mismatch_data {
	struct place place;
	const struct type *type;
	uint8_t align_log, access;
};

struct place_data {
	struct place place;
};

typedef uintptr_t value_t; /* an operand that fits a register; else its address */

#define CALLER ((vaddr_t)__builtin_return_address(0))

static bool type_is_signed(const struct type *t)
{
	return t->kind == 0 && t->info & 1;
}

/* The operand, with its sign where it has one. */
static int64_t value_of(const struct type *t, value_t v)
{
	unsigned bits = 1u << (t->info >> 1);

	if (t->kind != 0)
		return 0;
	if (bits > 64)
		return (int64_t)*(const uint64_t *)v; /* the low half says enough */
	if (bits == 64)
		return (int64_t)v;
	v <<= 64 - bits;
	return type_is_signed(t) ? (int64_t)v >> (64 - bits) : (int64_t)(v >> (64 - bits));
}

static void overflow(vaddr_t caller, const struct overflow_data *d, value_t a, value_t b, const char *sign)
{
	if (sanitize_begin(caller, "UBSAN: %s:%u:%u: %lld %s %lld does not fit %s", d->place.file,
			   d->place.line, d->place.column, (long long)value_of(d->type, a), sign,
			   (long long)value_of(d->type, b), d->type->name))
		sanitize_end();
}

#define OVERFLOW(name, sign)                                                                       \
	void __ubsan_handle_##name(struct overflow_data *d, value_t a, value_t b);                 \
	void __ubsan_handle_##name(struct overflow_data *d, value_t a, value_t b)                  \
	{                                                                                          \
		overflow(CALLER, d, a, b, sign);                                                   \
	}

OVERFLOW(add_overflow, "+")
OVERFLOW(sub_overflow, "-")
OVERFLOW(mul_overflow, "*")
OVERFLOW(divrem_overflow, "/")

void __ubsan_handle_negate_overflow(struct overflow_data *d, value_t a);
void __ubsan_handle_negate_overflow(struct overflow_data *d, value_t a)
{
	overflow(CALLER, d, 0, a, "-");
}

void __ubsan_handle_shift_out_of_bounds(struct shift_data *d, value_t a, value_t b);
void __ubsan_handle_shift_out_of_bounds(struct shift_data *d, value_t a, value_t b)
{
	if (sanitize_begin(CALLER, "UBSAN: %s:%u:%u: shift of %s %lld by %lld", d->place.file,
			   d->place.line, d->place.column, d->left->name,
			   (long long)value_of(d->left, a), (long long)value_of(d->right, b)))
		sanitize_end();
}

void __ubsan_handle_out_of_bounds(struct bounds_data *d, value_t index);
void __ubsan_handle_out_of_bounds(struct bounds_data *d, value_t index)
{
	if (sanitize_begin(CALLER, "UBSAN: %s:%u:%u: index %lld is out of bounds of %s", d->place.file,
			   d->place.line, d->place.column, (long long)value_of(d->index, index),
			   d->array->name))
		sanitize_end();
}

void __ubsan_handle_type_mismatch_v1(struct mismatch_data *d, value_t pointer);
void __ubsan_handle_type_mismatch_v1(struct mismatch_data *d, value_t pointer)
{
	const char *what = pointer ? "misaligned" : "null";

	if (sanitize_begin(CALLER, "UBSAN: %s:%u:%u: %s pointer %llx to %s", d->place.file, d->place.line,
			   d->place.column, what, (unsigned long long)pointer, d->type->name))
		sanitize_end();
}

void __ubsan_handle_pointer_overflow(struct place_data *d, value_t from, value_t to);
void __ubsan_handle_pointer_overflow(struct place_data *d, value_t from, value_t to)
{
	if (sanitize_begin(CALLER, "UBSAN: %s:%u:%u: pointer %llx wraps to %llx", d->place.file,
			   d->place.line, d->place.column, (unsigned long long)from,
			   (unsigned long long)to))
		sanitize_end();
}

void __ubsan_handle_load_invalid_value(struct overflow_data *d, value_t v);
void __ubsan_handle_load_invalid_value(struct overflow_data *d, value_t v)
{
	if (sanitize_begin(CALLER, "UBSAN: %s:%u:%u: %lld is no value of %s", d->place.file, d->place.line,
			   d->place.column, (long long)v, d->type->name))
		sanitize_end();
}

static void plain(vaddr_t caller, const struct place_data *d, const char *what)
{
	if (sanitize_begin(caller, "UBSAN: %s:%u:%u: %s", d->place.file, d->place.line, d->place.column,
			   what))
		sanitize_end();
}

void __ubsan_handle_vla_bound_not_positive(struct overflow_data *d, value_t v);
void __ubsan_handle_vla_bound_not_positive(struct overflow_data *d, value_t v)
{
	plain(CALLER, (const struct place_data *)d, "an array of no positive length");
}

void __ubsan_handle_invalid_builtin(struct place_data *d);
void __ubsan_handle_invalid_builtin(struct place_data *d)
{
	plain(CALLER, d, "ctz or clz of zero");
}

void __ubsan_handle_nonnull_arg(struct place_data *d);
void __ubsan_handle_nonnull_arg(struct place_data *d)
{
	plain(CALLER, d, "null for an argument that must not be");
}

void __ubsan_handle_builtin_unreachable(struct place_data *d);
void __ubsan_handle_builtin_unreachable(struct place_data *d)
{
	plain(CALLER, d, "unreachable code was reached");
	panic("unreachable code was reached");
}

#endif
