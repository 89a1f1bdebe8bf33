/* SPDX-License-Identifier: MIT */
/* System V IPC: semaphore sets, message queues, shared memory. */
#include "ipc.h"
#include "tap.h"
#include <sched.h>
#include <pthread.h>
#include <grp.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define KEY 0x4c696e6e

static int id;

static int operate(int number, int op, int flags)
{
	struct sembuf b = { number, op, flags };

	return semop(id, &b, 1);
}

static int value(int number)
{
	return semctl(id, number, GETVAL);
}

static bool eventually(int cmd, int expected)
{
	for (int i = 0; i < 400; i++) {
		if (semctl(id, 0, cmd) == expected)
			return true;
		sleep_ms(5);
	}
	return false;
}

static int ended(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

static void become_nobody(void)
{
	setgroups(0, NULL);
	setresgid(65534, 65534, 65534);
	setresuid(65534, 65534, 65534);
}

static void test_sem_get(void)
{
	int other;

	CHECK_ERRNO("semget, none", semget(KEY, 1, 0), ENOENT);
	CHECK_ERRNO("semget, no semaphores", semget(KEY, 0, IPC_CREAT | 0600), EINVAL);
	CHECK_ERRNO("semget, negative", semget(KEY, -1, IPC_CREAT | 0600), EINVAL);
	CHECK_ERRNO("semget, too many", semget(KEY, 32001, IPC_CREAT | 0600), EINVAL);
	id = semget(KEY, 3, IPC_CREAT | IPC_EXCL | 0640);
	CHECK("semget", id >= 0);
	CHECK_INT("semget again", semget(KEY, 3, 0), id);
	CHECK_INT("semget, fewer", semget(KEY, 0, IPC_CREAT | 0600), id);
	CHECK_ERRNO("semget, more", semget(KEY, 4, IPC_CREAT), EINVAL);
	CHECK_ERRNO("semget, exclusive", semget(KEY, 3, IPC_CREAT | IPC_EXCL), EEXIST);
	other = semget(IPC_PRIVATE, 1, 0600);
	CHECK("private", other >= 0 && other != id);
	CHECK_INT("remove private", semctl(other, 0, IPC_RMID), 0);
	CHECK_ERRNO("remove again", semctl(other, 0, IPC_RMID), EINVAL);
	CHECK_ERRNO("semop on it", semop(other, &(struct sembuf){ 0, 1, 0 }, 1), EINVAL);
}

static void test_sem_stat(void)
{
	struct semid_ds ds = { .sem_nsems = 77 };

	CHECK_INT("IPC_STAT", semctl(id, 0, IPC_STAT, &ds), 0);
	TELL("stat", "key %x mode %o uid %d count %ld otime %ld", ds.sem_perm.__key, ds.sem_perm.mode, ds.sem_perm.uid,
	     (long)ds.sem_nsems, (long)ds.sem_otime);
	CHECK("ctime", ds.sem_ctime > 0);
	ds.sem_perm.mode = 0666;
	CHECK_INT("IPC_SET", semctl(id, 0, IPC_SET, &ds), 0);
	CHECK_INT("stat", semctl(id, 0, IPC_STAT, &ds), 0);
	CHECK_INT("mode", ds.sem_perm.mode, 0666);
	ds.sem_perm.mode = 0640;
	semctl(id, 0, IPC_SET, &ds);
	CHECK_ERRNO("stat, bad address", semctl(id, 0, IPC_STAT, (void *)1), EFAULT);
	CHECK_ERRNO("bad command", semctl(id, 0, 77), EINVAL);
	CHECK_ERRNO("bad identifier", semctl(-1, 0, IPC_STAT, &ds), EINVAL);
	CHECK_INT("as nobody", IN_CHILD(
		become_nobody();
		if (semctl(id, 0, IPC_STAT, &ds) != -1 || errno != EACCES) _exit(1);
		if (semctl(id, 0, GETVAL) != -1 || errno != EACCES) _exit(2);
		if (semctl(id, 0, SETVAL, 1) != -1 || errno != EACCES) _exit(3);
		if (semctl(id, 0, IPC_SET, &ds) != -1 || errno != EPERM) _exit(4);
		if (semctl(id, 0, IPC_RMID) != -1 || errno != EPERM) _exit(5);
		if (operate(0, 1, 0) != -1 || errno != EACCES) _exit(6);
		if (semget(KEY, 1, 0600) != -1 || errno != EACCES) _exit(7);
		if (semget(KEY, 1, 0) != id) _exit(8);
		_exit(20)), EXITED(20));
}

static void test_sem_values(void)
{
	unsigned short all[3] = { 5, 6, 7 };
	struct sembuf two[2] = { { 0, -5, IPC_NOWAIT }, { 1, -7, IPC_NOWAIT } };
	struct sembuf many[501] = { { 0, 0, 0 } };
	struct timespec t = { 0, 1000000 };

	CHECK_INT("SETALL", semctl(id, 0, SETALL, all), 0);
	CHECK_INT("GETVAL", value(1), 6);
	memset(all, 0, sizeof(all));
	CHECK_INT("GETALL", semctl(id, 0, GETALL, all), 0);
	CHECK("all", all[0] == 5 && all[1] == 6 && all[2] == 7);
	CHECK_INT("SETVAL", semctl(id, 2, SETVAL, 9), 0);
	CHECK_INT("value", value(2), 9);
	CHECK_INT("GETPID", semctl(id, 2, GETPID) == getpid(), 1);
	CHECK_ERRNO("SETVAL, negative", semctl(id, 2, SETVAL, -1), ERANGE);
	CHECK_ERRNO("SETVAL, large", semctl(id, 2, SETVAL, 32768), ERANGE);
	CHECK_ERRNO("SETVAL, no such", semctl(id, 3, SETVAL, 1), EINVAL);
	CHECK_ERRNO("GETVAL, no such", semctl(id, 3, GETVAL), EINVAL);
	all[0] = 40000;
	CHECK_ERRNO("SETALL, large", semctl(id, 0, SETALL, all), ERANGE);
	CHECK_INT("add", operate(0, 3, 0), 0);
	CHECK_INT("take", operate(0, -3, 0), 0);
	CHECK_INT("value", value(0), 5);
	CHECK_ERRNO("take too much", operate(0, -6, IPC_NOWAIT), EAGAIN);
	CHECK_ERRNO("zero", operate(0, 0, IPC_NOWAIT), EAGAIN);
	CHECK_ERRNO("beyond the maximum", operate(0, 32767, 0), ERANGE);
	CHECK_ERRNO("all or none", semop(id, two, 2), EAGAIN);
	CHECK_INT("none", value(0), 5);
	two[1].sem_op = -6;
	CHECK_INT("all", semop(id, two, 2), 0);
	CHECK_INT("both", value(0) + value(1), 0);
	CHECK_INT("zero now", operate(0, 0, IPC_NOWAIT), 0);
	CHECK_ERRNO("no such semaphore", operate(3, 1, 0), EFBIG);
	CHECK_ERRNO("no operations", semop(id, two, 0), EINVAL);
	CHECK_ERRNO("too many", semop(id, many, 501), E2BIG);
	CHECK_INT("many", semop(id, many, 500), 0);
	CHECK_ERRNO("bad address", semop(id, (void *)1, 1), EFAULT);
	CHECK_ERRNO("time", semtimedop(id, &(struct sembuf){ 0, -1, 0 }, 1, &t), EAGAIN);
	t.tv_nsec = 1000000000;
	CHECK_ERRNO("bad time", semtimedop(id, &(struct sembuf){ 0, -1, 0 }, 1, &t), EINVAL);
}

static void nothing(__attribute__((unused)) int sig)
{
}

static void test_sem_waiting(void)
{
	struct sembuf both[2] = { { 0, -1, 0 }, { 1, -1, 0 } };
	pid_t child, second;

	semctl(id, 0, SETALL, (unsigned short[]){ 0, 0, 0 });
	child = fork();
	if (child == 0)
		_exit(operate(0, -2, 0) == 0 ? 3 : 4);
	CHECK("one waits", eventually(GETNCNT, 1));
	operate(0, 1, 0);
	sleep_ms(20);
	CHECK_INT("not enough", waitpid(child, NULL, WNOHANG), 0);
	operate(0, 1, 0);
	CHECK_INT("goes on", ended(child), EXITED(3));
	CHECK_INT("taken", value(0), 0);
	operate(0, 1, 0);
	child = fork();
	if (child == 0)
		_exit(operate(0, 0, 0) == 0 ? 3 : 4);
	CHECK("waits for zero", eventually(GETZCNT, 1));
	CHECK_INT("nobody to take", semctl(id, 0, GETNCNT), 0);
	operate(0, -1, 0);
	CHECK_INT("goes on", ended(child), EXITED(3));
	child = fork();
	if (child == 0)
		_exit(semop(id, both, 2) == 0 ? 3 : 4);
	CHECK("two operations", eventually(GETNCNT, 1));
	operate(0, 1, 0);
	sleep_ms(20);
	TELL("blocked by the second", "%d %d", semctl(id, 0, GETNCNT), semctl(id, 1, GETNCNT));
	CHECK_INT("nothing taken", value(0), 1);
	operate(1, 1, 0);
	CHECK_INT("goes on", ended(child), EXITED(3));
	CHECK_INT("both taken", value(0) + value(1), 0);
	child = fork();
	if (child == 0)
		_exit(operate(0, -5, 0) == 0 ? 3 : 4);
	eventually(GETNCNT, 1);
	second = fork();
	if (second == 0)
		_exit(operate(0, -1, 0) == 0 ? 3 : 4);
	CHECK("two wait", eventually(GETNCNT, 2));
	operate(0, 1, 0);
	CHECK_INT("who can goes on", ended(second), EXITED(3));
	semctl(id, 0, SETVAL, 5);
	CHECK_INT("SETVAL lets on too", ended(child), EXITED(3));
	child = fork();
	if (child == 0) {
		signal(SIGUSR1, nothing);
		_exit(operate(0, -1, 0) == -1 && errno == EINTR ? 3 : 4);
	}
	eventually(GETNCNT, 1);
	kill(child, SIGUSR1);
	CHECK_INT("a signal ends it", ended(child), EXITED(3));
	CHECK_INT("nobody waits", semctl(id, 0, GETNCNT), 0);
}

static void *thread_undo(__attribute__((unused)) void *arg)
{
	return (void *)(long)operate(2, -1, SEM_UNDO);
}

static void test_sem_undo(void)
{
	pthread_t thread;
	pid_t child, taker;

	semctl(id, 0, SETALL, (unsigned short[]){ 5, 0, 5 });
	CHECK_INT("taken and ended", IN_CHILD(operate(0, -3, SEM_UNDO)), 0);
	CHECK_INT("given back", value(0), 5);
	CHECK_INT("added and ended", IN_CHILD(operate(0, 3, SEM_UNDO); operate(0, -7, 0)), 0);
	CHECK_INT("not below zero", value(0), 0);
	semctl(id, 0, SETVAL, 5);
	CHECK_INT("in sum nothing", IN_CHILD(operate(0, -3, SEM_UNDO); operate(0, 3, SEM_UNDO)), 0);
	CHECK_INT("as it was", value(0), 5);
	CHECK_INT("SETVAL forgets", IN_CHILD(operate(0, -3, SEM_UNDO); semctl(id, 0, SETVAL, 1)), 0);
	CHECK_INT("as set", value(0), 1);
	taker = fork();
	if (taker == 0) {
		operate(2, -5, SEM_UNDO);
		sleep_ms(100);
		_exit(0);
	}
	while (value(2) != 0)
		sleep_ms(2);
	child = fork();
	if (child == 0)
		_exit(operate(2, -1, 0) == 0 ? 3 : 4);
	CHECK_INT("who took them ends", ended(taker), 0);
	CHECK_INT("and lets another on", ended(child), EXITED(3));
	pthread_create(&thread, NULL, thread_undo, NULL);
	pthread_join(thread, NULL);
	CHECK_INT("threads share it", value(2), 3);
	CHECK_ERRNO("more than can be undone", operate(1, 32767, SEM_UNDO) ? -1 : operate(1, -32767, 0) ? -1 :
		    operate(1, 10, SEM_UNDO), ERANGE);
	semctl(id, 1, SETVAL, 0);
}

static void test_sem_remove(void)
{
	struct seminfo info;
	pid_t child = fork();

	if (child == 0)
		_exit(operate(1, -1, 0) == -1 && errno == EIDRM ? 3 : 4);
	for (int i = 0; i < 400 && semctl(id, 1, GETNCNT) != 1; i++)
		sleep_ms(5);
	CHECK("SEM_INFO", semctl(0, 0, SEM_INFO, &info) >= 0);
	TELL("info", "%d sets of %d semaphores", info.semusz, info.semaem);
	CHECK("IPC_INFO", semctl(0, 0, IPC_INFO, &info) >= 0);
	TELL("limits", "%d %d %d %d", info.semmni, info.semmsl, info.semopm, info.semvmx);
	CHECK_INT("remove", semctl(id, 0, IPC_RMID), 0);
	CHECK_INT("who waits learns", ended(child), EXITED(3));
	CHECK_ERRNO("gone", semget(KEY, 1, 0), ENOENT);
}

static struct { long type; char text[100]; } m;

static int send(long type, const char *text, int flags)
{
	m.type = type;
	strcpy(m.text, text);
	return msgsnd(id, &m, strlen(text), flags);
}

static const char *receive(long type, int flags)
{
	static char shown[200];
	ssize_t n = msgrcv(id, &m, sizeof(m.text), type, flags);

	if (n < 0)
		return strerror(errno);
	snprintf(shown, sizeof(shown), "%ld:%.*s", m.type, (int)n, m.text);
	return shown;
}

static void test_messages(void)
{
	struct msqid_ds ds;
	static char large[8200];

	CHECK_ERRNO("msgget, none", msgget(KEY, 0), ENOENT);
	id = msgget(KEY, IPC_CREAT | 0600);
	CHECK("msgget", id >= 0);
	CHECK_ERRNO("exclusive", msgget(KEY, IPC_CREAT | IPC_EXCL), EEXIST);
	CHECK_ERRNO("type 0", send(0, "x", 0), EINVAL);
	CHECK_ERRNO("type -1", send(-1, "x", 0), EINVAL);
	CHECK_ERRNO("too long", msgsnd(id, large, 8193, 0), EINVAL);
	CHECK_ERRNO("bad address", msgsnd(id, (void *)1, 1, 0), EFAULT);
	CHECK_INT("send", send(3, "three", 0) | send(1, "one", 0) | send(2, "two", 0) | send(3, "again", 0), 0);
	CHECK_INT("stat", msgctl(id, IPC_STAT, &ds), 0);
	TELL("state", "%ld messages %ld bytes of %ld, mode %o", (long)ds.msg_qnum, (long)ds.__msg_cbytes,
	     (long)ds.msg_qbytes, ds.msg_perm.mode);
	CHECK("sender", ds.msg_lspid == getpid() && ds.msg_lrpid == 0 && ds.msg_rtime == 0 && ds.msg_stime > 0);
	TELL("copy of the second", "%s", receive(1, MSG_COPY | IPC_NOWAIT));
	TELL("copy beyond", "%s", receive(9, MSG_COPY | IPC_NOWAIT));
	TELL("copy and wait", "%s", receive(0, MSG_COPY));
	TELL("by type", "%s", receive(2, 0));
	TELL("lowest up to 3", "%s", receive(-3, 0));
	TELL("not 3", "%s", receive(3, MSG_EXCEPT | IPC_NOWAIT));
	TELL("any", "%s", receive(0, 0));
	TELL("none", "%s", receive(7, IPC_NOWAIT));
	CHECK_ERRNO("too small", msgrcv(id, &m, 2, 0, 0), E2BIG);
	CHECK_INT("cut", msgrcv(id, &m, 2, 0, MSG_NOERROR), 2);
	CHECK_INT("type and text", m.type == 3 && memcmp(m.text, "ag", 2) == 0, 1);
	CHECK_ERRNO("bad size", msgrcv(id, &m, -1, 0, 0), EINVAL);
	send(1, "", 0);
	TELL("empty", "%s", receive(0, 0));
	send(1, "lost", 0);
	CHECK_ERRNO("bad target", msgrcv(id, (void *)1, 100, 0, 0), EFAULT);
	TELL("is lost", "%s", receive(0, IPC_NOWAIT));
}

static void test_message_waiting(void)
{
	struct msqid_ds ds;
	static struct { long type; char text[8192]; } large = { 1, "" };
	int n;
	pid_t child = fork();

	if (child == 0)
		_exit(strcmp(receive(5, 0), "5:hello") == 0 ? 3 : 4);
	sleep_ms(20);
	send(4, "no", 0);
	send(5, "hello", 0);
	CHECK_INT("wait for a type", ended(child), EXITED(3));
	receive(0, 0);
	for (n = 0; n < 10 && msgsnd(id, &large, 8192, IPC_NOWAIT) == 0; n++)
		;
	CHECK_INT("full after", n, 2);
	CHECK_INT("errno", errno, EAGAIN);
	child = fork();
	if (child == 0)
		_exit(msgsnd(id, &large, 100, 0) == 0 ? 3 : 4);
	sleep_ms(20);
	CHECK_INT("a sender waits", waitpid(child, NULL, WNOHANG), 0);
	CHECK_INT("room", msgrcv(id, &large, 8192, 0, 0), 8192);
	CHECK_INT("goes on", ended(child), EXITED(3));
	msgctl(id, IPC_STAT, &ds);
	ds.msg_qbytes = 20000;
	CHECK_INT("more room, as root", msgctl(id, IPC_SET, &ds), 0);
	CHECK_INT("as nobody", IN_CHILD(
		become_nobody();
		if (msgctl(id, IPC_SET, &ds) != -1 || errno != EPERM) _exit(1);
		if (send(1, "x", IPC_NOWAIT) != -1 || errno != EACCES) _exit(2);
		if (msgrcv(id, &m, 100, 0, IPC_NOWAIT) != -1 || errno != EACCES) _exit(3);
		_exit(20)), EXITED(20));
	while (msgrcv(id, &large, 8192, 0, IPC_NOWAIT) >= 0)
		;
	child = fork();
	if (child == 0) {
		signal(SIGUSR1, nothing);
		_exit(msgrcv(id, &m, 100, 0, 0) == -1 && errno == EINTR ? 3 : 4);
	}
	sleep_ms(30);
	kill(child, SIGUSR1);
	CHECK_INT("a signal ends it", ended(child), EXITED(3));
	child = fork();
	if (child == 0)
		_exit(msgrcv(id, &m, 100, 0, 0) == -1 && errno == EIDRM ? 3 : 4);
	sleep_ms(30);
	CHECK_INT("remove", msgctl(id, IPC_RMID, NULL), 0);
	CHECK_INT("who waits learns", ended(child), EXITED(3));
	CHECK_ERRNO("gone", send(1, "x", 0), EINVAL);
}

static unsigned long attached(void)
{
	struct shmid_ds ds;

	return shmctl(id, IPC_STAT, &ds) ? 999 : ds.shm_nattch;
}

static void test_shm_get(void)
{
	CHECK_ERRNO("shmget, none", shmget(KEY, 4096, 0), ENOENT);
	CHECK_ERRNO("shmget, nothing", shmget(KEY, 0, IPC_CREAT | 0600), EINVAL);
	id = shmget(KEY, 10000, IPC_CREAT | 0600);
	CHECK("shmget", id >= 0);
	CHECK_INT("again", shmget(KEY, 0, 0), id);
	CHECK_INT("smaller", shmget(KEY, 10000, 0), id);
	CHECK_ERRNO("larger", shmget(KEY, 10001, 0), EINVAL);
	CHECK_ERRNO("exclusive", shmget(KEY, 1, IPC_CREAT | IPC_EXCL), EEXIST);
}

static void test_shm_attach(void)
{
	struct shmid_ds ds;
	char *a = shmat(id, NULL, 0), *b, *c;
	int status;

	CHECK("shmat", a != (void *)-1);
	CHECK_INT("zeros", a[0] | a[9999] | a[12287], 0);
	strcpy(a + 9000, "shared");
	b = shmat(id, NULL, SHM_RDONLY);
	CHECK("read-only", b != (void *)-1 && b != a && strcmp(b + 9000, "shared") == 0);
	status = IN_CHILD(b[0] = 1);
	CHECK_INT("cannot be written", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, 1);
	CHECK_ERRNO("nor be made so", mprotect(b, 4096, PROT_READ | PROT_WRITE), EACCES);
	CHECK_INT("attached twice", attached(), 2);
	CHECK_INT("fork attaches", IN_CHILD(a[1] = 'f'; _exit((int)attached())), EXITED(4));
	CHECK_INT("exit detaches", attached(), 2);
	CHECK_INT("written by the child", a[1], 'f');
	CHECK_INT("stat", shmctl(id, IPC_STAT, &ds), 0);
	TELL("state", "size %ld mode %o attached %ld", (long)ds.shm_segsz, ds.shm_perm.mode, (long)ds.shm_nattch);
	CHECK("pids and times", ds.shm_cpid == getpid() && ds.shm_atime > 0 && ds.shm_ctime > 0);
	CHECK_INT("detach", shmdt(b), 0);
	CHECK_ERRNO("detach again", shmdt(b), EINVAL);
	CHECK_ERRNO("detach elsewhere", shmdt(a + 4096), EINVAL);
	CHECK_ERRNO("detach, not aligned", shmdt(a + 1), EINVAL);
	CHECK_INT("one left", attached(), 1);
	CHECK_ERRNO("not aligned", shmat(id, a + 100, 0), EINVAL);
	CHECK_ERRNO("occupied", shmat(id, a, 0), EINVAL);
	CHECK_ERRNO("remap nowhere", shmat(id, NULL, SHM_REMAP), EINVAL);
	c = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK("remap", shmat(id, c, SHM_REMAP) == c && strcmp(c + 9000, "shared") == 0);
	munmap(c, 65536);
	CHECK("rounded", shmat(id, c + 100, SHM_RND) == c);
	CHECK_INT("two", attached(), 2);
	CHECK_INT("a hole in it", munmap(c + 4096, 4096), 0);
	CHECK_INT("counts as two pieces", attached(), 3);
	CHECK_INT("both are detached", shmdt(c), 0);
	CHECK_INT("one left", attached(), 1);
	CHECK_INT("exec detaches too", IN_CHILD(execl("/proc/self/exe", "nothing", NULL)), 0);
	CHECK_INT("one left", attached(), 1);
	CHECK_INT("as nobody", IN_CHILD(
		become_nobody();
		if (shmat(id, NULL, 0) != (void *)-1 || errno != EACCES) _exit(1);
		if (shmctl(id, IPC_RMID, NULL) != -1 || errno != EPERM) _exit(2);
		if (shmget(KEY, 1, 0400) != -1 || errno != EACCES) _exit(3);
		_exit(20)), EXITED(20));
	CHECK_INT("lock", shmctl(id, SHM_LOCK, NULL), 0);
	shmctl(id, IPC_STAT, &ds);
	CHECK_INT("in the mode", ds.shm_perm.mode, 02600);
	CHECK_INT("unlock", shmctl(id, SHM_UNLOCK, NULL), 0);
	CHECK_INT("remove while attached", shmctl(id, IPC_RMID, NULL), 0);
	shmctl(id, IPC_STAT, &ds);
	TELL("it stays", "key %x mode %o attached %ld", ds.shm_perm.__key, ds.shm_perm.mode, (long)ds.shm_nattch);
	CHECK_ERRNO("not by key", shmget(KEY, 1, 0), ENOENT);
	CHECK("memory is there", strcmp(a + 9000, "shared") == 0);
	b = shmat(id, NULL, 0);
	CHECK("attach by identifier", b != (void *)-1);
	CHECK_INT("detach", shmdt(a) | shmdt(b), 0);
	CHECK_ERRNO("then it is gone", shmctl(id, IPC_STAT, &ds), EINVAL);
}

static void test_proc(void)
{
	static const char *const names[] = { "sem", "msg", "shm" };
	char path[64], line[300];

	semget(0x11, 2, IPC_CREAT | 0600);
	msgget(0x12, IPC_CREAT | 0600);
	shmget(0x13, 5000, IPC_CREAT | 0600);
	for (int i = 0; i < 3; i++) {
		FILE *f;
		int n = 0;

		snprintf(path, sizeof(path), "/proc/sysvipc/%s", names[i]);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f))
			if (n++ == 0)
				TELL(names[i], "%.*s", (int)strcspn(line, "\n"), line);
		CHECK_INT("lines", n, 2);
		if (f)
			fclose(f);
	}
	semctl(semget(0x11, 1, 0), 0, IPC_RMID);
	msgctl(msgget(0x12, 0), IPC_RMID, NULL);
	shmctl(shmget(0x13, 1, 0), IPC_RMID, NULL);
}

