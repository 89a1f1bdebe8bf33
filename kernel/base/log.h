/* SPDX-License-Identifier: MIT */
/*
 * base/log.h: the kernel log. Messages go into a ring (read by /dev/kmsg and
 * syslog(2) later) and, when their level is below the console level, to every
 * registered console. Any context, interrupt handlers too. Levels are Linux's.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "lib/types.h"
#include <stdarg.h>

enum log_level { LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

void log_printf(enum log_level level, const char *fmt, ...) __printf_like(2, 3);
void log_vprintf(enum log_level level, const char *fmt, va_list ap);

/*
 * The numbers of kernel.printk: messages below the first level reach the consoles (default 7,
 * all but debug; quiet: 4); the level of a message without one; the lowest that syslog(2) sets
 * the first to; what it was. Each atomic.
 */
extern int32_t log_levels[4];
#define log_console_level log_levels[0]
#define log_message_level log_levels[1]
#define log_lowest_level  log_levels[2]
/* Only the privileged may read the log: kernel.dmesg_restrict. On, as Debian has it. Atomic. */
extern int32_t log_restricted;
/* Reads quiet, debug, loglevel= and ignore_loglevel; after cmdline_parse(). */
void log_configure(void);

/*
 * An output of the log. write() is called with the log's output lock held, any
 * context: it polls. Lines end in \n alone; write() adds a carriage return where
 * the device needs one (early_console_write() does).
 */
struct log_console {
	const char *name;          /* "ttyS0", "tty0": matched with console= */
	void (*write)(struct log_console *c, const char *s, size_t n);
	struct log_console *next;  /* log's output lock */
};
/* Registers an output. The first one that console= names (or the first at all) replaces the early console. */
void log_console_register(struct log_console *c);

/*
 * Copies log text, "<level>[time] message\n" a line, from *position on, at most
 * n bytes; returns the number and advances *position, which is opaque but for
 * 0, the oldest there is. For syslog(2).
 */
size_t log_read(uint64_t *position, char *buf, size_t n);
/* Positions for log_read(): a line that starts about n bytes before the end; the end itself. */
uint64_t log_tail_position(size_t n);
uint64_t log_end_position(void);
/* Where who reads the log by syslog(2) or /proc/kmsg goes on: each line is given once. Atomic. */
extern uint64_t log_read_position;

#define log_err(...)   log_printf(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_printf(LOG_WARNING, __VA_ARGS__)
#define log_info(...)  log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_DEBUG, __VA_ARGS__)

/* Panic path only: writes past all locks to every console, polled. */
void log_emergency(const char *s, size_t n);

#endif
