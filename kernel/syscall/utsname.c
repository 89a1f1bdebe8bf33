/* SPDX-License-Identifier: MIT */
/*
 * syscall/utsname.c: what the system calls itself: uname(2), the names that can
 * be set, and the same under /proc.
 */
#include "base/version.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "sched/mutex.h"
#include "proc/coredump.h"
#include "syscall/syscall.h"
#include <linux/capability.h>
#include <linux/utsname.h>

static struct mutex names_lock = MUTEX_INIT(names_lock, RANK_SLEEP_LEAF);

/* names_lock for nodename and domainname; the rest immutable. Programs look at the release. */
static struct new_utsname names = {
	.sysname = VERSION_SYSTEM,
	.nodename = "(none)",
	.release = VERSION_RELEASE,
	.version = VERSION_BUILD,
	.machine = VERSION_MACHINE,
	.domainname = "(none)",
};

static void names_copy(struct new_utsname *to)
{
	MUTEX_GUARD(&names_lock);
	*to = names;
}

SYSCALL1(uname, uaddr_t, to)
{
	struct new_utsname copy;

	names_copy(&copy);
	return put_user_struct(to, copy);
}

static struct waitq hostname_wait = WAITQ_INIT(hostname_wait), domainname_wait = WAITQ_INIT(domainname_wait);
static uint32_t hostname_count, domainname_count; /* atomic: how often it was set */
static const struct proc_changes hostname_changes = { &hostname_wait, &hostname_count };
static const struct proc_changes domainname_changes = { &domainname_wait, &domainname_count };

static void name_set(char *which, const char *text, size_t n)
{
	bool host = which == names.nodename;

	mutex_lock(&names_lock);
	memset(which, 0, sizeof(names.nodename));
	memcpy(which, text, n);
	mutex_unlock(&names_lock);
	atomic_inc(host ? &hostname_count : &domainname_count);
	waitq_wake_all(host ? &hostname_wait : &domainname_wait);
}

static int64_t name_set_user(char *which, uaddr_t from, int n)
{
	char text[__NEW_UTS_LEN];

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (n < 0 || n > __NEW_UTS_LEN)
		return -EINVAL;
	if (copy_from_user(text, from, (size_t)n))
		return -EFAULT;
	name_set(which, text, (size_t)n);
	return 0;
}

SYSCALL2(sethostname, uaddr_t, from, int, n)
{
	return name_set_user(names.nodename, from, n);
}

SYSCALL2(setdomainname, uaddr_t, from, int, n)
{
	return name_set_user(names.domainname, from, n);
}

static int show_name(struct text *t, const char *name)
{
	char copy[__NEW_UTS_LEN + 1];

	mutex_lock(&names_lock);
	memcpy(copy, name, sizeof(copy));
	mutex_unlock(&names_lock);
	text_printf(t, "%s\n", copy);
	return 0;
}

static int store_name(char *name, const char *buf, size_t n)
{
	const char *end = memchr(buf, '\n', n);

	name_set(name, buf, min_t(size_t, end ? (size_t)(end - buf) : n, __NEW_UTS_LEN));
	return 0;
}

static int show_hostname(struct text *t) { return show_name(t, names.nodename); }
static int show_domainname(struct text *t) { return show_name(t, names.domainname); }
static int store_hostname(const char *buf, size_t n) { return store_name(names.nodename, buf, n); }
static int store_domainname(const char *buf, size_t n) { return store_name(names.domainname, buf, n); }
static int show_ostype(struct text *t) { return show_name(t, names.sysname); }
static int show_osrelease(struct text *t) { return show_name(t, names.release); }
static int show_osversion(struct text *t) { return show_name(t, names.version); }

static void node_name(char *buf, size_t size)
{
	mutex_lock(&names_lock);
	strscpy(buf, names.nodename, size);
	mutex_unlock(&names_lock);
}

void utsname_init(void)
{
	core_set_host_name(node_name);
}

static int show_version(struct text *t)
{
	text_printf(t, "%s version %s (%s) %s\n", names.sysname, names.release, __VERSION__, names.version);
	return 0;
}

TABLE_ENTRY(proc_entries, struct proc_entry, version) = { "version", 0444, show_version, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, hostname) = { "sys/kernel/hostname", 0644, show_hostname, store_hostname };
TABLE_ENTRY(proc_entries, struct proc_entry, domainname) = { "sys/kernel/domainname", 0644, show_domainname, store_domainname };
TABLE_ENTRY(proc_watched, struct proc_watched, hostname) = { "sys/kernel/hostname", &hostname_changes };
TABLE_ENTRY(proc_watched, struct proc_watched, domainname) = { "sys/kernel/domainname", &domainname_changes };
TABLE_ENTRY(proc_entries, struct proc_entry, ostype) = { "sys/kernel/ostype", 0444, show_ostype, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, osrelease) = { "sys/kernel/osrelease", 0444, show_osrelease, NULL };
TABLE_ENTRY(proc_entries, struct proc_entry, osversion) = { "sys/kernel/version", 0444, show_osversion, NULL };
