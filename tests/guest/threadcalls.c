/* SPDX-License-Identifier: MIT */
/* Calls about threads: barriers, signals with values, robust lists, affinity, processor numbers, sequences' flags. */
#include "tap.h"
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/rseq.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/time.h>

#define NOBODY 4000000
#define BAD ((void *)8)

static long barrier(int command, unsigned flags, int cpu)
{
	return syscall(SYS_membarrier, command, flags, cpu) < 0 ? -errno : 0;
}

static void barriers(void)
{
	TELL("commands", "%ld", syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0));
	CHECK_INT("query with flags", barrier(MEMBARRIER_CMD_QUERY, 1, 0), -EINVAL);
	CHECK_INT("unknown", barrier(512, 0, 0), -EINVAL);
	CHECK_INT("two at once", barrier(3, 0, 0), -EINVAL);
	CHECK_INT("global", barrier(MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
	CHECK_INT("global, expedited, unannounced", barrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0), 0);
	CHECK_INT("announced", barrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0), 0);
	CHECK_INT("with flags", barrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 1, 0), -EINVAL);
	static const struct { const char *name; int command; } kind[3] = {
		{ "private", MEMBARRIER_CMD_PRIVATE_EXPEDITED }, { "core", MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE },
		{ "sequences", MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ },
	};
	for (int i = 0; i < 3; i++) {
		CHECK_INT(kind[i].name, barrier(kind[i].command, 0, 0), -EPERM);
		CHECK_INT("announced with flags", barrier(kind[i].command << 1, 1, 0), -EINVAL);
		CHECK_INT("announced", barrier(kind[i].command << 1, 0, 0), 0);
		CHECK_INT("again", barrier(kind[i].command << 1, 0, 0), 0);
		CHECK_INT("done", barrier(kind[i].command, 0, 0), 0);
		CHECK_INT("of a child", WEXITSTATUS(IN_CHILD(_exit((int)-barrier(kind[i].command, 0, 0)))), 0);
	}
	CHECK_INT("one processor", barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0), 0);
	CHECK_INT("one that is not there", barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 9999), 0);
	CHECK_INT("a negative one", barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, -5), 0);
	CHECK_INT("other flags", barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 3, 0), -EINVAL);
	CHECK_INT("one processor for the others", barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_FLAG_CPU, 0), -EINVAL);
}

static volatile int got, got_value, got_code, got_pid, got_tid;

static void on_info(int n, siginfo_t *info, void *context)
{
	(void)context;
	got = n;
	got_value = info->si_value.sival_int;
	got_code = info->si_code;
	got_pid = info->si_pid;
	got_tid = (int)syscall(SYS_gettid);
}

static long queue(int pid, int sig, siginfo_t *info)
{
	return syscall(SYS_rt_sigqueueinfo, pid, sig, info) < 0 ? -errno : 0;
}

static long queue_to(int group, int tid, int sig, siginfo_t *info)
{
	return syscall(SYS_rt_tgsigqueueinfo, group, tid, sig, info) < 0 ? -errno : 0;
}

static long send(int group, int tid, int sig)
{
	return syscall(SYS_tgkill, group, tid, sig) < 0 ? -errno : 0;
}

static volatile int worker_tid, worker_stop;
static volatile long worker_result;

static void *worker(void *arg)
{
	siginfo_t info = { .si_code = SI_USER };

	(void)arg;
	worker_result = queue(getpid(), SIGUSR1, &info);
	worker_tid = (int)syscall(SYS_gettid);
	while (!worker_stop)
		sleep_ms(1);
	return NULL;
}

