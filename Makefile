# SPDX-License-Identifier: MIT
#
# Builds the kernel. People type ./linnet; this is what it calls.
#
#   make                     build/linnet.elf (stripped) and build/linnet.debug
#   make DEBUG=1             the same under build/debug, with assertions, poison,
#                            lock-order checks and the in-kernel tests
#   make SAN=undefined       a debug build that finds undefined behaviour, under build/ubsan
#   make SAN=address         one that finds memory used that is not allocated, under build/kasan
#   make SAN=thread          one that finds data races, under build/kcsan
#   make CC=clang            with the other compiler
#   make build/linnet.img    a disk image for PC BIOS, see boot/Makefile
#
# The kernel is linked twice: the first link yields the addresses from which
# tools/mksyms makes the table that backtraces use, the second includes it.

CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
# A sanitizer build is a debug build of GCC's with its instrumentation and our run-time.
SAN     ?=
ifneq ($(SAN),)
SAN_NAME_undefined := ubsan
SAN_NAME_address := kasan
SAN_NAME_thread := kcsan
SAN_NAME := $(SAN_NAME_$(SAN))
ifeq ($(SAN_NAME),)
$(error SAN is one of: undefined, address, thread)
endif
DEBUG   := 1
endif
BUILD   ?= build$(if $(SAN),/$(SAN_NAME),$(if $(DEBUG),/debug))
O       := $(BUILD)/obj
V       ?=
Q       := $(if $(V),,@)
say      = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(patsubst $(O)/%,%,$@)' >&2)

