#ifndef SERVER_STORE_STORE_TABLE_H
#define SERVER_STORE_STORE_TABLE_H

/*
 * What the store holds: a table for each kind of key. Add at the end only,
 * since the checksums of records hold a table's number; add its name to the
 * engine's list as well.
 */
enum store_table {
	STORE_META,            /* "meta" -> MetaRecord */
	STORE_USER,            /* user id, big-endian -> UserRecord */
	STORE_IDENTIFIER,      /* normalised text -> IdentifierRecord */
	STORE_SESSION,         /* session id -> SessionRecord */
	STORE_SESSION_BY_USER, /* user id + device, if known + session id ->
	                          nothing */
	STORE_SESSION_BY_END,  /* expiry, us, big-endian + session id -> nothing
	                        */
	STORE_SIGNING_KEY,     /* kid -> SigningKeyRecord */
	STORE_ROLE,            /* name -> RoleRecord */
	STORE_LINK,            /* hash of the token -> LinkRecord */
	STORE_LINK_BY_USER,    /* user id + hash -> nothing */
	STORE_LINK_BY_END,     /* when to forget, us + hash -> nothing */
	STORE_OUTBOX,          /* due, us, big-endian + mail id -> MailRecord */
	STORE_AVATAR,          /* path -> AvatarRecord */
	STORE_THROTTLE, /* scope + hash of the subject -> ThrottleRecord */
	STORE_THROTTLE_BY_END,   /* when to forget, us + key -> nothing */
	STORE_REPETITION,        /* request id -> RepetitionRecord */
	STORE_REPETITION_BY_END, /* when to forget, us + request id -> nothing
	                          */
	STORE_IDENTITY, /* hash of issuer and subject -> IdentityRecord */
	STORE_IDENTITY_BY_USER, /* user id + hash -> nothing */
	STORE_SESSION_TALLY,    /* user id, big-endian -> SessionTallyRecord */
	STORE_SESSION_OPEN, /* user id + epoch + beginning, us + session id ->
	                       nothing */
	STORE_TABLE_COUNT,
};

#endif
