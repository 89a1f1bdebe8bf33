/* SPDX-License-Identifier: MIT */
/*
 * Echo and line editing. Bytes go to the echo ring as the device will get them,
 * output processing done, so that the column is right at any time.
 *
 * Erasing a word or a line, and showing a line again, can need more echo than
 * there is room for: they are done in steps of one character, and the state
 * remembers where it is. A step makes at most LDISC_STEP_ECHO bytes.
 */
#include "tty/ldisc.h"

/* What the owner cannot take is lost: only with output stopped, see ldisc_receive(). */
void ldisc_echo_raw(struct ldisc *l, uint8_t c)
{
	uint8_t out[8];
	size_t n = 1;

	if (l->termios.c_oflag & OPOST)
		n = ldisc_output_byte(l, c, out);
	else
		out[0] = c;
	if (ring_room(&l->echo) >= n)
		ring_write(&l->echo, out, n);
}

void ldisc_echo(struct ldisc *l, uint8_t c)
{
	if (ldisc_has(l, ECHOCTL) && ldisc_is_control(c) && c != '\t') {
		ldisc_echo_raw(l, '^');
		c ^= 0x40;
	}
	ldisc_echo_raw(l, c);
}

void ldisc_echo_end_erase(struct ldisc *l)
{
	if (!l->showing_erased)
		return;
	l->showing_erased = false;
	ldisc_echo_raw(l, '/');
}

static void echo_text(struct ldisc *l, const char *s)
{
	for (; *s; s++)
		ldisc_echo_raw(l, (uint8_t)*s);
}

/* Moves the cursor back over a tab that stood at the present head. */
static void echo_erase_tab(struct ldisc *l)
{
	uint32_t columns = 0, at = l->head;
	bool from_tab = false;

	while (at != l->line_head && !from_tab) {
		uint8_t c = ldisc_byte(l, --at);

		if (c == '\t')
			from_tab = true;
		else if (ldisc_is_control(c))
			columns += ldisc_has(l, ECHOCTL) ? 2 : 0;
		else if (!ldisc_is_continuation(l, c))
			columns++;
	}
	if (!from_tab)
		columns += l->line_column;
	for (uint32_t back = 8 - columns % 8; back > 0; back--)
		ldisc_echo_raw(l, '\b');
}

/* Shows that the character of n bytes that began with c and stood at the present head is gone. */
static void echo_erased(struct ldisc *l, uint8_t c, uint32_t n)
{
	if (ldisc_has(l, ECHOPRT)) {
		if (!l->showing_erased)
			ldisc_echo_raw(l, '\\');
		l->showing_erased = true;
		ldisc_echo(l, c);
		for (uint32_t i = 1; i < n; i++)
			ldisc_echo_raw(l, ldisc_byte(l, l->head + i));
	} else if (l->erasing == LDISC_ERASE_CHAR && !ldisc_has(l, ECHOE)) {
		ldisc_echo(l, l->termios.c_cc[VERASE]);
	} else if (c == '\t') {
		echo_erase_tab(l);
	} else if (!ldisc_is_control(c)) {
		echo_text(l, "\b \b");
	} else if (ldisc_has(l, ECHOCTL)) {
		echo_text(l, "\b \b\b \b");
	}
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c >= 0x80;
}

/* Takes one character off the line. False when there is nothing (more) to take. */
static bool erase_one(struct ldisc *l)
{
	uint32_t at = l->head;
	uint8_t c = 0;

	if (at == l->line_head)
		return false;
	do {
		c = ldisc_byte(l, --at);
	} while (ldisc_is_continuation(l, c) && at != l->line_head);
	if (ldisc_is_continuation(l, c))
		return false; /* not the start of a character: rather nothing than half */
	if (l->erasing == LDISC_ERASE_WORD) {
		if (is_word(c))
			l->word_seen = true;
		else if (l->word_seen)
			return false;
	}
	c = ldisc_byte(l, at);
	uint32_t n = l->head - at;
	l->head = at;
	if (ldisc_has(l, ECHO))
		echo_erased(l, c, n);
	return l->erasing != LDISC_ERASE_CHAR;
}

static void erase_step(struct ldisc *l)
{
	if (erase_one(l))
		return;
	l->erasing = LDISC_ERASE_NONE;
	if (l->head == l->line_head && ldisc_has(l, ECHO))
		ldisc_echo_end_erase(l);
}

static void reprint_step(struct ldisc *l)
{
	if (l->reprint == l->head)
		l->reprinting = false;
	else
		ldisc_echo(l, ldisc_byte(l, l->reprint++));
}

void ldisc_edit_step(struct ldisc *l)
{
	if (l->erasing != LDISC_ERASE_NONE)
		erase_step(l);
	else if (l->reprinting)
		reprint_step(l);
}

void ldisc_erase_start(struct ldisc *l, enum ldisc_erase what)
{
	const unsigned visual = ECHO | ECHOE | ECHOK | ECHOKE;

	if (l->head == l->line_head)
		return;
	if (what == LDISC_ERASE_LINE && (l->termios.c_lflag & visual) != visual) {
		l->head = l->line_head;
		if (!ldisc_has(l, ECHO))
			return;
		ldisc_echo_end_erase(l);
		ldisc_echo(l, l->termios.c_cc[VKILL]);
		if (ldisc_has(l, ECHOK))
			ldisc_echo_raw(l, '\n');
		return;
	}
	l->erasing = what;
	l->word_seen = false;
}
