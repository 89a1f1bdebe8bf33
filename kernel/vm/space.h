/* SPDX-License-Identifier: MIT */
/*
 * vm/space.h: address spaces. A space is a set of areas (a copy-on-write B-tree
 * read under RCU) and a tree of page tables. Its lock is for writers of the area
 * set only; faults find the area under RCU, take a reference and use its
 * sequence count to see that it has not changed, and lock the page-table page
 * they fill.
 *
 * An area maps an object (or anonymous zero-fill memory) at a range. Private
 * areas copy on write: the copy belongs to the area's anonymous family, which
 * fork shares (an interval tree of areas per family, for reverse mapping).
 */
#ifndef VM_SPACE_H
#define VM_SPACE_H

#include "base/rcu.h"
#include "base/seqlock.h"
#include "hal/mmu.h"
#include "hal/upcall.h"
#include "lib/btree.h"
#include "lib/refcount.h"
#include "sched/mutex.h"
#include "sched/thread.h"
#include "sched/work.h"
#include "vm/interval.h"
#include "vm/object.h"

enum area_flags {
	AREA_READ      = 1u << 0, /* the same bits as PROT_* */
	AREA_WRITE     = 1u << 1,
	AREA_EXEC      = 1u << 2,
	AREA_SHARED    = 1u << 3,
	AREA_MAY_READ  = 1u << 4, /* what mprotect may grant */
	AREA_MAY_WRITE = 1u << 5,
	AREA_MAY_EXEC  = 1u << 6,
	AREA_GROWSDOWN = 1u << 7, /* a stack */
	AREA_LOCKED    = 1u << 8, /* mlock */
	AREA_DONTFORK  = 1u << 9,
	AREA_WIPEONFORK = 1u << 10,
	AREA_DONTDUMP  = 1u << 11,
	AREA_SPECIAL   = 1u << 12, /* frames without counted struct page: the vDSO */
	AREA_HEAP      = 1u << 13, /* made by brk */
	AREA_STACK     = 1u << 14, /* the initial stack, for /proc names */
	AREA_NOHUGE    = 1u << 15,
	AREA_HUGE      = 1u << 16,
	AREA_SEQUENTIAL = 1u << 17,
	AREA_RANDOM    = 1u << 18,
	AREA_ACCOUNT   = 1u << 19, /* counted against the commit limit; set by vm itself */
	AREA_NORESERVE = 1u << 20, /* MAP_NORESERVE: never counted */
	AREA_MERGEABLE = 1u << 21, /* a hint that changes nothing */
	AREA_ON_FAULT  = 1u << 22, /* locked, page by page as they come: MLOCK_ONFAULT */
};

/*
 * All anonymous memory of the spaces that come from one exec by fork: the areas
 * that may map its pages, by page_offset. An anonymous page has object = its
 * family and index = its place in its area's page_offset numbering, which fork
 * and mremap keep.
 */
struct anon_family {
	struct spinlock lock;     /* rank ANON */
	struct rb_root areas;     /* lock: interval tree */
	struct refcount refs;     /* spaces */
};

/*
 * An area never changes once it is published: a change makes new areas and
 * marks the old ones dead. The lowest bit of seq is set before an area is ready
 * and again, for good, when it is dead; whoever fills a page-table entry checks
 * it (area_alive) after locking the table.
 */
struct area {
	uaddr_t start, end;       /* immutable once published */
	uint32_t flags;           /* immutable once published */
	struct seqcount seq;      /* atomic: 1 new, 2 alive, 3 dead; written under the space's lock */
	struct space *space;      /* immutable */
	struct object *object;    /* immutable, counted: NULL is private anonymous */
	uint64_t page_offset;     /* immutable: page index in object of start; anonymous: any, start's page number at first */
	void *file;               /* immutable, counted through space_set_file_hooks: the struct file, for names */
	const char *name;         /* immutable: "[vdso]", … or NULL */
	struct anon_family *anon; /* family's lock, once: the space's, set before the first private page */
	bool joined;              /* atomic, set once: somebody began to enter it into its family */
	struct interval object_node; /* object's lock: in object.mappings */
	struct interval anon_node;   /* family's lock: in family.areas when anon is set */
	struct refcount refs;     /* the tree's one, faults in progress */
	struct list link;         /* space lock: areas added or removed by one operation */
	union {
		struct rcu_head rcu; /* owner: after the last reference */
		struct work work;    /* the same */
	};
};

static inline bool area_alive(const struct area *a)
{
	return !(__atomic_load_n(&a->seq.n, __ATOMIC_ACQUIRE) & 1);
}

/* Page index in the object, or in the family, of an address inside the area. */
static inline uint64_t area_index(const struct area *a, uaddr_t addr)
{
	return a->page_offset + ((addr - a->start) >> PAGE_SHIFT);
}

/*
 * Pages. What faults of a space's own threads enter is first counted in the
 * thread (rss_pending), so that threads on several processors do not write one
 * word at every fault; so the rss fields may lag, and even be below zero as
 * signed numbers for a moment: read them through space_resident().
 */
