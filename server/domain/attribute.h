#ifndef SERVER_DOMAIN_ATTRIBUTE_H
#define SERVER_DOMAIN_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/settings.h"

/*
 * The attributes that the configuration adds to a user. A declaration is
 * "name:type:writer": name as latchkey.v1.Attribute says; type text, integer
 * or flag; writer user (the owner, and staff), staff, or nobody.
 */
#define ATTRIBUTES_MAX 32
#define ATTRIBUTE_NAME_MAX 40   /* bytes */
#define ATTRIBUTE_TEXT_MAX 1024 /* characters */
/*
 * Bytes of all texts of one user, each as a string in JSON, quotes included:
 * people write these about themselves, and a list has many people.
 */
#define ATTRIBUTE_TEXTS_MAX 8192

enum attribute_type { ATTRIBUTE_TEXT, ATTRIBUTE_INTEGER, ATTRIBUTE_FLAG };
enum attribute_writer {
	ATTRIBUTE_BY_USER,
	ATTRIBUTE_BY_STAFF,
	ATTRIBUTE_BY_NOBODY,
};

struct attribute_declaration {
	char name[ATTRIBUTE_NAME_MAX + 1];
	enum attribute_type type;
	enum attribute_writer writer;
};

struct attribute_table {
	struct attribute_declaration rows[ATTRIBUTES_MAX];
	size_t count;
};

/* One value of a user. */
struct attribute_value {
	const char *name;
	enum attribute_type type;
	bool is_set; /* false: null */
	const char *text;
	int64_t integer;
	bool flag;
};

/*
 * attribute_table_read reads the declarations of the setting. On failure err
 * gets a sentence that names the declaration.
 */
NODISCARD enum code attribute_table_read(const struct setting_list *list,
                                         struct attribute_table *out, char *err,
                                         size_t err_size);

/* attribute_find returns a declaration, or NULL. */
const struct attribute_declaration *
attribute_find(const struct attribute_table *table, const char *name);

#endif
