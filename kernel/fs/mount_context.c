/* SPDX-License-Identifier: MIT */
/*
 * fs/mount_context.c: gathers what a superblock is to be made or changed with. Options
 * are checked one by one as they come, by the type's check_option(), and kept as the text
 * that mount() and remount() read. Types without check_option() find what is wrong only
 * then, as on Linux those that were not changed for its mount API.
 */
#include "fs/mount_context.h"
#include "base/log.h"
#include "fs/internal.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include <linux/mount.h>

#define MESSAGE_BYTES 400

static const struct { const char *name; unsigned long set, clear; } common[] = {
	{ "ro", MS_RDONLY, 0 }, { "rw", 0, MS_RDONLY },
	{ "sync", MS_SYNCHRONOUS, 0 }, { "async", 0, MS_SYNCHRONOUS },
	{ "mand", MS_MANDLOCK, 0 }, { "nomand", 0, MS_MANDLOCK },
	{ "lazytime", MS_LAZYTIME, 0 }, { "nolazytime", 0, MS_LAZYTIME },
	{ "dirsync", MS_DIRSYNC, 0 },
};

static struct mount_context *context_alloc(const struct fs_type *type)
{
	struct mount_context *c = kzalloc(sizeof(*c), ALLOC_KERNEL);

	if (c)
		c->type = type;
	return c;
}

int mount_context_create(const char *type, const char *source, unsigned long flags, const char *data,
			 struct mount_context **out)
{
	const struct fs_type *t = fs_type_find(type);
	struct mount_context *c;
	int error = 0;

	if (!t)
		return -ENODEV;
	c = context_alloc(t);
	if (!c)
		return -ENOMEM;
	c->flags = flags;
	if (source)
		error = mount_context_set(c, "source", OPTION_STRING, source);
	if (!error)
		error = mount_context_set_text(c, data);
	if (error)
		mount_context_free(c);
	else
		*out = c;
	return error;
}

int mount_context_pick(struct super *sb, struct mount_context **out)
{
	struct mount_context *c = context_alloc(sb->type);

	if (!c)
		return -ENOMEM;
	refcount_get(&sb->refs);
	c->sb = sb;
	*out = c;
	return 0;
}

void mount_context_clear(struct mount_context *c)
{
	kfree(c->source);
	kfree(c->options);
	c->source = c->options = NULL;
	c->length = 0;
	c->flags = c->flags_mask = 0;
}

void mount_context_free(struct mount_context *c)
{
	char *message;

	if (!c)
		return;
	mount_context_clear(c);
	while (mount_context_message(c, SIZE_MAX, &message) >= 0)
		kfree(message);
	super_put(c->sb);
	kfree(c);
}

/* ---- messages -------------------------------------------------------------- */

static void keep_message(struct mount_context *c, const char *text)
{
	if (c->end - c->first == MOUNT_MESSAGES)
		kfree(c->message[c->first++ % MOUNT_MESSAGES]);
	c->message[c->end % MOUNT_MESSAGES] = kstrdup(text, ALLOC_KERNEL);
	if (c->message[c->end % MOUNT_MESSAGES])
		c->end++;
}

static void refuse_v(struct mount_context *c, const char *prefix, const char *fmt, va_list args)
{
	char text[MESSAGE_BYTES];
	int n = format_cut(text, sizeof(text), "e %s%s", prefix, prefix[0] ? ": " : "");

	vformat(text + n, sizeof(text) - (size_t)n - 1, fmt, args);
	if (c->keeps_messages) {
		strlcpy(text + strlen(text), "\n", 2);
		keep_message(c, text);
	} else {
		log_err("%s", text + 2);
	}
}

