/* SPDX-License-Identifier: MIT */
/*
 * Formatted printing. One pass over the format: plain text goes to the sink
 * as it stands; a directive is parsed into struct spec, its argument is
 * rendered from the right into a small buffer on the stack, and emitted as
 * padding, prefix, zeros, body, padding. Reentrant.
 */
#include "lib/format.h"

#include "lib/string.h"
#include "lib/types.h"

#define DIGITS_MAX 22 /* 64 bits in octal */

enum {
	FLAG_LEFT = 1,
	FLAG_PLUS = 2,
	FLAG_SPACE = 4,
	FLAG_ALT = 8,
	FLAG_ZERO = 16,
};

struct sink {
	void (*put)(void *arg, const char *s, size_t n);
	void *arg;
	size_t total;
};

struct spec {
	unsigned flags;
	int width;
	int precision; /* -1: none given */
	int size;      /* bytes of an integer argument */
	char conv;
};

static void sink_put(struct sink *sink, const char *s, size_t n)
{
	if (n)
		sink->put(sink->arg, s, n);
	sink->total += n;
}

static void sink_fill(struct sink *sink, char c, long n)
{
	char block[16];

	memset(block, c, sizeof(block));
	for (; n > 0; n -= (long)sizeof(block))
		sink_put(sink, block, (size_t)min(n, (long)sizeof(block)));
}

static unsigned flag_of(char c)
{
	switch (c) {
	case '-':
		return FLAG_LEFT;
	case '+':
		return FLAG_PLUS;
	case ' ':
		return FLAG_SPACE;
	case '#':
		return FLAG_ALT;
	case '0':
		return FLAG_ZERO;
	default:
		return 0;
	}
}

/* Reads digits; stays below INT_MAX however many there are. */
static const char *parse_count(const char *p, int *out)
{
	int n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		n = n > INT_MAX / 10 - 1 ? n : n * 10 + (*p - '0');
	*out = n;
	return p;
}

static const char *parse_length(const char *p, int *size)
{
	*size = sizeof(int);
	if (*p == 'h') {
		*size = p[1] == 'h' ? 1 : 2;
		return p + (p[1] == 'h' ? 2 : 1);
	}
	if (*p == 'l') {
		*size = 8;
		return p + (p[1] == 'l' ? 2 : 1);
	}
	if (*p == 'z' || *p == 'j' || *p == 't') {
		*size = 8;
		return p + 1;
	}
	return p;
}

/* The argument list goes by address: `*` takes its arguments from it. */
struct args {
	va_list list;
};

static const char *parse_spec(const char *p, struct spec *spec, struct args *args)
{
	unsigned flag;

	*spec = (struct spec){ .precision = -1 };
	while ((flag = flag_of(*p)) != 0) {
		spec->flags |= flag;
		p++;
	}
	if (*p == '*') {
		spec->width = va_arg(args->list, int);
		p++;
		if (spec->width < 0) {
			spec->flags |= FLAG_LEFT;
			spec->width = spec->width == INT_MIN ? INT_MAX : -spec->width;
		}
	} else {
		p = parse_count(p, &spec->width);
	}
	if (*p == '.') {
		p++;
		if (*p == '*') {
			spec->precision = max(va_arg(args->list, int), -1);
			p++;
		} else {
			p = parse_count(p, &spec->precision);
		}
	}
	p = parse_length(p, &spec->size);
	spec->conv = *p;
	return *p ? p + 1 : p;
}

/* Padding, prefix, zeros, body, padding. */
static void emit(struct sink *sink, const struct spec *spec, const char *prefix, long zeros,
		 const char *body, size_t n)
{
	size_t prefix_len = strlen(prefix);
	long pad = spec->width - (long)prefix_len - zeros - (long)n;

	if (!(spec->flags & FLAG_LEFT))
		sink_fill(sink, ' ', pad);
	sink_put(sink, prefix, prefix_len);
	sink_fill(sink, '0', zeros);
	sink_put(sink, body, n);
	if (spec->flags & FLAG_LEFT)
		sink_fill(sink, ' ', pad);
}

/* Writes digits up to end from the right; returns where they begin. */
static char *render_digits(char *end, uint64_t v, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	if (base == 10) {
		for (; v; v /= 10)
			*--end = (char)('0' + v % 10);
		return end;
	}
	for (unsigned shift = base == 16 ? 4 : 3; v; v >>= shift)
		*--end = digits[v & (base - 1)];
	return end;
}

