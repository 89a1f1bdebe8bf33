/* SPDX-License-Identifier: MIT */
/*
 * Users, groups, capabilities, securebits, priorities and scheduling: what each
 * call answers, as root and as somebody else. Raw calls: the C library's set-id
 * functions do more.
 */
#include "told.h"
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define CALL(name, ...)                                       \
	({                                                    \
		errno = 0;                                    \
		long r_ = syscall(SYS_##name, ##__VA_ARGS__); \
		r_ == -1 ? -errno : r_;                       \
	})

static void ids(void)
{
	unsigned r = 9, e = 9, s = 9;

	syscall(SYS_getresuid, &r, &e, &s);
	say("%u/%u/%u/%ld ", r, e, s, CALL(setfsuid, -1));
}

static void gids(void)
{
	unsigned r = 9, e = 9, s = 9;

	syscall(SYS_getresgid, &r, &e, &s);
	say("%u/%u/%u/%ld ", r, e, s, CALL(setfsgid, -1));
}

static void caps(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	syscall(SYS_capget, &h, d);
	say("[%x %x %x] ", d[0].effective & 0xffff, d[0].permitted & 0xffff,
	    d[0].inheritable & 0xffff);
}

static void users(void)
{
	TOLD("root", {
		ids();
		gids();
		caps();
	});
	TOLD("setuid as root", {
		say("%ld ", CALL(setuid, 1000));
		ids();
		caps();
		say("%ld", CALL(setuid, 0));
	});
	TOLD("seteuid and back", {
		say("%ld ", CALL(setresuid, -1, 1000, -1));
		ids();
		caps();
		say("%ld ", CALL(setresuid, -1, 0, -1));
		ids();
		caps();
	});
	TOLD("setreuid", {
		say("%ld ", CALL(setreuid, 1000, 1001));
		ids();
		say("%ld ", CALL(setreuid, 1001, 1000));
		ids();
		say("%ld ", CALL(setreuid, -1, 7));
		ids();
	});
	TOLD("setreuid of the same sets no saved one", {
		say("%ld ", CALL(setreuid, -1, 0));
		ids();
	});
	TOLD("setresuid as a user", {
		CALL(setresuid, 1, 2, 3);
		say("%ld ", CALL(setresuid, 3, 1, 2));
		ids();
		say("%ld ", CALL(setresuid, 4, -1, -1));
		ids();
	});
	TOLD("setuid as a user", {
		CALL(setresuid, 1, 2, 3);
		say("%ld ", CALL(setuid, 3));
		ids();
		say("%ld ", CALL(setuid, 2));
		ids();
	});
	TOLD("setuid -1", {
		say("%ld ", CALL(setuid, -1));
		say("%ld ", CALL(setgid, -1));
	});
	TOLD("groups", {
		say("%ld ", CALL(setgid, 5));
		gids();
		say("%ld ", CALL(setregid, 6, 7));
		gids();
		say("%ld ", CALL(setresgid, 8, 9, 10));
		gids();
		CALL(setuid, 1000);
		say("%ld ", CALL(setresgid, 10, 8, 9));
		gids();
		say("%ld ", CALL(setregid, 10, 11));
		gids();
		say("%ld ", CALL(setgid, 77));
		gids();
	});
	TOLD("fsuid", {
		say("%ld ", CALL(setfsuid, 5));
		ids();
		caps();
		say("%ld ", CALL(setfsuid, 0));
		ids();
		caps();
		CALL(setresuid, 1, 2, 3);
		say("%ld ", CALL(setfsuid, 9));
		ids();
		say("%ld ", CALL(setfsuid, 3));
		ids();
	});
	TOLD("supplementary groups", {
		unsigned g[4] = { 30, 10, 20, 10 };

		say("%ld ", CALL(setgroups, 4, g));
		say("%ld ", CALL(getgroups, 0, NULL));
		say("%ld ", CALL(getgroups, 2, g));
		say("%ld ", CALL(getgroups, 4, g));
		say("%u %u %u %u ", g[0], g[1], g[2], g[3]);
		say("%ld ", CALL(getgroups, -1, g));
		say("%ld ", CALL(setgroups, 65537, g));
		say("%ld ", CALL(setgroups, -1, g));
		CALL(setuid, 1000);
		say("%ld ", CALL(setgroups, 0, NULL));
	});
}

static void capabilities(void)
{
	TOLD("keepcaps", {
		say("%ld ", CALL(prctl, PR_GET_KEEPCAPS));
		say("%ld ", CALL(prctl, PR_SET_KEEPCAPS, 1));
		say("%ld ", CALL(prctl, PR_SET_KEEPCAPS, 2));
		CALL(setuid, 1000);
		caps();
		say("%ld ", CALL(prctl, PR_GET_KEEPCAPS));
	});
	TOLD("capset", {
		struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
		struct __user_cap_data_struct d[2] = { { 0xf, 0xff, 0xff }, { 0, 0, 0 } };

		say("%ld ", CALL(capset, &h, d));
		caps();
		d[0].permitted = 0x1ff;
		say("%ld ", CALL(capset, &h, d));
		caps();
		d[0].permitted = 0xf;
		d[0].effective = 0x1f;
		say("%ld ", CALL(capset, &h, d));
		caps();
		h.pid = 1;
		say("%ld ", CALL(capset, &h, d));
		h.version = 7;
		say("%ld %x ", CALL(capget, &h, NULL), h.version);
		h.version = 7;
		say("%ld ", CALL(capget, &h, d));
		h.pid = 31000;
		say("%ld ", CALL(capget, &h, d));
	});
	TOLD("bounding set", {
		say("%ld %ld ", CALL(prctl, PR_CAPBSET_READ, CAP_KILL),
		    CALL(prctl, PR_CAPBSET_READ, 99));
		say("%ld %ld ", CALL(prctl, PR_CAPBSET_DROP, CAP_KILL),
		    CALL(prctl, PR_CAPBSET_READ, CAP_KILL));
		CALL(setuid, 1000);
		say("%ld ", CALL(prctl, PR_CAPBSET_DROP, CAP_CHOWN));
	});
	TOLD("ambient set", {
		struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
		struct __user_cap_data_struct d[2];

		say("%ld ", CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
		syscall(SYS_capget, &h, d);
		d[0].inheritable |= 1 << CAP_KILL;
		say("%ld ", CALL(capset, &h, d));
		say("%ld ", CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
		say("%ld ", CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
		say("%ld ", CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
		say("%ld ", CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
		say("%ld ", CALL(prctl, PR_CAP_AMBIENT, 9, CAP_KILL, 0, 0));
	});
	TOLD("securebits", {
		say("%ld ", CALL(prctl, PR_GET_SECUREBITS));
		say("%ld ", CALL(prctl, PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED));
		say("%ld ", CALL(prctl, PR_SET_SECUREBITS, 0));
		say("%ld ", CALL(prctl, PR_GET_SECUREBITS));
	});
	TOLD("no new privileges", {
		say("%ld ", CALL(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
		say("%ld ", CALL(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
		say("%ld ", CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		say("%ld ", CALL(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	});
	TOLD("dumpable", {
		say("%ld ", CALL(prctl, PR_GET_DUMPABLE));
		say("%ld ", CALL(prctl, PR_SET_DUMPABLE, 2));
		say("%ld ", CALL(prctl, PR_SET_DUMPABLE, 0));
		say("%ld ", CALL(prctl, PR_GET_DUMPABLE));
	});
	TOLD("timer slack", {
		say("%ld ", CALL(prctl, PR_GET_TIMERSLACK));
		say("%ld ", CALL(prctl, PR_SET_TIMERSLACK, 100));
		say("%ld ", CALL(prctl, PR_GET_TIMERSLACK));
		say("%ld ", CALL(prctl, PR_SET_TIMERSLACK, 0));
		say("%ld ", CALL(prctl, PR_GET_TIMERSLACK));
	});
	TOLD("personality", {
		say("%ld %ld %ld ", CALL(personality, 0xffffffff), CALL(personality, 0),
		    CALL(personality, 0xffffffff));
	});
}

static void scheduling(void)
{
	TOLD("policies", {
		struct sched_param p = { 0 };

		say("%ld ", CALL(sched_getscheduler, 0));
		say("%ld ", CALL(sched_getparam, 0, &p));
		say("%d ", p.sched_priority);
		p.sched_priority = 5;
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_FIFO, &p));
		say("%ld ", CALL(sched_getscheduler, 0));
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_OTHER, &p));
		p.sched_priority = 100;
		say("%ld ", CALL(sched_setparam, 0, &p));
		p.sched_priority = 7;
		say("%ld ", CALL(sched_setparam, 0, &p));
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_RR | SCHED_RESET_ON_FORK, &p));
		say("%ld ", CALL(sched_getscheduler, 0));
		p.sched_priority = 0;
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_BATCH, &p));
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_IDLE, &p));
		say("%ld ", CALL(sched_setscheduler, 0, 4, &p));
		say("%ld ", CALL(sched_setscheduler, 0, 99, &p));
		say("%ld ", CALL(sched_setscheduler, 0, -1, &p));
		say("%ld ", CALL(sched_setscheduler, -1, 0, &p));
		say("%ld ", CALL(sched_setscheduler, 31000, 0, &p));
		say("%ld ", CALL(sched_setscheduler, 0, 0, NULL));
	});
	TOLD("policies as a user", {
		struct sched_param p = { 1 };

		CALL(setuid, 1000);
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_FIFO, &p));
		p.sched_priority = 0;
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_BATCH, &p));
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_IDLE, &p));
		say("%ld ", CALL(sched_setscheduler, 1, SCHED_BATCH, &p));
		say("%ld ", CALL(sched_getscheduler, 1));
	});
	for (int policy = 0; policy < 8; policy++)
		TELL("priorities of a policy", "%ld %ld", CALL(sched_get_priority_min, policy),
		     CALL(sched_get_priority_max, policy));
	TOLD("affinity", {
		unsigned long mask[2] = { 0, 0 };

		say("%ld ", CALL(sched_setaffinity, 0, 8, mask));
		mask[0] = 1;
		say("%ld ", CALL(sched_setaffinity, 0, 8, mask));
		mask[0] = 0;
		say("%d ", CALL(sched_getaffinity, 0, 8, mask) > 0);
		say("%lx ", mask[0]);
		say("%ld ", CALL(sched_getaffinity, 0, 7, mask));
		say("%ld ", CALL(sched_getaffinity, 31000, 8, mask));
	});
	TOLD("nice values", {
		say("%ld ", CALL(getpriority, PRIO_PROCESS, 0));
		say("%ld ", CALL(setpriority, PRIO_PROCESS, 0, 30));
		say("%ld ", CALL(getpriority, PRIO_PROCESS, 0));
		say("%ld ", CALL(setpriority, PRIO_PGRP, 0, -3));
		say("%ld ", CALL(getpriority, PRIO_PGRP, 0));
		say("%ld ", CALL(getpriority, 3, 0));
		say("%ld ", CALL(getpriority, PRIO_PROCESS, 31000));
		say("%ld ", CALL(getpriority, PRIO_USER, 4711));
		CALL(setpriority, PRIO_PGRP, 0, 0);
		CALL(setuid, 1000);
		say("%ld ", CALL(setpriority, PRIO_PROCESS, 0, 5));
		say("%ld ", CALL(setpriority, PRIO_PROCESS, 0, 4));
		say("%ld ", CALL(setpriority, PRIO_PROCESS, 1, 5));
	});
	TOLD("sched_getattr", {
		struct {
			unsigned size, policy;
			unsigned long flags;
			int nice;
			unsigned priority;
			unsigned long x[3];
		} a;

		say("%ld ", CALL(sched_getattr, 0, &a, sizeof(a), 0));
		say("%u %u %d %u ", a.size, a.policy, a.nice, a.priority);
		a.nice = 5;
		say("%ld ", CALL(sched_setattr, 0, &a, 0));
		say("%ld ", CALL(getpriority, PRIO_PROCESS, 0));
		say("%ld ", CALL(sched_setattr, 0, &a, 1));
		a.policy = 77;
		say("%ld ", CALL(sched_setattr, 0, &a, 0));
		say("%ld ", CALL(sched_getattr, 0, &a, 40, 0));
		say("%ld ", CALL(sched_getattr, 0, &a, 48, 1));
	});
}

int main(void)
{
	users();
	capabilities();
	scheduling();
	return tap_done();
}
