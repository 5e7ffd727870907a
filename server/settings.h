#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "base/settings.h"

/*
 * Everything latchkeyd can be told. What a setting means, its unit and range
 * stand once, in the table in settings.c; `latchkeyd init` prints them.
 */
struct server_settings {
	struct {
		char *front;
		char *service;
		char *local;
		struct setting_list local_uids;
	} listeners;
	struct {
		char *front_ca;
		char *front_cert;
		char *front_key;
		char *service_ca;
		char *service_cert;
		char *service_key;
	} tls;
	struct {
		char *dir;
		char *master_key;
		int64_t size_max_mib;
		int64_t readers_max;
		int64_t group_max;
	} store;
	struct {
		char *algorithm;
		char *issuer;
		char *audience;
		int64_t access_lifetime_s;
		int64_t refresh_lifetime_s;
		int64_t session_lifetime_s;
		bool user_id_is_number;
		bool with_roles;
		int64_t jwks_max_age_s;
	} tokens;
	struct {
		bool rotate;
		int64_t grace_ms;
		int64_t per_user_max;
	} sessions;
	struct {
		char *mode;
	} registration;
	struct {
		struct setting_list attributes;
	} users;
	struct {
		struct setting_list google_audiences;
		char *google_domain;
		char *google_keys;
		struct setting_list issuers;
		char *ca;
	} federation;
	struct {
		char *login_address;
		char *login_account;
		char *login_device;
		char *mail_minute;
		char *mail_hour;
		char *register_address;
		char *old_password;
		char *own_changes;
	} throttles;
	struct {
		int64_t write_threads;
		int64_t write_queue_max;
		int64_t hash_threads;
		int64_t hash_slots;
		int64_t hash_queue_max;
	} lanes;
	struct {
		int64_t message_max;
		int64_t arena_size;
		int64_t inline_contexts;
		int64_t files_max;
	} limits;
	struct {
		char *level;
	} log;
	struct {
		int64_t drain_timeout_ms;
		char *public_base;
		char *operator_name;
	} server;
	struct {
		char *verify;
		char *reset;
	} links;
	struct {
		char *transport;
		char *maildir;
		char *from;
		char *message_id_domain;
		char *template_dir;
		char *smtp_url;
		bool smtp_starttls;
		char *smtp_ca;
		char *smtp_user;
		char *smtp_password_file;
		int64_t timeout_ms;
		int64_t retry_first_ms;
	} mail;
};

extern const struct settings_table server_settings_table;

#endif
