#ifndef SERVER_STORE_STORE_LOCK_H
#define SERVER_STORE_STORE_LOCK_H

#include <stdbool.h>

/*
 * Keeps one process from opening a store twice: LMDB's own locks do not
 * survive that. Other processes may have it open at the same time, since
 * commands such as create-superuser work beside the server. The lock is one
 * byte of DIR/open.lock at the process id's offset, held by an open file
 * description, so it goes with the process however that ends.
 *
 * Each function returns a descriptor to close, or -1 with errno; EAGAIN says
 * that somebody has what was asked for.
 */

/* store_lock_take takes this process's byte: EAGAIN if this process has it, if
 * the store is being restored, or if another directory took its place. */
int store_lock_take(const char *dir);

/* store_lock_take_all takes every byte: while it is held no process opens the
 * store. EAGAIN if one has it open. */
int store_lock_take_all(const char *dir);

/* store_lock_share_all does so for who only reads, and any number may: it makes
 * and changes nothing. ENOENT if no process ever opened a store there. */
int store_lock_share_all(const char *dir);

/* store_lock_is_in_place tells whether a lock file is the one that the path
 * names now: a restore puts another directory there. */
bool store_lock_is_in_place(int fd, const char *path);

#endif
