/* SPDX-License-Identifier: MIT */
/*
 * The line discipline: settings, input, reading. The buffer is a ring of 4096
 * bytes; positions run on and are cut down when used:
 *
 *      tail                line_head            head
 *       | finished lines ... | the line being typed |
 *
 * A bit for each byte says that it ends a line. The end-of-file key leaves a
 * zero byte with that bit, which reads swallow. In raw mode everything between
 * tail and head may be read, and line_head stays where tail was.
 *
 * When the buffer is full and holds a finished line, input waits until it is
 * read. When it holds only the line being typed, the last byte is overwritten
 * instead, so that the key that ends the line always gets in: such a line is
 * 4095 bytes and its end, as in Linux.
 *
 * The owner of the state excludes others.
 */
#include "tty/ldisc.h"

#define STEP_ECHO 40 /* room in the echo ring that one byte of input can need */

static const uint8_t default_keys[NCCS] = {
	[VINTR] = 'C' & 31, [VQUIT] = '\\' & 31, [VERASE] = 0x7f, [VKILL] = 'U' & 31, [VEOF] = 'D' & 31,
	[VMIN] = 1, [VSTART] = 'Q' & 31, [VSTOP] = 'S' & 31, [VSUSP] = 'Z' & 31, [VREPRINT] = 'R' & 31,
	[VDISCARD] = 'O' & 31, [VWERASE] = 'W' & 31, [VLNEXT] = 'V' & 31,
};

static bool line_end_at(const struct ldisc *l, uint32_t at)
{
	at %= LDISC_BUFFER;
	return l->line_end[at / 64] >> at % 64 & 1;
}

static void line_end_set(struct ldisc *l, uint32_t at, bool on)
{
	at %= LDISC_BUFFER;
	if (on)
		l->line_end[at / 64] |= BIT(at % 64);
	else
		l->line_end[at / 64] &= ~BIT(at % 64);
}

static bool is_eof_mark(const struct ldisc *l, uint32_t at)
{
	return line_end_at(l, at) && ldisc_byte(l, at) == 0 && !(l->pushed && at + 1 == l->line_head);
}

/* Zero disables a key. */
static bool is_key(const struct ldisc *l, unsigned key, uint8_t c)
{
	return c != 0 && c == l->termios.c_cc[key];
}

static bool is_extended_key(const struct ldisc *l, unsigned key, uint8_t c)
{
	return is_key(l, key, c) && ldisc_has(l, IEXTEN);
}

static void special_mark(struct ldisc *l, unsigned flags, unsigned wanted, const uint8_t *keys, size_t n)
{
	if ((flags & wanted) != wanted)
		return;
	for (size_t i = 0; i < n; i++)
		l->special[l->termios.c_cc[keys[i]]] = 1;
}

/* Finds out which bytes need a look at all. */
static void special_compute(struct ldisc *l)
{
	static const uint8_t flow[] = { VSTART, VSTOP }, signals[] = { VINTR, VQUIT, VSUSP };
	static const uint8_t line[] = { VERASE, VKILL, VEOF, VEOL };
	static const uint8_t extended[] = { VWERASE, VLNEXT, VREPRINT, VEOL2 };
	unsigned lflag = l->termios.c_lflag, iflag = l->termios.c_iflag;

	memset(l->special, 0, sizeof(l->special));
	special_mark(l, iflag, IXON, flow, ARRAY_SIZE(flow));
	special_mark(l, lflag, ISIG, signals, ARRAY_SIZE(signals));
	special_mark(l, lflag, ICANON, line, ARRAY_SIZE(line));
	special_mark(l, lflag, ICANON | IEXTEN, extended, ARRAY_SIZE(extended));
	l->special[0] = 0;
	l->special['\r'] |= (iflag & (IGNCR | ICRNL)) != 0;
	l->special['\n'] |= (iflag & INLCR) || (lflag & (ICANON | ECHO));
	l->raw = !(lflag & (ICANON | ISIG | ECHO)) &&
		 !(iflag & (IXON | IGNCR | ICRNL | INLCR | ISTRIP | IUCLC | PARMRK));
}

