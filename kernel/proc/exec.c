/* SPDX-License-Identifier: MIT */
/*
 * proc/exec.c: execve(2), in two parts. The first may fail and changes nothing:
 * the file is opened (through any number of "#!" lines up to a limit), the
 * strings copied, the new memory built with its stack. The second cannot fail,
 * but for being killed: the other threads end, the new memory is taken on, and
 * all that does not outlive an exec is reset.
 */
#include "base/panic.h"
#include "lib/format.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/aio.h"
#include "proc/exec.h"
#include "proc/internal.h"
#include "proc/itimer.h"
#include "proc/ptrace.h"
#include <linux/fcntl.h>
#include <linux/personality.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * The end of the first line. A line longer than head is cut, as in Linux: that
 * may shorten the argument, but an interpreter's name that is not seen to end is
 * refused (NULL).
 */
static char *end_of_line(char *head, size_t n)
{
	char *last = head + EXEC_HEAD_BYTES - 1, *end = memchr(head, '\n', n), *p = head + 2;

	if (end)
		return end;
	while (p < last && is_blank(*p))
		p++;
	while (p < last && *p && !is_blank(*p))
		p++;
	return p < last ? last : NULL;
}

/* Splits "#! interpreter argument" in head, which is zero-filled from n on. 0, or -ENOEXEC. */
static int parse_script(char *head, size_t n, char **interpreter, char **argument)
{
	char *end = end_of_line(head, n), *p = head + 2;

	*argument = NULL;
	if (!end)
		return -ENOEXEC;
	while (end > p && is_blank(end[-1]))
		end--;
	*end = '\0';
	while (is_blank(*p))
		p++;
	if (!*p)
		return -ENOEXEC;
	*interpreter = p;
	while (*p && !is_blank(*p))
		p++;
	if (*p) {
		*p++ = '\0';
		while (is_blank(*p))
			p++;
		*argument = p;
	}
	return 0;
}

static bool is_script(const struct exec_image *image)
{
	return image->head_bytes >= 2 && image->head[0] == '#' && image->head[1] == '!';
}

/* From the script that image holds to its interpreter. *script: its name, then the interpreter's, in kernel memory. */
static int open_interpreter(struct exec_image *image, char **script, const char *shown, struct exec_strings *s)
{
	char *interpreter, *argument, *name;
	int result = parse_script((char *)image->head, image->head_bytes, &interpreter, &argument);
	struct task_walk w;

	if (result)
		return result;
	result = exec_strings_interpreter(s, interpreter, argument, *script ? *script : shown);
	if (result)
		return result;
	name = kstrdup(interpreter, ALLOC_KERNEL);
	if (!name)
		return -ENOMEM;
	kfree(*script);
	*script = name;
	file_put(image->file);
	image->file = NULL;

	result = task_walk_begin(&w, AT_FDCWD, name, 0);
	if (result)
		return result;
	result = exec_open(image, &w.walk, name);
	task_walk_end(&w);
	return result;
}

/* Opens the program, following "#!" lines; the strings grow by each interpreter. */
static int open_program(struct exec_image *image, const struct walk *w, const char *name, const char *shown,
			struct exec_strings *s)
{
	int result = exec_open(image, w, name);
	char *script = NULL;

	for (int level = 0; !result && is_script(image); level++)
		result = level < EXEC_SCRIPT_LEVELS ? open_interpreter(image, &script, shown, s) : -ELOOP;
	kfree(script);
	return result;
}

/*
 * A thread that is not the leader takes over the leader's number; the ended leader goes. The number
 * leads from the one to the other in one step: who looks it up meanwhile must not find that nobody has it.
 */
static void take_leadership(struct task *t)
{
	struct process *p = t->process;
	struct task *old;
	struct pid *own;

	spin_lock(&process_tree_lock);
	old = p->leader;
	own = t->pid;
	if (old == t) {
		spin_unlock(&process_tree_lock);
		return;
	}
	if (unlikely(old->ptrace.tracer))
		ptrace_unlink(old);
	pid_get(p->pid);
	rcu_assign(t->pid, p->pid);
	rcu_assign(p->pid->task, t);
	task_unlink(old);
	rcu_assign(own->task, (struct task *)NULL);
	p->leader = t;
	t->thread.start_time = old->thread.start_time;
	spin_unlock(&process_tree_lock);
	pid_put(own);
	task_put(old);
}

static int unshare_actions(struct task *t)
{
	struct signal_actions *own, *old = t->actions;

	if (refcount_read(&old->refs) == 1)
		return 0;
	own = signal_actions_copy(old);
	if (!own)
		return -ENOMEM;
	uint64_t irq = spin_lock_irq(&t->process->signal_lock);
	t->actions = own;
	spin_unlock_irq(&t->process->signal_lock, irq);
	signal_actions_put(old);
	return 0;
}

static int unshare_files(struct task *t)
{
	struct files *own, *old = t->files;

	if (!files_shared(old))
		return 0;
	own = files_copy(old);
	if (!own)
		return -ENOMEM;
	spin_lock(&t->lock);
	t->files = own;
	spin_unlock(&t->lock);
	files_put(old);
	return 0;
}

