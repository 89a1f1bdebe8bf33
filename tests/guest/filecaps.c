/* SPDX-License-Identifier: MIT */
/*
 * File capabilities: what a program gets whose file has them, by whom it is started and
 * how, and when the file loses them.
 */
#include "tap.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/xattr.h>

#define NAME "security.capability"
#define NOBODY 65534
#define BIT(n) (1u << (n))

static char text[512];

/* What the program started says of itself. */
static int tell(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	syscall(SYS_capget, &head, d);
	printf("p %x%08x e %x%08x i %x%08x ambient %d secure %lu dumpable %d", d[1].permitted, d[0].permitted,
	       d[1].effective, d[0].effective, d[1].inheritable, d[0].inheritable,
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0), getauxval(AT_SECURE),
	       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	fflush(stdout);
	return 0;
}

static void start(const char *name, uid_t uid, void (*before)(void))
{
	int channel[2], status;
	ssize_t n;

	pipe(channel);
	status = IN_CHILD({
		dup2(channel[1], 1);
		if (uid) {
			setgroups(0, NULL);
			prctl(PR_SET_KEEPCAPS, before ? 1 : 0, 0, 0, 0);
			setresgid(uid, uid, uid);
			setresuid(uid, uid, uid);
		}
		if (before)
			before();
		execl("./program", "program", "--tell", NULL);
		dprintf(1, "%s", strerrorname_np(errno)); });
	close(channel[1]);
	n = read(channel[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	close(channel[0]);
	TELL(name, "%s, status %d", text, status);
}

static void give(uint32_t permitted, uint32_t inheritable, bool effective)
{
	struct vfs_cap_data data = {
		.magic_etc = VFS_CAP_REVISION_2 | (effective ? VFS_CAP_FLAGS_EFFECTIVE : 0),
		.data = {{ permitted, inheritable }},
	};

	CHECK_OK("set", setxattr("program", NAME, &data, XATTR_CAPS_SZ_2, 0));
}

/* Inheritable and permitted: chown and kill; nothing else. */
static void inherit(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {{ 0, BIT(CAP_CHOWN) | BIT(CAP_KILL), BIT(CAP_CHOWN) | BIT(CAP_KILL) }};

	syscall(SYS_capset, &head, d);
}

static void ambient(void)
{
	inherit();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
}

static void no_new(void)
{
	inherit();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void unbound(void)
{
	prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0);
}

/* Before the change of user: with keepcaps the permitted set is there, to be raised. */
static void unbound_user(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {{ BIT(CAP_SETPCAP), BIT(CAP_SETPCAP), 0 }};

	syscall(SYS_capset, &head, d);
	unbound();
	inherit();
}

static void no_root(void)
{
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0);
}

static void started(void)
{
	start("a file without, by root", 0, NULL);
	start("by nobody", NOBODY, NULL);
	give(BIT(CAP_NET_RAW), 0, true);
	start("permitted, effective", NOBODY, NULL);
	start("by root", 0, NULL);
	start("by root without root's rules", 0, no_root);
	start("with ambient ones", NOBODY, ambient);
	start("no new privileges", NOBODY, no_new);
	start("not in the bounding set", NOBODY, unbound_user);
	start("nor of root", 0, unbound);
	give(BIT(CAP_NET_RAW), 0, false);
	start("permitted, not effective", NOBODY, NULL);
	start("not in the bounding set, not effective", NOBODY, unbound_user);
	give(0, BIT(CAP_CHOWN), true);
	start("inheritable, which nobody has not", NOBODY, NULL);
	start("which it has", NOBODY, inherit);
	give(0, 0, false);
	start("an empty set", NOBODY, NULL);
	start("and ambient ones", NOBODY, ambient);
	give(0, 0, true);
	start("an empty set for root without rules", 0, no_root);
}

static void set_id(void)
{
	chmod("program", 04755);
	give(BIT(CAP_NET_RAW), 0, true);
	start("set-id root with less than all", NOBODY, NULL);
	start("started by root", 0, NULL);
	removexattr("program", NAME);
	start("set-id root", NOBODY, NULL);
	start("set-id root, no new privileges", NOBODY, no_new);
	start("set-id root without root's rules", 0, no_root);
	chmod("program", 0755);
	chown("program", 1234, 1234);
	chmod("program", 06755);
	start("set-id to somebody", NOBODY, NULL);
	start("by root to somebody", 0, NULL);
	start("and ambient ones", NOBODY, ambient);
	chown("program", 0, 0);
	chmod("program", 0755);
}

static ssize_t left(void)
{
	ssize_t n = getxattr("program", NAME, NULL, 0);

	return n < 0 ? -errno : n;
}

static void lost(void)
{
	struct vfs_ns_cap_data three = { .magic_etc = VFS_CAP_REVISION_3, .data = {{ 1, 0 }}, .rootid = 0 };
	int fd;

	give(BIT(CAP_NET_RAW), 0, true);
	CHECK_INT("there", left(), XATTR_CAPS_SZ_2);
	chmod("program", 0711);
	CHECK_INT("after chmod", left(), XATTR_CAPS_SZ_2);
	start("a program that its user cannot read", NOBODY, NULL);
	chmod("program", 0755);
	chown("program", 0, 0);
	CHECK_INT("after chown", left(), -ENODATA);
	give(BIT(CAP_NET_RAW), 0, true);
	fd = open("program", O_WRONLY);
	write(fd, "\177", 1);
	CHECK_INT("after a write of root's", left(), -ENODATA);
	close(fd);
	give(BIT(CAP_NET_RAW), 0, true);
	struct stat st;
	stat("program", &st);
	truncate("program", st.st_size);
	CHECK_INT("after truncate", left(), -ENODATA);
	CHECK_ERRNO("an old format", setxattr("program", NAME, &(uint32_t[3]){ VFS_CAP_REVISION_1 }, 12, 0), EINVAL);
	CHECK_ERRNO("too short", setxattr("program", NAME, &three, 8, 0), EINVAL);
	CHECK_ERRNO("format and size differ", setxattr("program", NAME, &three, XATTR_CAPS_SZ_2, 0), EINVAL);
	CHECK_OK("the third format", setxattr("program", NAME, &three, XATTR_CAPS_SZ_3, 0));
	start("of the first namespace", NOBODY, NULL);
	TELL("its size", "%zd", left());
	mkdir("nosuid", 0755);
	mount("none", "nosuid", "tmpfs", MS_NOSUID, NULL);
}

static void copy_self(const char *to)
{
	char part[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);

	for (ssize_t n; (n = read(in, part, sizeof(part))) > 0;)
		write(out, part, (size_t)n);
	close(in);
	close(out);
	chmod(to, 0755);
}

static void not_here(void)
{
	chmod(".", 0755);
	CHECK_OK("into a mount with nosuid", chdir("nosuid"));
	copy_self("program");
	give(BIT(CAP_NET_RAW), 0, true);
	start("there it means nothing", NOBODY, NULL);
	chdir("..");
	umount("nosuid");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--tell"))
		return tell();
	chmod(".", 0755);
	copy_self("program");
	started();
	set_id();
	lost();
	not_here();
	return tap_done();
}
