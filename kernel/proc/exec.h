/* SPDX-License-Identifier: MIT */
/*
 * proc/exec.h: the parts of execve(2), inside proc/ only: the strings
 * (exec_strings.c), the image (exec_image.c), whose rights it has (exec_cred.c) and the order of it all (exec.c).
 */
#ifndef PROC_EXEC_H
#define PROC_EXEC_H

#include "lib/elf.h"
#include "proc/process.h"

#define EXEC_HEAD_BYTES    256        /* of the file, enough for "#!" lines and ELF headers */
#define EXEC_STRING_MAX    (32 * PAGE_SIZE) /* one argument with its zero byte, as in Linux */
#define EXEC_SCRIPT_LEVELS 5          /* "#!" interpreters that are scripts themselves */

/* Argument and environment strings, each with its zero byte, one after the other. */
struct exec_strings {
	char *args, *env;             /* kernel memory */
	size_t args_bytes, args_room, env_bytes, env_room;
	unsigned argc, envc;
	size_t limit;                 /* for both together */
};

/* From user arrays of pointers. -E2BIG, -EFAULT, -ENOMEM. May sleep. */
int exec_strings_from_user(struct exec_strings *s, uaddr_t argv, uaddr_t envp);
int exec_strings_from_kernel(struct exec_strings *s, const char *const *argv, const char *const *envp);
/* A script: the first argument makes place for the interpreter, its one argument (or NULL) and the script's name. */
int exec_strings_interpreter(struct exec_strings *s, const char *interpreter, const char *argument, const char *script);
void exec_strings_free(struct exec_strings *s);

struct exec_image {
	struct space *space;          /* being built, owned */
	struct file *file;            /* the program, counted */
	uaddr_t entry;                /* where to start: the program's, or its interpreter's */
	uaddr_t program_entry, interpreter_base, headers;
	unsigned header_count;
	uaddr_t stack_top;            /* of the area */
	bool exec_stack;
	bool secure;                  /* AT_SECURE: it has rights that whoever started it has not */
	uint8_t head[EXEC_HEAD_BYTES]; /* the start of file, zero filled */
	size_t head_bytes;
	uint64_t file_size;
};

/* Opens a program: regular, executable, not open for writing. head is filled. -EACCES, -ENOENT, -ETXTBSY … */
int exec_open(struct exec_image *image, const struct walk *w, const char *name);
/* Maps program, interpreter, stack and vDSO into a fresh space. -ENOEXEC, -EINVAL, -ENOMEM … Nothing is left on failure but the image itself. */
bool exec_is_randomized(void); /* by kernel.randomize_va_space and the personality */
int exec_image_load(struct exec_image *image);
void exec_image_free(struct exec_image *image);

/*
 * Credentials of a program started by the running thread. *secure as in struct
 * exec_image. -ENOMEM, -EPERM: it has file capabilities that cannot be given. May sleep.
 */
int exec_credentials(const struct file *f, struct cred **out, bool *secure);
/* Whether its user or its rights become others' or more. */
bool exec_gains(const struct cred *old, const struct cred *new);
/* Whether others of the same user may look into the process. */
bool exec_may_be_dumped(const struct file *f, const struct cred *old, const struct cred *new);

/* Writes strings, auxiliary vector and pointers on the new stack. *sp: where it starts. -ENOMEM, -E2BIG. */
int exec_stack_build(struct exec_image *image, const struct exec_strings *s, const char *name, const struct cred *cred,
		     uaddr_t *sp);

#endif
