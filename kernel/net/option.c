/* SPDX-License-Identifier: MIT */
/*
 * net/option.c: socket options of level SOL_SOCKET (socket(7)). They are single
 * words, changed and read as such; what only one family has to say something
 * about (who the peer is) is asked from its get_option().
 */
#include "net/socket.h"
#include "hal/clock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "net/address.h"
#include "net/filter.h"
#include "proc/process.h"
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/time_types.h>

struct linger { int on, seconds; };

/* Options that are one bit each. */
static uint32_t flag_of(int option)
{
	switch (option) {
	case SO_PASSCRED:
		return SOCKET_PASSCRED;
	case SO_REUSEADDR:
		return SOCKET_REUSEADDR;
	case SO_REUSEPORT:
		return SOCKET_REUSEPORT;
	case SO_KEEPALIVE:
		return SOCKET_KEEPALIVE;
	case SO_BROADCAST:
		return SOCKET_BROADCAST;
	case SO_OOBINLINE:
		return SOCKET_OOBINLINE;
	case SO_DEBUG:
		return SOCKET_DEBUG;
	case SO_DONTROUTE:
		return SOCKET_DONTROUTE;
	case SO_NO_CHECK:
		return SOCKET_NO_CHECK;
	case SO_PASSSEC:
		return SOCKET_PASSSEC;
	case SO_RXQ_OVFL:
		return SOCKET_COUNT_DROPS;
	case SO_WIFI_STATUS:
		return SOCKET_WIFI_STATUS;
	case SO_NOFCS:
		return SOCKET_NO_FCS;
	case SO_SELECT_ERR_QUEUE:
		return SOCKET_SELECT_ERRORS;
	case SO_RCVMARK:
		return SOCKET_RECEIVE_MARK;
	}
	return 0;
}

/* Which time stamps an option turns on: microseconds or nanoseconds, under its old or its new number. 0: it is another. */
static uint32_t stamps_of(int option)
{
	switch (option) {
	case SO_TIMESTAMP_OLD:
		return SOCKET_TIMESTAMP;
	case SO_TIMESTAMP_NEW:
		return SOCKET_TIMESTAMP | SOCKET_TIMESTAMP_NEW;
	case SO_TIMESTAMPNS_OLD:
		return SOCKET_TIMESTAMP_NS;
	case SO_TIMESTAMPNS_NEW:
		return SOCKET_TIMESTAMP_NS | SOCKET_TIMESTAMP_NEW;
	}
	return 0;
}
#define STAMPS ((uint32_t)(SOCKET_TIMESTAMP | SOCKET_TIMESTAMP_NS | SOCKET_TIMESTAMP_NEW))

/* Linux doubles what it is told, for its own overhead, and shows the double. */
static int set_buffer(uint32_t *limit, int value, uint32_t least, bool force)
{
	uint32_t asked = (uint32_t)value;

	if (force) {
		if (!cred_capable(cred_current(), CAP_NET_ADMIN))
			return -EPERM;
		asked = value < 0 ? 0 : min(asked, (uint32_t)INT_MAX / 2);
	} else {
		asked = min(asked, SOCKET_BUFFER_DEFAULT);
	}
	atomic_store(limit, max(asked * 2, least));
	return 0;
}

