/*
 * Short forms of a settings table's rows. The includer defines SETTINGS_STRUCT
 * (struct server_settings), whose member SECTION.KEY a row fills, and
 * includes this inside one .c file: it has no include guard on purpose.
 */
#include <stddef.h>

#define ROW(s, k, t, d)                                                        \
	.section = #s, .key = #k, .type = (t),                                 \
	.offset = offsetof(SETTINGS_STRUCT, s.k), .def = (d)

#define SETTING_URL_MAX 1024 /* bytes of a path or URL */

/* May be empty. */
#define ROW_TEXT(s, k, d, text)                                                \
	{                                                                      \
		ROW(s, k, SETTING_TEXT, d), .max = SETTING_URL_MAX,            \
					    .doc = (text)                      \
	}
/* May not be empty. */
#define ROW_PATH(s, k, d, text)                                                \
	{                                                                      \
		ROW(s, k, SETTING_TEXT, d), .min = 1, .max = SETTING_URL_MAX,  \
					    .doc = (text)                      \
	}
#define ROW_CHOICE(s, k, d, words, text)                                       \
	{                                                                      \
		ROW(s, k, SETTING_TEXT, d), .choices = (words), .doc = (text)  \
	}
#define ROW_NUMBER(s, k, d, lo, hi, text)                                      \
	{                                                                      \
		ROW(s, k, SETTING_NUMBER, d), .min = (lo), .max = (hi),        \
					      .doc = (text)                    \
	}
#define ROW_BOOL(s, k, d, text)                                                \
	{                                                                      \
		ROW(s, k, SETTING_BOOL, d), .doc = (text)                      \
	}
#define ROW_LIST(s, k, d, most, text)                                          \
	{                                                                      \
		ROW(s, k, SETTING_LIST, d), .max = (most), .doc = (text)       \
	}
