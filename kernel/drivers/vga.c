/* SPDX-License-Identifier: MIT */
/*
 * The screen: VGA text mode, 80 columns and 25 rows, as /dev/tty1 (and tty0) and
 * as an output of the log.
 *
 * Each access to the card's memory leaves an emulator, so it is never read, and
 * written only where a cell differs from what it shows: `shown` is a copy. When
 * the whole screen went up, the card's start address follows instead of its
 * contents; the 32 KiB window holds 204 rows, and at its end the screen is
 * drawn again at the beginning.
 *
 * screen.lock guards everything. It has the rank of the log's outputs, so
 * nothing is called with it held that takes another lock; what the terminal
 * answers is put in after it was dropped.
 */
#include "base/log.h"
#include "base/spinlock.h"
#include "dev/driver.h"
#include "drivers/screen.h"
#include "drivers/vt.h"
#include "hal/io.h"
#include "hal/usercopy.h"
#include "mem/slab.h"
#include "mem/vmap.h"
#include <linux/kd.h>

#define CELLS       (VT_ROWS * VT_COLUMNS)
#define TEXT_MEMORY 0xb8000
#define TEXT_BYTES  KiB(32)
#define PIECE       128 /* bytes shown with interrupts off */

#define CRTC_INDEX  0x3d4
#define CRTC_DATA   0x3d5
#define CRTC_CURSOR_START 0x0a
#define CRTC_START  0x0c /* two registers, high byte first */
#define CRTC_CURSOR 0x0e /* likewise */
#define GRAPHICS_INDEX 0x3ce
#define GRAPHICS_DATA  0x3cf
#define GRAPHICS_MISC  0x06 /* bit 0: not text */
#define MISC_OUTPUT    0x3cc /* bit 0: the CRTC is at 0x3d4 */

static struct screen {
	struct spinlock lock;     /* rank CONSOLE, interrupts off */
	struct vt vt;             /* lock */
	uint16_t shown[CELLS];    /* lock: what the card shows */
	unsigned start;           /* lock: the card's first cell */
	unsigned cursor;          /* lock: cell it was put on, ~0: hidden */
	volatile uint16_t *memory; /* immutable: the card's */
	struct tty *tty;          /* immutable: NULL until there is a screen */
	struct log_console console;
	struct device_node alias; /* tty0 */
} screen = { .lock = SPINLOCK_INIT(RANK_CONSOLE) };

struct tty *screen_tty(void)
{
	return screen.tty;
}

bool screen_cursor_keys(void)
{
	return READ_ONCE(screen.vt.cursor_keys);
}

static uint8_t crtc_read(uint8_t reg)
{
	port_write8(CRTC_INDEX, reg);
	return port_read8(CRTC_DATA);
}

static void crtc_write(uint8_t reg, uint8_t value)
{
	port_write8(CRTC_INDEX, reg);
	port_write8(CRTC_DATA, value);
}

static void crtc_write_cell(uint8_t reg, unsigned cell)
{
	crtc_write(reg, (uint8_t)(cell >> 8));
	crtc_write((uint8_t)(reg + 1), (uint8_t)cell);
}

/* The card's window moves down with the contents. */
static void follow_scroll(struct screen *s)
{
	unsigned cells = min(s->vt.scrolled, (unsigned)VT_ROWS) * VT_COLUMNS;

	s->vt.scrolled = 0;
	if (!cells)
		return;
	if ((s->start + cells + CELLS) * sizeof(uint16_t) > TEXT_BYTES) {
		s->start = 0;
		memset(s->shown, 0, sizeof(s->shown)); /* equals no cell that is drawn */
		s->vt.dirty = ~0u;
	} else {
		s->start += cells;
		memmove(s->shown, s->shown + cells, (CELLS - cells) * sizeof(*s->shown));
		memset(s->shown + CELLS - cells, 0, cells * sizeof(*s->shown));
	}
}

static void show_cursor(struct screen *s, bool moved)
{
	unsigned at = s->start + s->vt.at.row * VT_COLUMNS + s->vt.at.column;

	if (s->vt.cursor_hidden != (s->cursor == ~0u))
		crtc_write(CRTC_CURSOR_START, s->vt.cursor_hidden ? 0x20 : 0x0d);
	if (s->vt.cursor_hidden)
		at = ~0u;
	else if (at != s->cursor || moved)
		crtc_write_cell(CRTC_CURSOR, at);
	s->cursor = at;
}

static void show_row(struct screen *s, unsigned row)
{
	for (unsigned i = row * VT_COLUMNS; i < (row + 1) * VT_COLUMNS; i++) {
		if (s->shown[i] == s->vt.cell[i])
			continue;
		s->shown[i] = s->vt.cell[i];
		mmio_write16(&s->memory[s->start + i], s->vt.cell[i]);
	}
}

/* Brings the card up to date. */
static void show(struct screen *s)
{
	unsigned start = s->start;

	assert_held(&s->lock);
	follow_scroll(s);
	for (unsigned row = 0; row < VT_ROWS; row++)
		if (s->vt.dirty & BIT(row))
			show_row(s, row);
	s->vt.dirty = 0;
	if (s->start != start)
		crtc_write_cell(CRTC_START, s->start);
	show_cursor(s, s->start != start);
}

