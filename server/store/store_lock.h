#ifndef SERVER_STORE_STORE_LOCK_H
#define SERVER_STORE_STORE_LOCK_H

/*
 * Keeps one process from opening a store twice: LMDB's own locks do not
 * survive that. Other processes may have it open at the same time, since
 * commands such as create-superuser work beside the server. The lock is one
 * byte of DIR/open.lock at the process id's offset, held by an open file
 * description, so it goes with the process however that ends.
 */

/* store_lock_take returns a descriptor to close, or -1 with errno; EAGAIN if
 * this process has the store open already. */
int store_lock_take(const char *dir);

#endif