static void signals(void)
{
	struct sigaction sa = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
	siginfo_t info = { .si_code = SI_QUEUE };
	int me = getpid();
	pthread_t t;

	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGRTMIN, &sa, NULL);
	info.si_pid = 77;
	info.si_value.sival_int = 42;
	CHECK_INT("to oneself", queue(me, SIGUSR1, &info), 0);
	TELL("what came", "%d %d %d %d", got == SIGUSR1, got_value, got_code, got_pid);
	info.si_code = SI_USER;
	CHECK_INT("to oneself one may lie", queue(me, SIGUSR1, &info), 0);
	info.si_code = 5;
	CHECK_INT("to a thread of one's own too", queue_to(me, me, SIGUSR1, &info), 0);
	CHECK_INT("which sees that", got_code, 5);
	CHECK_INT("not to others", queue(1, SIGUSR1, &info), -EPERM);
	CHECK_INT("nor to their threads", queue_to(1, 1, SIGUSR1, &info), -EPERM);
	info.si_code = SI_TKILL;
	CHECK_INT("nor as if from tkill", queue(1, 0, &info), -EPERM);
	info.si_code = SI_QUEUE;
	CHECK_INT("bad address", queue(me, SIGUSR1, BAD), -EFAULT);
	CHECK_INT("bad address before all", queue(-1, 99, BAD), -EFAULT);
	CHECK_INT("nobody", queue(NOBODY, SIGUSR1, &info), -ESRCH);
	CHECK_INT("process 0", queue(0, SIGUSR1, &info), -ESRCH);
	CHECK_INT("a group", queue(-me, SIGUSR1, &info), -ESRCH);
	CHECK_INT("signal 65", queue(me, 65, &info), -EINVAL);
	CHECK_INT("signal -1", queue(me, -1, &info), -EINVAL);
	CHECK_INT("nobody before the signal's number", queue(NOBODY, 65, &info), -ESRCH);
	CHECK_INT("signal 0 only looks", queue(me, 0, &info), 0);
	CHECK_INT("thread of nobody", queue_to(NOBODY, NOBODY, SIGUSR1, &info), -ESRCH);
	CHECK_INT("thread of another process", queue_to(me, 1, SIGUSR1, &info), -ESRCH);
	CHECK_INT("thread 0", queue_to(me, 0, SIGUSR1, &info), -EINVAL);
	CHECK_INT("process 0", queue_to(0, me, SIGUSR1, &info), -EINVAL);
	CHECK_INT("thread: signal 65", queue_to(me, me, 65, &info), -EINVAL);
	info.si_code = 0;
	CHECK_INT("numbers before the code", queue_to(0, 1, SIGUSR1, &info), -EINVAL);
	CHECK_INT("tgkill: thread 0", send(me, 0, SIGUSR1), -EINVAL);
	CHECK_INT("tgkill: process -1", send(-1, me, SIGUSR1), -EINVAL);
	CHECK_INT("tgkill: another's thread", send(me, 1, SIGUSR1), -ESRCH);
	CHECK_INT("tgkill: nobody", send(me, NOBODY, 0), -ESRCH);
	CHECK_INT("tgkill: nobody before the signal's number", send(me, NOBODY, 65), -ESRCH);
	CHECK_INT("tgkill: signal 65", send(me, me, 65), -EINVAL);
	CHECK_INT("tgkill: looks", send(me, me, 0), 0);
	CHECK_INT("tgkill: to us", send(me, me, SIGUSR1), 0);
	TELL("it says", "%d %d", got_code, got_pid == me);
	CHECK_ERRNO("tkill: thread 0", syscall(SYS_tkill, 0, SIGUSR1), EINVAL);
	CHECK_ERRNO("tkill: nobody", syscall(SYS_tkill, NOBODY, SIGUSR1), ESRCH);
	CHECK_ERRNO("tkill: signal 65", syscall(SYS_tkill, me, 65), EINVAL);
	CHECK_ERRNO("kill: nobody before the signal's number", kill(NOBODY, 65), ESRCH);
	CHECK_ERRNO("kill: signal 65", kill(me, 65), EINVAL);
	CHECK_INT("tkill: another user's", IN_CHILD(setuid(1000); _exit(syscall(SYS_tkill, me, 0) < 0 ? errno : 0)), EXITED(EPERM));
	pthread_create(&t, NULL, worker, NULL);
	while (!worker_tid)
		sleep_ms(1);
	CHECK_INT("oneself is the thread", worker_result, -EPERM);
	info.si_code = SI_QUEUE;
	info.si_value.sival_int = 9;
	got_tid = 0;
	CHECK_INT("to a thread", queue_to(me, worker_tid, SIGRTMIN, &info), 0);
	while (!got_tid)
		sleep_ms(1);
	CHECK("it took it", got_tid == worker_tid && got_value == 9);
	CHECK_INT("a thread's number is its process's for kill", kill(worker_tid, 0), 0);
	worker_stop = 1;
	pthread_join(t, NULL);
}

struct robust { struct robust_list list; uint32_t word; };
static struct { struct robust_list_head head; struct robust lock[4]; uint32_t odd[4]; } *shared;

static void chain(int n)
{
	struct robust_list *at = &shared->head.list;

	for (int i = 0; i < n; i++) {
		at->next = &shared->lock[i].list;
		at = at->next;
	}
	at->next = &shared->head.list;
	shared->head.futex_offset = offsetof(struct robust, word);
	shared->head.list_op_pending = NULL;
	for (int i = 0; i < 4; i++)
		shared->lock[i].word = 0;
}

