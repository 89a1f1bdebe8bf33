/* SPDX-License-Identifier: MIT */
/*
 * proc/oom.c: a program needs a page and there is none. One process is told to
 * end, the one with the most memory by its pages and its oom_score_adj, and the
 * others wait a moment and fault again. While any process that is about to end still
 * has its memory no further one is chosen, unless that takes too long.
 */
#include "proc/oom.h"
#include "base/log.h"
#include "hal/clock.h"
#include "mem/frame.h"
#include "proc/internal.h"
#include "sched/mutex.h"
#include "sched/wait.h"
#include "vm/space.h"

#define PATIENCE (2 * NSEC_PER_SEC)    /* then another victim is chosen */
#define PAUSE    (NSEC_PER_SEC / 500)
#define NEVER    (-1000)               /* oom_score_adj of what is never chosen */

static struct mutex oom_lock = MUTEX_INIT(oom_lock, RANK_SLEEP_LEAF);
static nsec_t patient_until;           /* oom_lock: until then those that end may take their time */
static struct waitq nobody_wakes = WAITQ_INIT(nobody_wakes);

/* The thread that leads process n, counted; NULL if there is none that may be chosen. */
static struct task *candidate(int n)
{
	struct task *t = NULL;
	struct pid *p;

	SPIN_GUARD(&process_tree_lock);
	p = pid_find(n);
	if (p && p->process && p->process != init_process &&
	    atomic_load(&p->process->oom_score_adjust) != NEVER)
		t = p->process->leader;
	if (t)
		task_get(t);
	return t;
}

/* Pages that its end would free, more or less; those of files stay in memory without it. */
static int64_t badness(struct task *t)
{
	struct frame_stats frames;
	int64_t pages;

	spin_lock(&t->lock);
	const struct space *s = t->space;
	pages = s ? (int64_t)(s->count.rss_anon + s->count.tables) : 0;
	spin_unlock(&t->lock);
	if (!pages)
		return 0;
	frame_stats(&frames);
	pages += (int64_t)frames.total * atomic_load(&t->process->oom_score_adjust) / 1000;
	return max(pages, (int64_t)1);
}

/*
 * Counted, or NULL. Among equals the youngest. *ending: one that has memory is about to
 * end. Looks at every process: this happens seldom, and nothing else is left to do.
 */
static struct task *worst(bool *ending)
{
	struct task *best = NULL;
	int64_t most = 0;

	*ending = false;
	for (int n = pid_next_process(0); n >= 0; n = pid_next_process(n + 1)) {
		struct task *t = candidate(n), *other = t;
		int64_t pages = t ? badness(t) : 0;

		if (pages && READ_ONCE(t->process->group_exiting)) {
			*ending = true;
		} else if (pages && pages >= most) {
			most = pages;
			other = best;
			best = t;
		}
		if (other)
			task_put(other);
	}
	return best;
}

/* False: there is none to choose. */
static bool choose(void)
{
	nsec_t now = clock_now();
	bool ending;
	struct task *victim = worst(&ending);

	if (ending && now < patient_until)
		goto out;
	patient_until = now + PATIENCE;
	if (!victim)
		return ending;
	log_err("out of memory: %s (%d) is killed\n", victim->thread.name, victim->pid->number);
	signal_send_process(victim->process, SIGKILL, NULL);
	ending = true;
out:
	if (victim)
		task_put(victim);
	return ending;
}

bool oom_make_room(void)
{
	bool chosen;

	might_sleep();
	mutex_lock(&oom_lock);
	chosen = choose();
	mutex_unlock(&oom_lock);
	if (chosen)
		(void)WAIT_EVENT(&nobody_wakes, false, THREAD_KILLABLE, clock_now() + PAUSE, false);
	return chosen;
}
