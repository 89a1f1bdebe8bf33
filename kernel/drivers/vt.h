/* SPDX-License-Identifier: MIT */
/*
 * drivers/vt.h: a terminal emulator in the manner of Linux's console
 * (console_codes(4), TERM=linux): bytes go in, a grid of character cells comes
 * out. Pure: no hardware, no locks, no memory of its own; also built on the
 * host. The owner excludes others and shows the cells.
 */
#ifndef DRIVERS_VT_H
#define DRIVERS_VT_H

#include "lib/types.h"

#define VT_COLUMNS 80
#define VT_ROWS    25
#define VT_PARAMS  16

struct vt_look {                  /* how characters are drawn from now on */
	uint8_t foreground, background; /* 0..15 and 0..7: VGA's numbers */
	bool bold, dim, underline, blink, reverse;
};

struct vt_cursor {
	uint8_t row, column;
	bool wrap;                /* the next character goes to the next line */
	bool charset_graphics[2]; /* G0 and G1 are the line-drawing set */
	uint8_t charset;          /* 0 or 1: which of them */
	struct vt_look look;
};

enum vt_state { VT_TEXT, VT_ESCAPE, VT_CSI, VT_OSC, VT_CHARSET0, VT_CHARSET1, VT_SKIP };

/* Guarded as a whole by its owner's lock. */
struct vt {
	uint16_t cell[VT_ROWS * VT_COLUMNS]; /* VGA: attribute << 8 | glyph of code page 437 */
	struct vt_cursor at, saved;
	uint8_t top, bottom;      /* scrolling region: rows [top, bottom) */
	bool cursor_hidden, origin, no_wrap, insert, newline_mode, screen_reversed;
	bool cursor_keys;         /* DECCKM: arrows send ESC O */
	bool raw_glyphs;          /* SGR 11: bytes are glyphs */
	uint64_t tab[2];          /* bits: tab stops */
	uint32_t dirty;           /* bits: rows with other contents since the owner cleared it */
	unsigned scrolled;        /* rows the whole screen went up since the owner cleared it */
	unsigned bells;           /* likewise */

	enum vt_state state;
	unsigned param[VT_PARAMS], params;
	char prefix;              /* '?', '>' or '=' of a control sequence, or 0 */
	char intermediate;        /* a byte 0x20..0x2f of it, or 0 */
	uint32_t unicode;         /* being decoded */
	unsigned more;            /* bytes of UTF-8 to come */
	unsigned skip;            /* bytes of a palette sequence to come */

	char reply[32];           /* what the terminal answers: the owner takes and empties it */
	unsigned reply_length;
};

/* An empty screen, everything at its default. */
void vt_init(struct vt *v);

void vt_write(struct vt *v, const uint8_t *p, size_t n);

/* vt_draw.c: what the sequences do, for vt.c. Rows and columns count from 0. */
uint16_t vt_blank(const struct vt *v);
void vt_put(struct vt *v, uint32_t unicode);
void vt_fill(struct vt *v, unsigned from, unsigned to);  /* cells [from, to) become blank */
void vt_scroll(struct vt *v, unsigned top, unsigned bottom, int rows); /* up for rows > 0 */
void vt_line_feed(struct vt *v);
void vt_reverse_line_feed(struct vt *v);
void vt_shift(struct vt *v, int columns);                /* of the line from the cursor on: right inserts */
void vt_move(struct vt *v, int row, int column);         /* within the screen */
void vt_tab(struct vt *v);

#endif
