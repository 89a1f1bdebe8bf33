/* SPDX-License-Identifier: MIT */
/*
 * The 8250 family (data sheet PC16550D). On an emulated machine each register
 * access leaves the emulator, so accesses are what is saved here:
 *
 * Sending fills the whole FIFO for one look at the line status, and goes on
 * polling while the device is faster than we are, as emulated ones are; only a
 * device that keeps us waiting gets its interrupt turned on.
 *
 * Receiving: at the trigger level that many bytes are there, and are read
 * without looking for each. When the terminal has no room, bytes stay in the
 * FIFO and the receive interrupt goes off: an emulator's FIFO then holds up the
 * sender, a real one's sender is told by RTS if asked for.
 *
 * port->lock guards registers and the sending end of the ring.
 */
#include "drivers/serial_port.h"
#include "base/random.h"
#include "base/sysrq.h"
#include "hal/clock.h"
#include "lib/string.h"

#define TRIGGER      8      /* UART_FCR_TRIGGER_8 */
#define RECEIVE_MOST 64     /* bytes taken at one interrupt before others get a turn */
#define SYSRQ_PATIENCE (5 * NSEC_PER_SEC)
#define SEND_MOST    4      /* FIFOs filled at one interrupt */
#define WAIT_MOST    200000 /* looks at the line status before the log gives up on a device */

static void ier_set(struct serial_port *p, uint8_t ier)
{
	assert_held(&p->lock);
	if (ier == p->ier)
		return;
	p->ier = ier;
	serial_write(p, UART_IER, ier);
}

bool serial_port_probe(struct serial_port *p)
{
	uint8_t quiet, loud, fifo;

	serial_write(p, UART_IER, 0);
	quiet = serial_read(p, UART_IER);
	if (quiet != 0)
		return false; /* nothing there reads as ones */
	serial_write(p, UART_IER, 0x0f);
	loud = serial_read(p, UART_IER);
	serial_write(p, UART_IER, 0);
	if (loud != 0x0f)
		return false;
	serial_write(p, UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_8);
	fifo = serial_read(p, UART_IIR) >> 6;
	p->fifo = fifo == 3 ? 16 : 1;
	if (p->fifo == 1)
		serial_write(p, UART_FCR, 0);
	p->mcr = UART_MCR_OUT2; /* connects the interrupt line */
	serial_write(p, UART_MCR, p->mcr);
	p->urgent = -1;
	return true;
}

static bool may_send(const struct serial_port *p)
{
	if (p->urgent >= 0)
		return true;
	if (p->stopped || !ring_used(&p->tx))
		return false;
	return !p->cts_flow || (serial_read(p, UART_MSR) & UART_MSR_CTS);
}

/* Fills the FIFO if it is empty. True: there may be more to do at once. */
static bool send_burst(struct serial_port *p)
{
	unsigned room = p->fifo;
	uint8_t *data, lsr;
	uint32_t n;

	assert_held(&p->lock);
	if (!may_send(p)) {
		ier_set(p, p->ier & (uint8_t)~UART_IER_THRI);
		return false;
	}
	lsr = serial_read(p, UART_LSR);
	/* Led back to itself, a device that sends at once would overrun its receiver, which another processor empties. */
	if ((p->mcr & UART_MCR_LOOP) && (lsr & UART_LSR_DR))
		return false;
	if (!(lsr & UART_LSR_THRE)) {
		ier_set(p, p->ier | UART_IER_THRI);
		return false;
	}
	if (p->urgent >= 0) {
		serial_write(p, UART_TX, (uint8_t)p->urgent);
		p->urgent = -1;
		room--;
	}
	n = p->stopped ? 0 : min_t(uint32_t, ring_data_span(&p->tx, &data), room);
	for (uint32_t i = 0; i < n; i++)
		serial_write(p, UART_TX, data[i]);
	ring_consume(&p->tx, n);
	p->sent += n;
	return true;
}

static void tell_room(struct serial_port *p)
{
	if (ring_room(&p->tx) >= SERIAL_TX_BUFFER / 2)
		tty_output_ready(p->tty);
}

void serial_port_transmit(struct serial_port *p)
{
	bool more = true;

	while (more) {
		uint64_t irq = spin_lock_irq(&p->lock);

		more = send_burst(p);
		spin_unlock_irq(&p->lock, irq);
	}
	tell_room(p);
}

static void transmit_from_interrupt(struct serial_port *p)
{
	uint64_t irq = spin_lock_irq(&p->lock);

	for (unsigned i = 0; i < SEND_MOST && send_burst(p); i++)
		;
	spin_unlock_irq(&p->lock, irq);
	tell_room(p);
}

