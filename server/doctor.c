#include "server/doctor.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/certificate_watch.h"
#include "base/code.h"
#include "server/domain/mail_sender.h"
#include "server/domain/master_key.h"
#include "server/home.h"
#include "server/mail_settings.h"

#define DETAIL_SIZE 1024
#define US_PER_S 1000000
#define CLOCK_SLACK_S 60
#define RELEASED_S ((int64_t)1767225600) /* 2026-01-01: we are younger */
#define MIB ((uint64_t)1 << 20)
#define STORE_WARN_PERCENT 80
#define STORE_FAIL_PERCENT 95
#define DISK_FAIL_MIB 64

#define NOT_OURS 077  /* a secret: nobody else may do anything with it */
#define NOT_WRITE 022 /* nobody else may change it */

/* What is known while one directory is looked over. */
struct patient {
	const struct doctor *doctor;
	struct server_settings settings;
	uid_t owner;      /* of the directory: everything is its */
	int64_t newest_s; /* when the newest file was written */
	char newest[PATH_MAX];
	unsigned good_files;
};

static void report(const struct patient *patient, enum finding_level level,
                   const char *what, const char *fmt, ...) PRINTF_LIKE(4, 5);

static void
report(const struct patient *patient, enum finding_level level,
       const char *what, const char *fmt, ...)
{
	char detail[DETAIL_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	patient->doctor->report(patient->doctor->ctx, level, what, detail);
}

static void
look_at_file(struct patient *patient, const char *path, mode_t forbidden)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		report(patient, FINDING_FAIL, path, "%s",
		       strerrordesc_np(errno));
		return;
	}
	if (st.st_mtime > patient->newest_s) {
		patient->newest_s = st.st_mtime;
		(void)snprintf(patient->newest, sizeof(patient->newest), "%s",
		               path);
	}
	if (st.st_uid != patient->owner)
		report(patient, FINDING_FAIL, path,
		       "belongs to another user than the directory");
	else if ((st.st_mode & forbidden) != 0)
		report(patient, FINDING_FAIL, path,
		       "has the mode %04o: run chmod %04o on it",
		       (unsigned)st.st_mode & 07777U,
		       (unsigned)(st.st_mode & 07777U & ~forbidden));
	else
		patient->good_files++;
}

/* look_at_files looks at all that fit a pattern; none is no fault. */
static void
look_at_files(struct patient *patient, const char *pattern, mode_t forbidden)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		look_at_file(patient, found.gl_pathv[i], forbidden);
	globfree(&found);
}

static void
look_at_master_key(struct patient *patient)
{
	uint8_t key[MASTER_KEY_SIZE];
	char err[512] = "";

	if (master_key_load(patient->settings.store.master_key, key, err,
	                    sizeof(err)) == CODE_OK)
		patient->good_files++;
	else
		report(patient, FINDING_FAIL,
		       patient->settings.store.master_key, "%s", err);
	explicit_bzero(key, sizeof(key));
}

static void
examine_files(struct patient *patient)
{
	const struct server_settings *s = &patient->settings;
	char data[PATH_MAX];

	look_at_file(patient, ".", NOT_WRITE);
	look_at_file(patient, HOME_MARKER, NOT_WRITE);
	look_at_file(patient, HOME_CONFIG, NOT_WRITE);
	look_at_file(patient, s->store.dir, NOT_OURS);
	(void)snprintf(data, sizeof(data), "%s/*.mdb", s->store.dir);
	look_at_files(patient, data, NOT_OURS);
	look_at_files(patient, "pki", NOT_WRITE);
	look_at_files(patient, "pki/*.key", NOT_OURS);
	look_at_files(patient, "pki/*.crt", NOT_WRITE);
	look_at_files(patient, "run", NOT_WRITE);
	look_at_files(patient, "clients", NOT_WRITE);
	look_at_files(patient, "clients/*/*.key", NOT_OURS);
	look_at_files(patient, "clients/*/login.json", NOT_OURS);
	if (*s->mail.smtp_password_file != '\0')
		look_at_file(patient, s->mail.smtp_password_file, NOT_OURS);
	look_at_master_key(patient);
	report(patient, FINDING_OK, "files", "%u have the right owner and mode",
	       patient->good_files);
}

static void
look_at_certificate(const struct patient *patient, const char *path)
{
	char detail[CERTIFICATE_DETAIL_SIZE];
	enum finding_level level =
		certificate_judge(path, patient->doctor->now_us, detail);

	report(patient, level, path, "%s", detail);
}

static void
look_at_certificates(const struct patient *patient, const char *pattern)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		look_at_certificate(patient, found.gl_pathv[i]);
	globfree(&found);
}

