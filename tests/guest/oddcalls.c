/* SPDX-License-Identifier: MIT */
/*
 * Calls about one processor's memory node, priorities of input and output, comparing
 * processes, quotas, handles, other processes' memory: only the answers are compared,
 * so Linux says what is right.
 */
#include "raw.h"
#include <linux/ioprio.h>
#include <linux/kcmp.h>
#include <linux/mempolicy.h>
#include <linux/quota.h>
#include <sys/eventfd.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <sys/uio.h>

/* As nobody, in a child: the answer through a pipe. */
#define AS_NOBODY(call)                                          \
	({                                                       \
		int p_[2];                                       \
		long got_ = 12345;                               \
		pipe(p_);                                        \
		if (!fork()) {                                   \
			setgid(65534), setuid(65534);            \
			long a_ = (call);                        \
			write(p_[1], &a_, sizeof(a_)), _exit(0); \
		}                                                \
		close(p_[1]), wait(NULL);                        \
		read(p_[0], &got_, sizeof(got_)), close(p_[0]);  \
		got_;                                            \
	})

static char *page;

static void comparing(void)
{
	int a = open("a", O_RDWR | O_CREAT, 0644), b = dup(a), c = open("a", O_RDWR), me = getpid();
	int ep = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN };
	struct { unsigned efd, tfd, toff; } slot = { ep, 0, 0 };
	int ev = eventfd(0, 0);

	epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e);
	slot.tfd = ev;
	SAY("kcmp: files", CALL(kcmp, me, me, KCMP_FILE, a, b), CALL(kcmp, me, me, KCMP_FILE, a, c) > 0);
	SAY("kcmp: order", CALL(kcmp, me, me, KCMP_FILE, a, c) + CALL(kcmp, me, me, KCMP_FILE, c, a));
	SAY("kcmp: bad", CALL(kcmp, me, me, KCMP_FILE, 99, a), CALL(kcmp, me, 999999, 0, 0, 0),
	     CALL(kcmp, me, me, 99, 0, 0), CALL(kcmp, me, me, KCMP_FILE, a, 99));
	SAY("kcmp: self", CALL(kcmp, me, me, KCMP_VM, 0, 0), CALL(kcmp, me, me, KCMP_FILES, 0, 0),
	     CALL(kcmp, me, me, KCMP_FS, 0, 0), CALL(kcmp, me, me, KCMP_SIGHAND, 0, 0),
	     CALL(kcmp, me, me, KCMP_IO, 0, 0), CALL(kcmp, me, me, KCMP_SYSVSEM, 0, 0));
	SAY("kcmp: parent", WEXITSTATUS(IN_CHILD(_exit(CALL(kcmp, me, getpid(), KCMP_VM, 0, 0) > 0))),
	     WEXITSTATUS(IN_CHILD(_exit(CALL(kcmp, me, getpid(), KCMP_FILES, 0, 0) > 0))),
	     WEXITSTATUS(IN_CHILD(_exit(CALL(kcmp, me, getpid(), KCMP_FILE, a, a)))));
	SAY("kcmp: as nobody", AS_NOBODY(CALL(kcmp, me, getpid(), KCMP_VM, 0, 0)),
	     AS_NOBODY(CALL(kcmp, getpid(), getpid(), KCMP_VM, 0, 0)));
	SAY("kcmp: epoll", CALL(kcmp, me, me, KCMP_EPOLL_TFD, ev, &slot), CALL(kcmp, me, me, KCMP_EPOLL_TFD, a, &slot) != 0);
	slot.tfd = a;
	SAY("kcmp: epoll, not watched", CALL(kcmp, me, me, KCMP_EPOLL_TFD, ev, &slot), CALL(kcmp, me, me, KCMP_EPOLL_TFD, ev, 8));
	close(a), close(b), close(c), close(ep), close(ev);
}

