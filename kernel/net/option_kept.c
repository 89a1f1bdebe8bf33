/* SPDX-License-Identifier: MIT */
/*
 * net/option_kept.c: options of level SOL_SOCKET (socket(7)) that few programs use: they are
 * checked, kept and shown; most are for devices that there are not.
 */
#include "base/random.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "net/address.h"
#include "net/device.h"
#include "proc/process.h"
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/net_tstamp.h>

#define NET_COOKIE 1u /* of the one network namespace */
#define MEMORY_WORDS 9 /* SO_MEMINFO */

static bool is_inet(const struct socket *s)
{
	return s->family == AF_INET || s->family == AF_INET6;
}

static bool net_admin(void)
{
	return cred_capable(cred_current(), CAP_NET_ADMIN);
}

static void set_flag(struct socket *s, uint32_t flag, bool on)
{
	if (on)
		atomic_or(&s->flags, flag);
	else
		atomic_and(&s->flags, ~flag);
}

static int set_timestamping(struct socket *s, const void *value, unsigned n)
{
	uint32_t v[2] = { 0, 0 };

	memcpy(v, value, min(n, (unsigned)sizeof(v)));
	if (v[0] & ~(uint32_t)SOF_TIMESTAMPING_MASK)
		return -EINVAL;
	atomic_store(&s->kept.timestamping[0], v[0]);
	if (n == sizeof(v))
		atomic_store(&s->kept.timestamping[1], v[1]);
	return 0;
}

static int set_txtime(struct socket *s, const void *value, unsigned n)
{
	uint32_t v[2];

	if (n != sizeof(v))
		return -EINVAL;
	memcpy(v, value, sizeof(v));
	if (v[1] & ~(uint32_t)SOF_TXTIME_FLAGS_MASK)
		return -EINVAL;
	if (v[0] != CLOCK_MONOTONIC && !net_admin())
		return -EPERM;
	atomic_store(&s->kept.txtime[0], v[0]);
	atomic_store(&s->kept.txtime[1], v[1]);
	return 0;
}

static int set_pacing(struct socket *s, const void *value, unsigned n)
{
	uint32_t small;
	uint64_t rate;

	memcpy(&small, value, sizeof(small));
	rate = small == UINT32_MAX ? UINT64_MAX : small;
	if (n >= sizeof(rate))
		memcpy(&rate, value, sizeof(rate));
	atomic_store(&s->kept.pacing, rate);
	return 0;
}

static int set_zerocopy(struct socket *s, int v)
{
	if (!is_inet(s) || (s->protocol != IPPROTO_TCP && s->protocol != IPPROTO_UDP))
		return -EOPNOTSUPP;
	if (v < 0 || v > 1)
		return -EINVAL;
	set_flag(s, SOCKET_ZEROCOPY, v);
	return 0;
}

/* A program's choice of a buffer's size, which nothing changes then. */
static int set_buffer_lock(struct socket *s, int v)
{
	if (v & ~(SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK))
		return -EINVAL;
	set_flag(s, SOCKET_SEND_FIXED, v & SOCK_SNDBUF_LOCK);
	set_flag(s, SOCKET_RECEIVE_FIXED, v & SOCK_RCVBUF_LOCK);
	return 0;
}

static int bind_device(struct socket *s, const void *value, unsigned n)
{
	char name[NET_NAME_SIZE] = "";
	struct net_device *d;

	memcpy(name, value, min(n, NET_NAME_SIZE - 1u));
	d = name[0] ? net_device_find(name) : NULL;
	if (name[0] && !d)
		return -ENODEV;
	if (s->kept.device && !cred_capable(cred_current(), CAP_NET_RAW))
		return -EPERM;
	atomic_store(&s->kept.device, d ? d->index : 0);
	return 0;
}

int socket_set_kept(struct socket *s, int option, const void *value, unsigned n)
{
	int v;

	if (option == SO_BINDTODEVICE)
		return bind_device(s, value, n);
	memcpy(&v, value, sizeof(v));
	switch (option) {
	case SO_BSDCOMPAT:
	case SO_CNX_ADVICE:
		return 0;
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		return set_timestamping(s, value, n);
	case SO_BUSY_POLL:
		if (v > atomic_load(&s->kept.busy_poll) && !net_admin())
			return -EPERM;
		if (v < 0)
			return -EINVAL;
		atomic_store(&s->kept.busy_poll, v);
		return 0;
	case SO_PREFER_BUSY_POLL:
		if (v && !net_admin())
			return -EPERM;
		set_flag(s, SOCKET_PREFER_BUSY, v);
		return 0;
	case SO_BUSY_POLL_BUDGET:
		return v > 0 && !net_admin() ? -EPERM : v < 0 || v > (int)UINT16_MAX ? -EINVAL : 0;
	case SO_MAX_PACING_RATE:
		return set_pacing(s, value, n);
	case SO_INCOMING_CPU:
		atomic_store(&s->kept.processor, v);
		return 0;
	case SO_ZEROCOPY:
		return set_zerocopy(s, v);
	case SO_TXTIME:
		return set_txtime(s, value, n);
	case SO_BUF_LOCK:
		return set_buffer_lock(s, v);
	case SO_RESERVE_MEM:
		return v < 0 ? -EINVAL : -EOPNOTSUPP;
	case SO_TXREHASH:
		if (v < -1 || v > 1)
			return -EINVAL;
		atomic_store(&s->kept.rehash, (uint8_t)(v < 0 ? 1 : v));
		return 0;
	case SO_BINDTOIFINDEX:
		if (v < 0)
			return -EINVAL;
		atomic_store(&s->kept.device, v);
		return 0;
	}
	return -ENOPROTOOPT;
}

