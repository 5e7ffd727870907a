#include "server/domain/mail_message.h"

#include <stdio.h>
#include <time.h>

#include "base/encoding.h"
#include "server/domain/mail_buffer.h"
#include "server/domain/mail_encoding.h"

#define US_PER_S 1000000
#define DATE_SIZE 48

/* RFC 5322, section 3.3; strftime's names would follow the locale. */
static void
write_date(int64_t date_us, char out[DATE_SIZE])
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed",
		                        "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr",
		                          "May", "Jun", "Jul", "Aug",
		                          "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(date_us / US_PER_S);
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	(void)snprintf(out, DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d +0000",
	               days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	               tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
put_from(struct mail_buffer *out, const struct mail_address *from)
{
	mail_buffer_text(out, "From: ");
	if (from->name[0] != '\0') {
		mail_encoding_name(out, from->name);
		/* An address has a line of its own: together they are long. */
		mail_buffer_text(out, "\r\n ");
	}
	mail_buffer_text(out, "<");
	mail_buffer_text(out, from->address);
	mail_buffer_text(out, ">\r\n");
}

static void
put_headers(struct mail_buffer *out, const struct mail_parts *parts,
            const char *id)
{
	char date[DATE_SIZE];

	write_date(parts->date_us, date);
	mail_buffer_text(out, "Date: ");
	mail_buffer_text(out, date);
	mail_buffer_text(out, "\r\n");
	put_from(out, parts->from);
	mail_buffer_text(out, "To: <");
	mail_buffer_text(out, parts->to->address);
	mail_buffer_text(out, ">\r\nSubject: ");
	mail_encoding_subject(out, parts->words.subject);
	mail_buffer_text(out, "\r\nMessage-ID: <");
	mail_buffer_text(out, id);
	mail_buffer_text(out, "@");
	mail_buffer_text(out, parts->id_domain);
	/* RFC 3834: nobody's absence should answer. */
	mail_buffer_text(out, ">\r\nAuto-Submitted: auto-generated\r\n"
	                      "MIME-Version: 1.0\r\n");
}

/* "=_" stands in no quoted-printable text (RFC 2045, section 6.7). */
static void
put_boundary(struct mail_buffer *out, const char *id)
{
	mail_buffer_text(out, "=_");
	mail_buffer_text(out, id);
}

static void
put_part(struct mail_buffer *out, const char *id, const char *type,
         const char *text)
{
	mail_buffer_text(out, "--");
	put_boundary(out, id);
	mail_buffer_text(out, "\r\nContent-Type: ");
	mail_buffer_text(out, type);
	mail_buffer_text(out, "; charset=utf-8\r\n"
	                      "Content-Transfer-Encoding: quoted-printable\r\n"
	                      "\r\n");
	mail_encoding_body(out, text);
}

static void
put_message(struct mail_buffer *out, const struct mail_parts *parts)
{
	char id[HEX_SIZE(MAIL_ID_SIZE)];

	hex_encode(parts->id, MAIL_ID_SIZE, id);
	put_headers(out, parts, id);
	mail_buffer_text(out, "Content-Type: multipart/alternative;\r\n"
	                      " boundary=\"");
	put_boundary(out, id);
	mail_buffer_text(out, "\"\r\n\r\n");
	put_part(out, id, "text/plain", parts->words.text);
	put_part(out, id, "text/html", parts->words.html);
	mail_buffer_text(out, "--");
	put_boundary(out, id);
	mail_buffer_text(out, "--\r\n");
}

enum code
mail_message_write(struct arena *arena, const struct mail_parts *parts,
                   struct bytes *out)
{
	struct mail_buffer buffer = { 0 };
	enum code code;

	put_message(&buffer, parts);
	code = mail_buffer_alloc(&buffer, arena);
	if (code != CODE_OK)
		return code;
	put_message(&buffer, parts);
	*out = (struct bytes){ buffer.data, buffer.len };
	return CODE_OK;
}
