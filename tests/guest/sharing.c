/* SPDX-License-Identifier: MIT */
/*
 * Memory and messages that processes share: every seal of a memfd beside every way to
 * change it, other processes' memory, the limits and settings of System V IPC, and the
 * order in which its calls find mistakes.
 */
#include "ipc.h"
#include "tap.h"
#include <grp.h>
#include <mqueue.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define NOBODY 65534
#define PAGE   4096ul

static char line[2000];
static size_t used;

static void add(long result)
{
	const char *sep = used ? " " : "";

	if (result == -1)
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", sep, strerrorname_np(errno));
	else
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%ld", sep, result);
}

#define DO(call) ({ errno = 0; add((long)(call)); })
#define DO_MAP(call) ({ errno = 0; void *m_ = (call); add(m_ == MAP_FAILED ? -1 : 0); m_; })

static void tell(const char *name)
{
	TELL(name, "%s", line);
	used = 0;
	line[0] = 0;
}

/* What nobody in a child finds, in a page both share. */
static void as_nobody(const char *name, void (*attempt)(void))
{
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = IN_CHILD(
		if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			_exit(90);
		attempt();
		strcpy(shared, line));

	TELL(name, "%s (%x)", shared, (unsigned)status);
	munmap(shared, PAGE);
}

/* ---- seals ----------------------------------------------------------------------------- */

static int sealed(int seals)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);

	ftruncate(fd, 2 * PAGE);
	pwrite(fd, "abc", 3, 0);
	DO(fcntl(fd, F_ADD_SEALS, seals));
	return fd;
}

