#!/bin/sh
# tests/bench/run.sh [OPTION...]: builds the programs as they ship and measures
# them; --help lists the options, docs/benchmark.md explains the table.
#
# LATCHKEY_BAZEL_STARTUP and LATCHKEY_BAZEL_FLAGS hold more options for Bazel,
# such as --output_base=DIR and --disk_cache=DIR.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$here"

# shellcheck disable=SC2086
bazel_do() {
	command=$1
	shift
	bazel ${LATCHKEY_BAZEL_STARTUP:-} "$command" --config=opt \
		${LATCHKEY_BAZEL_FLAGS:-} "$@" </dev/null
}

bash bazel/packages.sh run
bazel_do build --noshow_progress //tests/bench //tests/bench:echo_server \
	//tests/bench:skeleton //server:latchkeyd //gateway:latchkey-gateway >&2
bin=$(bazel_do info bazel-bin 2>/dev/null)
# Its idle server would outlive this script by hours and share the cores.
# shellcheck disable=SC2086
bazel ${LATCHKEY_BAZEL_STARTUP:-} shutdown >/dev/null 2>&1

exec "$bin/tests/bench/bench" \
	--latchkeyd="$bin/server/latchkeyd" \
	--gateway="$bin/gateway/latchkey-gateway" \
	--echo-server="$bin/tests/bench/echo_server" \
	--skeleton="$bin/tests/bench/skeleton" \
	"$@"