static int set_timeout(nsec_t *timeout, const void *value, unsigned n)
{
	struct __kernel_old_timeval tv;

	if (n < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, value, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		atomic_store(timeout, (nsec_t)0);
	else if ((!tv.tv_sec && !tv.tv_usec) || tv.tv_sec >= INT64_MAX / NSEC_PER_SEC - 1)
		atomic_store(timeout, INT64_MAX);
	else
		atomic_store(timeout, tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * 1000);
	return 0;
}

static int set_linger(struct socket *s, const void *value, unsigned n)
{
	struct linger l;

	if (n < sizeof(l))
		return -EINVAL;
	memcpy(&l, value, sizeof(l));
	if (l.on)
		atomic_store(&s->linger, l.seconds);
	if (l.on)
		atomic_or(&s->flags, (uint32_t)SOCKET_LINGER);
	else
		atomic_and(&s->flags, ~(uint32_t)SOCKET_LINGER);
	return 0;
}

static int set_number(struct socket *s, int option, int value)
{
	uint32_t flag = flag_of(option);

	if (option == SO_DEBUG && value && !cred_capable(cred_current(), CAP_NET_ADMIN))
		return -EACCES;
	if (option == SO_REUSEPORT && value && s->family != AF_INET && s->family != AF_INET6)
		return -EOPNOTSUPP;
	if (stamps_of(option)) {
		atomic_and(&s->flags, ~STAMPS);
		atomic_or(&s->flags, value ? stamps_of(option) : 0);
		return 0;
	}
	if (flag && value)
		atomic_or(&s->flags, flag);
	else if (flag)
		atomic_and(&s->flags, ~flag);
	if (flag)
		return 0;
	switch (option) {
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
		value = set_buffer(&s->send_buffer, value, SOCKET_SEND_MIN, option == SO_SNDBUFFORCE);
		if (value)
			return value;
		atomic_or(&s->flags, (uint32_t)SOCKET_SEND_FIXED);
		waitq_wake_all(&s->write_wait);
		return 0;
	case SO_RCVBUF:
	case SO_RCVBUFFORCE:
		value = set_buffer(&s->receive_buffer, value, SOCKET_RECEIVE_MIN, option == SO_RCVBUFFORCE);
		if (!value)
			atomic_or(&s->flags, (uint32_t)SOCKET_RECEIVE_FIXED);
		return value;
	case SO_RCVLOWAT:
		atomic_store(&s->low_water, value < 0 ? (uint32_t)INT_MAX : value ? (uint32_t)value : 1);
		return 0;
	case SO_PEEK_OFF:
		if (!s->ops->may_peek)
			return -EOPNOTSUPP;
		atomic_store(&s->peek_offset, value);
		return 0;
	case SO_PRIORITY:
		if ((value < 0 || value > 6) && !cred_capable(cred_current(), CAP_NET_ADMIN))
			return -EPERM;
		atomic_store(&s->priority, (uint32_t)value);
		return 0;
	case SO_MARK:
		if (!cred_capable(cred_current(), CAP_NET_ADMIN))
			return -EPERM;
		atomic_store(&s->mark, (uint32_t)value);
		return 0;
	}
	return -ENOPROTOOPT;
}

/* What only a family knows, and what is only kept. */
static int set_rare(struct socket *s, int option, const void *value, unsigned n)
{
	int error = s->ops->set_option ? s->ops->set_option(s, SOL_SOCKET, option, value, n) : -ENOPROTOOPT;

	return error == -ENOPROTOOPT ? socket_set_kept(s, option, value, n) : error;
}

int socket_set_option(struct socket *s, int level, int option, const void *value, unsigned n)
{
	int number, error;

	if (level != SOL_SOCKET)
		return s->ops->set_option ? s->ops->set_option(s, level, option, value, n) : -EOPNOTSUPP;
	if (option == SO_BINDTODEVICE)
		return set_rare(s, option, value, n);
	if (n < sizeof(number))
		return -EINVAL;
	switch (option) {
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		return set_timeout(&s->receive_timeout, value, n);
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		return set_timeout(&s->send_timeout, value, n);
	case SO_LINGER:
		return set_linger(s, value, n);
	case SO_ATTACH_FILTER:
		if (s->protocol == IPPROTO_TCP && s->type == SOCK_STREAM && !cred_capable(cred_current(), CAP_NET_ADMIN))
			return -EPERM;
		return socket_filter_set(s, option, value, n);
	case SO_DETACH_FILTER:
	case SO_LOCK_FILTER:
	case SO_ATTACH_BPF:
	case SO_ATTACH_REUSEPORT_EBPF:
		return socket_filter_set(s, option, value, n);
	case SO_ATTACH_REUSEPORT_CBPF:
	case SO_DETACH_REUSEPORT_BPF:
		if (s->family != AF_INET && s->family != AF_INET6)
			return option == SO_DETACH_REUSEPORT_BPF && atomic_load(&s->flags) & SOCKET_REUSEPORT ? -ENOENT : -EINVAL;
		return s->ops->set_option(s, level, option, value, n);
	}
	memcpy(&number, value, sizeof(number));
	error = set_number(s, option, number);
	return error == -ENOPROTOOPT ? set_rare(s, option, value, n) : error;
}

/* Those that are an int. */
static int get_number(struct socket *s, int option, int *value)
{
	uint32_t flag = flag_of(option);

	if (flag) {
		*value = !!(atomic_load(&s->flags) & flag);
		return 0;
	}
	if (stamps_of(option)) {
		*value = (atomic_load(&s->flags) & STAMPS) == stamps_of(option);
		return 0;
	}
	switch (option) {
	case SO_TYPE:
		*value = s->type;
		break;
	case SO_DOMAIN:
		*value = s->family;
		break;
	case SO_PROTOCOL:
		*value = s->protocol;
		break;
	case SO_ERROR:
		*value = -socket_take_error(s);
		break;
	case SO_SNDBUF:
		*value = (int)atomic_load(&s->send_buffer);
		break;
	case SO_RCVBUF:
		*value = (int)atomic_load(&s->receive_buffer);
		break;
	case SO_RCVLOWAT:
		*value = (int)atomic_load(&s->low_water);
		break;
	case SO_LOCK_FILTER:
		*value = !!(atomic_load(&s->flags) & SOCKET_FILTER_LOCKED);
		break;
	case SO_BPF_EXTENSIONS:
		*value = SKF_AD_MAX;
		break;
	case SO_SNDLOWAT:
		*value = 1;
		break;
	case SO_PEEK_OFF:
		if (!s->ops->may_peek)
			return -EOPNOTSUPP;
		*value = atomic_load(&s->peek_offset);
		break;
	case SO_PRIORITY:
		*value = (int)atomic_load(&s->priority);
		break;
	case SO_MARK:
		*value = (int)atomic_load(&s->mark);
		break;
	default:
		return -ENOPROTOOPT;
	}
	return 0;
}

static void answer(void *value, unsigned *n, const void *from, unsigned size)
{
	*n = min(*n, size);
	memcpy(value, from, *n);
}

static void get_timeout(const nsec_t *timeout, void *value, unsigned *n)
{
	nsec_t t = atomic_load(timeout);
	struct __kernel_old_timeval tv = { 0, 0 };

	if (t != INT64_MAX) {
		tv.tv_sec = t / NSEC_PER_SEC;
		tv.tv_usec = t % NSEC_PER_SEC / 1000;
	}
	answer(value, n, &tv, sizeof(tv));
}

int socket_get_option(struct socket *s, int level, int option, void *value, unsigned *n)
{
	struct linger l = { 0, atomic_load(&s->linger) };
	int number, error;

	if (level != SOL_SOCKET)
		return s->ops->set_option ? s->ops->get_option(s, level, option, value, n) : -EOPNOTSUPP;
	switch (option) {
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		get_timeout(&s->receive_timeout, value, n);
		return 0;
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		get_timeout(&s->send_timeout, value, n);
		return 0;
	case SO_LINGER:
		l.on = !!(atomic_load(&s->flags) & SOCKET_LINGER);
		answer(value, n, &l, sizeof(l));
		return 0;
	}
	error = get_number(s, option, &number);
	if (error == -ENOPROTOOPT && s->ops->get_option)
		error = s->ops->get_option(s, level, option, value, n);
	else if (!error)
		answer(value, n, &number, sizeof(number));
	if (error == -ENOPROTOOPT)
		error = socket_get_kept(s, option, value, n);
	return error;
}