static void each_seal(void)
{
	static const struct { int seal; const char *name; } seals[] = {
		{ 0, "no seal" }, { F_SEAL_SEAL, "F_SEAL_SEAL" }, { F_SEAL_SHRINK, "F_SEAL_SHRINK" },
		{ F_SEAL_GROW, "F_SEAL_GROW" }, { F_SEAL_WRITE, "F_SEAL_WRITE" },
		{ F_SEAL_FUTURE_WRITE, "F_SEAL_FUTURE_WRITE" },
		{ F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_GROW | F_SEAL_SHRINK, "all but SEAL" },
	};

	for (unsigned i = 0; i < sizeof(seals) / sizeof(*seals); i++) {
		int fd = sealed(seals[i].seal), from = open("from", O_RDWR | O_CREAT, 0600), two[2];
		off_t at = 0;

		write(from, "0123456789", 10);
		pipe(two);
		write(two[1], "pipe", 4);
		DO(fcntl(fd, F_GET_SEALS));
		DO(pwrite(fd, "x", 1, 0));
		DO(pwrite(fd, "x", 1, 2 * PAGE));
		DO(pwrite(fd, "xy", 2, 2 * PAGE - 1));
		DO(pwrite(fd, "x", 0, 0));
		DO(ftruncate(fd, 2 * PAGE));
		DO(ftruncate(fd, 3 * PAGE));
		DO(ftruncate(fd, PAGE));
		DO(ftruncate(fd, 2 * PAGE));
		DO(fallocate(fd, 0, 0, PAGE));
		DO(fallocate(fd, 0, 0, 4 * PAGE));
		DO(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 * PAGE));
		DO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
		lseek(fd, 0, SEEK_SET);
		DO(sendfile(fd, from, &at, 2));
		DO(splice(two[0], NULL, fd, NULL, 4, 0));
		at = 0;
		DO(copy_file_range(from, &at, fd, NULL, 1, 0));
		tell(seals[i].name);
		void *shared = DO_MAP(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
		DO_MAP(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
		void *seen = DO_MAP(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
		DO(mprotect(seen, PAGE, PROT_READ | PROT_WRITE));
		DO(madvise(seen, PAGE, MADV_REMOVE));
		DO(shared == MAP_FAILED ? 7 : madvise(shared, PAGE, MADV_REMOVE));
		int again = open((snprintf(line + 500, 40, "/proc/self/fd/%d", fd), line + 500), O_RDONLY);
		seen = DO_MAP(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, again, 0));
		DO(mprotect(seen, PAGE, PROT_READ | PROT_WRITE));
		DO(fcntl(again, F_ADD_SEALS, F_SEAL_GROW));
		DO(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
		tell("mapped");
		close(again), close(fd), close(from), close(two[0]), close(two[1]);
	}
	unlink("from");
}

static void seals_and_mappings(void)
{
	int fd = sealed(0);
	char *m = DO_MAP(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW));
	DO(fcntl(fd, F_GET_SEALS));
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	m[0] = 'z';
	DO(pread(fd, line + 900, 1, 0) == 1 && line[900] == 'z');
	DO(mprotect(m, PAGE, PROT_READ));
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	DO(mprotect(m, PAGE, PROT_READ | PROT_WRITE));
	DO_MAP(mremap(m, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	tell("a writable mapping against F_SEAL_WRITE");
	munmap(m, 2 * PAGE);
	close(fd);

	fd = sealed(0);
	m = DO_MAP(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(m, PAGE);
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	tell("one that could be made writable");
	close(fd);

	fd = sealed(0);
	m = DO_MAP(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	m[1] = 'q';
	DO(m[1]);
	DO(mprotect(m, PAGE, PROT_READ));
	DO(mprotect(m, PAGE, PROT_READ | PROT_WRITE));
	tell("a private one");
	munmap(m, PAGE);
	close(fd);

	fd = sealed(F_SEAL_SEAL);
	DO(fcntl(fd, F_ADD_SEALS, 0));
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	DO(fcntl(fd, F_ADD_SEALS, 64));
	close(fd);
	fd = memfd_create("not", 0);
	DO(fcntl(fd, F_GET_SEALS));
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	close(fd);
	fd = open("file", O_RDWR | O_CREAT, 0600);
	DO(fcntl(fd, F_GET_SEALS));
	DO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	DO(fcntl(0, F_GET_SEALS));
	DO(fcntl(99, F_GET_SEALS));
	close(fd);
	unlink("file");
	fd = sealed(0);
	int other = open((snprintf(line + 500, 40, "/proc/self/fd/%d", fd), line + 500), O_RDWR);
	DO(fcntl(other, F_ADD_SEALS, F_SEAL_GROW));
	DO(fcntl(fd, F_GET_SEALS));
	int path = open(line + 500, O_PATH);
	DO(fcntl(path, F_GET_SEALS));
	tell("what cannot be sealed");
	close(other), close(path), close(fd);
}

static void making(void)
{
	char name[251];
	struct stat st;

	memset(name, 'n', sizeof(name));
	name[250] = 0;
	DO(memfd_create(name, 0));
	name[249] = 0;
	DO(close(memfd_create(name, 0)));
	DO(syscall(SYS_memfd_create, NULL, 0));
	DO(syscall(SYS_memfd_create, "a/b", 64));
	DO(memfd_create("flags", 8));
	int fd = memfd_create("a/b", MFD_CLOEXEC);
	fstat(fd, &st);
	DO(st.st_mode);
	DO(st.st_nlink);
	DO(fcntl(fd, F_GETFL));
	DO(fcntl(fd, F_GETFD));
	DO(fchmod(fd, 0400));
	DO(linkat(fd, "", AT_FDCWD, "linked", AT_EMPTY_PATH));
	tell("memfd_create");
	close(fd);
}

/* ---- other processes' memory --------------------------------------------------------------- */

static char *area;

static void child_memory(void)
{
	pid_t child = fork();

	if (!child) {
		memcpy(area, "childchild", 10);
		mprotect(area + PAGE, PAGE, PROT_NONE);
		munmap(area + 2 * PAGE, PAGE);
		raise(SIGSTOP);
		_exit(area[1]);
	}
	waitpid(child, NULL, WUNTRACED);
	char got[64];
	struct iovec l[3] = { { got, 5 }, { got + 5, 5 }, { NULL, 0 } };
	struct iovec r[3] = { { area, 10 }, { area + 2 * PAGE, 5 }, { area + 3, 2 } };

	DO(process_vm_readv(child, l, 2, r, 1, 0));
	DO(memcmp(got, "childchild", 10));
	DO(process_vm_readv(child, l, 2, r + 1, 1, 0));
	r[0].iov_len = 3;
	DO(process_vm_readv(child, l, 2, r, 2, 0));
	DO(process_vm_readv(child, l, 3, r, 1, 0));
	DO(process_vm_readv(child, l, 0, r, 1, 0));
	DO(process_vm_readv(child, l, 1, r, 0, 0));
	DO(process_vm_readv(child, l, 1, r, 1, 1));
	DO(process_vm_readv(child, l, 1, (void *)8, 1, 0));
	DO(process_vm_readv(child, (void *)8, 1, r, 1, 0));
	DO(process_vm_readv(child, l, 1025, r, 1, 0));
	DO(process_vm_readv(child, l, 1, r, 1025, 0));
	DO(process_vm_readv(31999, l, 1, r, 1, 0));
	DO(process_vm_readv(31999, l, 0, r, 1, 0));
	DO(process_vm_readv(-1, l, 1, r, 1, 0));
	l[0] = (struct iovec){ (void *)8, 5 };
	DO(process_vm_readv(child, l, 1, r, 1, 0));
	l[0] = (struct iovec){ got, -1 };
	DO(process_vm_readv(child, l, 1, r, 1, 0));
	l[0] = (struct iovec){ got, 5 };
	r[0] = (struct iovec){ area, -1 };
	DO(process_vm_readv(child, l, 1, r, 1, 0));
	r[0] = (struct iovec){ area + PAGE - 2, 5 };
	DO(process_vm_readv(child, l, 1, r, 1, 0));
	tell("process_vm_readv");
	got[0] = 'Q';
	r[0] = (struct iovec){ area + 1, 1 };
	DO(process_vm_writev(child, l, 1, r, 1, 0));
	r[0] = (struct iovec){ area + PAGE - 2, 5 };
	DO(process_vm_writev(child, l, 1, r, 1, 0));
	r[0] = (struct iovec){ (void *)(uintptr_t)child_memory, 5 };
	DO(process_vm_writev(child, l, 1, r, 1, 0));
	l[0] = (struct iovec){ (void *)8, 1 };
	r[0] = (struct iovec){ area, 1 };
	DO(process_vm_writev(child, l, 1, r, 1, 0));
	kill(child, SIGCONT);
	int status;
	waitpid(child, &status, 0);
	DO(status == EXITED('Q'));
	tell("process_vm_writev");
}

/* ---- System V ------------------------------------------------------------------------------- */

static int id, set, queue;

static void attach_low(void)
{
	int own = shmget(IPC_PRIVATE, PAGE, 0400);

	DO((long)shmat(own, (void *)100, SHM_RND | SHM_RDONLY));
	DO((long)shmat(own, (void *)100, SHM_RND | SHM_REMAP));
	DO((long)shmat(own, (void *)PAGE, SHM_RDONLY));
	DO((long)shmat(own, (void *)-PAGE, SHM_RDONLY));
	DO((long)shmat(own, (void *)(1ul << 47), SHM_RDONLY));
	DO(shmat(own, NULL, 0) == (void *)-1 ? -1 : 0);
	DO(shmat(own, NULL, SHM_RDONLY) == (void *)-1 ? -1 : 0);
	DO(shmat(own, NULL, SHM_RDONLY | SHM_EXEC) == (void *)-1 ? -1 : 0);
	shmctl(own, IPC_RMID, NULL);
	own = shmget(IPC_PRIVATE, PAGE, 0200);
	DO(shmat(own, NULL, SHM_RDONLY) == (void *)-1 ? -1 : 0);
	DO(shmctl(own, IPC_STAT, (void *)(line + 1000)));
	shmctl(own, IPC_RMID, NULL);
}

static void shm_lock_as_nobody(void)
{
	struct rlimit l = { 2 * PAGE, 2 * PAGE };

	setrlimit(RLIMIT_MEMLOCK, &l);
	DO(shmctl(id, SHM_LOCK, NULL));
	int own = shmget(IPC_PRIVATE, 2 * PAGE, 0600), more = shmget(IPC_PRIVATE, PAGE, 0600);
	DO(shmctl(own, SHM_LOCK, NULL));
	DO(shmctl(own, SHM_LOCK, NULL));
	DO(shmctl(more, SHM_LOCK, NULL));
	DO(shmctl(own, SHM_UNLOCK, NULL));
	DO(shmctl(more, SHM_LOCK, NULL));
	DO(shmctl(own, SHM_LOCK, NULL));
	DO(shmctl(more, IPC_RMID, NULL));
	DO(shmctl(own, SHM_LOCK, NULL));
	l = (struct rlimit){ 0, 0 };
	setrlimit(RLIMIT_MEMLOCK, &l);
	DO(shmctl(own, SHM_LOCK, NULL));
	DO(shmctl(own, SHM_UNLOCK, NULL));
	shmctl(own, IPC_RMID, NULL);
}

static void order_as_nobody(void)
{
	unsigned short wrong[2] = { 40000, 1 };
	struct { long type; char text[8]; } m = { 0, "" };
	struct sembuf far = { 9, 1, 0 };

	DO(semctl(set, 9, SETVAL, 1));
	DO(semctl(set, 9, SETVAL, -1));
	DO(semctl(set, 9, GETVAL));
	DO(semctl(set, 0, SETALL, wrong));
	DO(semctl(set, 0, SETALL, (void *)8));
	DO(semctl(set, 0, GETALL, (void *)8));
	DO(semctl(set, 0, IPC_STAT, (void *)8));
	DO(semctl(set, 0, IPC_SET, (void *)8));
	DO(semop(set, &far, 1));
	DO(semop(set, (void *)8, 1));
	DO(msgsnd(queue, &m, 1, 0));
	DO(msgsnd(queue, (void *)8, 1, 0));
	DO(msgrcv(queue, (void *)8, 1, 0, IPC_NOWAIT));
	DO(msgrcv(queue, &m, 1, 0, MSG_COPY));
	DO(msgctl(queue, IPC_STAT, (void *)8));
	DO(msgctl(queue, IPC_SET, (void *)8));
	DO(shmctl(id, IPC_STAT, (void *)8));
	DO(shmctl(id, IPC_SET, (void *)8));
	DO(shmctl(id, 77, NULL));
	DO((long)shmat(id, (void *)8, 0));
	DO((long)shmat(id, NULL, SHM_REMAP));
	DO(shmget(4711, PAGE, SHM_HUGETLB | IPC_CREAT | 0600));
	DO(semget(4711, 9, 0));
	DO(semget(4711, 1, 0777) < 0 ? -1 : 0);
	DO(semget(4711, 9, 0777));
	DO(msgget(4711, 0200) < 0 ? -1 : 0);
	DO(msgget(4711, IPC_CREAT | IPC_EXCL | 0777));
	DO(shmget(4712, 1ul << 62, 0777));
	DO(semctl(set, 0, SEM_STAT_ANY, (void *)8));
	DO(semctl(set & 0x7fff, 0, SEM_STAT, (void *)8));
}

static void sizes(void)
{
	DO(shmget(IPC_PRIVATE, 0, 0600));
	DO(shmget(IPC_PRIVATE, -1ul, 0600));
	DO(shmget(IPC_PRIVATE, 1ul << 63, 0600));
	DO(shmget(IPC_PRIVATE, 1ul << 62, 0600));
	DO(shmget(IPC_PRIVATE, PAGE, SHM_HUGETLB | 63 << 26 | 0600));
	DO(semget(IPC_PRIVATE, 32001, 0600));
	DO(semget(IPC_PRIVATE, -1, 0600));
	DO(semget(IPC_PRIVATE, 0, 0600));
	tell("sizes");
	id = shmget(IPC_PRIVATE, 1ul << 62, SHM_NORESERVE | 0600);
	DO(id >= 0 ? 0 : -1);
	DO(shmctl(id, IPC_RMID, NULL));
	tell("without reservation");
}

static void setting(const char *name, const char *value)
{
	char path[64], text[100] = "";
	struct stat st;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	int fd = open(path, O_RDWR);
	fstat(fd, &st);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = 0;
	DO(pwrite(fd, value, strlen(value), 0));
	close(fd);
	TELL(name, "%o [%s] %s", st.st_mode, text, line);
	used = 0;
}

static void settings(void)
{
	struct { long type; char text[200]; } m = { 1, "" };
	int made[8], n = 0;

	setting("shmmax", "8192\n");
	setting("shmmni", "3\n");
	setting("msgmax", "100\n");
	setting("msgmnb", "150\n");
	setting("msgmni", "2\n");
	setting("sem", "10 15 5 2\n");
	DO(shmget(IPC_PRIVATE, 8193, 0600));
	while (n < 5 && (made[n] = shmget(IPC_PRIVATE, 8192, 0600)) >= 0)
		n++;
	DO(n);
	DO(shmget(IPC_PRIVATE, PAGE, 0600));
	while (n > 0)
		shmctl(made[--n], IPC_RMID, NULL);
	tell("shared memory under tight settings");
	setting("shmall", "2\n");
	int one = shmget(IPC_PRIVATE, PAGE, 0600);
	DO(shmget(IPC_PRIVATE, PAGE + 1, 0600));
	int two = shmget(IPC_PRIVATE, PAGE, 0600);
	DO(two >= 0 ? 0 : -1);
	DO(shmget(IPC_PRIVATE, 1, 0600));
	shmctl(one, IPC_RMID, NULL);
	shmctl(two, IPC_RMID, NULL);
	tell("pages of all");
	while (n < 5 && (made[n] = msgget(IPC_PRIVATE, 0600)) >= 0)
		n++;
	DO(n);
	DO(msgsnd(made[0], &m, 101, IPC_NOWAIT));
	DO(msgsnd(made[0], &m, 100, IPC_NOWAIT));
	DO(msgsnd(made[0], &m, 51, IPC_NOWAIT));
	DO(msgsnd(made[0], &m, 50, IPC_NOWAIT));
	while (n > 0)
		msgctl(made[--n], IPC_RMID, NULL);
	tell("messages");
	struct sembuf ops[6] = { { 0, 1, IPC_NOWAIT }, { 1, 1, 0 }, { 2, 1, 0 }, { 3, 1, 0 }, { 4, 1, 0 } };
	DO(semget(IPC_PRIVATE, 11, 0600));
	made[0] = semget(IPC_PRIVATE, 10, 0600);
	DO(semget(IPC_PRIVATE, 6, 0600));
	made[1] = semget(IPC_PRIVATE, 5, 0600);
	DO(made[1] >= 0 ? 0 : -1);
	DO(semget(IPC_PRIVATE, 1, 0600));
	DO(semop(made[0], ops, 5));
	DO(semop(made[0], ops, 6));
	semctl(made[0], 0, IPC_RMID);
	semctl(made[1], 0, IPC_RMID);
	tell("semaphores");
	struct seminfo si;
	struct msginfo mi;
	struct shminfo hi;
	semctl(0, 0, IPC_INFO, &si);
	msgctl(0, IPC_INFO, (void *)&mi);
	shmctl(0, IPC_INFO, (void *)&hi);
	TELL("what the calls say", "%d %d %d %d, %d %d %d, %lu %lu %lu %lu", si.semmsl, si.semmns, si.semopm, si.semmni,
	     mi.msgmax, mi.msgmnb, mi.msgmni, hi.shmmax, hi.shmmni, hi.shmall, hi.shmmin);
	setting("shmmni", "40000\n");
	setting("msgmni", "-1\n");
	setting("msgmax", "-1\n");
	setting("sem", "250\n");
	setting("shmmax", "18446744073692774399\n");
	setting("shmall", "18446744073692774399\n");
	setting("shmmni", "4096\n");
	setting("msgmax", "8192\n");
	setting("msgmnb", "16384\n");
	setting("msgmni", "32000\n");
	setting("sem", "32000 1024000000 500 32000\n");
}

static void system_v(void)
{
	ipc_clear();
	sizes();
	id = shmget(4712, PAGE, IPC_CREAT | 0600);
	set = semget(4711, 2, IPC_CREAT | 0600);
	queue = msgget(4711, IPC_CREAT | 0600);
	as_nobody("where and how to attach", attach_low);
	as_nobody("memory locked by somebody else", shm_lock_as_nobody);
	as_nobody("which mistake comes first", order_as_nobody);
	order_as_nobody();
	tell("and for root");
	shmctl(id, IPC_RMID, NULL);
	semctl(set, 0, IPC_RMID);
	msgctl(queue, IPC_RMID, NULL);
	settings();
}

/* ---- a thread for a message, owners of sockets -------------------------------------------------- */

static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static int value_told;

static void on_message(union sigval v)
{
	pthread_mutex_lock(&told_lock);
	value_told += v.sival_int;
	pthread_cond_signal(&told);
	pthread_mutex_unlock(&told_lock);
}

static int wait_told(void)
{
	struct timespec end;
	int value;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 5;
	pthread_mutex_lock(&told_lock);
	while (!value_told && !pthread_cond_timedwait(&told, &told_lock, &end))
		;
	value = value_told;
	value_told = 0;
	pthread_mutex_unlock(&told_lock);
	return value;
}

static void threads_for_messages(void)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 16 };
	struct sigevent e = { .sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 17 };
	mqd_t q = mq_open("/told", O_RDWR | O_CREAT, 0600, &attr);
	char text[16];

	e.sigev_notify_function = on_message;
	DO(mq_notify(q, &e));
	DO(mq_notify(q, &e));
	DO(mq_send(q, "x", 1, 0));
	DO(wait_told());
	DO(mq_send(q, "y", 1, 0));
	DO(mq_receive(q, text, 16, NULL));
	DO(mq_receive(q, text, 16, NULL));
	e.sigev_value.sival_int = 18;
	DO(mq_notify(q, &e));
	DO(mq_notify(q, NULL));
	DO(mq_notify(q, &e));
	DO(mq_send(q, "z", 1, 0));
	DO(wait_told());
	mq_close(q);
	mq_unlink("/told");
	tell("SIGEV_THREAD");
	int s = socket(AF_NETLINK, SOCK_RAW, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sigevent raw = { .sigev_notify = SIGEV_THREAD, .sigev_signo = other };
	static char cookie[32] = "abcdefghijklmnopqrstuvwxyz01234", got[64];
	q = mq_open("/raw", O_RDWR | O_CREAT, 0600, &attr);
	raw.sigev_value.sival_ptr = cookie;
	DO(syscall(SYS_mq_notify, q, &raw));
	raw.sigev_signo = s;
	DO(syscall(SYS_mq_notify, q, &raw));
	DO(recv(s, got, sizeof(got), MSG_DONTWAIT));
	DO(mq_send(q, "x", 1, 0));
	DO(recv(s, got, sizeof(got), MSG_DONTWAIT));
	DO(memcmp(got, cookie, 31));
	DO(got[31]);
	DO(mq_receive(q, text, 16, NULL));
	DO(syscall(SYS_mq_notify, q, &raw));
	DO(syscall(SYS_mq_notify, q, NULL));
	DO(recv(s, got, sizeof(got), MSG_DONTWAIT));
	DO(got[31]);
	DO(syscall(SYS_mq_notify, q, &raw));
	close(s);
	DO(mq_send(q, "x", 1, 0));
	close(other);
	mq_close(q);
	mq_unlink("/raw");
	tell("as the C library asks for it");
}

static void owners(void)
{
	int pair[2], two[2], own = getpid(), minus = -getpgrp(), none = 31999, zero = 0, got = 5;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	pipe(two);
	DO(ioctl(pair[0], FIOGETOWN, &got));
	DO(got);
	DO(ioctl(pair[0], FIOSETOWN, &own));
	DO(ioctl(pair[0], SIOCGPGRP, &got));
	DO(got == own);
	DO(fcntl(pair[0], F_GETOWN) == own);
	DO(ioctl(pair[0], SIOCSPGRP, &minus));
	DO(ioctl(pair[0], FIOGETOWN, &got));
	DO(got == minus);
	DO(ioctl(pair[0], FIOSETOWN, &none));
	DO(ioctl(pair[0], FIOSETOWN, 8));
	DO(ioctl(pair[0], FIOGETOWN, 8));
	DO(ioctl(pair[0], FIOSETOWN, &zero));
	DO(ioctl(pair[0], FIOGETOWN, &got));
	DO(got);
	got = INT_MIN;
	DO(ioctl(pair[0], FIOSETOWN, &got));
	DO(ioctl(two[0], FIOSETOWN, &own));
	DO(ioctl(two[0], FIOGETOWN, &got));
	DO(ioctl(0, SIOCGPGRP, &got));
	tell("FIOSETOWN");
	close(pair[0]), close(pair[1]), close(two[0]), close(two[1]);
}

int main(void)
{
	area = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	each_seal();
	seals_and_mappings();
	making();
	child_memory();
	system_v();
	threads_for_messages();
	owners();
	return tap_done();
}
