/* SPDX-License-Identifier: MIT */
/*
 * Serial ports as terminals: /dev/ttyS0 to ttyS3, at the four places where PCs
 * have them, and the log's output on those that console= names. Two ports may
 * share an interrupt line, which is edge-triggered: the handler goes round all
 * ports of its line until none has anything left, or it would miss an edge.
 */
#include "base/cmdline.h"
#include "dev/driver.h"
#include "drivers/serial_port.h"
#include "hal/irq.h"
#include "hal/usercopy.h"
#include "mem/slab.h"
#include <linux/serial.h>

#define MINOR_FIRST 64
#define ROUNDS_MOST 16

static const struct {
	uint16_t base;
	uint8_t irq;
} places[SERIAL_PORTS] = { { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 } };

static struct serial_port *ports[SERIAL_PORTS]; /* immutable after serial_init() */
static struct irq_action actions[SERIAL_PORTS]; /* by the first port of the line */

static void serial_interrupt(void *arg)
{
	unsigned irq = (unsigned)(uintptr_t)arg;
	bool any = true;

	for (unsigned round = 0; any && round < ROUNDS_MOST; round++) {
		any = false;
		for (unsigned i = 0; i < SERIAL_PORTS; i++)
			if (ports[i] && ports[i]->irq == irq)
				any |= serial_port_service(ports[i]);
	}
	for (unsigned i = 0; any && i < SERIAL_PORTS; i++)
		if (ports[i] && ports[i]->irq == irq)
			serial_port_rearm(ports[i]);
}

static size_t serial_tty_write(struct tty *tty, const uint8_t *s, size_t n)
{
	struct serial_port *p = tty->driver;
	size_t taken = ring_write(&p->tx, s, n);

	serial_port_transmit(p);
	return taken;
}

static size_t serial_tty_room(struct tty *tty)
{
	struct serial_port *p = tty->driver;

	return ring_room(&p->tx);
}

static size_t serial_tty_unsent(struct tty *tty)
{
	struct serial_port *p = tty->driver;
	size_t n = ring_used(&p->tx);

	return n ? n : !serial_port_idle(p);
}

static void serial_tty_flush(struct tty *tty)
{
	serial_port_flush(tty->driver);
}

static int serial_tty_open(struct tty *tty)
{
	struct serial_port *p = tty->driver;

	serial_port_modem(p, UART_MCR_DTR | UART_MCR_RTS, 0);
	serial_port_receive(p, true);
	return 0;
}

static void serial_tty_close(struct tty *tty)
{
	struct serial_port *p = tty->driver;

	serial_port_receive(p, false);
	if ((tty->ldisc.termios.c_cflag & HUPCL) && tty != tty_console())
		serial_port_modem(p, 0, UART_MCR_DTR | UART_MCR_RTS);
}

static void serial_tty_set_termios(struct tty *tty, const struct termios2 *old)
{
	struct serial_port *p = tty->driver;
	bool hung = !(tty->ldisc.termios.c_cflag & CBAUD), was = old && !(old->c_cflag & CBAUD);

	if (hung != was) /* speed 0 hangs up */
		serial_port_modem(p, hung ? 0 : UART_MCR_DTR | UART_MCR_RTS,
				  hung ? UART_MCR_DTR | UART_MCR_RTS : 0);
	if (!hung)
		serial_port_configure(p, &tty->ldisc.termios);
}

static void serial_tty_set_stopped(struct tty *tty, bool stopped)
{
	serial_port_set_stopped(tty->driver, stopped);
}

static void serial_tty_resume(struct tty *tty)
{
	serial_port_receive(tty->driver, true);
}

static void serial_tty_urgent(struct tty *tty, uint8_t c)
{
	serial_port_send_urgent(tty->driver, c);
}

static void serial_tty_break(struct tty *tty, bool on)
{
	serial_port_break(tty->driver, on);
}

static unsigned serial_tty_get_modem(struct tty *tty)
{
	struct serial_port *p = tty->driver;
	uint8_t msr = serial_read(p, UART_MSR), mcr = READ_ONCE(p->mcr);

	return (mcr & UART_MCR_DTR ? TIOCM_DTR : 0) | (mcr & UART_MCR_RTS ? TIOCM_RTS : 0) |
	       (mcr & UART_MCR_OUT1 ? TIOCM_OUT1 : 0) | (mcr & UART_MCR_OUT2 ? TIOCM_OUT2 : 0) |
	       (mcr & UART_MCR_LOOP ? TIOCM_LOOP : 0) | (msr & UART_MSR_CTS ? TIOCM_CTS : 0) |
	       (msr & UART_MSR_DSR ? TIOCM_DSR : 0) | (msr & UART_MSR_DCD ? TIOCM_CD : 0) |
	       (msr & UART_MSR_RI ? TIOCM_RI : 0);
}

static void serial_tty_set_modem(struct tty *tty, unsigned lines)
{
	uint8_t set = (lines & TIOCM_DTR ? UART_MCR_DTR : 0) | (lines & TIOCM_RTS ? UART_MCR_RTS : 0) |
		      (lines & TIOCM_OUT1 ? UART_MCR_OUT1 : 0) | (lines & TIOCM_LOOP ? UART_MCR_LOOP : 0);

	/* OUT2 stays: it connects the interrupt line */
	serial_port_modem(tty->driver, set, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT1 | UART_MCR_LOOP);
}

static int64_t get_serial(const struct serial_port *p, uaddr_t arg)
{
	struct serial_struct s = {
		.type = p->fifo > 1 ? PORT_16550A : PORT_16450,
		.line = (int)p->number,
		.port = p->base,
		.irq = (int)p->irq,
		.xmit_fifo_size = p->fifo,
		.baud_base = SERIAL_CLOCK,
		.close_delay = 50,
		.closing_wait = 3000,
	};

	return copy_to_user(arg, &s, sizeof(s));
}

