/* SPDX-License-Identifier: MIT */
/* execve: arguments, environment, auxiliary vector, scripts, errors, what survives. */
#include "tap.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>

extern char **environ;
static char self[PATH_MAX];

/* Pages between the highest mapping and where mappings begin without randomisation. */
static int below_first_mapping(void)
{
	const unsigned long first = 0x7ffff7fff000;
	unsigned long end, highest = 0;
	char line[PATH_MAX];
	FILE *f = fopen("/proc/self/maps", "r");

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*x-%lx", &end) == 1 && end <= first)
			highest = end;
	return (first - highest) / 4096 > 90 ? 90 : (first - highest) / 4096;
}

/* What this program does when it is executed with a word: see modes below. */
static int child_mode(int argc, char **argv)
{
	if (!strcmp(argv[1], "count"))
		return argc;
	if (!strcmp(argv[1], "env"))
		return environ[0] && !strcmp(environ[0], "A=1") && !environ[1] ? 21 : 1;
	if (!strcmp(argv[1], "args"))
		return argc == 4 && !strcmp(argv[2], "") && !strcmp(argv[3], "a b") ? 22 : 1;
	if (!strcmp(argv[1], "fds"))
		return (fcntl(40, F_GETFD) >= 0) + 2 * (fcntl(41, F_GETFD) >= 0);
	if (!strcmp(argv[1], "signals")) {
		struct sigaction a, b;
		sigset_t m;

		sigaction(SIGUSR1, NULL, &a);
		sigaction(SIGUSR2, NULL, &b);
		sigprocmask(SIG_BLOCK, NULL, &m);
		return (a.sa_handler == SIG_DFL) + 2 * (b.sa_handler == SIG_IGN) +
		       4 * sigismember(&m, SIGHUP);
	}
	if (!strcmp(argv[1], "long"))
		return strlen(argv[2]) == 100000 ? 24 : 1;
	if (!strcmp(argv[1], "name")) {
		char comm[16] = "";
		int fd = open("/proc/self/comm", O_RDONLY);

		read(fd, comm, 15);
		return !strncmp(comm, argv[2], strlen(argv[2])) ? 25 : 1;
	}
	if (!strcmp(argv[1], "./script")) {
		/* #!self one two -> self "one two" ./script a b */
		return 1;
	}
	if (!strcmp(argv[1], "one two"))
		return argc == 5 && !strcmp(argv[2], "./script") && !strcmp(argv[3], "x") ? 26 : 1;
	if (!strcmp(argv[1], "zero"))
		return 1;
	if (!strcmp(argv[1], "place"))
		return below_first_mapping();
	return 100;
}

static int run(const char *path, char *const argv[], char *const envp[])
{
	return IN_CHILD(execve(path, argv, envp); _exit(errno));
}

static void arguments(void)
{
	char *big = malloc(200001);

	CHECK_INT("count", run(self, (char *[]){ "x", "count", "3", NULL }, NULL), EXITED(3));
	CHECK_INT("environment", run(self, (char *[]){ "x", "env", NULL }, (char *[]){ "A=1", NULL }),
		  EXITED(21));
	CHECK_INT("empty and spaced words", run(self, (char *[]){ "x", "args", "", "a b", NULL }, NULL),
		  EXITED(22));
	memset(big, 'b', 200000);
	big[200000] = 0;
	CHECK_INT("one word over 128 KiB", run(self, (char *[]){ "x", "long", big, NULL }, NULL),
		  EXITED(E2BIG));
	big[100000] = 0;
	CHECK_INT("a long word", run(self, (char *[]){ "x", "long", big, NULL }, NULL), EXITED(24));
	char **many = malloc(201 * sizeof(char *));
	for (int i = 0; i < 200; i++)
		many[i] = big;
	many[200] = NULL;
	CHECK_INT("too much together", run(self, many, NULL), EXITED(E2BIG));
	free(many);
	char **words = malloc(20003 * sizeof(char *));
	for (int i = 0; i < 20001; i++)
		words[i] = "count";
	words[20001] = NULL;
	CHECK_INT("twenty thousand words", run(self, words, NULL), EXITED(20001 & 0xff));
	free(words);
	free(big);
	CHECK_INT("name of the process", run(self, (char *[]){ "x", "name", "exec", NULL }, NULL),
		  EXITED(25));
}

