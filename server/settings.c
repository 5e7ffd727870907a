#include "server/settings.h"

#include "server/domain/attribute.h"
#include "server/domain/federation.h"

#define SETTINGS_STRUCT struct server_settings
#include "base/setting_rows.h"

static const char *const algorithms[] = { "ES256", "HS256", "RS256", NULL };
static const char *const modes[] = { "closed", "open", "verify", NULL };
static const char *const transports[] = { "maildir", "smtp", NULL };
static const char *const levels[] = { "debug", "info", "warn", "error", NULL };

static const struct setting rows[] = {
	ROW_TEXT(listeners, front, "tls+tcp://127.0.0.1:7701",
	         "Where gateways connect, with a certificate of "
	         "tls.front_ca. They may state their client's address. "
	         "Empty: no such listener."),
	ROW_TEXT(listeners, service, "tls+tcp://127.0.0.1:7702",
	         "Where other services connect, with a certificate of "
	         "tls.service_ca. Empty: no such listener."),
	ROW_TEXT(listeners, local, "ipc://run/latchkeyd.sock",
	         "A socket for processes of this host. The path has at "
	         "most 107 bytes as written. Empty: no such listener."),
	ROW_LIST(listeners, local_uids, "", 64,
	         "Numeric ids of the users, beside the server's own, who "
	         "may connect to listeners.local; 0 to 64 of them. The "
	         "file system must let them reach the socket too."),

	ROW_PATH(tls, front_ca, "pki/front-ca.crt",
	         "Authority of the gateways' certificates, PEM."),
	ROW_PATH(tls, front_cert, "pki/front-server.crt",
	         "This server's certificate on listeners.front, PEM."),
	ROW_PATH(tls, front_key, "pki/front-server.key", "Its key, PEM."),
	ROW_PATH(tls, service_ca, "pki/service-ca.crt",
	         "Authority of the other services' certificates, PEM."),
	ROW_PATH(tls, service_cert, "pki/service-server.crt",
	         "This server's certificate on listeners.service, PEM."),
	ROW_PATH(tls, service_key, "pki/service-server.key", "Its key, PEM."),

	ROW_PATH(store, dir, "data",
	         "Directory of the store: users, sessions, sealed "
	         "signing keys."),
	ROW_PATH(store, master_key, "master.key",
	         "File with the key that seals the signing keys; 0400, "
	         "outside store.dir. Back it up apart from the store."),
	ROW_NUMBER(store, size_max_mib, "4096", 1, 1048576,
	           "What the store may grow to, in MiB; 1 to 1048576. The "
	           "file grows as needed. When it is full, writes are "
	           "refused and reads go on."),
	ROW_NUMBER(store, readers_max, "126", 1, 4096,
	           "Threads that may read the store at the same time; 1 to "
	           "4096. Further ones wait."),
	ROW_NUMBER(store, group_max, "64", 1, 1024,
	           "Writes that may share one commit and one fsync; 1 to "
	           "1024."),

	ROW_CHOICE(tokens, algorithm, "ES256", algorithms,
	           "Algorithm of the key for access tokens that `latchkeyd "
	           "init` makes: ES256, RS256 (both with public keys) or "
	           "HS256 (a shared secret). Not read afterwards: each key "
	           "keeps its algorithm."),
	ROW_TEXT(tokens, issuer, "",
	         "The `iss` claim. Empty: server.public_base. Tokens with "
	         "another issuer are refused: changing it ends every token "
	         "there is. At most 255 bytes."),
	ROW_TEXT(tokens, audience, "",
	         "The `aud` claim. Empty: no claim. When set, tokens "
	         "with another audience are refused. At most 255 bytes."),
	ROW_NUMBER(tokens, access_lifetime_s, "3600", 1, 31536000,
	           "Lifetime of an access token, in seconds; 1 to "
	           "31536000."),
	ROW_NUMBER(tokens, refresh_lifetime_s, "604800", 1, 31536000,
	           "Lifetime of a refresh token, in seconds; 1 to "
	           "31536000."),
	ROW_NUMBER(tokens, session_lifetime_s, "2592000", 1, 315360000,
	           "After this many seconds a session ends whatever "
	           "happens; 1 to 315360000."),
	ROW_BOOL(tokens, user_id_is_number, "false",
	         "Write the `user_id` claim as a number, not as a text. "
	         "Both are accepted."),
	ROW_BOOL(tokens, with_roles, "false",
	         "Write the user's roles into access tokens, as `roles`."),
	ROW_NUMBER(tokens, jwks_max_age_s, "300", 0, 86400,
	           "Seconds for which the public keys may be cached; 0 to "
	           "86400."),

	ROW_BOOL(sessions, rotate, "false",
	         "Answer each refresh with a new refresh token that "
	         "replaces the presented one."),
	ROW_NUMBER(sessions, grace_ms, "10000", 0, 600000,
	           "With sessions.rotate: how long a replaced refresh "
	           "token is still honoured, in milliseconds; 0 to 600000. "
	           "For lost answers and second tabs."),
	ROW_NUMBER(sessions, per_user_max, "1000", 1, 10000,
	           "Sessions that one user may have at the same time; 1 to "
	           "10000. A login beyond it ends the oldest."),

	ROW_CHOICE(registration, mode, "closed", modes,
	           "Who may make an account: closed (staff only), open "
	           "(anybody, who is logged in at once) or verify (anybody; "
	           "nobody can log in before the e-mail address is "
	           "verified)."),

	ROW_LIST(users, attributes, "", ATTRIBUTES_MAX,
	         "Attributes that every user has beside the built-in ones, "
	         "each \"name:type:writer\"; 0 to 32 of them. The name: a "
	         "lower-case letter, then lower-case letters, digits and _, "
	         "at most 40. The type: text, integer or flag. The writer: "
	         "user (the owner and staff), staff, or nobody. They follow "
	         "last_login in the user object, null when unset."),

	ROW_LIST(federation, google_audiences, "", ISSUER_TEXTS_MAX,
	         "Client ids of your front-ends at Google: who signs in there "
	         "with one of them may log in here. 0 to 8 of them. Empty: "
	         "no sign-in with Google."),
	ROW_TEXT(federation, google_domain, "",
	         "Accept from Google only accounts of this Workspace domain "
	         "(the `hd` claim). Empty: any."),
	ROW_PATH(federation, google_keys, FEDERATION_GOOGLE_KEYS,
	         "Where Google publishes its keys."),
	ROW_LIST(federation, issuers, "", FEDERATION_OTHERS_MAX,
	         "Other OpenID issuers whose ID tokens are accepted, each "
	         "\"URL keys=URL audience=ID domain=NAME\": the `iss` claim, "
	         "the `jwks_uri` of its openid-configuration, our client id "
	         "there (up to 8 times), and the domains (0 to 8) whose mail "
	         "it speaks for: accounts with such an address are linked at "
	         "the first sign-in. 0 to 8 issuers."),
	ROW_TEXT(federation, ca, "",
	         "Authorities that the certificates of all these servers may "
	         "come from, PEM. Empty: the system's."),

	ROW_PATH(throttles, login_address, "30/300",
	         "Failed logins allowed from one address (IPv6: from one "
	         "/64), as EVENTS/SECONDS, or \"off\"; at most 128 events. A "
	         "login that is being checked counts until its password was "
	         "right. So for all throttles."),
	ROW_PATH(throttles, login_account, "10/300",
	         "Failed logins allowed to one account, whether or not it "
	         "exists, from addresses at which its owner has not logged "
	         "in before."),
	ROW_PATH(throttles, login_device, "10/300",
	         "Failed logins allowed to one account from one address at "
	         "which its owner has logged in before. They do not count in "
	         "throttles.login_account: nobody elsewhere can lock the "
	         "owner out."),
	ROW_PATH(throttles, mail_minute, "1/60",
	         "Mails with links to one address that anybody may ask for: "
	         "new verification links and resets. A request above it is "
	         "answered like the rest and not sent."),
	ROW_PATH(throttles, mail_hour, "5/3600",
	         "The same over a longer time. Both count."),
	ROW_PATH(throttles, register_address, "20/3600",
	         "Registrations from one address."),
	ROW_PATH(throttles, old_password, "5/300",
	         "Wrong old passwords of one user who wants a new one."),
	ROW_PATH(throttles, own_changes, "60/300",
	         "Changes of one user to the own account: names, attributes, "
	         "pictures."),

	ROW_TEXT(links, verify, "",
	         "Where the link of a verification mail leads, if to a page "
	         "of yours: a URL with {token} in it. Empty: to our page, "
	         "below server.public_base."),
	ROW_TEXT(links, reset, "",
	         "The same for password resets and invitations: a URL with "
	         "{uid} and {token} in it."),

	ROW_CHOICE(mail, transport, "maildir", transports,
	           "How mails leave: smtp, or maildir, which is for "
	           "development: it puts them into a directory and writes "
	           "their links to the log."),
	ROW_PATH(mail, maildir, "mail",
	         "With mail.transport maildir: the directory. It is made if "
	         "it is missing."),
	ROW_PATH(mail, from, "Latchkey <no-reply@localhost>",
	         "Who the mails are from, as \"Name <address>\" or an address "
	         "alone. Bounces go to the address."),
	ROW_TEXT(mail, message_id_domain, "",
	         "What follows the @ in a Message-ID. Empty: the domain of "
	         "mail.from."),
	ROW_TEXT(mail, template_dir, "",
	         "Directory with templates of yours; each file replaces the "
	         "built-in one of its name. Empty: none."),
	ROW_TEXT(mail, smtp_url, "",
	         "With mail.transport smtp: the mail server, as "
	         "\"smtp://host:587\" (TLS by STARTTLS) or "
	         "\"smtps://host:465\" (TLS from the start)."),
	ROW_BOOL(mail, smtp_starttls, "true",
	         "With smtp:// URLs: demand STARTTLS and a good certificate, "
	         "or send nothing. False never uses TLS: for a relay on the "
	         "same host."),
	ROW_TEXT(mail, smtp_ca, "",
	         "Authorities that the mail server's certificate may come "
	         "from, PEM. Empty: the system's."),
	ROW_TEXT(mail, smtp_user, "",
	         "User name at the mail server. Empty: no authentication. "
	         "Refused without TLS."),
	ROW_TEXT(mail, smtp_password_file, "",
	         "File with that user's password; a regular file of the "
	         "server's own user, 0400 or 0600."),
	ROW_NUMBER(mail, timeout_ms, "60000", 1000, 600000,
	           "What one delivery may take, in milliseconds; 1000 to "
	           "600000."),
	ROW_NUMBER(mail, retry_first_ms, "5000", 10, 3600000,
	           "Pause before a failed delivery is tried again, in "
	           "milliseconds; 10 to 3600000. Each further pause is twice "
	           "as long, up to an hour; after three days a mail is given "
	           "up."),

	ROW_NUMBER(lanes, write_threads, "64", 1, 1024,
	           "Threads for calls that wait for a commit; 1 to 1024."),
	ROW_NUMBER(lanes, write_queue_max, "512", 1, 65536,
	           "Such calls that may wait for a thread; 1 to 65536. "
	           "Further ones are refused at once."),
	ROW_NUMBER(lanes, hash_threads, "0", 0, 1024,
	           "Threads for calls that check a password; 0 to 1024. 0: "
	           "two more than lanes.hash_slots, so that no core waits "
	           "for a commit."),
	ROW_NUMBER(lanes, hash_slots, "0", 0, 1024,
	           "Passwords hashed at the same time, 19 MiB each; 0 to "
	           "1024. 0: as many as there are cores."),
	ROW_NUMBER(lanes, hash_queue_max, "512", 1, 65536,
	           "Such calls that may wait for a thread; 1 to 65536. "
	           "About 80 are done per core and second; what waits "
	           "longer than its deadline is dropped."),

	ROW_NUMBER(limits, message_max, "327680", 1024, 1048576,
	           "Bytes of one call; 1024 to 1048576. A connection that "
	           "sends more is closed. A picture of 256 KiB needs the "
	           "default. Answers have at most 1 MiB, whatever this is."),
	ROW_NUMBER(limits, arena_size, "4194304", 8192, 16777216,
	           "Bytes of memory one call may use; 8192 to 16777216. Only "
	           "the first 64 KiB of each call that can be in progress "
	           "stay in memory; more is given back after the call that "
	           "needed it. With less than four times limits.message_max "
	           "large calls fail with RESOURCE_EXHAUSTED, with less than "
	           "the default long lists."),
	ROW_NUMBER(limits, inline_contexts, "64", 1, 4096,
	           "Calls in progress beyond those in queues; 1 to 4096."),
	ROW_NUMBER(limits, files_max, "4096", 64, 1048576,
	           "Open files and connections of the process; 64 to "
	           "1048576. This bounds the connections: a half-open one "
	           "costs 60 kB for 10 s."),

	ROW_CHOICE(log, level, "info", levels,
	           "Least level that is logged: debug, info, warn or "
	           "error. Read again on SIGHUP."),

	ROW_NUMBER(server, drain_timeout_ms, "10000", 0, 600000,
	           "On SIGTERM: how long to wait for calls in progress, in "
	           "milliseconds; 0 to 600000."),
	ROW_PATH(server, public_base, "http://127.0.0.1:8000",
	         "Where clients reach the gateway: the beginning of every "
	         "link in a mail and of every picture's URL, without a final "
	         "/. Never taken from a request."),
	ROW_PATH(server, operator_name, "Latchkey",
	         "The name of your service, for mails and pages."),
};

const struct settings_table server_settings_table = {
	.program = "latchkeyd",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct server_settings),
};
