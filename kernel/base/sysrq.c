/* SPDX-License-Identifier: MIT */
/*
 * base/sysrq.c: see base/sysrq.h. The keys that need nothing of the layers above
 * are here. The console's level is raised meanwhile, as on Linux; two keys at
 * once may leave it to the later one.
 */
#include "base/sysrq.h"
#include "base/backtrace.h"
#include "base/lockcheck.h"
#include "base/panic.h"
#include "hal/boot.h"
#include "lib/atomic.h"
#include "lib/string.h"

int32_t sysrq_allowed = 1;

static void show_processors(void)
{
	backtrace_all_cpus(LOG_INFO);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		lockcheck_spin_print(LOG_INFO, cpu);
}

static void crash(void)
{
	panic("sysrq triggered crash");
}

static void show_help(void)
{
	TABLE_FOREACH(sysrq_keys, struct sysrq_key, k)
		log_info("sysrq: HELP : %s", k->help);
}

TABLE_ENTRY(sysrq_keys, struct sysrq_key, reboot) = { 'b', "reboot(b)", machine_restart };
TABLE_ENTRY(sysrq_keys, struct sysrq_key, crash) = { 'c', "crash(c)", crash };
TABLE_ENTRY(sysrq_keys, struct sysrq_key, help) = { 'h', "help(h)", show_help };
TABLE_ENTRY(sysrq_keys, struct sysrq_key, processors) = { 'l', "show-backtrace-all-active-cpus(l)", show_processors };

static const struct sysrq_key *key_find(char key)
{
	TABLE_FOREACH(sysrq_keys, struct sysrq_key, k)
		if (k->key == key)
			return k;
	return NULL;
}

void sysrq_run(char key)
{
	const struct sysrq_key *k = key_find(key);
	int32_t level = log_console_level;

	log_console_level = LOG_DEBUG;
	log_info("sysrq: %s", k ? k->help : "no such key");
	if (k)
		k->run();
	else
		show_help();
	log_console_level = level;
}

/* The kind of a key, as the bits of kernel.sysrq have it. */
static int32_t kind_of(char key)
{
	if (key >= '0' && key <= '9')
		return 0x2;
	if (strchr("kr", key))
		return 0x4;
	if (strchr("cdlmptwz", key))
		return 0x8;
	if (key == 's')
		return 0x10;
	if (key == 'u')
		return 0x20;
	if (strchr("efij", key))
		return 0x40;
	if (strchr("bo", key))
		return 0x80;
	return key == 'n' || key == 'q' ? 0x100 : 0;
}

void sysrq_press(char key)
{
	int32_t allowed = atomic_load(&sysrq_allowed), kind = key ? kind_of(key) : 0;

	if (allowed == 1 || (allowed && !kind) || allowed & kind)
		sysrq_run(key);
	else
		log_info("sysrq: This sysrq operation is disabled.");
}
