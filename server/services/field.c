#include "server/services/field.h"

#include <string.h>

#include "server/domain/password.h"

#define POLICY(name) LATCHKEY__V1__PASSWORD_POLICY__PASSWORD_POLICY_##name

void
field_require(struct rpc_call *call, const char *field, const char *text,
              size_t bytes_max)
{
	const char *sentence;

	if (*text == '\0') {
		rpc_violation(call, field, "required",
		              "This field may not be blank.");
	} else if (strnlen(text, bytes_max + 1) > bytes_max) {
		sentence = arena_printf(call->arena,
		                        "Ensure this field has no more than "
		                        "%zu bytes.",
		                        bytes_max);
		rpc_violation(call, field, "too_long",
		              sentence == NULL ? "This field is too long."
		                               : sentence);
	}
}

void
field_note(struct rpc_call *call, const char *field, const char *sentence)
{
	if (sentence != NULL)
		rpc_violation(call, field, "malformed", sentence);
}

void
field_judge_password(struct rpc_call *call,
                     const struct field_password *password)
{
	static const char *const codes[PASSWORD_FAULT_COUNT] = {
		[PASSWORD_TOO_SIMILAR] = "too_similar",
		[PASSWORD_TOO_SHORT] = "too_short",
		[PASSWORD_TOO_COMMON] = "too_common",
		[PASSWORD_ALL_DIGITS] = "all_digits",
	};
	struct password_verdict verdict = { 0 };
	size_t before = call->violation_count;

	field_require(call, password->field, password->text, PASSWORD_MAX);
	if (call->violation_count > before)
		return;
	password_judge(password->policy == POLICY(LENGTH)
	                       ? PASSWORD_RULES_LENGTH
	                       : PASSWORD_RULES_DJANGO,
	               password->text, &password->owner, &verdict);
	for (size_t i = 0; i < PASSWORD_FAULT_COUNT; i++)
		if (verdict.messages[i] != NULL)
			rpc_violation(call, password->field, codes[i],
			              verdict.messages[i]);
}
