/* SPDX-License-Identifier: MIT */
/* net/inet/header.c: making headers; see net/inet/header.h. */
#include "net/inet/header.h"
#include "lib/string.h"
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

uint32_t inet_sum(uint32_t sum, const void *data, size_t n)
{
	const uint8_t *at = data;

	for (; n >= 2; at += 2, n -= 2) {
		sum += (uint32_t)at[0] << 8 | at[1];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return n ? sum + ((uint32_t)at[0] << 8) : sum;
}

uint16_t inet_sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint32_t inet_sum_pseudo(const struct inet_envelope *e, size_t n)
{
	bool four = inet_is4(&e->to.addr);
	unsigned skip = four ? 12 : 0;
	uint32_t sum = inet_sum(0, e->from.addr.byte + skip, 16 - skip);

	sum = inet_sum(sum, e->to.addr.byte + skip, 16 - skip);
	return sum + e->protocol + (uint32_t)(n >> 16) + (uint32_t)(n & 0xffff);
}

static unsigned make4(uint8_t *to, const struct inet_envelope *e, size_t n)
{
	struct iphdr h = {
		.version = 4,
		.ihl = 5,
		.tos = e->tos,
		.tot_len = net16((uint16_t)(IP4_HEADER + n)),
		.frag_off = net16(0x4000),
		.ttl = e->ttl,
		.protocol = e->protocol,
		.saddr = e->from.addr.word[3],
		.daddr = e->to.addr.word[3],
	};

	h.check = net16((uint16_t)~inet_sum_fold(inet_sum(0, &h, sizeof(h))));
	memcpy(to, &h, sizeof(h));
	return IP4_HEADER;
}

static unsigned make6(uint8_t *to, const struct inet_envelope *e, size_t n)
{
	uint8_t *h = to;

	memset(h, 0, IP6_HEADER);
	h[0] = (uint8_t)(6 << 4 | e->tos >> 4);
	h[1] = (uint8_t)(e->tos << 4);
	h[4] = (uint8_t)(n >> 8);
	h[5] = (uint8_t)n;
	h[6] = e->protocol;
	h[7] = e->ttl;
	memcpy(h + 8, &e->from.addr, 16);
	memcpy(h + 24, &e->to.addr, 16);
	return IP6_HEADER;
}

unsigned inet_header_make(uint8_t *to, const struct inet_envelope *e, size_t n)
{
	return inet_is4(&e->to.addr) ? make4(to, e, n) : make6(to, e, n);
}

void inet_headers_make(struct inet_headers *h, const struct inet_envelope *e, unsigned extra, size_t n)
{
	uint16_t protocol = inet_is4(&e->to.addr) ? ETH_P_IP : ETH_P_IPV6;

	memset(h, 0, sizeof(*h));
	h->data[12] = (uint8_t)(protocol >> 8);
	h->data[13] = (uint8_t)protocol;
	h->transport = LINK_HEADER + inet_header_make(h->data + LINK_HEADER, e, extra + n);
	h->length = h->transport + extra;
}

void inet_headers_packet(const struct inet_headers *h, bool four, const struct bytes *bytes, struct filter_packet *out)
{
	*out = (struct filter_packet){
		.head = h->data,
		.head_length = h->length,
		.start = h->transport,
		.network = LINK_HEADER,
		.link = true,
		.bytes = bytes,
		.length = bytes->length,
		.device = 1,
		.hardware = ARPHRD_LOOPBACK,
		.protocol = four ? ETH_P_IP : ETH_P_IPV6,
	};
}
