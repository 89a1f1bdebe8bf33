/* SPDX-License-Identifier: MIT */
/*
 * proc/ipc/shm.c: shared memory: shmget(2), shmop(2), shmctl(2). A segment is an
 * unnamed file in memory. Each attachment opens a file of its own on that, so that
 * the areas that map it are known as an attachment: their number is counted by
 * the file's area_count(), which fork, exit, mremap and the like go through.
 *
 * A segment that was removed while attached stays, without a key, until the last
 * area goes (SHM_DEST). Who is about to attach counts as an area.
 *
 * A segment's size counts against what all may have (shmall) and as memory promised.
 */
#include "fs/memfd.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/account.h"
#include "proc/ipc/ipc.h"
#include "proc/ipc/sysv.h"
#include "vm/areas.h"
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/shm.h>

#define SHM_DEST   01000 /* <sys/shm.h>, in the mode: removed at the last detach */
#define SHM_LOCKED 02000

struct shm_segment {
	struct ipc_object object; /* first */
	struct inode *inode;      /* immutable, counted */
	size_t size;              /* immutable: bytes, as asked for */
	bool promised;            /* immutable: counted as memory promised */
	int creator_pid;          /* immutable */
	int last_pid;             /* object's lock, as all that follows */
	unsigned long attached;   /* areas that map it, and threads that are about to */
	struct account *locked_by; /* SHM_LOCK: who pays for it */
	int64_t attached_at, detached_at, changed;
};

static struct ipc_table shm_table;
static uint64_t all_pages;        /* atomic: of all segments */

/* What shmget(2) wants. */
struct wanted {
	size_t size;
	int flags;
};

static struct shm_segment *segment_of(struct ipc_object *o)
{
	return container_of(o, struct shm_segment, object);
}

static uint64_t pages_of(size_t size)
{
	return (size >> PAGE_SHIFT) + (size % PAGE_SIZE != 0);
}

/* Large pages: there is no pool of any, of two sizes; others than the administrator may not even ask. */
static int refuse_huge(int flags)
{
	unsigned shift = (unsigned)flags >> SHM_HUGE_SHIFT & SHM_HUGE_MASK;

	if (shift && shift != 21 && shift != 30)
		return -EINVAL;
	return cred_capable(cred_current(), CAP_IPC_LOCK) || cred_in_group(cred_current(), 0) ? -ENOMEM : -EPERM;
}

static int check_wanted(const struct wanted *w)
{
	if (w->size < SHMMIN || w->size > atomic_load(&ipc_settings.shmmax))
		return -EINVAL;
	if (w->flags & SHM_HUGETLB)
		return refuse_huge(w->flags);
	return w->size > INT64_MAX - PAGE_SIZE ? -EINVAL : 0;
}

/* Counts the pages of a new segment. promise: as memory promised too. -ENOSPC, -ENOMEM. */
static int count_pages(uint64_t pages, bool promise)
{
	if (atomic_add_return(&all_pages, pages) > atomic_load(&ipc_settings.shmall)) {
		atomic_sub(&all_pages, pages);
		return -ENOSPC;
	}
	if (promise && commit_charge((int64_t)pages)) {
		atomic_sub(&all_pages, pages);
		return -ENOMEM;
	}
	return 0;
}

static void uncount_pages(uint64_t pages, bool promised)
{
	atomic_sub(&all_pages, pages);
	if (promised)
		commit_uncharge((int64_t)pages);
}

static int create(const void *arg, struct ipc_object **out)
{
	const struct wanted *w = arg;
	bool promise = !(w->flags & SHM_NORESERVE) || atomic_load(&vm_commit.mode) == COMMIT_NEVER;
	struct shm_segment *s;
	int error = check_wanted(w);

	if (error)
		return error;
	s = kzalloc(sizeof(*s), ALLOC_KERNEL);
	if (!s)
		return -ENOMEM;
	error = count_pages(pages_of(w->size), promise);
	if (error)
		goto out;
	error = memory_inode_create(cred_current(), align_up(w->size, PAGE_SIZE), &s->inode);
	if (error) {
		uncount_pages(pages_of(w->size), promise);
		goto out;
	}
	ipc_init(&s->object);
	s->size = w->size;
	s->promised = promise;
	s->creator_pid = ipc_pid();
	s->changed = ipc_now();
	*out = &s->object;
	return 0;
out:
	kfree(s);
	return error;
}

