/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_namespace.c: /proc/PID/ns: links to namespaces, of which there is one of
 * each kind (docs/decisions/0005). Each is a file that can be opened and compared, with
 * the inode number that the first one has on Linux; made when it is asked for.
 */
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/procfs.h"
#include <linux/fcntl.h>

const char *const proc_namespaces[] = {
	"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts", NULL,
};

enum { KINDS = 8 };
static const struct { const char *text; unsigned ino; } kind[KINDS] = {
	{ "cgroup:[4026531835]", 4026531835u }, { "ipc:[4026531839]", 4026531839u }, { "mnt:[4026531841]", 4026531841u },
	{ "net:[4026531840]", 4026531840u },	{ "pid:[4026531836]", 4026531836u }, { "time:[4026531834]", 4026531834u },
	{ "user:[4026531837]", 4026531837u },	{ "uts:[4026531838]", 4026531838u },
};
static const uint8_t kind_of[] = { 0, 1, 2, 3, 4, 4, 5, 5, 6, 7 };

static struct mutex lock = MUTEX_INIT(lock, RANK_SLEEP_LEAF);
static struct file *file[KINDS]; /* lock; for good once there */

static const struct file_ops namespace_ops = { 0 };

static int make(unsigned k)
{
	struct inode *i = inode_create_anonymous(S_IFREG | 0444, &cred_root);
	int error;

	if (!i)
		return -ENOMEM;
	i->ino = kind[k].ino; /* nobody has seen it yet */
	i->file_ops = &namespace_ops;
	error = file_create_inode(i, kind[k].text, &namespace_ops, NULL, O_RDONLY, &file[k]);
	inode_put(i);
	return error;
}

bool namespace_file_is(const struct file *f, const char *which)
{
	return f->ops == &namespace_ops && str_has_prefix(f->path.dentry->name, which) &&
	       f->path.dentry->name[strlen(which)] == ':';
}

int proc_link_namespace(void *task, int number, struct path *out)
{
	unsigned k = kind_of[number];
	int error = 0;

	MUTEX_GUARD(&lock);
	if (!file[k])
		error = make(k);
	if (error)
		return error;
	*out = file[k]->path;
	path_get(out);
	return 0;
}
