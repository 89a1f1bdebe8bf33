/* SPDX-License-Identifier: MIT */
/*
 * net/netlink/answer.c: what programs ask the kernel through netlink, taken apart into
 * messages, each answered by its protocol, and acknowledged where that is wished.
 */
#include "net/netlink/netlink.h"
#include "lib/errno.h"
#include "lib/string.h"

/* NLMSG_ERROR: with what was asked, unless all is well or the program does not want it. */
static void acknowledge(struct netlink_request *r, int error)
{
	bool cut = !error || netlink_has_option(r->from, NETLINK_CAP_ACK);
	size_t more = cut ? 0 : r->head->nlmsg_len - NLMSG_HDRLEN;
	struct nlmsgerr *e = netlink_begin(r->answer, NLMSG_ERROR, cut ? NLM_F_CAPPED : 0, r->head->nlmsg_seq, r->port,
					   sizeof(*e) + more);

	if (!e)
		return;
	e->error = error;
	memcpy(&e->msg, r->head, NLMSG_HDRLEN + more);
	netlink_end(r->answer);
}

static void finish_dump(struct netlink_request *r)
{
	int *result = netlink_reply(r, NLMSG_DONE, true, sizeof(*result));

	if (result)
		netlink_end(r->answer);
}

static void answer_one(struct netlink_request *r, const struct netlink_protocol *protocol)
{
	int error = 0;

	if (r->head->nlmsg_flags & NLM_F_REQUEST && r->head->nlmsg_type >= NLMSG_MIN_TYPE) {
		error = protocol->answer(r);
		if (!error && (r->head->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
			finish_dump(r);
			return;
		}
	}
	if (error || r->head->nlmsg_flags & NLM_F_ACK)
		acknowledge(r, error);
}

int netlink_answer_all(struct netlink_socket *n, const struct netlink_protocol *protocol, uint32_t port, const uint8_t *data,
		       size_t length)
{
	size_t at = 0;
	int error = 0;

	while (!error && at + NLMSG_HDRLEN <= length) {
		const struct nlmsghdr *h = (const void *)(data + at);
		struct netlink_text t = { .data = NULL };
		struct netlink_request r = { .from = n, .head = h, .port = port, .answer = &t };

		if (h->nlmsg_len < NLMSG_HDRLEN || at + h->nlmsg_len > length)
			break;
		answer_one(&r, protocol);
		error = netlink_deliver(n, &t);
		netlink_text_free(&t);
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return error;
}
