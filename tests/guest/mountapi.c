/* SPDX-License-Identifier: MIT */
/* fsopen, fsconfig, fsmount, fspick: filesystems made, mounted and changed step by step; what is refused first. */
#include "mounts.h"

static void unprivileged(void)
{
	int fd = CALL(fsopen, "tmpfs", 0), ready = CALL(fsopen, "tmpfs", 0);
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY };

	CALL(fsconfig, ready, FSCONFIG_SET_STRING, "size", "1m", 0);
	TOLD("nobody", {
		setresuid(65534, 65534, 65534);
		say("%ld ", CALL(fsopen, "tmpfs", 0));
		say("%ld ", CALL(fsopen, "tmpfs", 99));
		say("%ld ", CALL(fsopen, "none", 0));
		say("%ld ", CALL(fsopen, (char *)1, 0));
		say("%ld ", CALL(fspick, AT_FDCWD, "p", 0));
		say("%ld ", CALL(fspick, AT_FDCWD, "missing", 99));
		say("%ld ", CALL(fsmount, fd, 0, 0));
		say("%ld ", CALL(fsmount, -1, 99, 99));
		say("%ld ", CALL(open_tree, AT_FDCWD, "p", OPEN_TREE_CLONE));
		say("%ld ", CALL(open_tree, AT_FDCWD, "p", OPEN_TREE_CLONE | 1 << 30));
		say("%ld ", CALL(open_tree, AT_FDCWD, "p", 0) > 0);
		say("%ld ", CALL(move_mount, AT_FDCWD, "p", AT_FDCWD, "q", 0));
		say("%ld ", CALL(move_mount, AT_FDCWD, "p", AT_FDCWD, "q", 1 << 30));
		say("%ld ", CALL(mount_setattr, AT_FDCWD, "p", 0, &a, sizeof(a)));
		say("%ld ", CALL(mount_setattr, AT_FDCWD, "p", 1 << 30, &a, sizeof(a)));
		say("%ld ", CALL(mount_setattr, AT_FDCWD, "p", 0, &a, 5));
		say("%ld ", CALL(mount_setattr, AT_FDCWD, "p", 0, (void *)1, sizeof(a)));
		say("%ld ", CALL(mount, "x", "p", "tmpfs", 0, NULL));
		say("%ld ", CALL(mount, "x", "missing", "tmpfs", 0, NULL));
		say("%ld ", CALL(umount2, "missing", 0));
		say("%ld ", CALL(umount2, "p", 0));
		say("%ld ", CALL(umount2, "p", 99));
		/* A descriptor that came from one who may. */
		say("given: %ld ", CALL(fsconfig, ready, FSCONFIG_SET_FLAG, "ro", NULL, 0));
		say("%ld ", CALL(fsconfig, ready, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
		say("%ld ", CALL(fsconfig, ready, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	});
	SAY("and then", CALL(fsconfig, ready, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	close(fd), close(ready);
}

static void opening(void)
{
	char longest[5000];
	int fd;

	memset(longest, 'x', sizeof(longest) - 1), longest[sizeof(longest) - 1] = 0;
	SAY("fsopen", CALL(fsopen, "tmpfs", 2), CALL(fsopen, "tmpfs", -1), CALL(fsopen, "nonesuch", 0), CALL(fsopen, "", 0),
	    CALL(fsopen, (char *)1, 0), CALL(fsopen, NULL, 0), CALL(fsopen, longest, 0), CALL(fsopen, "tmpfs.sub", 0));
	fd = CALL(fsopen, "tmpfs", 0);
	SAY("the descriptor", fcntl(fd, F_GETFD), fcntl(fd, F_GETFL), lseek(fd, 0, SEEK_SET), errno, CALL(write, fd, "x", 1),
	    CALL(read, fd, longest, 100), CALL(read, fd, longest, 0), CALL(fsync, fd), CALL(ftruncate, fd, 0));
	TELL("its name", "%s", link_of(fd));
	SAY("mapped", mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? errno : 0);
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	SAY("polled", poll(&p, 1, 0), p.revents);
	close(fd);
	fd = CALL(fsopen, "tmpfs", FSOPEN_CLOEXEC);
	SAY("with close-on-exec", fcntl(fd, F_GETFD));
	close(fd);
	SAY("fspick", CALL(fspick, AT_FDCWD, "missing", 0), CALL(fspick, AT_FDCWD, "p", 16), CALL(fspick, AT_FDCWD, "p", 0),
	    CALL(fspick, AT_FDCWD, "", 0), CALL(fspick, -1, "p", 0), CALL(fspick, AT_FDCWD, (char *)1, 0),
	    CALL(fspick, AT_FDCWD, "p/file", 0), CALL(fspick, -1, "", FSPICK_EMPTY_PATH));
}

/* What is wrong with a call is found before what is wrong with its descriptor. */
static void shapes(void)
{
	int fd = CALL(fsopen, "tmpfs", 0), other = open("p", O_RDONLY), path = open("p", O_PATH);

	for (int command = -1; command < 10; command++)
		SAY("which arguments", command, CALL(fsconfig, fd, command, NULL, NULL, 0), CALL(fsconfig, fd, command, "k", NULL, 0),
		    CALL(fsconfig, fd, command, NULL, "v", 0), CALL(fsconfig, fd, command, "k", "v", 0),
		    CALL(fsconfig, fd, command, "k", "v", 3), CALL(fsconfig, fd, command, "k", NULL, 3),
		    CALL(fsconfig, fd, command, "k", "v", -1), CALL(fsconfig, fd, command, "k", "v", AT_FDCWD),
		    CALL(fsconfig, fd, command, "k", NULL, 9999), CALL(fsconfig, fd, command, "k", "v", 1 << 21));
	close(fd);
	for (int command = 0; command < 9; command++)
		SAY("descriptors", command, CALL(fsconfig, -1, command, "k", "v", 0), CALL(fsconfig, 999, command, "k", "v", 0),
		    CALL(fsconfig, other, command, "k", "v", 0), CALL(fsconfig, path, command, "k", "v", 0),
		    CALL(fsconfig, path, command, "k", NULL, 0), CALL(fsconfig, other, command, NULL, NULL, 0));
	fd = CALL(fsopen, "tmpfs", 0);
	SAY("bad addresses", CALL(fsconfig, fd, FSCONFIG_SET_FLAG, (char *)1, NULL, 0),
	    CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", (char *)1, 0),
	    CALL(fsconfig, fd, FSCONFIG_SET_BINARY, "size", (char *)1, 9), CALL(fsconfig, fd, FSCONFIG_SET_PATH, "size", (char *)1, AT_FDCWD));
	SAY("no names", CALL(fsconfig, fd, FSCONFIG_SET_PATH, "size", "", AT_FDCWD),
	    CALL(fsconfig, fd, FSCONFIG_SET_PATH_EMPTY, "size", "", AT_FDCWD), CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "", NULL, 0));
	close(fd);
	fd = CALL(fsopen, "devpts", 0);
	for (int command = 0; command < 6; command++)
		SAY("a filesystem with text only", command, CALL(fsconfig, fd, command, "k", "v", 3), CALL(fsconfig, fd, command, "k", "v", 0),
		    CALL(fsconfig, fd, command, "k", NULL, 0));
	close(fd), close(other), close(path);
}

static void lengths(void)
{
	char s[300];
	int fd = CALL(fsopen, "tmpfs", 0);

	for (int n = 253; n < 259; n++) {
		memset(s, '1', n), s[n] = 0;
		SAY("long ones", n, CALL(fsconfig, fd, FSCONFIG_SET_FLAG, s, NULL, 0), CALL(fsconfig, fd, FSCONFIG_SET_STRING, "mpol", s, 0),
		    CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source", s, 0));
	}
	close(fd);
}

/* Every message there is, on one line. */
static const char *messages(int fd)
{
	static char all[2000];
	char one[500];
	ssize_t n;

	all[0] = 0;
	while ((n = read(fd, one, sizeof(one) - 1)) > 0) {
		one[n] = 0;
		for (char *p = one; *p; p++)
			if (*p == '\n')
				*p = '|';
		strcat(all, one);
	}
	if (n < 0 && errno != ENODATA)
		strcat(all, strerror(errno));
	return all;
}

/* The result of a call, and what is said about it. */
#define WITH_MESSAGES(name, fd, call)                      \
	do {                                               \
		long result_ = (call);                     \
		TELL(name, "%ld %s", result_, messages(fd)); \
	} while (0)
/* The result of a call, and the mount from "old" as it is then. */
#define SHOWN(name, call)                                           \
	do {                                                        \
		long result_ = (call);                              \
		TELL(name, "%ld %s", result_, shown("old", true)); \
	} while (0)

/* What tmpfs makes of options, and what it says about them. */
static void options(void)
{
	static const struct { const char *name, *value; } all[] = {
		{ "size", "1m" }, { "size", "" }, { "size", "x" }, { "size", "10%" }, { "size", NULL }, { "size", "1,2" }, { "nr_blocks", "7" },
		{ "nr_inodes", "1k" }, { "nr_inodes", "1x" }, { "mode", "755" }, { "mode", "8" }, { "mode", "" }, { "mode", NULL },
		{ "uid", "5" }, { "uid", "-1" }, { "uid", "x" }, { "gid", "7" }, { "gid", "99999999999" }, { "other", NULL }, { "other", "1" },
		{ "", "1" }, { "a,b", NULL }, { "noswap", NULL }, { "newinstance", NULL }, { "ptmxmode", "0" }, { "inode64", NULL }, { "inode64", "1" },
		{ "ro", NULL }, { "rw", NULL }, { "ro", "yes" }, { "sync", NULL }, { "async", NULL }, { "dirsync", NULL }, { "lazytime", NULL },
		{ "nolazytime", NULL }, { "nosuid", NULL }, { "nodev", NULL }, { "remount", NULL }, { "defaults", NULL }, { "source", NULL }, { "source", "one" },
		{ "source", "two" },
	};
	int fd = CALL(fsopen, "tmpfs", 0);

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char name[40];

		snprintf(name, sizeof(name), "option '%s' '%s'", all[i].name, all[i].value ? all[i].value : "none");
		WITH_MESSAGES(name, fd, CALL(fsconfig, fd, all[i].value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, all[i].name, all[i].value, 0));
	}
	WITH_MESSAGES("bytes", fd, CALL(fsconfig, fd, FSCONFIG_SET_BINARY, "size", "12", 2));
	WITH_MESSAGES("a name", fd, CALL(fsconfig, fd, FSCONFIG_SET_PATH, "size", "p", AT_FDCWD));
	WITH_MESSAGES("a file", fd, CALL(fsconfig, fd, FSCONFIG_SET_FD, "uid", NULL, 0));
	WITH_MESSAGES("a file for what is not there", fd, CALL(fsconfig, fd, FSCONFIG_SET_FD, "where", NULL, 0));
	WITH_MESSAGES("a file as source", fd, CALL(fsconfig, fd, FSCONFIG_SET_FD, "source", NULL, 0));
	close(fd);
}

static void kept_messages(void)
{
	int fd = CALL(fsopen, "tmpfs", 0);
	char name[20], one[200];

	for (int i = 0; i < 11; i++) {
		sprintf(name, "option%d", i);
		CALL(fsconfig, fd, FSCONFIG_SET_FLAG, name, NULL, 0);
	}
	TELL("the last eight", "%s", messages(fd));
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "more", NULL, 0);
	SAY("too little room", CALL(read, fd, one, 5));
	SAY("it is gone", CALL(read, fd, one, 200));
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "more", NULL, 0);
	SAY("a bad address", CALL(read, fd, (void *)1, 200), CALL(read, fd, one, 200));
	close(fd);
}

static void phases(void)
{
	int fd = CALL(fsopen, "tmpfs", 0), m, bad;

	SAY("mounted too early", CALL(fsmount, fd, 0, 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "1m", 0);
	SAY("made", CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0), CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	SAY("then", CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "ro", NULL, 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	SAY("fsmount", CALL(fsmount, fd, 2, 0), CALL(fsmount, fd, 0, 0x70), CALL(fsmount, fd, 0, 0x30), CALL(fsmount, fd, 0, 0x40),
	    CALL(fsmount, fd, 0, MOUNT_ATTR_IDMAP), CALL(fsmount, fd, 0, 0x400000), CALL(fsmount, -1, 0, 0), CALL(fsmount, 999, 0, 0),
	    CALL(fsmount, 0, 0, 0));
	m = CALL(fsmount, fd, 0, 0);
	CHECK("mounted", m >= 0);
	SAY("again", CALL(fsmount, fd, 0, 0));
	SAY("now it can be changed", CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0), CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "2m", 0),
	    CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	WITH_MESSAGES("unknown, still", fd, CALL(fsconfig, fd, FSCONFIG_SET_STRING, "what", "2m", 0));
	SAY("not to be changed", CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "dirsync", NULL, 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	SAY("after a failure", CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "ro", NULL, 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0),
	    CALL(fsmount, fd, 0, 0));
	close(fd), close(m);
	bad = CALL(fsopen, "devpts", 0);
	SAY("seen only when it is made", CALL(fsconfig, bad, FSCONFIG_SET_FLAG, "nonsense", NULL, 0), CALL(fsconfig, bad, FSCONFIG_CMD_CREATE, NULL, NULL, 0),
	    CALL(fsconfig, bad, FSCONFIG_CMD_CREATE, NULL, NULL, 0), CALL(fsconfig, bad, FSCONFIG_SET_FLAG, "ro", NULL, 0), CALL(fsmount, bad, 0, 0));
	close(bad);
	bad = CALL(fsopen, "devpts", 0);
	WITH_MESSAGES("a comma", bad, CALL(fsconfig, bad, FSCONFIG_SET_FLAG, "a,b", NULL, 0));
	WITH_MESSAGES("a comma", bad, CALL(fsconfig, bad, FSCONFIG_SET_STRING, "a", "b,c", 0));
	close(bad);
	bad = CALL(fsopen, "proc", 0);
	SAY("options of proc", CALL(fsconfig, bad, FSCONFIG_SET_STRING, "hidepid", "9", 0), CALL(fsconfig, bad, FSCONFIG_SET_STRING, "hidepid", "1", 0),
	    CALL(fsconfig, bad, FSCONFIG_SET_FLAG, "hidepid", NULL, 0), CALL(fsconfig, bad, FSCONFIG_SET_STRING, "size", "1", 0));
	close(bad);
	bad = CALL(fsopen, "sysfs", 0);
	WITH_MESSAGES("options of sysfs", bad, CALL(fsconfig, bad, FSCONFIG_SET_STRING, "size", "9", 0));
	close(bad);
}

static void mounted(void)
{
	int fd = CALL(fsopen, "tmpfs", FSOPEN_CLOEXEC), m, file;
	struct statfs fs;
	struct stat st;

	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source", "mine", 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "1m", 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "mode", "750", 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "uid", "7", 0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	m = CALL(fsmount, fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	fstat(m, &st);
	SAY("the mount's descriptor", fcntl(m, F_GETFD), fcntl(m, F_GETFL), st.st_mode, st.st_uid, CALL(read, m, &st, 1), CALL(fchmod, m, 0700));
	TELL("its name", "%s", link_of(m));
	fstatfs(m, &fs);
	SAY("the filesystem", fs.f_type, fs.f_blocks, fs.f_flags);
	file = openat(m, "file", O_CREAT | O_RDWR, 0755);
	SAY("a file in it, which hangs nowhere", file >= 0, mkdirat(m, "dir", 0755), write(file, "hello", 5), faccessat(m, "file", F_OK, 0),
	    faccessat(m, "file", X_OK, 0), mknodat(m, "null", S_IFCHR | 0666, 0x103), openat(m, "null", O_RDWR), errno);
	TELL("its name", "%s", link_of(file));
	SAY("no mounts on it", CALL(mount, "x", path_of(m, "dir"), "tmpfs", 0, NULL), CALL(mount, path_of(m, "dir"), "q", NULL, MS_BIND, NULL),
	    CALL(umount2, path_of(m, ""), 0), CALL(umount2, path_of(m, ""), MNT_DETACH), CALL(mount, "x", path_of(m, ""), NULL, MS_REMOUNT, NULL));
	SHOW("not to be seen", "mine");
	SAY("up is itself", same_file(m, "..", m, "."), same_file(m, "dir/..", m, "."));
	SAY("moved", CALL(move_mount, m, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH));
	SHOW("there it is", "mine");
	SAY("the file through it", access("p/file", F_OK), stat("p", &st), st.st_mode, st.st_uid, access("p/file", X_OK), errno);
	TELL("its name", "%s, %s", strcmp(strrchr(link_of(m), '/'), "/p") ? link_of(m) : "/p", strrchr(link_of(file), '/'));
	SAY("in use", CALL(umount2, "p", 0));
	close(file), close(m);
	SHOW("the descriptor's end is not the mount's", "mine");
	SAY("gone", CALL(umount2, "p", 0), access("p/file", F_OK), errno);
	close(fd);
}

/* What nobody has a descriptor of any more is no more. */
static void dropped(void)
{
	int fd = make("dropped", 0), twin = dup(fd), dir;
	struct stat st;

	mkdirat(fd, "dir", 0700);
	dir = openat(fd, "dir", O_RDONLY);
	close(fd);
	SAY("one of two closed", fstatat(twin, "dir", &st, 0), CALL(move_mount, twin, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH), umount("p"), errno,
	    umount2("p", MNT_DETACH));
	SAY("unmounted, it cannot be mounted again", CALL(move_mount, twin, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH));
	close(twin);
	SAY("a directory in it lives on", openat(dir, "x", O_CREAT | O_RDWR, 0600) >= 0, same_file(dir, "..", dir, "."));
	close(dir);
	fd = make("dropped", 0);
	dir = openat(fd, ".", O_RDONLY);
	twin = openat(fd, ".", O_PATH);
	close(fd);
	SAY("the last one was closed", CALL(move_mount, twin, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH), CALL(move_mount, dir, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH),
	    CALL(open_tree, dir, "", AT_EMPTY_PATH | OPEN_TREE_CLONE), openat(dir, "y", O_CREAT | O_RDWR, 0600) >= 0);
	close(dir), close(twin);
	fd = make("through", 0);
	SAY("through /proc", CALL(move_mount, AT_FDCWD, path_of(fd, ""), AT_FDCWD, "p", MOVE_MOUNT_F_SYMLINKS), umount("p"), errno);
	close(fd);
	SAY("and it stays", umount("p"));
}

static void changed(void)
{
	int m = make("changed", 0), fd, file;
	struct statfs fs;
	char page[65536] = "x";

	CALL(move_mount, m, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH);
	close(m);
	fd = CALL(fspick, AT_FDCWD, "p", FSPICK_CLOEXEC);
	SAY("picked", fcntl(fd, F_GETFD), CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0), CALL(fsmount, fd, 0, 0));
	file = open("p/file", O_CREAT | O_RDWR, 0600);
	write(file, page, sizeof(page));
	close(file);
	SAY("larger", CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "3m", 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0),
	    statfs("p", &fs), fs.f_blocks);
	SAY("read-only", CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "ro", NULL, 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0),
	    CALL(open, "p/new", O_CREAT | O_RDWR, 0600), statfs("p", &fs), fs.f_blocks);
	SHOW("shown", "changed");
	SAY("writable again", CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "rw", NULL, 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0),
	    close(CALL(open, "p/new", O_CREAT | O_RDWR, 0600)));
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "4k", 0);
	WITH_MESSAGES("too small", fd, CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	SAY("of no use any more", CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "4m", 0), statfs("p", &fs), fs.f_blocks);
	close(fd);
	fd = CALL(fspick, AT_FDCWD, "p", 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "0", 0);
	WITH_MESSAGES("without a limit", fd, CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "4m", 0);
	WITH_MESSAGES("and back", fd, CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	close(fd);
	SAY("by a link", symlink("p", "link"), CALL(fspick, AT_FDCWD, "link", FSPICK_SYMLINK_NOFOLLOW), (fd = CALL(fspick, AT_FDCWD, "link", 0)) > 0);
	umount("p");
	SAY("picked and unmounted", CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "ro", NULL, 0), CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	close(fd);
}

