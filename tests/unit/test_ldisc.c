/* SPDX-License-Identifier: MIT */
/* The line discipline: editing, echo, keys, modes, output, limits. */
#include "unit.h"

#include "../../kernel/tty/ldisc.c"
#include "../../kernel/tty/ldisc_edit.c"
#include "../../kernel/tty/ldisc_output.c"

#include <string.h>
#undef strlen
#undef memcmp
#undef memset
#undef memcpy

struct terminal {
	struct ldisc l;
	char echo[65536];
	size_t echoed;
	unsigned signals, flushes;
};

static void drain(struct terminal *t)
{
	if (t->l.events & LDISC_SIGNAL)
		t->signals++;
	if (t->l.events & LDISC_FLUSH)
		t->flushes++;
	t->l.events = 0;
	t->echoed += ring_read(&t->l.echo, t->echo + t->echoed, sizeof(t->echo) - 1 - t->echoed);
	t->echo[t->echoed] = 0;
}

/* Types as the owner does: again until all is taken, or nothing moves. */
static size_t type_bytes(struct terminal *t, const char *s, size_t n)
{
	size_t done = 0, took;

	do {
		size_t before = t->echoed;

		took = ldisc_receive(&t->l, (const uint8_t *)s + done, n - done);
		done += took;
		drain(t);
		if (!took && before == t->echoed && !ldisc_unfinished(&t->l))
			break;
	} while (done < n || ldisc_unfinished(&t->l));
	return done;
}

static void type(struct terminal *t, const char *s)
{
	assert_int_equal(type_bytes(t, s, strlen(s)), strlen(s));
}

/* As read(2) with max bytes; -1 when it would wait. */
static int take(struct terminal *t, char *to, size_t max)
{
	const uint8_t *p;
	size_t n, done = 0;
	bool ended = false;

	if (!ldisc_readable(&t->l, 1))
		return -1;
	while (!ended && done < max && ldisc_readable(&t->l, 1)) {
		n = ldisc_peek(&t->l, &p, max - done);
		memcpy(to + done, p, n);
		done += n;
		ended = ldisc_consume(&t->l, n);
	}
	to[done] = 0;
	return (int)done;
}

static void expect_line(struct terminal *t, const char *line)
{
	char buf[LDISC_BUFFER + 1];

	assert_int_equal(take(t, buf, LDISC_BUFFER), strlen(line));
	assert_string_equal(buf, line);
}

static void expect_nothing(struct terminal *t)
{
	char buf[16];

	assert_int_equal(take(t, buf, 15), -1);
}

static void expect_echo(struct terminal *t, const char *echo)
{
	assert_string_equal(t->echo, echo);
	t->echoed = 0;
	t->echo[0] = 0;
}

static struct terminal *terminal(void)
{
	struct terminal *t = calloc(1, sizeof(*t));

	ldisc_init(&t->l);
	return t;
}

static void set(struct terminal *t, unsigned iflag, unsigned oflag, unsigned lflag)
{
	struct termios2 m = t->l.termios;

	m.c_iflag = iflag;
	m.c_oflag = oflag;
	m.c_lflag = lflag;
	ldisc_set_termios(&t->l, &m);
}

#define COOKED (ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN)

static void test_lines(void **state)
{
	struct terminal *t = terminal();

	type(t, "one\rtw");
	expect_line(t, "one\n");
	expect_nothing(t);
	type(t, "o\nthree\n");
	expect_line(t, "two\n");
	expect_line(t, "three\n");
	expect_nothing(t);
	expect_echo(t, "one\r\ntwo\r\nthree\r\n");
	free(t);
}

static void test_short_reads_split_a_line(void **state)
{
	struct terminal *t = terminal();
	char buf[8];

	type(t, "abcde\n");
	assert_int_equal(take(t, buf, 2), 2);
	assert_string_equal(buf, "ab");
	assert_int_equal(take(t, buf, 4), 4);
	assert_string_equal(buf, "cde\n");
	expect_nothing(t);
	free(t);
}

static void test_erase_keys(void **state)
{
	struct terminal *t = terminal();

	type(t, "abc\x7f\x7fx\n");
	expect_line(t, "ax\n");
	expect_echo(t, "abc\b \b\b \bx\r\n");
	type(t, "\x7fone two  \x17three\n");
	expect_line(t, "one three\n");
	expect_echo(t, "one two  \b \b\b \b\b \b\b \b\b \bthree\r\n");
	type(t, "gone\x15kept\n");
	expect_line(t, "kept\n");
	expect_echo(t, "gone\b \b\b \b\b \b\b \bkept\r\n");
	free(t);
}