UAPI    := $(BUILD)/uapi
SRC     := $(sort $(shell find kernel -name '*.c' -o -name '*.S'))
ifdef DEBUG
SRC     += $(sort $(wildcard tests/kernel/*.c)) $(if $(SAN),tests/kernel/planted/$(SAN).c)
endif
SRC     := $(filter-out kernel/arch/x86/vdso/%,$(SRC))
OBJ     := $(patsubst %,$(O)/%.o,$(basename $(SRC)))

WARN    := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wvla -Wundef -Wno-unused-parameter -Wframe-larger-than=1024
CFLAGS  := -std=gnu11 -O2 -g -ffreestanding -nostdinc -fno-pic -fno-pie \
           -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
           -fno-stack-protector -fno-omit-frame-pointer -fno-optimize-sibling-calls \
           -fno-asynchronous-unwind-tables -fno-common -fno-strict-aliasing \
           -fno-delete-null-pointer-checks -ffunction-sections $(WARN)
CPPFLAGS = -Ikernel -isystem $(shell $(CC) -print-file-name=include) -isystem $(UAPI) \
           -include kernel/lib/config.h $(if $(DEBUG),-DCONFIG_DEBUG=1)
# What each sanitizer adds to every file but those a report itself goes through.
SAN_FLAGS_undefined := -fsanitize=undefined -fno-sanitize=vptr,object-size,return,float-cast-overflow,float-divide-by-zero
SAN_FLAGS_address := -fsanitize=kernel-address -fasan-shadow-offset=0xdffff00000000000 \
           -fsanitize-address-use-after-scope --param asan-stack=1 --param asan-globals=1 \
           --param asan-instrumentation-with-call-threshold=10000
SAN_FLAGS_thread := -fsanitize=thread -Wno-tsan --param tsan-distinguish-volatile=1 --param tsan-instrument-func-entry-exit=0
SAN_WARN := -Wno-maybe-uninitialized -Wno-frame-larger-than -Wno-array-bounds -Wno-stringop-overflow
SAN_NONE := base/panic base/log base/symbols base/sanitize base/ubsan base/kasan base/kasan_trace base/kcsan lib/format \
           lib/string arch/x86/early_console drivers/serial_port
# These own what nobody else may touch.
SAN_NONE_thread := arch/x86/context
SAN_NONE_address := arch/x86/context mem/slab mem/slab_debug mem/kmalloc mem/frame mem/buddy mem/shadow mem/quarantine
ifneq ($(SAN),)
CPPFLAGS += -DCONFIG_$(shell echo $(SAN_NAME) | tr a-z A-Z)=1
SANFLAGS := $(SAN_FLAGS_$(SAN)) $(SAN_WARN)
$(patsubst %,$(O)/kernel/%.o,$(SAN_NONE) $(SAN_NONE_$(SAN))): SANFLAGS := $(SAN_WARN) -DSAN_NONE=1
endif
LDFLAGS := -nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack \
           -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments
LDS     := kernel/arch/x86/linnet.ld
HOT     := kernel/arch/x86/hot.ld

.PHONY: all clean
all: $(BUILD)/linnet.elf

# Linux's numbers and structures come from linux-libc-dev; only these three
# folders of /usr/include are visible, so that no C library header slips in.
# <linux/shm.h> asks for a <unistd.h> of which it needs nothing; <linux/if.h> for a <sys/socket.h>, of
# which it needs struct sockaddr: net/device.h has that.
$(UAPI)/.made: Makefile
	$(Q)mkdir -p $(UAPI)
	$(Q)ln -sfn /usr/include/linux $(UAPI)/linux
	$(Q)ln -sfn /usr/include/asm-generic $(UAPI)/asm-generic
	$(Q)ln -sfn /usr/include/$$($(CC) -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)/asm $(UAPI)/asm
	$(Q)[ -e $(UAPI)/asm/unistd.h ] || ln -sfn /usr/include/x86_64-linux-gnu/asm $(UAPI)/asm
	$(Q): >$(UAPI)/unistd.h
	$(Q)mkdir -p $(UAPI)/sys && : >$(UAPI)/sys/socket.h
	$(Q)touch $@

$(O)/%.o: %.c | $(UAPI)/.made
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(O)/%.o: %.S | $(UAPI)/.made
	$(call say,AS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) -D__ASSEMBLER__=1 -MMD -MP -c -o $@ $<

# The vDSO is user code, linked by itself and carried inside the kernel as data.
VDSO     := $(O)/vdso/vdso.so
VDSO_OBJ := $(O)/vdso/vdso.o $(O)/vdso/sigreturn.o
VDSO_CFLAGS := -std=gnu11 -O2 -ffreestanding -nostdinc -fpic -fvisibility=hidden -fno-stack-protector \
               -fcf-protection=none -mgeneral-regs-only -fasynchronous-unwind-tables -fno-common $(WARN)

$(O)/vdso/%.o: kernel/arch/x86/vdso/%.c | $(UAPI)/.made
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(O)/vdso/%.o: kernel/arch/x86/vdso/%.S | $(UAPI)/.made
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_CFLAGS) $(CPPFLAGS) -D__ASSEMBLER__=1 -MMD -MP -c -o $@ $<

$(VDSO): $(VDSO_OBJ) kernel/arch/x86/vdso/vdso.lds
	$(call say,LD)
	$(Q)$(CC) -shared -nostdlib -s -Wl,-soname=linux-vdso.so.1 -Wl,--hash-style=both -Wl,-Bsymbolic \
		-Wl,--eh-frame-hdr -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
		-Wl,--no-undefined -Wl,-T,kernel/arch/x86/vdso/vdso.lds -o $@ $(VDSO_OBJ)

$(O)/kernel/arch/x86/vdso_image.o: $(VDSO)
$(O)/kernel/arch/x86/vdso_image.o: CPPFLAGS += -DVDSO_IMAGE='"$(VDSO)"'

$(O)/ksyms0.S:
	$(Q)mkdir -p $(@D)
	$(Q)tools/mksyms </dev/null >$@

$(O)/linnet.1: $(OBJ) $(O)/ksyms0.o $(LDS) $(HOT)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -T $(LDS) -o $@ $(OBJ) $(O)/ksyms0.o

$(O)/ksyms.S: $(O)/linnet.1 tools/mksyms
	$(Q)nm -n $< | tools/mksyms >$@

$(O)/ksyms%.o: $(O)/ksyms%.S
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(O)/ksyms.o: $(O)/ksyms.S
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

$(BUILD)/linnet.debug: $(OBJ) $(O)/ksyms.o $(LDS) $(HOT)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -T $(LDS) -o $@ $(OBJ) $(O)/ksyms.o

$(BUILD)/linnet.elf: $(BUILD)/linnet.debug
	$(call say,STRIP)
	$(Q)strip -s -o $@ $<

include boot/Makefile

clean:
	$(Q)rm -rf $(BUILD)

-include $(OBJ:.o=.d) $(VDSO_OBJ:.o=.d)
