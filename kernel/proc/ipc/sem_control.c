/* SPDX-License-Identifier: MIT */
/* proc/ipc/sem_control.c: semctl(2) and /proc/sysvipc/sem. The set's lock guards all of it. */
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/ipc/sem.h"

/* The set locked, if the running process has that right (4 read, 2 write). NULL: *error. */
static struct sem_set *lock_set(int id, unsigned wanted, int *error)
{
	struct ipc_object *o = ipc_find(&sem_table, id, error);

	if (!o)
		return NULL;
	spin_lock(&o->lock);
	*error = ipc_check(o, wanted);
	if (!*error)
		return sem_set_of(o);
	spin_unlock(&o->lock);
	ipc_put(&sem_table, o);
	return NULL;
}

static void unlock_set(struct sem_set *s, struct sem_wakes *wakes)
{
	spin_unlock(&s->object.lock);
	if (wakes)
		sem_wakes_run(wakes);
	ipc_put(&sem_table, &s->object);
}

int sem_stat(int id, int cmd, struct semid64_ds *out)
{
	struct ipc_object *o;
	struct sem_set *s;
	int error = -EINVAL;

	o = cmd == IPC_STAT ? ipc_find(&sem_table, id, &error) :
	    id >= 0 ? ipc_find_index(&sem_table, (unsigned)id % IPC_NUMBERS) : NULL;
	if (!o)
		return error;
	s = sem_set_of(o);
	spin_lock(&o->lock);
	error = ipc_check(o, cmd == SEM_STAT_ANY ? 0 : 4);
	memset(out, 0, sizeof(*out));
	ipc_get_perm(o, &out->sem_perm);
	out->sem_otime = s->operated;
	out->sem_ctime = s->changed;
	out->sem_nsems = s->count;
	spin_unlock(&o->lock);
	if (!error && cmd != IPC_STAT)
		error = o->id;
	ipc_put(&sem_table, o);
	return error;
}

int sem_set_owner(int id, const struct ipc64_perm *perm)
{
	int error;
	struct ipc_object *o = ipc_find(&sem_table, id, &error);

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check_owner(o);
	if (!error)
		error = ipc_set_perm(o, perm);
	if (!error)
		sem_set_of(o)->changed = ipc_now();
	spin_unlock(&o->lock);
	ipc_put(&sem_table, o);
	return error;
}

int sem_remove(int id)
{
	struct sem_wakes wakes;
	int error;
	struct ipc_object *o = ipc_find(&sem_table, id, &error);

	if (!o)
		return error;
	spin_lock(&o->lock);
	error = ipc_check_owner(o);
	spin_unlock(&o->lock);
	if (!error) {
		if (ipc_remove(&sem_table, o))
			sem_uncount(sem_set_of(o));
		sem_wakes_init(&wakes);
		spin_lock(&o->lock);
		sem_undo_forget(sem_set_of(o));
		sem_fail_all(sem_set_of(o), -EIDRM, &wakes);
		spin_unlock(&o->lock);
		sem_wakes_run(&wakes);
	}
	ipc_put(&sem_table, o);
	return error;
}

/* Semaphores in all sets. */
static int count_all(void)
{
	int sum = 0, count, highest = ipc_highest(&sem_table, &count);

	for (int i = 0; count && i <= highest; i++) {
		struct ipc_object *o = ipc_find_index(&sem_table, (unsigned)i);

		if (!o)
			continue;
		sum += (int)sem_set_of(o)->count;
		ipc_put(&sem_table, o);
	}
	return sum;
}

int sem_info(int cmd, struct seminfo *out)
{
	int count, highest = ipc_highest(&sem_table, &count);

	*out = (struct seminfo){
		.semmap = SEMMAP, .semmni = atomic_load(&ipc_settings.sem[IPC_SEMMNI]),
		.semmns = atomic_load(&ipc_settings.sem[IPC_SEMMNS]), .semmnu = SEMMNU,
		.semmsl = atomic_load(&ipc_settings.sem[IPC_SEMMSL]), .semopm = atomic_load(&ipc_settings.sem[IPC_SEMOPM]),
		.semume = SEMUME, .semusz = SEMUSZ, .semvmx = SEMVMX, .semaem = SEMAEM,
	};
	if (cmd == SEM_INFO) {
		out->semusz = count;
		out->semaem = count_all();
	}
	return highest;
}

