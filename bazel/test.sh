#!/bin/bash
# bazel/test.sh [TARGETS...]: installs what is missing, builds, and runs the
# tests: all of them as they are built by default, then again under ASan,
# UBSan and LeakSanitizer all but those tagged "tidy" (style checks) or "once"
# (long). Without TARGETS: all.
#
# The last line is "N passed, N failed", counted from the results of this run;
# the exit status is 0 only if something ran and nothing failed.
#
# LATCHKEY_BAZEL_STARTUP and LATCHKEY_BAZEL_FLAGS hold more options for Bazel,
# such as --output_base=DIR and --disk_cache=DIR.
set -u

help="Usage: bazel/test.sh [TARGETS...]

Installs what is missing, builds, and runs the tests: all of them as they are
built by default, then again under the sanitizers those that check more than
style. Without TARGETS: all. The last line is \"N passed, N failed\".

Variables, all optional:
  LATCHKEY_BAZEL_STARTUP, LATCHKEY_BAZEL_FLAGS
                             more options for Bazel
"

case ${1:-} in
-h | --help)
	printf '%s' "$help"
	exit 0
	;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
exec </dev/null

read -ra startup <<<"${LATCHKEY_BAZEL_STARTUP:-}"
read -ra flags <<<"${LATCHKEY_BAZEL_FLAGS:-}"
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(//...)

bash bazel/packages.sh test && bash bazel/npm.sh || {
	echo "0 passed, 1 failed"
	exit 1
}

events=$(mktemp -d)
child=
finish() {
	# Bazel stops its tests when it is interrupted, and its server would
	# outlive this script by hours.
	[ -z "$child" ] || { kill -INT "$child" && wait "$child"; } 2>/dev/null
	bazel "${startup[@]}" shutdown 2>/dev/null
	rm -rf "$events"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# run NAME OPTIONS...: one bazel test, its events in $events/NAME.json. In the
# background, so that a signal is acted upon while it runs.
run() {
	local name=$1
	shift
	echo "== $name"
	bazel "${startup[@]}" test --keep_going --noshow_progress --color=no \
		--build_event_json_file="$events/$name.json" \
		"${flags[@]}" "$@" -- "${targets[@]}" &
	child=$!
	wait "$child"
	child=
}

run default
run asan --config=asan --test_tag_filters=-tidy,-once --build_tests_only

/usr/bin/python3 -B bazel/test_count/test_count.py \
	"$events/default.json" "$events/asan.json"
