/* SPDX-License-Identifier: MIT */
/*
 * Scan codes to characters. A code is a key going down, with bit 7 set going up;
 * 0xe0 ahead of it names the keys that the first PC did not have, which share
 * codes with the key pad. The owner of the state excludes others.
 */
#include "drivers/keymap.h"
#include "lib/string.h"

enum {
	CODE_CTRL = 0x1d, CODE_SHIFT_LEFT = 0x2a, CODE_SHIFT_RIGHT = 0x36, CODE_ALT = 0x38, CODE_CAPS = 0x3a,
	CODE_F1 = 0x3b, CODE_F10 = 0x44, CODE_NUM = 0x45, CODE_PAD = 0x47, CODE_PAD_LAST = 0x53, CODE_102ND = 0x56,
	CODE_F11 = 0x57, CODE_F12 = 0x58, CODE_RELEASE = 0x80, CODE_EXTENDED = 0xe0, CODE_PAUSE = 0xe1,
};

/* Codes 0x00 to 0x39; zero: no character. */
static const char unshifted[] = "\0\0331234567890-=\177\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] = "\0\033!@#$%^&*()_+\177\tQWERTYUIOP{}\r\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0*\0 ";

/* The key pad from 0x47 on: its digits, and what the same keys are otherwise. */
static const char pad_digits[] = "789-456+1230.";
static const char pad_keys[] = "HAP-DGC+EBNIX"; /* named in pad_sequence() */

static size_t put(uint8_t *out, const char *s)
{
	size_t n = strlen(s);

	memcpy(out, s, n);
	return n;
}

/* A cursor or paging key, by the letter that pad_keys has for it. */
static size_t pad_sequence(const struct keymap *k, char key, uint8_t *out)
{
	switch (key) {
	case 'A':
	case 'B':
	case 'C':
	case 'D':
	case 'G':
		out[0] = 0x1b;
		out[1] = k->cursor_keys && key != 'G' ? 'O' : '[';
		out[2] = (uint8_t)key;
		return 3;
	case 'H': return put(out, "\033[1~"); /* home */
	case 'I': return put(out, "\033[2~"); /* insert */
	case 'X': return put(out, "\033[3~"); /* delete */
	case 'E': return put(out, "\033[4~"); /* end */
	case 'P': return put(out, "\033[5~"); /* page up */
	case 'N': return put(out, "\033[6~"); /* page down */
	}
	out[0] = (uint8_t)key;
	return 1;
}

static size_t function_key(uint8_t code, uint8_t *out)
{
	static const char *const sequences[] = {
		"\033[[A", "\033[[B", "\033[[C", "\033[[D", "\033[[E",
		"\033[17~", "\033[18~", "\033[19~", "\033[20~", "\033[21~",
	};

	if (code == CODE_F11)
		return put(out, "\033[23~");
	if (code == CODE_F12)
		return put(out, "\033[24~");
	return put(out, sequences[code - CODE_F1]);
}

/* Ctrl with a key, as Linux has it. -1: nothing is sent. */
static int control_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 1;
	if (c >= '@' && c <= '_')
		return c - '@';
	switch (c) {
	case ' ':
	case '2': return 0;
	case '3': return 0x1b;
	case '4': return 0x1c;
	case '5': return 0x1d;
	case '6': return 0x1e;
	case '7':
	case '-':
	case '/': return 0x1f;
	case '8':
	case '?': return 0x7f;
	case 0x7f: return 0x08;
	case '\r':
	case '\t':
	case 0x1b: return c;
	}
	return -1;
}

/* A key with a character. */
static size_t character(const struct keymap *k, char c, char upper, uint8_t *out)
{
	bool letter = c >= 'a' && c <= 'z', shift = k->shift[0] || k->shift[1];
	size_t n = 0;
	int sent;

	if (shift != (letter && k->caps_lock))
		c = upper;
	sent = k->ctrl[0] || k->ctrl[1] ? control_of(letter ? upper : c) : (uint8_t)c;
	if (sent < 0)
		return 0;
	if (k->alt[0] || k->alt[1] || (c == '\t' && shift))
		out[n++] = 0x1b;
	out[n++] = (uint8_t)sent;
	return n;
}

static bool modifier(struct keymap *k, uint8_t code, bool extended, bool down)
{
	switch (code) {
	case CODE_CTRL:	       k->ctrl[extended] = down; return true;
	case CODE_ALT:	       k->alt[extended] = down; return true;
	case CODE_SHIFT_LEFT:  k->shift[0] = down && !extended; return true;
	case CODE_SHIFT_RIGHT: k->shift[1] = down && !extended; return true;
	case CODE_CAPS:	       k->caps_lock ^= down; return true;
	case CODE_NUM:	       k->num_lock ^= down; return true;
	}
	return false;
}

static size_t key_down(struct keymap *k, uint8_t code, bool extended, uint8_t *out)
{
	if (code >= CODE_PAD && code <= CODE_PAD_LAST) {
		char digit = pad_digits[code - CODE_PAD];
		bool digits = !extended && (k->num_lock || digit == '-' || digit == '+');

		return digits ? character(k, digit, digit, out) : pad_sequence(k, pad_keys[code - CODE_PAD], out);
	}
	if ((code >= CODE_F1 && code <= CODE_F10) || code == CODE_F11 || code == CODE_F12)
		return function_key(code, out);
	if (extended && code == 0x35)
		return character(k, '/', '/', out);
	if (code == CODE_102ND)
		return character(k, '<', '>', out);
	if (extended && code != 0x1c)
		return 0;
	if (code >= sizeof(unshifted) - 1 || !unshifted[code])
		return 0;
	return character(k, unshifted[code], shifted[code], out);
}

size_t keymap_code(struct keymap *k, uint8_t code, uint8_t out[KEYMAP_LONGEST])
{
	bool extended = k->extended, down = !(code & CODE_RELEASE);

	if (k->skip) {
		k->skip--;
		return 0;
	}
	k->extended = code == CODE_EXTENDED;
	if (code == CODE_PAUSE)
		k->skip = 5;
	if (code == CODE_EXTENDED || code == CODE_PAUSE)
		return 0;
	code &= (uint8_t)~CODE_RELEASE;
	if (modifier(k, code, extended, down) || !down)
		return 0;
	return key_down(k, code, extended, out);
}
