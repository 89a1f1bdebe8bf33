/* SPDX-License-Identifier: MIT */
/* io_setup(2) and its kin: the answers to wrong arguments first, then reading and writing. */
#include "raw.h"
#include <linux/aio_abi.h>
#include <sys/eventfd.h>
#include <sys/uio.h>

static char buf[64] = "0123456789abcdef";
static aio_context_t ctx;

static struct iocb request(int op, int fd, void *b, size_t n, long offset)
{
	return (struct iocb){ .aio_lio_opcode = (unsigned short)op, .aio_fildes = (unsigned)fd, .aio_buf = (uintptr_t)b,
			      .aio_nbytes = n, .aio_offset = offset, .aio_data = 77 };
}

static long submit(struct iocb r)
{
	static struct iocb kept;
	struct iocb *list[1] = { &kept };

	kept = r;
	return CALL(io_submit, ctx, 1, list);
}

static void wrong(void)
{
	aio_context_t zero = 0, other = 99;
	struct iocb *bad[1] = { (void *)8 };
	struct io_event e[4];
	struct timespec odd = { 0, 1000000000 }, none = { 0, 0 };

	SAY("io_setup", CALL(io_setup, 0, &zero), CALL(io_setup, 1, &other), CALL(io_setup, 1, 8), CALL(io_setup, 0x7fffffff, &zero), CALL(io_setup, 70000, &zero));
	SAY("io_destroy", CALL(io_destroy, 0), CALL(io_destroy, 4096));
	SAY("io_submit", CALL(io_submit, 4096, 1, bad), CALL(io_submit, ctx, -1, bad), CALL(io_submit, ctx, 0, bad), CALL(io_submit, ctx, 1, 8), CALL(io_submit, ctx, 1, bad));
	SAY("io_getevents", CALL(io_getevents, 4096, 0, 1, e, NULL), CALL(io_getevents, ctx, 2, 1, e, NULL), CALL(io_getevents, ctx, -1, 1, e, NULL),
	    CALL(io_getevents, ctx, 0, 1, e, &odd), CALL(io_getevents, ctx, 0, 1, e, 8), CALL(io_getevents, ctx, 1, 1, e, &none));
	SAY("io_cancel", CALL(io_cancel, ctx, 8, e), CALL(io_cancel, ctx, &(struct iocb){ .aio_key = 5 }, e), CALL(io_cancel, ctx, &(struct iocb){ .aio_key = 0 }, e));
	struct iocb r = request(IOCB_CMD_PREAD, 99, buf, 4, 0);
	SAY("a bad descriptor", submit(r), (r.aio_fildes = 0, r.aio_lio_opcode = 99, submit(r)), (r.aio_reserved2 = 1, submit(r)));
}

static void moving(void)
{
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600), ro = open("f", O_RDONLY), ev = eventfd(0, EFD_NONBLOCK);
	char got[64] = "";
	struct iovec v[2] = { { got, 3 }, { got + 8, 3 } };
	struct io_event e[4] = { { 0 } };
	uint64_t n = 0;

	SAY("write", submit(request(IOCB_CMD_PWRITE, fd, buf, 16, 4)), CALL(io_getevents, ctx, 1, 4, e, NULL), (long)e[0].data, (long)e[0].res, (long)e[0].res2);
	SAY("its place", lseek(fd, 0, SEEK_CUR), lseek(fd, 0, SEEK_END));
	SAY("read", submit(request(IOCB_CMD_PREAD, fd, got, 10, 5)), CALL(io_getevents, ctx, 1, 4, e, NULL), (long)e[0].res, got[0]);
	SAY("read at the end", submit(request(IOCB_CMD_PREAD, fd, got, 10, 100)), CALL(io_getevents, ctx, 1, 4, e, NULL), (long)e[0].res);
	SAY("vector", submit(request(IOCB_CMD_PREADV, fd, v, 2, 4)), CALL(io_getevents, ctx, 1, 4, e, NULL), (long)e[0].res, got[2], got[8]);
	SAY("not for writing", submit(request(IOCB_CMD_PWRITE, ro, buf, 1, 0)));
	struct iocb r = request(IOCB_CMD_PREAD, fd, got, 4, 4);
	r.aio_flags = IOCB_FLAG_RESFD, r.aio_resfd = (unsigned)ev;
	SAY("told by an eventfd", submit(r), read(ev, &n, 8), (long)n, CALL(io_getevents, ctx, 0, 4, e, NULL));
	r.aio_resfd = (unsigned)fd;
	SAY("that is none", submit(r), (r.aio_resfd = 99, submit(r)));
	SAY("several", ({
		    struct iocb a = request(IOCB_CMD_PREAD, fd, got, 1, 4), b = request(IOCB_CMD_PREAD, fd, got + 1, 1, 5), c = request(IOCB_CMD_PREAD, 99, got, 1, 0);
		    struct iocb *list[] = { &a, &b, &c };
		    CALL(io_submit, ctx, 3, list);
	    }), CALL(io_getevents, ctx, 2, 4, e, NULL), got[0], got[1]);
	SAY("io_pgetevents", CALL(io_pgetevents, ctx, 0, 4, e, &(struct timespec){ 0, 0 }, NULL), CALL(io_pgetevents, ctx, 0, 4, e, &(struct timespec){ 0, 0 }, 8));
	close(fd), close(ro), close(ev);
}

int main(void)
{
	SAY("set up", CALL(io_setup, 4, &ctx), ctx != 0);
	wrong();
	moving();
	SAY("fork has none", WEXITSTATUS(IN_CHILD(_exit((int)-CALL(io_destroy, ctx)))));
	SAY("destroyed, again", CALL(io_destroy, ctx), CALL(io_destroy, ctx));
	return tap_done();
}
