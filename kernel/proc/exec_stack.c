/* SPDX-License-Identifier: MIT */
/*
 * proc/exec_stack.c: what a program finds on its stack (System V psABI for
 * x86-64, section 3.4.1): from the stack pointer upward argc, the argument
 * pointers, the environment pointers, the auxiliary vector, and above them the
 * bytes all of these point to.
 */
#include "base/random.h"
#include "hal/clock.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/exec.h"
#include <linux/auxvec.h>
#include <linux/elf.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define PLATFORM "x86_64"
#define CLOCK_TICKS_PER_SECOND 100

struct builder {
	struct space *space;
	uaddr_t at;        /* grows down */
	bool failed;
};

static uaddr_t push(struct builder *b, const void *bytes, size_t n)
{
	b->at -= n;
	if (space_copy_to(b->space, b->at, bytes, n, true) != n)
		b->failed = true;
	return b->at;
}

struct aux { uint64_t *word; unsigned n; };

static void aux_add(struct aux *a, uint64_t type, uint64_t value)
{
	a->word[a->n++] = type;
	a->word[a->n++] = value;
}

static void fill_aux(struct aux *a, const struct exec_image *image, const struct cred *cred, uaddr_t random,
		     uaddr_t platform, uaddr_t name)
{
	const struct space *s = image->space;

	if (s->vdso)
		aux_add(a, AT_SYSINFO_EHDR, s->vdso);
	aux_add(a, AT_HWCAP, cpu_features.hwcap);
	aux_add(a, AT_PAGESZ, PAGE_SIZE);
	aux_add(a, AT_CLKTCK, CLOCK_TICKS_PER_SECOND);
	aux_add(a, AT_PHDR, image->headers);
	aux_add(a, AT_PHENT, sizeof(Elf64_Phdr));
	aux_add(a, AT_PHNUM, image->header_count);
	aux_add(a, AT_BASE, image->interpreter_base);
	aux_add(a, AT_FLAGS, 0);
	aux_add(a, AT_ENTRY, image->program_entry);
	aux_add(a, AT_UID, cred->uid);
	aux_add(a, AT_EUID, cred->euid);
	aux_add(a, AT_GID, cred->gid);
	aux_add(a, AT_EGID, cred->egid);
	aux_add(a, AT_SECURE, image->secure);
	aux_add(a, AT_RANDOM, random);
	aux_add(a, AT_HWCAP2, cpu_features.hwcap2);
	aux_add(a, AT_EXECFN, name);
	aux_add(a, AT_PLATFORM, platform);
	aux_add(a, AT_MINSIGSTKSZ, context_signal_min_stack());
	aux_add(a, AT_NULL, 0);
}

/* The addresses of n strings packed from base on. */
static void fill_pointers(uint64_t *out, const char *strings, unsigned n, uaddr_t base)
{
	const char *s = strings;

	for (unsigned i = 0; i < n; i++) {
		out[i] = base + (uaddr_t)(s - strings);
		s += strlen(s) + 1;
	}
	out[n] = 0;
}

int exec_stack_build(struct exec_image *image, const struct exec_strings *s, const char *name, const struct cred *cred,
		     uaddr_t *sp)
{
	struct space *space = image->space;
	struct builder b = { .space = space, .at = image->stack_top };
	size_t pointers = 1 + s->argc + 1 + s->envc + 1;
	uint64_t seed[2] = { random_u64(), random_u64() }, zero = 0;

	push(&b, &zero, sizeof(zero));
	uaddr_t execfn = push(&b, name, strlen(name) + 1);
	uaddr_t env = push(&b, s->env, s->env_bytes);
	uaddr_t args = push(&b, s->args, s->args_bytes);
	uaddr_t platform = push(&b, PLATFORM, sizeof(PLATFORM));
	b.at = align_down(b.at, 16);
	if (exec_is_randomized())
		b.at -= 16 * (seed[1] % 64); /* the offset within the page is random too */
	uaddr_t random = push(&b, seed, sizeof(seed));

	uint64_t *words = kmalloc((pointers + ARRAY_SIZE(space->auxv)) * sizeof(uint64_t), ALLOC_KERNEL);
	if (!words)
		return -ENOMEM;
	words[0] = s->argc;
	fill_pointers(words + 1, s->args, s->argc, args);
	fill_pointers(words + 1 + s->argc + 1, s->env, s->envc, env);
	struct aux aux = { .word = words + pointers };
	fill_aux(&aux, image, cred, random, platform, execfn);

	size_t bytes = (pointers + aux.n) * sizeof(uint64_t);
	b.at = align_down(b.at - bytes, 16) + bytes;
	*sp = push(&b, words, bytes);

	memcpy(space->auxv, aux.word, aux.n * sizeof(uint64_t));
	space->auxv_words = aux.n;
	kfree(words);
	space->arg_start = args;
	space->arg_end = args + s->args_bytes;
	space->env_start = env;
	space->env_end = env + s->env_bytes;
	return b.failed ? -ENOMEM : 0;
}