static int answer(void *value, unsigned *n, const void *from, unsigned size)
{
	*n = min(*n, size);
	memcpy(value, from, *n);
	return 0;
}

/* A number that no other socket has. */
static uint64_t cookie_of(const struct socket *s)
{
	static uint64_t seed; /* atomic: 0: none yet */
	uint64_t none = 0;

	if (unlikely(!atomic_load(&seed)))
		atomic_compare_exchange(&seed, &none, random_u64() | 1);
	return hash_ptr(s, atomic_load(&seed));
}

static int get_peer_name(struct socket *s, void *value, unsigned *n)
{
	struct socket_name name;

	if (!s->ops->get_name || s->ops->get_name(s, true, &name))
		return -ENOTCONN;
	if (name.length < *n)
		return -EINVAL;
	memcpy(value, &name.storage, *n);
	return 0;
}

static int get_memory(struct socket *s, void *value, unsigned *n)
{
	uint32_t words[MEMORY_WORDS] = { [1] = atomic_load(&s->receive_buffer), [2] = atomic_load(&s->send_charge),
					 [3] = atomic_load(&s->send_buffer) };

	return answer(value, n, words, sizeof(words));
}

static int get_device(struct socket *s, void *value, unsigned *n)
{
	struct net_device *d = net_device_at(atomic_load(&s->kept.device));

	if (d && *n < NET_NAME_SIZE)
		return -EINVAL;
	return answer(value, n, d ? d->name : "", d ? (unsigned)strlen(d->name) + 1 : 0);
}

/* Those that are not an int. */
static int get_wide(struct socket *s, int option, void *value, unsigned *n)
{
	const struct socket_kept *k = &s->kept;
	struct ucred nobody = { 0, UINT32_MAX, UINT32_MAX };
	uint64_t wide;

	switch (option) {
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		return answer(value, n, k->timestamping, sizeof(k->timestamping));
	case SO_TXTIME:
		return answer(value, n, k->txtime, sizeof(k->txtime));
	case SO_MAX_PACING_RATE:
		return answer(value, n, &k->pacing, sizeof(k->pacing));
	case SO_COOKIE:
		if (*n < sizeof(wide))
			return -EINVAL;
		wide = cookie_of(s);
		return answer(value, n, &wide, sizeof(wide));
	case SO_NETNS_COOKIE:
		if (*n != sizeof(wide))
			return -EINVAL;
		wide = NET_COOKIE;
		return answer(value, n, &wide, sizeof(wide));
	case SO_PEERCRED:
		return answer(value, n, &nobody, sizeof(nobody));
	case SO_PEERNAME:
		return get_peer_name(s, value, n);
	case SO_PEERGROUPS:
		return -ENODATA;
	case SO_MEMINFO:
		return get_memory(s, value, n);
	case SO_BINDTODEVICE:
		return get_device(s, value, n);
	}
	return -ENOPROTOOPT;
}

int socket_get_kept(struct socket *s, int option, void *value, unsigned *n)
{
	uint32_t flags = atomic_load(&s->flags);
	int v = 0;

	switch (option) {
	case SO_BSDCOMPAT:
	case SO_INCOMING_NAPI_ID:
	case SO_RESERVE_MEM:
	case SO_ACCEPTCONN:
		break;
	case SO_BUSY_POLL:
		v = atomic_load(&s->kept.busy_poll);
		break;
	case SO_INCOMING_CPU:
		v = atomic_load(&s->kept.processor);
		break;
	case SO_PREFER_BUSY_POLL:
		v = !!(flags & SOCKET_PREFER_BUSY);
		break;
	case SO_ZEROCOPY:
		v = !!(flags & SOCKET_ZEROCOPY);
		break;
	case SO_BUF_LOCK:
		v = (flags & SOCKET_SEND_FIXED ? SOCK_SNDBUF_LOCK : 0) | (flags & SOCKET_RECEIVE_FIXED ? SOCK_RCVBUF_LOCK : 0);
		break;
	case SO_TXREHASH:
		v = atomic_load(&s->kept.rehash);
		break;
	case SO_BINDTOIFINDEX:
		v = atomic_load(&s->kept.device);
		break;
	default:
		return get_wide(s, option, value, n);
	}
	return answer(value, n, &v, sizeof(v));
}