/* Those of the configuration that lie elsewhere are looked at as well. */
static void
examine_certificates(const struct patient *patient)
{
	const struct server_settings *s = &patient->settings;
	const char *const configured[] = {
		s->tls.front_ca,
		s->tls.front_cert,
		s->tls.service_ca,
		s->tls.service_cert,
	};

	for (size_t i = 0; i < sizeof(configured) / sizeof(configured[0]); i++)
		if (*configured[i] != '\0' &&
		    strncmp(configured[i], "pki/", strlen("pki/")) != 0)
			look_at_certificate(patient, configured[i]);
	look_at_certificates(patient, "pki/*.crt");
	look_at_certificates(patient, "clients/*/*.crt");
}

/* Tokens and certificates are judged by the clock: it must not be behind. */
static void
examine_clock(const struct patient *patient)
{
	int64_t now = patient->doctor->now_us / US_PER_S;

	if (now < RELEASED_S)
		report(patient, FINDING_FAIL, "clock",
		       "it is before the release of this program");
	else if (patient->newest_s > now + CLOCK_SLACK_S)
		report(patient, FINDING_FAIL, "clock",
		       "%s was written %lld s in the future: the clock is "
		       "behind or was set back",
		       patient->newest, (long long)(patient->newest_s - now));
	else
		report(patient, FINDING_OK, "clock",
		       "no file is from the future");
}

static void
examine_disk(const struct patient *patient, uint64_t growth)
{
	struct statvfs disk;
	uint64_t space;

	if (statvfs(patient->settings.store.dir, &disk) != 0) {
		report(patient, FINDING_FAIL, "disk", "%s",
		       strerrordesc_np(errno));
		return;
	}
	space = (uint64_t)disk.f_bavail * disk.f_frsize;
	report(patient,
	       space < DISK_FAIL_MIB * MIB ? FINDING_FAIL
	       : space < growth            ? FINDING_WARN
	                                   : FINDING_OK,
	       "disk", "%llu MiB free, the store may grow by %llu MiB",
	       (unsigned long long)(space / MIB),
	       (unsigned long long)(growth / MIB));
}

static void
examine_store(const struct patient *patient)
{
	uint64_t max = (uint64_t)patient->settings.store.size_max_mib * MIB;
	char path[PATH_MAX];
	enum finding_level level = FINDING_OK;
	struct stat st;
	uint64_t size, percent;

	(void)snprintf(path, sizeof(path), "%s/data.mdb",
	               patient->settings.store.dir);
	if (stat(path, &st) != 0) {
		report(patient, FINDING_FAIL, "store", "%s: %s", path,
		       strerrordesc_np(errno));
		return;
	}
	size = (uint64_t)st.st_size;
	percent = size * 100 / max;
	if (percent >= STORE_WARN_PERCENT)
		level = FINDING_WARN;
	if (percent >= STORE_FAIL_PERCENT)
		level = FINDING_FAIL;
	report(patient, level, "store",
	       "its file has %llu of %llu MiB (%llu %%)",
	       (unsigned long long)(size / MIB),
	       (unsigned long long)(max / MIB), (unsigned long long)percent);
	examine_disk(patient, size < max ? max - size : 0);
}

static void
examine_mail(const struct patient *patient)
{
	const char *to = patient->doctor->mail_to;
	struct mail_settings mail;
	char err[DETAIL_SIZE] = "";
	enum code code =
		mail_settings_read(&patient->settings, &mail, err, sizeof(err));

	if (code == CODE_OK)
		code = mail_sender_check(&mail.options, err, sizeof(err));
	if (code != CODE_OK)
		report(patient, FINDING_FAIL, "mail", "%s", err);
	else if (to == NULL)
		report(patient, FINDING_OK, "mail",
		       "the settings and templates are good; --mail-to sends "
		       "a test");
	if (code == CODE_OK && to != NULL) {
		code = mail_send_test(&mail.options, to, err, sizeof(err));
		if (code == CODE_OK)
			report(patient, FINDING_OK, "mail",
			       "a test mail to %s was accepted", to);
		else
			report(patient, FINDING_FAIL, "mail", "%s", err);
	}
	mail_settings_wipe(&mail);
}

void
doctor_examine(const struct doctor *doctor, const char *home)
{
	struct patient patient = { .doctor = doctor };
	char err[512] = "";
	struct stat st;

	if (home_enter(home, NULL, &patient.settings, err, sizeof(err)) !=
	    CODE_OK) {
		report(&patient, FINDING_FAIL, "directory", "%s", err);
		return;
	}
	if (stat(".", &st) == 0)
		patient.owner = st.st_uid;
	report(&patient, FINDING_OK, "directory",
	       "%s is a state directory and its settings are good", home);
	examine_files(&patient);
	examine_certificates(&patient);
	examine_clock(&patient);
	examine_store(&patient);
	examine_mail(&patient);
	settings_free(&server_settings_table, &patient.settings);
}
