#include "server/store/identity_store.h"

#include <string.h>

#include <sodium.h>

#include "proto/latchkey/store/v1/identity_record.pb-c.h"
#include "server/store/index.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/stored_text.h"

/* An issuer's name and a subject are longer together than a key may be. */
struct identity_key {
	uint8_t hash[32];
};

static struct bytes
identity_key(const char *issuer, const char *subject, struct identity_key *key)
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, sizeof(key->hash));
	/* With its NUL: no two pairs are the same bytes. */
	(void)crypto_generichash_update(&state, (const unsigned char *)issuer,
	                                strlen(issuer) + 1);
	(void)crypto_generichash_update(&state, (const unsigned char *)subject,
	                                strlen(subject));
	(void)crypto_generichash_final(&state, key->hash, sizeof(key->hash));
	return (struct bytes){ key->hash, sizeof(key->hash) };
}

static bool
fits(const char *text, size_t max)
{
	return stored_text_fits_bytes(text, max) && text[0] != '\0';
}

static enum code
check(const struct identity *identity)
{
	if (!fits(identity->issuer, IDENTITY_ISSUER_MAX) ||
	    !fits(identity->subject, IDENTITY_SUBJECT_MAX) ||
	    identity->user_id == 0 || identity->created_at_us < 0)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena,
     const struct identity *identity)
{
	Latchkey__Store__V1__IdentityRecord record =
		LATCHKEY__STORE__V1__IDENTITY_RECORD__INIT;
	struct bytes value = { 0 };

	record.issuer = (char *)identity->issuer;
	record.subject = (char *)identity->subject;
	record.user_id = identity->user_id;
	record.created_at_us = identity->created_at_us;
	if (txn->code == CODE_OK)
		store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

void
identity_store_add(struct store_txn *txn, struct arena *arena,
                   const struct identity *identity)
{
	struct identity_key key;
	struct index_entry by_user;
	struct bytes id;

	store_fail(txn, check(identity));
	if (txn->code != CODE_OK)
		return;
	id = identity_key(identity->issuer, identity->subject, &key);
	by_user = index_entry_of(identity->user_id, id);
	store_add(txn, STORE_IDENTITY, id, pack(txn, arena, identity));
	index_add(txn, STORE_IDENTITY_BY_USER, &by_user);
}

static enum code
unpack(struct arena *arena, struct bytes value, struct identity *out)
{
	const Latchkey__Store__V1__IdentityRecord *record;
	struct identity identity;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__identity_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	identity = (struct identity){ .issuer = record->issuer,
		                      .subject = record->subject,
		                      .user_id = record->user_id,
		                      .created_at_us = record->created_at_us };
	if (check(&identity) != CODE_OK)
		return CODE_DATA_LOSS;
	*out = identity;
	return CODE_OK;
}

enum code
identity_store_find(struct store_txn *txn, struct arena *arena,
                    const char *issuer, const char *subject,
                    struct identity *out)
{
	struct identity_key key;
	struct identity found = { 0 };
	struct bytes value = { 0 };
	enum code code;

	if (fits(issuer, IDENTITY_ISSUER_MAX) &&
	    fits(subject, IDENTITY_SUBJECT_MAX))
		value = store_get(txn, STORE_IDENTITY,
		                  identity_key(issuer, subject, &key));
	if (txn->code != CODE_OK)
		return txn->code;
	if (value.data == NULL)
		return CODE_NOT_FOUND;
	code = unpack(arena, value, &found);
	if (code == CODE_OK && (strcmp(found.issuer, issuer) != 0 ||
	                        strcmp(found.subject, subject) != 0))
		code = CODE_DATA_LOSS;
	store_fail(txn, code);
	if (code == CODE_OK)
		*out = found;
	return code;
}

void
identity_store_del_all(struct store_txn *txn, uint64_t user_id)
{
	struct index_entry entry = { .number = user_id };

	while (index_next(txn, STORE_IDENTITY_BY_USER, &entry) &&
	       entry.number == user_id) {
		store_del(txn, STORE_IDENTITY,
		          (struct bytes){ entry.id, entry.id_len });
		index_del(txn, STORE_IDENTITY_BY_USER, &entry);
	}
}