static int64_t get_counts(const struct serial_port *p, uaddr_t arg)
{
	struct serial_icounter_struct c = {
		.rx = (int)p->received,
		.tx = (int)p->sent,
		.frame = (int)p->framing,
		.overrun = (int)p->overruns,
		.parity = (int)p->parity,
		.brk = (int)p->breaks,
	};

	return copy_to_user(arg, &c, sizeof(c));
}

static int64_t serial_tty_ioctl(struct tty *tty, unsigned cmd, uint64_t arg)
{
	const struct serial_port *p = tty->driver;
	unsigned empty;

	switch (cmd) {
	case TIOCGSERIAL:
		return get_serial(p, arg);
	case TIOCSSERIAL:
		return 0; /* all that can be set is what the hardware is */
	case TIOCGICOUNT:
		return get_counts(p, arg);
	case TIOCSERGETLSR:
		empty = serial_tty_unsent(tty) ? 0 : TIOCSER_TEMT;
		return copy_to_user(arg, &empty, sizeof(empty));
	}
	return -ENOTTY;
}

static const struct tty_ops serial_tty_ops = {
	.write = serial_tty_write,
	.write_room = serial_tty_room,
	.unsent = serial_tty_unsent,
	.flush_output = serial_tty_flush,
	.open = serial_tty_open,
	.close = serial_tty_close,
	.set_termios = serial_tty_set_termios,
	.set_stopped = serial_tty_set_stopped,
	.resume_input = serial_tty_resume,
	.send_urgent = serial_tty_urgent,
	.set_break = serial_tty_break,
	.get_modem = serial_tty_get_modem,
	.set_modem = serial_tty_set_modem,
	.ioctl = serial_tty_ioctl,
};

/* The options that console=ttyS0,OPTIONS gives for this port: "115200n8r". */
static const char *console_options(const struct tty *tty)
{
	size_t n = strlen(tty->name);
	const char *value, *found = NULL;
	unsigned state = 0;

	while ((value = cmdline_next("console", &state)))
		if (strncmp(value, tty->name, n) == 0 && value[n] == ',')
			found = value + n + 1;
	return found;
}

/* 115200 bits a second, 8 bits, no parity, unless the command line says otherwise. */
static void settings_init(struct serial_port *p)
{
	struct termios2 t = p->tty->ldisc.termios;
	const char *s = console_options(p->tty);
	uint64_t speed = 115200;

	if (s)
		parse_u64(s, &s, 10, &speed);
	t.c_cflag = tty_speed_code((uint32_t)speed) | CS8 | CREAD | HUPCL | CLOCAL;
	t.c_ospeed = t.c_ispeed = (uint32_t)speed;
	if (s && (*s == 'e' || *s == 'o'))
		t.c_cflag |= *s == 'o' ? PARENB | PARODD : PARENB;
	if (s && *s && s[1] == '7')
		t.c_cflag = (t.c_cflag & ~(unsigned)CSIZE) | CS7;
	if (s && *s && s[1] && s[2] == 'r')
		t.c_cflag |= CRTSCTS;
	ldisc_set_termios(&p->tty->ldisc, &t);
	serial_port_configure(p, &t);
}

/* The line is shared with another port when that one registered it already. */
static int line_register(struct serial_port *p)
{
	struct irq_action *a = &actions[p->number];
	enum irq_trigger trigger;
	unsigned gsi;

	for (unsigned i = 0; i < p->number; i++)
		if (ports[i] && ports[i]->irq == p->irq)
			return 0;
	a->handler = serial_interrupt;
	a->arg = (void *)(uintptr_t)p->irq;
	a->name = p->tty->name;
	gsi = irq_isa_to_gsi(p->irq, &trigger);
	return irq_register(gsi, trigger, a);
}

static int port_start(struct serial_port *p)
{
	int error;

	ring_init(&p->tx, p->tx_data, sizeof(p->tx_data));
	tty_init(p->tty, "ttyS", (int)p->number, &serial_tty_ops, p);
	settings_init(p);
	ports[p->number] = p;
	error = line_register(p);
	if (error)
		return error;
	error = tty_register(p->tty, 4, MINOR_FIRST + p->number);
	if (error)
		return error;
	p->console.name = p->tty->name;
	p->console.write = serial_port_log;
	log_console_register(&p->console);
	log_info("%s: %s at 0x%x, interrupt %u\n", p->tty->name, p->fifo > 1 ? "16550A" : "8250", p->base, p->irq);
	return 0;
}

/* A port that cannot be started stays allocated: its interrupt may be registered. */
static int port_try(unsigned number)
{
	struct serial_port *p = kzalloc(sizeof(*p), ALLOC_KERNEL);

	if (!p)
		return -ENOMEM;
	spin_init(&p->lock, RANK_CONSOLE);
	p->base = places[number].base;
	p->irq = places[number].irq;
	p->number = number;
	if (!serial_port_probe(p)) {
		kfree(p);
		return -ENODEV;
	}
	p->tty = kzalloc(sizeof(*p->tty), ALLOC_KERNEL);
	if (!p->tty) {
		kfree(p);
		return -ENOMEM;
	}
	return port_start(p);
}

static int serial_init(void)
{
	int error = -ENODEV, result;

	for (unsigned i = 0; i < SERIAL_PORTS; i++) {
		result = port_try(i);
		if (result != -ENODEV)
			error = result;
	}
	return error;
}

TABLE_ENTRY(drivers, struct driver, serial) = { "serial", DRIVER_CONSOLE, serial_init };
