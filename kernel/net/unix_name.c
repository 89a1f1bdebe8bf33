/* SPDX-License-Identifier: MIT */
/*
 * net/unix_name.c: names of Unix sockets. There are three kinds: a path, for which
 * bind(2) makes a file of type S_IFSOCK; an abstract one, any bytes after a zero;
 * none, which is two bytes long.
 *
 * Every socket is in one bucket of one table: by the inode of its path, by its
 * abstract name and type, or without a name by its own address. A bucket's lock
 * guards who is in it; a socket found there is counted under that lock, and leaves
 * the table before its last reference goes.
 */
#include "base/random.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "net/unix.h"
#include "proc/process.h"
#include <linux/fcntl.h>

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

static struct bucket {
	struct spinlock lock; /* rank SOCKET_TABLE */
	struct hlist list;    /* lock */
} table[UNIX_BUCKETS] = {
	[0 ... UNIX_BUCKETS - 1] = { .lock = SPINLOCK_INIT(RANK_SOCKET_TABLE) },
};

static uint64_t seed; /* atomic: set once, at the first name; 0: not yet */

static uint64_t hash_seed(void)
{
	uint64_t none = 0;

	if (!atomic_load(&seed))
		atomic_compare_exchange(&seed, &none, random_u64() | 1);
	return atomic_load(&seed);
}

static unsigned bucket_of_pointer(const void *p)
{
	return hash_ptr(p, 0) % UNIX_BUCKETS;
}

static unsigned bucket_of_abstract(const struct socket_name *name, int type)
{
	return hash_bytes(name->un.sun_path, name->length - PATH_OFFSET, hash_seed() + (unsigned)type) % UNIX_BUCKETS;
}

static bool is_abstract(const struct socket_name *name)
{
	return !name->un.sun_path[0];
}

void unix_table_add(struct unix_socket *u)
{
	struct bucket *b = &table[u->bucket = bucket_of_pointer(u)];

	SPIN_GUARD(&b->lock);
	hlist_add_head(&u->hash, &b->list);
}

void unix_table_remove(struct unix_socket *u)
{
	struct bucket *b = &table[u->bucket];

	SPIN_GUARD(&b->lock);
	hlist_del(&u->hash);
}

unsigned unix_table_list(unsigned i, struct unix_socket **v, unsigned max)
{
	struct unix_socket *u;
	unsigned n = 0;

	SPIN_GUARD(&table[i].lock);
	hlist_for_each_entry(u, &table[i].list, hash) {
		if (n < max) {
			unix_get(u);
			v[n] = u;
		}
		n++;
	}
	return n;
}

static struct unix_socket *find_abstract(struct bucket *b, const struct socket_name *name, int type)
{
	struct unix_socket *u;

	hlist_for_each_entry(u, &b->list, hash) {
		const struct unix_address *a = atomic_load_acquire(&u->address);

		if (u->named && u->base.type == type && a->name.length == name->length &&
		    !memcmp(a->name.un.sun_path, name->un.sun_path, name->length - PATH_OFFSET))
			return u;
	}
	return NULL;
}

static struct unix_socket *find_bound(struct bucket *b, const struct inode *inode)
{
	struct unix_socket *u;

	hlist_for_each_entry(u, &b->list, hash)
		if (u->bound == inode)
			return u;
	return NULL;
}

void unix_address_put(struct unix_address *a)
{
	if (a && refcount_put(&a->refs))
		kfree(a);
}

static struct unix_address *address_create(const struct socket_name *name)
{
	struct unix_address *a = kmalloc(sizeof(*a), ALLOC_KERNEL);

	if (!a)
		return NULL;
	refcount_init(&a->refs, 1);
	a->name = *name;
	a->name.un.sun_family = AF_UNIX;
	return a;
}

int unix_name_check(const struct socket_name *name)
{
	if (name->length <= PATH_OFFSET || name->length > sizeof(struct sockaddr_un) || name->family != AF_UNIX)
		return -EINVAL;
	return 0;
}

/* Only one thread gives a socket its name: the others see that it has one, or will. */
static int bind_begin(struct unix_socket *u)
{
	SPIN_GUARD(&u->base.lock);
	if (u->address || u->binding)
		return -EINVAL;
	u->binding = true;
	return 0;
}

static void bind_end(struct unix_socket *u)
{
	SPIN_GUARD(&u->base.lock);
	u->binding = false;
}

/* From its bucket into the one of its name: -EADDRINUSE if an abstract one is taken. */
static int rehash(struct unix_socket *u, struct unix_address *a, unsigned bucket)
{
	struct bucket *b = &table[bucket];

	unix_table_remove(u);
	spin_lock(&b->lock);
	if (is_abstract(&a->name) && find_abstract(b, &a->name, u->base.type)) {
		spin_unlock(&b->lock);
		unix_table_add(u);
		return -EADDRINUSE;
	}
	u->bucket = bucket;
	u->bound = u->path.dentry ? path_inode(&u->path) : NULL;
	u->named = true;
	atomic_store_release(&u->address, a);
	hlist_add_head(&u->hash, &b->list);
	spin_unlock(&b->lock);
	return 0;
}

