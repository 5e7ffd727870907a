#ifndef GATEWAY_SETTINGS_H
#define GATEWAY_SETTINGS_H

#include "base/settings.h"

/*
 * Everything latchkey-gateway can be told. What a setting means, its unit and
 * range stand once, in the table in settings.c; `latchkey-gateway init` prints
 * them.
 */
struct gateway_settings {
	struct {
		char *listen;
		char *listen_tls;
		char *tls_cert;
		char *tls_key;
		int64_t loops;
		struct setting_list profiles;
		char *profile_dir;
		char *swagger_ui_dir;
		bool behind_tls_proxy;
		struct setting_list trusted_proxies;
		char *proxy_header;
		char *public_base;
	} gateway;
	struct {
		char *operator_name;
		char *verify_on_get;
	} pages;
	struct {
		char *url;
		char *name;
		char *ca;
		char *cert;
		char *key;
		int64_t timeout_ms;
		int64_t calls_max;
		int64_t message_max;
	} server;
	struct {
		struct setting_list origins;
		bool allow_all;
		bool allow_credentials;
	} cors;
	struct {
		int64_t body_max;
		int64_t head_max;
		int64_t url_max;
		int64_t head_timeout_ms;
		int64_t request_timeout_ms;
		int64_t idle_timeout_ms;
		int64_t connections_max;
		int64_t connections_per_address_max;
		int64_t files_max;
	} limits;
	struct {
		char *level;
	} log;
};

extern const struct settings_table gateway_settings_table;

#endif
