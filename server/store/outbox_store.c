#include "server/store/outbox_store.h"

#include <stdbool.h>
#include <string.h>

#include "proto/latchkey/store/v1/mail_record.pb-c.h"
#include "server/store/index.h"
#include "server/store/record.h"
#include "server/store/store.h"
#include "server/store/store_cursor.h"
#include "server/store/stored_text.h"

/* The table is ordered as an index is, but its values are the mails. */
static struct bytes
mail_key(const struct mail *mail, struct index_key *key)
{
	const struct index_entry entry =
		index_entry_of((uint64_t)mail->due_at_us,
	                       (struct bytes){ mail->id, MAIL_ID_SIZE });

	return index_key(&entry, key);
}

static bool
named(const char *name)
{
	return stored_text_fits_bytes(name, MAIL_NAME_MAX) && name[0] != '\0';
}

static enum code
check(const struct mail *mail)
{
	if (!stored_text_fits_bytes(mail->to, MAIL_TO_MAX) ||
	    mail->to[0] == '\0' || !named(mail->template_name) ||
	    mail->variable_count > MAIL_VARIABLES_MAX || mail->due_at_us < 0)
		return CODE_INVALID_ARGUMENT;
	for (size_t i = 0; i < mail->variable_count; i++)
		if (!named(mail->variables[i].name) ||
		    !stored_text_fits_bytes(mail->variables[i].value,
		                            MAIL_VALUE_MAX))
			return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

/* The longest beginning of an error that fits and is UTF-8. */
static const char *
cut_error(struct store_txn *txn, struct arena *arena, const char *error)
{
	size_t len = strnlen(error, MAIL_LAST_ERROR_MAX);
	char *cut = arena_memdup(arena, error, len);

	if (cut == NULL) {
		store_fail(txn, CODE_RESOURCE_EXHAUSTED);
		return "";
	}
	while (!stored_text_fits_bytes(cut, MAIL_LAST_ERROR_MAX))
		cut[--len] = '\0';
	return cut;
}

static struct bytes
pack(struct store_txn *txn, struct arena *arena, const struct mail *mail)
{
	Latchkey__Store__V1__MailRecord__Variable variables[MAIL_VARIABLES_MAX];
	Latchkey__Store__V1__MailRecord__Variable *list[MAIL_VARIABLES_MAX];
	Latchkey__Store__V1__MailRecord record =
		LATCHKEY__STORE__V1__MAIL_RECORD__INIT;
	struct bytes value = { 0 };

	if (txn->code != CODE_OK)
		return value;
	for (size_t i = 0; i < mail->variable_count; i++) {
		list[i] = &variables[i];
		latchkey__store__v1__mail_record__variable__init(list[i]);
		list[i]->name = (char *)mail->variables[i].name;
		list[i]->value = (char *)mail->variables[i].value;
	}
	record.id.data = (uint8_t *)mail->id;
	record.id.len = MAIL_ID_SIZE;
	record.user_id = mail->user_id;
	record.to = (char *)mail->to;
	record.template_ = (char *)mail->template_name;
	record.n_variables = mail->variable_count;
	record.variables = list;
	record.created_at_us = mail->created_at_us;
	record.attempts = mail->attempts;
	record.last_error = (char *)mail->last_error;
	store_fail(txn, record_pack(arena, &record.base, &value));
	return value;
}

static enum code
unpack(struct arena *arena, struct bytes value, const struct index_entry *entry,
       struct mail *out)
{
	const Latchkey__Store__V1__MailRecord *record;
	struct mail mail;
	void *message;
	enum code code;

	code = record_unpack(arena, value,
	                     &latchkey__store__v1__mail_record__descriptor,
	                     &message);
	if (code != CODE_OK)
		return code;
	record = message;
	if (entry->id_len != MAIL_ID_SIZE || record->id.len != MAIL_ID_SIZE ||
	    memcmp(record->id.data, entry->id, MAIL_ID_SIZE) != 0 ||
	    record->n_variables > MAIL_VARIABLES_MAX)
		return CODE_DATA_LOSS;
	mail = (struct mail){
		.user_id = record->user_id,
		.to = record->to,
		.template_name = record->template_,
		.variable_count = record->n_variables,
		.created_at_us = record->created_at_us,
		.due_at_us = (int64_t)entry->number,
		.attempts = record->attempts,
		.last_error = record->last_error,
	};
	memcpy(mail.id, entry->id, MAIL_ID_SIZE);
	for (size_t i = 0; i < mail.variable_count; i++) {
		mail.variables[i].name = record->variables[i]->name;
		mail.variables[i].value = record->variables[i]->value;
	}
	if (check(&mail) != CODE_OK)
		return CODE_DATA_LOSS;
	*out = mail;
	return CODE_OK;
}

void
outbox_store_add(struct store_txn *txn, struct arena *arena,
                 const struct mail *mail)
{
	struct mail queued = *mail;
	struct index_key key;

	store_fail(txn, check(mail));
	if (txn->code != CODE_OK)
		return;
	queued.last_error = cut_error(txn, arena, mail->last_error);
	store_add(txn, STORE_OUTBOX, mail_key(&queued, &key),
	          pack(txn, arena, &queued));
}

enum code
outbox_store_due(struct store_txn *txn, struct arena *arena, int64_t now_us,
                 struct mail *out, int64_t *next_us)
{
	enum code code = CODE_NOT_FOUND;
	int64_t first_us = INT64_MAX;
	struct store_cursor cursor;
	struct index_entry entry;

	store_seek(txn, STORE_OUTBOX, (struct bytes){ 0 }, &cursor);
	if (cursor.key.data != NULL) {
		if (!index_entry_read(cursor.key, &entry) ||
		    entry.number > INT64_MAX)
			code = CODE_DATA_LOSS;
		else if ((first_us = (int64_t)entry.number) <= now_us)
			code = unpack(arena, cursor.value, &entry, out);
	}
	store_cursor_release(&cursor);
	if (code != CODE_NOT_FOUND)
		store_fail(txn, code);
	if (txn->code != CODE_OK)
		return txn->code;
	if (code == CODE_NOT_FOUND)
		*next_us = first_us;
	return code;
}

void
outbox_store_postpone(struct store_txn *txn, struct arena *arena,
                      const struct mail *mail, int64_t due_at_us,
                      const char *error)
{
	struct mail later = *mail;
	struct index_key key;

	if (store_get(txn, STORE_OUTBOX, mail_key(mail, &key)).data == NULL)
		store_fail(txn, CODE_NOT_FOUND);
	outbox_store_del(txn, mail);
	later.due_at_us = due_at_us;
	later.attempts++;
	later.last_error = error;
	outbox_store_add(txn, arena, &later);
}

void
outbox_store_del(struct store_txn *txn, const struct mail *mail)
{
	struct index_key key;

	store_del(txn, STORE_OUTBOX, mail_key(mail, &key));
}
