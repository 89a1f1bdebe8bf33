/* SPDX-License-Identifier: MIT */
/*
 * net/inet/icmp.c: the control messages of IPv4 and IPv6, as far as one machine says them to
 * itself: an echo is answered, and who looks hears that nobody has a port. That a sender is
 * told of it is seen to where it happens (net/inet/udp_send.c), message or not.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/inet/raw.h"
#include <linux/icmp.h>
#include <linux/icmpv6.h>

#define MESSAGE_HEADER 8u
#define QUOTE_MAX4     548u  /* of the packet that a message is about: all fits into 576 bytes */
#define QUOTE_MAX6     1232u /* and into 1280 */
#define DEFAULT_TTL    64

uint16_t icmp_checksum(const struct inet_envelope *e, const uint8_t *data, size_t n)
{
	uint32_t sum = inet_is4(&e->to.addr) ? 0 : inet_sum_pseudo(e, n);

	return (uint16_t)~inet_sum_fold(inet_sum(sum, data, n));
}

/* Sends a message that is behind `header` bytes of room for IPv4's header. */
static void send(struct inet_envelope *e, uint8_t *data, size_t n, unsigned header)
{
	uint8_t *message = data + header;
	uint16_t sum;

	message[2] = message[3] = 0;
	sum = icmp_checksum(e, message, n - header);
	message[2] = (uint8_t)(sum >> 8);
	message[3] = (uint8_t)sum;
	if (header)
		inet_header_make(data, e, n - header);
	net_count(packets, 1);
	net_count(bytes, n + LINK_HEADER);
	raw_deliver(e, data, n, header);
}

void icmp_receive(const struct inet_envelope *e, const uint8_t *data, size_t n, unsigned header)
{
	bool four = inet_is4(&e->to.addr);
	uint8_t request = four ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
	struct inet_envelope back = { .from = e->to, .to = e->from, .tos = e->tos, .ttl = DEFAULT_TTL, .protocol = e->protocol };
	unsigned room = four ? IP4_HEADER : 0;
	uint8_t *answer;

	if (e->protocol != (four ? IPPROTO_ICMP : IPPROTO_ICMPV6) || n - header < MESSAGE_HEADER || data[header] != request)
		return;
	if (!inet_is_local(&e->to.addr) || inet_is_multicast(&e->from.addr) || icmp_checksum(e, data + header, n - header))
		return;
	answer = kmalloc(room + n - header, ALLOC_KERNEL);
	if (!answer)
		return;
	memcpy(answer + room, data + header, n - header);
	answer[room] = four ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY;
	send(&back, answer, room + n - header, room);
	kfree(answer);
}

void icmp_unreachable(const struct udp_packet *p, int protocol)
{
	bool four = inet_is4(&p->to.addr);
	unsigned room = four ? IP4_HEADER : 0, quote = four ? QUOTE_MAX4 : QUOTE_MAX6, headers, n;
	struct inet_envelope back = { .from = p->to, .to = p->from, .tos = four ? 0xc0 : 0, .ttl = DEFAULT_TTL,
				      .protocol = four ? IPPROTO_ICMP : IPPROTO_ICMPV6 };
	struct inet_headers h;
	struct iter it;
	uint8_t *data;

	udp_headers_make(&h, p, protocol);
	headers = h.length - LINK_HEADER;
	n = (unsigned)min((size_t)p->bytes.length, (size_t)(quote - headers));
	data = kzalloc(room + MESSAGE_HEADER + headers + n, ALLOC_KERNEL);
	if (!data)
		return;
	data[room] = four ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH;
	data[room + 1] = four ? ICMP_PORT_UNREACH : ICMPV6_PORT_UNREACH;
	memcpy(data + room + MESSAGE_HEADER, h.data + LINK_HEADER, headers);
	iter_init_kernel(&it, data + room + MESSAGE_HEADER + headers, n, false);
	bytes_copy(&p->bytes, 0, &it, n, false);
	send(&back, data, room + MESSAGE_HEADER + headers + n, room);
	kfree(data);
}
