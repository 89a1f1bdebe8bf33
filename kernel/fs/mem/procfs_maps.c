/* SPDX-License-Identifier: MIT */
/*
 * fs/mem/procfs_maps.c: /proc/PID/map_files: a link for every area of the address space that
 * maps a file, named by its addresses as "400000-401000" (proc(5)). Who may inspect the
 * process sees them, and where they lead; only the privileged follow them, since they
 * lead to files whose directories one may not be able to search. Nothing is locked here:
 * the provider answers for what is mapped at the moment.
 */
#include "fs/mem/procfs.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/string.h"
#include <linux/capability.h>

#define DIGITS_MAX 16

static const struct inode_ops map_link_ops;

/* A number as Linux writes it, in small letters and without zeros in front: its digits, or 0. */
static size_t parse_address(const char *s, size_t n, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < n && i < DIGITS_MAX; i++) {
		if (s[i] >= '0' && s[i] <= '9')
			*out = *out << 4 | (uint64_t)(s[i] - '0');
		else if (s[i] >= 'a' && s[i] <= 'f')
			*out = *out << 4 | (uint64_t)(s[i] - 'a' + 10);
		else
			break;
	}
	return i > 1 && s[0] == '0' ? 0 : i;
}

static bool parse_range(const char *name, size_t len, struct proc_area *a)
{
	size_t n = parse_address(name, len, &a->start), m;

	if (!n || n == len || name[n] != '-')
		return false;
	m = parse_address(name + n + 1, len - n - 1, &a->end);
	return m && n + 1 + m == len;
}

/* What its file was opened for; a link may be looked at by its owner alone. */
static uint32_t link_mode(const struct proc_area *a)
{
	return S_IFLNK | (a->readable ? 0400 : 0) | (a->writable ? 0200 : 0);
}

static uint64_t link_ino(const struct inode *dir, const struct proc_area *a)
{
	return dir->ino + 1 + (a->start >> PAGE_SHIFT) % (1u << 22);
}

int proc_maps_lookup(struct inode *dir, const char *name, size_t len, struct inode **out)
{
	struct proc_inode pi = *proc_inode(dir);
	struct proc_area wanted, *a = &pi.area;

	*out = NULL;
	if (!parse_range(name, len, &wanted))
		return 0;
	a->start = wanted.start;
	if (!pi.file->next_area(pi.task, a) || a->start != wanted.start || a->end != wanted.end)
		return 0;
	pi.entry = true;
	return proc_task_inode(dir->sb, link_ino(dir, a), link_mode(a), pi, &map_link_ops, out);
}

/* The position after an entry is where its area ends and two: the dots come first. */
void proc_maps_iterate(const struct inode *dir, struct dir_sink *s)
{
	const struct proc_inode *pi = proc_inode(dir);
	struct proc_area a = { .start = (uint64_t)s->position - 2 };
	char name[2 * DIGITS_MAX + 2];

	while (pi->file->next_area(pi->task, &a)) {
		int n = format(name, sizeof(name), "%lx-%lx", a.start, a.end);

		if (!s->emit(s, name, (size_t)n, link_ino(dir, &a), S_IFLNK >> 12, (loff_t)a.end + 2))
			return;
		s->position = (loff_t)a.end + 2;
		a.start = a.end;
	}
}

static int map_follow(struct inode *i, const struct cred *cred, struct path *out)
{
	if (!cred_capable(cred, CAP_SYS_ADMIN) && !cred_capable(cred, CAP_CHECKPOINT_RESTORE))
		return -EPERM;
	return proc_task_link_follow(i, cred, out);
}

static const struct inode_ops map_link_ops = {
	PROC_TASK_OPS, .revalidate = proc_never_valid, .follow = map_follow, .readlink = proc_task_link_read,
};