static int bind_abstract(struct unix_socket *u, const struct socket_name *name)
{
	struct unix_address *a = address_create(name);
	int error;

	if (!a)
		return -ENOMEM;
	error = rehash(u, a, bucket_of_abstract(name, u->base.type));
	if (error)
		unix_address_put(a);
	return error;
}

/* Names of our own: a zero and five digits. */
static int bind_fresh(struct unix_socket *u)
{
	struct socket_name name = { .length = PATH_OFFSET + 6 };
	uint32_t number = (uint32_t)random_u64();
	int error = -EADDRINUSE;

	for (unsigned tries = 0; error == -EADDRINUSE && tries < 1u << 20; tries++) {
		format(name.un.sun_path + 1, 6, "%05x", number++ & 0xfffff);
		error = bind_abstract(u, &name);
	}
	return error == -EADDRINUSE ? -ENOSPC : error;
}

static int bind_path(struct unix_socket *u, const struct socket_name *given)
{
	uint32_t mode = (u->base.file->inode->mode & 0777) & ~READ_ONCE(task_current()->fs->umask);
	struct socket_name name = *given;
	struct unix_address *a;
	struct task_walk w;
	int error;

	((char *)&name.un)[name.length] = 0;
	name.length = (unsigned)(PATH_OFFSET + strlen(name.un.sun_path) + 1);
	a = address_create(&name);
	if (!a)
		return -ENOMEM;
	error = task_walk_begin(&w, AT_FDCWD, name.un.sun_path, 0);
	if (!error) {
		error = path_make_socket(&w.walk, name.un.sun_path, mode, &u->path);
		task_walk_end(&w);
	}
	if (error)
		unix_address_put(a);
	else
		rehash(u, a, bucket_of_pointer(path_inode(&u->path))); /* its inode is nobody else's */
	return error == -EEXIST ? -EADDRINUSE : error;
}

int unix_bind(struct socket *s, const struct socket_name *name)
{
	struct unix_socket *u = unix_of(s);
	bool any = name->length == PATH_OFFSET && name->family == AF_UNIX;
	int error = any ? 0 : unix_name_check(name);

	if (error)
		return error;
	error = bind_begin(u);
	if (error)
		return any ? 0 : error;
	error = any ? bind_fresh(u) : is_abstract(name) ? bind_abstract(u, name) : bind_path(u, name);
	bind_end(u);
	return error;
}

int unix_bind_any(struct unix_socket *u)
{
	int error;

	if (atomic_load(&u->address) || bind_begin(u))
		return 0;
	error = bind_fresh(u);
	bind_end(u);
	return error;
}

/* Whoever is bound to the inode of a path; counted. */
static int find_path(const char *text, struct unix_socket **out)
{
	struct path path = { NULL, NULL };
	struct task_walk w;
	struct bucket *b;
	int error = task_walk_begin(&w, AT_FDCWD, text, 0);

	if (error)
		return error;
	error = path_lookup(&w.walk, text, &path);
	task_walk_end(&w);
	if (!error)
		error = inode_permission(path_inode(&path), cred_current(), MAY_WRITE);
	if (!error) {
		b = &table[bucket_of_pointer(path_inode(&path))];
		spin_lock(&b->lock);
		*out = find_bound(b, path_inode(&path));
		if (*out)
			unix_get(*out);
		spin_unlock(&b->lock);
		error = *out ? 0 : -ECONNREFUSED;
	}
	path_put(&path);
	return error;
}

int unix_find(const struct socket_name *given, int type, struct unix_socket **out)
{
	struct socket_name name = *given;
	struct bucket *b;
	int error;

	if (is_abstract(&name)) {
		b = &table[bucket_of_abstract(&name, type)];
		SPIN_GUARD(&b->lock);
		*out = find_abstract(b, &name, type);
		if (*out)
			unix_get(*out);
		return *out ? 0 : -ECONNREFUSED;
	}
	((char *)&name.un)[name.length] = 0;
	error = find_path(name.un.sun_path, out);
	if (!error && (*out)->base.type != type) {
		unix_put(*out);
		error = -EPROTOTYPE;
	}
	return error;
}

static void tell_address(const struct unix_address *a, struct socket_name *out)
{
	if (a)
		*out = a->name;
	else
		out->length = sizeof(out->family);
	out->family = AF_UNIX;
}

int unix_get_name(struct socket *s, bool peer, struct socket_name *out)
{
	struct unix_socket *u = unix_of(s), *of = u;

	if (peer) {
		spin_lock(&s->lock);
		of = u->peer;
		if (of)
			unix_get(of);
		spin_unlock(&s->lock);
		if (!of)
			return -ENOTCONN;
	}
	tell_address(atomic_load_acquire(&of->address), out);
	if (peer)
		unix_put(of);
	return 0;
}

void unix_tell_sender(struct unix_socket *sender, struct socket_name *out)
{
	const struct unix_address *a = atomic_load_acquire(&sender->address);

	out->length = 0;
	if (a)
		*out = a->name;
}
