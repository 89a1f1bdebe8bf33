/* SPDX-License-Identifier: MIT */
/*
 * The two names that lead to another terminal: /dev/tty, the controlling
 * terminal of who opens it, and /dev/console, which the command line chooses:
 * the last console= whose device exists, else the screen, else the first serial
 * port. No hang-up reaches files opened as /dev/console, so that process 1 keeps
 * its output.
 */
#include "base/cmdline.h"
#include "dev/driver.h"
#include "tty/tty.h"

/* "ttyS0,115200n8" names ttyS0; tty0 is the screen in front: tty1. */
static struct tty *find_named(const char *value)
{
	char name[16];
	size_t n = 0;

	while (value[n] && value[n] != ',')
		n++;
	if (n >= sizeof(name))
		return NULL;
	memcpy(name, value, n);
	name[n] = 0;
	return tty_find(strcmp(name, "tty0") == 0 ? "tty1" : name);
}

struct tty *tty_console(void)
{
	struct tty *found = NULL, *tty;
	unsigned state = 0;
	const char *value;

	while ((value = cmdline_next("console", &state))) {
		tty = find_named(value);
		if (tty)
			found = tty;
	}
	if (!found)
		found = tty_find("tty1");
	return found ? found : tty_find("ttyS0");
}

static int console_open(struct inode *inode, struct file *f)
{
	struct tty *tty = tty_console();

	return tty ? tty_open_as(tty, f, true, false) : -ENODEV;
}

static int controlling_open(struct inode *inode, struct file *f)
{
	struct tty *tty = task_current_or_null() ? session_get_terminal() : NULL;
	int error;

	if (!tty)
		return -ENXIO;
	error = tty_open_as(tty, f, false, false);
	tty_put(tty);
	return error;
}

static const struct file_ops console_ops = {
	.open = console_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};

static const struct file_ops controlling_ops = {
	.open = controlling_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};

static struct device_node console_node = {
	.name = "console",
	.mode = S_IFCHR | 0600,
	.ops = &console_ops,
};

static struct device_node controlling_node = {
	.name = "tty",
	.mode = S_IFCHR | 0666,
	.ops = &controlling_ops,
};

static int console_init(void)
{
	int error;

	controlling_node.rdev = device_number(5, 0);
	console_node.rdev = device_number(5, 1);
	error = device_register(&controlling_node);
	return error ? error : device_register(&console_node);
}

TABLE_ENTRY(drivers, struct driver, console) = { "console", DRIVER_CONSOLE, console_init };
