/* SPDX-License-Identifier: MIT */
/*
 * What stage 2 says. Progress goes to the screen alone, because the serial line belongs to the
 * kernel's output; the one line of a failure goes to both. COM1 is set up only then.
 */
#include "bios.h"
#include "loader.h"

#define UART_DATA	(COM1_PORT + 0)
#define UART_IER	(COM1_PORT + 1)
#define UART_FCR	(COM1_PORT + 2)
#define UART_LCR	(COM1_PORT + 3)
#define UART_LSR	(COM1_PORT + 5)
#define LSR_TX_EMPTY	0x20
#define TX_PATIENCE	100000	/* polls of the status; a byte takes 87 us at this speed */

static void screen_put(char c)
{
	struct bios_regs regs = { .eax = 0x0e00 | (uint8_t)c, .ebx = 7 };

	bios_interrupt(0x10, &regs);
}

void screen_print(const char *text)
{
	for (; *text; text++)
		screen_put(*text);
}

/* 115200 baud, 8 bits, no parity, one stop bit, no interrupts, FIFOs on and emptied. */
static void serial_init(void)
{
	port_out(UART_LCR, 0x80);
	port_out(UART_DATA, 1);
	port_out(UART_IER, 0);
	port_out(UART_LCR, 0x03);
	port_out(UART_FCR, 0x07);
}

/* Where there is no port, reads give 0xff, and the byte goes nowhere without a wait. */
static void serial_put(char c)
{
	for (uint32_t i = 0; i < TX_PATIENCE && !(port_in(UART_LSR) & LSR_TX_EMPTY); i++)
		;
	port_out(UART_DATA, c);
}

static void both_print(const char *text)
{
	screen_print(text);
	for (; *text; text++)
		serial_put(*text);
}

static _Noreturn void halt(void)
{
	both_print("\r\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void die_start(const char *what)
{
	serial_init();
	screen_print("\r\n");
	both_print("linnet boot: ");
	both_print(what);
}

_Noreturn void die(const char *what)
{
	die_start(what);
	halt();
}

_Noreturn void die_at(const char *what, uint64_t number)
{
	char text[20] = " 0x";
	int at = 3, shift = 60;

	while (shift && !(number >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		text[at++] = "0123456789abcdef"[(number >> shift) & 15];
	text[at] = 0;
	die_start(what);
	both_print(text);
	halt();
}
