/* SPDX-License-Identifier: MIT */
/*
 * The grid of the terminal emulator: putting characters, scrolling, moving. A
 * VGA card in text mode draws the 256 glyphs of code page 437; characters that
 * it lacks show as a block. The owner of the state excludes others.
 */
#include "drivers/vt.h"
#include "lib/string.h"

#define GLYPH_UNKNOWN 0xfe

/* What the glyphs 128 to 255 of code page 437 are in Unicode. */
static const uint16_t cp437_high[128] = {
	0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef,
	0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9,
	0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa,
	0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb,
	0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557,
	0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
	0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
	0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
	0x03b1, 0x00df, 0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4,
	0x221e, 0x03c6, 0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248,
	0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0,
};

/* The DEC line-drawing set in the places 0x60 to 0x7e, as glyphs. */
static const uint8_t line_drawing[31] = {
	0x04, 0xb1, 0x1a, 0x1a, 0x1a, 0x1a, 0xf8, 0xf1, 0x1a, 0x1a, 0xd9, 0xbf, 0xda, 0xc0, 0xc5, 0xc4,
	0xc4, 0xc4, 0xc4, 0x5f, 0xc3, 0xb4, 0xc1, 0xc2, 0xb3, 0xf3, 0xf2, 0xe3, 0xd8, 0x9c, 0xfa,
};

static uint8_t glyph_of(const struct vt *v, uint32_t unicode)
{
	if (v->raw_glyphs && unicode < 256)
		return (uint8_t)unicode;
	if (v->at.charset_graphics[v->at.charset] && unicode >= 0x60 && unicode < 0x7f)
		return line_drawing[unicode - 0x60];
	if (unicode < 0x80)
		return (uint8_t)unicode;
	for (unsigned i = 0; i < ARRAY_SIZE(cp437_high); i++)
		if (cp437_high[i] == unicode)
			return (uint8_t)(128 + i);
	return GLYPH_UNKNOWN;
}

static uint8_t attribute(const struct vt *v)
{
	const struct vt_look *l = &v->at.look;
	uint8_t foreground = l->foreground, background = l->background, swap;

	if (l->underline)
		foreground = 3; /* a colour card has no lines under characters: cyan */
	else if (l->dim)
		foreground = 8;
	if (l->reverse != v->screen_reversed) {
		swap = foreground;
		foreground = background;
		background = swap & 7;
	}
	if (l->bold && foreground < 8)
		foreground += 8;
	return (uint8_t)(foreground | background << 4 | l->blink << 7);
}

uint16_t vt_blank(const struct vt *v)
{
	uint8_t background = v->at.look.background;

	if (v->screen_reversed)
		return (uint16_t)(background | 7 << 4) << 8 | ' ';
	return (uint16_t)(7 | background << 4) << 8 | ' ';
}

static void mark_rows(struct vt *v, unsigned first, unsigned end)
{
	v->dirty |= (uint32_t)(BIT(end) - BIT(first));
}

void vt_fill(struct vt *v, unsigned from, unsigned to)
{
	uint16_t blank = vt_blank(v);

	mark_rows(v, from / VT_COLUMNS, div_round_up(to, VT_COLUMNS));
	for (unsigned i = from; i < to; i++)
		v->cell[i] = blank;
}

void vt_scroll(struct vt *v, unsigned top, unsigned bottom, int rows)
{
	unsigned height = bottom - top, n = (unsigned)(rows < 0 ? -rows : rows);
	uint16_t *first = v->cell + top * VT_COLUMNS;
	size_t kept;

	n = min(n, height);
	mark_rows(v, top, bottom);
	kept = (size_t)(height - n) * VT_COLUMNS * sizeof(*first);
	if (rows > 0) {
		memmove(first, first + n * VT_COLUMNS, kept);
		vt_fill(v, (bottom - n) * VT_COLUMNS, bottom * VT_COLUMNS);
	} else {
		memmove(first + n * VT_COLUMNS, first, kept);
		vt_fill(v, top * VT_COLUMNS, (top + n) * VT_COLUMNS);
	}
	if (rows > 0 && top == 0 && bottom == VT_ROWS)
		v->scrolled += n;
}

void vt_line_feed(struct vt *v)
{
	v->at.wrap = false;
	if (v->at.row + 1 == v->bottom)
		vt_scroll(v, v->top, v->bottom, 1);
	else if (v->at.row < VT_ROWS - 1)
		v->at.row++;
}

void vt_reverse_line_feed(struct vt *v)
{
	v->at.wrap = false;
	if (v->at.row == v->top)
		vt_scroll(v, v->top, v->bottom, -1);
	else if (v->at.row > 0)
		v->at.row--;
}

void vt_shift(struct vt *v, int columns)
{
	unsigned n = (unsigned)(columns < 0 ? -columns : columns), left = VT_COLUMNS - v->at.column;
	unsigned here = v->at.row * VT_COLUMNS + v->at.column;
	uint16_t *first = v->cell + here;
	size_t kept;

	n = min(n, left);
	mark_rows(v, v->at.row, v->at.row + 1u);
	kept = (left - n) * sizeof(*first);
	if (columns > 0) {
		memmove(first + n, first, kept);
		vt_fill(v, here, here + n);
	} else {
		memmove(first, first + n, kept);
		vt_fill(v, here + left - n, here + left);
	}
	v->at.wrap = false;
}

void vt_move(struct vt *v, int row, int column)
{
	v->at.row = (uint8_t)min(max(row, 0), VT_ROWS - 1);
	v->at.column = (uint8_t)min(max(column, 0), VT_COLUMNS - 1);
	v->at.wrap = false;
}

void vt_tab(struct vt *v)
{
	unsigned column = v->at.column;

	do {
		column++;
	} while (column < VT_COLUMNS - 1 && !(v->tab[column / 64] >> column % 64 & 1));
	v->at.column = (uint8_t)min(column, VT_COLUMNS - 1u);
	v->at.wrap = false;
}

void vt_put(struct vt *v, uint32_t unicode)
{
	if (v->at.wrap && !v->no_wrap) {
		v->at.column = 0;
		vt_line_feed(v);
	}
	if (v->insert)
		vt_shift(v, 1);
	mark_rows(v, v->at.row, v->at.row + 1u);
	v->cell[v->at.row * VT_COLUMNS + v->at.column] =
		(uint16_t)(attribute(v) << 8 | glyph_of(v, unicode));
	if (v->at.column + 1 < VT_COLUMNS)
		v->at.column++;
	else
		v->at.wrap = true;
}