static void test_erase_of_wide_things(void **state)
{
	struct terminal *t = terminal();

	type(t, "a\tb\x7f\x7f.\n"); /* a tab from column 1 is 7 wide */
	expect_line(t, "a.\n");
	expect_echo(t, "a\tb\b \b\b\b\b\b\b\b\b.\r\n");
	type(t, "\x16\x01\x7f\n");
	expect_line(t, "\n");
	expect_echo(t, "^\b^A\b \b\b \b\r\n");
	set(t, ICRNL | IUTF8, OPOST | ONLCR, COOKED);
	type(t, "\xc3\xa9\xe2\x82\xac\x7f\x7f\x7fz\n");
	expect_line(t, "z\n");
	expect_echo(t, "\xc3\xa9\xe2\x82\xac\b \b\b \bz\r\n");
	free(t);
}

static void test_hard_copy_echo(void **state)
{
	struct terminal *t = terminal();

	set(t, ICRNL, OPOST | ONLCR, (COOKED & ~ECHOKE) | ECHOPRT);
	type(t, "abc\x7f\x7f" "d\n");
	expect_line(t, "ad\n");
	expect_echo(t, "abc\\cb/d\r\n");
	type(t, "abc\x15" "d\n");
	expect_line(t, "d\n");
	expect_echo(t, "abc^U\r\nd\r\n");
	set(t, ICRNL, OPOST | ONLCR, COOKED & ~ECHOE);
	type(t, "ab\x7f\n");
	expect_echo(t, "ab^?\r\n");
	free(t);
}

static void test_end_of_file(void **state)
{
	struct terminal *t = terminal();
	char buf[8];

	type(t, "\x04");
	assert_int_equal(take(t, buf, 7), 0);
	expect_nothing(t);
	type(t, "abc\x04");
	assert_int_equal(take(t, buf, 3), 3); /* the mark goes with it: no false end of file */
	expect_nothing(t);
	type(t, "abc\x04");
	assert_int_equal(take(t, buf, 2), 2);
	assert_int_equal(take(t, buf, 2), 1);
	expect_nothing(t);
	type(t, "abc\n\x04");
	expect_line(t, "abc\n");
	assert_int_equal(take(t, buf, 7), 0);
	expect_nothing(t);
	type(t, "ab\x04" "cd\n");
	assert_int_equal(ldisc_pending(&t->l), 5);
	expect_line(t, "ab");
	expect_line(t, "cd\n");
	free(t);
}

static void test_other_line_ends(void **state)
{
	struct terminal *t = terminal();
	struct termios2 m = t->l.termios;

	m.c_cc[VEOL] = ';';
	m.c_cc[VEOL2] = '!';
	ldisc_set_termios(&t->l, &m);
	type(t, "a;b!c\n");
	expect_line(t, "a;");
	expect_line(t, "b!");
	expect_line(t, "c\n");
	expect_echo(t, "a;b!c\r\n");
	free(t);
}

static void test_literal_next_and_reprint(void **state)
{
	struct terminal *t = terminal();

	type(t, "a\x16\x03" "b\n");
	expect_line(t, "a\x03" "b\n");
	expect_echo(t, "a^\b^Cb\r\n");
	assert_int_equal(t->signals, 0);
	type(t, "word\x12s\n");
	expect_line(t, "words\n");
	expect_echo(t, "word^R\r\nwords\r\n");
	free(t);
}

static void test_signals(void **state)
{
	struct terminal *t = terminal();

	type(t, "lost\x03kept\n");
	assert_int_equal(t->signals, 1);
	assert_int_equal(t->flushes, 1);
	assert_int_equal(t->l.signal_key, VINTR);
	expect_line(t, "kept\n");
	assert_non_null(strstr(t->echo, "^Ckept"));
	type(t, "\x1a");
	assert_int_equal(t->l.signal_key, VSUSP);
	type(t, "\x1c");
	assert_int_equal(t->l.signal_key, VQUIT);
	set(t, ICRNL, OPOST, COOKED | NOFLSH);
	type(t, "stays\x03\n");
	expect_line(t, "stays\n");
	assert_int_equal(t->flushes, 3);
	set(t, ICRNL, OPOST, COOKED & ~ISIG);
	type(t, "\x03\n");
	expect_line(t, "\x03\n");
	assert_int_equal(t->signals, 4);
	free(t);
}

