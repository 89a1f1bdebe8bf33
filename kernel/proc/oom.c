/* SPDX-License-Identifier: MIT */
/*
 * proc/oom.c: a program needs a page and there is none. One process is told to
 * end, the one with the most memory by its pages and its oom_score_adj, and the
 * others wait a moment and fault again. While a victim still has its memory no
 * further one is chosen, unless it takes too long.
 */
#include "proc/oom.h"
#include "base/log.h"
#include "hal/clock.h"
#include "mem/frame.h"
#include "proc/internal.h"
#include "sched/mutex.h"
#include "sched/wait.h"
#include "vm/space.h"

#define PATIENCE (NSEC_PER_SEC / 2)    /* then another victim is chosen */
#define PAUSE    (NSEC_PER_SEC / 500)
#define NEVER    (-1000)               /* oom_score_adj of what is never chosen */

static struct mutex oom_lock = MUTEX_INIT(oom_lock, RANK_SLEEP_LEAF);
static struct task *victim;            /* oom_lock: counted, or NULL */
static nsec_t chosen_at;               /* oom_lock */
static struct waitq nobody_wakes = WAITQ_INIT(nobody_wakes);

/* The thread that leads process n, counted; NULL if there is none that may be chosen. */
static struct task *candidate(int n)
{
	struct task *t = NULL;
	struct pid *p;

	SPIN_GUARD(&process_tree_lock);
	p = pid_find(n);
	if (p && p->process && p->process != init_process && p->process->leader &&
	    !READ_ONCE(p->process->group_exiting) && atomic_load(&p->process->oom_score_adjust) != NEVER)
		t = p->process->leader;
	if (t)
		task_get(t);
	return t;
}

static bool has_memory(struct task *t)
{
	SPIN_GUARD(&t->lock);
	return t->space != NULL;
}

/* Pages that its end would free, more or less. */
static int64_t badness(struct task *t)
{
	struct frame_stats frames;
	int64_t pages;

	spin_lock(&t->lock);
	const struct space *s = t->space;
	pages = s ? (int64_t)(s->count.rss_anon + s->count.rss_shmem + s->count.rss_file + s->count.tables) : 0;
	spin_unlock(&t->lock);
	if (!pages)
		return 0;
	frame_stats(&frames);
	pages += (int64_t)frames.total * atomic_load(&t->process->oom_score_adjust) / 1000;
	return max(pages, (int64_t)1);
}

/* Counted, or NULL. Looks at every process: this happens seldom, and nothing else is left to do. */
static struct task *worst(void)
{
	struct task *best = NULL;
	int64_t most = 0;

	for (int n = pid_next_process(0); n >= 0; n = pid_next_process(n + 1)) {
		struct task *t = candidate(n);
		int64_t pages = t ? badness(t) : 0;

		struct task *other = pages > most ? best : t;

		if (pages > most) {
			most = pages;
			best = t;
		}
		if (other)
			task_put(other);
	}
	return best;
}

static void choose(void)
{
	if (victim)
		task_put(victim);
	victim = worst();
	chosen_at = clock_now();
	if (!victim)
		return;
	log_err("out of memory: %s (%d) is killed\n", victim->thread.name, victim->pid->number);
	signal_send_process(victim->process, SIGKILL, NULL);
}

bool oom_make_room(void)
{
	bool chosen;

	might_sleep();
	mutex_lock(&oom_lock);
	if (!victim || !has_memory(victim) || clock_now() - chosen_at > PATIENCE)
		choose();
	chosen = victim != NULL;
	mutex_unlock(&oom_lock);
	if (chosen)
		(void)WAIT_EVENT(&nobody_wakes, false, THREAD_KILLABLE, clock_now() + PAUSE, false);
	return chosen;
}
