/* SPDX-License-Identifier: MIT */
/*
 * fs/cred.h: credentials: who is asking. Immutable once shared and counted; a
 * change makes a new one (cred_copy, modify, commit by the process layer).
 */
#ifndef FS_CRED_H
#define FS_CRED_H

#include "base/rcu.h"
#include "lib/refcount.h"
#include "lib/types.h"

struct group_list {              /* immutable, counted */
	struct refcount refs;
	unsigned count;
	uint32_t gid[];          /* ascending */
};

struct cred {
	struct refcount refs;
	uint32_t uid, euid, suid, fsuid; /* immutable, as all that follows */
	uint32_t gid, egid, sgid, fsgid;
	uint64_t cap_permitted, cap_effective, cap_inheritable, cap_bounding, cap_ambient;
	uint32_t securebits;
	bool no_new_privs;
	struct group_list *groups; /* counted */
	struct rcu_head rcu;
};

/* Root with all capabilities, for kernel threads and init. Never freed. */
extern struct cred cred_root;

static inline const struct cred *cred_get(const struct cred *c)
{
	refcount_get(&((struct cred *)c)->refs);
	return c;
}
void cred_put(const struct cred *c);
/* A copy that may be changed before it is shared. NULL when out. */
struct cred *cred_copy(const struct cred *c);
struct group_list *group_list_create(unsigned count); /* NULL when out */
void group_list_put(struct group_list *g);

bool cred_in_group(const struct cred *c, uint32_t gid); /* fsgid or supplementary */
/* Whether c may have every capability that other may have. */
static inline bool cred_includes(const struct cred *c, const struct cred *other)
{
	return !(other->cap_permitted & ~c->cap_permitted);
}
static inline bool cred_capable(const struct cred *c, unsigned cap) { return c->cap_effective >> cap & 1; }

#endif