/* A child with the list registered ends; what the words are then, its number shown as 7. */
#define LEAVES(name, ...) do {								\
	int p_ = fork();								\
	if (!p_) {									\
		uint32_t me = (uint32_t)getpid();					\
		(void)me;								\
		__VA_ARGS__;								\
		syscall(SYS_set_robust_list, &shared->head, sizeof(shared->head));	\
		_exit(0);								\
	}										\
	waitpid(p_, NULL, 0);								\
	uint32_t w_[4];									\
	for (int i_ = 0; i_ < 4; i_++) {						\
		w_[i_] = shared->lock[i_].word;						\
		if ((w_[i_] & FUTEX_TID_MASK) == (uint32_t)p_)				\
			w_[i_] = (w_[i_] & ~FUTEX_TID_MASK) | 7;			\
	}										\
	TELL(name, "%x %x %x %x", w_[0], w_[1], w_[2], w_[3]); } while (0)

static void robust(void)
{
	struct robust_list_head *head, own;
	size_t size;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK_ERRNO("size", syscall(SYS_set_robust_list, &own, sizeof(own) - 1), EINVAL);
	CHECK_ERRNO("size 0", syscall(SYS_set_robust_list, NULL, 0), EINVAL);
	CHECK_OK("any address will do", syscall(SYS_set_robust_list, BAD, sizeof(own)));
	CHECK_OK("read", syscall(SYS_get_robust_list, 0, &head, &size));
	CHECK("it is that", head == BAD && size == sizeof(own));
	CHECK_OK("by number", syscall(SYS_get_robust_list, getpid(), &head, &size));
	CHECK_ERRNO("of nobody", syscall(SYS_get_robust_list, NOBODY, &head, &size), ESRCH);
	CHECK_ERRNO("of -1", syscall(SYS_get_robust_list, -1, &head, &size), ESRCH);
	CHECK_ERRNO("bad place", syscall(SYS_get_robust_list, 0, BAD, &size), EFAULT);
	CHECK_ERRNO("bad place for the size", syscall(SYS_get_robust_list, 0, &head, BAD), EFAULT);
	CHECK_INT("another user's", IN_CHILD(setuid(1000); _exit(syscall(SYS_get_robust_list, 1, &head, &size) < 0 ? errno : 0)),
		  EXITED(EPERM));
	CHECK_OK("a child has none", IN_CHILD(syscall(SYS_get_robust_list, 0, &head, &size); _exit(head == BAD)));
	syscall(SYS_set_robust_list, NULL, sizeof(own));

	chain(3);
	LEAVES("its own are marked", shared->lock[0].word = me; shared->lock[1].word = me | FUTEX_WAITERS; shared->lock[2].word = 1);
	chain(2);
	LEAVES("the end of the list counts", for (int i = 0; i < 4; i++) shared->lock[i].word = me);
	chain(2);
	LEAVES("what it was about to take", shared->lock[3].word = me; shared->head.list_op_pending = &shared->lock[3].list);
	chain(2);
	LEAVES("which is in the list too", shared->lock[1].word = me; shared->head.list_op_pending = &shared->lock[1].list);
	chain(4);
	LEAVES("already marked", for (int i = 0; i < 4; i++) shared->lock[i].word = me | FUTEX_OWNER_DIED);
	chain(4);
	LEAVES("a bad link after two", shared->lock[0].word = shared->lock[1].word = shared->lock[2].word = me;
	       shared->lock[1].list.next = BAD);
	chain(4);
	LEAVES("and then what is pending", shared->lock[0].word = shared->lock[3].word = me; shared->lock[0].list.next = BAD;
	       shared->head.list_op_pending = &shared->lock[3].list);
	chain(3);
	LEAVES("a circle", for (int i = 0; i < 4; i++) shared->lock[i].word = me; shared->lock[2].list.next = &shared->lock[0].list);
	chain(4);
	LEAVES("words at odd places", for (int i = 0; i < 4; i++) shared->lock[i].word = me; shared->head.futex_offset++);
	chain(4);
	LEAVES("with priority inheritance", shared->lock[0].word = me; shared->lock[1].word = me | FUTEX_WAITERS;
	       shared->head.list.next = (void *)((uintptr_t)&shared->lock[0].list | 1);
	       shared->lock[0].list.next = (void *)((uintptr_t)&shared->lock[1].list | 1));
	chain(1);
	LEAVES("exec marks too", {
		char *argv[] = { "/proc/self/exe", "robust", NULL };
		shared->lock[0].word = me;
		syscall(SYS_set_robust_list, &shared->head, sizeof(shared->head));
		execv(argv[0], argv);
	});
}

