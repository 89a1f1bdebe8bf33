/* SPDX-License-Identifier: MIT */
/*
 * net/rights.c: files on their way in messages, and who is charged for them.
 *
 * A user's files in flight are counted in the sender's account.
 *
 * Dropping a file may close a socket, whose queue holds more files, and so on, as
 * deep as a program likes to build it. So only the first rights_free() of a thread
 * drops files; what is freed beneath it goes to the end of its list.
 */
#include "lib/errno.h"
#include "mem/slab.h"
#include "net/control.h"
#include "proc/process.h"
#include <linux/capability.h>

struct rights *rights_grow(struct rights *r, unsigned count)
{
	bool fresh = !r;

	r = krealloc(r, sizeof(*r) + count * sizeof(r->file[0]), ALLOC_KERNEL);
	if (r && fresh)
		*r = (struct rights){ .count = 0 };
	return r;
}

static bool carries_rights(const struct file *f)
{
	const struct socket *s = socket_of_file(f);

	return s && s->family == AF_UNIX;
}

int rights_launch(struct rights *r)
{
	const struct cred *c = cred_current();
	bool free = cred_capable(c, CAP_SYS_RESOURCE) || cred_capable(c, CAP_SYS_ADMIN);

	r->account = task_current()->account;
	if (!account_add_files(r->account, r->count, free ? UINT64_MAX : process_limit(RLIMIT_NOFILE)))
		return -ETOOMANYREFS;
	r->flying = true;
	for (unsigned i = 0; i < r->count; i++) {
		if (carries_rights(r->file[i])) {
			collect_launch(r->file[i]);
			r->sockets = true;
		}
	}
	return 0;
}

void rights_land(struct rights *r)
{
	for (unsigned i = 0; r->sockets && i < r->count; i++)
		if (carries_rights(r->file[i]))
			collect_land(r->file[i]);
	r->flying = r->sockets = false;
	account_drop_files(r->account, r->count);
}

static void drop(struct rights *r)
{
	if (r->flying)
		rights_land(r);
	for (unsigned i = 0; i < r->count; i++)
		file_put(r->file[i]);
	kfree(r);
}

void rights_free(struct rights *r)
{
	struct thread *t = thread_current();
	struct list todo = LIST_INIT(todo), *next;

	if (!r)
		return;
	might_sleep();
	if (t->dropping) {
		list_add_tail(&r->link, t->dropping);
		return;
	}
	t->dropping = &todo;
	list_add_tail(&r->link, &todo);
	while ((next = list_pop_first(&todo)) != NULL)
		drop(list_entry(next, struct rights, link));
	t->dropping = NULL;
}
