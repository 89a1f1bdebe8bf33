/* SPDX-License-Identifier: MIT */
/*
 * proc/coredump_notes.c: the notes of a core file, in Linux's layouts for x86-64,
 * which its headers do not give to kernels: elf_prstatus and elf_prpsinfo of
 * <sys/procfs.h>. The threads are parked or the running one.
 */
#include "hal/clock.h"
#include "hal/debug.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/coredump.h"
#include "proc/internal.h"
#include <linux/elf.h>

#define XSTATE_BYTES_MAX 4096

struct core_status {                 /* NT_PRSTATUS */
	int32_t signo, code, error;
	int16_t cursig;
	uint64_t pending, held;
	int32_t pid, ppid, group, session;
	int64_t user[2], system[2], children_user[2], children_system[2]; /* seconds, microseconds */
	uint64_t registers[DEBUG_REGISTERS];
	int32_t fp_valid;
};
static_assert(sizeof(struct core_status) == 336 && offsetof(struct core_status, registers) == 112, "elf_prstatus");

struct core_process {                /* NT_PRPSINFO */
	char state, state_name, zombie, nice;
	uint64_t flags;
	uint32_t uid, gid;
	int32_t pid, ppid, group, session;
	char name[16], arguments[80];
};
static_assert(sizeof(struct core_process) == 136, "elf_prpsinfo");

struct core_numbers { int32_t pid, ppid, group, session; };

void core_note(struct text *x, const char *name, unsigned type, const void *bytes, size_t n)
{
	size_t name_bytes = strlen(name) + 1;
	Elf64_Nhdr h = { (Elf64_Word)name_bytes, (Elf64_Word)n, type };
	static const char pad[4];

	text_put(x, (const char *)&h, sizeof(h));
	text_put(x, name, name_bytes);
	text_put(x, pad, align_up(name_bytes, 4UL) - name_bytes);
	text_put(x, bytes, n);
	text_put(x, pad, align_up(n, 4UL) - n);
}

static struct core_numbers numbers_of(struct task *t, bool thread)
{
	struct process *p = t->process;

	SPIN_GUARD(&process_tree_lock);
	return (struct core_numbers){
		.pid = thread ? t->pid->number : p->pid->number,
		.ppid = p->parent ? p->parent->pid->number : 0,
		.group = p->group->number,
		.session = p->session->number,
	};
}

static void put_time(int64_t out[2], nsec_t t)
{
	out[0] = t / NSEC_PER_SEC;
	out[1] = t % NSEC_PER_SEC / 1000;
}

/* The leader stands for the process. */
static void put_times(struct core_status *s, struct task *t)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);
	nsec_t user, system;

	s->pending = t->pending.set;
	s->held = t->blocked;
	if (t == p->leader)
		process_cpu_times_locked(p, &user, &system);
	else
		thread_times(&t->thread, &user, &system);
	put_time(s->user, user);
	put_time(s->system, system);
	put_time(s->children_user, p->dead_children.user);
	put_time(s->children_system, p->dead_children.system);
	spin_unlock_irq(&p->signal_lock, irq);
}

void core_notes_thread(struct text *x, struct task *t, int sig)
{
	struct core_numbers n = numbers_of(t, true);
	struct core_status s;

	memset(&s, 0, sizeof(s));
	s.signo = s.cursig = (int16_t)sig;
	s.pid = n.pid;
	s.ppid = n.ppid;
	s.group = n.group;
	s.session = n.session;
	put_times(&s, t);
	for (unsigned i = 0; i < DEBUG_REGISTERS; i++)
		s.registers[i] = debug_register(&t->thread.context, i);
	s.fp_valid = 1;
	core_note(x, "CORE", NT_PRSTATUS, &s, sizeof(s));
}

void core_notes_extended(struct text *x, struct task *t)
{
	char *area = kmalloc(XSTATE_BYTES_MAX, ALLOC_KERNEL);

	if (!area) {
		x->failed = true;
		return;
	}
	debug_fx(&t->thread.context, area);
	core_note(x, "CORE", NT_PRFPREG, area, DEBUG_FX_BYTES);
	if (!debug_xstate(&t->thread.context, area))
		core_note(x, "LINUX", NT_X86_XSTATE, area, cpu_features.xstate_size);
	kfree(area);
}

/* The command line, with blanks between the words. */
static void put_arguments(char *out, size_t size, struct space *s)
{
	size_t n = min((size_t)(s->arg_end - s->arg_start), size - 1);

	n = space_copy_from(s, out, s->arg_start, n);
	for (size_t i = 0; i < n; i++)
		if (!out[i])
			out[i] = ' ';
}

void core_notes_process(struct text *x, const siginfo_t *info)
{
	struct task *t = task_current();
	struct core_numbers n = numbers_of(t, false);
	struct core_process ps;
	struct sched_params sp;

	thread_get_params(&t->thread, &sp);
	memset(&ps, 0, sizeof(ps));
	ps.state_name = 'R';
	ps.nice = (char)sp.nice;
	ps.uid = cred_current()->uid;
	ps.gid = cred_current()->gid;
	ps.pid = n.pid;
	ps.ppid = n.ppid;
	ps.group = n.group;
	ps.session = n.session;
	strscpy(ps.name, t->thread.name, sizeof(ps.name));
	put_arguments(ps.arguments, sizeof(ps.arguments), t->space);
	core_note(x, "CORE", NT_PRPSINFO, &ps, sizeof(ps));
	core_note(x, "CORE", NT_SIGINFO, info, sizeof(*info));
	core_note(x, "CORE", NT_AUXV, t->space->auxv, t->space->auxv_words * sizeof(t->space->auxv[0]));
}