/* Notes what the line status says of the byte about to be read. True if that byte is to be dropped. */
static bool receive_error(struct serial_port *p, uint8_t lsr, bool *broken)
{
	p->overruns += !!(lsr & UART_LSR_OE);
	if (lsr & UART_LSR_BI) {
		p->breaks++;
		*broken = true;
		return true;
	}
	p->framing += !!(lsr & UART_LSR_FE);
	p->parity += !!(lsr & UART_LSR_PE);
	return false;
}

/* Bytes into buf, at most max; sure of them are known to be there. */
static size_t receive_bytes(struct serial_port *p, uint8_t *buf, size_t max, size_t sure, bool *broken)
{
	uint8_t lsr = serial_read(p, UART_LSR);
	size_t n = 0;

	if (!(lsr & (UART_LSR_FIFOE | UART_LSR_BRK_ERROR_BITS)))
		while (n < sure)
			buf[n++] = serial_read(p, UART_RX);
	if (n)
		lsr = serial_read(p, UART_LSR);
	while ((lsr & UART_LSR_DR) && n < max) {
		bool drop = receive_error(p, lsr, broken);

		buf[n] = serial_read(p, UART_RX);
		n += !drop;
		lsr = serial_read(p, UART_LSR);
	}
	p->received += (uint32_t)n;
	return n;
}

static void receive_hold(struct serial_port *p, bool hold)
{
	const uint8_t bits = UART_IER_RDI | UART_IER_RLSI;

	ier_set(p, hold ? p->ier & (uint8_t)~bits : p->ier | bits);
	if (!p->cts_flow)
		return;
	p->mcr = hold ? p->mcr & (uint8_t)~UART_MCR_RTS : p->mcr | UART_MCR_RTS;
	serial_write(p, UART_MCR, p->mcr);
}

/*
 * A break on the console makes the next key one for the kernel (base/sysrq.h); a
 * second break at once is the terminal's, as on Linux. Bytes left for the terminal.
 */
static size_t take_sysrq(struct serial_port *p, uint8_t *buf, size_t n, bool *broken)
{
	bool armed = p->sysrq_until != 0;
	uint8_t key = buf[0];

	if (*broken && p->tty == tty_console() && !armed) {
		p->sysrq_until = clock_now() + SYSRQ_PATIENCE;
		*broken = false;
		armed = true;
	}
	if (!armed || (!n && !*broken))
		return n;
	armed = !*broken && clock_now() < p->sysrq_until;
	p->sysrq_until = 0;
	if (!armed)
		return n;
	memmove(buf, buf + 1, --n);
	sysrq_press((char)key);
	return n;
}

static void receive_from_interrupt(struct serial_port *p, uint8_t cause)
{
	size_t room = tty_input_room(p->tty), n = 0, sure = 0;
	uint8_t buf[RECEIVE_MOST];
	bool broken = false;
	uint64_t irq = spin_lock_irq(&p->lock);

	if (cause == UART_IIR_RDI)
		sure = p->fifo == 1 ? 1 : TRIGGER;
	if (room < sizeof(buf))
		receive_hold(p, true);
	else
		n = receive_bytes(p, buf, sizeof(buf), sure, &broken);
	spin_unlock_irq(&p->lock, irq);
	random_event(n ? buf[n - 1] : 0);
	if (unlikely(broken || p->sysrq_until))
		n = take_sysrq(p, buf, n, &broken);
	if (broken)
		tty_input_break(p->tty);
	if (n)
		tty_input(p->tty, buf, n);
	if (room < sizeof(buf))
		tty_input_refuse(p->tty);
}

bool serial_port_service(struct serial_port *p)
{
	uint8_t iir = serial_read(p, UART_IIR), cause = iir & UART_IIR_ID;
	bool received;

	if (iir & UART_IIR_NO_INT)
		return false;
	if (cause == UART_IIR_MSI)
		serial_read(p, UART_MSR); /* clears it; CTS may have changed */
	received = cause == UART_IIR_RDI || cause == UART_IIR_RX_TIMEOUT || cause == UART_IIR_RLSI;
	if (received)
		receive_from_interrupt(p, cause);
	if (!received || (READ_ONCE(p->mcr) & UART_MCR_LOOP)) /* a sender may have waited for that */
		transmit_from_interrupt(p);
	return true;
}

void serial_port_rearm(struct serial_port *p)
{
	uint64_t irq = spin_lock_irq(&p->lock);

	serial_write(p, UART_IER, 0);
	serial_write(p, UART_IER, p->ier);
	spin_unlock_irq(&p->lock, irq);
}

void serial_port_flush(struct serial_port *p)
{
	uint64_t irq = spin_lock_irq(&p->lock);

	ring_clear(&p->tx);
	spin_unlock_irq(&p->lock, irq);
	tell_room(p);
}

void serial_port_set_stopped(struct serial_port *p, bool stopped)
{
	uint64_t irq = spin_lock_irq(&p->lock);

	p->stopped = stopped;
	spin_unlock_irq(&p->lock, irq);
	serial_port_transmit(p);
}