static void errors(void)
{
	char *argv[] = { "x", NULL };
	int fd;

	CHECK_ERRNO("nothing there", execve("none", argv, NULL), ENOENT);
	CHECK_ERRNO("a folder", execve(".", argv, NULL), EACCES);
	file_write("plain", "hello");
	CHECK_ERRNO("not executable", execve("plain", argv, NULL), EACCES);
	chmod("plain", 0755);
	CHECK_ERRNO("no format", execve("plain", argv, NULL), ENOEXEC);
	file_write("empty", "");
	chmod("empty", 0755);
	CHECK_ERRNO("empty file", execve("empty", argv, NULL), ENOEXEC);
	CHECK_ERRNO("through a file", execve("plain/x", argv, NULL), ENOTDIR);
	CHECK_ERRNO("bad path", execve((void *)8, argv, NULL), EFAULT);
	CHECK_ERRNO("bad arguments", execve(self, (void *)8, NULL), EFAULT);
	CHECK_ERRNO("bad word", execve(self, (char *[]){ (char *)8, NULL }, NULL), EFAULT);
	CHECK_ERRNO("bad environment", execve(self, argv, (void *)8), EFAULT);
	file_write("noint", "#!/no/such/interpreter\n");
	chmod("noint", 0755);
	CHECK_ERRNO("no interpreter", execve("./noint", argv, NULL), ENOENT);
	file_write("bang", "#!\n");
	chmod("bang", 0755);
	CHECK_ERRNO("empty interpreter", execve("./bang", argv, NULL), ENOEXEC);
	file_write("rec", "#!./rec\n");
	chmod("rec", 0755);
	CHECK_ERRNO("a script that is its own interpreter", execve("./rec", argv, NULL), ELOOP);
	fd = open("plain", O_WRONLY);
	CHECK_ERRNO("open for writing", execve("plain", argv, NULL), ETXTBSY);
	close(fd);
	CHECK_ERRNO("a running program cannot be written", open("/proc/self/exe", O_WRONLY), ETXTBSY);
	mknod("dev", S_IFCHR | 0777, 0x103);
	CHECK_ERRNO("a device", execve("dev", argv, NULL), EACCES);
}

static void scripts(void)
{
	char text[PATH_MAX + 32];

	sprintf(text, "#!%s one two  \nrest\n", self);
	file_write("script", text);
	chmod("script", 0755);
	CHECK_INT("#! with an argument", run("./script", (char *[]){ "s", "x", "y", NULL }, NULL),
		  EXITED(26));
	sprintf(text, "#! \t%s count\n", self);
	file_write("script2", text);
	chmod("script2", 0755);
	CHECK_INT("#! with blanks", run("./script2", (char *[]){ "s", NULL }, NULL), EXITED(3));
	sprintf(text, "#!%s count", self);
	file_write("script3", text);
	chmod("script3", 0755);
	CHECK_INT("#! without a newline", run("script3", (char *[]){ "s", "x", NULL }, NULL), EXITED(4));
	file_write("script4", "#!./script3\n");
	chmod("script4", 0755);
	CHECK_INT("a script for a script", run("./script4", (char *[]){ "s", NULL }, NULL), EXITED(4));
	symlink("script3", "link");
	CHECK_INT("through a link", run("./link", (char *[]){ "s", NULL }, NULL), EXITED(3));
}

static void handler(int n)
{
	(void)n;
}

static void surviving(void)
{
	int fd = open("/dev/null", O_RDONLY);
	sigset_t m;

	dup2(fd, 40);
	dup3(fd, 41, O_CLOEXEC);
	CHECK_INT("close on exec", run(self, (char *[]){ "x", "fds", NULL }, NULL), EXITED(1));
	signal(SIGUSR1, handler);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&m);
	sigaddset(&m, SIGHUP);
	sigprocmask(SIG_BLOCK, &m, NULL);
	CHECK_INT("handlers go, ignoring and the mask stay",
		  run(self, (char *[]){ "x", "signals", NULL }, NULL), EXITED(7));
	sigprocmask(SIG_UNBLOCK, &m, NULL);
	fd = open(self, O_RDONLY);
	CHECK_INT("fexecve", IN_CHILD(fexecve(fd, (char *[]){ "x", "count", NULL },
					      (char *[]){ NULL }); _exit(errno)), EXITED(2));
	CHECK_INT("execveat", IN_CHILD(syscall(SYS_execveat, fd, "", (char *[]){ "x", "count", NULL },
					       NULL, AT_EMPTY_PATH); _exit(errno)), EXITED(2));
	close(fd);
}

