/* SPDX-License-Identifier: MIT */
/*
 * The kernel log: a ring of records that any context may write, an NMI handler
 * too, without waiting for anybody.
 *
 * The ring. Positions are 64-bit counts of bytes since boot; position p lives at
 * ring[p % RING_BYTES]. A writer reserves room with one atomic step on `end`,
 * writes its text behind an 8-byte header, and stores the header last. The
 * header holds the record's own position, so a reader can tell a finished
 * record from an unfinished one, from the remains of an earlier lap, and from
 * the middle of a text. A record that a writer may have begun to overwrite is
 * recognised after it was copied: by then `end` is more than a ring ahead.
 *
 * The text of a record is "<level>[seconds.micros] message\n": what syslog(2)
 * hands out. Consoles get it without the level.
 *
 * The consoles. Whoever logs tries to become the one that prints. Who fails
 * leaves: the printer looks again for new records after it let go. So nobody
 * waits, an interrupt handler that logs while its own processor prints neither
 * deadlocks nor loses its line, and lines come out in order.
 *
 * A record that is never finished (its processor died halfway) holds up
 * printing; panic() goes past it.
 */
#include "base/log.h"
#include "base/cmdline.h"
#include "base/preempt.h"
#include "hal/boot.h"
#include "hal/clock.h"
#include "lib/atomic.h"
#include "lib/format.h"
#include "lib/string.h"

#define RING_BYTES  KiB(64)
#define RECORD_TEXT 1024 /* longest text of a record, prefix and newline included */
#define PREFIX_MAX  40

static uint64_t ring[RING_BYTES / 8]; /* atomic: headers; texts: who reserved them */
static uint64_t ring_end;             /* atomic: first position not reserved */

static struct {
	uint32_t busy;             /* atomic: 1 while somebody prints; guards the rest */
	uint64_t position;         /* everything before it was printed; read by all */
	struct log_console *first; /* enabled consoles */
	bool replaced;             /* the early console is not used any more */
} output;

int32_t log_levels[4] = { 7, 4, 1, 7 };
int32_t log_restricted = 1;
uint64_t log_read_position;

static uint64_t header_make(uint64_t position, size_t length)
{
	return (position / 8 + 1) << 16 | length;
}

/* Length of the finished record at a position (a multiple of 8); 0 if there is none. */
static size_t record_length(uint64_t position)
{
	uint64_t header = atomic_load_acquire(&ring[position % RING_BYTES / 8]);

	return header >> 16 == position / 8 + 1 ? header & 0xffff : 0;
}

static uint64_t record_next(uint64_t position, size_t length)
{
	return position + 8 + align_up(length, 8);
}

static void ring_put(uint64_t position, const char *s, size_t n)
{
	char *bytes = (char *)ring;

	while (n > 0) {
		size_t at = position % RING_BYTES, piece = min_t(size_t, n, RING_BYTES - at);

		memcpy(bytes + at, s, piece);
		position += piece;
		s += piece;
		n -= piece;
	}
}

