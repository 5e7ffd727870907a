#include "base/file_tree.h"

#include <ftw.h>
#include <stdio.h>

#define OPEN_DIRS_MAX 16

static int
remove_entry(const char *path, const struct stat *st, int type,
             struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void
file_tree_remove(const char *dir)
{
	(void)nftw(dir, remove_entry, OPEN_DIRS_MAX, FTW_DEPTH | FTW_PHYS);
}
