/* SPDX-License-Identifier: MIT */
/*
 * net/inet/tcp_option.c: options of level TCP (tcp(7)). Most are for the way through
 * a network: here they are checked, kept and shown.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "net/inet/tcp.h"
#include "proc/process.h"
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/tcp.h>

#define MSS_DEFAULT   536
#define MSS_LOOPBACK4 32741 /* what Linux settles on: half of the window, less headers and time stamps */
#define MSS_LOOPBACK6 32732
#define MSS_ACCEPTED  32768
#define KEEP_MAX      32767

static int mss_of(const struct tcp_socket *t)
{
	int set = t->options.max_segment, mss = inet_is4(&t->inet.remote.addr) ? MSS_LOOPBACK4 : MSS_LOOPBACK6;

	if (!tcp_state_in(t, TCP_JOINED))
		return set ? set : MSS_DEFAULT;
	mss = t->accepted ? MSS_ACCEPTED : mss;
	return set ? min(set - 12, mss) : mss;
}

/* Options that are yes or no. */
static bool *flag_of(struct tcp_options *o, int option)
{
	switch (option) {
	case TCP_NODELAY:
		return &o->no_delay;
	case TCP_CORK:
		return &o->cork;
	case TCP_THIN_LINEAR_TIMEOUTS:
		return &o->thin_linear;
	case TCP_FASTOPEN_CONNECT:
		return &o->fast_open_connect;
	case TCP_INQ:
		return &o->inq;
	case TCP_FASTOPEN_NO_COOKIE:
		return &o->no_cookie;
	}
	return NULL;
}

/* Those that are numbers within limits. */
static int *number_of(struct tcp_options *o, int option, int *least, int *most)
{
	*least = 1;
	*most = KEEP_MAX;
	switch (option) {
	case TCP_KEEPIDLE:
		return &o->keep_idle;
	case TCP_KEEPINTVL:
		return &o->keep_interval;
	case TCP_KEEPCNT:
		*most = 127;
		return &o->keep_count;
	case TCP_SYNCNT:
		*most = 127;
		return &o->syn_count;
	case TCP_USER_TIMEOUT:
		*least = 0;
		*most = INT_MAX;
		return &o->user_timeout;
	case TCP_FASTOPEN:
		*least = 0;
		*most = INT_MAX;
		return &o->fast_open;
	case TCP_SAVE_SYN:
		*least = 0;
		*most = 2;
		return &o->save_syn;
	case TCP_TX_DELAY:
		*least = INT_MIN;
		*most = INT_MAX;
		return &o->delay;
	case TCP_NOTSENT_LOWAT:
		*least = INT_MIN;
		*most = INT_MAX;
		return &o->low_at;
	}
	return NULL;
}

static int set_congestion(struct tcp_options *o, const void *value, unsigned n)
{
	char name[16] = "";

	if (n < 1)
		return -EINVAL;
	memcpy(name, value, min(n, 15u));
	if (strcmp(name, "reno") && strcmp(name, "cubic"))
		return -ENOENT;
	memcpy(o->congestion, name, sizeof(o->congestion));
	return 0;
}

/* Rounded up as the times of SYN+ACK's repetitions are: 1, 3, 7 ... seconds. */
static int defer_time(int seconds)
{
	int time = 1, step = 1;

	if (seconds <= 0)
		return 0;
	while (time < seconds && step < 120) {
		step = min(step * 2, 120);
		time += step;
	}
	return time;
}

static int set_other(struct tcp_socket *t, int option, int v)
{
	struct tcp_options *o = &t->options;

	switch (option) {
	case TCP_MAXSEG:
		if (v && (v < 88 || v > 32767))
			return -EINVAL;
		atomic_store(&o->max_segment, v);
		return 0;
	case TCP_LINGER2:
		atomic_store(&o->linger, v < 0 ? -1 : v > 120 ? 0 : v);
		return 0;
	case TCP_DEFER_ACCEPT:
		atomic_store(&o->defer_accept, defer_time(v));
		return 0;
	case TCP_WINDOW_CLAMP:
		if (!v && tcp_state(t) != TCP_CLOSED)
			return -EINVAL;
		atomic_store(&o->window_clamp, v ? max(v, 1152) : 0);
		return 0;
	case TCP_QUICKACK:
		atomic_store(&o->quick_ack_off, !v);
		return 0;
	case TCP_REPAIR:
	case TCP_REPAIR_QUEUE:
	case TCP_REPAIR_WINDOW:
	case TCP_TIMESTAMP:
		return -EPERM; /* a connection cannot be taken apart and put together */
	case TCP_QUEUE_SEQ:
	case TCP_REPAIR_OPTIONS:
	case TCP_MD5SIG:
	case TCP_MD5SIG_EXT:
	case TCP_FASTOPEN_KEY:
		return -EINVAL;
	case TCP_THIN_DUPACK:
		return v < 0 || v > 1 ? -EINVAL : 0;
	}
	return -ENOPROTOOPT;
}