static int fits(struct ipc_object *o, const void *arg)
{
	return ((const struct wanted *)arg)->size > segment_of(o)->size ? -EINVAL : 0;
}

static void unlock(struct shm_segment *s)
{
	if (s->locked_by)
		account_uncharge(s->locked_by, ACCOUNT_SHM_LOCKED, pages_of(s->size));
	s->locked_by = NULL;
}

static void destroy(struct ipc_object *o)
{
	struct shm_segment *s = segment_of(o);

	unlock(s);
	uncount_pages(pages_of(s->size), s->promised);
	inode_put(s->inode);
}

static const struct ipc_kind shm_kind = { .limit = &ipc_settings.shmmni, .create = create, .fits = fits, .destroy = destroy };
static struct ipc_table shm_table = IPC_TABLE_INIT(shm_table, &shm_kind);

int shm_get(int key, size_t size, int flags)
{
	struct wanted w = { size, flags };

	return ipc_get(&shm_table, key, flags, &w);
}

/* ---- attaching --------------------------------------------------------------- */

static void count_area(struct file *f, int change)
{
	struct ipc_object *o = f->data;
	struct shm_segment *s = segment_of(o);
	bool last;

	spin_lock(&o->lock);
	s->attached += (unsigned long)change;
	s->last_pid = ipc_pid();
	*(change > 0 ? &s->attached_at : &s->detached_at) = ipc_now();
	last = s->attached == 0 && (o->mode & SHM_DEST);
	spin_unlock(&o->lock);
	if (last)
		ipc_remove(&shm_table, o);
}

static void attachment_release(struct file *f)
{
	ipc_put(&shm_table, f->data);
}

static const struct file_ops attachment_ops = {
	.map = file_map_generic,
	.area_count = count_area,
	.release = attachment_release,
};

/* Who was about to attach has done so, or failed: the segment goes if that was the last, and it was removed. */
static void attach_done(struct ipc_object *o)
{
	bool last;

	spin_lock(&o->lock);
	last = --segment_of(o)->attached == 0 && (o->mode & SHM_DEST);
	spin_unlock(&o->lock);
	if (last)
		ipc_remove(&shm_table, o);
	ipc_put(&shm_table, o);
}

/* A file for an attachment; takes over the reference on o, failure or not. */
static int open_attachment(struct ipc_object *o, int flags, struct file **out)
{
	char name[40];
	int error;

	format(name, sizeof(name), "/SYSV%08x (deleted)", (unsigned)o->key);
	error = file_create_inode(segment_of(o)->inode, name, &attachment_ops, o,
				  flags & SHM_RDONLY ? O_RDONLY : O_RDWR, out);
	if (error)
		ipc_put(&shm_table, o);
	return error;
}

/* Counted, and as attached: attach_done() ends both. */
static int find_for_attach(int id, int flags, struct ipc_object **out)
{
	unsigned wanted = flags & SHM_RDONLY ? 4 : 6;
	int error;
	struct ipc_object *o = ipc_find(&shm_table, id, &error);

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check(o, flags & SHM_EXEC ? wanted | 1 : wanted);
	if (!error)
		segment_of(o)->attached++;
	spin_unlock(&o->lock);
	if (error)
		ipc_put(&shm_table, o);
	*out = o;
	return error;
}

static uint32_t attach_area_flags(int flags)
{
	uint32_t a = AREA_SHARED | AREA_READ | AREA_MAY_READ | AREA_MAY_EXEC;

	if (!(flags & SHM_RDONLY))
		a |= AREA_WRITE | AREA_MAY_WRITE;
	return flags & SHM_EXEC ? a | AREA_EXEC : a;
}

