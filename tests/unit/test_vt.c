/* SPDX-License-Identifier: MIT */
/* The terminal emulator of the screen, and the keyboard's map. */
#include "unit.h"

#include "../../kernel/drivers/keymap.c"
#include "../../kernel/drivers/vt.c"
#include "../../kernel/drivers/vt_draw.c"

#include <string.h>
#undef strlen
#undef memcmp

static struct vt v;

static void write_text(const char *s)
{
	vt_write(&v, (const uint8_t *)s, strlen(s));
}

static void fresh(const char *s)
{
	vt_init(&v);
	write_text(s);
}

/* A row's characters without the spaces at its end. */
static const char *row(unsigned n)
{
	static char text[VT_COLUMNS + 1];
	unsigned end = VT_COLUMNS;

	for (unsigned i = 0; i < VT_COLUMNS; i++)
		text[i] = (char)v.cell[n * VT_COLUMNS + i];
	while (end && text[end - 1] == ' ')
		end--;
	text[end] = 0;
	return text;
}

static uint8_t colour_at(unsigned r, unsigned c)
{
	return (uint8_t)(v.cell[r * VT_COLUMNS + c] >> 8);
}

static void expect_at(unsigned r, unsigned c)
{
	assert_int_equal(v.at.row, r);
	assert_int_equal(v.at.column, c);
}

static void test_text(void **state)
{
	fresh("one\r\ntwo\tx\bY\r\n");
	assert_string_equal(row(0), "one");
	assert_string_equal(row(1), "two     Y");
	expect_at(2, 0);
}

static void test_wrap_waits_for_the_next_character(void **state)
{
	char line[VT_COLUMNS + 1];

	memset(line, 'x', VT_COLUMNS);
	line[VT_COLUMNS] = 0;
	fresh(line);
	expect_at(0, VT_COLUMNS - 1);
	write_text("\r\n");
	expect_at(1, 0);
	write_text(line);
	write_text("y");
	assert_string_equal(row(2), "y");
	fresh("\033[?7l");
	write_text(line);
	write_text("yz");
	expect_at(0, VT_COLUMNS - 1);
	assert_int_equal(row(0)[VT_COLUMNS - 1], 'z');
}

static void test_scroll(void **state)
{
	fresh("first\r\nsecond");
	for (unsigned i = 0; i < VT_ROWS - 1; i++)
		write_text("\r\n");
	assert_string_equal(row(0), "second");
	assert_int_equal(v.scrolled, 1);
	fresh("\033[3;5r\033[3;1Ha\r\nb\r\nc\r\nd\033[1;1Htop\033[25;1Hend");
	assert_string_equal(row(2), "b");
	assert_string_equal(row(4), "d");
	assert_string_equal(row(0), "top");
	assert_int_equal(v.scrolled, 0);
	write_text("\033[3;1H\033M");
	assert_string_equal(row(2), "");
	assert_string_equal(row(3), "b");
	assert_string_equal(row(4), "c");
}

static void test_moves(void **state)
{
	fresh("\033[10;20H");
	expect_at(9, 19);
	write_text("\033[2A\033[3B\033[4C\033[5D");
	expect_at(10, 18);
	write_text("\033[99;999H");
	expect_at(VT_ROWS - 1, VT_COLUMNS - 1);
	write_text("\033[H");
	expect_at(0, 0);
	write_text("\033[5d\033[7G\0337\033[H\0338");
	expect_at(4, 6);
	write_text("\033[E");
	expect_at(5, 0);
	write_text("\033[4;8r\033[?6h\033[2;3H");
	expect_at(4, 2);
	write_text("\033[99;1H");
	expect_at(7, 0);
}

static void test_erase_and_edit(void **state)
{
	fresh("abcdef\033[1;4H\033[K");
	assert_string_equal(row(0), "abc");
	fresh("abcdef\033[1;3H\033[1K");
	assert_string_equal(row(0), "   def");
	fresh("abcdef\033[1;3H\033[2P\033[1@");
	assert_string_equal(row(0), "ab ef");
	fresh("abcdef\033[1;2H\033[3X");
	assert_string_equal(row(0), "a   ef");
	fresh("1\r\n2\r\n3\033[2;1H\033[L");
	assert_string_equal(row(1), "");
	assert_string_equal(row(2), "2");
	write_text("\033[2M");
	assert_string_equal(row(1), "3");
	fresh("1\r\n2\r\n3\033[2;1H\033[J");
	assert_string_equal(row(0), "1");
	assert_string_equal(row(1), "");
	write_text("\033[2J");
	assert_string_equal(row(0), "");
	fresh("ac\033[1;2H\033[4hb\033[4l");
	assert_string_equal(row(0), "abc");
}