static long sets_with_undo(int n)
{
	struct sembuf op = { 0, 1, SEM_UNDO };
	long done = 0;

	for (int i = 0; i < n; i++) {
		int set = semget(IPC_PRIVATE, 20, IPC_CREAT | 0600);

		done += semop(set, &op, 1) == 0;
		semctl(set, 0, IPC_RMID);
	}
	return done;
}

/*
 * Entries of sets that are removed while the process goes on. On one processor, and not the
 * first ones: what a kernel keeps of freed memory, for each processor, is not lost.
 */
static void test_sem_undo_of_removed(void)
{
	cpu_set_t all, first;
	long before, done;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	done = sets_with_undo(2000);
	before = slab_kb();
	done += sets_with_undo(20000);
	CHECK_INT("sets made, used and removed", done, 22000);
	CHECK("leave nothing behind", slab_kb() - before < 4000);
	sched_setaffinity(0, sizeof(all), &all);
}

static void test_smallest_type(void)
{
	struct { long type; char text[8]; } m = { 5, "five" };
	int q = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	msgsnd(q, &m, 5, 0);
	m.type = 3;
	msgsnd(q, &m, 5, 0);
	CHECK_INT("the smallest number asks for any type", msgrcv(q, &m, 8, LONG_MIN, IPC_NOWAIT), 5);
	CHECK_INT("the lowest first", m.type, 3);
	msgctl(q, IPC_RMID, NULL);
}

