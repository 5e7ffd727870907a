#ifndef SERVER_HOME_H
#define SERVER_HOME_H

#include <stddef.h>

#include "base/code.h"
#include "server/settings.h"

/*
 * The state directory. A marker file says that it is ours and complete; it
 * holds
 *   latchkey-state     the marker, with a version
 *   latchkeyd.conf     the server's settings
 *   master.key         seals the signing keys; 0400
 *   data/              the store; 0700
 *   pki/               two authorities and the certificates they signed
 *   run/               the local socket; 0750
 * A program that works in it makes it its working directory: every path in
 * latchkeyd.conf is relative to it.
 */
#define HOME_MARKER "latchkey-state"
#define HOME_MARKER_TEXT "latchkey state directory, version 1\n"
#define HOME_CONFIG "latchkeyd.conf"
#define HOME_SERVER_NAME "latchkeyd" /* in the server's certificates */

/* What init has to know beside the settings that are printed to the file. */
struct home_options {
	const char *dir;
	const struct setting_list *set; /* "section.key=value" */
	const char *secret_file;        /* HS256 access secret, or NULL */
};

/*
 * home_make makes a complete state directory at once: it is built beside the
 * place and renamed to it, so that a killed init leaves no half of one, only
 * a DIR.tmp-XXXXXX to delete. ALREADY_EXISTS: a state directory is there;
 * FAILED_PRECONDITION: something else is; else as the parts fail. err gets one
 * sentence.
 */
NODISCARD enum code home_make(const struct home_options *options, char *err,
                              size_t err_size);

/*
 * home_enter changes to a state directory and reads its settings. With `file`
 * it reads that configuration file instead and changes to its directory, which
 * needs no marker. NOT_FOUND, FAILED_PRECONDITION (not ours, or of a newer
 * version), INVALID_ARGUMENT (settings); err gets one sentence.
 */
NODISCARD enum code home_enter(const char *dir, const char *file,
                               struct server_settings *out, char *err,
                               size_t err_size);

/*
 * home_lock makes sure that one server serves a data directory, and none while
 * it is restored. Returns a descriptor to keep open meanwhile, or -1 and one
 * sentence in err.
 */
int home_lock(const struct server_settings *settings, char *err,
              size_t err_size);

/* home_store_options fills what store_open needs from the settings. */
struct store_options;
void home_store_options(const struct server_settings *settings,
                        struct store_options *out);

/*
 * home_open_store opens the store for a command, beside a running server or
 * without one. One of an older version it changes only while no server has it,
 * which would go on writing it in the old way: else FAILED_PRECONDITION. Fails
 * otherwise as store_open does; err gets one sentence.
 */
struct store;
NODISCARD enum code home_open_store(const struct server_settings *settings,
                                    struct store **out, char *err,
                                    size_t err_size);

#endif
