/* SPDX-License-Identifier: MIT */
/* Options of mounts of /proc: hidepid=, gid=, subset=pid: what they hide, from whom, and what they take. */
#include "tap.h"
#include <dirent.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statfs.h>

#define NOBODY 65534

static int do_mount(const char *options)
{
	return mount("proc", "p", "proc", 0, options) ? -errno : 0;
}

/* The options as /proc/mounts tells them. */
static const char *shown(void)
{
	static char line[300];
	FILE *f = fopen("/proc/self/mounts", "r");
	char *p, *end;

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "/p proc ")) {
			fclose(f);
			p = strstr(line, "/p proc ") + 8;
			end = strchr(p, ' ');
			*end = 0;
			return p;
		}
	if (f)
		fclose(f);
	return "none";
}

static void options(void)
{
	static const char *const all[] = {
		NULL, "", ",", "hidepid=0", "hidepid=1", "hidepid=2", "hidepid=3", "hidepid=4", "hidepid=5", "hidepid=", "hidepid",
		"hidepid=-1", "hidepid=01", "hidepid=off", "hidepid=noaccess", "hidepid=invisible", "hidepid=ptraceable", "hidepid=of",
		"hidepid=2,hidepid=1", "gid=5", "gid=0", "gid=x", "gid=-1", "gid=", "gid=65534,hidepid=2", "subset=pid", "subset=all",
		"subset=", "subset", "subset=pid,hidepid=invisible,gid=1", "other", "other=1", ",hidepid=1,,gid=3,",
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int result = do_mount(all[i]);

		TELL("mount", "'%s' %d %s", all[i] ? all[i] : "NULL", result, shown());
		if (!result)
			umount("p");
	}
}

/* What a process of user and group nobody makes of dir, a process's directory below p: errno of each try. */
static void look(const char *title, const char *dir, gid_t extra)
{
	int p[2];
	char text[300] = "";
	ssize_t n;

	pipe(p);
	if (!fork()) {
		struct stat st;
		char path[64], out[300];
		int at = 0, seen = 0, self = 0, all = 0;

		setgroups(extra != 0, &extra);
		setresgid(NOBODY, NOBODY, NOBODY), setresuid(NOBODY, NOBODY, NOBODY);
		prctl(PR_SET_DUMPABLE, 1);
		snprintf(path, sizeof(path), "p/%s", dir);
		at += sprintf(out + at, "stat %d ", stat(path, &st) ? errno : 0);
		at += sprintf(out + at, "open %d ", open(path, O_RDONLY) < 0 ? errno : 0);
		at += sprintf(out + at, "enter %d ", chdir(path) ? errno : 0);
		snprintf(path, sizeof(path), "p/%s/stat", dir);
		at += sprintf(out + at, "file %d ", open(path, O_RDONLY) < 0 ? errno : 0);
		at += sprintf(out + at, "stat of it %d ", stat(path, &st) ? errno : 0);
		snprintf(path, sizeof(path), "p/%s/task", dir);
		at += sprintf(out + at, "task %d ", open(path, O_RDONLY) < 0 ? errno : 0);
		DIR *d = opendir("p");
		struct dirent *e;
		while (d && (e = readdir(d))) {
			seen += !strcmp(e->d_name, dir);
			self += atoi(e->d_name) == getpid();
			all += !strcmp(e->d_name, "self") || !strcmp(e->d_name, "thread-self") || !strcmp(e->d_name, "stat") ||
			       !strcmp(e->d_name, "mounts") || !strcmp(e->d_name, "sys");
		}
		at += sprintf(out + at, "listed %d self %d others %d", seen, self, all);
		write(p[1], out, strlen(out));
		_exit(0);
	}
	close(p[1]);
	wait(NULL);
	n = read(p[0], text, sizeof(text) - 1);
	close(p[0]);
	text[n > 0 ? n : 0] = 0;
	TELL(title, "%s", text);
}

static void hiding(void)
{
	static const char *const all[] = { "hidepid=0", "hidepid=1", "hidepid=2", "hidepid=1,gid=77", "hidepid=2,gid=77" };

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		do_mount(all[i]);
		look(all[i], "1", 0);
		look("a member of a group", "1", 77);
		look("itself", "self", 0);
		CHECK_INT("root sees it", access("p/1/stat", R_OK), 0);
		umount("p");
	}
	do_mount("hidepid=4");
	CHECK_INT("hidepid=4: root sees it", access("p/1/stat", R_OK), 0);
	umount("p");
	do_mount("hidepid=4,gid=77");
	look("a member of a group sees no more with hidepid=4", "99999", 77);
	umount("p");
}

static void subset(void)
{
	struct statfs fs;

	do_mount("subset=pid");
	TELL("there", "%d %d %d", access("p/self/stat", F_OK), access("p/1", F_OK), access("p/thread-self", F_OK));
	CHECK_ERRNO("not there", access("p/stat", F_OK), ENOENT);
	CHECK_ERRNO("nor sys", access("p/sys", F_OK), ENOENT);
	CHECK_ERRNO("nor mounts", readlink("p/mounts", (char[9]){ 0 }, 9), ENOENT);
	look("with subset=pid", "1", 0);
	TELL("type", "%lx", statfs("p", &fs) ? 0 : (long)fs.f_type);
	umount("p");
}

static void remount(void)
{
	do_mount("hidepid=2,gid=5");
	TELL("remount", "%d %s", mount("none", "p", NULL, MS_REMOUNT, "hidepid=1"), shown());
	TELL("nothing named", "%d %s", mount("none", "p", NULL, MS_REMOUNT, NULL), shown());
	CHECK_ERRNO("bad", mount("none", "p", NULL, MS_REMOUNT, "hidepid=9"), EINVAL);
	look("what it hides now", "1", 0);
	struct stat a, b;
	stat("p/1", &a), stat("/proc/1", &b);
	CHECK("a filesystem of its own", a.st_dev != b.st_dev);
	TELL("the other is as it was", "%d", IN_CHILD({
		setresuid(NOBODY, NOBODY, NOBODY);
		_exit(access("/proc/1/stat", R_OK) ? errno : 0);
	}));
	umount("p");
}

int main(void)
{
	chmod(".", 0755);
	mkdir("p", 0755);
	options();
	hiding();
	subset();
	remount();
	return tap_done();
}
