/* SPDX-License-Identifier: MIT */
/*
 * proc/procfs_status.c: what a process is doing, in the layouts of proc(5).
 */
#include "hal/clock.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "proc/procfs.h"
#include "proc/seccomp.h"
#include <linux/capability.h>

#define TICK (NSEC_PER_SEC / 100)

static long ticks(struct __kernel_old_timeval t)
{
	return t.tv_sec * 100 + t.tv_usec / 10000;
}

static char state_letter(const struct task *t)
{
	uint32_t s = atomic_load(&t->thread.state);

	if (t->process->zombie || t->thread.exiting)
		return 'Z';
	if (s & THREAD_STOPPED)
		return 'T';
	if (s & THREAD_TRACED)
		return 't';
	if (s & (THREAD_BLOCKED | THREAD_KILLABLE))
		return 'D';
	return s & THREAD_SLEEPING ? 'S' : 'R';
}

static const char *state_name(char letter)
{
	switch (letter) {
	case 'Z': return "zombie";
	case 'T': return "stopped";
	case 't': return "tracing stop";
	case 'D': return "disk sleep";
	case 'S': return "sleeping";
	default: return "running";
	}
}

struct relations { int tid, ppid, tracer, group, session, terminal_group; unsigned threads; uint64_t terminal; bool leads; };

static void get_relations(struct task *t, struct relations *r)
{
	struct process *p = t->process;

	SPIN_GUARD(&process_tree_lock);
	r->tid = t->pid->number;
	r->leads = t == p->leader;
	r->tracer = t->ptrace.tracer ? t->ptrace.tracer->pid->number : 0;
	r->ppid = p->parent && !list_empty(&p->sibling) ? p->parent->pid->number : 0;
	r->group = p->group ? p->group->number : 0;
	r->session = p->session ? p->session->number : 0;
	r->threads = p->thread_count;
	r->terminal = 0;
	r->terminal_group = -1;
	struct session_terminal *terminal = p->session ? p->session->terminal : NULL;
	if (terminal && terminal->describe)
		terminal->describe(terminal->terminal, &r->terminal, &r->terminal_group);
}

struct masks { uint64_t pending, shared, blocked, ignored, caught; unsigned queued; uint64_t queue_limit; };

static void get_masks(struct task *t, struct masks *m)
{
	struct process *p = t->process;
	uint64_t irq = spin_lock_irq(&p->signal_lock);

	*m = (struct masks){ .pending = t->pending.set, .shared = p->pending.set, .blocked = t->blocked,
			     .queued = t->account ? account_signals(t->account) : 0, .queue_limit = p->limit[RLIMIT_SIGPENDING].soft };
	for (int i = 0; i < SIGNAL_COUNT; i++) {
		uaddr_t h = t->actions->action[i].handler;

		if (h == (uaddr_t)SIG_IGN)
			m->ignored |= BIT(i);
		else if (h != (uaddr_t)SIG_DFL)
			m->caught |= BIT(i);
	}
	spin_unlock_irq(&p->signal_lock, irq);
}

static uint64_t resident(const struct space *s)
{
	struct space_resident r;

	space_resident(s, &r);
	return r.sum;
}

/* What was used: by the process, or by a thread of it that does not lead it alone. */
static void stat_usage(struct text *x, struct task *t, const struct relations *r)
{
	struct rusage self, children;
	struct sched_params sp;

	process_usage(t->process, RUSAGE_SELF, &self);
	process_usage(t->process, RUSAGE_CHILDREN, &children);
	if (!r->leads) {
		nsec_t user, system;

		thread_times(&t->thread, &user, &system);
		self.ru_utime = (struct __kernel_old_timeval){ user / NSEC_PER_SEC, user % NSEC_PER_SEC / 1000 };
		self.ru_stime = (struct __kernel_old_timeval){ system / NSEC_PER_SEC, system % NSEC_PER_SEC / 1000 };
		self.ru_minflt = (long)t->thread.faults_minor;
		self.ru_majflt = (long)t->thread.faults_major;
	}
	thread_get_params(&t->thread, &sp);
	text_printf(x, "%ld %ld %ld %ld %ld %ld ", self.ru_minflt, children.ru_minflt, self.ru_majflt,
		    children.ru_majflt, ticks(self.ru_utime), ticks(self.ru_stime));
	text_printf(x, "%ld %ld %d %d %u 0 %ld ", ticks(children.ru_utime), ticks(children.ru_stime),
		    thread_priority(&t->thread) - 100, sp.nice, r->threads,
		    (long)(t->thread.start_time / TICK));
}

