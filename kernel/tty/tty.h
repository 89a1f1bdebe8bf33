/* SPDX-License-Identifier: MIT */
/*
 * tty/tty.h: terminals. A struct tty joins three things: the line discipline
 * (tty/ldisc.h), a driver behind a small table of functions, and the job
 * control of the session whose controlling terminal it is. Serial ports and the
 * screen are drivers; a pseudo-terminal's two ends can be one more.
 *
 * Input:  driver's interrupt -> tty_input() -> input ring -> deferred work, or a
 *         reader in a hurry -> line discipline -> read(2)
 * Output: write(2) -> output processing -> driver's write(); echoes likewise.
 *
 * Locks. tty->write_lock (mutex) makes writes come out one after the other.
 * tty->lock (mutex, inside it) guards the line discipline, the settings and the
 * window size; it is never held over a wait. tty->state_lock (spinlock) guards
 * the job control fields; signals are sent after it was dropped, with counted
 * groups. tty->input_lock (spinlock, interrupts off) is for those who put into
 * the input ring; who takes out of it holds tty->lock.
 */
#ifndef TTY_TTY_H
#define TTY_TTY_H

#include "fs/device.h"
#include "proc/process.h"
#include "sched/mutex.h"
#include "sched/work.h"
#include "tty/ldisc.h"
#include <asm/termios.h>

#define TTY_INPUT   4096 /* bytes between driver and line discipline */
#define TTY_SCRATCH 512

struct tty;

/* Called in thread context with tty->lock held unless said otherwise; entries may be NULL. */
struct tty_ops {
	/* Takes up to n bytes for output and starts it. Number taken; never waits. */
	size_t (*write)(struct tty *tty, const uint8_t *p, size_t n);
	/* Bytes that write() would take now. No lock, any context. */
	size_t (*write_room)(struct tty *tty);
	/* Bytes taken but not sent yet. No lock. NULL: none ever. */
	size_t (*unsent)(struct tty *tty);
	void (*flush_output)(struct tty *tty);
	/* Before each open: 0, or why not. Opening lock held. */
	int (*may_open)(struct tty *tty);
	/* First open, and after the last close (no lock held but the opening one). */
	int (*open)(struct tty *tty);
	void (*close)(struct tty *tty);
	/* New settings in tty->ldisc.termios; adjusts there what the device cannot do. */
	void (*set_termios)(struct tty *tty, const struct termios2 *old);
	/* The output is held (^S) or goes on. NULL: the driver has no buffer; nothing is written to it while held. */
	void (*set_stopped)(struct tty *tty, bool stopped);
	/* The input ring has room again after tty_input() took less than it was given. */
	void (*resume_input)(struct tty *tty);
	/* One byte ahead of everything else: XON and XOFF for IXOFF. */
	void (*send_urgent)(struct tty *tty, uint8_t c);
	void (*set_break)(struct tty *tty, bool on);
	/* TIOCPKT_* of what happened: output held or going on, input dropped. */
	void (*tell)(struct tty *tty, unsigned status);
	unsigned (*get_modem)(struct tty *tty);                  /* TIOCM_* */
	void (*set_modem)(struct tty *tty, unsigned lines);      /* TIOCM_* */
	/* Commands of this device only. -ENOTTY when unknown. No lock held. */
	int64_t (*ioctl)(struct tty *tty, unsigned cmd, uint64_t arg);
	/* The last reference to an unregistered tty went; later, maybe from a worker, nothing refers to its memory. NULL: it is static. */
	void (*destroy)(struct tty *tty);
	void (*free)(struct tty *tty);
};

struct tty {
	const struct tty_ops *ops;       /* immutable */
	void *driver;                    /* immutable: the driver's */
	char name[16];                   /* immutable: "ttyS0" */
	bool hangs_up;                   /* immutable: the exit of the session leader hangs it up (not pseudo-terminals) */
	struct device_node node;         /* immutable */
	struct session_terminal terminal; /* immutable: how proc/ sees it */
	struct refcount refs;            /* open files, sessions; static ones keep one for good */
	struct refcount memory;          /* those as a whole, and input_work while it is queued: the struct goes with the last */

	struct mutex write_lock;         /* rank TTY */
	struct mutex lock;               /* rank TTY, taken inside write_lock */
	struct ldisc ldisc;              /* lock */
	struct termios2 locked;          /* lock: settings with a bit or character here do not change */
	struct winsize window;           /* lock */
	bool input_stuck;                /* lock: the line discipline did not take everything */
	bool told_to_stop;               /* lock: XOFF was sent (IXOFF) */
	uint8_t scratch_in[TTY_SCRATCH]; /* lock */
	uint8_t scratch_out[TTY_SCRATCH]; /* lock */
	struct waitq read_wait, write_wait;
	struct work input_work;          /* runs tty_process_input() */

	struct spinlock input_lock;      /* rank DRIVER, interrupts off */
	struct ring input;               /* writer: input_lock; reader: lock */
	uint8_t input_data[TTY_INPUT];   /* as input */
	bool input_refused;              /* atomic: the driver holds back input until resume_input() */
	uint32_t breaks;                 /* atomic: break conditions not yet seen by the line discipline */

	struct spinlock state_lock;      /* rank TTY_STATE */
	struct pid *session;             /* state_lock, counted; atomic for comparing only */
	struct pid *foreground;          /* state_lock, counted; atomic for comparing only */
	uint32_t generation;             /* atomic: hang-ups so far */
	bool exclusive;                  /* atomic: TIOCEXCL */
	struct mutex open_lock;          /* rank TTY: first open against last close */
	unsigned opens;                  /* open_lock */
	struct list link;                /* the list of registered terminals' lock */
};