static void test_flow_control(void **state)
{
	struct terminal *t = terminal();

	type(t, "\x13");
	assert_true(t->l.stopped);
	type(t, "a\x11");
	assert_false(t->l.stopped);
	type(t, "\x13\x03");
	assert_false(t->l.stopped); /* a signal lets output go on */
	set(t, ICRNL | IXON | IXANY, OPOST, COOKED);
	type(t, "\x13");
	assert_true(t->l.stopped);
	type(t, "x\n");
	assert_false(t->l.stopped);
	expect_line(t, "x\n");
	type(t, "\x13");
	set(t, ICRNL, OPOST, COOKED); /* without IXON nobody could let it go on */
	assert_false(t->l.stopped);
	ldisc_hold(&t->l, true);
	set(t, ICRNL | IXON, OPOST, COOKED);
	type(t, "\x11");
	assert_true(t->l.stopped);
	ldisc_hold(&t->l, false);
	assert_false(t->l.stopped);
	free(t);
}

static void test_echo_while_stopped_is_dropped_not_waited_for(void **state)
{
	struct terminal *t = terminal();
	size_t n = 0;

	ldisc_receive(&t->l, (const uint8_t *)"\x13", 1);
	for (unsigned i = 0; i < 2000; i++)
		n += ldisc_receive(&t->l, (const uint8_t *)"x", 1);
	assert_int_equal(n, 2000);
	n = ldisc_receive(&t->l, (const uint8_t *)"\x11", 1);
	assert_int_equal(n, 1);
	assert_false(t->l.stopped);
	free(t);
}

static void test_raw(void **state)
{
	struct terminal *t = terminal();
	char all[256], got[257];

	set(t, 0, 0, 0);
	assert_true(t->l.raw);
	for (unsigned i = 0; i < 256; i++)
		all[i] = (char)i;
	assert_int_equal(type_bytes(t, all, 256), 256);
	assert_true(ldisc_readable(&t->l, 256));
	assert_false(ldisc_readable(&t->l, 257));
	assert_int_equal(take(t, got, 256), 256);
	assert_memory_equal(all, got, 256);
	expect_echo(t, "");
	free(t);
}

static void test_raw_loses_nothing(void **state)
{
	struct terminal *t = terminal();
	uint8_t sent = 0, due = 0;
	char buf[2001];

	unit_random_start("raw_loses_nothing");
	set(t, 0, 0, 0);
	for (unsigned round = 0; round < 2000; round++) {
		size_t n = unit_random_below(2000), took;

		for (size_t i = 0; i < n; i++)
			buf[i] = (char)(sent + i);
		took = ldisc_receive(&t->l, (const uint8_t *)buf, n);
		sent = (uint8_t)(sent + took);
		n = unit_random_below(2000);
		int got = take(t, buf, n);
		for (int i = 0; i < got; i++)
			assert_int_equal((uint8_t)buf[i], due++);
	}
	free(t);
}

static void test_mode_changes(void **state)
{
	struct terminal *t = terminal();

	type(t, "half");
	expect_nothing(t);
	set(t, 0, 0, 0);
	assert_true(t->l.events & LDISC_WAKE);
	expect_line(t, "half");
	type(t, "typed ahead");
	set(t, ICRNL, OPOST | ONLCR, COOKED);
	expect_line(t, "typed ahead");
	type(t, "line\n");
	expect_line(t, "line\n");
	free(t);
}

static void test_input_flags(void **state)
{
	struct terminal *t = terminal();

	set(t, INLCR, OPOST, 0);
	type(t, "a\nb\r");
	expect_line(t, "a\rb\r");
	set(t, IGNCR, OPOST, 0);
	type(t, "a\rb");
	expect_line(t, "ab");
	set(t, ISTRIP, OPOST, 0);
	type(t, "\xe1");
	expect_line(t, "a");
	set(t, PARMRK, OPOST, 0);
	type(t, "\xff");
	expect_line(t, "\xff\xff");
	set(t, IUCLC, OPOST, IEXTEN);
	type(t, "AbC");
	expect_line(t, "abc");
	free(t);
}

static void test_break(void **state)
{
	struct terminal *t = terminal();
	char buf[8];

	set(t, 0, 0, 0);
	ldisc_receive_break(&t->l);
	assert_int_equal(take(t, buf, 7), 1);
	assert_int_equal(buf[0], 0);
	set(t, IGNBRK, 0, 0);
	ldisc_receive_break(&t->l);
	expect_nothing(t);
	set(t, BRKINT, 0, ISIG);
	ldisc_receive_break(&t->l);
	drain(t);
	assert_int_equal(t->signals, 1);
	set(t, PARMRK, 0, 0);
	ldisc_receive_break(&t->l);
	assert_int_equal(take(t, buf, 7), 3);
	assert_memory_equal(buf, "\xff\0\0", 3);
	free(t);
}

