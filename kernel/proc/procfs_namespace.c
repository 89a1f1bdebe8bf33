/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_namespace.c: /proc/PID/ns: links to namespaces, of which there is one of
 * each kind (docs/decisions/0005). Each is a file that can be opened and compared, with
 * the inode number that the first one has on Linux; made when it is asked for.
 */
#include "proc/internal.h"
#include "proc/procfs.h"
#include <linux/fcntl.h>
#include <linux/sched.h>

const char *const proc_namespaces[] = {
	"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts", NULL,
};

enum { KINDS = 8 };
static const struct { const char *text; unsigned ino, flag; } kind[KINDS] = {
	{ "cgroup:[4026531835]", 4026531835u, CLONE_NEWCGROUP }, { "ipc:[4026531839]", 4026531839u, CLONE_NEWIPC },
	{ "mnt:[4026531841]", 4026531841u, CLONE_NEWNS },        { "net:[4026531840]", 4026531840u, CLONE_NEWNET },
	{ "pid:[4026531836]", 4026531836u, CLONE_NEWPID },       { "time:[4026531834]", 4026531834u, CLONE_NEWTIME },
	{ "user:[4026531837]", 4026531837u, CLONE_NEWUSER },     { "uts:[4026531838]", 4026531838u, CLONE_NEWUTS },
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

unsigned namespace_kind(const struct file *f)
{
	for (unsigned k = 0; f->ops == &namespace_ops && k < KINDS; k++)
		if (f->inode->ino == kind[k].ino)
			return kind[k].flag;
	return 0;
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
