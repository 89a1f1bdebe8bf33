/* SPDX-License-Identifier: MIT */
/*
 * Scheduling policies, nice values and affinity: what the calls of sched(7) answer, in
 * which order errors come, what limits allow to somebody without privileges, and what
 * children, new programs and threads inherit. Raw calls, since the C library's know less.
 */
#include "tap.h"
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NOBODY 65534
#define NONE   31999 /* no process has this number */
#define BAD    ((void *)8)

#define CALL(name, ...)                                       \
	({                                                    \
		errno = 0;                                    \
		long r_ = syscall(SYS_##name, ##__VA_ARGS__); \
		r_ == -1 ? -errno : r_;                       \
	})

/* The header that has it does not go with the C library's. */
struct sched_attr {
	unsigned size, sched_policy;
	unsigned long sched_flags;
	int sched_nice;
	unsigned sched_priority;
	unsigned long sched_runtime, sched_deadline, sched_period;
	unsigned sched_util_min, sched_util_max;
};

/* What children say, shown as one line. */
static char *said;

static void say(const char *format, ...)
{
	va_list args;
	size_t at = strlen(said);

	va_start(args, format);
	vsnprintf(said + at, 1000 - at, format, args);
	va_end(args);
}

#define IN_TOLD_CHILD(name, ...)                    \
	do {                                        \
		*said = 0;                          \
		int ended_ = IN_CHILD(__VA_ARGS__); \
		TELL(name, "%sends %x", said, ended_); \
	} while (0)

static struct sched_attr attr(int policy, int priority, int nice)
{
	return (struct sched_attr){ .size = sizeof(struct sched_attr), .sched_policy = (unsigned)policy,
				    .sched_priority = (unsigned)priority, .sched_nice = nice };
}

static long set_attr(int policy, int priority, int nice, unsigned long flags)
{
	struct sched_attr a = attr(policy, priority, nice);

	a.sched_flags = flags;
	return CALL(sched_setattr, 0, &a, 0);
}

static void show(void)
{
	struct sched_attr a;

	memset(&a, 0xee, sizeof(a));
	long got = CALL(sched_getattr, 0, &a, sizeof(a), 0);
	say("[%ld: %u flags %lx nice %d prio %u] ", got, a.sched_policy, a.sched_flags, a.sched_nice,
	    a.sched_priority);
}

static long set_policy(int policy, int priority)
{
	struct sched_param p = { .sched_priority = priority };

	return CALL(sched_setscheduler, 0, policy, &p);
}

static void limit(int which, unsigned long value)
{
	struct rlimit l = { value, value };

	setrlimit(which, &l);
}

static void attributes(void)
{
	static const int policies[] = { SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, 4, SCHED_IDLE, 7, 8, -1 };

	for (unsigned i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		IN_TOLD_CHILD("sched_setattr, a policy with each kind of priority", {
			say("%d: ", policies[i]);
			say("%ld ", set_attr(policies[i], 0, 5, 0));
			show();
			say("%ld ", set_attr(policies[i], 30, 7, 0));
			show();
			say("%ld ", set_attr(policies[i], 100, -25, 0));
			say("%ld ", set_attr(policies[i], 0, 25, 0));
			say("%ld ", set_attr(policies[i], -1, -25, 0));
			show();
		});
	IN_TOLD_CHILD("a nice value outlasts a real-time policy", {
		say("%ld ", set_attr(SCHED_OTHER, 0, 3, 0));
		say("%ld ", set_attr(SCHED_FIFO, 10, 9, 0));
		show();
		say("%ld ", CALL(getpriority, PRIO_PROCESS, 0));
		say("%ld ", CALL(setpriority, PRIO_PROCESS, 0, 6));
		say("%ld ", CALL(getpriority, PRIO_PROCESS, 0));
		say("%ld ", set_policy(SCHED_OTHER, 0));
		show();
	});
	IN_TOLD_CHILD("sched_setattr, flags", {
		for (int i = 0; i < 10; i++) {
			say("%d: %ld ", i, set_attr(SCHED_RR, 3, 0, 1UL << i));
			show();
			set_attr(SCHED_OTHER, 0, 0, 0);
		}
	});
	IN_TOLD_CHILD("sched_setattr, kept policy and parameters", {
		set_attr(SCHED_RR, 20, 0, 0);
		say("%ld ", set_attr(SCHED_OTHER, 40, 0, SCHED_FLAG_KEEP_POLICY));
		show();
		say("%ld ", set_attr(SCHED_FIFO, 0, 0, SCHED_FLAG_KEEP_PARAMS));
		show();
		say("%ld ", set_attr(SCHED_OTHER, 0, 11, SCHED_FLAG_KEEP_PARAMS | SCHED_FLAG_KEEP_POLICY));
		show();
		say("%ld ", set_attr(SCHED_OTHER, 0, 11, SCHED_FLAG_KEEP_PARAMS));
		show();
	});
}

/* Room for an attribute with a tail of zeros or not. */
static union {
	struct sched_attr a;
	unsigned char bytes[8192];
} room;

static void sizes(void)
{
	static const unsigned sizes[] = { 0, 1, 47, 48, 52, 56, 57, 64, 4096, 4097, 8192 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		IN_TOLD_CHILD("sched_setattr and sched_getattr, sizes", {
			memset(&room, 0, sizeof(room));
			room.a = attr(SCHED_BATCH, 0, 4);
			room.a.size = sizes[i];
			say("%u: %ld size %u ", sizes[i], CALL(sched_setattr, 0, &room, 0), room.a.size);
			memset(&room, 0xee, sizeof(room));
			say("%ld ", CALL(sched_getattr, 0, &room, sizes[i], 0));
			say("size %x policy %x min %x max %x then %x", room.a.size, room.a.sched_policy, room.a.sched_util_min,
			    room.a.sched_util_max, room.bytes[56]);
		});
	IN_TOLD_CHILD("sched_setattr, something behind what the kernel knows", {
		memset(&room, 0, sizeof(room));
		room.a = attr(SCHED_BATCH, 0, 4);
		room.a.size = 64;
		room.bytes[60] = 1;
		say("%ld size %u ", CALL(sched_setattr, 0, &room, 0), room.a.size);
	});
	IN_TOLD_CHILD("sched_setattr and sched_getattr, errors", {
		struct sched_attr a = attr(SCHED_OTHER, 0, 0);

		say("%ld %ld ", CALL(sched_setattr, 0, NULL, 0), CALL(sched_setattr, 0, BAD, 0));
		say("%ld %ld ", CALL(sched_setattr, -1, &a, 0), CALL(sched_setattr, NONE, &a, 0));
		say("%ld %ld ", CALL(sched_setattr, -1, BAD, 0), CALL(sched_setattr, NONE, BAD, 0));
		say("%ld ", CALL(sched_setattr, 0, &a, 1));
		say("%ld %ld ", CALL(sched_getattr, 0, NULL, 56, 0), CALL(sched_getattr, 0, BAD, 56, 0));
		say("%ld %ld ", CALL(sched_getattr, -1, &a, 56, 0), CALL(sched_getattr, NONE, &a, 56, 0));
		say("%ld ", CALL(sched_getattr, 0, &a, 56, 1));
		a.size = 3;
		say("%ld %u ", CALL(sched_setattr, NONE, &a, 0), a.size);
	});
	IN_TOLD_CHILD("SCHED_DEADLINE is not for sched_setscheduler, nor without its numbers", {
		say("%ld %ld ", set_policy(SCHED_DEADLINE, 0), set_policy(SCHED_DEADLINE, 1));
		say("%ld %ld ", set_attr(SCHED_DEADLINE, 0, 0, 0), set_attr(SCHED_DEADLINE, 1, 0, 0));
		setuid(NOBODY);
		say("%ld ", set_attr(SCHED_DEADLINE, 0, 0, 0));
	});
}

static void parameters(void)
{
	IN_TOLD_CHILD("sched_setparam and sched_getparam", {
		struct sched_param p = { 0 };

		say("%ld ", CALL(sched_setparam, 0, &p));
		p.sched_priority = 1;
		say("%ld ", CALL(sched_setparam, 0, &p));
		set_policy(SCHED_RR, 5);
		say("%ld ", CALL(sched_setparam, 0, &p));
		p.sched_priority = 0;
		say("%ld ", CALL(sched_setparam, 0, &p));
		p.sched_priority = -1;
		say("%ld ", CALL(sched_setparam, 0, &p));
		say("%ld %ld ", CALL(sched_setparam, 0, NULL), CALL(sched_setparam, 0, BAD));
		say("%ld %ld ", CALL(sched_setparam, -1, &p), CALL(sched_setparam, NONE, &p));
		say("%ld %ld ", CALL(sched_getparam, 0, NULL), CALL(sched_getparam, 0, BAD));
		say("%ld %ld ", CALL(sched_getparam, -1, &p), CALL(sched_getparam, NONE, &p));
		say("%ld %ld ", CALL(sched_getparam, -1, BAD), CALL(sched_getparam, NONE, BAD));
		show();
	});
	IN_TOLD_CHILD("sched_setscheduler, errors and their order", {
		struct sched_param p = { 0 };

		say("%ld %ld ", CALL(sched_setscheduler, 0, 0, BAD), CALL(sched_setscheduler, NONE, 0, BAD));
		say("%ld %ld ", CALL(sched_setscheduler, -1, 0, BAD), CALL(sched_setscheduler, -1, -1, NULL));
		say("%ld %ld ", CALL(sched_setscheduler, NONE, 99, &p), CALL(sched_setscheduler, NONE, -1, &p));
		say("%ld ", CALL(sched_setscheduler, 0, 0x10000000, &p));
		say("%ld ", CALL(sched_setscheduler, 0, SCHED_RESET_ON_FORK | 99, &p));
		say("%ld %ld ", CALL(sched_getscheduler, -1), CALL(sched_getscheduler, NONE));
	});
	for (int policy = -1; policy < 8; policy++)
		TELL("sched_get_priority_min and _max", "%d: %ld %ld", policy, CALL(sched_get_priority_min, policy),
		     CALL(sched_get_priority_max, policy));
	IN_TOLD_CHILD("sched_rr_get_interval", {
		struct timespec t = { 9, 9 };

		set_policy(SCHED_RR, 5);
		say("%ld %ld.%09ld ", CALL(sched_rr_get_interval, 0, &t), (long)t.tv_sec, t.tv_nsec);
		set_policy(SCHED_FIFO, 5);
		say("%ld %ld.%09ld ", CALL(sched_rr_get_interval, 0, &t), (long)t.tv_sec, t.tv_nsec);
		set_policy(SCHED_OTHER, 0);
		say("%ld %ld %d ", CALL(sched_rr_get_interval, 0, &t), (long)t.tv_sec, t.tv_nsec > 0);
		say("%ld %ld ", CALL(sched_rr_get_interval, -1, &t), CALL(sched_rr_get_interval, NONE, &t));
		say("%ld %ld ", CALL(sched_rr_get_interval, 0, BAD), CALL(sched_rr_get_interval, NONE, BAD));
	});
	CHECK_INT("sched_yield", CALL(sched_yield), 0);
}

static void affinity(void)
{
	IN_TOLD_CHILD("sched_setaffinity and sched_getaffinity, errors", {
		unsigned long mask[32] = { 1 }, none[2] = { 0 }, high[2] = { 0, 1 };

		say("%ld %ld ", CALL(sched_setaffinity, 0, 8, none), CALL(sched_setaffinity, 0, 16, high));
		say("%ld %ld ", CALL(sched_setaffinity, 0, 0, mask), CALL(sched_setaffinity, 0, 1, mask));
		say("%ld %ld ", CALL(sched_setaffinity, 0, 256, mask), CALL(sched_setaffinity, 0, 8, BAD));
		say("%ld %ld ", CALL(sched_setaffinity, -1, 8, mask), CALL(sched_setaffinity, NONE, 8, mask));
		say("%ld %ld ", CALL(sched_setaffinity, NONE, 8, BAD), CALL(sched_setaffinity, NONE, 8, none));
		say("%ld %ld ", CALL(sched_getaffinity, 0, 0, mask), CALL(sched_getaffinity, 0, 12, mask));
		say("%d %d ", CALL(sched_getaffinity, 0, 256, mask) >= 8, mask[0] == 1);
		say("%ld %ld ", CALL(sched_getaffinity, -1, 256, mask), CALL(sched_getaffinity, NONE, 256, mask));
		say("%ld %ld ", CALL(sched_getaffinity, 0, 256, BAD), CALL(sched_getaffinity, NONE, 4, mask));
		setuid(NOBODY);
		say("%ld %ld ", CALL(sched_setaffinity, 1, 8, mask), CALL(sched_setaffinity, 0, 8, mask));
		say("%ld ", CALL(sched_setaffinity, 1, 8, none));
		say("%d ", CALL(sched_getaffinity, 1, 256, mask) > 0);
	});
}

static void limits(void)
{
	IN_TOLD_CHILD("RLIMIT_RTPRIO is what somebody without privileges may have", {
		limit(RLIMIT_RTPRIO, 10);
		setuid(NOBODY);
		say("%ld %ld %ld ", set_policy(SCHED_FIFO, 11), set_policy(SCHED_FIFO, 10), set_policy(SCHED_RR, 5));
		say("%ld %ld ", set_policy(SCHED_RR, 10), set_policy(SCHED_RR, 11));
		limit(RLIMIT_RTPRIO, 0);
		say("%ld %ld ", set_policy(SCHED_RR, 10), set_policy(SCHED_RR, 4));
		say("%ld %ld ", set_policy(SCHED_FIFO, 4), set_policy(SCHED_RR, 5));
		say("%ld %ld ", set_policy(SCHED_OTHER, 0), set_policy(SCHED_RR, 1));
		show();
	});
	IN_TOLD_CHILD("RLIMIT_NICE is what somebody without privileges may have", {
		limit(RLIMIT_NICE, 25);
		setuid(NOBODY);
		say("%ld %ld ", CALL(setpriority, PRIO_PROCESS, 0, -6), CALL(setpriority, PRIO_PROCESS, 0, -5));
		say("%ld %ld ", CALL(setpriority, PRIO_PROCESS, 0, 19), CALL(setpriority, PRIO_PROCESS, 0, -6));
		say("%ld ", set_attr(SCHED_OTHER, 0, -6, 0));
		say("%ld ", set_attr(SCHED_BATCH, 0, -5, 0));
		limit(RLIMIT_NICE, 0);
		say("%ld %ld ", set_attr(SCHED_OTHER, 0, -4, 0), set_attr(SCHED_OTHER, 0, -5, 0));
		say("%ld ", CALL(setpriority, PRIO_PROCESS, 0, -5));
		show();
	});
	IN_TOLD_CHILD("SCHED_IDLE is left only if the nice value might be had", {
		setuid(NOBODY);
		say("%ld %ld ", set_policy(SCHED_IDLE, 0), set_policy(SCHED_OTHER, 0));
		say("%ld ", set_policy(SCHED_BATCH, 0));
		show();
	});
	IN_TOLD_CHILD("SCHED_IDLE is left with a limit of 20", {
		limit(RLIMIT_NICE, 20);
		setuid(NOBODY);
		say("%ld %ld ", set_policy(SCHED_IDLE, 0), set_policy(SCHED_OTHER, 0));
		show();
	});
	IN_TOLD_CHILD("SCHED_RESET_ON_FORK is not taken back without privileges", {
		setuid(NOBODY);
		say("%ld ", set_policy(SCHED_OTHER | SCHED_RESET_ON_FORK, 0));
		say("%ld ", set_policy(SCHED_OTHER, 0));
		say("%ld ", set_policy(SCHED_BATCH | SCHED_RESET_ON_FORK, 0));
		show();
	});
	IN_TOLD_CHILD("others' threads", {
		struct sched_param p = { 0 };
		struct sched_attr a = attr(SCHED_BATCH, 0, 0);

		setuid(NOBODY);
		say("%ld %ld ", CALL(sched_setscheduler, 1, SCHED_OTHER, &p), CALL(sched_setparam, 1, &p));
		say("%ld %ld ", CALL(sched_setattr, 1, &a, 0), CALL(setpriority, PRIO_PROCESS, 1, 19));
		say("%ld %ld ", CALL(getpriority, PRIO_PROCESS, 1), CALL(sched_getscheduler, 1));
	});
}

/* What a child has, and what a new program, which is this one again, says with its status. */
static void in_fork_and_exec(void)
{
	fflush(NULL);
	int status = IN_CHILD(show());

	say("%x ", status);
	status = IN_CHILD(execl("/proc/self/exe", "self", "nice", NULL));
	say("program %d ", WEXITSTATUS(status) - 20);
}

static void *show_in_thread(void *arg)
{
	show();
	return arg;
}

static void inheritance(void)
{
	pthread_t t;

	IN_TOLD_CHILD("nice and SCHED_BATCH are inherited", {
		set_attr(SCHED_BATCH, 0, 7, 0);
		in_fork_and_exec();
	});
	IN_TOLD_CHILD("a real-time policy is inherited", {
		set_attr(SCHED_RR, 7, 0, 0);
		in_fork_and_exec();
	});
	IN_TOLD_CHILD("SCHED_RESET_ON_FORK: a real-time policy is not", {
		set_attr(SCHED_OTHER, 0, -3, 0);
		set_attr(SCHED_RR, 7, 0, SCHED_FLAG_RESET_ON_FORK);
		show();
		in_fork_and_exec();
	});
	IN_TOLD_CHILD("SCHED_RESET_ON_FORK: nor a nice value below 0", {
		set_attr(SCHED_BATCH, 0, -7, SCHED_FLAG_RESET_ON_FORK);
		in_fork_and_exec();
	});
	IN_TOLD_CHILD("SCHED_RESET_ON_FORK: but one above", {
		set_attr(SCHED_IDLE, 0, 7, SCHED_FLAG_RESET_ON_FORK);
		in_fork_and_exec();
	});
	IN_TOLD_CHILD("threads inherit too", {
		set_attr(SCHED_BATCH, 0, 2, 0);
		pthread_create(&t, NULL, show_in_thread, NULL);
		pthread_join(t, NULL);
	});
	IN_TOLD_CHILD("affinity is inherited", {
		unsigned long mask = 1, seen[16] = { 0 };

		CALL(sched_setaffinity, 0, sizeof(mask), &mask);
		IN_CHILD(CALL(sched_getaffinity, 0, sizeof(seen), seen); say("%lx ", seen[0]));
	});
}

static void *show_nicer(void *arg)
{
	CALL(setpriority, PRIO_PROCESS, 0, 9);
	show();
	return arg;
}

static void groups(void)
{
	IN_TOLD_CHILD("nice values of a process group and a user", {
		int stop[2];
		pid_t child[2];

		pipe(stop);
		setpgid(0, 0);
		setuid(4712);
		for (int i = 0; i < 2; i++) {
			child[i] = fork();
			if (!child[i]) {
				close(stop[1]);
				read(stop[0], &i, sizeof(i));
				_exit(0);
			}
		}
		say("%ld ", CALL(setpriority, PRIO_PROCESS, child[0], 3));
		say("%ld %ld ", CALL(getpriority, PRIO_PGRP, 0), CALL(getpriority, PRIO_USER, 0));
		say("%ld %ld ", CALL(setpriority, PRIO_PGRP, 0, 4), CALL(getpriority, PRIO_PROCESS, child[0]));
		say("%ld ", CALL(getpriority, PRIO_PROCESS, child[1]));
		say("%ld %ld ", CALL(setpriority, PRIO_USER, 4712, 6), CALL(getpriority, PRIO_PROCESS, child[1]));
		say("%ld ", CALL(setpriority, PRIO_USER, 0, 5));
		say("%ld ", CALL(setpriority, PRIO_PGRP, child[1], 5));
		say("%ld %ld ", CALL(getpriority, PRIO_PGRP, NONE), CALL(setpriority, PRIO_PGRP, NONE, 1));
		say("%ld %ld ", CALL(getpriority, PRIO_USER, 4799), CALL(setpriority, PRIO_USER, 4799, 1));
		say("%ld %ld ", CALL(getpriority, PRIO_PROCESS, -1), CALL(setpriority, PRIO_PROCESS, -1, 1));
		say("%ld %ld ", CALL(getpriority, 3, 0), CALL(setpriority, -1, 0, 1));
		close(stop[1]);
		while (wait(NULL) > 0)
			;
	});
	IN_TOLD_CHILD("setpriority is of a thread", {
		pthread_t t;

		pthread_create(&t, NULL, show_nicer, NULL);
		pthread_join(t, NULL);
		show();
	});
}

/* A field of /proc/self/stat, the first is 1; the name in it has no blanks. */
static long stat_field(int n)
{
	char line[1000] = "", *s = line;
	int fd = open("/proc/self/stat", O_RDONLY);

	read(fd, line, sizeof(line) - 1);
	close(fd);
	while (--n && (s = strchr(s, ' ')))
		s++;
	return s ? strtol(s, NULL, 10) : -1;
}

static void what_proc_says(void)
{
	static const char *const files[] = { "/proc/self/task/self/sched", "/proc/sys/kernel/sched_rr_timeslice_ms",
					     "/proc/sys/kernel/sched_rt_period_us",
					     "/proc/sys/kernel/sched_rt_runtime_us" };
	int policy = -1;

	IN_TOLD_CHILD("priority, nice value and policy in /proc/self/stat", {
		for (policy = SCHED_OTHER; policy <= SCHED_IDLE; policy++) {
			if (set_attr(policy, policy == SCHED_FIFO || policy == SCHED_RR ? 20 : 0, policy < 4 ? policy : 3, 0))
				continue;
			say("%ld/%ld/%ld/%ld ", stat_field(18), stat_field(19), stat_field(40), stat_field(41));
		}
	});
	for (unsigned i = 0; i < sizeof(files) / sizeof(*files); i++)
		TELL("files of the scheduler", "%s: %d", files[i], access(files[i], F_OK) ? -errno : 0);
}

int main(int words, char **word)
{
	if (word[1] && words == 2)
		return (int)(40 - CALL(getpriority, PRIO_PROCESS, 0));
	said = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	attributes();
	sizes();
	parameters();
	affinity();
	limits();
	inheritance();
	groups();
	what_proc_says();
	return tap_done();
}
