/* SPDX-License-Identifier: MIT */
/*
 * proc/oom.c: a program needs a page and there is none. First what is only waiting
 * for a grace period is let go. Then one process is told to end, the one with the
 * most memory by its pages and its oom_score_adj, and the others wait a moment and
 * fault again. While any process is about to end no further one is chosen, unless
 * that takes too long: it may be waiting for something that one of those others holds.
 */
#include "proc/oom.h"
#include "base/log.h"
#include "hal/clock.h"
#include "lib/string.h"
#include "mem/frame.h"
#include "proc/internal.h"
#include "sched/mutex.h"
#include "sched/pressure.h"
#include "sched/wait.h"
#include "sched/work.h"
#include "vm/event.h"
#include "vm/space.h"

#define PATIENCE (2 * NSEC_PER_SEC)    /* then another victim is chosen */
#define PAUSE    (NSEC_PER_SEC / 500)
#define NEVER    (-1000)               /* oom_score_adj of what is never chosen */
#define ROOM     8                     /* pages that must be there to try again */
#define KIB      (PAGE_SIZE / 1024)

static struct mutex oom_lock = MUTEX_INIT(oom_lock, RANK_SLEEP_LEAF);
static nsec_t patient_until = -PATIENCE; /* oom_lock: until then those that end may take their time */
static struct waitq nobody_wakes = WAITQ_INIT(nobody_wakes);

/* What a process has, as one of its threads that still lives shows it. */
struct holding {
	char name[16]; /* as struct thread has it */
	uint64_t anon, file, shmem, tables, total;
	uint32_t uid;
};

/* False if it has nothing any more. Tree lock held. */
static bool holding_of(struct process *p, struct holding *h)
{
	struct task *t;

	list_for_each_entry(t, &p->threads, process_link) {
		SPIN_GUARD(&t->lock);
		const struct space *s = t->space;
		struct space_resident r;

		if (!s)
			continue;
		space_resident(s, &r);
		*h = (struct holding){ .anon = r.rss[RSS_ANON], .file = r.rss[RSS_FILE], .shmem = r.rss[RSS_SHMEM],
				       .tables = s->count.tables, .total = s->count.total, .uid = t->cred->uid };
		strlcpy(h->name, t->thread.name, sizeof(h->name));
		return true;
	}
	return false;
}

struct search {
	uint64_t frames;         /* that there are */
	struct process *worst;   /* counted, or NULL */
	int64_t most;            /* its badness */
	bool ending;             /* a process is about to give its memory up */
};

/*
 * Pages that its end would free, more or less; those of files stay in memory without
 * it. 0: it cannot be chosen. Tree lock held.
 */
static int64_t badness(struct process *p, uint64_t all_frames)
{
	int adjust = atomic_load(&p->oom_score_adjust);
	struct holding h;

	if (p == init_process || adjust == NEVER || !holding_of(p, &h))
		return 0;
	return max((int64_t)(h.anon + h.tables) + (int64_t)all_frames * adjust / 1000, (int64_t)1);
}

uint64_t oom_score(struct process *p)
{
	struct frame_stats frames;
	struct holding h;
	int64_t pages = 0;
	bool has;

	frame_stats(&frames);
	spin_lock(&process_tree_lock);
	has = holding_of(p, &h);
	spin_unlock(&process_tree_lock);
	if (has)
		pages = (int64_t)(h.anon + h.file + h.shmem + h.tables);
	if (!has || atomic_load(&p->oom_score_adjust) == NEVER)
		return 0;
	/* As Linux shows it: a thousandth of memory is a point, and who is never chosen is at 0. */
	pages += atomic_load(&p->oom_score_adjust) * (int64_t)(frames.total / 1000);
	return (uint64_t)max((1000 + pages * 1000 / (int64_t)frames.total) * 2 / 3, (int64_t)0);
}

/* Among equals the youngest is the worst. Returns a process to put, or NULL. */
static struct process *look_at(struct search *s, int n)
{
	struct process *p, *before = s->worst;
	struct pid *pid;
	int64_t pages;

	SPIN_GUARD(&process_tree_lock);
	pid = pid_find(n);
	p = pid ? pid->process : NULL;
	if (!p || p->zombie)
		return NULL;
	if (READ_ONCE(p->group_exiting)) {
		s->ending = true;
		return NULL;
	}
	pages = badness(p, s->frames);
	if (!pages || pages < s->most)
		return NULL;
	process_get(p);
	s->most = pages;
	s->worst = p;
	return before;
}

/* Looks at every process: this happens seldom, and nothing else is left to do. */
static void search(struct search *s)
{
	struct frame_stats frames;

	frame_stats(&frames);
	*s = (struct search){ .frames = frames.total };
	for (int n = pid_next_process(0); n >= 0; n = pid_next_process(n + 1)) {
		struct process *p = look_at(s, n);

		if (p)
			process_put(p);
	}
}

/* Who asked for the page that is not there, and where all of them are. In the words that Linux uses where it has them. */
static void tell_why(void)
{
	struct frame_stats f;

	frame_stats(&f);
	log_warn("%s invoked oom-killer: order=0, oom_score_adj=%d\n", thread_current()->name,
		 atomic_load(&process_current()->oom_score_adjust));
	log_warn("Mem-Info: total:%lukB free:%lukB programs and files:%lukB slab:%lukB pagetables:%lukB kernel_stack:%lukB\n",
		 f.total * KIB, f.free * KIB, f.user * KIB, f.slab * KIB, f.tables * KIB, f.stacks * KIB);
}

static void tell(struct process *p)
{
	struct holding h = { .name = "?" };

	tell_why();
	vm_event(VM_EVENT_OOM_KILL);
	spin_lock(&process_tree_lock);
	holding_of(p, &h);
	spin_unlock(&process_tree_lock);
	log_warn("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,"
		 "task=%s,pid=%d,uid=%u\n", h.name, p->pid->number, h.uid);
	log_err("Out of memory: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
		"shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%d\n", p->pid->number, h.name, h.total * KIB,
		h.anon * KIB, h.file * KIB, h.shmem * KIB, h.uid, h.tables * KIB, atomic_load(&p->oom_score_adjust));
}

/* False: there is none to choose, and none that ends. */
static bool choose(void)
{
	nsec_t now = clock_now();
	struct search s;

	search(&s);
	if (s.ending && now > patient_until + PATIENCE) /* that was another time */
		patient_until = now + PATIENCE;
	if (s.worst && !(s.ending && now < patient_until)) {
		tell(s.worst);
		signal_send_process(s.worst, SIGKILL, NULL);
		patient_until = now + PATIENCE;
		s.ending = true;
	}
	if (s.worst)
		process_put(s.worst);
	return s.ending;
}

/*
 * Memory of processes that ended, and of caches, may be free once a grace period is
 * over. There must be enough for the page and all tables above it.
 */
static bool room_came(void)
{
	struct page *page[ROOM];
	unsigned n = 0;
	bool enough;

	rcu_synchronize();
	while (n < ROOM && (page[n] = frame_alloc(0, ALLOC_KERNEL)))
		n++;
	enough = n == ROOM;
	while (n)
		page_put(page[--n]);
	return enough;
}

bool oom_make_room(void)
{
	bool chosen;

	might_sleep();
	if (room_came())
		return true;
	pressure_memory_begin();
	mutex_lock(&oom_lock);
	chosen = choose();
	mutex_unlock(&oom_lock);
	if (chosen)
		(void)WAIT_EVENT(&nobody_wakes, false, THREAD_KILLABLE, clock_now() + PAUSE, false);
	pressure_memory_end();
	return chosen;
}