static void io_priority(void)
{
	SAY("ioprio_get", CALL(ioprio_get, 1, 0), CALL(ioprio_get, 2, 0), AS_NOBODY(CALL(ioprio_get, 3, 0)),
	     CALL(ioprio_get, 4, 0), CALL(ioprio_get, 1, 999999));
	SAY("ioprio_set: classes", CALL(ioprio_set, 1, 0, 2 << 13 | 3), CALL(ioprio_set, 1, 0, 2 << 13 | 8),
	     CALL(ioprio_set, 1, 0, 4 << 13), CALL(ioprio_set, 1, 0, 1), CALL(ioprio_set, 1, 0, 3 << 13 | 7),
	     CALL(ioprio_set, 1, 0, 1 << 13 | 8));
	SAY("ioprio_get after", CALL(ioprio_get, 1, 0));
	SAY("ioprio_set real-time", CALL(ioprio_set, 1, 0, 1 << 13 | 2), CALL(ioprio_get, 1, 0),
	     AS_NOBODY(CALL(ioprio_set, 1, 0, 1 << 13)));
	SAY("fork hands it down", WEXITSTATUS(IN_CHILD(_exit(CALL(ioprio_get, 1, 0) & 255))));
	SAY("ioprio_set nobody", AS_NOBODY(CALL(ioprio_set, 1, 1, 2 << 13)), AS_NOBODY(CALL(ioprio_set, 1, 0, 3 << 13)),
	     AS_NOBODY(CALL(ioprio_get, 1, 1)));
	SAY("ioprio_set: whom", CALL(ioprio_set, 4, 0, 0), CALL(ioprio_set, 1, 999999, 0),
	     CALL(ioprio_set, 2, 999999, 0), CALL(ioprio_set, 3, 54321, 0));
	SAY("ioprio: none again", CALL(ioprio_set, 1, 0, 0), CALL(ioprio_get, 1, 0));
	setpriority(PRIO_PROCESS, 0, -20);
	SAY("ioprio follows nice", CALL(ioprio_get, 1, 0));
	setpriority(PRIO_PROCESS, 0, 0);
}