static void affinity(void)
{
	uint64_t mask[16] = { 0 };

	CHECK_ERRNO("get: no bytes", syscall(SYS_sched_getaffinity, 0, 0, mask), EINVAL);
	CHECK_ERRNO("get: not whole words", syscall(SYS_sched_getaffinity, 0, 12, mask), EINVAL);
	CHECK_INT("get: what it needs", syscall(SYS_sched_getaffinity, 0, 8, mask), 8);
	CHECK_INT("get: no more", syscall(SYS_sched_getaffinity, 0, 128, mask), 8);
	CHECK("processor 0", mask[0] & 1);
	CHECK_ERRNO("get: bad address", syscall(SYS_sched_getaffinity, 0, 8, BAD), EFAULT);
	CHECK_ERRNO("get: nobody", syscall(SYS_sched_getaffinity, NOBODY, 8, mask), ESRCH);
	CHECK_ERRNO("get: negative", syscall(SYS_sched_getaffinity, -1, 8, mask), ESRCH);
	CHECK_ERRNO("get: size before the thread", syscall(SYS_sched_getaffinity, NOBODY, 3, mask), EINVAL);
	mask[0] = 1;
	CHECK_OK("set: one byte", syscall(SYS_sched_setaffinity, 0, 1, mask));
	CHECK_OK("set: many", syscall(SYS_sched_setaffinity, 0, 128, mask));
	CHECK_ERRNO("set: no bytes", syscall(SYS_sched_setaffinity, 0, 0, mask), EINVAL);
	CHECK_ERRNO("set: bad address", syscall(SYS_sched_setaffinity, 0, 8, BAD), EFAULT);
	CHECK_ERRNO("set: bad address before the thread", syscall(SYS_sched_setaffinity, NOBODY, 8, BAD), EFAULT);
	CHECK_ERRNO("set: nobody", syscall(SYS_sched_setaffinity, NOBODY, 8, mask), ESRCH);
	mask[0] = 0;
	mask[1] = 1;
	CHECK_ERRNO("set: none that is there", syscall(SYS_sched_setaffinity, 0, 16, mask), EINVAL);
	mask[0] = 1;
	CHECK_INT("set: another user's", IN_CHILD(setuid(1000); _exit(syscall(SYS_sched_setaffinity, 1, 8, mask) < 0 ? errno : 0)),
		  EXITED(EPERM));
	unsigned cpu = 77, node = 77;
	CHECK_OK("getcpu", syscall(SYS_getcpu, &cpu, &node, NULL));
	TELL("on", "%u %u", cpu, node);
	CHECK_OK("getcpu of nothing", syscall(SYS_getcpu, NULL, NULL, BAD));
	CHECK_ERRNO("getcpu: bad address", syscall(SYS_getcpu, BAD, NULL, NULL), EFAULT);
	CHECK_ERRNO("getcpu: bad address for the node", syscall(SYS_getcpu, NULL, BAD, NULL), EFAULT);
	CHECK_INT("without a call", sched_getcpu(), 0);
}

