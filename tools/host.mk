# SPDX-License-Identifier: MIT
#
# What ./linnet needs beside the kernel: the relay between the terminal and the
# machine, our programs for the guest, the default initramfs. Run from the root.

BUILD   ?= build
BUSYBOX ?= $(shell command -v busybox)
CC      := gcc

.PHONY: all user
all: $(BUILD)/tools/relay $(BUILD)/initramfs.cpio

$(BUILD)/tools/relay: tools/relay.c user/channel.h
	@mkdir -p $(@D)
	@printf '  %-5s %s\n' CC $< >&2
	@$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -Wshadow -o $@ $<

user:
	@$(MAKE) --no-print-directory -C user BUILD=$(abspath $(BUILD)) >&2

$(BUILD)/user/init: user ;

$(BUILD)/initramfs.cpio: $(BUILD)/user/init tools/mkinitramfs $(BUSYBOX)
	@printf '  %-5s %s\n' CPIO $@ >&2
	@tools/mkinitramfs $@ $(BUILD)/user/init $(BUSYBOX)
