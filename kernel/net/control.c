/* SPDX-License-Identifier: MIT */
/*
 * net/control.c: control messages between a program's buffer and struct control.
 * Layout: a header, the data, padding to 8 bytes, the next header (cmsg(3)).
 */
#include "net/control.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/fcntl.h>

#define ID_UNKNOWN 65534u /* what Linux shows for an id that has none */

/* More descriptors of the running task behind those in c. */
static int add_files(struct control *c, const int *fd, unsigned n)
{
	unsigned before = c->rights ? c->rights->count : 0;
	struct rights *r;

	if (before + n > RIGHTS_MAX)
		return -EINVAL;
	if (!n)
		return 0;
	r = rights_grow(c->rights, before + n);
	if (!r)
		return -ENOMEM;
	c->rights = r;
	for (unsigned i = 0; i < n; i++) {
		struct file *f = files_lookup(task_current()->files, fd[i], true);

		if (!f)
			return -EBADF;
		r->file[r->count++] = f;
	}
	return 0;
}

/* May the running task call itself so? */
static int check_credentials(const struct ucred *u)
{
	const struct cred *c = cred_current();

	if (u->pid != (uint32_t)process_current()->pid->number && !cred_capable(c, CAP_SYS_ADMIN))
		return -EPERM;
	if (u->uid != c->uid && u->uid != c->euid && u->uid != c->suid && !cred_capable(c, CAP_SETUID))
		return -EPERM;
	if (u->gid != c->gid && u->gid != c->egid && u->gid != c->sgid && !cred_capable(c, CAP_SETGID))
		return -EPERM;
	return 0;
}

static int set_credentials(struct control *c, const struct ucred *u)
{
	struct process *p;
	int error = check_credentials(u);

	if (error)
		return error;
	p = process_find((int)u->pid);
	if (!p)
		return -ESRCH;
	pid_put(c->pid);
	c->pid = p->pid;
	pid_get(c->pid);
	process_put(p);
	c->uid = u->uid;
	c->gid = u->gid;
	c->credentials = true;
	return 0;
}

void control_set_own(struct control *c)
{
	const struct cred *cred = cred_current();

	c->pid = process_current()->pid;
	pid_get(c->pid);
	c->uid = cred->uid;
	c->gid = cred->gid;
	c->credentials = true;
}

int control_add(struct control *c, int level, int type, const void *data, unsigned n)
{
	struct control_header h = { sizeof(h) + n, level, type };
	struct control_extra *x = c->extra;

	if (!x)
		x = c->extra = kzalloc(sizeof(*x), ALLOC_KERNEL);
	if (!x)
		return -ENOMEM;
	if (x->length + control_align(h.length) > sizeof(x->data))
		return 0;
	memcpy(x->data + x->length, &h, sizeof(h));
	memcpy(x->data + x->length + sizeof(h), data, n);
	x->length += (unsigned)control_align(h.length);
	return 0;
}

const struct control_header *control_next(const struct control *c, const struct control_header *before)
{
	const uint8_t *at;

	if (!c || !c->extra)
		return NULL;
	at = before ? (const uint8_t *)before + control_align(before->length) : c->extra->data;
	return at < c->extra->data + c->extra->length ? (const void *)at : NULL;
}

static int read_piece(struct control *c, const struct control_header *h)
{
	size_t n = h->length - sizeof(*h);

	if (h->level != SOL_SOCKET)
		return control_add(c, h->level, h->type, h + 1, (unsigned)min(n, (size_t)CONTROL_EXTRA_MAX));
	if (h->type == SCM_RIGHTS)
		return n / sizeof(int) > RIGHTS_MAX ? -EINVAL :
						       add_files(c, (const int *)(h + 1), (unsigned)(n / sizeof(int)));
	if (h->type == SCM_CREDENTIALS && n == sizeof(struct ucred))
		return set_credentials(c, (const struct ucred *)(h + 1));
	return -EINVAL;
}