/* mount(2) takes the same steps. */
static void old_call(void)
{
	static const char *const all[] = { "", "size=1m,mode=700", "size", "size=x", "what=1", "noswap", "ptmxmode=0", "ro", "source=other", "=1,size=1m", ",,",
					   "inode64", "inode64=1", "uid=5,gid=6", "nr_inodes=100,nr_blocks=100", "mode=1777", "size=50%" };
	static const unsigned long flags[] = { 0, MS_RDONLY, MS_NOSUID | MS_NODEV | MS_NOEXEC, MS_NOATIME, MS_NODIRATIME, MS_STRICTATIME, MS_RELATIME,
					       MS_NOATIME | MS_STRICTATIME, MS_NOATIME | MS_RELATIME, MS_SYNCHRONOUS, MS_DIRSYNC, MS_MGC_VAL, 256 /* NOSYMFOLLOW */ };

	char name[60];

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(name, sizeof(name), "mount(2) with '%s'", all[i]);
		SHOWN(name, CALL(mount, "old", "p", "tmpfs", 0, all[i]));
		umount("p");
	}
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		snprintf(name, sizeof(name), "flags %lx", flags[i]);
		SHOWN(name, CALL(mount, "old", "p", "tmpfs", flags[i], "size=1m"));
		for (unsigned j = 0; j < 6; j++) {
			snprintf(name, sizeof(name), "flags %lx, then %lx", flags[i], flags[j]);
			SHOWN(name, CALL(mount, "old", "p", NULL, MS_REMOUNT | MS_BIND | flags[j], NULL));
		}
		umount("p");
	}
	SAY("nonsense", CALL(mount, "old", "p", NULL, 0, NULL), CALL(mount, "old", "p", "nonesuch", 0, NULL), CALL(mount, "old", "p", "tmpfs", 1ul << 31, NULL),
	    CALL(mount, "old", "p", NULL, MS_REMOUNT, NULL), CALL(mount, "missing", "p", NULL, MS_BIND, NULL), CALL(mount, "", "p", NULL, MS_BIND, NULL),
	    CALL(mount, NULL, "p", NULL, MS_MOVE, NULL), CALL(mount, "q", "p", NULL, MS_MOVE, NULL), CALL(mount, "old", "p", NULL, MS_PRIVATE, NULL));
	SAY("on a file", CALL(mount, "old", "f", "tmpfs", 0, NULL), CALL(mount, "q", "f", NULL, MS_BIND, NULL), CALL(mount, "f", "p", NULL, MS_BIND, NULL));
	CALL(mount, "old", "p", "tmpfs", 0, "size=1m");
	SAY("moved onto a file", CALL(mount, "p", "f", NULL, MS_MOVE, NULL), CALL(mount, "p", "p", NULL, MS_MOVE, NULL), mkdir("p/in", 0755), CALL(mount, "p", "p/in", NULL, MS_MOVE, NULL));
	SAY("propagation", CALL(mount, NULL, "p", NULL, MS_PRIVATE, NULL), CALL(mount, NULL, "p", NULL, MS_PRIVATE | MS_REC, NULL),
	    CALL(mount, NULL, "p", NULL, MS_PRIVATE | MS_SLAVE, NULL), CALL(mount, NULL, "p", NULL, MS_PRIVATE | MS_RDONLY, NULL), CALL(mount, NULL, "p/in", NULL, MS_PRIVATE, NULL),
	    CALL(mount, NULL, "p", NULL, MS_PRIVATE | MS_SILENT, NULL));
	SHOWN("remount", CALL(mount, NULL, "p", NULL, MS_REMOUNT | MS_RDONLY, "size=2m"));
	SHOWN("remount", CALL(mount, NULL, "p", NULL, MS_REMOUNT, NULL));
	SHOWN("remount", CALL(mount, NULL, "p", NULL, MS_REMOUNT, "what=2m"));
	SAY("in it", CALL(mount, NULL, "p/in", NULL, MS_REMOUNT, NULL), CALL(mount, NULL, "p/in", NULL, MS_REMOUNT | MS_BIND, NULL));
	umount("p");
}

int main(void)
{
	chmod(".", 0755);
	umask(0);
	mkdir("p", 0755), mkdir("q", 0755);
	file_write("p/file", "x"), file_write("f", "x");
	unprivileged();
	opening();
	shapes();
	lengths();
	options();
	kept_messages();
	phases();
	mounted();
	dropped();
	changed();
	old_call();
	return tap_done();
}