/* One value, and all of the undo entries that know of it. */
static void set_value(struct sem_set *s, unsigned number, int value)
{
	struct sem_undo *u;

	s->sem[number].value = value;
	s->sem[number].pid = ipc_pid();
	list_for_each_entry(u, &s->undos, by_set)
		u->adjust[number] = 0;
}

static int read_one(const struct sem_set *s, unsigned number, int cmd)
{
	switch (cmd) {
	case GETVAL:  return s->sem[number].value;
	case GETPID:  return s->sem[number].pid;
	case GETNCNT: return sem_waiting(s, number, false);
	default:      return sem_waiting(s, number, true);
	}
}

int sem_control_one(int id, int number, int cmd, int value)
{
	struct sem_wakes wakes;
	struct sem_set *s;
	int result;

	sem_wakes_init(&wakes);
	if (cmd == SETVAL && (value < 0 || value > SEMVMX))
		return -ERANGE;
	s = lock_set(id, cmd == SETVAL ? 0 : 4, &result);
	if (!s)
		return result;
	if (number < 0 || (unsigned)number >= s->count)
		result = -EINVAL;
	else if (cmd == SETVAL)
		result = ipc_check(&s->object, 2); /* the order in which Linux looks */
	if (!result && cmd == SETVAL) {
		set_value(s, (unsigned)number, value);
		s->changed = ipc_now();
		sem_update(s, NULL, 0, &wakes);
	} else if (!result) {
		result = read_one(s, (unsigned)number, cmd);
	}
	unlock_set(s, &wakes);
	return result;
}

int sem_count(int id, int cmd)
{
	int result;
	struct sem_set *s = lock_set(id, cmd == SETALL ? 2 : 4, &result);

	if (!s)
		return result;
	result = (int)s->count;
	unlock_set(s, NULL);
	return result;
}

int sem_control_all(int id, int cmd, unsigned short *values, unsigned count)
{
	struct sem_wakes wakes;
	int result;
	struct sem_set *s = lock_set(id, cmd == SETALL ? 2 : 4, &result);

	if (!s)
		return result;
	sem_wakes_init(&wakes);
	if (s->count != count)
		result = -EIDRM;
	for (unsigned i = 0; !result && i < count; i++) {
		if (cmd == GETALL)
			values[i] = (unsigned short)s->sem[i].value;
		else
			set_value(s, i, values[i]);
	}
	if (!result && cmd == SETALL) {
		s->changed = ipc_now();
		sem_update(s, NULL, 0, &wakes);
	}
	unlock_set(s, &wakes);
	return result;
}

static void show_one(struct text *t, struct ipc_object *o)
{
	struct semid64_ds ds;
	struct sem_set *s = sem_set_of(o);

	spin_lock(&o->lock);
	ipc_get_perm(o, &ds.sem_perm);
	ds.sem_otime = s->operated;
	ds.sem_ctime = s->changed;
	spin_unlock(&o->lock);
	text_printf(t, "%10d %10d  %4o %10u %5u %5u %5u %5u %10ld %10ld\n", ds.sem_perm.key, o->id, ds.sem_perm.mode,
		    s->count, ds.sem_perm.uid, ds.sem_perm.gid, ds.sem_perm.cuid, ds.sem_perm.cgid,
		    (long)ds.sem_otime, (long)ds.sem_ctime);
}

static int show(struct text *t)
{
	text_printf(t, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");
	return ipc_show(&sem_table, t, show_one);
}

TABLE_ENTRY(proc_entries, struct proc_entry, sysvipc_sem) = { "sysvipc/sem", 0444, show, NULL };