/* Linux cuts a line at 4095 bytes and its end. */
static void test_longest_line(void **state)
{
	struct terminal *t = terminal();
	char buf[LDISC_BUFFER + 1];

	for (unsigned i = 0; i < 6000; i++)
		type(t, i < 5999 ? "x" : "y");
	type(t, "\n");
	assert_int_equal(take(t, buf, LDISC_BUFFER), LDISC_BUFFER);
	assert_int_equal(buf[LDISC_BUFFER - 1], '\n');
	expect_nothing(t);
	t->echoed = 0;
	for (unsigned i = 0; i < 5000; i++)
		type(t, "z");
	t->echoed = 0;
	type(t, "\x15k\n"); /* a kill needs three times the room: done in steps */
	expect_line(t, "k\n");
	assert_int_equal(t->echoed, 3 * LDISC_BUFFER + 3);
	free(t);
}

static void test_full_buffer_waits(void **state)
{
	struct terminal *t = terminal();
	size_t n = 0, one;

	do {
		one = type_bytes(t, "123456789\n", 10);
		n += one;
		t->echoed = 0;
	} while (one == 10);
	assert_int_equal(n, LDISC_BUFFER - 1);
	expect_line(t, "123456789\n");
	assert_int_equal(type_bytes(t, "6\n", 2), 2);
	free(t);
}

static void expect_output(struct terminal *t, const char *in, const char *out)
{
	uint8_t buf[256];
	size_t used, n = ldisc_output(&t->l, (const uint8_t *)in, strlen(in), &used, buf, sizeof(buf));

	assert_int_equal(used, strlen(in));
	assert_int_equal(n, strlen(out));
	assert_memory_equal(buf, out, n);
}

static void test_output_flags(void **state)
{
	struct terminal *t = terminal();

	expect_output(t, "a\nb\tc\n", "a\r\nb\tc\r\n");
	set(t, 0, OPOST | XTABS, COOKED);
	expect_output(t, "\ra\tb\b\tc", "\ra       b\b        c");
	set(t, 0, OPOST | OCRNL, COOKED);
	expect_output(t, "a\r", "a\n");
	set(t, 0, OPOST | ONOCR, COOKED);
	expect_output(t, "\ra\r\rb", "\ra\rb");
	set(t, 0, OPOST | OLCUC, COOKED);
	expect_output(t, "aZ1", "AZ1");
	set(t, 0, ONLCR, COOKED);
	expect_output(t, "a\n", "a\n");
	free(t);
}

static void test_output_stops_where_room_ends(void **state)
{
	struct terminal *t = terminal();
	uint8_t buf[32];
	size_t used, n = ldisc_output(&t->l, (const uint8_t *)"\n\n\n\n\n\n\n\n\n\n\n\n", 12, &used, buf, 16);

	assert_true(n <= 16);
	assert_int_equal(n, 2 * used);
	assert_int_equal(ldisc_output(&t->l, buf, 4, &used, buf + 16, 0), 0);
	assert_int_equal(used, 0);
	free(t);
}

/* Whatever is typed with whatever settings: no step outside, and it always ends. */
static void test_random_typing(void **state)
{
	struct terminal *t = terminal();
	char buf[300];

	unit_random_start("random_typing");
	for (unsigned round = 0; round < 20000; round++) {
		size_t n = unit_random_below(200);

		if (unit_random_below(20) == 0)
			set(t, (unsigned)unit_random() & 0x7fff, (unsigned)unit_random() & 0x1fff,
			    (unsigned)unit_random() & 0xffff);
		for (size_t i = 0; i < n; i++)
			buf[i] = (char)(unit_random_below(4) ? unit_random_below(32) : unit_random());
		type_bytes(t, buf, n);
		if (unit_random_below(3) == 0)
			take(t, buf, unit_random_below(299));
		t->echoed = 0;
		assert_true(t->l.head - t->l.tail <= LDISC_BUFFER);
		assert_true(t->l.line_head - t->l.tail <= t->l.head - t->l.tail);
	}
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_short_reads_split_a_line),
		cmocka_unit_test(test_erase_keys),
		cmocka_unit_test(test_erase_of_wide_things),
		cmocka_unit_test(test_hard_copy_echo),
		cmocka_unit_test(test_end_of_file),
		cmocka_unit_test(test_other_line_ends),
		cmocka_unit_test(test_literal_next_and_reprint),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_flow_control),
		cmocka_unit_test(test_echo_while_stopped_is_dropped_not_waited_for),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_raw_loses_nothing),
		cmocka_unit_test(test_mode_changes),
		cmocka_unit_test(test_input_flags),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_full_buffer_waits),
		cmocka_unit_test(test_output_flags),
		cmocka_unit_test(test_output_stops_where_room_ends),
		cmocka_unit_test(test_random_typing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
