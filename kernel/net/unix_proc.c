/* SPDX-License-Identifier: MIT */
/*
 * net/unix_proc.c: /proc/net/unix, a line for each socket (proc(5)). Text is made
 * with no lock held: a bucket's sockets are counted first, then shown.
 */
#include "fs/procfs.h"
#include "lib/errno.h"
#include "mem/slab.h"
#include "net/unix.h"
#include <linux/net.h>

/* An abstract name shows an @ for each zero, and so do others as they are. */
static void show_name(struct text *t, const struct socket_name *name)
{
	size_t n = name->length - offsetof(struct sockaddr_un, sun_path);
	const char *s = name->un.sun_path;

	text_put(t, " ", 1);
	if (s[0])
		n--; /* its zero at the end */
	for (size_t i = 0; i < n; i++)
		text_put(t, s[i] ? &s[i] : "@", 1);
}

static void show_socket(struct text *t, struct unix_socket *u)
{
	const struct unix_address *a = atomic_load_acquire(&u->address);
	bool listening = READ_ONCE(u->state) == UNIX_LISTENING;
	bool connected = READ_ONCE(u->state) == UNIX_CONNECTED;
	struct file *f;
	uint64_t ino = 0;

	spin_lock(&u->base.lock);
	f = u->dead ? NULL : u->base.file;
	ino = f ? f->inode->ino : 0;
	spin_unlock(&u->base.lock);
	/* Our own reference counts: Linux shows one more than there are, too. */
	text_printf(t, "%016x: %08X %08X %08X %04X %02X %5lu", 0, refcount_read(&u->base.refs), 0,
		    listening ? __SO_ACCEPTCON : 0, u->base.type,
		    f ? connected ? SS_CONNECTED : SS_UNCONNECTED : connected ? SS_CONNECTING : SS_DISCONNECTING, ino);
	if (a)
		show_name(t, &a->name);
	text_put(t, "\n", 1);
}

static int show_bucket(struct text *t, unsigned i)
{
	struct unix_socket **v = NULL;
	unsigned n = unix_table_list(i, NULL, 0), found;

	if (!n)
		return 0;
	v = kcalloc(n, sizeof(*v), ALLOC_KERNEL);
	if (!v)
		return -ENOMEM;
	found = min(unix_table_list(i, v, n), n);
	for (unsigned k = 0; k < found; k++) {
		show_socket(t, v[k]);
		unix_put(v[k]);
	}
	kfree(v);
	return 0;
}

static int show_sockets(struct text *t)
{
	text_printf(t, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (unsigned i = 0; i < UNIX_BUCKETS; i++) {
		int error = show_bucket(t, i);

		if (error)
			return error;
	}
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, net_unix) = { "net/unix", 0444, show_sockets, NULL };
