/* SPDX-License-Identifier: MIT */
/*
 * base/cmdline.h: the kernel's command line. Parsed once, before memory exists,
 * into words (double quotes group); immutable afterwards. An owner of an option
 * asks for it here; asking marks it as known, and what nobody asked for goes to
 * init as argument (no '=') or environment (with '='), as Linux does it. A
 * dotted word (module.option) belongs to nobody's init; words after "--" always
 * go to init.
 */
#ifndef BASE_CMDLINE_H
#define BASE_CMDLINE_H

#include "lib/types.h"

void cmdline_parse(const char *text);

/* The text as it was given, for /proc/cmdline. */
const char *cmdline_text(void);

/* Value of the last "name=value", or "" for a bare "name"; NULL if absent. */
const char *cmdline_get(const char *name);

/* Every "name=value" in order: start with *state = 0; NULL at the end. For console= and the like. */
const char *cmdline_next(const char *name, unsigned *state);

/* True if the bare word is there. */
bool cmdline_flag(const char *name);

/* Number value with default. */
int64_t cmdline_number(const char *name, int64_t otherwise);

/* What nobody knows: kind 0 arguments, kind 1 environment. Start with *state = 0. */
const char *cmdline_unknown(int kind, unsigned *state);

#endif
