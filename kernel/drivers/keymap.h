/* SPDX-License-Identifier: MIT */
/*
 * drivers/keymap.h: scan codes of a PC keyboard (set 1) to what Linux's console
 * sends for them (US layout). Pure; also built on the host.
 */
#ifndef DRIVERS_KEYMAP_H
#define DRIVERS_KEYMAP_H

#include "lib/types.h"

#define KEYMAP_LONGEST 8 /* bytes one key can send */

/* Guarded by its owner. */
struct keymap {
	bool extended;       /* the last byte was 0xe0 */
	unsigned skip;       /* bytes of the pause key to come */
	bool shift[2], ctrl[2], alt[2]; /* held: left, right */
	bool caps_lock, num_lock;
	bool cursor_keys;    /* the screen wants ESC O for cursor keys: set by the owner */
};

/* Takes one byte from the keyboard; what the terminal gets goes to out. Number of bytes. */
size_t keymap_code(struct keymap *k, uint8_t code, uint8_t out[KEYMAP_LONGEST]);

#endif