int tcp_set_option(struct socket *s, int level, int option, const void *value, unsigned n)
{
	struct tcp_socket *t = tcp_of(s);
	int v, least, most, *number = number_of(&t->options, option, &least, &most);
	bool *flag = flag_of(&t->options, option);

	if (level != IPPROTO_TCP)
		return inet_set_option(s, level, option, value, n);
	if (option == TCP_CONGESTION)
		return set_congestion(&t->options, value, n);
	if (option == TCP_ULP && n)
		return -ENOENT; /* there are none */
	if (n < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	if (flag) {
		if ((option == TCP_THIN_LINEAR_TIMEOUTS || option == TCP_FASTOPEN_CONNECT || option == TCP_FASTOPEN_NO_COOKIE || option == TCP_INQ) && (v < 0 || v > 1))
			return -EINVAL;
		atomic_store(flag, v != 0);
		return 0;
	}
	if (!number)
		return set_other(t, option, v);
	if (v < least || v > most)
		return -EINVAL;
	atomic_store(number, v);
	return 0;
}

/* What a program sees of the way; there are no losses and nearly no time. */
static void get_info(struct tcp_socket *t, void *value, unsigned *n)
{
	struct tcp_info info = { .tcpi_state = tcp_state(t) };
	bool joined = tcp_state_in(t, TCP_JOINED);

	info.tcpi_rto = joined ? 200000 : 1000000;
	info.tcpi_ato = joined ? 40000 : 0;
	info.tcpi_snd_mss = (uint32_t)mss_of(t);
	info.tcpi_rcv_mss = MSS_DEFAULT;
	info.tcpi_pmtu = joined ? atomic_load(&net_loopback.mtu) : 0;
	info.tcpi_advmss = joined ? 65483 : 0;
	info.tcpi_snd_cwnd = 10;
	info.tcpi_snd_ssthresh = 0x7fffffff;
	info.tcpi_reordering = 3;
	info.tcpi_rcv_space = joined ? 65483 : 0;
	info.tcpi_rtt = joined ? 20 : 0;
	info.tcpi_rttvar = joined ? 10 : 250000;
	info.tcpi_bytes_received = READ_ONCE(t->end_position);
	if (joined) {
		info.tcpi_options = TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE;
		info.tcpi_snd_wscale = info.tcpi_rcv_wscale = 7;
	} else if (info.tcpi_state == TCP_LISTENING) {
		info.tcpi_unacked = READ_ONCE(t->accepting_count);
		info.tcpi_sacked = READ_ONCE(t->backlog);
	}
	inet_option_answer(value, n, &info, sizeof(info));
}

static int get_number(struct tcp_socket *t, int option, int *v)
{
	const struct tcp_options *o = &t->options;
	int least, most, *number = number_of(&t->options, option, &least, &most);
	bool *flag = flag_of(&t->options, option);

	*v = flag ? atomic_load(flag) : number ? atomic_load(number) : 0;
	switch (option) {
	case TCP_KEEPIDLE:
		*v = *v ? *v : 7200;
		return 0;
	case TCP_KEEPINTVL:
		*v = *v ? *v : 75;
		return 0;
	case TCP_KEEPCNT:
		*v = *v ? *v : 9;
		return 0;
	case TCP_SYNCNT:
		*v = *v ? *v : 6;
		return 0;
	case TCP_MAXSEG:
		*v = mss_of(t);
		return 0;
	case TCP_LINGER2:
		*v = o->linger ? o->linger : 60;
		return 0;
	case TCP_DEFER_ACCEPT:
		*v = o->defer_accept;
		return 0;
	case TCP_WINDOW_CLAMP:
		*v = o->window_clamp;
		return 0;
	case TCP_QUICKACK:
		*v = !o->quick_ack_off;
		return 0;
	case TCP_THIN_DUPACK:
	case TCP_REPAIR:
	case TCP_TIMESTAMP:
		return 0;
	case TCP_REPAIR_QUEUE:
	case TCP_QUEUE_SEQ:
	case TCP_REPAIR_WINDOW:
		return -EINVAL;
	}
	return flag || number ? 0 : -ENOPROTOOPT;
}

int tcp_get_option(struct socket *s, int level, int option, void *value, unsigned *n)
{
	struct tcp_socket *t = tcp_of(s);
	char congestion[16] = "cubic";
	int v, error;

	if (level != IPPROTO_TCP)
		return inet_get_option(s, level, option, value, n);
	if (option == TCP_INFO) {
		get_info(t, value, n);
		return 0;
	}
	if (option == TCP_CONGESTION) {
		if (t->options.congestion[0])
			memcpy(congestion, t->options.congestion, sizeof(congestion));
		inet_option_answer(value, n, congestion, sizeof(congestion));
		return 0;
	}
	if (option == TCP_CC_INFO || option == TCP_SAVED_SYN || option == TCP_ULP || option == TCP_FASTOPEN_KEY) {
		*n = 0;
		return 0;
	}
	if (option == TCP_ZEROCOPY_RECEIVE) {
		if (*n < offsetof(struct tcp_zerocopy_receive, recv_skip_hint))
			return -EINVAL;
		*n = min(*n, (unsigned)sizeof(struct tcp_zerocopy_receive));
		memset(value, 0, *n); /* nothing can be mapped */
		return 0;
	}
	error = get_number(t, option, &v);
	if (!error)
		inet_option_answer(value, n, &v, sizeof(v));
	return error;
}

/* A connection begins with the options of its listener. */
void tcp_inherit(struct tcp_socket *t, const struct tcp_socket *from)
{
	const struct socket *f = &from->inet.base;
	struct socket *s = &t->inet.base;

	s->flags = atomic_load(&f->flags);
	s->send_buffer = atomic_load(&f->send_buffer);
	s->receive_buffer = atomic_load(&f->receive_buffer);
	s->low_water = atomic_load(&f->low_water);
	s->priority = atomic_load(&f->priority);
	s->mark = atomic_load(&f->mark);
	s->linger = atomic_load(&f->linger);
	s->receive_timeout = atomic_load(&f->receive_timeout);
	s->send_timeout = atomic_load(&f->send_timeout);
	t->inet.options = from->inet.options;
	t->options = from->options;
}