static void emit_number(struct sink *sink, const struct spec *spec, const char *prefix, uint64_t v,
			unsigned base)
{
	char buf[DIGITS_MAX];
	char *end = buf + sizeof(buf);
	char *start = render_digits(end, v, base, spec->conv == 'X');
	long n = end - start;
	long zeros = spec->precision < 0 ? n == 0 : (long)spec->precision - n;

	if (base == 8 && (spec->flags & FLAG_ALT) && zeros <= 0)
		zeros = 1;
	if (spec->precision < 0 && (spec->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO)
		zeros = max(zeros, spec->width - (long)strlen(prefix) - n);
	emit(sink, spec, prefix, max(zeros, 0L), start, (size_t)n);
}

static void emit_signed(struct sink *sink, const struct spec *spec, struct args *args)
{
	int64_t v = spec->size == 8 ? va_arg(args->list, int64_t) : va_arg(args->list, int);
	const char *sign = spec->flags & FLAG_PLUS ? "+" : spec->flags & FLAG_SPACE ? " " : "";

	if (spec->size == 1)
		v = (int8_t)v;
	else if (spec->size == 2)
		v = (int16_t)v;
	emit_number(sink, spec, v < 0 ? "-" : sign, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
}

static void emit_unsigned(struct sink *sink, const struct spec *spec, struct args *args,
			  unsigned base)
{
	uint64_t v = spec->size == 8 ? va_arg(args->list, uint64_t) :
				       va_arg(args->list, unsigned);
	const char *prefix = "";

	if (spec->size < 4)
		v &= spec->size == 1 ? 0xff : 0xffff;
	if (base == 16 && (spec->flags & FLAG_ALT) && v)
		prefix = spec->conv == 'X' ? "0X" : "0x";
	emit_number(sink, spec, prefix, v, base);
}

static void emit_string(struct sink *sink, const struct spec *spec, const char *s)
{
	size_t most = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;

	if (!s)
		s = "(null)";
	emit(sink, spec, "", 0, s, strnlen(s, most));
}

static void emit_char(struct sink *sink, const struct spec *spec, char c)
{
	emit(sink, spec, "", 0, &c, 1);
}

static void emit_pointer(struct sink *sink, const struct spec *spec, void *p)
{
	emit_number(sink, spec, "0x", (uintptr_t)p, 16);
}

static void emit_directive(struct sink *sink, const struct spec *spec, struct args *args)
{
	switch (spec->conv) {
	case 'd':
	case 'i':
		return emit_signed(sink, spec, args);
	case 'u':
		return emit_unsigned(sink, spec, args, 10);
	case 'x':
	case 'X':
		return emit_unsigned(sink, spec, args, 16);
	case 'o':
		return emit_unsigned(sink, spec, args, 8);
	case 'c':
		return emit_char(sink, spec, (char)va_arg(args->list, int));
	case 's':
		return emit_string(sink, spec, va_arg(args->list, const char *));
	case 'p':
		return emit_pointer(sink, spec, va_arg(args->list, void *));
	case '%':
		return sink_put(sink, "%", 1);
	case '\0':
		return;
	default: /* unknown: shown as it is, without taking an argument */
		sink_put(sink, "%", 1);
		sink_put(sink, &spec->conv, 1);
	}
}

int vformat_sink(void (*put)(void *arg, const char *s, size_t n), void *arg, const char *fmt,
		 va_list list)
{
	struct sink sink = { .put = put, .arg = arg };
	struct args args;

	va_copy(args.list, list);
	while (*fmt) {
		const char *text = fmt;
		struct spec spec;

		while (*fmt && *fmt != '%')
			fmt++;
		sink_put(&sink, text, (size_t)(fmt - text));
		if (*fmt) {
			fmt = parse_spec(fmt + 1, &spec, &args);
			emit_directive(&sink, &spec, &args);
		}
	}
	va_end(args.list);
	return (int)min(sink.total, (size_t)INT_MAX);
}

struct buffer {
	char *p;
	size_t room; /* bytes left, the final NUL not counted */
};

static void buffer_put(void *arg, const char *s, size_t n)
{
	struct buffer *b = arg;
	size_t k = min(n, b->room);

	if (!k)
		return; /* there may be no buffer at all */
	memcpy(b->p, s, k);
	b->p += k;
	b->room -= k;
}

int vformat(char *buf, size_t size, const char *fmt, va_list args)
{
	struct buffer b = { .p = buf, .room = size ? size - 1 : 0 };
	int n = vformat_sink(buffer_put, &b, fmt, args);

	if (size)
		*b.p = '\0';
	return n;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vformat(buf, size, fmt, args);
	va_end(args);
	return n;
}

int format_cut(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	if (!size)
		return 0;
	va_start(args, fmt);
	n = vformat(buf, size, fmt, args);
	va_end(args);
	return (int)min((size_t)n, size - 1);
}