static void test_colours(void **state)
{
	fresh("\033[31;44mx\033[1my\033[7mz\033[0mw\033[38;5;9mv\033[48;2;0;255;0mu");
	assert_int_equal(colour_at(0, 0), 0x14);
	assert_int_equal(colour_at(0, 1), 0x1c);
	assert_int_equal(colour_at(0, 2), 0x49);
	assert_int_equal(colour_at(0, 3), 0x07);
	assert_int_equal(colour_at(0, 4), 0x0c);
	assert_int_equal(colour_at(0, 5), 0x2c);
	fresh("\033[42m\033[2J");
	assert_int_equal(colour_at(3, 3), 0x27);
}

static void test_characters(void **state)
{
	fresh("\xc3\xa9\xe2\x94\x80\xf0\x9f\x98\x80\x0eq\x0fq\033(0x\033(B");
	assert_int_equal((uint8_t)row(0)[0], 0x82);
	assert_int_equal((uint8_t)row(0)[1], 0xc4);
	assert_int_equal((uint8_t)row(0)[2], 0xfe);
	assert_int_equal((uint8_t)row(0)[3], 0xc4);
	assert_int_equal(row(0)[4], 'q');
	assert_int_equal((uint8_t)row(0)[5], 0xb3);
}

static void test_answers(void **state)
{
	fresh("\033[3;7H\033[6n\033[c\033[5n");
	v.reply[v.reply_length] = 0;
	assert_string_equal(v.reply, "\033[3;7R\033[?6c\033[0n");
	for (unsigned i = 0; i < 100; i++)
		write_text("\033[6n");
	assert_true(v.reply_length <= sizeof(v.reply));
}

static void test_unknown_sequences_do_nothing(void **state)
{
	fresh("a\033[?1c\033[>4;2m\033[!p\033]0;title\007\033]P0123456\033%G\033#8\033[12;x\033=b");
	assert_string_equal(row(0), "ab");
	fresh("a\033[1\r2Bx"); /* a control character within a sequence acts at once */
	expect_at(12, 1);
}

static void test_random_bytes_stay_inside(void **state)
{
	static const char likely[] = "\033[];?0123456789ABCDHJKLMPSTXcdfghlmnrsu";
	uint8_t c;

	unit_random_start("vt");
	vt_init(&v);
	for (unsigned i = 0; i < 2000000; i++) {
		c = unit_random_below(8) ? (uint8_t)likely[unit_random_below(sizeof(likely) - 1)] :
					   (uint8_t)unit_random();
		vt_write(&v, &c, 1);
		assert_true(v.at.row < VT_ROWS && v.at.column < VT_COLUMNS);
		assert_true(v.top < v.bottom && v.bottom <= VT_ROWS);
		v.reply_length = 0;
	}
}

static void expect_keys(struct keymap *k, const char *codes, size_t n, const char *sent)
{
	uint8_t out[KEYMAP_LONGEST];
	char all[64];
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		size_t got = keymap_code(k, (uint8_t)codes[i], out);

		memcpy(all + length, out, got);
		length += got;
	}
	all[length] = 0;
	assert_string_equal(all, sent);
}

#define KEYS(k, codes, sent) expect_keys(k, codes, sizeof(codes) - 1, sent)

static void test_keys(void **state)
{
	struct keymap k = { 0 };

	KEYS(&k, "\x1e\x9e\x30\xb0", "ab");
	KEYS(&k, "\x2a\x1e\x9e\x02\x82\xaa\x02\x82", "A!1");
	KEYS(&k, "\x3a\xba\x1e\x9e\x02\x82\x3a\xba", "A1"); /* caps lock */
	KEYS(&k, "\x1d\x2e\xae\x9d", "\003");
	KEYS(&k, "\x38\x1e\x9e\xb8", "\033a");
	KEYS(&k, "\xe0\x48\xe0\xc8\xe0\x4b\xe0\xcb", "\033[A\033[D");
	k.cursor_keys = true;
	KEYS(&k, "\xe0\x48\xe0\xc8", "\033OA");
	KEYS(&k, "\x48\xc8\x45\xc5\x48\xc8\x45\xc5", "\033OA8"); /* num lock */
	KEYS(&k, "\x3b\xbb\x58\xd8", "\033[[A\033[24~");
	KEYS(&k, "\xe0\x53\xe0\x47\xe0\x51", "\033[3~\033[1~\033[6~");
	KEYS(&k, "\xe1\x1d\x45\xe1\x9d\xc5\x1e", "a"); /* pause sends nothing */
	KEYS(&k, "\xe0\x2a\xe0\x48", "\033OA");        /* the false shift of cursor keys is none */
	KEYS(&k, "\x1c\x0e\x0f\xe0\x1c\xe0\x35", "\r\177\t\r/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_wrap_waits_for_the_next_character),
		cmocka_unit_test(test_scroll),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_erase_and_edit),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_unknown_sequences_do_nothing),
		cmocka_unit_test(test_random_bytes_stay_inside),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
