/* SPDX-License-Identifier: MIT */
/*
 * Signal frames as Linux builds them on x86-64 (struct rt_sigframe): from the
 * top down the extended state (aligned to 64), then siginfo, ucontext and the
 * return address, placed as if the handler had been called. 128 bytes below
 * the interrupted stack pointer belong to the interrupted function.
 *
 * The thread's own area serves as the buffer for extended state. A switch to
 * another thread would save the registers into it, so the copies run with
 * preemption and page faults off; when a page is missing it is faulted in and
 * the copy taken again. What comes back from the program is sanitised: flags
 * and selectors are forced; a state that could not be loaded ends the program.
 */
#include "arch/x86/processor.h"
#include "base/panic.h"
#include "base/preempt.h"
#include "hal/usercopy.h"
#include "lib/string.h"
#include <asm/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#define RED_ZONE      128
#define SIGINFO_BYTES 128
#define SOFTWARE_AT   464 /* _fpx_sw_bytes in the legacy area */
#define HEADER_AT     512
#define LEGACY_BYTES  512
#define LEGACY_ALIGN  16UL
#define STATE_ALIGN   64UL
#define HEADER_BYTES  64
#define XSTATE_LEGACY 3

/* Flags that a program may have changed: CF PF AF ZF SF TF DF OF RF AC. */
#define FLAGS_USER 0x50dd5UL

struct signal_frame {
	uint64_t restorer;
	struct ucontext uc;
	uint8_t info[SIGINFO_BYTES];
};

/* One access in every page of the range. */
static int fault_in(uaddr_t at, size_t n, bool write)
{
	uaddr_t end = at + n;
	uint8_t byte;

	for (uaddr_t p = at; p < end; p = align_down(p, PAGE_SIZE) + PAGE_SIZE)
		if (write ? usercopy_clear(p, 1) : usercopy_from(&byte, p, 1))
			return -EFAULT;
	return 0;
}

static int state_push(uaddr_t to)
{
	void *area = context_current()->xstate;
	size_t left, n = xstate_frame_bytes();

	for (;;) {
		preempt_disable();
		usercopy_disable_faults();
		xstate_need();
		xstate_save_all(area);
		if (cpu_features.xsave) /* programs that know no XSAVE change these two */
			*(uint64_t *)((char *)area + HEADER_AT) |= XSTATE_LEGACY;
		left = usercopy_to(to, area, n);
		usercopy_enable_faults();
		preempt_enable();
		if (!left)
			return 0;
		if (fault_in(to, n, true))
			return -EFAULT;
	}
}

/* How much of the state at from is to be loaded: all of it only if its marks are right. */
static int state_size(uaddr_t from, size_t *n)
{
	struct _fpx_sw_bytes sw;
	uint32_t mark;

	*n = LEGACY_BYTES;
	if (!cpu_features.xsave)
		return 0;
	if (copy_from_user(&sw, from + SOFTWARE_AT, sizeof(sw)))
		return -EFAULT;
	if (sw.magic1 != FP_XSTATE_MAGIC1 || sw.xstate_size < LEGACY_BYTES + HEADER_BYTES ||
	    sw.xstate_size > cpu_features.xstate_size || sw.xstate_size > sw.extended_size)
		return 0;
	if (copy_from_user(&mark, from + sw.xstate_size, sizeof(mark)))
		return -EFAULT;
	if (mark == FP_XSTATE_MAGIC2)
		*n = sw.xstate_size;
	return 0;
}

static int state_pop(uaddr_t from)
{
	void *area = context_current()->xstate;
	size_t left, n;
	bool good = true;

	if (!from) {
		xstate_load_initial();
		return 0;
	}
	/* As if it were loaded from there: that needs its alignment, and a state without fault. */
	if (state_size(from, &n) || !is_aligned(from, n > LEGACY_BYTES ? STATE_ALIGN : LEGACY_ALIGN))
		return -EFAULT;
	for (;;) {
		preempt_disable();
		xstate_need(); /* a copy that fails half-way leaves the registers right */
		usercopy_disable_faults();
		left = usercopy_from(area, from, n);
		if (!left) {
			good = xstate_sanitize(area, n > LEGACY_BYTES);
			xstate_load(area);
		}
		usercopy_enable_faults();
		preempt_enable();
		if (!left)
			return good ? 0 : -EFAULT;
		if (fault_in(from, n, false))
			return -EFAULT;
	}
}

static void registers_store(struct sigcontext *sc, const struct user_frame *f)
{
	sc->r8 = f->r8;
	sc->r9 = f->r9;
	sc->r10 = f->r10;
	sc->r11 = f->r11;
	sc->r12 = f->r12;
	sc->r13 = f->r13;
	sc->r14 = f->r14;
	sc->r15 = f->r15;
	sc->rdi = f->rdi;
	sc->rsi = f->rsi;
	sc->rbp = f->rbp;
	sc->rbx = f->rbx;
	sc->rdx = f->rdx;
	sc->rax = f->rax;
	sc->rcx = f->rcx;
	sc->rsp = f->rsp;
	sc->rip = f->rip;
	sc->eflags = f->rflags;
	sc->cs = (uint16_t)f->cs;
	sc->ss = (uint16_t)f->ss;
}

