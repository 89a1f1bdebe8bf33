/* SPDX-License-Identifier: MIT */
/*
 * The first serial port, polled (National 16550 data sheet): what can still be
 * said before drivers exist and in a panic. Whether the port is there is tried
 * once; the serial driver takes the same settings over. No locks: writers may
 * mix their lines, but nobody waits for ever.
 */
#include "hal/boot.h"
#include "hal/cpu.h"
#include "hal/io.h"

#define UART          0x3f8
#define UART_DATA     (UART + 0)
#define UART_IRQS     (UART + 1)
#define UART_FIFO     (UART + 2)
#define UART_FORMAT   (UART + 3)
#define UART_MODEM    (UART + 4)
#define UART_STATUS   (UART + 5)
#define UART_SCRATCH  (UART + 7)

#define FORMAT_8N1     0x03
#define FORMAT_DIVISOR 0x80 /* the first two registers are the divisor */
#define FIFO_ENABLE    0x07 /* and empty both */
#define MODEM_READY    0x0b /* terminal ready, request to send, interrupts through */
#define STATUS_EMPTY   0x20
#define POLLS_MAX      100000

static enum { UART_UNTRIED, UART_THERE, UART_NONE } state;

static bool uart_there(void)
{
	port_write8(UART_SCRATCH, 0x5a);
	if (port_read8(UART_SCRATCH) != 0x5a)
		return false;
	port_write8(UART_SCRATCH, 0xa5);
	return port_read8(UART_SCRATCH) == 0xa5;
}

/* 115200 bits a second, no interrupts. */
static void uart_init(void)
{
	port_write8(UART_IRQS, 0);
	port_write8(UART_FORMAT, FORMAT_DIVISOR);
	port_write8(UART_DATA, 1);
	port_write8(UART_IRQS, 0);
	port_write8(UART_FORMAT, FORMAT_8N1);
	port_write8(UART_FIFO, FIFO_ENABLE);
	port_write8(UART_MODEM, MODEM_READY);
}

static void uart_write(char c)
{
	for (unsigned i = 0; i < POLLS_MAX && !(port_read8(UART_STATUS) & STATUS_EMPTY); i++)
		cpu_relax();
	port_write8(UART_DATA, (uint8_t)c);
}

void early_console_write(const char *s, size_t n)
{
	if (state == UART_UNTRIED) {
		state = uart_there() ? UART_THERE : UART_NONE;
		if (state == UART_THERE)
			uart_init();
	}
	if (state == UART_NONE)
		return;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n')
			uart_write('\r');
		uart_write(s[i]);
	}
}
