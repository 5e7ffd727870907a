#!/bin/sh
# Runs a test (bazel's --run_under). A cmocka test reports each of its cases
# in the XML that Bazel collects; as the text of a failure is then nowhere
# else, it is repeated in the log.
[ -n "$XML_OUTPUT_FILE" ] && export CMOCKA_XML_FILE="$XML_OUTPUT_FILE"
"$@"
status=$?
if [ "$status" -ne 0 ] && [ "$CMOCKA_MESSAGE_OUTPUT" = xml ] &&
	[ -s "$XML_OUTPUT_FILE" ]; then
	cat "$XML_OUTPUT_FILE" >&2
fi
exit "$status"