static void stat_signals(struct text *x, struct task *t)
{
	struct sched_params sp;
	struct masks m;

	get_masks(t, &m);
	thread_get_params(&t->thread, &sp);
	text_printf(x, "%lu %lu %lu %lu 0 0 0 %d %u %d %d 0 0 0 ", m.pending & 0x7fffffff, m.blocked & 0x7fffffff,
		    m.ignored & 0x7fffffff, m.caught & 0x7fffffff, t->process->exit_signal, t->thread.cpu, sp.priority,
		    sp.policy);
}

int proc_show_stat(void *task, struct text *x)
{
	struct task *t = task;
	struct process *p = t->process;
	struct space *s = proc_task_space(t);
	struct relations r;

	get_relations(t, &r);
	text_printf(x, "%d (%s) %c %d %d %d %d %d 0 ", r.tid, t->thread.name, state_letter(t), r.ppid, r.group,
		    r.session, (int)r.terminal, r.terminal_group);
	stat_usage(x, t, &r);
	text_printf(x, "%lu %lu %lu ", s ? s->count.total * PAGE_SIZE : 0, s ? resident(s) : 0,
		    p->limit[RLIMIT_RSS].soft);
	text_printf(x, "%lu %lu %lu 0 0 ", s ? s->code_start : 0, s ? s->code_end : 0, s ? s->stack_top : 0);
	stat_signals(x, t);
	text_printf(x, "%lu %lu %lu %lu %lu %lu %lu %d\n", s ? s->data_start : 0, s ? s->data_end : 0,
		    s ? s->brk_start : 0, s ? s->arg_start : 0, s ? s->arg_end : 0, s ? s->env_start : 0,
		    s ? s->env_end : 0, p->zombie ? p->exit_code : 0);
	if (s)
		space_put(s);
	return 0;
}

static void status_memory(struct text *x, const struct space *s)
{
	const struct space_counters *c = &s->count;
	struct space_resident r;

	space_resident(s, &r);
	text_printf(x, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t%8u kB\n", c->total * 4,
		    c->total * 4, c->locked * 4, 0);
	text_printf(x, "VmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n", r.peak * 4, r.sum * 4);
	text_printf(x, "RssAnon:\t%8lu kB\nRssFile:\t%8lu kB\nRssShmem:\t%8lu kB\n", r.rss[RSS_ANON] * 4,
		    r.rss[RSS_FILE] * 4, r.rss[RSS_SHMEM] * 4);
	text_printf(x, "VmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\nVmLib:\t%8u kB\nVmPTE:\t%8lu kB\nVmSwap:\t%8u kB\n",
		    c->data * 4, c->stack * 4, (s->code_end - s->code_start) / 1024, 0, c->tables * 4, 0);
}

static void status_identity(struct text *x, struct task *t)
{
	spin_lock(&t->lock);
	const struct cred *c = cred_get(t->cred);
	unsigned size = t->files ? files_size(t->files) : 0;
	spin_unlock(&t->lock);

	text_printf(x, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t", c->uid, c->euid, c->suid,
		    c->fsuid, c->gid, c->egid, c->sgid, c->fsgid, size);
	for (unsigned i = 0; c->groups && i < c->groups->count; i++)
		text_printf(x, "%u ", c->groups->gid[i]);
	text_printf(x, "\n");
	cred_put(c);
}

static void status_capabilities(struct text *x, struct task *t)
{
	spin_lock(&t->lock);
	const struct cred *c = cred_get(t->cred);
	spin_unlock(&t->lock);
	text_printf(x, "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\nNoNewPrivs:\t%d\n",
		    c->cap_inheritable, c->cap_permitted, c->cap_effective, c->cap_bounding, c->cap_ambient,
		    c->no_new_privs);
	cred_put(c);
}

static void status_umask(struct text *x, struct task *t)
{
	uint32_t mask = 0;
	bool known;

	spin_lock(&t->lock);
	known = t->fs;
	if (known)
		mask = READ_ONCE(t->fs->umask);
	spin_unlock(&t->lock);
	if (known)
		text_printf(x, "Umask:\t%04o\n", mask);
}

/* "0-2,5": runs of processors. */
static void status_processors(struct text *x, uint64_t mask)
{
	const char *comma = "";

	text_printf(x, "Cpus_allowed:\t%lx\nCpus_allowed_list:\t", mask);
	for (unsigned cpu = 0; cpu < 64; cpu++) {
		unsigned first = cpu;

		if (!(mask >> cpu & 1))
			continue;
		while (cpu < 63 && mask >> (cpu + 1) & 1)
			cpu++;
		text_printf(x, "%s%u", comma, first);
		if (cpu > first)
			text_printf(x, "-%u", cpu);
		comma = ",";
	}
	text_printf(x, "\n");
}