/* r->addr: where, or 0. */
static int attach(struct ipc_object *o, int flags, struct space_map_request *r, uaddr_t *addr)
{
	struct file *f;
	int error;

	r->length = align_up(segment_of(o)->size, PAGE_SIZE);
	if (r->noreplace && r->addr + r->length < r->addr)
		return -EINVAL;
	refcount_get(&o->refs);
	error = open_attachment(o, flags, &f);
	if (error)
		return error;
	r->file = f;
	error = file_map_generic(f, r);
	if (!error)
		error = space_map(task_current()->space, r, addr);
	file_put(f);
	return error == -EEXIST ? -EINVAL : error;
}

int64_t shm_attach(int id, uaddr_t addr, int flags)
{
	struct space_map_request r = { .flags = attach_area_flags(flags), .fixed = addr != 0,
				       .noreplace = !(flags & SHM_REMAP),
				       .may_low = cred_capable(cred_current(), CAP_SYS_RAWIO) };
	struct ipc_object *o = NULL;
	int error;

	if (addr & ~PAGE_MASK) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		addr = align_down(addr, PAGE_SIZE); /* page 0, if that is what it comes to */
	}
	if (!addr && (flags & SHM_REMAP))
		return -EINVAL;
	r.addr = addr;
	error = find_for_attach(id, flags, &o);
	if (error)
		return error;
	error = attach(o, flags, &r, &addr);
	attach_done(o);
	return error ? error : (int64_t)addr;
}

/* Finds an attachment by the address it has, or would have if its start were still mapped. */
struct search {
	uaddr_t addr;
	const struct file *file;  /* NULL until found */
	uaddr_t start, end;       /* of a piece of it */
};

static int visit_area(void *arg, const struct area *a)
{
	struct search *s = arg;
	const struct file *f = a->file;

	if (!f || f->ops != &attachment_ops || a->start - a->page_offset * PAGE_SIZE != s->addr)
		return 0;
	if (s->file && s->file != f)
		return 0;
	s->file = f;
	s->start = a->start;
	s->end = a->end;
	return 1;
}

int shm_detach(uaddr_t addr)
{
	struct space *space = task_current()->space;
	struct search s = { .addr = addr };
	int result = -EINVAL;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	while (space_for_each(space, addr, visit_area, &s) == 1) {
		result = space_unmap(space, s.start, s.end - s.start);
		if (result)
			break;
	}
	return result;
}

/* ---- control ------------------------------------------------------------------- */

static void fill(struct ipc_object *o, struct shmid64_ds *out)
{
	struct shm_segment *s = segment_of(o);

	assert_held(&o->lock);
	memset(out, 0, sizeof(*out));
	ipc_get_perm(o, &out->shm_perm);
	out->shm_segsz = s->size;
	out->shm_atime = s->attached_at;
	out->shm_dtime = s->detached_at;
	out->shm_ctime = s->changed;
	out->shm_cpid = s->creator_pid;
	out->shm_lpid = s->last_pid;
	out->shm_nattch = s->attached;
}

int shm_stat(int id, int cmd, struct shmid64_ds *out)
{
	int error = -EINVAL;
	struct ipc_object *o = cmd == IPC_STAT ? ipc_find(&shm_table, id, &error) :
			       id >= 0 ? ipc_find_index(&shm_table, (unsigned)id % IPC_NUMBERS) : NULL;

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check(o, cmd == SHM_STAT_ANY ? 0 : 4);
	fill(o, out);
	spin_unlock(&o->lock);
	if (!error && cmd != IPC_STAT)
		error = o->id;
	ipc_put(&shm_table, o);
	return error;
}

int shm_set_owner(int id, const struct ipc64_perm *perm)
{
	int error;
	struct ipc_object *o = ipc_find(&shm_table, id, &error);

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check_owner(o);
	if (!error)
		error = ipc_set_perm(o, perm);
	if (!error)
		segment_of(o)->changed = ipc_now();
	spin_unlock(&o->lock);
	ipc_put(&shm_table, o);
	return error;
}