/* What waits becomes one line, or loses its lines. */
static void mode_change(struct ldisc *l)
{
	memset(l->line_end, 0, sizeof(l->line_end));
	l->line_head = l->tail;
	l->pushed = false;
	l->erasing = LDISC_ERASE_NONE;
	l->reprinting = l->showing_erased = l->literal_next = false;
	if (!ldisc_has(l, ICANON) || l->head == l->tail)
		return;
	line_end_set(l, l->head - 1, true);
	l->line_head = l->head;
	l->pushed = true;
}

static void flow_set(struct ldisc *l, bool stop)
{
	if (l->stopped == stop)
		return;
	l->stopped = stop;
	l->events |= LDISC_FLOW;
}

void ldisc_hold(struct ldisc *l, bool stop)
{
	if (l->stopped_by_call == stop)
		return;
	l->stopped_by_call = stop;
	flow_set(l, stop);
}

void ldisc_release(struct ldisc *l)
{
	l->stopped_by_call = false;
	flow_set(l, false);
}

void ldisc_set_termios(struct ldisc *l, const struct termios2 *t)
{
	unsigned changed = l->termios.c_lflag ^ t->c_lflag;

	l->termios = *t;
	special_compute(l);
	if (changed & ICANON)
		mode_change(l);
	if (!(t->c_iflag & IXON) && !l->stopped_by_call)
		flow_set(l, false);
	if (ldisc_readable(l, 1))
		l->events |= LDISC_WAKE;
}

void ldisc_init(struct ldisc *l)
{
	struct termios2 t = {
		.c_iflag = ICRNL | IXON,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = B38400 | CS8 | CREAD | HUPCL,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.c_ispeed = 38400,
		.c_ospeed = 38400,
	};

	memset(l, 0, sizeof(*l));
	memcpy(t.c_cc, default_keys, sizeof(t.c_cc));
	ring_init(&l->echo, l->echo_data, sizeof(l->echo_data));
	ldisc_set_termios(l, &t);
}

void ldisc_flush_input(struct ldisc *l)
{
	memset(l->line_end, 0, sizeof(l->line_end));
	l->tail = l->line_head = l->head;
	l->erasing = LDISC_ERASE_NONE;
	l->pushed = l->reprinting = l->showing_erased = l->literal_next = false;
}

/* The caller knows that there is room, or that the last byte may be overwritten. */
static void buffer_put(struct ldisc *l, uint8_t c)
{
	if (l->head - l->tail == LDISC_BUFFER)
		l->head--;
	l->data[l->head++ % LDISC_BUFFER] = c;
}

/* Can the buffer take one more byte (two with PARMRK)? The last place is for the end of a line. */
static bool buffer_accepts(const struct ldisc *l)
{
	uint32_t keep = l->termios.c_iflag & PARMRK ? 3 : 1;

	return l->head - l->tail < LDISC_BUFFER - keep || (ldisc_has(l, ICANON) && l->line_head == l->tail);
}

static void line_finish(struct ldisc *l, uint8_t c)
{
	buffer_put(l, c);
	line_end_set(l, l->head - 1, true);
	l->line_head = l->head;
	l->events |= LDISC_WAKE;
}

/* A byte that is just a byte: echoed and put. */
static void receive_plain(struct ldisc *l, uint8_t c)
{
	if (ldisc_has(l, ECHO)) {
		ldisc_echo_end_erase(l);
		if (l->line_head == l->head)
			l->line_column = l->column;
		if (c == '\n')
			ldisc_echo_raw(l, c);
		else
			ldisc_echo(l, c);
	}
	if (c == 0xff && (l->termios.c_iflag & PARMRK))
		buffer_put(l, c);
	buffer_put(l, c);
	if (!ldisc_has(l, ICANON))
		l->events |= LDISC_WAKE;
}

