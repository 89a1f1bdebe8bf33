/* SPDX-License-Identifier: MIT */
/*
 * The keyboard of the screen: the PC's 8042 controller, which translates to scan
 * code set 1. Where there is no controller its ports read as ones, and the
 * driver goes away after one look.
 *
 * The interrupt handler owns the state; nothing else touches it.
 */
#include "base/random.h"
#include "dev/driver.h"
#include "drivers/keymap.h"
#include "drivers/screen.h"
#include "hal/io.h"
#include "hal/irq.h"

#define DATA   0x60
#define STATUS 0x64 /* reading */
#define COMMAND 0x64 /* writing */

#define STATUS_OUTPUT 0x01 /* a byte waits for us */
#define STATUS_INPUT  0x02 /* our last byte was not taken yet */
#define STATUS_MOUSE  0x20 /* the byte is the mouse's */

#define COMMAND_READ_CONFIG  0x20
#define COMMAND_WRITE_CONFIG 0x60
#define COMMAND_MOUSE_OFF    0xa7
#define COMMAND_KEYBOARD_OFF 0xad
#define COMMAND_KEYBOARD_ON  0xae

#define CONFIG_KEYBOARD_IRQ 0x01
#define CONFIG_MOUSE_IRQ    0x02
#define CONFIG_KEYBOARD_OFF 0x10
#define CONFIG_TRANSLATE    0x40

#define KEYBOARD_IRQ    1
#define KEYBOARD_ENABLE 0xf4
#define PATIENCE        20000 /* looks at the status; one takes about a microsecond */
#define BYTES_MOST      16    /* the controller holds fewer */

static struct keymap keymap; /* owner: the interrupt handler */

static void keyboard_interrupt(void *arg)
{
	uint8_t out[KEYMAP_LONGEST], code, status;
	struct tty *tty = screen_tty();

	for (unsigned i = 0; i < BYTES_MOST; i++) {
		status = port_read8(STATUS);
		if (!(status & STATUS_OUTPUT))
			break;
		code = port_read8(DATA);
		random_event(code);
		if (status & STATUS_MOUSE)
			continue;
		keymap.cursor_keys = screen_cursor_keys();
		size_t n = keymap_code(&keymap, code, out);
		if (n)
			tty_input(tty, out, n);
	}
}

static struct irq_action action = { .handler = keyboard_interrupt, .name = "keyboard" };

/* False when the controller does not get there. */
static bool wait_status(uint8_t bit, bool set)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		if (!(port_read8(STATUS) & bit) != set)
			return true;
		cpu_relax();
	}
	return false;
}

static bool send(uint16_t port, uint8_t value)
{
	if (!wait_status(STATUS_INPUT, false))
		return false;
	port_write8(port, value);
	return true;
}

static void drain(void)
{
	for (unsigned i = 0; i < BYTES_MOST && (port_read8(STATUS) & STATUS_OUTPUT); i++)
		port_read8(DATA);
}

/* Translation and the keyboard's interrupt on, the mouse off. */
static bool controller_init(void)
{
	uint8_t config;

	if (!send(COMMAND, COMMAND_KEYBOARD_OFF) || !send(COMMAND, COMMAND_MOUSE_OFF))
		return false;
	drain();
	if (!send(COMMAND, COMMAND_READ_CONFIG) || !wait_status(STATUS_OUTPUT, true))
		return false;
	config = port_read8(DATA);
	config |= CONFIG_KEYBOARD_IRQ | CONFIG_TRANSLATE;
	config &= (uint8_t)~(CONFIG_MOUSE_IRQ | CONFIG_KEYBOARD_OFF);
	return send(COMMAND, COMMAND_WRITE_CONFIG) && send(DATA, config) &&
	       send(COMMAND, COMMAND_KEYBOARD_ON);
}

static int keyboard_init(void)
{
	enum irq_trigger trigger;
	unsigned gsi;

	if (!screen_tty() || port_read8(STATUS) == 0xff || !controller_init())
		return -ENODEV;
	send(DATA, KEYBOARD_ENABLE);
	wait_status(STATUS_OUTPUT, true);
	drain(); /* its acknowledgement */
	gsi = irq_isa_to_gsi(KEYBOARD_IRQ, &trigger);
	return irq_register(gsi, trigger, &action);
}

TABLE_ENTRY(drivers, struct driver, keyboard) = { "keyboard", DRIVER_DEVICE, keyboard_init };
