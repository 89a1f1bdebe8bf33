/* SPDX-License-Identifier: MIT */
/*
 * tty/ldisc.h: the line discipline (Linux's N_TTY) as pure functions over a
 * state: what a terminal does between the bytes of a line and those of a
 * program (POSIX.1-2017, chapter 11, General Terminal Interface). No locks, no
 * sleeping, no devices; the owner of the state excludes others. Also built on
 * the host, where its tests run.
 *
 * Input: ldisc_receive() takes bytes as they come, edits lines, puts echoes into
 * the echo ring and notes in `events` what its owner has to do. The owner looks
 * at the events after every call, clears them, and moves the echo ring to the
 * device. Reading goes piece by piece: ldisc_peek(), copy, ldisc_consume().
 * Output: ldisc_output() turns a program's bytes into the device's.
 */
#ifndef TTY_LDISC_H
#define TTY_LDISC_H

#include "lib/ring.h"
#include "lib/types.h"
#include <asm/termbits.h>

#define LDISC_BUFFER 4096 /* the longest line, its end included */
#define LDISC_ECHO   512

enum ldisc_event {
	LDISC_WAKE   = 1 << 0, /* there is something to read */
	LDISC_SIGNAL = 1 << 1, /* the key in signal_key (VINTR, VQUIT, VSUSP) was typed: tell the foreground group */
	LDISC_FLUSH  = 1 << 2, /* drop what waits for output, before the echo ring is moved */
	LDISC_FLOW   = 1 << 3, /* `stopped` changed */
};

enum ldisc_erase { LDISC_ERASE_NONE, LDISC_ERASE_CHAR, LDISC_ERASE_WORD, LDISC_ERASE_LINE };

/* Guarded as a whole by its owner's lock. */
struct ldisc {
	struct termios2 termios;
	unsigned events;           /* enum ldisc_event: set here, cleared by the owner */
	unsigned signal_key;       /* of the last LDISC_SIGNAL */
	bool stopped;              /* output is held: the stop character, or TCXONC */
	bool stopped_by_call;      /* by TCXONC: only TCXONC lets it go on */
	bool literal_next;         /* the literal-next character came */
	bool raw;                  /* nothing to look at in input: termios says so */
	bool pushed;               /* the last line ended by a switch to canonical mode: no end-of-file mark */
	bool showing_erased;       /* ECHOPRT: between \ and / */
	bool word_seen;            /* word erase: met a letter */
	enum ldisc_erase erasing;  /* an erase that is not finished */
	bool reprinting;           /* the line is shown again from reprint on */
	uint32_t reprint;
	uint32_t head, tail;       /* positions run on; cut down to the buffer when used */
	uint32_t line_head;        /* behind the last finished line; in raw mode not used */
	uint32_t column;           /* of the cursor, as far as one can tell */
	uint32_t line_column;      /* where the line being typed began */
	struct ring echo;          /* for the device; the owner is its reader */
	uint8_t special[256];      /* 1: a byte that needs a look */
	uint64_t line_end[LDISC_BUFFER / 64]; /* bits: this byte ends a line; a zero byte there is end of file */
	uint8_t data[LDISC_BUFFER];
	uint8_t echo_data[LDISC_ECHO];
};

/* Everything empty, canonical mode, Linux's default keys and flags. */
void ldisc_init(struct ldisc *l);

/* New settings; what the change of mode means for bytes that wait is done here. May set LDISC_WAKE and LDISC_FLOW. */
void ldisc_set_termios(struct ldisc *l, const struct termios2 *t);

/*
 * Takes input. Returns how many of the n bytes were used: fewer when the buffer
 * or the echo ring is full, and after a key that sends a signal, so that the
 * owner can act before what follows. With output stopped, echoes that find no
 * room are dropped instead.
 */
size_t ldisc_receive(struct ldisc *l, const uint8_t *p, size_t n);

/* A break condition came (IGNBRK, BRKINT, PARMRK). */
void ldisc_receive_break(struct ldisc *l);

/* True when an unfinished erase or reprint goes on at the next ldisc_receive(), with n 0 too. */
static inline bool ldisc_unfinished(const struct ldisc *l)
{
	return l->erasing != LDISC_ERASE_NONE || l->reprinting;
}

/* Is there a line, or in raw mode at least min bytes (min >= 1)? */
bool ldisc_readable(const struct ldisc *l, size_t min);

/* Bytes that reads can get now: of finished lines, or in raw mode all. */
size_t ldisc_pending(const struct ldisc *l);

/*
 * The next bytes to read that lie in one piece, at most max: of one line, in
 * canonical mode. 0 when nothing is there, or at an end of file.
 */
size_t ldisc_peek(const struct ldisc *l, const uint8_t **p, size_t max);

/* n bytes of those were used (0 at an end of file). True when a line ended: a read stops here. */
bool ldisc_consume(struct ldisc *l, size_t n);

/* Drops all input. */
void ldisc_flush_input(struct ldisc *l);

/* Holds output, or lets go what was held so, by TCXONC: the stop character's hold is not its business. */
void ldisc_hold(struct ldisc *l, bool stop);
/* Lets output go on, whatever held it. */
void ldisc_release(struct ldisc *l);

/*
 * Output processing of n bytes at p into at most room bytes at out. Returns the
 * bytes made; *used says how many of the n that took.
 */
size_t ldisc_output(struct ldisc *l, const uint8_t *p, size_t n, size_t *used, uint8_t *out, size_t room);

/* Between the files of the line discipline: one byte's output, at most 8 bytes to out (0: swallowed). */
size_t ldisc_output_byte(struct ldisc *l, uint8_t c, uint8_t out[8]);
/* ldisc_edit.c: echoes; and the steps of erasing and reprinting. */
void ldisc_echo_raw(struct ldisc *l, uint8_t c);
void ldisc_echo(struct ldisc *l, uint8_t c);
void ldisc_echo_end_erase(struct ldisc *l);
void ldisc_erase_start(struct ldisc *l, enum ldisc_erase what);
void ldisc_edit_step(struct ldisc *l);

static inline bool ldisc_has(const struct ldisc *l, unsigned lflag)
{
	return l->termios.c_lflag & lflag;
}

static inline uint8_t ldisc_byte(const struct ldisc *l, uint32_t at)
{
	return l->data[at % LDISC_BUFFER];
}

/* A control character, which ECHOCTL shows as ^X. */
static inline bool ldisc_is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

/* A later byte of a UTF-8 sequence: it takes no column. */
static inline bool ldisc_is_continuation(const struct ldisc *l, uint8_t c)
{
	return (l->termios.c_iflag & IUTF8) && (c & 0xc0) == 0x80;
}

#endif