static void test_owner_of_nobody(void)
{
	int q = msgget(IPC_PRIVATE, IPC_CREAT | 0600), s = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600),
	    m = shmget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	struct msqid_ds qd;
	struct semid_ds sd;
	struct shmid_ds md;

	msgctl(q, IPC_STAT, &qd);
	semctl(s, 0, IPC_STAT, &sd);
	shmctl(m, IPC_STAT, &md);
	qd.msg_perm.uid = sd.sem_perm.gid = md.shm_perm.uid = -1;
	CHECK_ERRNO("a queue of nobody", msgctl(q, IPC_SET, &qd), EINVAL);
	CHECK_ERRNO("a set of nobody's group", semctl(s, 0, IPC_SET, &sd), EINVAL);
	CHECK_ERRNO("memory of nobody", shmctl(m, IPC_SET, &md), EINVAL);
	msgctl(q, IPC_RMID, NULL);
	semctl(s, 0, IPC_RMID);
	shmctl(m, IPC_RMID, NULL);
}

int main(int argc, char **argv)
{
	if (argc && strcmp(argv[0], "nothing") == 0)
		return 0;
	ipc_clear();
	test_sem_get();
	test_sem_stat();
	test_sem_values();
	test_sem_waiting();
	test_sem_undo();
	test_sem_remove();
	test_sem_undo_of_removed();
	test_smallest_type();
	test_owner_of_nobody();
	test_messages();
	test_message_waiting();
	test_shm_get();
	test_shm_attach();
	test_proc();
	return tap_done();
}
