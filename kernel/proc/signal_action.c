/* SPDX-License-Identifier: MIT */
/*
 * proc/signal_action.c: what a program wants to happen when a signal arrives. The table
 * may be shared (CLONE_SIGHAND); its lock comes under process->signal_lock.
 */
#include "mem/slab.h"
#include "proc/internal.h"

static const uint64_t known_flags = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |
				    SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER;

int signal_set_action(int sig, const struct signal_action *new, struct signal_action *old)
{
	struct task *t = task_current(), *other;
	struct process *p = t->process;

	if (sig < 1 || sig > SIGNAL_COUNT || (new && (sig == SIGKILL || sig == SIGSTOP)))
		return -EINVAL;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	spin_lock(&t->actions->lock);
	struct signal_action *a = &t->actions->action[sig - 1];
	if (old)
		*old = *a;
	if (new) {
		*a = *new;
		a->flags &= known_flags; /* sigaction(2): how programs find out which ones there are */
		a->mask &= ~SIGNALS_UNBLOCKABLE;
		/* POSIX: setting a pending signal to be ignored discards it. */
		if (signal_action_ignores(p, sig)) {
			signal_queue_remove(&p->pending, SIGNAL_BIT(sig));
			list_for_each_entry(other, &p->threads, process_link)
				signal_queue_remove(&other->pending, SIGNAL_BIT(sig));
		}
	}
	spin_unlock(&t->actions->lock);
	spin_unlock_irq(&p->signal_lock, irq);
	return 0;
}

struct signal_actions *signal_actions_create(void)
{
	struct signal_actions *a = kzalloc(sizeof(*a), ALLOC_KERNEL);

	if (a) {
		refcount_init(&a->refs, 1);
		spin_init(&a->lock, RANK_SIGNAL_ACTIONS);
	}
	return a;
}

struct signal_actions *signal_actions_copy(struct signal_actions *from)
{
	struct signal_actions *a = signal_actions_create();

	if (a) {
		/* Under the lock with interrupts off, as it nests inside signal_lock. */
		uint64_t irq = spin_lock_irq(&from->lock);
		for (int i = 0; i < SIGNAL_COUNT; i++)
			a->action[i] = from->action[i];
		spin_unlock_irq(&from->lock, irq);
	}
	return a;
}

void signal_actions_put(struct signal_actions *a)
{
	if (refcount_put(&a->refs))
		kfree(a);
}

/* What is ignored stays so. */
static void to_default(struct signal_actions *actions)
{
	for (int i = 0; i < SIGNAL_COUNT; i++) {
		struct signal_action *a = &actions->action[i];
		uaddr_t handler = a->handler == (uaddr_t)SIG_IGN ? (uaddr_t)SIG_IGN : (uaddr_t)SIG_DFL;

		*a = (struct signal_action){ .handler = handler };
	}
}

struct signal_actions *signal_actions_copy_ignored(struct signal_actions *from)
{
	struct signal_actions *a = signal_actions_copy(from);

	if (a)
		to_default(a);
	return a;
}

void signal_actions_reset(struct task *t)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	spin_lock(&t->actions->lock);
	to_default(t->actions);
	spin_unlock(&t->actions->lock);
	spin_unlock_irq(&p->signal_lock, irq);
}
