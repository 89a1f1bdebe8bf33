/* SPDX-License-Identifier: MIT */
/*
 * proc/exec_strings.c: the arguments and environment of a new program: copied
 * from the old memory into two growing buffers, because the old memory goes.
 */
#include "hal/usercopy.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/exec.h"

#define FIRST_ROOM 512

/* Makes room for n more bytes in one of the two buffers. */
static int grow(char **buf, size_t used, size_t *room, size_t n)
{
	size_t want = *room ? *room : FIRST_ROOM;

	while (want < used + n)
		want *= 2;
	if (want == *room)
		return 0;
	char *bigger = krealloc(*buf, want, ALLOC_KERNEL);
	if (!bigger)
		return -ENOMEM;
	*buf = bigger;
	*room = want;
	return 0;
}

static size_t total(const struct exec_strings *s)
{
	return s->args_bytes + s->env_bytes + (s->argc + s->envc) * sizeof(uaddr_t);
}

/* One string of unknown length: tried with the room there is, then with more. */
static int add_user_string(struct exec_strings *s, char **buf, size_t *used, size_t *room, uaddr_t from)
{
	for (;;) {
		size_t left = *room - *used;
		ssize_t n = left ? usercopy_string(*buf + *used, from, left) : -E2BIG;

		if (n >= 0) {
			*used += (size_t)n + 1;
			return (size_t)n + 1 > EXEC_STRING_MAX || total(s) > s->limit ? -E2BIG : 0;
		}
		if (n != -E2BIG)
			return (int)n;
		if (left > EXEC_STRING_MAX || *used + left > s->limit)
			return -E2BIG;
		int result = grow(buf, *used, room, left ? 2 * left : 1);
		if (result)
			return result;
	}
}

static int add_user_array(struct exec_strings *s, uaddr_t array, char **buf, size_t *used, size_t *room, unsigned *count)
{
	if (!array)
		return 0;
	for (;; array += sizeof(uaddr_t)) {
		uaddr_t string;
		int result;

		if (copy_from_user(&string, array, sizeof(string)))
			return -EFAULT;
		if (!string)
			return 0;
		result = add_user_string(s, buf, used, room, string);
		if (result)
			return result;
		++*count;
		if (thread_killed())
			return -EINTR;
	}
}

static int add_kernel_string(char **buf, size_t *used, size_t *room, const char *string)
{
	size_t n = strlen(string) + 1;
	int result = grow(buf, *used, room, n);

	if (result)
		return result;
	memcpy(*buf + *used, string, n);
	*used += n;
	return 0;
}

/* Linux: a quarter of the stack limit, at least 128 KiB, at most 6 MiB. */
static size_t strings_limit(void)
{
	size_t limit = process_limit(RLIMIT_STACK) / 4;

	return limit > 6 * MiB(1) ? 6 * MiB(1) : limit < KiB(128) ? KiB(128) : limit;
}

/* A program without arguments gets an empty first one, as in Linux since 5.18. */
static int no_empty_argv(struct exec_strings *s)
{
	if (s->argc)
		return 0;
	s->argc = 1;
	return add_kernel_string(&s->args, &s->args_bytes, &s->args_room, "");
}

int exec_strings_from_user(struct exec_strings *s, uaddr_t argv, uaddr_t envp)
{
	int result;

	*s = (struct exec_strings){ .limit = strings_limit() };
	result = add_user_array(s, argv, &s->args, &s->args_bytes, &s->args_room, &s->argc);
	if (!result)
		result = add_user_array(s, envp, &s->env, &s->env_bytes, &s->env_room, &s->envc);
	if (!result)
		result = no_empty_argv(s);
	if (result)
		exec_strings_free(s);
	return result;
}

int exec_strings_from_kernel(struct exec_strings *s, const char *const *argv, const char *const *envp)
{
	int result = 0;

	*s = (struct exec_strings){ .limit = strings_limit() };
	for (; !result && *argv; argv++, s->argc++)
		result = add_kernel_string(&s->args, &s->args_bytes, &s->args_room, *argv);
	for (; !result && *envp; envp++, s->envc++)
		result = add_kernel_string(&s->env, &s->env_bytes, &s->env_room, *envp);
	if (result)
		exec_strings_free(s);
	return result;
}

int exec_strings_interpreter(struct exec_strings *s, const char *interpreter, const char *argument, const char *script)
{
	struct exec_strings n = { .limit = s->limit };
	size_t first = strlen(s->args) + 1;
	int result = add_kernel_string(&n.args, &n.args_bytes, &n.args_room, interpreter);

	if (!result && argument)
		result = add_kernel_string(&n.args, &n.args_bytes, &n.args_room, argument);
	if (!result)
		result = add_kernel_string(&n.args, &n.args_bytes, &n.args_room, script);
	if (!result)
		result = grow(&n.args, n.args_bytes, &n.args_room, s->args_bytes);
	if (result) {
		kfree(n.args);
		return result;
	}
	memcpy(n.args + n.args_bytes, s->args + first, s->args_bytes - first);
	kfree(s->args);
	s->args = n.args;
	s->args_room = n.args_room;
	s->args_bytes = n.args_bytes + s->args_bytes - first;
	s->argc += argument ? 2 : 1;
	return total(s) > s->limit ? -E2BIG : 0;
}

void exec_strings_free(struct exec_strings *s)
{
	kfree(s->args);
	kfree(s->env);
	s->args = s->env = NULL;
}
