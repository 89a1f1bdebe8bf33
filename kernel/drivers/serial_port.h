/* SPDX-License-Identifier: MIT */
/*
 * drivers/serial_port.h: the 8250 family's registers, driven. serial_port.c
 * moves bytes between the device and rings; serial.c makes terminals of ports.
 */
#ifndef DRIVERS_SERIAL_PORT_H
#define DRIVERS_SERIAL_PORT_H

#include "base/log.h"
#include "base/spinlock.h"
#include "hal/io.h"
#include "lib/ring.h"
#include "tty/tty.h"
#include <linux/serial_reg.h>

#define SERIAL_PORTS     4
#define SERIAL_TX_BUFFER 8192
#define SERIAL_CLOCK     115200 /* the speed that divisor 1 gives */

/*
 * The lock has the rank of the log's outputs, for anything may log: nothing is
 * called with it held that takes another lock.
 */
struct serial_port {
	struct spinlock lock;    /* rank CONSOLE, interrupts off */
	uint16_t base;           /* immutable: first I/O port */
	unsigned number, irq;    /* immutable: N of ttySN, ISA line */
	uint8_t fifo;            /* immutable: bytes the device buffers, 1 or 16 */
	uint8_t ier, lcr, mcr;   /* lock: what the registers hold */
	uint16_t divisor;        /* lock */
	bool stopped;            /* lock: ^S */
	bool cts_flow;           /* lock: CRTSCTS */
	bool jammed;             /* lock: the log waited in vain for the device */
	int urgent;              /* lock: byte to send ahead of all, or -1 */
	uint32_t received, sent, overruns, framing, parity, breaks; /* lock */
	struct ring tx;          /* reader: lock; writer: tty->lock */
	nsec_t sysrq_until;      /* owner: the interrupt; a key until then is not for the terminal */
	struct tty *tty;         /* immutable */
	struct log_console console;
	uint8_t tx_data[SERIAL_TX_BUFFER];
};

/* Is there a device? Fills fifo, leaves interrupts off. */
bool serial_port_probe(struct serial_port *p);

/* From the interrupt: moves what can be moved. True if there was anything. */
bool serial_port_service(struct serial_port *p);
/* Makes the device raise its line again if it has anything to say, after serial_port_service() was not called to the end. */
void serial_port_rearm(struct serial_port *p);

/* Starts sending what the ring holds. Any context but with the lock held. */
void serial_port_transmit(struct serial_port *p);
/* Drops what the ring holds. */
void serial_port_flush(struct serial_port *p);
void serial_port_set_stopped(struct serial_port *p, bool stopped);
void serial_port_send_urgent(struct serial_port *p, uint8_t c);
/* Receive interrupts on or off, with RTS following where hardware flow control is on. */
void serial_port_receive(struct serial_port *p, bool on);
/* Word length, parity, stop bits and speed, once the device has sent what it holds. */
void serial_port_configure(struct serial_port *p, const struct termios2 *t);
/* Sets and clears bits of the modem control and line control registers. */
void serial_port_modem(struct serial_port *p, uint8_t set, uint8_t clear);
void serial_port_break(struct serial_port *p, bool on);
/* False while the device still holds bytes. */
bool serial_port_idle(const struct serial_port *p);

/* The log's output: polled. */
void serial_port_log(struct log_console *c, const char *s, size_t n);

static inline uint8_t serial_read(const struct serial_port *p, unsigned reg)
{
	return port_read8((uint16_t)(p->base + reg));
}

static inline void serial_write(const struct serial_port *p, unsigned reg, uint8_t value)
{
	port_write8((uint16_t)(p->base + reg), value);
}

#endif
