/* SPDX-License-Identifier: MIT */
/*
 * The wire between ./linnet on the host and process 1 in the guest, carried by
 * the second serial port (ttyS1). The first port is the console and may carry
 * the kernel's messages at any time; this one is ours alone, so a program's
 * bytes arrive as they were written.
 *
 * The guest starts with CHANNEL_MAGIC; what the line carried before is noise.
 * After it, both directions send frames: a type, a payload length (2 bytes, low
 * byte first), the payload. A serial line has no flow control worth the name,
 * so the host sends at most CHANNEL_WINDOW bytes of standard input that the
 * guest has not acknowledged; the other direction is drained at all times.
 */
#ifndef USER_CHANNEL_H
#define USER_CHANNEL_H

#define CHANNEL_MAGIC "\nLINNET-CHANNEL-1\n"
#define CHANNEL_HEADER 3
#define CHANNEL_PAYLOAD 1024	/* the longest payload, either way */
#define CHANNEL_WINDOW 1024

/* guest to host */
#define FRAME_OUT 'o'		/* bytes of standard output */
#define FRAME_ERR 'e'		/* bytes of standard error */
#define FRAME_ACK 'a'		/* 2 bytes: so much standard input was taken */
#define FRAME_EXIT 'x'		/* 1 byte: the exit status; the machine ends next */

/* host to guest */
#define FRAME_IN 'i'		/* bytes of standard input */
#define FRAME_EOF 'E'		/* standard input ends here */
#define FRAME_SIGNAL 's'	/* 1 byte: the signal to pass on */
#define FRAME_SIZE 'w'		/* 4 bytes: rows, columns of the terminal */
#define FRAME_CLOSED 'c'	/* 1 byte: FRAME_OUT or FRAME_ERR has no reader left */

#endif /* USER_CHANNEL_H */
