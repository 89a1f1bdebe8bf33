/* SPDX-License-Identifier: MIT */
/*
 * syscall/syscall.h: what the handlers share. A handler checks, copies in, calls
 * down, copies out; whatever takes thought lies in the layers below.
 *
 *   SYSCALL2(kill, int, pid, int, sig)
 *   {
 *           ...
 *   }
 *
 * defines sys_kill() in the shape of the dispatch table, with typed arguments for
 * the body. Its row is in syscall/table.h. Handlers run in thread context with
 * interrupts on and no lock held, and may sleep.
 */
#ifndef SYSCALL_SYSCALL_H
#define SYSCALL_SYSCALL_H

#include "hal/upcall.h"
#include "hal/usercopy.h"
#include "lib/errno.h"
#include "proc/process.h"
#include "syscall/table.h"

#define SYSCALL_ARGUMENTS uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5
#define SYSCALL_SHAPE(name, parameters, arguments)                    \
	static __always_inline int64_t body_##name parameters;        \
	int64_t sys_##name(SYSCALL_ARGUMENTS)                         \
	{                                                             \
		return body_##name arguments;                         \
	}                                                             \
	static __always_inline int64_t body_##name parameters

#define SYSCALL0(name) SYSCALL_SHAPE(name, (void), ())
#define SYSCALL1(name, A, a) SYSCALL_SHAPE(name, (A a), ((A)a0))
#define SYSCALL2(name, A, a, B, b) SYSCALL_SHAPE(name, (A a, B b), ((A)a0, (B)a1))
#define SYSCALL3(name, A, a, B, b, C, c) SYSCALL_SHAPE(name, (A a, B b, C c), ((A)a0, (B)a1, (C)a2))
#define SYSCALL4(name, A, a, B, b, C, c, D, d) \
	SYSCALL_SHAPE(name, (A a, B b, C c, D d), ((A)a0, (B)a1, (C)a2, (D)a3))
#define SYSCALL5(name, A, a, B, b, C, c, D, d, E, e) \
	SYSCALL_SHAPE(name, (A a, B b, C c, D d, E e), ((A)a0, (B)a1, (C)a2, (D)a3, (E)a4))
#define SYSCALL6(name, A, a, B, b, C, c, D, d, E, e, F, f) \
	SYSCALL_SHAPE(name, (A a, B b, C c, D d, E e, F f), ((A)a0, (B)a1, (C)a2, (D)a3, (E)a4, (F)a5))

/* The prototypes of all handlers there are. */
#define PROTOTYPE_PLAIN(name) syscall_fn sys_##name;
#define PROTOTYPE_FULL(name)  syscall_fn sys_##name;
#define PROTOTYPE_NONE(name)
#define ROW_PROTOTYPE(number, name, kind, arguments) PROTOTYPE_##kind(name)
SYSCALL_TABLE(ROW_PROTOTYPE)

/* A row of the table, for messages and the built-in strace. */
struct syscall_row {
	const char *name;      /* immutable; NULL: no such number */
	const char *arguments; /* immutable: what each is, see syscall/table.h */
	syscall_fn *handler;   /* immutable: NULL if not there; FULL ones without their stub */
};
extern const struct syscall_row syscall_rows[SYSCALL_TABLE_SIZE];

/* Calls the handler of f and prints the call to the log. syscall/strace.c */
int64_t syscall_call_logged(const struct syscall_row *row, struct user_frame *f);
/* Reads the boot options strace and strace=PROGRAM. Once, before programs run. */
void syscall_init(void);
/* Tells the layers below how to find the host's name. The same. */
void utsname_init(void);

/*
 * Descriptors. FILE_GUARD(f, fd) declares f: the file, borrowed until the end of the
 * block, or NULL (-EBADF). FILE_GUARD_ANY takes O_PATH descriptors too.
 */
#define FILE_GUARD_(f, fd, any)									\
	struct file_loan f##_loan __attribute__((cleanup(file_return))) =			\
		files_borrow(task_current()->files, (fd), (any));				\
	struct file *f = f##_loan.file
#define FILE_GUARD(f, fd) FILE_GUARD_(f, fd, false)
#define FILE_GUARD_ANY(f, fd) FILE_GUARD_(f, fd, true)

/* A descriptor for f, whose reference is consumed, on failure too. The number, -EMFILE, -ENOMEM. */
int fd_install(struct file *f, bool cloexec);

/*
 * File names. name_read() copies one in; short ones need no allocation.
 * -EFAULT, -ENAMETOOLONG, -ENOMEM.
 */
#define NAME_INLINE 160
struct name {
	char *text;
	char small[NAME_INLINE];
};
int name_read(struct name *n, uaddr_t from);
void name_free(struct name *n);

/*
 * A name and where its walk starts. AT_GUARD(a) declares one that is let go of at
 * the end of the block. at_begin(): flags are WALK_*. -ENOENT for "" unless
 * WALK_EMPTY is set, and what name_read() and task_walk_begin() say.
 */
struct at {
	struct name name;
	struct task_walk walk;
	bool walking;
};
int at_begin(struct at *a, int dirfd, uaddr_t name, unsigned flags);
void at_end(struct at *a);
#define AT_GUARD(a) struct at a __attribute__((cleanup(at_end))); a.name.text = NULL; a.walking = false

/* A path counted until the end of the block. */
#define PATH_GUARD(p) struct path p __attribute__((cleanup(path_put))) = { NULL, NULL }

/* at_begin() and path_lookup(). */
int path_from_user(int dirfd, uaddr_t name, unsigned flags, struct path *out);
/* WALK_* of AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH and AT_NO_AUTOMOUNT, for calls that follow unless told otherwise. */
unsigned walk_flags(unsigned at_flags);

/*
 * Times in user memory. Reading: -EFAULT; -EINVAL if negative or not normal;
 * what is beyond 292 years becomes INT64_MAX.
 */
int timespec_read(nsec_t *t, uaddr_t from);
int timespec_write(uaddr_t to, nsec_t t);
int itimerspec_read(nsec_t *value, nsec_t *interval, uaddr_t from);
int itimerspec_write(uaddr_t to, nsec_t value, nsec_t interval);
int timeval_read(nsec_t *t, uaddr_t from);
int timeval_write(uaddr_t to, nsec_t t);
/* The clock_now() time that lies t later; INT64_MAX if that cannot be said. */
nsec_t deadline_after(nsec_t t);

/* A signal mask argument: pointer and size. 0, -EINVAL (size), -EFAULT. */
int sigset_read(uint64_t *set, uaddr_t from, size_t size);

/*
 * A structure whose size the program gives: what it has beyond ours must be
 * zeros, what it lacks counts as zeros. -EFAULT, -E2BIG.
 */
int sized_read(void *to, size_t known, uaddr_t from, size_t size);

/* The running task's right to do something. */
static inline bool capable(unsigned cap)
{
	return cred_capable(cred_current(), cap);
}

/* Copies n bytes of a kernel structure to user memory. 0 or -EFAULT. */
#define put_user_struct(to, object) copy_to_user((to), &(object), sizeof(object))
#define get_user_struct(object, from) copy_from_user(&(object), (from), sizeof(object))

#endif
