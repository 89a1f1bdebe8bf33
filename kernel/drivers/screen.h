/* SPDX-License-Identifier: MIT */
/*
 * drivers/screen.h: what the keyboard needs of the screen: the terminal that
 * both together are, and a mode that decides what keys send.
 */
#ifndef DRIVERS_SCREEN_H
#define DRIVERS_SCREEN_H

#include "tty/tty.h"

/* The terminal of the screen; NULL when there is no screen. Immutable once drivers of stage DRIVER_CONSOLE ran. */
struct tty *screen_tty(void);

/* Do cursor keys send ESC O instead of ESC [ now? Any context. */
bool screen_cursor_keys(void);

#endif
