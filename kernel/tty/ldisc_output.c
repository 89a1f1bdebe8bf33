/* SPDX-License-Identifier: MIT */
/*
 * Output processing (OPOST and its flags), and the column of the cursor, which
 * tabs and the erasing of tabs need. The owner of the state excludes others.
 */
#include "tty/ldisc.h"

static size_t output_newline(struct ldisc *l, uint8_t *out)
{
	if (l->termios.c_oflag & ONLCR) {
		l->column = l->line_column = 0;
		out[0] = '\r';
		out[1] = '\n';
		return 2;
	}
	if (l->termios.c_oflag & ONLRET)
		l->column = 0;
	l->line_column = l->column;
	out[0] = '\n';
	return 1;
}

static size_t output_return(struct ldisc *l, uint8_t *out)
{
	if ((l->termios.c_oflag & ONOCR) && l->column == 0)
		return 0;
	out[0] = '\r';
	if (l->termios.c_oflag & OCRNL) {
		out[0] = '\n';
		if (!(l->termios.c_oflag & ONLRET))
			return 1;
	}
	l->column = l->line_column = 0;
	return 1;
}

static size_t output_tab(struct ldisc *l, uint8_t *out)
{
	uint32_t spaces = 8 - l->column % 8;

	l->column += spaces;
	if ((l->termios.c_oflag & TABDLY) != XTABS) {
		out[0] = '\t';
		return 1;
	}
	memset(out, ' ', spaces);
	return spaces;
}

size_t ldisc_output_byte(struct ldisc *l, uint8_t c, uint8_t out[8])
{
	switch (c) {
	case '\n':
		return output_newline(l, out);
	case '\r':
		return output_return(l, out);
	case '\t':
		return output_tab(l, out);
	case '\b':
		if (l->column > 0)
			l->column--;
		break;
	default:
		if (ldisc_is_control(c))
			break;
		if ((l->termios.c_oflag & OLCUC) && c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		if (!ldisc_is_continuation(l, c))
			l->column++;
	}
	out[0] = c;
	return 1;
}

size_t ldisc_output(struct ldisc *l, const uint8_t *p, size_t n, size_t *used, uint8_t *out, size_t room)
{
	size_t made = 0, i = 0;

	if (!(l->termios.c_oflag & OPOST)) {
		*used = min(n, room);
		memcpy(out, p, *used);
		return *used;
	}
	for (; i < n && room - made >= 8; i++)
		made += ldisc_output_byte(l, p[i], out + made);
	*used = i;
	return made;
}