static size_t screen_write(struct tty *tty, const uint8_t *p, size_t n)
{
	struct screen *s = tty->driver;
	uint8_t reply[sizeof(s->vt.reply)];
	size_t replied;

	for (size_t done = 0, piece; done < n; done += piece) {
		uint64_t irq = spin_lock_irq(&s->lock);

		piece = min_t(size_t, n - done, PIECE);
		vt_write(&s->vt, p + done, piece);
		replied = s->vt.reply_length;
		memcpy(reply, s->vt.reply, replied);
		s->vt.reply_length = 0;
		if (done + piece == n)
			show(s);
		spin_unlock_irq(&s->lock, irq);
		if (replied)
			tty_input(tty, reply, replied);
	}
	return n;
}

static size_t screen_room(struct tty *tty)
{
	return TTY_INPUT;
}

static int64_t put_byte_or_int(uaddr_t arg, int value, size_t size)
{
	return copy_to_user(arg, &value, size);
}

/* There is one screen, always text, and keys arrive as characters. */
static int64_t screen_ioctl(struct tty *tty, unsigned cmd, uint64_t arg)
{
	switch (cmd) {
	case KDGKBTYPE:
		return put_byte_or_int(arg, KB_101, 1);
	case KDGETMODE:
		return put_byte_or_int(arg, KD_TEXT, sizeof(int));
	case KDSETMODE:
		return arg == KD_TEXT ? 0 : -EINVAL;
	case KDGKBMODE:
		return put_byte_or_int(arg, K_UNICODE, sizeof(int));
	case KDSKBMODE:
		return arg == K_UNICODE || arg == K_XLATE ? 0 : -EINVAL;
	}
	return -ENOTTY;
}

static const struct tty_ops screen_ops = {
	.write = screen_write,
	.write_room = screen_room,
	.ioctl = screen_ioctl,
};

static void screen_log(struct log_console *c, const char *text, size_t n)
{
	struct screen *s = container_of(c, struct screen, console);
	uint64_t irq = spin_lock_irq(&s->lock);

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			vt_write(&s->vt, (const uint8_t *)"\r", 1);
		vt_write(&s->vt, (const uint8_t *)text + i, 1);
	}
	show(s);
	spin_unlock_irq(&s->lock, irq);
}

static int alias_open(struct inode *inode, struct file *f)
{
	return tty_open_as(screen.tty, f, false, false);
}

static const struct file_ops alias_ops = {
	.open = alias_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};

/* A colour card whose CRTC remembers what it is told, in text mode. */
static bool screen_probe(void)
{
	uint8_t old, other, back;

	if (port_read8(MISC_OUTPUT) == 0xff || !(port_read8(MISC_OUTPUT) & 1))
		return false;
	old = crtc_read(CRTC_CURSOR + 1);
	other = old ^ 0xff;
	crtc_write(CRTC_CURSOR + 1, other);
	back = crtc_read(CRTC_CURSOR + 1);
	crtc_write(CRTC_CURSOR + 1, old);
	port_write8(GRAPHICS_INDEX, GRAPHICS_MISC);
	return back == other && !(port_read8(GRAPHICS_DATA) & 1);
}

static int screen_register(struct screen *s)
{
	int error = tty_register(s->tty, 4, 1);

	if (error)
		return error;
	s->alias = (struct device_node){
		.name = "tty0",
		.mode = S_IFCHR | 0620,
		.rdev = device_number(4, 0),
		.ops = &alias_ops,
	};
	error = device_register(&s->alias);
	if (error)
		return error;
	s->console.name = "tty0";
	s->console.write = screen_log;
	log_console_register(&s->console);
	return 0;
}

static void screen_start(struct screen *s)
{
	struct termios2 t;
	uint64_t irq;

	tty_init(s->tty, "tty", 1, &screen_ops, s);
	t = s->tty->ldisc.termios;
	t.c_iflag |= IUTF8;
	ldisc_set_termios(&s->tty->ldisc, &t);
	s->tty->window = (struct winsize){ .ws_row = VT_ROWS, .ws_col = VT_COLUMNS };
	irq = spin_lock_irq(&s->lock);
	vt_init(&s->vt);
	s->cursor = ~0u;
	crtc_write_cell(CRTC_START, 0);
	show(s);
	spin_unlock_irq(&s->lock, irq);
}

static int screen_init(void)
{
	struct screen *s = &screen;
	struct tty *tty;

	if (!screen_probe())
		return -ENODEV;
	tty = kzalloc(sizeof(*tty), ALLOC_KERNEL);
	s->memory = vmap_physical(TEXT_MEMORY, TEXT_BYTES, MMU_READ | MMU_WRITE | MMU_NOCACHE);
	if (!tty || !s->memory) {
		kfree(tty);
		return -ENOMEM;
	}
	s->tty = tty;
	screen_start(s);
	return screen_register(s);
}

TABLE_ENTRY(drivers, struct driver, screen) = { "screen", DRIVER_CONSOLE, screen_init };
