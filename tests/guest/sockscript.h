/* SPDX-License-Identifier: MIT */
/*
 * What two joined sockets do, as one line of words: what is done, then '=' and what came of it.
 *   sTEXT send, oTEXT send with MSG_OOB, rN receive, pN peek, RN and PN the same with MSG_OOB,
 *   tN and TN receive and peek with MSG_TRUNC, kN SO_PEEK_OFF, g that, iN SO_OOBINLINE, m SIOCATMARK,
 *   n FIONREAD, q poll, w shut down for writing, c close the sender.
 */
#ifndef SOCKSCRIPT_H
#define SOCKSCRIPT_H

#include "net.h"
#include <linux/sockios.h>

static inline int script_pair(const char *kind, int fd[2])
{
	if (!strcmp(kind, "stream"))
		return socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	if (!strcmp(kind, "datagram"))
		return socketpair(AF_UNIX, SOCK_DGRAM, 0, fd);
	if (!strcmp(kind, "packet"))
		return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd);
	if (!strcmp(kind, "TCP"))
		return tcp_pair(fd);
	fd[0] = socket(AF_INET, SOCK_DGRAM, 0);
	fd[1] = socket(AF_INET, SOCK_DGRAM, 0);
	return do_bind(fd[1], "127.0.0.1", 0) || do_connect(fd[0], "127.0.0.1", port_of(fd[1]));
}

static inline void script_receive(int fd, int n, int flags, char *out)
{
	char data[100] = "";
	struct iovec v = { data, (size_t)n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	ssize_t got = recvmsg(fd, &m, flags | MSG_DONTWAIT);

	if (got < 0)
		sprintf(out, "E%d", errno);
	else
		sprintf(out, "%zd:%.*s%s%s", got, (int)(got < n ? got : n), data, m.msg_flags & MSG_OOB ? "!" : "",
			m.msg_flags & MSG_TRUNC ? "+" : "");
}

static inline void script_word(int fd[2], const char *word, char *out)
{
	int n = atoi(word + 1), v = 0;

	switch (word[0]) {
	case 's': sprintf(out, "%ld", RESULT(send(fd[0], word + 1, strlen(word + 1), MSG_DONTWAIT | MSG_NOSIGNAL))); break;
	case 'o': sprintf(out, "%ld", RESULT(send(fd[0], word + 1, strlen(word + 1), MSG_DONTWAIT | MSG_NOSIGNAL | MSG_OOB))); break;
	case 'r': script_receive(fd[1], n, 0, out); break;
	case 'p': script_receive(fd[1], n, MSG_PEEK, out); break;
	case 'R': script_receive(fd[1], n, MSG_OOB, out); break;
	case 'P': script_receive(fd[1], n, MSG_OOB | MSG_PEEK, out); break;
	case 't': script_receive(fd[1], n, MSG_TRUNC, out); break;
	case 'T': script_receive(fd[1], n, MSG_TRUNC | MSG_PEEK, out); break;
	case 'k': sprintf(out, "%ld", RESULT(setsockopt(fd[1], SOL_SOCKET, SO_PEEK_OFF, &n, sizeof(n)))); break;
	case 'g': sprintf(out, "%d", opt_get(fd[1], SOL_SOCKET, SO_PEEK_OFF)); break;
	case 'i': sprintf(out, "%ld", RESULT(opt_set(fd[1], SOL_SOCKET, SO_OOBINLINE, n))); break;
	case 'm': n = (int)RESULT(ioctl(fd[1], SIOCATMARK, &v)); sprintf(out, "%d,%d", n, v); break;
	case 'n': n = (int)RESULT(ioctl(fd[1], FIONREAD, &v)); sprintf(out, "%d,%d", n, v); break;
	case 'q': sprintf(out, "%x", poll_of(fd[1])); break;
	case 'w': sprintf(out, "%ld", RESULT(shutdown(fd[0], SHUT_WR))); break;
	case 'c': sprintf(out, "%ld", RESULT(close(fd[0]))); fd[0] = -1; break;
	}
}

/* The words of a script, done one after the other; told as one line. */
static inline void script_tell(const char *kind, const char *script)
{
	char words[800], line[1000] = "", out[200];
	int fd[2];

	script_pair(kind, fd);
	strcpy(words, script);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		script_word(fd, word, out);
		if (strlen(line) + strlen(word) + strlen(out) + 3 < sizeof(line))
			sprintf(line + strlen(line), "%s=%s ", word, out);
	}
	TELL(kind, "%s", line);
	if (fd[0] >= 0)
		close(fd[0]);
	close(fd[1]);
}

/* A script made of words picked by a number that goes on; what is sent differs each time. */
static inline void script_random(const char *kind, const char *const *pool, unsigned size, unsigned length, uint32_t *seed)
{
	char script[800] = "";

	for (unsigned i = 0; i < length; i++) {
		const char *word;

		*seed = *seed * 1664525 + 1013904223;
		word = pool[(*seed >> 16) % size];
		if (*word == 's' || *word == 'o')
			sprintf(script + strlen(script), "%c%.*s ", *word, atoi(word + 1), "abcdefghijklmnopqrstuvwxyz" + (*seed >> 12) % 16);
		else
			sprintf(script + strlen(script), "%s ", word);
	}
	script_tell(kind, script);
}

#endif