static void nodes(void)
{
	unsigned long one[2] = { 1, 0 }, two[2] = { 2, 0 }, none[2] = { 0, 0 }, m[16];
	int mode = 77, where = 77, to = 0, far = 5;
	void *pages[3] = { page, (void *)8, page + 4096 };
	int status[3] = { 77, 77, 77 };

	memset(page, 1, 4096);
	memset(m, 0xff, sizeof(m));
	SAY("get_mempolicy", CALL(get_mempolicy, &mode, m, 1024, 0, 0), mode, m[0], m[15]);
	memset(m, 0xff, sizeof(m));
	SAY("get_mempolicy: allowed", CALL(get_mempolicy, NULL, m, 1024, 0, MPOL_F_MEMS_ALLOWED), m[0]);
	SAY("get_mempolicy: which node", CALL(get_mempolicy, &where, NULL, 0, page, MPOL_F_NODE | MPOL_F_ADDR), where);
	SAY("get_mempolicy: bad", CALL(get_mempolicy, &mode, NULL, 0, 0, 8), CALL(get_mempolicy, &mode, NULL, 0, page, 0),
	     CALL(get_mempolicy, &mode, NULL, 0, 0, MPOL_F_ADDR), CALL(get_mempolicy, &mode, NULL, 0, 0, MPOL_F_NODE),
	     CALL(get_mempolicy, 8, NULL, 0, 0, 0), CALL(get_mempolicy, &mode, m, 0, 0, 0));
	SAY("get_mempolicy: small mask", CALL(get_mempolicy, &mode, m, 1, 0, 0), CALL(get_mempolicy, NULL, m, 64, 0, MPOL_F_MEMS_ALLOWED | MPOL_F_ADDR));
	SAY("set_mempolicy", CALL(set_mempolicy, MPOL_BIND, one, 64), CALL(set_mempolicy, MPOL_PREFERRED, one, 64),
	     CALL(set_mempolicy, MPOL_INTERLEAVE, one, 64), CALL(set_mempolicy, MPOL_PREFERRED, NULL, 0));
	CALL(set_mempolicy, MPOL_BIND, one, 64);
	memset(m, 0xff, sizeof(m));
	SAY("get_mempolicy after", CALL(get_mempolicy, &mode, m, 64, 0, 0), mode, m[0]);
	SAY("fork hands it down", WEXITSTATUS(IN_CHILD(int x = 9; CALL(get_mempolicy, &x, NULL, 0, 0, 0); _exit(x))));
	SAY("set_mempolicy: bad", CALL(set_mempolicy, MPOL_BIND, none, 64), CALL(set_mempolicy, MPOL_BIND, two, 64),
	     CALL(set_mempolicy, 99, one, 64), CALL(set_mempolicy, MPOL_DEFAULT, one, 64), CALL(set_mempolicy, MPOL_BIND, 8, 64),
	     CALL(set_mempolicy, MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, one, 64), CALL(set_mempolicy, MPOL_LOCAL, one, 64));
	SAY("set_mempolicy: flags", CALL(set_mempolicy, MPOL_BIND | MPOL_F_STATIC_NODES, one, 64),
	     CALL(get_mempolicy, &mode, NULL, 0, 0, 0), (long)mode);
	SAY("set_mempolicy: wide masks", CALL(set_mempolicy, MPOL_BIND, two, 2), CALL(set_mempolicy, MPOL_BIND, one, 40000),
	     CALL(set_mempolicy, MPOL_BIND, one, 0));
	SAY("set_mempolicy: local and default", CALL(set_mempolicy, MPOL_LOCAL, NULL, 0), CALL(set_mempolicy, MPOL_DEFAULT, NULL, 0),
	     CALL(get_mempolicy, &mode, NULL, 0, 0, 0), mode);
	SAY("mbind", CALL(mbind, page, 8192, MPOL_BIND, one, 64, 0), CALL(mbind, page, 8192, MPOL_BIND, one, 64, MPOL_MF_STRICT | MPOL_MF_MOVE),
	     CALL(mbind, page, 0, MPOL_BIND, one, 64, 0));
	SAY("get_mempolicy of an address", CALL(get_mempolicy, NULL, NULL, 0, page, MPOL_F_ADDR));
	SAY("mbind: bad", CALL(mbind, page + 1, 4096, MPOL_BIND, one, 64, 0), CALL(mbind, page, 4096, MPOL_BIND, two, 64, 0),
	     CALL(mbind, page, 4096, MPOL_BIND, one, 64, 64), CALL(mbind, 0x1000, 4096, MPOL_BIND, one, 64, 0),
	     CALL(mbind, page, 4096, 99, one, 64, 0), CALL(mbind, page, -4096L, MPOL_BIND, one, 64, 0));
	SAY("mbind: default", CALL(mbind, page, 8192, MPOL_DEFAULT, NULL, 0, 0), AS_NOBODY(CALL(mbind, page, 4096, MPOL_BIND, one, 64, MPOL_MF_MOVE_ALL)));
	SAY("set_mempolicy_home_node", CALL(set_mempolicy_home_node, page, 4096, 0, 0), CALL(set_mempolicy_home_node, page, 4096, 3, 0),
	     CALL(set_mempolicy_home_node, page, 4096, 0, 1), CALL(set_mempolicy_home_node, page + 1, 4096, 0, 0), CALL(set_mempolicy_home_node, page, 0, 0, 0));
	SAY("migrate_pages", CALL(migrate_pages, 0, 64, one, one), CALL(migrate_pages, 999999, 64, one, one),
	     CALL(migrate_pages, 0, 64, one, two), CALL(migrate_pages, 0, 64, 8, one));
	SAY("migrate_pages: more", CALL(migrate_pages, 0, 64, one, none), AS_NOBODY(CALL(migrate_pages, 1, 64, one, one)), CALL(migrate_pages, 0, 0, one, one));
	SAY("move_pages: where", CALL(move_pages, 0, 3, pages, NULL, status, 0), status[0], status[1], status[2]);
	int nodes_[3] = { to, to, to }, fars[3] = { far, to, to };
	status[0] = status[1] = status[2] = 77;
	SAY("move_pages", CALL(move_pages, 0, 3, pages, nodes_, status, MPOL_MF_MOVE), status[0], status[1], status[2]);
	SAY("move_pages: bad", CALL(move_pages, 0, 1, pages, fars, status, MPOL_MF_MOVE), CALL(move_pages, 0, 1, pages, NULL, status, 1),
	     CALL(move_pages, 999999, 1, pages, NULL, status, 0), CALL(move_pages, 0, 1, 8, NULL, status, 0), CALL(move_pages, 0, 1, pages, NULL, 8, 0));
	SAY("move_pages: others", AS_NOBODY(CALL(move_pages, 1, 1, pages, NULL, status, 0)), AS_NOBODY(CALL(move_pages, 0, 1, pages, NULL, status, MPOL_MF_MOVE_ALL)), CALL(move_pages, 0, 0, NULL, NULL, NULL, 0));
}