enum rss_kind { RSS_ANON, RSS_FILE, RSS_SHMEM, RSS_KINDS };
struct space_counters {
	uint64_t rss[RSS_KINDS];  /* atomic */
	uint64_t tables;          /* atomic */
	uint64_t huge;            /* atomic: large pages, and faults that are about to enter one */
	uint64_t shared;          /* atomic: tables of level 1 that the space does not own: see share.c */
	uint64_t peak;            /* atomic: greatest sum of the three before something was unmapped */
	uint64_t total, locked, data, stack, exec, account; /* of areas; space lock */
};

struct space {
	struct mmu_space mmu;     /* what the scheduler loads */
	struct mutex lock;        /* rank SPACE: writers of the area tree and the fields below */
	struct btree areas;       /* lock for writers, RCU for readers */
	unsigned area_count;      /* lock */
	uint32_t barriers;        /* atomic: MEMBARRIER_CMD_REGISTER_* that were announced */
	uint32_t lock_flags;      /* lock: what mlockall(MCL_FUTURE) gives to all areas: AREA_LOCKED, AREA_ON_FAULT */
	struct refcount users;    /* threads; the areas go with the last one */
	struct refcount refs;     /* users as a whole, and visitors such as /proc; the struct goes with the last */
	struct anon_family *family; /* immutable, counted */
	uaddr_t mmap_base;        /* immutable after exec: top-down searches start below it */
	uaddr_t brk_start, brk;   /* lock */
	uaddr_t stack_top;        /* immutable after exec */
	uint64_t stack_limit, data_limit, address_limit; /* atomic: bytes, copies of the resource limits */
	uaddr_t code_start, code_end, data_start, data_end;       /* for /proc, set by exec */
	uaddr_t arg_start, arg_end, env_start, env_end;           /* for /proc, set by exec and prctl */
	uaddr_t vdso;             /* immutable after exec: its image, 0 if there is none */
	uint64_t auxv[64];        /* immutable after exec: for /proc/PID/auxv */
	unsigned auxv_words;
	void *exe;                /* lock: the program's struct file, counted through the hooks */
	struct space_counters count;
	uint32_t dumpable;        /* atomic */
	bool editing;             /* lock, read without: areas are about to change, so no large page may come: see huge.c */
	bool no_huge;             /* atomic: PR_SET_THP_DISABLE */
	struct work last;         /* owner: the last visitor, see space_unuse_later() */
};

/*
 * Has the space shared tables or large pages? If it has none after its areas were marked as
 * about to change (edit_begin), or as dead, there will be none under them.
 */
static inline bool space_is_mixed(const struct space *s)
{
	return __atomic_load_n(&s->count.huge, __ATOMIC_RELAXED) | __atomic_load_n(&s->count.shared, __ATOMIC_RELAXED);
}

/* How vm counts references on files it knows nothing of. Set once by fs/. */
void space_set_file_hooks(void (*get)(void *file), void (*put)(void *file));

/* An empty space: kernel half only. NULL when out. */
struct space *space_create(void);
static inline void space_get(struct space *s) { refcount_get(&s->refs); }
void space_put(struct space *s);
/* Threads: the last space_unuse() removes all areas and frees the tables. May sleep. */
static inline void space_use(struct space *s) { refcount_get(&s->users); }
bool space_use_unless_zero(struct space *s);
void space_unuse(struct space *s);
/* The same for visitors, who may hold locks: if they were the last, a worker goes on. */
void space_unuse_later(struct space *s);
/* The running thread's, NULL in kernel threads. */
static inline struct space *space_current(void)
{
	struct mmu_space *m = thread_current()->mmu;

	return m ? container_of(m, struct space, mmu) : NULL;
}

/* A copy-on-write copy for fork. -ENOMEM with nothing left behind. May sleep. */
int space_fork(struct space *parent, struct space **child);

#define MMAP_LOWEST 0x10000UL /* vm.mmap_min_addr: nothing is placed below, unless named by who has CAP_SYS_RAWIO */

struct space_map_request {
	uaddr_t addr;             /* hint, or the place when fixed */
	size_t length;            /* bytes, page aligned, not 0 */
	uint32_t flags;           /* AREA_* */
	bool fixed;               /* exactly at addr, replacing what is there */
	bool noreplace;           /* with fixed: -EEXIST if anything is there */
	bool low_32bit;           /* MAP_32BIT */
	bool may_low;             /* with fixed: also below MMAP_LOWEST, else -EPERM */
	bool populate;            /* fault all in at once */
	struct object *object;    /* counted for the area by the callee; NULL: anonymous */
	uint64_t page_offset;
	void *file;               /* counted for the area by the callee */
	const char *name;
	paddr_t special;          /* AREA_SPECIAL: first frame */
};
/* The address in *addr. -ENOMEM, -EEXIST, -EINVAL, -EPERM, -EAGAIN (locked limit). May sleep. */
int space_map(struct space *s, const struct space_map_request *r, uaddr_t *addr);
int space_unmap(struct space *s, uaddr_t addr, size_t length);
int space_protect(struct space *s, uaddr_t addr, size_t length, uint32_t prot);
int space_remap(struct space *s, uaddr_t addr, size_t old_length, size_t new_length, int flags, uaddr_t new_addr,
		uaddr_t *result);
