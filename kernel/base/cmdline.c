/* SPDX-License-Identifier: MIT */
/*
 * The kernel's command line: split once into words, then only read. The one
 * thing that changes afterwards is the "known" mark of a word, a byte that is
 * only ever set, so no lock is needed.
 *
 * Quotes are Linux's: they group, and are dropped where they open a word or a
 * value. '-' and '_' are the same in the name of an option.
 */
#include "base/cmdline.h"
#include "hal/boot.h"
#include "lib/string.h"

#define WORDS_MAX 512

struct word {
	uint16_t start; /* immutable: in words_text */
	uint16_t value; /* immutable: of what follows '=', 0 if there is none */
	bool known;     /* atomic: somebody asked for it */
	bool for_init;  /* immutable: stands behind "--" */
};

static char given_text[BOOT_CMDLINE_MAX]; /* immutable after cmdline_parse(), like all below */
static char words_text[BOOT_CMDLINE_MAX];
static struct word words[WORDS_MAX];
static unsigned word_count;

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of the word at s: the first space outside quotes. */
static char *word_end(char *s)
{
	bool quoted = false;

	for (; *s && (quoted || !is_space(*s)); s++)
		if (*s == '"')
			quoted = !quoted;
	return s;
}

static char *unquote(char *s, char *end)
{
	if (*s != '"')
		return s;
	if (end > s + 1 && end[-1] == '"')
		end[-1] = '\0';
	return s + 1;
}

static void word_add(char *s, char *end, bool for_init)
{
	struct word *w = &words[word_count];
	char *value;

	*end = '\0';
	s = unquote(s, end);
	*w = (struct word){ .start = (uint16_t)(s - words_text), .for_init = for_init };
	value = for_init ? NULL : strchr(s, '=');
	if (value) {
		value = unquote(value + 1, s + strlen(s));
		if (value[-1] == '"') /* keeps "name=" in front of the value for init's environment */
			memmove(value - 1, value, strlen(value) + 1), value--;
		w->value = (uint16_t)(value - words_text);
	}
	word_count++;
}

void cmdline_parse(const char *text)
{
	bool for_init = false;
	char *s = words_text;

	word_count = 0;
	strlcpy(given_text, text, sizeof(given_text));
	strlcpy(words_text, text, sizeof(words_text));
	for (;;) {
		while (is_space(*s))
			s++;
		if (!*s || word_count == WORDS_MAX)
			return;
		char *end = word_end(s);
		bool last = *end == '\0';

		if (!for_init && end - s == 2 && s[0] == '-' && s[1] == '-')
			for_init = true;
		else
			word_add(s, end, for_init);
		if (last)
			return;
		s = end + 1;
	}
}

const char *cmdline_text(void)
{
	return given_text;
}

/* Is w the option with this name? '-' and '_' are one. */
static bool word_is(const struct word *w, const char *name)
{
	const char *s = words_text + w->start;

	if (w->for_init)
		return false;
	for (; *name; s++, name++)
		if ((*s == '-' ? '_' : *s) != (*name == '-' ? '_' : *name))
			return false;
	return *s == '\0' || (*s == '=' && w->value);
}

const char *cmdline_next(const char *name, unsigned *state)
{
	while (*state < word_count) {
		struct word *w = &words[(*state)++];

		if (word_is(w, name)) {
			w->known = true;
			return w->value ? words_text + w->value : "";
		}
	}
	return NULL;
}

const char *cmdline_get(const char *name)
{
	const char *value, *last = NULL;
	unsigned state = 0;

	while ((value = cmdline_next(name, &state)))
		last = value;
	return last;
}

bool cmdline_flag(const char *name)
{
	bool found = false;

	for (unsigned i = 0; i < word_count; i++)
		if (!words[i].value && word_is(&words[i], name))
			found = words[i].known = true;
	return found;
}

int64_t cmdline_number(const char *name, int64_t otherwise)
{
	const char *s = cmdline_get(name), *end;
	uint64_t n;
	bool negative;

	if (!s)
		return otherwise;
	negative = *s == '-';
	if (parse_u64(s + negative, &end, 0, &n) != 0 || *end || n > INT64_MAX)
		return otherwise;
	return negative ? -(int64_t)n : (int64_t)n;
}

/* A dot in the name: an option of a module, nobody else's. */
static bool word_is_dotted(const struct word *w)
{
	const char *s = words_text + w->start;

	for (; *s && *s != '='; s++)
		if (*s == '.')
			return true;
	return false;
}

const char *cmdline_unknown(int kind, unsigned *state)
{
	while (*state < word_count) {
		const struct word *w = &words[(*state)++];

		if (!w->for_init && (w->known || word_is_dotted(w)))
			continue;
		if ((w->value != 0) == (kind == 1))
			return words_text + w->start;
	}
	return NULL;
}
