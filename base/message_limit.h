#ifndef BASE_MESSAGE_LIMIT_H
#define BASE_MESSAGE_LIMIT_H

/*
 * Bytes that a message, envelope included, may have unless configured
 * otherwise, in both directions: the largest request there is changes
 * everything about a user, a picture of 256 KiB included, and carries a token.
 */
#define MESSAGE_LIMIT 327680

/*
 * Bytes of memory that one call of such size may use, at either end: the
 * envelope, what is unpacked from it, and the record that is written.
 */
#define MESSAGE_ARENA_SIZE 1310720

#endif
