/* SPDX-License-Identifier: MIT */
/*
 * fs/namei.h: a name taken apart into directory and last component, for those
 * who change names: namei_parent(), use, namei_done().
 */
#ifndef FS_NAMEI_H
#define FS_NAMEI_H

#include "fs/internal.h"

struct name_place {
	struct path dir;         /* counted */
	const char *last;        /* in the caller's text, or in walk.buffer */
	size_t len;
	uint32_t hash;
	bool slash;              /* slashes follow */
	enum last_kind kind;
	struct walk_state walk;  /* only when counted */
	bool counted;
};

int namei_parent(const struct walk *w, const char *name, struct name_place *p);
void namei_done(struct name_place *p);
/* The dentry of the last component; the directory is locked. Counted. */
int namei_resolve(struct name_place *p, struct dentry **out);

#endif