static void take_space(struct task *t, struct space *new)
{
	struct space *old = t->space;

	if (old)
		task_settle_memory(t, false);
	spin_lock(&t->lock);
	t->space = new;
	spin_unlock(&t->lock);
	thread_use_space(&new->mmu);
	task_release_vfork_parent(t);
	if (old)
		space_unuse(old);
}

static void (*exec_hook)(void); /* set once, at boot */

void process_set_exec_hook(void (*hook)(void))
{
	exec_hook = hook;
}

/* Its POSIX timers go, and so do the signals they have sent. */
static void end_timers(struct task *t)
{
	struct process *p = t->process;
	uint64_t irq;

	posix_timers_exit(p);
	irq = spin_lock_irq(&p->signal_lock);
	signal_queue_remove_timers(&p->pending);
	signal_queue_remove_timers(&t->pending);
	signal_update_pending(t);
	spin_unlock_irq(&p->signal_lock, irq);
}

static void reset_task(struct task *t, const char *name)
{
	const char *base = strrchr(name, '/');

	thread_set_name(&t->thread, base ? base + 1 : name);
	signal_actions_reset(t);
	end_timers(t);
	aio_exit(t->process);
	files_close_on_exec(t->files);
	t->altstack_sp = t->altstack_size = 0;
	t->altstack_flags = 0;
	t->set_child_tid = 0;
	rseq_set(t, 0, 0, 0);
	spin_lock(&process_tree_lock);
	t->process->was_execed = true;
	t->process->exit_signal = SIGCHLD; /* whatever clone(2) asked for */
	spin_unlock(&process_tree_lock);
	if (exec_hook)
		exec_hook();
}

/* The second part: only a kill can stop it. */
static int commit(struct exec_image *image, struct cred *cred, const char *name, uaddr_t sp)
{
	struct task *t = task_current();
	int result = process_kill_other_threads();

	if (result)
		return result;
	take_leadership(t);
	if (exec_gains(t->cred, cred)) {
		t->death_signal = 0;
		t->personality &= ~(uint32_t)PER_CLEAR_ON_SETID;
	}
	WRITE_ONCE(t->process->dumpable, exec_may_be_dumped(image->file, t->cred, cred));
	atomic_add(&t->process->exec_count, 1); /* before the memory shows: files of /proc opened until now show nothing of it */
	cred_commit(cred);
	take_space(t, image->space);
	image->space = NULL;
	reset_task(t, name);
	context_exec(image->entry, sp);
	return 0;
}

/* The first part, and the second if all went well. The process's exec_lock is held. */
static int load_and_commit(struct exec_image *image, const struct walk *w, const char *name, const char *shown,
			   struct exec_strings *s)
{
	struct task *t = task_current();
	int result = open_program(image, w, name, shown, s);
	struct cred *cred;
	uaddr_t sp;

	if (!result)
		result = exec_image_load(image);
	if (result)
		return result;
	result = exec_credentials(image->file, &cred, &image->secure);
	if (result)
		return result;
	result = exec_stack_build(image, s, shown, cred, &sp);
	if (!result)
		result = unshare_actions(t);
	if (!result)
		result = unshare_files(t);
	if (!result)
		result = commit(image, cred, shown, sp);
	if (result)
		cred_put(cred);
	return result;
}

/* Everything between the strings and the new program. Consumes nothing of s. */
static int run(const struct walk *w, const char *name, const char *shown, struct exec_strings *s)
{
	struct task *t = task_current();
	int number = t->pid->number, result;
	struct exec_image *image;

	/* setuid(2) does not fail for too many of the new user: its program does not start instead. */
	if (t->too_many && account_threads(t->account) > process_limit(RLIMIT_NPROC))
		return -EAGAIN;
	t->too_many = false;
	image = kzalloc(sizeof(*image), ALLOC_KERNEL);
	if (!image)
		return -ENOMEM;
	result = mutex_lock_killable(&t->process->exec_lock);
	if (!result) {
		result = load_and_commit(image, w, name, shown, s);
		mutex_unlock(&t->process->exec_lock);
	}
	exec_image_free(image);
	kfree(image);
	if (!result && unlikely(ptrace_is_traced(t)))
		ptrace_event(PTRACE_EVENT_EXEC, (uint64_t)number);
	return result;
}

int process_exec(struct task_walk *w, const char *name, uaddr_t argv, uaddr_t envp, const char *shown)
{
	struct exec_strings s;
	int result = exec_strings_from_user(&s, argv, envp);

	if (result)
		return result;
	result = run(&w->walk, name, shown, &s);
	exec_strings_free(&s);
	return result;
}

int process_exec_kernel(const char *path, const char *const *argv, const char *const *envp)
{
	struct exec_strings s;
	struct task_walk w;
	int result = exec_strings_from_kernel(&s, argv, envp);

	if (result)
		return result;
	result = task_walk_begin(&w, AT_FDCWD, path, 0);
	if (!result) {
		result = run(&w.walk, path, path, &s);
		task_walk_end(&w);
	}
	exec_strings_free(&s);
	return result;
}
