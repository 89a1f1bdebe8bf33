/* SPDX-License-Identifier: MIT */
/* open_tree, move_mount, mount_setattr: trees of mounts copied, moved, changed; what is refused first. */
#include "mounts.h"
#include <pthread.h>

/* Attributes of what is mounted at a path; 0 or an errno below zero. */
static long set(const char *at, unsigned flags, uint64_t on, uint64_t off, uint64_t propagation)
{
	struct mount_attr a = { .attr_set = on, .attr_clr = off, .propagation = propagation };

	return CALL(mount_setattr, AT_FDCWD, at, flags, &a, sizeof(a));
}

static void opening(void)
{
	int fd = CALL(open_tree, AT_FDCWD, "p", 0);

	SAY("open_tree", CALL(open_tree, AT_FDCWD, "missing", 0), CALL(open_tree, AT_FDCWD, "missing", OPEN_TREE_CLONE), CALL(open_tree, AT_FDCWD, "", 0),
	    CALL(open_tree, -1, "p", 0), CALL(open_tree, 999, "p", 0), CALL(open_tree, AT_FDCWD, (char *)1, 0), CALL(open_tree, AT_FDCWD, "p", 2),
	    CALL(open_tree, AT_FDCWD, "p", AT_RECURSIVE), CALL(open_tree, AT_FDCWD, "p", 0x10000), CALL(open_tree, AT_FDCWD, "p", AT_SYMLINK_FOLLOW),
	    CALL(open_tree, fd, "", OPEN_TREE_CLONE), CALL(open_tree, fd, "missing", AT_EMPTY_PATH | OPEN_TREE_CLONE));
	SAY("as O_PATH", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD), CALL(read, fd, text, 1));
	TELL("its name", "%s", strrchr(link_of(fd), '/'));
	close(fd);
	fd = CALL(open_tree, AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	SAY("of a link", fstatat(fd, "", &st, AT_EMPTY_PATH), S_ISLNK(st.st_mode), fcntl(fd, F_GETFD));
	close(fd);
	fd = CALL(open_tree, AT_FDCWD, "link", OPEN_TREE_CLONE | O_CLOEXEC);
	SAY("copied", fstatat(fd, "", &st, AT_EMPTY_PATH), S_ISDIR(st.st_mode), fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
	TELL("its name", "%s", link_of(fd));
	SAY("not again", CALL(open_tree, fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE));
	close(fd);
	int p[2];
	pipe(p);
	SAY("what hangs nowhere", CALL(open_tree, p[0], "", AT_EMPTY_PATH) > 0, CALL(open_tree, p[0], "", AT_EMPTY_PATH | OPEN_TREE_CLONE),
	    CALL(mount, path_of(p[0], "") + 0, "f", NULL, MS_BIND, NULL));
	close(p[0]), close(p[1]);
}

static void moving(void)
{
	int m = make("moved", 0), f;

	SAY("move_mount", CALL(move_mount, m, "", AT_FDCWD, "p", 0), CALL(move_mount, m, "", AT_FDCWD, "missing", MOVE_MOUNT_F_EMPTY_PATH),
	    CALL(move_mount, m, "", -1, "p", MOVE_MOUNT_F_EMPTY_PATH), CALL(move_mount, -1, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH),
	    CALL(move_mount, m, "missing", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH), CALL(move_mount, m, (char *)1, AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH),
	    CALL(move_mount, m, "", AT_FDCWD, (char *)1, MOVE_MOUNT_F_EMPTY_PATH), CALL(move_mount, m, "", AT_FDCWD, "p", 0x200), CALL(move_mount, m, "", AT_FDCWD, "p", 8),
	    CALL(move_mount, m, "", AT_FDCWD, "", MOVE_MOUNT_F_EMPTY_PATH));
	SAY("onto a file", CALL(move_mount, m, "", AT_FDCWD, "f", MOVE_MOUNT_F_EMPTY_PATH));
	SAY("onto a link", CALL(move_mount, m, "", AT_FDCWD, "link", MOVE_MOUNT_F_EMPTY_PATH));
	SAY("onto itself", CALL(move_mount, m, "", m, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
	SAY("what is no mount", CALL(move_mount, AT_FDCWD, "q", AT_FDCWD, "p", 0), CALL(move_mount, AT_FDCWD, "f", AT_FDCWD, "p", 0),
	    CALL(move_mount, AT_FDCWD, "/", AT_FDCWD, "p", 0));
	SAY("groups", CALL(move_mount, m, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_SET_GROUP),
	    CALL(move_mount, AT_FDCWD, "missing", AT_FDCWD, "p", MOVE_MOUNT_SET_GROUP));
	mkdirat(m, "in", 0755);
	SAY("a directory of it", CALL(move_mount, m, "in", AT_FDCWD, "p", 0));
	SAY("into one that hangs nowhere", CALL(move_mount, m, "", m, "in", MOVE_MOUNT_F_EMPTY_PATH));
	SAY("by the link", CALL(move_mount, m, "", AT_FDCWD, "link", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS));
	SHOW("there", "moved");
	SAY("and from there", CALL(move_mount, AT_FDCWD, "link", AT_FDCWD, "q", 0), CALL(move_mount, AT_FDCWD, "link", AT_FDCWD, "q", MOVE_MOUNT_F_SYMLINKS));
	SHOW("there", "moved");
	SAY("into itself", CALL(move_mount, m, "", AT_FDCWD, "q/in", MOVE_MOUNT_F_EMPTY_PATH), CALL(move_mount, AT_FDCWD, "q", AT_FDCWD, "q", 0));
	f = open("p", O_PATH);
	SAY("by descriptors", CALL(move_mount, m, "", f, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
	SHOW("there", "moved");
	close(f), close(m);
	CALL(mount, "over", "q", "tmpfs", 0, NULL);
	SAY("one upon the other", CALL(move_mount, AT_FDCWD, "p", AT_FDCWD, "q", 0), access("q/in", F_OK), umount("q"), access("q/in", F_OK), umount("q"));
	rmdir("gone"), mkdir("gone", 0755);
	f = open("gone", O_PATH);
	rmdir("gone");
	m = make("moved", 0);
	SAY("onto what was removed", CALL(move_mount, m, "", f, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
	close(m), close(f);
}

static void files(void)
{
	int m, f;

	file_write("g", "what is in g");
	m = CALL(open_tree, AT_FDCWD, "g", OPEN_TREE_CLONE);
	SAY("a file, onto a directory", m > 0, CALL(move_mount, m, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH));
	SAY("onto a file", CALL(move_mount, m, "", AT_FDCWD, "f", MOVE_MOUNT_F_EMPTY_PATH), same_file(AT_FDCWD, "f", AT_FDCWD, "g"));
	f = open("f", O_RDONLY);
	memset(text, 0, 40);
	read(f, text, 39);
	TELL("read", "%s", text);
	close(f), close(m);
	SAY("and gone", umount("f"), same_file(AT_FDCWD, "f", AT_FDCWD, "g"), unlink("g"));
}

/* top has one below "a", and that another below "b"; and one beside it, at "c". */
static void plant(void)
{
	CALL(mount, "tree", "p", "tmpfs", 0, "size=1m");
	mkdir("p/a", 0755), mkdir("p/c", 0755), mkdir("p/d", 0755);
	CALL(mount, "tree", "p/a", "tmpfs", 0, "size=2m");
	mkdir("p/a/b", 0755);
	CALL(mount, "tree", "p/a/b", "tmpfs", 0, "size=3m");
	CALL(mount, "tree", "p/c", "tmpfs", 0, "size=4m");
	file_write("p/top", "x"), file_write("p/a/one", "x"), file_write("p/a/b/two", "x"), file_write("p/c/side", "x");
}

/* What is found below a directory: the four files of plant(). */
static const char *found(int dir, const char *below)
{
	static char text[5];
	static const char *const all[] = { "top", "a/one", "a/b/two", "c/side" };
	char name[64];

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", below, all[i]);
		text[i] = faccessat(dir, name, F_OK, 0) ? '-' : '1' + i;
	}
	return text;
}

static const char *count(const char *source)
{
	return shown(source, false);
}

static void copying(void)
{
	int m, sub;

	plant();
	TELL("planted", "%s %s", count("tree"), found(AT_FDCWD, "p/"));
	m = CALL(open_tree, AT_FDCWD, "p", OPEN_TREE_CLONE);
	TELL("one alone", "%s", found(m, ""));
	TELL("shown", "%s", count("tree"));
	close(m);
	m = CALL(open_tree, AT_FDCWD, "p", OPEN_TREE_CLONE | AT_RECURSIVE);
	TELL("all", "%s", found(m, ""));
	TELL("shown", "%s", count("tree"));
	sub = openat(m, "a/b", O_PATH);
	SAY("in it", CALL(move_mount, m, "a", AT_FDCWD, "q", 0), CALL(move_mount, sub, "", AT_FDCWD, "q", MOVE_MOUNT_F_EMPTY_PATH), CALL(umount2, path_of(m, "a"), 0),
	    CALL(umount2, path_of(m, "a"), MNT_DETACH), CALL(mount, "x", path_of(m, "a"), "tmpfs", 0, NULL), CALL(open_tree, m, "a", OPEN_TREE_CLONE),
	    CALL(mount, path_of(m, "a"), "q", NULL, MS_BIND, NULL), CALL(fspick, m, "a", 0) > 0);
	SAY("changed in the original only", umount("p/c"), faccessat(m, "c/side", F_OK, 0));
	SAY("moved", CALL(move_mount, m, "", AT_FDCWD, "q", MOVE_MOUNT_F_EMPTY_PATH));
	TELL("there", "%s of %s", found(AT_FDCWD, "q/"), count("tree"));
	SAY("within itself", CALL(move_mount, AT_FDCWD, "q/c", AT_FDCWD, "q/d", 0), access("q/d/side", F_OK), CALL(move_mount, AT_FDCWD, "q", AT_FDCWD, "q/a/b", 0));
	close(sub);
	SAY("busy", CALL(umount2, "q", 0));
	close(m);
	SAY("still", CALL(umount2, "q", 0), CALL(umount2, "q/d", 0), CALL(umount2, "q/a", 0), CALL(umount2, "q", MNT_DETACH));
	TELL("left", "%s %s", found(AT_FDCWD, "p/"), count("tree"));
	m = CALL(open_tree, AT_FDCWD, "p/a", OPEN_TREE_CLONE | AT_RECURSIVE);
	SAY("a part", faccessat(m, "one", F_OK, 0), faccessat(m, "b/two", F_OK, 0), CALL(move_mount, m, "", AT_FDCWD, "q", MOVE_MOUNT_F_EMPTY_PATH), access("q/b/two", F_OK));
	close(m);
	umount2("q", MNT_DETACH);
	mkdir("p/d/deep", 0755);
	m = CALL(open_tree, AT_FDCWD, "p/d", OPEN_TREE_CLONE | AT_RECURSIVE);
	SAY("a directory", faccessat(m, "deep", F_OK, 0), same_file(m, "..", m, "."), CALL(move_mount, m, "", AT_FDCWD, "q", MOVE_MOUNT_F_EMPTY_PATH));
	SHOW("its root", "tree");
	close(m);
	SAY("upon it", CALL(mount, "x", "q/deep", "tmpfs", 0, NULL), CALL(umount2, "q", 0), CALL(umount2, "q/deep", 0), CALL(umount2, "q", 0));
	m = CALL(open_tree, AT_FDCWD, "p", OPEN_TREE_CLONE | AT_RECURSIVE);
	umount2("p", MNT_DETACH);
	TELL("the copy lives on", "%s %s", found(m, ""), count("tree"));
	sub = openat(m, "a", O_PATH);
	close(m);
	TELL("and goes", "%s", count("tree"));
	SAY("with all in it", faccessat(sub, "one", F_OK, 0), CALL(open_tree, sub, "", AT_EMPTY_PATH | OPEN_TREE_CLONE));
	close(sub);
}

static void attributes_refused(void)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY };
	struct { struct mount_attr a; uint64_t more; } big = { a, 0 };
	static char page[8192];

	CALL(mount, "changed", "p", "tmpfs", 0, "size=1m");
	mkdir("p/in", 0755);
	for (size_t n = 0; n <= 40; n += 8)
		SAY("sizes", n, CALL(mount_setattr, AT_FDCWD, "missing", 0, &big, n));
	big.more = 1;
	SAY("sizes", CALL(mount_setattr, AT_FDCWD, "p", 0, &big, 40), CALL(mount_setattr, AT_FDCWD, "p", 0, page, 4096), CALL(mount_setattr, AT_FDCWD, "p", 0, page, 4097),
	    CALL(mount_setattr, AT_FDCWD, "missing", 0, page, 4096));
	SAY("addresses", CALL(mount_setattr, AT_FDCWD, "p", 0, (void *)1, 32), CALL(mount_setattr, AT_FDCWD, (char *)1, 0, &a, 32), CALL(mount_setattr, AT_FDCWD, NULL, 0, &a, 32));
	SAY("names", CALL(mount_setattr, AT_FDCWD, "missing", 0, &a, 32), CALL(mount_setattr, AT_FDCWD, "", 0, &a, 32), CALL(mount_setattr, -1, "p", 0, &a, 32),
	    CALL(mount_setattr, 999, "", AT_EMPTY_PATH, &a, 32), CALL(mount_setattr, AT_FDCWD, "p/in", 0, &a, 32), CALL(mount_setattr, AT_FDCWD, "f", 0, &a, 32),
	    CALL(mount_setattr, 0, "", AT_EMPTY_PATH, &a, 32));
	for (int i = 0; i < 20; i++)
		SAY("flags", i, set("missing", 1u << i, MOUNT_ATTR_RDONLY, 0, 0));
	for (int i = 0; i < 26; i++)
		SAY("attributes", i, set("missing", 0, 1ull << i, 0, 0), set("missing", 0, 0, 1ull << i, 0), set("missing", 0, 0, 0, 1ull << i));
	SAY("access times", set("missing", 0, 0x70, 0x70, 0), set("missing", 0, 0x30, 0x70, 0), set("missing", 0, 0x20, 0x70, 0), set("missing", 0, 0x10, 0x70, 0),
	    set("missing", 0, 0, 0x70, 0), set("missing", 0, 0x40, 0x70, 0), set("missing", 0, 0x20, 0x20, 0), set("missing", 0, 0x10, 0x30, 0));
	SAY("propagation", set("p", 0, 0, 0, MS_PRIVATE), set("p", 0, 0, 0, MS_PRIVATE | MS_REC), set("p", 0, 0, 0, MS_PRIVATE | MS_SLAVE), set("p", 0, 0, 0, MS_RDONLY),
	    set("p/in", 0, 0, 0, MS_PRIVATE), set("p", AT_RECURSIVE, 0, 0, MS_PRIVATE));
	a = (struct mount_attr){ .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = 9999 };
	SAY("identities: no descriptor", CALL(mount_setattr, AT_FDCWD, "missing", 0, &a, 32));
	a.userns_fd = 1ull << 31;
	SAY("identities: none at all", CALL(mount_setattr, AT_FDCWD, "missing", 0, &a, 32));
	a.userns_fd = open("f", O_RDONLY);
	SAY("identities: a file", CALL(mount_setattr, AT_FDCWD, "missing", 0, &a, 32));
	a.userns_fd = open("/proc/self/ns/net", O_RDONLY);
	SAY("identities: another namespace", CALL(mount_setattr, AT_FDCWD, "missing", 0, &a, 32));
	a.userns_fd = open("/proc/self/ns/user", O_RDONLY);
	SAY("identities: the first", CALL(mount_setattr, AT_FDCWD, "missing", 0, &a, 32), CALL(mount_setattr, AT_FDCWD, "p", 0, &a, 32));
	a.attr_clr = a.attr_set, a.attr_set = 0;
	SAY("identities: taken away", CALL(mount_setattr, AT_FDCWD, "p", 0, &a, 32));
	SHOW("as it was", "changed");
	umount("p");
}

static void attributes(void)
{
	static const struct { uint64_t on, off; } all[] = {
		{ MOUNT_ATTR_RDONLY, 0 }, { MOUNT_ATTR_NOSUID, 0 }, { MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, MOUNT_ATTR_RDONLY }, { MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY },
		{ 0, MOUNT_ATTR_NOSUID }, { MOUNT_ATTR_NODIRATIME, 0 }, { MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME }, { MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, 0 }, { 0, MOUNT_ATTR__ATIME }, { 0, MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
		{ 0, MOUNT_ATTR_RDONLY },
	};
	char name[40];
	struct statfs fs;
	int m, inside;

	CALL(mount, "changed", "p", "tmpfs", 0, "size=1m");
	symlink("/", "p/link"), mknod("p/null", S_IFCHR | 0666, 0x103);
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(name, sizeof(name), "+%lx -%lx", (long)all[i].on, (long)all[i].off);
		long r = set("p", 0, all[i].on, all[i].off, 0);
		statfs("p", &fs);
		TELL(name, "%ld %s %lx, made %d, opened %d, followed %d", r, shown("changed", true), (long)fs.f_flags, mkdir("p/new", 0755) ? errno : rmdir("p/new"),
		     close(open("p/null", O_RDONLY)) ? errno : 0, access("p/link/proc", F_OK) ? errno : 0);
	}
	SAY("by a descriptor, changing nothing", CALL(mount_setattr, open("p", O_PATH), "", AT_EMPTY_PATH, &(struct mount_attr){ 0 }, 32));
	umount2("p", MNT_DETACH);
	plant();
	SAY("all of a tree", set("p", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0), mkdir("p/x", 0), errno, mkdir("p/a/x", 0), errno, mkdir("p/a/b/x", 0), errno, mkdir("p/c/x", 0), errno);
	SAY("one of them", set("p/a", 0, 0, MOUNT_ATTR_RDONLY, 0), mkdir("p/y", 0), mkdir("p/a/y", 0), mkdir("p/a/b/y", 0), mkdir("p/c/y", 0));
	m = CALL(open_tree, AT_FDCWD, "p", OPEN_TREE_CLONE | AT_RECURSIVE);
	SAY("a copy has them too", mkdirat(m, "z", 0), mkdirat(m, "a/z", 0), mkdirat(m, "a/b/z", 0));
	inside = openat(m, "a", O_PATH);
	struct mount_attr a = { .attr_clr = MOUNT_ATTR_RDONLY };
	SAY("changed in the copy", CALL(mount_setattr, m, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, 32), mkdirat(m, "zz", 0755), mkdirat(m, "a/b/zz", 0755), mkdir("p/zz", 0), errno);
	SAY("not in the middle", CALL(mount_setattr, m, "a", 0, &a, 32), CALL(mount_setattr, inside, "", AT_EMPTY_PATH, &a, 32));
	close(m);
	SAY("not when it is gone", CALL(mount_setattr, inside, "", AT_EMPTY_PATH, &a, 32));
	close(inside);
	umount2("p", MNT_DETACH);
	m = make("made", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
	SAY("before it is seen", mkdirat(m, "x", 0755), CALL(mount_setattr, m, "", AT_EMPTY_PATH, &a, 32), mkdirat(m, "x", 0755), CALL(move_mount, m, "", AT_FDCWD, "p", MOVE_MOUNT_F_EMPTY_PATH));
	SHOW("and then", "made");
	close(m);
	umount("p");
}

/* Nothing becomes read-only under those who write. */
static void writers(void)
{
	int f, w, m, pick;
	void *map;

	plant();
	f = open("p/a/b/two", O_WRONLY);
	SAY("open for writing", set("p", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0), set("p/a/b", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, 0, 0), set("p/a/b", 0, MOUNT_ATTR_NODEV, 0, 0),
	    CALL(mount, NULL, "p/a/b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), CALL(mount, NULL, "p/a/b", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	SHOW("nothing changed", "tree");
	SAY("nowhere", mkdir("p/n", 0755), mkdir("p/a/n", 0755), mkdir("p/a/b/n", 0755), mkdir("p/c/n", 0755), CALL(write, f, "x", 1));
	SAY("beside it", set("p/c", 0, MOUNT_ATTR_RDONLY, 0, 0), CALL(mount, NULL, "p/a", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	SAY("read-only already: not asked", set("p/c", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0), set("p/c", 0, 0, MOUNT_ATTR_RDONLY, 0));
	w = dup(f);
	close(f);
	SAY("the last use counts", set("p/a/b", 0, MOUNT_ATTR_RDONLY, 0, 0), close(w), set("p/a/b", 0, MOUNT_ATTR_RDONLY, 0, 0), CALL(open, "p/a/b/two", O_WRONLY));
	set("p/a/b", 0, 0, MOUNT_ATTR_RDONLY, 0);
	f = open("p/a/b/two", O_RDONLY);
	SAY("readers do not", set("p/a/b", 0, MOUNT_ATTR_RDONLY, 0, 0), set("p/a/b", 0, 0, MOUNT_ATTR_RDONLY, 0), close(f));
	f = open("p/a/b/two", O_RDWR);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	close(f);
	SAY("mapped", set("p/a/b", 0, MOUNT_ATTR_RDONLY, 0, 0), munmap(map, 4096), set("p/a/b", 0, MOUNT_ATTR_RDONLY, 0, 0), set("p/a/b", 0, 0, MOUNT_ATTR_RDONLY, 0));
	mknod("p/a/b/null", S_IFCHR | 0666, 0x103), mknod("p/a/b/fifo", S_IFIFO | 0666, 0);
	f = open("p/a/b/null", O_WRONLY), w = open("p/a/b/fifo", O_RDWR);
	SAY("devices do not", set("p/a/b", 0, MOUNT_ATTR_RDONLY, 0, 0), set("p/a/b", 0, 0, MOUNT_ATTR_RDONLY, 0), close(f), close(w));
	f = open("p/a/b", O_TMPFILE | O_RDWR, 0600);
	SAY("one without a name", set("p/a/b", 0, MOUNT_ATTR_RDONLY, 0, 0), close(f));
	m = CALL(open_tree, AT_FDCWD, "p/a/b", OPEN_TREE_CLONE);
	f = openat(m, "two", O_WRONLY);
	SAY("through another mount", set("p/a/b", 0, MOUNT_ATTR_RDONLY, 0, 0), set("p/a/b", 0, 0, MOUNT_ATTR_RDONLY, 0), CALL(mount, NULL, "p/a/b", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	close(m);
	SAY("which is gone", CALL(mount, NULL, "p/a/b", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	pick = CALL(fspick, AT_FDCWD, "p/a/b", 0);
	SAY("step by step", CALL(fsconfig, pick, FSCONFIG_SET_FLAG, "ro", NULL, 0), CALL(fsconfig, pick, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	close(pick), close(f);
	SAY("when all is closed", CALL(mount, NULL, "p/a/b", NULL, MS_REMOUNT | MS_RDONLY, NULL), CALL(mount, NULL, "p/a/b", NULL, MS_REMOUNT, NULL));
	umount2("p", MNT_DETACH);
}

/* Names that need care in /proc: words are told apart by spaces there. */
static void names(void)
{
	char line[500];
	FILE *f;

	mkdir("a b", 0755), mkdir("a b/c\\d", 0755);
	CALL(mount, "s p#c\te", "a b/c\\d", "tmpfs", 0, NULL);
	mkdir("a b/c\\d/in side", 0755);
	CALL(mount, "a b/c\\d/in side", "p", NULL, MS_BIND, NULL);
	f = fopen("/proc/self/mountinfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "s\\040p")) {
			char *at = strchr(line, '/'), *dir = strchr(at, ' ') + 1;

			line[strcspn(line, "\n")] = 0;
			TELL("in mountinfo", "%.*s %s", (int)(dir - at - 1), at, strrchr(dir, '/'));
		}
	fclose(f);
	f = fopen("/proc/self/mounts", "r");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "s\\040p")) {
			line[strcspn(line, "\n")] = 0;
			TELL("in mounts", "%.*s %s", (int)strcspn(line, " "), line, strrchr(line, '/'));
		}
	fclose(f);
	umount("p"), umount("a b/c\\d");
	CALL(mount, "", "p", "tmpfs", 0, NULL);
	SHOW("no name", "none");
	umount("p");
	CALL(mount, NULL, "p", "tmpfs", 0, NULL);
	SHOW("none", "none");
	umount("p");
}

static volatile bool over;

static void *changes(void *arg)
{
	while (!over) {
		mount("race", "p/a/b", "tmpfs", 0, "size=1m");
		set("p", AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
		umount2("p/a/b", MNT_DETACH);
		set("p", AT_RECURSIVE, 0, MOUNT_ATTR_RDONLY, 0);
	}
	return arg;
}

/* Copied while others mount, unmount and change what is copied; and then nothing is left of it. */
static void races(void)
{
	pthread_t t;
	int good = 0, m;
	long before, kb;

	plant();
	for (int round = 0; round < 2; round++) {
		before = slab_kb();
		over = false;
		pthread_create(&t, NULL, changes, NULL);
		for (int i = 0; i < 100; i++) {
			m = CALL(open_tree, AT_FDCWD, "p", OPEN_TREE_CLONE | AT_RECURSIVE);
			good += faccessat(m, "a/one", F_OK, 0) == 0 && faccessat(m, "c/side", F_OK, 0) == 0;
			if (i % 4 == 0)
				good += CALL(move_mount, m, "", AT_FDCWD, "q", MOVE_MOUNT_F_EMPTY_PATH) == 0 && umount2("q", MNT_DETACH) == 0;
			close(m);
		}
		over = true;
		pthread_join(t, NULL);
		kb = slab_kb() - before;
	}
	SAY("copied beside changes", good);
	TELL("shown", "%s %s", count("tree"), count("race"));
	if (!CHECK("nothing is left", kb < 400))
		printf("# %ld KiB\n", kb);
	umount2("p", MNT_DETACH);
}

int main(void)
{
	chmod(".", 0755);
	umask(0);
	mkdir("p", 0755), mkdir("q", 0755), symlink("p", "link");
	file_write("f", "x");
	opening();
	moving();
	files();
	copying();
	attributes_refused();
	attributes();
	writers();
	names();
	races();
	return tap_done();
}
