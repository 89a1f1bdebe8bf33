/* SPDX-License-Identifier: MIT */
/*
 * net/filter.c: packet filters of sockets; see net/filter.h. The machine is lib/bpf.c; here
 * is what programs may load: bytes, half-words and words in network order at an offset, from
 * the place where the socket's own data begins, or from the header of the network or of the
 * interface (negative offsets); and facts about the packet that are not in it (SKF_AD_*).
 */
#include "net/filter.h"
#include "base/random.h"
#include "hal/cpu.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include <asm/socket.h>
#include <linux/netlink.h>

#define OPTION_MEMORY 20480u /* net.core.optmem_max */
#define PROGRAM_SIZE  56u    /* of Linux's own form, without its instructions of 8 bytes */

/* ---- what programs load ---------------------------------------------------------------- */

static bool may_load(struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
		return i->k < (uint32_t)SKF_AD_OFF || (i->k - (uint32_t)SKF_AD_OFF < SKF_AD_MAX && !(i->k & 3));
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
		return true;
	}
	return false;
}

static uint32_t length_of(const struct filter_packet *p)
{
	return (uint32_t)(p->head_length - p->start + p->length);
}

static uint8_t byte_at(const struct filter_packet *p, size_t at)
{
	if (at < p->head_length)
		return p->head[at];
	return p->bytes ? bytes_at(p->bytes, at - p->head_length) : p->flat[at - p->head_length];
}

/* size bytes at an offset as programs count. False: not there. */
static bool fetch(const struct filter_packet *p, int offset, unsigned size, uint32_t *out)
{
	int64_t at = offset;
	uint32_t v = 0;

	if (offset >= 0)
		at += p->start;
	else if (offset >= SKF_NET_OFF)
		at += p->network - (int64_t)SKF_NET_OFF;
	else if (offset >= SKF_LL_OFF && p->link)
		at -= SKF_LL_OFF;
	if (at < 0 || (uint64_t)at + size > p->head_length + p->length)
		return false;
	for (unsigned n = 0; n < size; n++)
		v = v << 8 | byte_at(p, (size_t)at + n);
	*out = v;
	return true;
}

/* The attribute of type x among those from offset a on; 0: none. */
static uint32_t find_attribute(const struct filter_packet *p, uint32_t a, uint32_t x)
{
	struct nlattr h;

	while ((uint64_t)a + sizeof(h) <= length_of(p)) {
		for (unsigned n = 0; n < sizeof(h); n++)
			((uint8_t *)&h)[n] = byte_at(p, p->start + a + n);
		if (h.nla_len < sizeof(h) || h.nla_len > length_of(p) - a)
			return 0;
		if ((h.nla_type & NLA_TYPE_MASK) == x)
			return a;
		a += NLA_ALIGN(h.nla_len);
	}
	return 0;
}

/* The attributes inside of the one at a. */
static uint32_t find_nested(const struct filter_packet *p, uint32_t a, uint32_t x)
{
	struct filter_packet inner = *p;
	uint16_t size;

	if ((uint64_t)a + sizeof(struct nlattr) > length_of(p))
		return 0;
	for (unsigned n = 0; n < sizeof(size); n++)
		((uint8_t *)&size)[n] = byte_at(p, p->start + a + n);
	if (size > length_of(p) - a)
		return 0;
	inner.length -= length_of(p) - a - size;
	return find_attribute(&inner, a + (uint32_t)sizeof(struct nlattr), x);
}

static bool load_fact(const struct filter_packet *p, uint32_t which, uint32_t *a, uint32_t x)
{
	switch (which) {
	case SKF_AD_PROTOCOL:
		*a = p->protocol;
		return true;
	case SKF_AD_PKTTYPE:
		*a = p->type;
		return true;
	case SKF_AD_IFINDEX:
		*a = (uint32_t)p->device;
		return p->device;
	case SKF_AD_HATYPE:
		*a = p->hardware;
		return p->device;
	case SKF_AD_NLATTR:
		*a = find_attribute(p, *a, x);
		return true;
	case SKF_AD_NLATTR_NEST:
		*a = find_nested(p, *a, x);
		return true;
	case SKF_AD_MARK:
		*a = p->mark;
		return true;
	case SKF_AD_CPU:
		*a = cpu_id();
		return true;
	case SKF_AD_RANDOM:
		*a = (uint32_t)random_u64();
		return true;
	case SKF_AD_ALU_XOR_X:
		*a ^= x;
		return true;
	}
	*a = 0; /* queues, hashes, VLANs: there are none */
	return true;
}

bool socket_filter_load(const void *data, const struct sock_filter *i, uint32_t *a, uint32_t *x)
{
	static const uint8_t sizes[] = { [BPF_W >> 3] = 4, [BPF_H >> 3] = 2, [BPF_B >> 3] = 1 };
	unsigned size = sizes[BPF_SIZE(i->code) >> 3];
	const struct filter_packet *p = data;
	int at = (int)i->k;

	switch (BPF_MODE(i->code)) {
	case BPF_LEN:
		*(BPF_CLASS(i->code) == BPF_LDX ? x : a) = length_of(p);
		return true;
	case BPF_MSH:
		if (!fetch(p, at, 1, x))
			return false;
		*x = (*x & 0xf) * 4;
		return true;
	case BPF_IND:
		return fetch(p, (int)(i->k + *x), size, a);
	}
	if (at < 0 && at >= SKF_AD_OFF)
		return load_fact(p, (uint32_t)(at - SKF_AD_OFF), a, *x);
	return fetch(p, at, size, a);
}

