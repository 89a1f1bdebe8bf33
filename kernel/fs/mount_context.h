/* SPDX-License-Identifier: MIT */
/*
 * fs/mount_context.h: a superblock on its way: which type, which options, and then the
 * superblock itself, made from them or changed by them. mount(2) goes through all steps
 * in one call; fsopen(2) or fspick(2), fsconfig(2) and fsmount(2) one by one
 * (fs/anon/fscontext.c):
 *
 *   mount_context_create()              or  mount_context_pick()
 *   mount_context_set() ...                 mount_context_set() ...
 *   mount_context_make()                    mount_context_change()
 *   mount_create() of context->sb
 *   mount_context_free()                    mount_context_free()
 *
 * One user at a time: the caller's own, or under the caller's lock. All may sleep.
 */
#ifndef FS_MOUNT_CONTEXT_H
#define FS_MOUNT_CONTEXT_H

#include "fs/inode.h"

#define MOUNT_MESSAGES 8

struct mount_context {
	const struct fs_type *type;     /* immutable */
	struct super *sb;               /* NULL until it is made; counted */
	char *source;                   /* NULL: none was named */
	unsigned long flags;            /* MS_* of the superblock */
	unsigned long flags_mask;       /* which of them were named */
	char *options;                  /* "size=1m,mode=755" (a page), or NULL */
	size_t length;                  /* of options */
	bool keeps_messages;            /* or they go to the log */
	char *message[MOUNT_MESSAGES];  /* the last ones, from number first on, in a circle */
	uint32_t first, end;            /* numbers of messages */
};

enum option_kind {
	OPTION_FLAG,    /* a name alone */
	OPTION_STRING,
	OPTION_OTHER,   /* a file or bytes: nothing takes these yet */
};

/* For a new superblock; data is option text or NULL, flags MS_*. -ENODEV, -ENOMEM, and what mount_context_set_text() says. */
int mount_context_create(const char *type, const char *source, unsigned long flags, const char *data,
			 struct mount_context **out);
/* To change one that is there. -ENOMEM. */
int mount_context_pick(struct super *sb, struct mount_context **out);
void mount_context_free(struct mount_context *c); /* NULL allowed */
/* Forgets options and flags, for the next change of the same superblock. */
void mount_context_clear(struct mount_context *c);

/* One option; value only of OPTION_STRING. -EINVAL (and a message says why), -ENOMEM. */
int mount_context_set(struct mount_context *c, const char *name, enum option_kind kind, const char *value);
/* All of mount(2)'s text, NULL is none. The same. */
int mount_context_set_text(struct mount_context *c, const char *data);
/* Makes c->sb. Errors are the filesystem's. */
int mount_context_make(struct mount_context *c);
/*
 * Changes c->sb: options that it refuses, or flags that cannot be changed: -EINVAL. -EBUSY:
 * read-only, with a file open for writing.
 */
int mount_context_change(struct mount_context *c);

/* A message why something is refused: into the log, or kept with the context. Gives -EINVAL. */
int mount_context_refuse(struct mount_context *c, const char *fmt, ...) __printf_like(2, 3);
/* The oldest message that was kept, "e tmpfs: ...", to be freed; its length. -ENODATA; -EMSGSIZE: it is longer than most. */
ssize_t mount_context_message(struct mount_context *c, size_t most, char **out);

/* fs_type.check_option of one that has no options at all. */
int mount_no_options(const char *option);

#endif