static void others_memory(void)
{
	char text[64] = "0123456789", got[64] = "";
	struct iovec l[2] = { { got, 4 }, { got + 8, 4 } }, r[2] = { { text, 3 }, { text + 5, 5 } }, bad[2] = { { text, 2 }, { (void *)8, 2 } };
	int me = getpid();

	TELL("process_vm_readv", "%ld %s %s", CALL(process_vm_readv, me, l, 2, r, 2, 0), got, got + 8);
	TELL("process_vm_writev", "%ld %s", CALL(process_vm_writev, me, l, 1, r, 1, 0), text);
	SAY("process_vm: part", CALL(process_vm_readv, me, l, 2, bad, 2, 0), CALL(process_vm_readv, me, l, 2, bad + 1, 1, 0));
	SAY("process_vm: bad", CALL(process_vm_readv, me, l, 1, r, 1, 1), CALL(process_vm_readv, 999999, l, 1, r, 1, 0),
	     CALL(process_vm_readv, me, l, 1025, r, 1, 0), CALL(process_vm_readv, me, l, 1, r, 1025, 0), CALL(process_vm_readv, me, 8, 1, r, 1, 0));
	SAY("process_vm: nothing", CALL(process_vm_readv, me, l, 0, r, 1, 0), CALL(process_vm_readv, me, l, 1, r, 0, 0));
	SAY("process_vm: nobody", AS_NOBODY(CALL(process_vm_readv, me, l, 1, r, 1, 0)));
	SAY("process_vm: a child", WEXITSTATUS(IN_CHILD(strcpy(text, "x"); got[0] = 0; CALL(process_vm_readv, getppid(), l, 1, r, 1, 0); _exit(got[0]))));
}

static void handles(void)
{
	struct { struct file_handle h; unsigned char bytes[128]; } h = { .h.handle_bytes = 0 };
	int id = -1, dir = open(".", O_RDONLY);

	file_write("named", "handle");
	SAY("name_to_handle_at: size", CALL(name_to_handle_at, AT_FDCWD, "named", &h, &id, 0), h.h.handle_bytes);
	SAY("name_to_handle_at", CALL(name_to_handle_at, AT_FDCWD, "named", &h, &id, 0), h.h.handle_bytes, h.h.handle_type);
	SAY("open_by_handle_at: nobody", AS_NOBODY(CALL(open_by_handle_at, dir, &h, O_RDONLY)));
	unlink("named");
	SAY("open_by_handle_at: removed", CALL(open_by_handle_at, dir, &h, O_RDONLY));
	h.h.handle_bytes = 129;
	SAY("handles: bad", CALL(name_to_handle_at, AT_FDCWD, "named", &h, &id, 0), CALL(open_by_handle_at, dir, &h, 0),
	     CALL(name_to_handle_at, AT_FDCWD, ".", &h, &id, 0), CALL(name_to_handle_at, AT_FDCWD, ".", &h, &id, 64));
	h.h.handle_bytes = 0;
	SAY("handles: more", CALL(open_by_handle_at, dir, &h, 0), CALL(name_to_handle_at, AT_FDCWD, "/proc/self/stat", &h, &id, 0), CALL(open_by_handle_at, 99, &h, 0));
	close(dir);
}