size_t socket_filter_ask(struct socket *s, const struct filter_packet *p)
{
	const struct socket_filter *f;
	size_t keep = SIZE_MAX;

	rcu_read_lock();
	f = rcu_dereference(s->filter);
	if (f)
		keep = socket_filter_run(f, p);
	rcu_read_unlock();
	return keep;
}

/* ---- options --------------------------------------------------------------------------- */

/* About what Linux takes for it: its own instructions are sometimes two for one. */
static unsigned charge_of(const struct socket_filter *f)
{
	unsigned n = 4;

	for (unsigned i = 0; i < f->length; i++) {
		const struct sock_filter *p = &f->program[i];
		bool two = p->code == (BPF_RET | BPF_K) || (BPF_CLASS(p->code) == BPF_JMP && p->jt && p->jf);

		n += two ? 2 : 1;
	}
	return PROGRAM_SIZE + 8 * n;
}

static int check(struct socket_filter *f)
{
	uint16_t *scratch = kmalloc(f->length * sizeof(*scratch), ALLOC_KERNEL);
	int error;

	if (!scratch)
		return -ENOMEM;
	error = bpf_check(f->program, f->length, may_load, scratch);
	kfree(scratch);
	return error;
}

static bool locked(const struct socket *s)
{
	return atomic_load(&s->flags) & SOCKET_FILTER_LOCKED;
}

int socket_filter_read(struct socket *s, const void *value, unsigned n, struct socket_filter **out)
{
	struct sock_fprog program;
	struct socket_filter *f;
	int error;

	if (n != sizeof(program))
		return -EINVAL;
	memcpy(&program, value, sizeof(program));
	if (locked(s))
		return -EPERM;
	if (!program.filter || !program.len || program.len > BPF_MAXINSNS)
		return -EINVAL;
	f = kmalloc(sizeof(*f) + program.len * sizeof(f->program[0]), ALLOC_KERNEL);
	if (!f)
		return -ENOMEM;
	f->length = program.len;
	error = copy_from_user(f->program, (uaddr_t)program.filter, program.len * sizeof(f->program[0]));
	if (!error)
		error = check(f);
	f->charge = error ? 0 : charge_of(f);
	if (f->charge > OPTION_MEMORY)
		error = -ENOMEM;
	if (error)
		kfree(f);
	else
		*out = f;
	return error;
}

/* A new one, or NULL. */
static void replace(struct socket *s, struct socket_filter *f)
{
	struct socket_filter *old;

	spin_lock(&s->lock);
	old = s->filter;
	rcu_assign(s->filter, f);
	spin_unlock(&s->lock);
	if (old)
		kfree_rcu(old, &old->rcu);
}

static int attach(struct socket *s, const void *value, unsigned n)
{
	struct socket_filter *f;
	int error = socket_filter_read(s, value, n, &f);

	if (!error)
		replace(s, f);
	return error;
}

/* SO_ATTACH_BPF: there is no bpf(2), so no descriptor is of such a program. */
static int attach_descriptor(struct socket *s, const void *value, unsigned n)
{
	struct file *f;
	int fd;

	if (n != sizeof(fd))
		return -EINVAL;
	if (locked(s))
		return -EPERM;
	memcpy(&fd, value, sizeof(fd));
	f = files_lookup(task_current()->files, fd, true);
	if (!f)
		return -EBADF;
	file_put(f);
	return -EINVAL;
}

static int set_lock(struct socket *s, bool on)
{
	if (locked(s) && !on)
		return -EPERM;
	if (on)
		atomic_or(&s->flags, (uint32_t)SOCKET_FILTER_LOCKED);
	return 0;
}

int socket_filter_set(struct socket *s, int option, const void *value, unsigned n)
{
	int on;

	switch (option) {
	case SO_ATTACH_FILTER:
		return attach(s, value, n);
	case SO_ATTACH_BPF:
	case SO_ATTACH_REUSEPORT_EBPF:
		return attach_descriptor(s, value, n);
	case SO_LOCK_FILTER:
		memcpy(&on, value, sizeof(on));
		return set_lock(s, on);
	case SO_DETACH_FILTER:
		if (locked(s))
			return -EPERM;
		if (!READ_ONCE(s->filter))
			return -ENOENT;
		replace(s, NULL);
		return 0;
	}
	return -ENOPROTOOPT;
}

int socket_filter_get(struct socket *s, uaddr_t to, unsigned *n)
{
	struct socket_filter *copy = NULL, *f;
	unsigned room = *n;
	int error = 0;

	*n = 0;
	spin_lock(&s->lock);
	f = s->filter;
	if (f && room >= f->length)
		copy = kmalloc(sizeof(*f) + f->length * sizeof(f->program[0]), ALLOC_ATOMIC);
	if (copy)
		memcpy(copy, f, sizeof(*f) + f->length * sizeof(f->program[0]));
	if (f)
		*n = f->length;
	if (f && room && !copy)
		error = room < f->length ? -EINVAL : -ENOMEM;
	spin_unlock(&s->lock);
	if (copy)
		error = copy_to_user(to, copy->program, copy->length * sizeof(copy->program[0]));
	kfree(copy);
	return error;
}

void socket_filter_drop(struct socket *s)
{
	if (s->filter)
		kfree_rcu(s->filter, &s->filter->rcu);
	s->filter = NULL;
}