int mount_context_refuse(struct mount_context *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse_v(c, c->type->name, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* The same for what is not the filesystem's: its name is not said. */
static __printf_like(2, 3) int refuse(struct mount_context *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse_v(c, "", fmt, args);
	va_end(args);
	return -EINVAL;
}

ssize_t mount_context_message(struct mount_context *c, size_t most, char **out)
{
	size_t n;

	if (c->first == c->end)
		return -ENODATA;
	*out = c->message[c->first % MOUNT_MESSAGES];
	n = strlen(*out);
	if (n > most)
		return -EMSGSIZE;
	c->first++;
	return (ssize_t)n;
}

/* ---- options --------------------------------------------------------------- */

static bool set_common(struct mount_context *c, const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(common); i++) {
		if (strcmp(name, common[i].name))
			continue;
		c->flags = (c->flags & ~common[i].clear) | common[i].set;
		c->flags_mask |= common[i].set | common[i].clear;
		return true;
	}
	return false;
}

static int set_source(struct mount_context *c, enum option_kind kind, const char *value)
{
	if (kind != OPTION_STRING)
		return refuse(c, "Non-string source");
	if (c->source)
		return refuse(c, "Multiple sources");
	c->source = kstrdup(value, ALLOC_KERNEL);
	return c->source ? 0 : -ENOMEM;
}

/* Puts an option behind the others. */
static int append(struct mount_context *c, const char *name, const char *value)
{
	size_t n = strlen(name) + (value ? 1 + strlen(value) : 0);

	if (c->length + n + 2 > PAGE_SIZE)
		return refuse(c, "VFS: Legacy: Cumulative options too large");
	if (!c->options)
		c->options = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	if (!c->options)
		return -ENOMEM;
	if (c->length)
		c->options[c->length++] = ',';
	format(c->options + c->length, PAGE_SIZE - c->length, value ? "%s=%s" : "%s", name, value);
	c->length += n;
	return 0;
}

/* What the type says of the option that was appended. */
static int checked(struct mount_context *c, const char *name, enum option_kind kind, bool comma, size_t before)
{
	int error = c->type->check_option(c->options + before + (before != 0));

	if (error == -ENOENT)
		return mount_context_refuse(c, "Unknown parameter '%s'", name);
	if (error == -E2BIG)
		return mount_context_refuse(c, "Unexpected value for '%s'", name);
	if (error || comma || kind == OPTION_OTHER)
		return mount_context_refuse(c, "Bad value for '%s'", name);
	return 0;
}

int mount_context_set(struct mount_context *c, const char *name, enum option_kind kind, const char *value)
{
	bool comma = strchr(name, ',') || (kind == OPTION_STRING && strchr(value, ','));
	size_t before = c->length;
	int error;

	if (set_common(c, name))
		return 0;
	if (strcmp(name, "source") == 0)
		return set_source(c, kind, value);
	if (!c->type->check_option && comma)
		return refuse(c, "VFS: Legacy: Option '%s' contained comma", name);
	error = append(c, name, kind == OPTION_STRING ? value : NULL);
	if (!error && c->type->check_option)
		error = checked(c, name, kind, comma, before);
	if (error && c->options) {
		c->length = before;
		c->options[before] = '\0';
	}
	return error;
}

/* One "name=value" or "name", which is changed. */
static int set_word(struct mount_context *c, char *word)
{
	char *value = strchr(word, '=');

	if (!word[0])
		return 0;
	if (value)
		*value++ = '\0';
	return mount_context_set(c, word, value ? OPTION_STRING : OPTION_FLAG, value);
}

static int set_words(struct mount_context *c, char *text)
{
	int error = 0;

	while (!error && text) {
		char *comma = strchr(text, ',');

		if (comma)
			*comma++ = '\0';
		error = set_word(c, text);
		text = comma;
	}
	return error;
}

int mount_context_set_text(struct mount_context *c, const char *data)
{
	char *copy;
	int error = 0;

	if (!data)
		return 0;
	copy = kmalloc(PAGE_SIZE, ALLOC_KERNEL);
	if (!copy)
		return -ENOMEM;
	strlcpy(copy, data, PAGE_SIZE);
	if (!c->type->check_option) {
		c->options = copy;
		c->length = strlen(copy);
		return 0;
	}
	error = set_words(c, copy);
	kfree(copy);
	return error;
}

int mount_no_options(const char *option)
{
	return -ENOENT;
}

/* ---- superblocks ----------------------------------------------------------- */

int mount_context_make(struct mount_context *c)
{
	return c->type->mount(c, &c->sb);
}

int mount_context_change(struct mount_context *c)
{
	struct super *sb = c->sb;
	unsigned long before;
	int error = 0;

	if (c->flags_mask & ~(unsigned long)MS_RMT_MASK)
		return -EINVAL;
	rwsem_write_lock(&mount_lock);
	before = sb->flags;
	if (c->flags & c->flags_mask & MS_RDONLY)
		error = mount_stop_writers(sb);
	if (!error && sb->ops->remount)
		error = sb->ops->remount(sb, c);
	atomic_store(&sb->flags, error ? before : (before & ~c->flags_mask) | (c->flags & c->flags_mask));
	rwsem_write_unlock(&mount_lock);
	return error;
}