void serial_port_send_urgent(struct serial_port *p, uint8_t c)
{
	uint64_t irq = spin_lock_irq(&p->lock);

	p->urgent = c;
	spin_unlock_irq(&p->lock, irq);
	serial_port_transmit(p);
}

void serial_port_receive(struct serial_port *p, bool on)
{
	uint64_t irq = spin_lock_irq(&p->lock);

	receive_hold(p, !on);
	spin_unlock_irq(&p->lock, irq);
}

bool serial_port_idle(const struct serial_port *p)
{
	return serial_read(p, UART_LSR) & UART_LSR_TEMT;
}

/* False when the device did not get there in reasonable time. */
static bool wait_line(struct serial_port *p, uint8_t bit)
{
	unsigned most = p->jammed ? 1 : WAIT_MOST;

	for (unsigned i = 0; i < most; i++) {
		if (serial_read(p, UART_LSR) & bit) {
			p->jammed = false;
			return true;
		}
		cpu_relax();
	}
	p->jammed = true;
	return false;
}

static uint8_t line_control(const struct termios2 *t)
{
	static const uint8_t sizes[] = { UART_LCR_WLEN5, UART_LCR_WLEN6, UART_LCR_WLEN7, UART_LCR_WLEN8 };
	uint8_t lcr = sizes[(t->c_cflag & CSIZE) / (CS6 - CS5)];

	if (t->c_cflag & CSTOPB)
		lcr |= UART_LCR_STOP;
	if (t->c_cflag & PARENB)
		lcr |= t->c_cflag & PARODD ? UART_LCR_PARITY : UART_LCR_PARITY | UART_LCR_EPAR;
	if ((t->c_cflag & PARENB) && (t->c_cflag & CMSPAR))
		lcr |= UART_LCR_SPAR;
	return lcr;
}

void serial_port_configure(struct serial_port *p, const struct termios2 *t)
{
	uint32_t speed = max_t(uint32_t, tty_termios_speed(t), 1);
	uint16_t divisor = (uint16_t)min_t(uint32_t, max_t(uint32_t, (SERIAL_CLOCK + speed / 2) / speed, 1), 0xffff);
	uint8_t lcr = line_control(t);
	uint64_t irq = spin_lock_irq(&p->lock);

	p->cts_flow = t->c_cflag & CRTSCTS;
	ier_set(p, p->cts_flow ? p->ier | UART_IER_MSI : p->ier & (uint8_t)~UART_IER_MSI);
	if (lcr != p->lcr || divisor != p->divisor) {
		wait_line(p, UART_LSR_TEMT);
		p->lcr = lcr;
		p->divisor = divisor;
		serial_write(p, UART_LCR, lcr | UART_LCR_DLAB);
		serial_write(p, UART_DLL, (uint8_t)divisor);
		serial_write(p, UART_DLM, (uint8_t)(divisor >> 8));
		serial_write(p, UART_LCR, lcr);
	}
	spin_unlock_irq(&p->lock, irq);
}

void serial_port_modem(struct serial_port *p, uint8_t set, uint8_t clear)
{
	uint64_t irq = spin_lock_irq(&p->lock);

	p->mcr = (p->mcr & (uint8_t)~clear) | set;
	serial_write(p, UART_MCR, p->mcr);
	spin_unlock_irq(&p->lock, irq);
}

void serial_port_break(struct serial_port *p, bool on)
{
	uint64_t irq = spin_lock_irq(&p->lock);

	p->lcr = on ? p->lcr | UART_LCR_SBC : p->lcr & (uint8_t)~UART_LCR_SBC;
	serial_write(p, UART_LCR, p->lcr);
	spin_unlock_irq(&p->lock, irq);
}

static void log_bytes(struct serial_port *p, const char *s, size_t n)
{
	unsigned room = 0;

	for (size_t i = 0; i < n; i++) {
		if (room < 2 && !wait_line(p, UART_LSR_THRE))
			return;
		if (room < 2)
			room = p->fifo;
		if (s[i] == '\n' && p->fifo > 1) {
			serial_write(p, UART_TX, '\r');
			room--;
		} else if (s[i] == '\n') {
			serial_write(p, UART_TX, '\r');
			if (!wait_line(p, UART_LSR_THRE))
				return;
		}
		serial_write(p, UART_TX, (uint8_t)s[i]);
		room--;
	}
}

/* In a panic locks give way, so the holder's death does no harm. */
void serial_port_log(struct log_console *c, const char *s, size_t n)
{
	struct serial_port *p = container_of(c, struct serial_port, console);
	uint64_t irq = spin_lock_irq(&p->lock);

	log_bytes(p, s, n);
	spin_unlock_irq(&p->lock, irq);
}
