#ifndef BASE_MESSAGE_LIMIT_H
#define BASE_MESSAGE_LIMIT_H

/*
 * Bytes that a call, envelope included, may have unless configured otherwise:
 * the largest request there is changes everything about a user, a picture of
 * 256 KiB included, and carries a token.
 */
#define MESSAGE_LIMIT 327680

/*
 * Bytes that a reply, envelope included, may have. The largest ones are lists;
 * services/user_list.c and store/role_store.h add up that they fit.
 */
#define REPLY_LIMIT 1048576

/* Bytes of the message in a reply: what its status leaves, and some more. */
#define REPLY_PAYLOAD_MAX (REPLY_LIMIT - 1024)

/*
 * Bytes of memory that one call may use, at either end. In the server: the
 * envelope, what is unpacked from it, the records that are read and written
 * and the answer. In a client: the reply's envelope with its payload, what is
 * unpacked from that, in the gateway also the JSON that is made of it. Of the
 * longest list that nobody asked to be longer this is 2.7 MiB.
 */
#define MESSAGE_ARENA_SIZE 4194304

#endif
