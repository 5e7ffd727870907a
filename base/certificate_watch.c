#include "base/certificate_watch.h"

#include <stdio.h>

#include "base/certificate.h"
#include "base/log.h"

#define US_PER_S 1000000
#define DAY_S ((int64_t)24 * 3600)

enum finding_level
certificate_judge(const char *path, int64_t now_us,
                  char detail[CERTIFICATE_DETAIL_SIZE])
{
	int64_t expires_at = 0, left_s;
	enum code code = certificate_expires_at(path, &expires_at);

	left_s = expires_at - now_us / US_PER_S;
	if (code != CODE_OK) {
		(void)snprintf(detail, CERTIFICATE_DETAIL_SIZE,
		               "it cannot be read: %s", code_name(code));
		return FINDING_FAIL;
	}
	if (left_s <= 0) {
		(void)snprintf(detail, CERTIFICATE_DETAIL_SIZE,
		               "it has expired");
		return FINDING_FAIL;
	}
	(void)snprintf(detail, CERTIFICATE_DETAIL_SIZE, "%lld days left",
	               (long long)(left_s / DAY_S));
	return left_s < CERTIFICATE_WARNING_DAYS * DAY_S ? FINDING_WARN
	                                                 : FINDING_OK;
}

void
certificate_warn(const char *path, int64_t now_us)
{
	int64_t expires_at = 0, left_s;

	if (*path == '\0' ||
	    certificate_expires_at(path, &expires_at) != CODE_OK)
		return;
	left_s = expires_at - now_us / US_PER_S;
	if (left_s < CERTIFICATE_WARNING_DAYS * DAY_S)
		LOG_EVENT(LOG_LEVEL_WARN, "certificate_expires",
		          LOG_T("file", path), LOG_N("seconds", left_s));
}