static void receive_signal(struct ldisc *l, unsigned key)
{
	l->signal_key = key;
	l->events |= LDISC_SIGNAL;
	if (!ldisc_has(l, NOFLSH)) {
		l->events |= LDISC_FLUSH;
		ldisc_flush_input(l);
		ring_clear(&l->echo);
	}
	if (l->termios.c_iflag & IXON)
		flow_set(l, false);
	if (ldisc_has(l, ECHO))
		ldisc_echo(l, l->termios.c_cc[key]);
}

static bool receive_signal_key(struct ldisc *l, uint8_t c)
{
	static const uint8_t keys[] = { VINTR, VQUIT, VSUSP };

	for (unsigned i = 0; ldisc_has(l, ISIG) && i < ARRAY_SIZE(keys); i++) {
		if (is_key(l, keys[i], c)) {
			receive_signal(l, keys[i]);
			return true;
		}
	}
	return false;
}

static bool receive_flow_key(struct ldisc *l, uint8_t c)
{
	if (!(l->termios.c_iflag & IXON))
		return false;
	if (is_key(l, VSTART, c) || is_key(l, VSTOP, c)) {
		if (!l->stopped_by_call)
			flow_set(l, !is_key(l, VSTART, c));
		return true;
	}
	return false;
}

/* Keys that edit the line being typed. */
static bool receive_edit_key(struct ldisc *l, uint8_t c)
{
	if (is_key(l, VERASE, c)) {
		ldisc_erase_start(l, LDISC_ERASE_CHAR);
	} else if (is_key(l, VKILL, c)) {
		ldisc_erase_start(l, LDISC_ERASE_LINE);
	} else if (is_extended_key(l, VWERASE, c)) {
		ldisc_erase_start(l, LDISC_ERASE_WORD);
	} else if (is_extended_key(l, VLNEXT, c)) {
		l->literal_next = true;
		if (ldisc_has(l, ECHO) && ldisc_has(l, ECHOCTL)) {
			ldisc_echo_end_erase(l);
			ldisc_echo_raw(l, '^');
			ldisc_echo_raw(l, '\b');
		}
	} else if (is_extended_key(l, VREPRINT, c) && ldisc_has(l, ECHO)) {
		ldisc_echo_end_erase(l);
		ldisc_echo(l, c);
		ldisc_echo_raw(l, '\n');
		l->reprinting = true;
		l->reprint = l->line_head;
	} else {
		return false;
	}
	return true;
}

/* Keys that end the line being typed. */
static bool receive_end_key(struct ldisc *l, uint8_t c)
{
	if (c == '\n') {
		if (ldisc_has(l, ECHO) || ldisc_has(l, ECHONL))
			ldisc_echo_raw(l, c);
	} else if (is_key(l, VEOF, c)) {
		c = 0;
	} else if (is_key(l, VEOL, c) || is_extended_key(l, VEOL2, c)) {
		if (ldisc_has(l, ECHO))
			ldisc_echo(l, c);
	} else {
		return false;
	}
	line_finish(l, c);
	return true;
}

static void receive_special(struct ldisc *l, uint8_t c)
{
	unsigned iflag = l->termios.c_iflag;

	if (receive_flow_key(l, c) || receive_signal_key(l, c))
		return;
	if (c == '\r') {
		if (iflag & IGNCR)
			return;
		if (iflag & ICRNL)
			c = '\n';
	} else if (c == '\n' && (iflag & INLCR)) {
		c = '\r';
	}
	if (ldisc_has(l, ICANON) && (receive_edit_key(l, c) || receive_end_key(l, c)))
		return;
	receive_plain(l, c);
}