int space_advise(struct space *s, uaddr_t addr, size_t length, int advice);
int space_sync(struct space *s, uaddr_t addr, size_t length, int flags);
int space_incore(struct space *s, uaddr_t addr, size_t pages, uint8_t *out);
/* move_pages(2): 0 (of node 0), -EFAULT, -ENOENT (nothing there yet). */
int space_page_status(struct space *s, uaddr_t addr);
/* remap_file_pages(2): other pages of what a shared area maps. -EINVAL, and as space_map(). */
int space_map_again(struct space *s, uaddr_t addr, size_t length, uint64_t page_offset, bool populate);
/*
 * What RLIMIT_MEMLOCK lets the running thread lock, in bytes; UINT64_MAX: any amount. Asked each time, since
 * rights and limits come and go. Without a hook, which proc/ sets at boot, there is no limit.
 */
uint64_t space_lock_limit(void);
void space_set_lock_limit_hook(uint64_t (*limit)(void));
int space_lock_memory(struct space *s, uaddr_t addr, size_t length, uint32_t lock);
/* mlockall(2) with MCL_*; flags 0 is munlockall(2). */
int space_lock_all(struct space *s, int flags);
/* brk(2): the new break, or the old one if it cannot be. */
uaddr_t space_brk(struct space *s, uaddr_t addr);

/*
 * Serves a fault. 0 when the access may be tried again; else -EFAULT (no area:
 * SEGV_MAPERR), -EACCES (not permitted: SEGV_ACCERR), -EIO (SIGBUS), -ENOMEM,
 * -ERESTARTSYS (killed meanwhile). May sleep.
 */
int space_fault(struct space *s, uaddr_t addr, enum fault_access access);

/*
 * Access to another space's memory (ptrace, /proc/PID/mem, exec's new stack),
 * page by page through its frames. The space is in use: it cannot be that of a
 * process that may end meanwhile. force: write even where the area is read-only
 * and private. Bytes copied, short at the first bad page. May sleep.
 */
size_t space_copy_from(struct space *s, void *to, uaddr_t from, size_t n);
size_t space_read(struct space *s, void *to, uaddr_t from, size_t n); /* only what its owner may read, too */
/* One page of private memory, if there is any at that place by now: what was never touched is zeros, and stays untouched. */
bool space_copy_present(struct space *s, void *page, uaddr_t at);
size_t space_clear(struct space *s, uaddr_t to, size_t n); /* zeros, as space_copy_to with force */
size_t space_copy_to(struct space *s, uaddr_t to, const void *from, size_t n, bool force);

/*
 * What a futex word of the running thread's space is known by: the object's number and the byte in it, or the
 * space and the address. Nothing is held: numbers are never used again, and a
 * waiter keeps its space. -EFAULT, -EACCES. May sleep.
 */
struct futex_key { uint64_t base; uint64_t offset; };
int space_futex_key(struct space *s, uaddr_t addr, bool shared, bool write, struct futex_key *key);

/* Visits areas in order from addr on, under the space's lock; stops when visit returns non-zero, and returns that. For /proc. */
int space_for_each(struct space *s, uaddr_t from, int (*visit)(void *arg, const struct area *a), void *arg);

/* Unmaps pages of an object from every space that maps them: [first, last] page indices. cow: private copies too. May sleep. */
void object_unmap_range(struct object *o, uint64_t first, uint64_t last, bool cow);

/* Anonymous large pages there are, in pages of 4 KiB; what the command line says of them: "always", "madvise" or "never". */
uint64_t vm_huge_pages(void);
const char *vm_huge_policy(void);

/* Commit accounting in pages: total promised, and the limit, for /proc/meminfo; see vm/commit.c. */
extern int32_t vm_most_areas; /* atomic: vm.max_map_count, of a space */
uint64_t vm_committed(void), vm_commit_limit(void);
/* /proc/sys/vm/overcommit_*: atomic. Reserves in KiB, ~0: not worked out yet, ask the functions. */
enum { COMMIT_GUESS, COMMIT_ALWAYS, COMMIT_NEVER };
struct commit_settings { uint32_t mode, ratio, kbytes, user_reserve, admin_reserve; };
extern struct commit_settings vm_commit;
uint64_t vm_admin_reserve(void), vm_user_reserve(void);
/* Whether the running thread may have the administrators' part (CAP_SYS_ADMIN). Set once. */
void vm_set_privileged_hook(bool (*hook)(void));

/* Pages of each kind that the space maps now; the sum, and the greatest sum so far. The caller's own pending ones are in. */
struct space_resident { uint64_t rss[RSS_KINDS], sum, peak; };
void space_resident(const struct space *s, struct space_resident *r);
/* Adds what the running thread has not counted yet to its space: before it leaves that. */
void space_count_settle(void);

void vm_init(void);

#endif
