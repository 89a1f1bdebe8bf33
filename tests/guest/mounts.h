/* SPDX-License-Identifier: MIT */
/* For tests of the mount API: the calls by number, and what /proc tells of mounts. */
#ifndef GUEST_MOUNTS_H
#define GUEST_MOUNTS_H

#include "raw.h"
#include "told.h"
#include <linux/mount.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/statfs.h>

int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount(const char *);
int umount2(const char *, int);
#define MNT_DETACH 2

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* Where a descriptor leads; text of a circle of four. */
static inline const char *link_of(int fd)
{
	static char text[4][300];
	static unsigned which;
	char name[40], *to = text[which++ % 4];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, to, sizeof(text[0]) - 1);
	to[n > 0 ? n : 0] = 0;
	return to;
}

static inline const char *path_of(int fd, const char *name)
{
	static char text[4][300];
	static unsigned which;
	char *to = text[which++ % 4];

	snprintf(to, sizeof(text[0]), "/proc/self/fd/%d/%s", fd, name);
	return to;
}

/* The last line of a mount from this source: its root, flags, type and options; all of its source, or only how many. */
static inline const char *shown(const char *source, bool last)
{
	static char text[400];
	char line[600], root[200], at[200], flags[100], type[40], from[100], options[200];
	FILE *f = fopen("/proc/self/mountinfo", "r");
	int n = 0;

	strcpy(text, "none");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %*d %*s %199s %199s %99s - %39s %99s %199s", root, at, flags, type, from, options) == 6 &&
		    !strcmp(from, source)) {
			snprintf(text, sizeof(text), "%.99s %.99s %s %s %s", root, strrchr(at, '/'), flags, type, options);
			n++;
		}
	if (f)
		fclose(f);
	if (!last)
		snprintf(text, sizeof(text), "%d", n);
	return text;
}

#define SHOW(name, source) TELL(name, "%s", shown(source, true))

static inline int same_file(int a, const char *a_name, int b, const char *b_name)
{
	struct stat x, y;

	if (fstatat(a, a_name, &x, 0) || fstatat(b, b_name, &y, 0))
		return -errno;
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A tmpfs of a megabyte that hangs nowhere. */
static inline int make(const char *source, unsigned attributes)
{
	int fd = CALL(fsopen, "tmpfs", 0), m;

	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source", source, 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "1m", 0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	m = CALL(fsmount, fd, 0, attributes);
	close(fd);
	return m;
}

#endif /* GUEST_MOUNTS_H */