static void registers_load(struct user_frame *f, const struct sigcontext *sc)
{
	f->r8 = sc->r8;
	f->r9 = sc->r9;
	f->r10 = sc->r10;
	f->r11 = sc->r11;
	f->r12 = sc->r12;
	f->r13 = sc->r13;
	f->r14 = sc->r14;
	f->r15 = sc->r15;
	f->rdi = sc->rdi;
	f->rsi = sc->rsi;
	f->rbp = sc->rbp;
	f->rbx = sc->rbx;
	f->rdx = sc->rdx;
	f->rax = sc->rax;
	f->rcx = sc->rcx;
	f->rsp = sc->rsp;
	f->rip = sc->rip;
	f->rflags = (sc->eflags & FLAGS_USER) | FLAG_FIXED | FLAG_IF;
	f->cs = SEL_USER_CODE;
	f->ss = SEL_USER_DATA;
	f->orig_rax = ~0UL;
}

/* Where the frame starts, and the extended state above it. */
static uaddr_t frame_place(const struct user_frame *f, const struct signal_delivery *d,
			   uaddr_t *state)
{
	uaddr_t top = d->on_altstack ? d->altstack_sp + d->altstack_size : f->rsp - RED_ZONE;

	*state = align_down(top - xstate_frame_bytes(), 64UL);
	return align_down(*state - sizeof(struct signal_frame), 16UL) - 8;
}

/* A frame that would leave the alternate stack it starts on is refused. */
static bool frame_fits(const struct user_frame *f, const struct signal_delivery *d, uaddr_t frame)
{
	bool on = d->on_altstack ||
		  (d->altstack_size && f->rsp - d->altstack_sp - 1 < d->altstack_size);

	return !on || (frame >= d->altstack_sp && frame - d->altstack_sp < d->altstack_size);
}

int context_push_signal(struct user_frame *f, const struct signal_delivery *d)
{
	struct signal_frame s = { .restorer = d->restorer };
	uaddr_t state, frame = frame_place(f, d, &state);

	might_sleep();
	assert(f == context_frame(context_current()));
	if (!frame_fits(f, d, frame) || state_push(state))
		return -EFAULT;
	s.uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	if (cpu_features.xsave)
		s.uc.uc_flags |= UC_FP_XSTATE;
	s.uc.uc_stack.ss_sp = (void *)d->altstack_sp;
	s.uc.uc_stack.ss_size = d->altstack_size;
	s.uc.uc_stack.ss_flags = (int)d->altstack_flags;
	s.uc.uc_sigmask = d->mask;
	registers_store(&s.uc.uc_mcontext, f);
	s.uc.uc_mcontext.err = d->error;
	s.uc.uc_mcontext.trapno = d->trapno;
	s.uc.uc_mcontext.cr2 = d->cr2;
	s.uc.uc_mcontext.oldmask = d->mask;
	s.uc.uc_mcontext.fpstate = (void *)state;
	memcpy(s.info, d->siginfo, SIGINFO_BYTES);
	if (copy_to_user(frame, &s, sizeof(s)))
		return -EFAULT;

	f->rdi = (uint64_t)d->signo;
	f->rsi = frame + offsetof(struct signal_frame, info);
	f->rdx = frame + offsetof(struct signal_frame, uc);
	f->rax = 0;
	f->rip = d->handler;
	f->rsp = frame;
	f->rflags &= ~(FLAG_DF | FLAG_RF | FLAG_TF);
	f->rcx = f->rip; /* a handler expects nothing of these two, and so sysret can go there */
	f->r11 = f->rflags;
	xstate_load_initial();
	return 0;
}

/* The handler's return took the return address off, so the frame starts one word lower. */
int context_pop_signal(struct user_frame *f, struct signal_return *r)
{
	struct ucontext uc;
	uaddr_t frame = f->rsp - 8;

	might_sleep();
	if (copy_from_user(&uc, frame + offsetof(struct signal_frame, uc), sizeof(uc)))
		return -EFAULT;
	if (state_pop((uaddr_t)uc.uc_mcontext.fpstate))
		return -EFAULT;
	registers_load(f, &uc.uc_mcontext);
	r->mask = uc.uc_sigmask;
	r->altstack_sp = (uaddr_t)uc.uc_stack.ss_sp;
	r->altstack_size = uc.uc_stack.ss_size;
	r->altstack_flags = (uint32_t)uc.uc_stack.ss_flags;
	return 0;
}

size_t context_signal_min_stack(void)
{
	size_t padding = 64 + 16; /* of the state, of the frame */

	return align_up(sizeof(struct signal_frame) + xstate_frame_bytes() + padding + RED_ZONE, 16UL);
}