static struct rseq *area(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* A section that goes on until it is interrupted; its descriptor is made by hand. */
static struct { uint32_t version, flags; uint64_t start, length, abort; } __attribute__((aligned(32))) section;

static int spin_in_section(struct rseq *r, uint32_t version, uint32_t flags)
{
	int aborted;
	uint64_t start, end, abort;

	section.version = version;
	section.flags = flags;
	__asm__ volatile("leaq 2f(%%rip), %0\n leaq 3f(%%rip), %1\n leaq 4f(%%rip), %2\n"
			 "jmp 5f\n"
			 "2: pause\n"
			 "jmp 2b\n"
			 "3: ud2\n"
			 ".long 0x53053053\n"
			 "4: jmp 6f\n"
			 "5:\n"
			 "movq %0, %c[at_start](%[s])\n"
			 "subq %0, %1\n movq %1, %c[at_length](%[s])\n"
			 "movq %2, %c[at_abort](%[s])\n"
			 "movq %[s], %c[cs](%[r])\n"
			 "jmp 2b\n"
			 "6: movl $1, %[aborted]\n"
			 : "=&r"(start), "=&r"(end), "=&r"(abort), [aborted] "=&r"(aborted)
			 : [s] "r"(&section), [r] "r"(r), [cs] "i"(offsetof(struct rseq, rseq_cs)), [at_start] "i"(8),
			   [at_length] "i"(16), [at_abort] "i"(24)
			 : "memory", "cc");
	return aborted;
}

static void on_alarm(int n)
{
	(void)n;
}

/* How such a section ends: 1 aborted, else the signal that it dies by. */
static int section_ends(uint32_t version, uint32_t flags, uint32_t area_flags)
{
	int status = IN_CHILD({
		struct itimerval t = { { 0, 0 }, { 0, 5000 } };

		signal(SIGALRM, on_alarm);
		setitimer(ITIMER_REAL, &t, NULL);
		area()->flags = area_flags;
		_exit(spin_in_section(area(), version, flags));
	});

	return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

static volatile int spinner_done;

static void *section_thread(void *arg)
{
	*(volatile int *)arg = 1;
	spinner_done = spin_in_section(area(), 0, 0);
	return NULL;
}

static void sequences(void)
{
	pthread_t t;
	volatile int started = 0;

	CHECK_INT("aborted by a signal", section_ends(0, 0, 0), 1);
	CHECK_INT("version 1", section_ends(1, 0, 0), SIGSEGV);
	CHECK_INT("flags of a section", section_ends(0, RSEQ_CS_FLAG_NO_RESTART_ON_SIGNAL, 0), SIGSEGV);
	CHECK_INT("unknown flags of a section", section_ends(0, 64, 0), SIGSEGV);
	CHECK_INT("flags of the area", section_ends(0, 0, RSEQ_CS_FLAG_NO_RESTART_ON_PREEMPT), SIGSEGV);
	pthread_create(&t, NULL, section_thread, (void *)&started);
	while (!started)
		sleep_ms(1);
	for (int i = 0; i < 2000 && !spinner_done; i++) {
		barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0);
		sleep_ms(1);
	}
	pthread_join(t, NULL);
	CHECK_INT("aborted by preemption, or a barrier", spinner_done, 1);
}

static uint32_t tid_place;

static void *clear_thread(void *arg)
{
	*(long *)arg = syscall(SYS_set_tid_address, &tid_place) == syscall(SYS_gettid);
	return NULL;
}

static int stack_thread(void *arg)
{
	(void)arg;
	tid_place = 5;
	syscall(SYS_set_tid_address, &tid_place);
	return 0;
}

static void places(void)
{
	static char stack[16384] __attribute__((aligned(64)));
	int p, status;

	CHECK_INT("set_tid_address says who it is", syscall(SYS_set_tid_address, BAD), getpid());
	p = clone(stack_thread, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	waitpid(p, &status, 0);
	CHECK_INT("cleared at the end where memory is shared", tid_place, 0);
	CHECK_INT("not where it is not", IN_CHILD(tid_place = 3; syscall(SYS_set_tid_address, BAD)), EXITED(0));
	(void)clear_thread;
}

static long count_of(const char *path, const char *what)
{
	char text[512] = "", *at;
	int fd = open(path, O_RDONLY);

	read(fd, text, sizeof(text) - 1);
	close(fd);
	at = strstr(text, what);
	return at ? atol(at + strlen(what)) : -1;
}

static void *reads(void *arg)
{
	char buf[1000];
	int zero = open("/proc/self/stat", O_RDONLY), out[2];

	(void)arg;
	pipe(out);
	for (int i = 0; i < 5; i++) {
		write(out[1], buf, sizeof(buf));
		read(out[0], buf, sizeof(buf));
	}
	close(zero);
	close(out[0]);
	close(out[1]);
	return NULL;
}

static void transfers(void)
{
	long before[4], own = count_of("/proc/thread-self/io", "syscw: ");
	static const char *const what[4] = { "rchar: ", "wchar: ", "syscr: ", "syscw: " };
	pthread_t t;

	for (int i = 0; i < 4; i++)
		before[i] = count_of("/proc/self/io", what[i]);
	pthread_create(&t, NULL, reads, NULL);
	pthread_join(t, NULL);
	CHECK_INT("bytes that an ended thread wrote", count_of("/proc/self/io", what[1]) - before[1], 5000);
	CHECK_INT("its calls", count_of("/proc/self/io", what[3]) - before[3], 6); /* with the line above */
	CHECK("bytes that it read", count_of("/proc/self/io", what[0]) - before[0] >= 5000);
	CHECK("and the calls", count_of("/proc/self/io", what[2]) - before[2] >= 5);
	CHECK("a process's own are the sum", own >= 0 && count_of("/proc/thread-self/io", what[3]) <= count_of("/proc/self/io", what[3]));
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	barriers();
	signals();
	robust();
	affinity();
	sequences();
	places();
	transfers();
	return tap_done();
}