static void receive_byte(struct ldisc *l, uint8_t c)
{
	unsigned iflag = l->termios.c_iflag;

	if (iflag & ISTRIP)
		c &= 0x7f;
	if ((iflag & IUCLC) && ldisc_has(l, IEXTEN) && c >= 'A' && c <= 'Z')
		c = (uint8_t)(c - 'A' + 'a');
	if (l->stopped && !l->stopped_by_call && (iflag & IXON) && (iflag & IXANY) && !is_key(l, VSTOP, c))
		flow_set(l, false);
	if (l->literal_next) {
		l->literal_next = false;
		receive_plain(l, c);
	} else if (l->special[c]) {
		receive_special(l, c);
	} else {
		receive_plain(l, c);
	}
}

/* Nothing to look at: whole pieces. */
static size_t receive_raw(struct ldisc *l, const uint8_t *p, size_t n)
{
	size_t room = LDISC_BUFFER - (l->head - l->tail), done = 0;

	n = min(n, room);
	while (done < n) {
		uint32_t at = l->head % LDISC_BUFFER;
		size_t piece = min(n - done, (size_t)(LDISC_BUFFER - at));

		memcpy(l->data + at, p + done, piece);
		l->head += (uint32_t)piece;
		done += piece;
	}
	if (n)
		l->events |= LDISC_WAKE;
	return n;
}

size_t ldisc_receive(struct ldisc *l, const uint8_t *p, size_t n)
{
	size_t i = 0;

	if (l->raw)
		return receive_raw(l, p, n);
	while (i < n || ldisc_unfinished(l)) {
		if (ring_room(&l->echo) < STEP_ECHO && !l->stopped)
			break;
		if (ldisc_unfinished(l)) {
			ldisc_edit_step(l);
			continue;
		}
		if (!buffer_accepts(l))
			break;
		receive_byte(l, p[i++]);
		if (l->events & LDISC_SIGNAL)
			break;
	}
	return i;
}

void ldisc_receive_break(struct ldisc *l)
{
	unsigned iflag = l->termios.c_iflag;

	if (iflag & IGNBRK)
		return;
	if (iflag & BRKINT) {
		receive_signal(l, VINTR);
		return;
	}
	if (!buffer_accepts(l))
		return;
	if (iflag & PARMRK) {
		buffer_put(l, 0xff);
		buffer_put(l, 0);
	}
	buffer_put(l, 0);
	l->events |= LDISC_WAKE;
}

bool ldisc_readable(const struct ldisc *l, size_t min)
{
	if (ldisc_has(l, ICANON))
		return l->line_head != l->tail;
	return l->head - l->tail >= min;
}

size_t ldisc_pending(const struct ldisc *l)
{
	uint32_t end = ldisc_has(l, ICANON) ? l->line_head : l->head;
	size_t n = end - l->tail;

	if (!ldisc_has(l, ICANON))
		return n;
	for (uint32_t at = l->tail; at != end; at++)
		n -= is_eof_mark(l, at);
	return n;
}

size_t ldisc_peek(const struct ldisc *l, const uint8_t **p, size_t max)
{
	bool lines = ldisc_has(l, ICANON);
	uint32_t end = lines ? l->line_head : l->head, at = l->tail % LDISC_BUFFER;
	size_t n = min(end - l->tail, LDISC_BUFFER - at);

	n = min(n, max);
	*p = l->data + at;
	for (size_t i = 0; lines && i < n; i++)
		if (line_end_at(l, l->tail + (uint32_t)i))
			return is_eof_mark(l, l->tail + (uint32_t)i) ? i : i + 1;
	return n;
}

bool ldisc_consume(struct ldisc *l, size_t n)
{
	bool ended;

	l->tail += (uint32_t)n;
	if (!ldisc_has(l, ICANON)) {
		l->line_head = l->tail;
		return false;
	}
	ended = n > 0 && line_end_at(l, l->tail - 1);
	if (!ended && l->tail != l->line_head && is_eof_mark(l, l->tail)) {
		l->tail++;
		ended = true;
	}
	if (ended)
		line_end_set(l, l->tail - 1, false);
	if (l->tail == l->line_head)
		l->pushed = false;
	return ended;
}