/* False if a writer may have changed what was copied. */
static bool ring_get(uint64_t position, char *s, size_t n)
{
	const char *bytes = (const char *)ring;

	for (uint64_t p = position; n > 0;) {
		size_t at = p % RING_BYTES, piece = min_t(size_t, n, RING_BYTES - at);

		memcpy(s, bytes + at, piece);
		p += piece;
		s += piece;
		n -= piece;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return atomic_load(&ring_end) - position <= RING_BYTES;
}

/* The first finished record at or after a position; the end of the ring if none is left. */
static uint64_t record_find(uint64_t position)
{
	uint64_t end = atomic_load_acquire(&ring_end);
	uint64_t oldest = end > RING_BYTES ? end - RING_BYTES : 0;

	position = align_up(max(position, oldest), 8);
	while (position < end && record_length(position) == 0)
		position += 8;
	return position;
}

/* Where a message is being put together: text that does not fit is dropped. */
struct record_writer {
	uint64_t position, end;
};

static void writer_put(void *arg, const char *s, size_t n)
{
	struct record_writer *w = arg;

	n = min_t(size_t, n, w->end - w->position);
	ring_put(w->position, s, n);
	w->position += n;
}

static size_t prefix_make(char prefix[PREFIX_MAX], enum log_level level)
{
	uint64_t now = (uint64_t)clock_now();

	return (size_t)format_cut(prefix, PREFIX_MAX, "<%u>[%5llu.%06llu] ", level & 7u,
				  (unsigned long long)(now / NSEC_PER_SEC),
				  (unsigned long long)(now % NSEC_PER_SEC / 1000));
}

/* A message's own newline at its end is dropped: every record ends with one. */
static void record_write(enum log_level level, const char *fmt, va_list ap)
{
	char prefix[PREFIX_MAX];
	size_t prefix_length = prefix_make(prefix, level), length;
	struct record_writer w;
	uint64_t start;
	va_list measure;
	int n;

	va_copy(measure, ap);
	n = vformat(NULL, 0, fmt, measure);
	va_end(measure);
	if (n < 0)
		return;
	if (n > 0 && fmt[0] && fmt[strlen(fmt) - 1] == '\n')
		n--;
	n = min_t(int, n, RECORD_TEXT - PREFIX_MAX - 1);
	length = prefix_length + (size_t)n + 1;
	start = atomic_fetch_add(&ring_end, 8 + align_up(length, 8));
	w = (struct record_writer){ start + 8, start + 8 + length - 1 };
	writer_put(&w, prefix, prefix_length);
	vformat_sink(writer_put, &w, fmt, ap);
	while (w.position < w.end)
		writer_put(&w, " ", 1); /* an argument grew shorter meanwhile */
	ring_put(w.end, "\n", 1);
	atomic_store_release(&ring[start % RING_BYTES / 8], header_make(start, length));
}

static void output_write(const char *s, size_t n)
{
	for (struct log_console *c = output.first; c; c = c->next)
		c->write(c, s, n);
	if (!output.replaced)
		early_console_write(s, n);
}

/* Prints one record, in pieces, to one console or to all, if its level asks for it. */
static void record_print(uint64_t position, size_t length, struct log_console *only)
{
	char piece[256];

	if (!ring_get(position + 8, piece, 3) || piece[1] - '0' >= log_console_level)
		return;
	for (size_t at = 3; at < length;) {
		size_t n = min_t(size_t, sizeof(piece), length - at);

		if (!ring_get(position + 8 + at, piece, n))
			return;
		if (only)
			only->write(only, piece, n);
		else
			output_write(piece, n);
		at += n;
	}
}

/* Is there a finished record that was not printed? */
static bool output_behind(void)
{
	uint64_t position = atomic_load(&output.position), end = atomic_load_acquire(&ring_end);

	return position != end && (end - position > RING_BYTES || record_length(position) != 0);
}

static void output_print(void)
{
	uint64_t position = output.position;
	size_t length;

	if (atomic_load(&ring_end) - position > RING_BYTES)
		position = record_find(position); /* lines were lost on the consoles */
	while ((length = record_length(position)) != 0) {
		record_print(position, length, NULL);
		position = record_next(position, length);
		atomic_store(&output.position, position);
	}
	atomic_store(&output.position, position);
}

static bool output_try_own(void)
{
	return atomic_exchange(&output.busy, 1) == 0;
}

static void output_flush(void)
{
	preempt_disable();
	while (output_behind() && output_try_own()) {
		output_print();
		atomic_exchange(&output.busy, 0); /* and only then look again */
	}
	preempt_enable();
}

void log_vprintf(enum log_level level, const char *fmt, va_list ap)
{
	record_write(level, fmt, ap);
	output_flush();
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprintf(level, fmt, ap);
	va_end(ap);
}

/* The record that starts at or before a position and at most one record away; ~0 if there is none. */
static uint64_t record_around(uint64_t position)
{
	uint64_t p = align_down(position, 8);

	for (unsigned back = 0; back <= RECORD_TEXT + 8 && p >= back; back += 8)
		if (record_length(p - back) != 0)
			return p - back;
	return UINT64_MAX;
}

size_t log_read(uint64_t *position, char *buf, size_t n)
{
	uint64_t end = atomic_load_acquire(&ring_end), at, start;
	size_t done = 0, length, offset, piece;

	at = end - *position > RING_BYTES ? record_find(0) : *position;
	while (done < n && at < end) {
		start = record_around(at);
		if (start == UINT64_MAX)
			break;
		length = record_length(start);
		if (at >= record_next(start, length))
			break; /* the next one is not finished */
		offset = at > start + 8 ? (size_t)(at - start - 8) : 0;
		piece = min_t(size_t, n - done, length - offset);
		if (!ring_get(start + 8 + offset, buf + done, piece)) {
			at = record_find(0);
			continue;
		}
		done += piece;
		at = offset + piece == length ? record_next(start, length) : start + 8 + offset + piece;
	}
	*position = at;
	return done;
}

uint64_t log_tail_position(size_t n)
{
	uint64_t end = atomic_load_acquire(&ring_end);

	return record_find(end > n ? end - n : 0);
}

uint64_t log_end_position(void)
{
	return atomic_load_acquire(&ring_end);
}

/* "ttyS0,115200n8" names ttyS0. */
static bool console_is_named(const char *value, const char *name)
{
	size_t n = strlen(name);

	return strncmp(value, name, n) == 0 && (value[n] == '\0' || value[n] == ',');
}

static bool console_is_chosen(const struct log_console *c)
{
	unsigned state = 0, named = 0;
	const char *value;

	while ((value = cmdline_next("console", &state))) {
		if (console_is_named(value, c->name))
			return true;
		named++;
	}
	return named == 0 && !output.first;
}

/* What the early console has not shown on this device is shown now. */
static void console_replay(struct log_console *c)
{
	uint64_t position = record_find(0);
	size_t length;

	while (position < output.position && (length = record_length(position)) != 0) {
		record_print(position, length, c);
		position = record_next(position, length);
	}
}

void log_console_register(struct log_console *c)
{
	if (!console_is_chosen(c))
		return;
	preempt_disable();
	while (!output_try_own())
		cpu_relax();
	if (strcmp(c->name, "ttyS0") != 0)
		console_replay(c);
	c->next = output.first;
	output.first = c;
	output.replaced = true;
	atomic_exchange(&output.busy, 0);
	preempt_enable();
	output_flush();
}

void log_configure(void)
{
	if (cmdline_flag("quiet"))
		log_console_level = 4;
	if (cmdline_flag("debug"))
		log_console_level = 10;
	log_console_level = (int32_t)cmdline_number("loglevel", log_console_level);
	if (cmdline_flag("ignore_loglevel"))
		log_console_level = 10;
}

void log_emergency(const char *s, size_t n)
{
	output_write(s, n);
}