/* What an open file of a terminal has in file->data. */
struct tty_file {
	struct tty *tty;                 /* immutable, counted */
	uint32_t generation;             /* immutable: another one than the tty's: hung up */
	bool console;                    /* immutable: opened as /dev/console, which no hang-up reaches */
};

/*
 * Makes a tty of zeroed memory: default settings, one reference. The driver may
 * change settings in tty->ldisc.termios (through ldisc_set_termios) before
 * tty_register(). name is "ttyS" with number 0, say, or number < 0 for none.
 */
void tty_init(struct tty *tty, const char *name, int number, const struct tty_ops *ops, void *driver);

/* Shows it as a device with that number. 0 or as device_register(). May sleep. */
int tty_register(struct tty *tty, unsigned major, unsigned minor);

static inline void tty_get(struct tty *tty) { refcount_get(&tty->refs); }
void tty_put(struct tty *tty);

/*
 * From the driver: bytes came in. Returns how many were taken; after less than n
 * the driver keeps the rest and tells its device to wait until resume_input().
 * Any context; no lock of rank DRIVER or above held.
 */
size_t tty_input(struct tty *tty, const uint8_t *p, size_t n);
/* Room in the input ring: who is the only one to call tty_input() can rely on it. */
static inline size_t tty_input_room(const struct tty *tty) { return ring_room(&tty->input); }
/* From a driver that saw no room and holds back input: resume_input() will be called. Context as tty_input(). */
void tty_input_refuse(struct tty *tty);
void tty_input_break(struct tty *tty);

/* From the driver: there is room for output again, or everything was sent. Any context, no lock of rank WAITQ or above held. */
void tty_output_ready(struct tty *tty);

/* The carrier or the other end is gone: open files see end of file and -EIO, the session is told. May sleep. */
void tty_hangup(struct tty *tty);

/* Moves what came in through the line discipline and echoes out. Takes tty->lock. May sleep. */
void tty_process_input(struct tty *tty);
/* The same with tty->lock held. */
void tty_process_input_locked(struct tty *tty);
/* Moves echoes to the driver, and tells it about a change of `stopped`. tty->lock held. */
void tty_flush_echo(struct tty *tty);
void tty_apply_flow(struct tty *tty);
/* Room that programs may use: some is kept for echoes. Any context; a hint without tty->lock. */
size_t tty_write_room(struct tty *tty);
/* Drops input: the line discipline's, and what it has not seen yet. tty->lock held. */
void tty_flush_input(struct tty *tty);
/* Waits until all output left the device: 0, -ERESTARTSYS or -EIO (hung up). */
int tty_drain(struct tty *tty, const struct tty_file *tf);

static inline bool tty_file_hung_up(const struct tty_file *tf)
{
	return !tf->console && tf->generation != __atomic_load_n(&tf->tty->generation, __ATOMIC_ACQUIRE);
}

/* File operations, by file. tty_io.c, tty_ioctl.c, tty_termios.c */
extern const struct file_ops tty_file_ops;
int tty_open_as(struct tty *tty, struct file *f, bool console, bool may_control);
void tty_release(struct file *f);
ssize_t tty_read(struct io *io, struct iter *to);
ssize_t tty_write(struct io *io, struct iter *from);
uint32_t tty_poll(struct file *f, struct poll_table *pt);
int64_t tty_ioctl(struct file *f, unsigned cmd, uint64_t arg);
/* The commands about settings and flushing; -ENOTTY for others. */
int64_t tty_termios_ioctl(struct tty *tty, const struct tty_file *tf, unsigned cmd, uint64_t arg);
/* The speed in bits a second that a termios asks for. */
uint32_t tty_termios_speed(const struct termios2 *t);
/* c_cflag's code for a speed (BOTHER where there is none). */
uint32_t tty_speed_code(uint32_t speed);

/* Job control: tty_jobs.c. None holds a lock before or after. */

/*
 * May the running process read (SIGTTIN) or change or write (SIGTTOU) now? 0 in
 * the foreground; else it is signalled: -ERESTARTSYS; or -EIO where that has no sense.
 */
int tty_check_change(struct tty *tty, int sig);
/* Sends a signal to the foreground group, if there is one. */
void tty_signal_foreground(struct tty *tty, int sig);
/* The terminal becomes that of the running session: at open, quietly only if all is right; or by TIOCSCTTY. */
void tty_jobs_open(struct tty *tty, struct file *f);
int64_t tty_jobs_ioctl(struct tty *tty, struct file *f, unsigned cmd, uint64_t arg);
/* TIOCGPGRP and TIOCGSID of a pseudo-terminal's master: of the slave, whoever asks. */
int64_t tty_jobs_master_ioctl(struct tty *tty, unsigned cmd, uint64_t arg);
/* The session loses the terminal: its leader and the foreground group are told. */
void tty_jobs_hangup(struct tty *tty, bool leader_exits);
/* Is it the controlling terminal of the running process? */
bool tty_is_controlling(struct tty *tty);
extern const struct session_terminal tty_session_ops;

/* A registered terminal by name, not counted (they stay); NULL if there is none. */
struct tty *tty_find(const char *name);
/* The tty that /dev/console leads to; NULL if there is none. console.c */
struct tty *tty_console(void);

#endif