int shm_remove(int id)
{
	int error;
	bool now = false;
	struct ipc_object *o = ipc_find(&shm_table, id, &error);

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check_owner(o);
	if (!error) {
		o->mode |= SHM_DEST;
		now = segment_of(o)->attached == 0;
	}
	spin_unlock(&o->lock);
	if (now)
		ipc_remove(&shm_table, o);
	else if (!error)
		ipc_forget_key(&shm_table, o);
	ipc_put(&shm_table, o);
	return error;
}

/* Whoever locks a segment pays for it. Its lock is held. */
static int lock_it(struct ipc_object *o)
{
	uint64_t limit = process_limit(RLIMIT_MEMLOCK);
	struct account *a = task_current()->account;
	struct shm_segment *s = segment_of(o);
	bool may = cred_capable(cred_current(), CAP_IPC_LOCK);
	uint32_t euid = cred_current()->euid;

	if (!may && ((euid != o->uid && euid != o->creator_uid) || !limit))
		return -EPERM;
	if (o->mode & SHM_LOCKED)
		return 0;
	if (!account_charge(a, ACCOUNT_SHM_LOCKED, pages_of(s->size), may ? UINT64_MAX : limit >> PAGE_SHIFT))
		return -ENOMEM;
	s->locked_by = a;
	o->mode |= SHM_LOCKED;
	return 0;
}

static int unlock_it(struct ipc_object *o)
{
	uint32_t euid = cred_current()->euid;

	if (euid != o->uid && euid != o->creator_uid && !cred_capable(cred_current(), CAP_IPC_LOCK))
		return -EPERM;
	unlock(segment_of(o));
	o->mode &= ~(uint32_t)SHM_LOCKED;
	return 0;
}

/* Nothing is paged out: the mark in the mode and who pays is all there is to it. */
int shm_lock(int id, bool lock)
{
	int error;
	struct ipc_object *o = ipc_find(&shm_table, id, &error);

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = o->removed ? -EIDRM : lock ? lock_it(o) : unlock_it(o);
	spin_unlock(&o->lock);
	ipc_put(&shm_table, o);
	return error;
}

int shm_limits(struct shminfo64 *out)
{
	int count;

	*out = (struct shminfo64){ .shmmax = atomic_load(&ipc_settings.shmmax), .shmmin = SHMMIN,
				   .shmmni = atomic_load(&ipc_settings.shmmni),
				   .shmseg = atomic_load(&ipc_settings.shmmni),
				   .shmall = atomic_load(&ipc_settings.shmall) };
	return ipc_highest(&shm_table, &count);
}

int shm_usage(uint64_t *pages, uint64_t *resident, int *count)
{
	int highest = ipc_highest(&shm_table, count);

	*pages = *resident = 0;
	for (int i = 0; *count && i <= highest; i++) {
		struct ipc_object *o = ipc_find_index(&shm_table, (unsigned)i);

		if (!o)
			continue;
		*pages += align_up(segment_of(o)->size, PAGE_SIZE) / PAGE_SIZE;
		*resident += segment_of(o)->inode->object.page_count;
		ipc_put(&shm_table, o);
	}
	return highest;
}

static void show_one(struct text *t, struct ipc_object *o)
{
	struct shmid64_ds ds;
	struct ipc64_perm *p = &ds.shm_perm;

	spin_lock(&o->lock);
	fill(o, &ds);
	spin_unlock(&o->lock);
	text_printf(t, "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10ld %10ld %10ld %21lu %21lu\n", p->key,
		    o->id, p->mode, (unsigned long)ds.shm_segsz, (unsigned)ds.shm_cpid, (unsigned)ds.shm_lpid,
		    (unsigned long)ds.shm_nattch, p->uid, p->gid, p->cuid, p->cgid, (long)ds.shm_atime,
		    (long)ds.shm_dtime, (long)ds.shm_ctime,
		    (unsigned long)segment_of(o)->inode->object.page_count * PAGE_SIZE, 0UL);
}

static int show(struct text *t)
{
	text_printf(t, "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid"
		       "      atime      dtime      ctime                   rss                  swap\n");
	return ipc_show(&shm_table, t, show_one);
}

TABLE_ENTRY(proc_entries, struct proc_entry, sysvipc_shm) = { "sysvipc/shm", 0444, show, NULL };
