/* SPDX-License-Identifier: MIT */
/*
 * The parser of the terminal emulator: text, control characters, and escape
 * sequences (ECMA-48; the private ones of DEC and Linux). What is not known is
 * read to its end and does nothing. The owner of the state excludes others.
 */
#include "drivers/vt.h"
#include "lib/format.h"
#include "lib/string.h"

/* ANSI's order of colours to VGA's. */
static const uint8_t vga_colour[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };

static const struct vt_look plain = { .foreground = 7 };

static void reset(struct vt *v)
{
	memset(v, 0, sizeof(*v));
	v->at.look = plain;
	v->at.charset_graphics[1] = true;
	v->saved = v->at;
	v->bottom = VT_ROWS;
	v->tab[0] = v->tab[1] = 0x0101010101010101;
	vt_fill(v, 0, VT_ROWS * VT_COLUMNS);
}

void vt_init(struct vt *v)
{
	reset(v);
}

static void answer(struct vt *v, const char *s)
{
	size_t n = strlen(s);

	if (n > sizeof(v->reply) - v->reply_length)
		return;
	memcpy(v->reply + v->reply_length, s, n);
	v->reply_length += (unsigned)n;
}

/* Parameter i of a control sequence, or what stands for one left out or zero. */
static int arg(const struct vt *v, unsigned i, int otherwise)
{
	unsigned value = i < v->params ? v->param[i] : 0;

	return value ? (int)min(value, 9999u) : otherwise;
}

/* With origin mode, rows count from the scrolling region and stay in it. */
static void move_absolute(struct vt *v, int row, int column)
{
	if (v->origin)
		row = min(row + v->top, v->bottom - 1);
	vt_move(v, row, column);
}

static void move_relative(struct vt *v, int rows, int columns)
{
	int first = v->at.row >= v->top ? v->top : 0, last = v->at.row < v->bottom ? v->bottom - 1 : VT_ROWS - 1;

	vt_move(v, min(max(v->at.row + rows, first), last), v->at.column + columns);
}

static void erase(struct vt *v, unsigned how, unsigned start, unsigned end)
{
	unsigned here = v->at.row * VT_COLUMNS + v->at.column;

	v->at.wrap = false;
	if (how == 0)
		vt_fill(v, here, end);
	else if (how == 1)
		vt_fill(v, start, here + 1);
	else if (how <= 3)
		vt_fill(v, start, end);
}

static void erase_line(struct vt *v, unsigned how)
{
	unsigned start = v->at.row * VT_COLUMNS;

	if (how <= 2)
		erase(v, how, start, start + VT_COLUMNS);
}

static void erase_characters(struct vt *v, unsigned n)
{
	unsigned here = v->at.row * VT_COLUMNS + v->at.column;

	vt_fill(v, here, here + min(n, VT_COLUMNS - (unsigned)v->at.column));
	v->at.wrap = false;
}

static void insert_lines(struct vt *v, int n)
{
	if (v->at.row >= v->top && v->at.row < v->bottom)
		vt_scroll(v, v->at.row, v->bottom, -n);
	v->at.wrap = false;
}

/* 38 and 48: 5;N of 256 colours, or 2;R;G;B. Gives the nearest of eight; moves *i over what it used. */
static int extended_colour(const struct vt *v, unsigned *i)
{
	unsigned r, g, b, n, kind = *i + 1 < v->params ? v->param[*i + 1] : 0;

	if (kind == 5 && *i + 2 < v->params) {
		n = v->param[*i + 2];
		*i += 2;
		if (n < 16)
			return vga_colour[n & 7] | (int)(n & 8);
		if (n >= 232)
			return n < 244 ? 8 : 7;
		r = (n - 16) / 36 * 51;
		g = (n - 16) / 6 % 6 * 51;
		b = (n - 16) % 6 * 51;
	} else if (kind == 2 && *i + 4 < v->params) {
		r = v->param[*i + 2];
		g = v->param[*i + 3];
		b = v->param[*i + 4];
		*i += 4;
	} else {
		*i = v->params;
		return -1;
	}
	return (r > 100 ? 4 : 0) | (g > 100 ? 2 : 0) | (b > 100 ? 1 : 0) | (max(max(r, g), b) > 200 ? 8 : 0);
}

static void set_look_colour(struct vt *v, unsigned *i)
{
	struct vt_look *l = &v->at.look;
	unsigned n = v->param[*i];
	int colour;

	if (n == 38 || n == 48) {
		colour = extended_colour(v, i);
		if (colour >= 0 && n == 38)
			l->foreground = (uint8_t)colour;
		else if (colour >= 0)
			l->background = (uint8_t)colour & 7;
	} else if (n >= 30 && n <= 37) {
		l->foreground = vga_colour[n - 30];
	} else if (n == 39) {
		l->foreground = plain.foreground;
	} else if (n >= 40 && n <= 47) {
		l->background = vga_colour[n - 40];
	} else if (n == 49) {
		l->background = plain.background;
	} else if (n >= 90 && n <= 97) {
		l->foreground = vga_colour[n - 90] | 8;
	} else if (n >= 100 && n <= 107) {
		l->background = vga_colour[n - 100];
	}
}