static void quotas(void)
{
	char buf[256];

#define Q(cmd, type) (long)QCMD(cmd, type)
	SAY("quotactl: sync all", CALL(quotactl, Q(Q_SYNC, 0), NULL, 0, NULL));
	SAY("quotactl: type", CALL(quotactl, Q(Q_GETQUOTA, 5), NULL, 0, buf), CALL(quotactl, Q(Q_GETQUOTA, 0), NULL, 0, buf));
	SAY("quotactl: no device", CALL(quotactl, Q(Q_GETQUOTA, 0), "/", 0, buf), CALL(quotactl, Q(Q_GETQUOTA, 0), "/nothing", 0, buf), CALL(quotactl, Q(Q_GETQUOTA, 0), "/dev/null", 0, buf));
	SAY("quotactl: strings", CALL(quotactl, Q(Q_GETQUOTA, 0), 8, 0, buf), AS_NOBODY(CALL(quotactl, Q(Q_SETQUOTA, 0), "/", 0, buf)));
	int fd = open(".", O_RDONLY);
	SAY("quotactl_fd", CALL(quotactl_fd, fd, Q(Q_GETQUOTA, 0), 0, buf), CALL(quotactl_fd, 99, Q(Q_GETQUOTA, 0), 0, buf),
	     CALL(quotactl_fd, fd, Q(Q_GETQUOTA, 5), 0, buf), CALL(quotactl_fd, fd, Q(Q_SYNC, 0), 0, buf));
	close(fd);
}

static void old_ones(void)
{
	char buf[256] = "";
	struct stat st;

	SAY("sysfs", CALL(sysfs, 4), CALL(sysfs, 1, "nosuchfs"), CALL(sysfs, 1, 8), CALL(sysfs, 2, 9999, buf));
	long number = CALL(sysfs, 1, "tmpfs");
	TELL("sysfs: there and back", "%ld %s", CALL(sysfs, 2, number, buf), buf);
	SAY("sysfs: bad buffer", CALL(sysfs, 2, 0, 8), CALL(sysfs, 3) > 3);
	stat(".", &st);
	SAY("ustat", CALL(ustat, (unsigned)st.st_dev, buf), CALL(ustat, 0x7777, buf), CALL(ustat, (unsigned)st.st_dev, 8));
	SAY("vhangup: nobody", AS_NOBODY(CALL(vhangup)));
	SAY("vhangup: no terminal", WEXITSTATUS(IN_CHILD(setsid(); _exit(-CALL(vhangup)))));
	SAY("lookup_dcookie", CALL(lookup_dcookie, 1UL, buf, 64), AS_NOBODY(CALL(lookup_dcookie, 1UL, buf, 64)));
	SAY("modules, nobody", AS_NOBODY(CALL(init_module, buf, 10, "")), AS_NOBODY(CALL(finit_module, 0, "", 0)), AS_NOBODY(CALL(delete_module, "x", 0)));
	SAY("kexec, nobody", AS_NOBODY(CALL(kexec_load, 0, 0, NULL, 0)), AS_NOBODY(CALL(kexec_file_load, 0, 0, 0, NULL, 0)));
	SAY("memfd_secret", CALL(memfd_secret, 0));
	SAY("bpf, userfaultfd, perf, nobody", AS_NOBODY(CALL(bpf, 0, buf, 16)), AS_NOBODY(CALL(userfaultfd, 0)), AS_NOBODY(CALL(perf_event_open, buf, 0, -1, -1, 0)));
	SAY("fanotify, nobody", AS_NOBODY(CALL(fanotify_init, 0, 0)));
	SAY("setns", CALL(setns, 99, 0), CALL(setns, 0, 0));
	SAY("personality", CALL(personality, 0xffffffff), CALL(personality, 0x0040000), CALL(personality, 0xffffffff));
	SAY("personality: old, odd", CALL(personality, 8), CALL(personality, 0x12), CALL(personality, 0));
	SAY("uselib and the like", CALL(uselib, "x"), CALL(_sysctl, 0), CALL(nfsservctl));
}