int control_read(struct control *c, const void *buf, size_t n)
{
	const uint8_t *at = buf, *end = at + n;
	int error = 0;

	while (!error && (size_t)(end - at) >= sizeof(struct control_header)) {
		const struct control_header *h = (const void *)at;
		size_t left = (size_t)(end - at);

		if (h->length < sizeof(*h) || h->length > left)
			error = -EINVAL;
		else
			error = read_piece(c, h);
		if (error || control_align(h->length) >= left)
			break;
		at += control_align(h->length);
	}
	if (error)
		control_free(c);
	return error;
}

void control_free(struct control *c)
{
	rights_free(c->rights);
	c->rights = NULL;
	kfree(c->extra);
	c->extra = NULL;
	pid_put(c->pid);
	c->pid = NULL;
	c->credentials = false;
}

/* A control buffer being filled. */
struct writer {
	uaddr_t at;
	size_t left;
	unsigned told;
};

/* Goes over a piece of n bytes, header included. */
static void writer_advance(struct writer *w, size_t n)
{
	n = min(control_align(n), w->left);
	w->at += n;
	w->left -= n;
}

static void write_piece(struct writer *w, int level, int type, const void *data, size_t n)
{
	struct control_header h = { sizeof(h) + n, level, type };

	if (w->left < sizeof(h)) {
		w->told |= MSG_CTRUNC;
		return;
	}
	if (w->left < h.length) {
		w->told |= MSG_CTRUNC;
		h.length = w->left;
	}
	if (copy_to_user(w->at, &h, sizeof(h)) || copy_to_user(w->at + sizeof(h), data, h.length - sizeof(h)))
		return;
	writer_advance(w, h.length);
}

/* One file becomes a descriptor, whose number goes to `to`. */
static int write_file(struct file *f, uaddr_t to, bool cloexec)
{
	struct files *t = task_current()->files;
	int fd = files_reserve(t, 0, process_limit(RLIMIT_NOFILE), cloexec);

	if (fd < 0)
		return fd;
	if (copy_to_user(to, &fd, sizeof(fd))) {
		files_unreserve(t, fd);
		return -EFAULT;
	}
	file_get(f);
	files_install(t, fd, f);
	return 0;
}

/* As many as there is room for; the others are closed, and the reader is told. */
static void write_files(struct writer *w, const struct rights *r, bool cloexec)
{
	struct control_header h = { 0, SOL_SOCKET, SCM_RIGHTS };
	size_t room = w->left > sizeof(h) ? (w->left - sizeof(h)) / sizeof(int) : 0;
	unsigned n = (unsigned)min(room, (size_t)r->count), i = 0;

	while (i < n && !write_file(r->file[i], w->at + sizeof(h) + i * sizeof(int), cloexec))
		i++;
	if (i < r->count)
		w->told |= MSG_CTRUNC;
	h.length = sizeof(h) + i * sizeof(int);
	if (i && !copy_to_user(w->at, &h, sizeof(h)))
		writer_advance(w, h.length);
}

void control_write(struct control *c, uaddr_t at, size_t *n, bool passcred, unsigned flags, unsigned *told)
{
	struct writer w = { .at = at, .left = *n };

	if (!at || !*n) {
		w.told = passcred || c->rights || c->extra ? MSG_CTRUNC : 0;
	} else {
		if (passcred) {
			struct ucred u = { c->pid ? (uint32_t)c->pid->number : 0, c->credentials ? c->uid : ID_UNKNOWN,
					   c->credentials ? c->gid : ID_UNKNOWN };

			write_piece(&w, SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u));
		}
		for (const struct control_header *h = control_next(c, NULL); h; h = control_next(c, h))
			write_piece(&w, h->level, h->type, h + 1, h->length - sizeof(*h));
		if (c->rights)
			write_files(&w, c->rights, flags & MSG_CMSG_CLOEXEC);
	}
	*n -= w.left;
	*told |= w.told;
}
