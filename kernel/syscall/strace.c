/* SPDX-License-Identifier: MIT */
/*
 * syscall/strace.c: the built-in strace. With strace on the kernel's command line
 * every program's calls are printed to the log, with strace=NAME those of the
 * program of that name (and of what it forks, until that executes another).
 *
 * Arguments are printed as the row of the table says, before the call, or after
 * it where the call fills one in; a call that does not return (exit) is printed
 * before.
 */
#include "base/cmdline.h"
#include "base/log.h"
#include "lib/format.h"
#include "lib/string.h"
#include "proc/ptrace.h"
#include "syscall/syscall.h"
#include <asm/unistd.h>
#include <linux/fcntl.h>

#define LINE_MAX  320
#define BYTES_MAX 32 /* of data shown */

static const char *traced_program; /* immutable after boot: NULL nobody, "" everybody */

struct line {
	size_t length;
	char text[LINE_MAX];
};

#define line_add(l, ...) \
	((l)->length += (size_t)format_cut((l)->text + (l)->length, LINE_MAX - (l)->length, __VA_ARGS__))

static void add_bytes(struct line *l, const char *bytes, size_t n, bool more)
{
	line_add(l, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\n')
			line_add(l, "\\n");
		else if (c == '"' || c == '\\')
			line_add(l, "\\%c", c);
		else if (c >= ' ' && c < 0x7f)
			line_add(l, "%c", c);
		else
			line_add(l, "\\%o", c);
	}
	line_add(l, more ? "\"..." : "\"");
}

static void add_data(struct line *l, uaddr_t at, size_t n)
{
	char buf[BYTES_MAX];
	size_t shown = min_t(size_t, n, BYTES_MAX);

	if (copy_from_user(buf, at, shown))
		line_add(l, "0x%lx", at);
	else
		add_bytes(l, buf, shown, n > shown);
}

static void add_string(struct line *l, uaddr_t at)
{
	char buf[64];
	ssize_t n = usercopy_string(buf, at, sizeof(buf));

	if (n >= 0 || n == -E2BIG)
		add_bytes(l, buf, n < 0 ? sizeof(buf) : (size_t)n, n < 0);
	else
		line_add(l, at ? "0x%lx" : "NULL", at);
}

/* One argument of the kind that word names. next is the argument behind it, a size. */
static void add_argument(struct line *l, const char *word, uint64_t value, uint64_t next, int64_t result)
{
	if (str_has_prefix(word, "path") || str_has_prefix(word, "str"))
		add_string(l, value);
	else if (str_has_prefix(word, "int") || str_has_prefix(word, "fd"))
		line_add(l, "%d", (int)value);
	else if (str_has_prefix(word, "inout") || str_has_prefix(word, "ptr"))
		line_add(l, value ? "0x%lx" : "NULL", value);
	else if (str_has_prefix(word, "in"))
		add_data(l, value, next);
	else if (str_has_prefix(word, "out") && result > 0)
		add_data(l, value, (size_t)result);
	else if (str_has_prefix(word, "dirfd") && (int)value == AT_FDCWD)
		line_add(l, "AT_FDCWD");
	else if (str_has_prefix(word, "dirfd") || str_has_prefix(word, "sig"))
		line_add(l, "%d", (int)value);
	else if (str_has_prefix(word, "uint") || str_has_prefix(word, "size"))
		line_add(l, "%lu", value);
	else if (str_has_prefix(word, "oct"))
		line_add(l, "0%lo", value);
	else
		line_add(l, "0x%lx", value);
}

static const char *next_word(const char *word)
{
	const char *space = strchr(word, ' ');

	return space ? space + 1 : NULL;
}

static void add_call(struct line *l, const struct syscall_row *row, const uint64_t *a, int64_t result)
{
	const char *word = row->arguments[0] ? row->arguments : NULL;

	line_add(l, "%s[%d]: %s(", thread_current()->name, task_current()->pid->number, row->name);
	for (int i = 0; word && i < 6; i++, word = next_word(word)) {
		if (i)
			line_add(l, ", ");
		add_argument(l, word, a[i], i < 5 ? a[i + 1] : 0, result);
	}
	line_add(l, ")");
}

static bool fills_argument(const struct syscall_row *row)
{
	for (const char *w = row->arguments; w && *w; w = next_word(w))
		if (str_has_prefix(w, "out"))
			return true;
	return false;
}

int64_t syscall_call_logged(const struct syscall_row *row, struct user_frame *f)
{
	uint64_t a[6] = { f->rdi, f->rsi, f->rdx, f->r10, f->r8, f->r9 };
	uint64_t number = (uint32_t)f->orig_rax;
	struct line l = { .length = 0 };
	bool late = fills_argument(row);
	int64_t result;

	if (!late)
		add_call(&l, row, a, 0);
	if (number == __NR_exit || number == __NR_exit_group)
		log_info("%s = ?\n", l.text);
	result = row->handler(a[0], a[1], a[2], a[3], a[4], a[5]);
	if (late)
		add_call(&l, row, a, result);
	if (result < 0 && result >= -MAX_ERRNO)
		log_info("%s = error %d\n", l.text, (int)-result);
	else
		log_info(result >= 0 && result < 1 << 20 ? "%s = %ld\n" : "%s = 0x%lx\n", l.text, result);
	return result;
}

/* A program begins: is it one to be traced? */
static void program_began(void)
{
	struct task *t = task_current();

	t->logged = !traced_program[0] || strcmp(t->thread.name, traced_program) == 0;
	if (t->logged)
		atomic_or(&t->thread.context.work, WORK_TRACE);
	else if (!ptrace_is_traced(t))
		atomic_and(&t->thread.context.work, ~(uint32_t)WORK_TRACE);
}

void syscall_init(void)
{
	utsname_init();
	traced_program = cmdline_get("strace");
	if (traced_program)
		process_set_exec_hook(program_began);
}