static void clocks(void)
{
	struct timex t = { .modes = 0 };
	long a = CALL(clock_adjtime, CLOCK_REALTIME, &t);

	SAY("clock_adjtime", a, t.status, t.tick, t.tai);
	SAY("clock_adjtime: bad", CALL(clock_adjtime, CLOCK_MONOTONIC, &t), CALL(clock_adjtime, 99, &t), CALL(clock_adjtime, CLOCK_REALTIME, 8), CALL(clock_adjtime, CLOCK_PROCESS_CPUTIME_ID, &t));
	t = (struct timex){ .modes = ADJ_TICK, .tick = 9000 };
	SAY("adjtimex: tick", CALL(adjtimex, &t), t.tick);
	t = (struct timex){ .modes = ADJ_TICK, .tick = 1 };
	SAY("adjtimex: wild tick", CALL(adjtimex, &t));
	t = (struct timex){ .modes = ADJ_TICK, .tick = 10000 };
	SAY("adjtimex: tick back", CALL(adjtimex, &t), t.tick);
	t = (struct timex){ .modes = ADJ_FREQUENCY, .freq = 65536 };
	SAY("adjtimex: frequency", CALL(adjtimex, &t), t.freq);
	t = (struct timex){ .modes = ADJ_FREQUENCY, .freq = 0 };
	CALL(adjtimex, &t);
	t = (struct timex){ .modes = ADJ_SETOFFSET | ADJ_NANO, .time = { 0, 2000000000 } };
	SAY("adjtimex: offset", CALL(adjtimex, &t));
	t = (struct timex){ .modes = ADJ_TAI, .constant = 37 };
	SAY("adjtimex: tai", CALL(adjtimex, &t), t.tai);
	t = (struct timex){ .modes = ADJ_TAI, .constant = 0 };
	CALL(adjtimex, &t);
	t = (struct timex){ .modes = ADJ_STATUS, .status = 0 };
	SAY("adjtimex: synchronised", CALL(adjtimex, &t), t.status);
	t = (struct timex){ .modes = ADJ_STATUS, .status = STA_UNSYNC };
	SAY("adjtimex: not any more", CALL(adjtimex, &t), t.status);
	SAY("adjtimex: nobody", AS_NOBODY((t.modes = 0, CALL(adjtimex, &t))), AS_NOBODY((t.modes = ADJ_TICK, CALL(adjtimex, &t))));
}

static void advice(void)
{
	struct iovec v[2] = { { page, 4096 }, { page + 4096, 4096 } }, odd = { page + 1, 4096 };
	int me = (int)CALL(pidfd_open, getpid(), 0);

	SAY("process_madvise", CALL(process_madvise, me, v, 2, MADV_COLD, 0), CALL(process_madvise, me, v, 2, MADV_PAGEOUT, 0), CALL(process_madvise, me, v, 2, MADV_WILLNEED, 0));
	SAY("process_madvise: bad", CALL(process_madvise, me, v, 2, MADV_DONTNEED, 0), CALL(process_madvise, me, v, 2, MADV_COLD, 1), CALL(process_madvise, 99, v, 2, MADV_COLD, 0),
	     CALL(process_madvise, me, &odd, 1, MADV_COLD, 0), CALL(process_madvise, me, 8, 1, MADV_COLD, 0), CALL(process_madvise, 0, v, 1, MADV_COLD, 0));
	SAY("process_mrelease", CALL(process_mrelease, me, 0), CALL(process_mrelease, me, 1), CALL(process_mrelease, 99, 0));
	close(me);
	char *m = mmap(NULL, 4096 * 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	m[0] = 'a', m[4096] = 'b', m[8192] = 'c', m[3 * 4096] = 'd';
	SAY("remap_file_pages", CALL(remap_file_pages, m, 4096, 0, 2, 0), m[0], m[4096], m[8192]);
	SAY("remap_file_pages: bad", CALL(remap_file_pages, m, 4096, 1, 0, 0), CALL(remap_file_pages, page, 4096, 0, 0, 0), CALL(remap_file_pages, 0x1000, 4096, 0, 0, 0), CALL(remap_file_pages, m + 4096, 0, 0, 0, 0));
	munmap(m, 4096 * 4);
	SAY("pkey_free, pkey_mprotect", CALL(pkey_free, 9), CALL(pkey_mprotect, page, 4096, PROT_READ | PROT_WRITE, -1), CALL(pkey_mprotect, page, 4096, PROT_READ, 9));
	SAY("pkey_alloc: bad", CALL(pkey_alloc, 1, 0), CALL(pkey_alloc, 0, 99));
}

int main(void)
{
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	comparing();
	io_priority();
	nodes();
	others_memory();
	handles();
	quotas();
	old_ones();
	clocks();
	advice();
	return tap_done();
}
