#!/bin/bash
# bazel/packages.sh run|test: installs what is missing of the Debian packages
# that Latchkey needs to be built and run, or to be tested as well. This is the
# one list of them.
#
# Does nothing, and needs no rights, when all are there.
set -u

# Building; the libraries' packages bring what the programs need at run time.
run=(
	bazel-bootstrap bazel-rules-java bazel-rules-proto
	gcc g++ libc6-dev binutils pkg-config
	protobuf-c-compiler libprotobuf-c-dev
	libnng-dev libmbedtls-dev liblmdb-dev
	libjwt-dev libjansson-dev libsodium-dev libssl-dev
	libmicrohttpd-dev libgnutls28-dev libcurl4-openssl-dev libidn2-dev
	libconfuse-dev libunistring-dev libcmocka-dev
	python3-django # its list of common passwords
)
# Besides: the style checks, the fuzzers, the tests in Python.
test=(clang clang-format clang-tidy libclang-rt-14-dev python3 curl openssl
	python3-aiosmtpd # a mail server
	nginx-light # a proxy
	systemd # judges the units of docs/systemd
	chromium) # a browser
# Node and npm may also have come from elsewhere than Debian.
command -v node >/dev/null || test+=(nodejs)
command -v npm >/dev/null || test+=(npm)

fail() {
	echo "packages.sh: $*" >&2
	exit 1
}

is_installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

case ${1:-} in
run) wanted=("${run[@]}") ;;
test) wanted=("${run[@]}" "${test[@]}") ;;
*) fail "say what for: packages.sh run, or packages.sh test" ;;
esac

command -v dpkg-query >/dev/null ||
	fail "this is not Debian; install the likes of: ${wanted[*]}"

missing=()
for package in "${wanted[@]}"; do
	is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
	# A password can be asked for only where somebody sits.
	if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		as_root=(sudo)
	else
		fail "these packages are missing; as root run: apt-get install ${missing[*]}"
	fi
fi

echo "packages.sh: installing ${missing[*]}" >&2
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get
	-o DPkg::Lock::Timeout=300 -q)
"${apt[@]}" update >&2 || fail "apt-get update failed"
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2 ||
	fail "apt-get could not install ${missing[*]}"