/* Broken ELF files: each is refused, or killed, and the kernel goes on. */
static void hostile(void)
{
	int from = open(self, O_RDONLY);
	struct stat st;
	fstat(from, &st);
	char *image = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, from, 0);
	char *argv[] = { "x", "count", NULL };
	Elf64_Ehdr *h = (Elf64_Ehdr *)image, good = *h;
	Elf64_Phdr *ph = (Elf64_Phdr *)(image + h->e_phoff);
	int load = 0;
	while (ph[load].p_type != PT_LOAD)
		load++;
	Elf64_Phdr good_ph = ph[load];
/* Linux finds some of these too late to say so, and kills; we may say so. */
#define TRY_LATE(name, change) TRY_FILE(change, st.st_size,			\
	CHECK(name ": refused or killed", st_ != EXITED(2)))
#define TRY(name, change, size) TRY_FILE(change, size,				\
	TELL(name, "%s %d", st_ & 0x7f ? "signal" : "exit",			\
	     st_ & 0x7f ? st_ & 0x7f : st_ >> 8))
#define TRY_FILE(change, size, verdict) do {					\
		int to_ = open("elf", O_WRONLY | O_CREAT | O_TRUNC, 0755);	\
		change;								\
		write(to_, image, (size_t)(size));				\
		close(to_);							\
		*h = good;							\
		ph[load] = good_ph;						\
		int st_ = run("elf", argv, NULL);				\
		verdict;							\
	} while (0)
	TRY("as it is", (void)0, st.st_size);
	TRY("half a header", (void)0, 20);
	TRY("header only", (void)0, 64);
	TRY("another machine", h->e_machine = EM_ARM, st.st_size);
	TRY("a relocatable file", h->e_type = ET_REL, st.st_size);
	TRY("program headers far away", h->e_phoff = 1UL << 40, st.st_size);
	TRY("program headers past the end", h->e_phoff = (Elf64_Off)st.st_size, st.st_size);
	TRY("no program headers", h->e_phnum = 0, st.st_size);
	TRY("odd header size", h->e_phentsize = 10, st.st_size);
	TRY("too many headers", h->e_phnum = 65535, st.st_size);
	TRY_LATE("segment in the kernel", ph[load].p_vaddr = 0xffffffff80000000);
	TRY_LATE("segment at the very top", ph[load].p_vaddr = 0xfffffffffffff000);
	TRY_LATE("file part longer than memory part", ph[load].p_memsz = 0);
	TRY_LATE("huge memory part", ph[load].p_memsz = 1UL << 46);
	TRY("entry nowhere", h->e_entry = 0x1234, st.st_size);
	TRY("entry in the kernel", h->e_entry = 0xffffffff81000000, st.st_size);
	close(from);
}

static void auxiliary(void)
{
	CHECK_INT("AT_PAGESZ", getauxval(AT_PAGESZ), 4096);
	CHECK_INT("AT_CLKTCK", getauxval(AT_CLKTCK), 100);
	CHECK_INT("AT_UID", getauxval(AT_UID), 0);
	CHECK_INT("AT_SECURE", getauxval(AT_SECURE), 0);
	CHECK_INT("AT_PHENT", getauxval(AT_PHENT), sizeof(Elf64_Phdr));
	CHECK("AT_PHDR", getauxval(AT_PHDR));
	CHECK("AT_ENTRY", getauxval(AT_ENTRY));
	CHECK("AT_RANDOM", getauxval(AT_RANDOM));
	CHECK("AT_SYSINFO_EHDR", getauxval(AT_SYSINFO_EHDR));
	CHECK("AT_EXECFN", !strcmp((char *)getauxval(AT_EXECFN), "/tests/exec"));
	CHECK("AT_PLATFORM", !strcmp((char *)getauxval(AT_PLATFORM), "x86_64"));
	CHECK("stack is aligned", ((uintptr_t)__builtin_frame_address(0) & 15) == 0);
}

/* gdb shows addresses as on Linux: mappings began elsewhere. */
static void test_place_without_randomisation(void)
{
	char *argv[] = { "x", "place", NULL };

	CHECK_INT("the highest mapping", IN_CHILD(personality(ADDR_NO_RANDOMIZE); execv(self, argv); _exit(errno)), EXITED(0));
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return child_mode(argc, argv);
	self[readlink("/proc/self/exe", self, sizeof(self) - 1)] = 0;
	CHECK("/proc/self/exe", !strcmp(self, "/tests/exec"));
	auxiliary();
	arguments();
	errors();
	scripts();
	surviving();
	hostile();
	test_place_without_randomisation();
	return tap_done();
}