/* SGR */
static void set_look(struct vt *v)
{
	struct vt_look *l = &v->at.look;

	for (unsigned i = 0; i < max(v->params, 1u); i++) {
		switch (v->param[i]) {
		case 0:	 *l = plain; v->raw_glyphs = false; break;
		case 1:	 l->bold = true; l->dim = false; break;
		case 2:	 l->dim = true; l->bold = false; break;
		case 4:	 l->underline = true; break;
		case 5:	 l->blink = true; break;
		case 7:	 l->reverse = true; break;
		case 10: v->raw_glyphs = false; break;
		case 11:
		case 12: v->raw_glyphs = true; break;
		case 21:
		case 22: l->bold = l->dim = false; break;
		case 24: l->underline = false; break;
		case 25: l->blink = false; break;
		case 27: l->reverse = false; break;
		default: set_look_colour(v, &i);
		}
	}
}

static void set_private_mode(struct vt *v, unsigned mode, bool on)
{
	switch (mode) {
	case 1:	 v->cursor_keys = on; break;
	case 5:	 v->screen_reversed = on; break;
	case 6:	 v->origin = on; move_absolute(v, 0, 0); break;
	case 7:	 v->no_wrap = !on; break;
	case 25: v->cursor_hidden = !on; break;
	}
}

static void set_modes(struct vt *v, bool on)
{
	for (unsigned i = 0; i < v->params; i++) {
		if (v->prefix == '?')
			set_private_mode(v, v->param[i], on);
		else if (v->param[i] == 4)
			v->insert = on;
		else if (v->param[i] == 20)
			v->newline_mode = on;
	}
}

static void set_region(struct vt *v)
{
	int top = arg(v, 0, 1), bottom = min(arg(v, 1, VT_ROWS), VT_ROWS);

	if (top >= bottom)
		return;
	v->top = (uint8_t)(top - 1);
	v->bottom = (uint8_t)bottom;
	move_absolute(v, 0, 0);
}

static void report(struct vt *v, unsigned what)
{
	char text[24];

	if (what == 5)
		answer(v, "\033[0n");
	if (what != 6)
		return;
	format_cut(text, sizeof(text), "\033[%d;%dR", v->at.row + 1 - (v->origin ? v->top : 0), v->at.column + 1);
	answer(v, text);
}

static void clear_tabs(struct vt *v, unsigned how)
{
	if (how == 0)
		v->tab[v->at.column / 64] &= ~BIT(v->at.column % 64);
	else if (how == 3)
		v->tab[0] = v->tab[1] = 0;
}

static void csi_move(struct vt *v, uint8_t c)
{
	int n = arg(v, 0, 1);

	switch (c) {
	case 'A': move_relative(v, -n, 0); break;
	case 'B':
	case 'e': move_relative(v, n, 0); break;
	case 'C':
	case 'a': vt_move(v, v->at.row, v->at.column + n); break;
	case 'D': vt_move(v, v->at.row, v->at.column - n); break;
	case 'E': move_relative(v, n, -VT_COLUMNS); break;
	case 'F': move_relative(v, -n, -VT_COLUMNS); break;
	case 'G':
	case '`': vt_move(v, v->at.row, n - 1); break;
	case 'd': move_absolute(v, n - 1, v->at.column); break;
	case 'H':
	case 'f': move_absolute(v, n - 1, arg(v, 1, 1) - 1); break;
	}
}

static void csi_edit(struct vt *v, uint8_t c)
{
	int n = arg(v, 0, 1);

	switch (c) {
	case '@': vt_shift(v, n); break;
	case 'P': vt_shift(v, -n); break;
	case 'X': erase_characters(v, (unsigned)n); break;
	case 'J': erase(v, v->param[0], 0, VT_ROWS * VT_COLUMNS); break;
	case 'K': erase_line(v, v->param[0]); break;
	case 'L': insert_lines(v, n); break;
	case 'M': insert_lines(v, -n); break;
	case 'S': vt_scroll(v, v->top, v->bottom, n); break;
	case 'T': vt_scroll(v, v->top, v->bottom, -n); break;
	}
}

static void csi_other(struct vt *v, uint8_t c)
{
	switch (c) {
	case 'c': answer(v, "\033[?6c"); break;
	case 'g': clear_tabs(v, v->param[0]); break;
	case 'm': set_look(v); break;
	case 'n': report(v, v->param[0]); break;
	case 'r': set_region(v); break;
	case 's': v->saved = v->at; break;
	case 'u': v->at = v->saved; break;
	}
}

