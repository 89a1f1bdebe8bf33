/* SPDX-License-Identifier: MIT */
/* fs/mem/text.c: text that grows while it is written. Running out of memory is remembered and told at the end. */
#include "fs/procfs.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"

#define TEXT_FIRST 1024

/* Room for n more bytes. */
static bool text_room(struct text *t, size_t n)
{
	size_t size = t->size ? t->size : TEXT_FIRST;
	char *buf;

	if (t->failed)
		return false;
	while (size - t->length < n)
		size *= 2;
	if (size == t->size)
		return true;
	buf = krealloc(t->buf, size, ALLOC_KERNEL);
	if (!buf) {
		t->failed = true;
		return false;
	}
	t->buf = buf;
	t->size = size;
	return true;
}

void text_put(struct text *t, const char *s, size_t n)
{
	if (!text_room(t, n))
		return;
	memcpy(t->buf + t->length, s, n);
	t->length += n;
}

static void text_sink(void *arg, const char *s, size_t n)
{
	text_put(arg, s, n);
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vformat_sink(text_sink, t, fmt, args);
	va_end(args);
}
