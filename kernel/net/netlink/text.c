/* SPDX-License-Identifier: MIT */
/* net/netlink/text.c: building messages, and finding attributes in those of programs. */
#include "lib/string.h"
#include "mem/slab.h"
#include "net/netlink/netlink.h"
#include <linux/rtnetlink.h>

#define FIRST_SIZE 1024u

/* n more bytes, zeroed up to alignment; NULL when out. */
static void *grow(struct netlink_text *t, size_t n)
{
	size_t need = t->length + NLMSG_ALIGN(n), size = max(t->size, (size_t)FIRST_SIZE);
	uint8_t *p = t->data;

	if (t->failed)
		return NULL;
	while (size < need)
		size *= 2;
	if (size != t->size)
		p = krealloc(t->data, size, ALLOC_KERNEL);
	if (!p) {
		t->failed = true;
		return NULL;
	}
	t->data = p;
	t->size = size;
	p += t->length;
	memset(p, 0, NLMSG_ALIGN(n));
	t->length = need;
	return p;
}

void *netlink_begin(struct netlink_text *t, unsigned type, unsigned flags, uint32_t sequence, uint32_t port, size_t body)
{
	struct nlmsghdr *h;

	t->message = t->length;
	h = grow(t, NLMSG_HDRLEN + body);
	if (!h)
		return NULL;
	*h = (struct nlmsghdr){ .nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)flags, .nlmsg_seq = sequence,
				.nlmsg_pid = port };
	return (char *)h + NLMSG_HDRLEN;
}

void netlink_attribute(struct netlink_text *t, unsigned type, const void *data, size_t n)
{
	struct rtattr *a = grow(t, RTA_LENGTH(n));

	if (!a)
		return;
	a->rta_type = (uint16_t)type;
	a->rta_len = (uint16_t)RTA_LENGTH(n);
	memcpy(a + 1, data, n);
}

void netlink_string(struct netlink_text *t, unsigned type, const char *s)
{
	netlink_attribute(t, type, s, strlen(s) + 1);
}

void netlink_end(struct netlink_text *t)
{
	if (!t->failed)
		((struct nlmsghdr *)(t->data + t->message))->nlmsg_len = (uint32_t)(t->length - t->message);
}

void netlink_text_free(struct netlink_text *t)
{
	kfree(t->data);
	*t = (struct netlink_text){ .data = NULL };
}

void *netlink_reply(struct netlink_request *r, unsigned type, bool multi, size_t body)
{
	return netlink_begin(r->answer, type, multi ? NLM_F_MULTI : 0, r->head->nlmsg_seq, r->port, body);
}

const void *netlink_find(const struct nlmsghdr *h, size_t body, unsigned type, size_t *n)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(body);

	while (at + sizeof(struct rtattr) <= h->nlmsg_len) {
		const struct rtattr *a = (const void *)((const char *)h + at);

		if (a->rta_len < sizeof(*a) || at + a->rta_len > h->nlmsg_len)
			return NULL;
		if ((a->rta_type & NLA_TYPE_MASK) == type) {
			*n = a->rta_len - sizeof(*a);
			return a + 1;
		}
		at += RTA_ALIGN(a->rta_len);
	}
	return NULL;
}