static void csi_done(struct vt *v, uint8_t c)
{
	v->state = VT_TEXT;
	if (v->intermediate)
		return;
	if ((c == 'h' || c == 'l') && (v->prefix == 0 || v->prefix == '?')) {
		set_modes(v, c == 'h');
		return;
	}
	if (v->prefix)
		return;
	csi_move(v, c);
	csi_edit(v, c);
	csi_other(v, c);
}

static void csi_byte(struct vt *v, uint8_t c)
{
	if (c >= '0' && c <= '9') {
		if (v->params == 0)
			v->params = 1;
		if (v->params <= VT_PARAMS)
			v->param[v->params - 1] = min(v->param[v->params - 1] * 10 + c - '0', 99999u);
	} else if (c == ';' || c == ':') {
		v->params = min(max(v->params, 1u) + 1, VT_PARAMS + 1u);
	} else if (c >= '<' && c <= '?') {
		v->prefix = (char)c;
	} else if (c >= 0x20 && c <= 0x2f) {
		v->intermediate = (char)c;
	} else {
		v->params = min(v->params, (unsigned)VT_PARAMS);
		csi_done(v, c);
	}
}

static void csi_start(struct vt *v)
{
	v->state = VT_CSI;
	memset(v->param, 0, sizeof(v->param));
	v->params = 0;
	v->prefix = v->intermediate = 0;
}

static void escape_byte(struct vt *v, uint8_t c)
{
	v->state = VT_TEXT;
	switch (c) {
	case '[': csi_start(v); break;
	case ']': v->state = VT_OSC; v->skip = 0; break;
	case '(': v->state = VT_CHARSET0; break;
	case ')': v->state = VT_CHARSET1; break;
	case '%':
	case '#': v->state = VT_SKIP; v->skip = 1; break;
	case 'c': reset(v); break;
	case 'D': vt_line_feed(v); break;
	case 'E': v->at.column = 0; vt_line_feed(v); break;
	case 'H': v->tab[v->at.column / 64] |= BIT(v->at.column % 64); break;
	case 'M': vt_reverse_line_feed(v); break;
	case 'Z': answer(v, "\033[?6c"); break;
	case '7': v->saved = v->at; break;
	case '8': v->at = v->saved; break;
	}
}

/* Control characters work inside sequences too. False: c is not one. */
static bool control_byte(struct vt *v, uint8_t c)
{
	switch (c) {
	case 0x07:
		if (v->state == VT_OSC)
			v->state = VT_TEXT;
		else
			v->bells++;
		break;
	case '\b': vt_move(v, v->at.row, v->at.column - 1); break;
	case '\t': vt_tab(v); break;
	case '\n':
	case 0x0b:
	case 0x0c:
		vt_line_feed(v);
		if (v->newline_mode)
			v->at.column = 0;
		break;
	case '\r': vt_move(v, v->at.row, 0); break;
	case 0x0e: v->at.charset = 1; break;
	case 0x0f: v->at.charset = 0; break;
	case 0x18:
	case 0x1a: v->state = VT_TEXT; break;
	case 0x1b: v->state = VT_ESCAPE; break;
	default:   return c < 0x20 || c == 0x7f;
	}
	return true;
}

static void text_byte(struct vt *v, uint8_t c)
{
	if (v->more && (c & 0xc0) == 0x80) {
		v->unicode = v->unicode << 6 | (c & 0x3f);
		if (--v->more == 0)
			vt_put(v, v->unicode);
		return;
	}
	if (v->more)
		vt_put(v, 0xfffd); /* cut short */
	v->more = 0;
	if (c < 0x80 || v->raw_glyphs) {
		vt_put(v, c);
	} else if (c >= 0xc2 && c < 0xf5) {
		v->more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		v->unicode = c & (0x3fu >> v->more);
	} else {
		vt_put(v, 0xfffd);
	}
}

/* A title or the like, to its end (BEL or ESC \); Linux's palette sequences have none. */
static void osc_byte(struct vt *v, uint8_t c)
{
	if (v->skip++ > 0)
		return;
	if (c == 'P') {
		v->state = VT_SKIP;
		v->skip = 7;
	} else if (c == 'R') {
		v->state = VT_TEXT;
	}
}

static void state_byte(struct vt *v, uint8_t c)
{
	switch (v->state) {
	case VT_ESCAPE:
		escape_byte(v, c);
		break;
	case VT_CSI:
		csi_byte(v, c);
		break;
	case VT_OSC:
		osc_byte(v, c);
		break;
	case VT_CHARSET0:
	case VT_CHARSET1:
		v->at.charset_graphics[v->state == VT_CHARSET1] = c == '0';
		v->state = VT_TEXT;
		break;
	case VT_SKIP:
		if (--v->skip == 0)
			v->state = VT_TEXT;
		break;
	case VT_TEXT:
		text_byte(v, c);
		break;
	}
}

void vt_write(struct vt *v, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!control_byte(v, p[i]))
			state_byte(v, p[i]);
}
