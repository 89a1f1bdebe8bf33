/* SPDX-License-Identifier: MIT */
/* What a child finds out, sent through a pipe and told by the first process as one line. */
#ifndef TOLD_H
#define TOLD_H

#include "tap.h"

static char text[4000];
static int channel[2];

static inline void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(channel[1], format, args);
	va_end(args);
}

/* What the child says, and how it ends. */
#define TOLD(name, ...)                                             \
	do {                                                        \
		pipe(channel);                                      \
		int status_ = IN_CHILD(__VA_ARGS__);                \
		close(channel[1]);                                  \
		memset(text, 0, sizeof(text));                      \
		read(channel[0], text, sizeof(text) - 1);           \
		close(channel[0]);                                  \
		TELL(name, "%s(%x)", text, (unsigned)status_);      \
	} while (0)

#endif