int proc_show_status(void *task, struct text *x)
{
	struct task *t = task;
	struct process *p = t->process;
	struct space *s = proc_task_space(t);
	struct relations r;
	struct masks m;
	char letter = state_letter(t);

	get_relations(t, &r);
	get_masks(t, &m);
	text_printf(x, "Name:\t%s\n", t->thread.name);
	status_umask(x, t);
	text_printf(x, "State:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n", letter,
		    state_name(letter), p->pid->number, r.tid, r.ppid, r.tracer);
	status_identity(x, t);
	text_printf(x, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", p->pid->number, r.tid, r.group,
		    r.session);
	if (s)
		status_memory(x, s);
	text_printf(x, "Threads:\t%u\nSigQ:\t%u/%lu\nSigPnd:\t%016lx\nShdPnd:\t%016lx\n", r.threads, m.queued,
		    m.queue_limit, m.pending, m.shared);
	text_printf(x, "SigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n", m.blocked, m.ignored, m.caught);
	status_capabilities(x, t);
	text_printf(x, "Seccomp:\t%d\nSeccomp_filters:\t%u\n", READ_ONCE(t->seccomp_mode), seccomp_count(t));
	status_processors(x, t->thread.affinity & (BIT(cpu_online_count - 1) * 2 - 1));
	text_printf(x, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", t->thread.switches_voluntary,
		    t->thread.switches_involuntary);
	if (s)
		space_put(s);
	return 0;
}

int proc_show_statm(void *task, struct text *x)
{
	struct space *s = proc_task_space(task);
	struct space_resident r;

	if (!s) {
		text_printf(x, "0 0 0 0 0 0 0\n");
		return 0;
	}
	space_resident(s, &r);
	text_printf(x, "%lu %lu %lu %lu 0 %lu 0\n", s->count.total, r.sum, r.rss[RSS_FILE] + r.rss[RSS_SHMEM],
		    (s->code_end - s->code_start) / PAGE_SIZE, s->count.data + s->count.stack);
	space_put(s);
	return 0;
}

int proc_show_comm(void *task, struct text *x)
{
	text_printf(x, "%s\n", ((struct task *)task)->thread.name);
	return 0;
}

int proc_store_comm(void *task, const char *buf, size_t n)
{
	struct task *t = task;
	char name[16];

	if (t->process != process_current())
		return -EINVAL;
	strscpy(name, buf, sizeof(name));
	char *end = strchr(name, '\n');
	if (end)
		*end = '\0';
	thread_set_name(&t->thread, name);
	return 0;
}

static void limit_value(struct text *x, uint64_t v)
{
	if (v == LIMIT_INFINITY)
		text_printf(x, "%-20s ", "unlimited");
	else
		text_printf(x, "%-20lu ", v);
}

int proc_show_limits(void *task, struct text *x)
{
	static const struct { const char *name, *unit; } row[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", "" },
		[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};
	struct process *p = ((struct task *)task)->process;

	text_printf(x, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		text_printf(x, "%-25s ", row[i].name);
		limit_value(x, p->limit[i].soft);
		limit_value(x, p->limit[i].hard);
		if (*row[i].unit)
			text_printf(x, "%-10s", row[i].unit);
		text_printf(x, "\n");
	}
	return 0;
}

/* Of the process, or of a thread that does not lead it. */
int proc_show_io(void *task, struct text *x)
{
	struct task *t = task;
	struct io_counts io = t->io;
	struct relations r;

	get_relations(t, &r);
	if (r.leads)
		usage_of_io(t->process, &io);
	text_printf(x, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n",
		    io.read_bytes, io.written_bytes, io.read_calls, io.write_calls);
	return 0;
}

int proc_show_oom_score_adj(void *task, struct text *x)
{
	text_printf(x, "%d\n", ((struct task *)task)->process->oom_score_adjust);
	return 0;
}

int proc_store_oom_score_adj(void *task, const char *buf, size_t n)
{
	struct process *p = ((struct task *)task)->process;
	bool negative = *buf == '-';
	uint64_t v;

	if (parse_u64(buf + negative, NULL, 10, &v) || v > 1000)
		return -EINVAL;
	int value = negative ? -(int)v : (int)v;
	if (value < p->oom_score_adjust && !cred_capable(cred_current(), CAP_SYS_RESOURCE))
		return -EACCES;
	atomic_store(&p->oom_score_adjust, value);
	return 0;
}
