#!/bin/bash
# bazel/run.sh: installs what is missing, builds Latchkey, makes a state
# directory on the first start, and serves in the foreground until Ctrl-C.
set -u

help="Usage: bazel/run.sh

Installs what is missing, builds, and serves until Ctrl-C. The first start makes
the state directory and a superuser.

Variables, all optional:
  LATCHKEY_HOME              the state directory; default: .latchkey beside README.md
  LATCHKEY_GATEWAY_LISTEN    where the gateway listens; default: 127.0.0.1:8000
  LATCHKEY_LISTENERS_FRONT   where gateways reach the server;
                             default: tls+tcp://127.0.0.1:7701
  LATCHKEY_LISTENERS_SERVICE where services reach the server;
                             default: tls+tcp://127.0.0.1:7702
  LATCHKEY_ADMIN_EMAIL       the first superuser; default: admin@localhost
  LATCHKEY_ADMIN_PASSWORD    the password; default: a random one, printed once
  LATCHKEY_ADMIN_USERNAME, LATCHKEY_ADMIN_FIRST_NAME, LATCHKEY_ADMIN_LAST_NAME
                             default: none
  LATCHKEY_ADMIN_ROLES       comma-separated; default: none
  LATCHKEY_<SECTION>_<KEY>   any setting of latchkeyd.conf or gateway.conf
  LATCHKEY_BAZEL_STARTUP, LATCHKEY_BAZEL_FLAGS
                             more options for Bazel
"

say() {
	echo "run.sh: $*" >&2
}

fail() {
	say "$@"
	exit 1
}

case ${1:-} in
'') ;;
-h | --help)
	printf '%s' "$help"
	exit 0
	;;
*) fail "no argument is known but --help; variables say what to do" ;;
esac

# The password leaves the environment before anything is started.
admin_email=${LATCHKEY_ADMIN_EMAIL:-admin@localhost}
admin_password=${LATCHKEY_ADMIN_PASSWORD:-}
admin_options=()
[ -z "${LATCHKEY_ADMIN_USERNAME:-}" ] ||
	admin_options+=(--username "$LATCHKEY_ADMIN_USERNAME")
[ -z "${LATCHKEY_ADMIN_FIRST_NAME:-}" ] ||
	admin_options+=(--first-name "$LATCHKEY_ADMIN_FIRST_NAME")
[ -z "${LATCHKEY_ADMIN_LAST_NAME:-}" ] ||
	admin_options+=(--last-name "$LATCHKEY_ADMIN_LAST_NAME")
IFS=, read -ra admin_roles <<<"${LATCHKEY_ADMIN_ROLES:-}"
for role in "${admin_roles[@]}"; do
	admin_options+=(--role "$role")
done
unset "${!LATCHKEY_ADMIN_@}"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
home=${LATCHKEY_HOME:-$root/.latchkey}
unset LATCHKEY_HOME
case $home in
/*) ;;
*) home=$PWD/$home ;;
esac
cd "$root" || exit 1

front=${LATCHKEY_LISTENERS_FRONT:-tls+tcp://127.0.0.1:7701}
service=${LATCHKEY_LISTENERS_SERVICE-tls+tcp://127.0.0.1:7702}
listen=${LATCHKEY_GATEWAY_LISTEN:-127.0.0.1:8000}
export LATCHKEY_SERVER_URL=${LATCHKEY_SERVER_URL:-$front}
# Swagger UI for /docs/, if bazel/npm.sh has installed it.
swagger=$root/gateway/docs/node_modules/swagger-ui-dist
[ ! -e "$swagger/swagger-ui-bundle.js" ] ||
	export LATCHKEY_GATEWAY_SWAGGER_UI_DIR=${LATCHKEY_GATEWAY_SWAGGER_UI_DIR-$swagger}

server=
gateway=
stage=
bazel=
building=
read -ra startup <<<"${LATCHKEY_BAZEL_STARTUP:-}"
read -ra flags <<<"${LATCHKEY_BAZEL_FLAGS:-}"

# stop PID ends a child and waits until it has drained.
stop() {
	[ -n "$1" ] || return 0
	kill -TERM "$1" 2>/dev/null
	while kill -0 "$1" 2>/dev/null; do
		wait "$1" 2>/dev/null
	done
}

stop_all() {
	# No second signal may cut the draining short.
	trap '' INT TERM HUP
	# Not reset: bash stumbles over one that is pending.
	trap : CHLD
	[ -z "$bazel" ] || { kill -INT "$bazel" && wait "$bazel"; } 2>/dev/null
	stop "$gateway"
	stop "$server"
	end_bazel
	[ -z "$stage" ] || rm -rf "$stage"
}
trap stop_all EXIT
trap 'exit 0' INT TERM HUP

# split_address sets host and port of "127.0.0.1:8000" or "[::1]:8000".
split_address() {
	port=${1##*:}
	host=${1%:*}
	host=${host#[}
	host=${host%]}
	case $host in
	0.0.0.0) host=127.0.0.1 ;;
	::) host=::1 ;;
	esac
}

# find_url sets url, where people of this host find the gateway.
find_url() {
	split_address "$listen"
	case $host in
	*:*) url=http://[$host]:$port ;;
	*) url=http://$host:$port ;;
	esac
}

answers() {
	split_address "$1"
	[ "$port" != 0 ] && (: <>"/dev/tcp/$host/$port") 2>/dev/null
}

check_ports() {
	answers "$listen" &&
		fail "$listen is taken by another program; set LATCHKEY_GATEWAY_LISTEN to another address and port"
	case $front in
	tls+tcp://*)
		answers "${front#*://}" &&
			fail "$front is taken by another program; set LATCHKEY_LISTENERS_FRONT to another port"
		;;
	esac
	case $service in
	tls+tcp://*)
		answers "${service#*://}" &&
			fail "$service is taken by another program; set LATCHKEY_LISTENERS_SERVICE to another port"
		;;
	esac
	return 0
}

check_home() {
	[ ! -e "$home" ] || [ -e "$home/latchkey-state" ] ||
		{ [ -d "$home" ] && [ -z "$(ls -A "$home" 2>/dev/null)" ]; } ||
		fail "$home is there and not a Latchkey state directory; set LATCHKEY_HOME to another directory"
}

lock_home() {
	exec {lock}>"$home/run.lock" || exit 1
	flock -n "$lock" || fail "another run.sh serves $home"
}

# In the background, so that a signal is acted upon while it builds.
run_bazel() {
	bazel "${startup[@]}" "$@" </dev/null &
	bazel=$!
	wait "$bazel"
	set -- $?
	bazel=
	return "$1"
}

# list_servers prints the Bazel servers that run for this source tree.
list_servers() {
	pgrep -u "$(id -u)" -f -- "--workspace_directory=$root( |\$)" 2>/dev/null
}

# end_bazel ends the server that this script started, unless it is in use now.
end_bazel() {
	local pid

	[ -n "$building" ] || return 0
	building=
	pid=$(bazel "${startup[@]}" --noblock_for_lock info server_pid 2>/dev/null)
	grep -qx "$pid" <<<"$servers_before" ||
		bazel "${startup[@]}" --noblock_for_lock shutdown 2>/dev/null
}

build() {
	local bin
	local options=(--config=opt --symlink_prefix=/ "${flags[@]}")

	servers_before=$(list_servers)
	building=1
	run_bazel build "${options[@]}" //server:latchkeyd \
		//gateway:latchkey-gateway //client:latchkeyctl ||
		fail "the build failed"
	bin=$(bazel "${startup[@]}" info "${options[@]}" bazel-bin 2>/dev/null) ||
		fail "Bazel does not say where it built"
	stage=$(mktemp -d) || exit 1
	cp "$bin/server/latchkeyd" "$bin/gateway/latchkey-gateway" \
		"$bin/client/latchkeyctl" "$stage" ||
		fail "the programs cannot be copied"
	end_bazel
}

# make_home makes what is not there yet; a start that was cut off is continued.
make_home() {
	local init=("$stage/latchkeyd" init --home "$home"
		--set registration.mode=open --set "server.public_base=$url")

	registration="as $home/latchkeyd.conf says (registration.mode)"
	"${init[@]}" 2>/dev/null
	case $? in
	0) registration="open to everybody: registration.mode in $home/latchkeyd.conf" ;;
	3) ;;
	*) "${init[@]}" || exit 1 ;;
	esac
	lock_home
	mkdir -p "$home/bin" && mv -f "$stage"/* "$home/bin/" &&
		rmdir "$stage" || exit 1
	stage=
	PATH=$home/bin:$PATH
	[ -e "$home/gateway.conf" ] ||
		latchkey-gateway init --home "$home" \
			--set "gateway.public_base=$url" --set \
			cors.origins=http://localhost:3000,http://127.0.0.1:3000 ||
		exit 1
	[ -e "$home/clients/operator/client.conf" ] ||
		latchkeyctl pki issue operator --home "$home" >/dev/null ||
		exit 1
}

make_superuser() {
	local generated=

	if [ -z "$admin_password" ]; then
		generated=1
		admin_password=$(head -c 18 /dev/urandom | base64 | tr +/ -_)
	fi
	latchkeyd create-superuser --home "$home" --if-none \
		--email "$admin_email" "${admin_options[@]}" --password-fd 3 \
		3< <(printf %s "$admin_password")
	case $? in
	0)
		account="superuser $admin_email made"
		[ -z "$generated" ] ||
			account+=", with the password $admin_password (not shown again)"
		;;
	3) account="accounts as they were" ;;
	*) exit 1 ;;
	esac
	admin_password=
}

# start NAME runs a program that gets no Ctrl-C of its own, is told when this
# script dies, and lets go of the lock.
start() {
	setpriv --pdeathsig TERM setsid "$1" serve --home "$home" \
		{lock}>&- </dev/null &
}

# is_ready asks the gateway's /readyz, which asks the server.
is_ready() {
	local status

	split_address "$listen"
	status=$({
		exec 3<>"/dev/tcp/$host/$port" &&
			printf 'GET /readyz HTTP/1.1\r\nHost: latchkey\r\nConnection: close\r\n\r\n' >&3 &&
			read -r -t 10 _ status _ <&3 && echo "$status"
	} 2>/dev/null)
	[ "$status" = 200 ]
}

# check_alive PID NAME: a child that ends by itself has said why.
check_alive() {
	kill -0 "$1" 2>/dev/null && return
	wait "$1"
	say "$2 ended with $?"
	exit 1
}

check_both() {
	check_alive "$server" latchkeyd
	check_alive "$gateway" latchkey-gateway
}

wait_ready() {
	local until=$((SECONDS + 60))

	until is_ready; do
		[ "$SECONDS" -lt "$until" ] ||
			fail "the gateway did not reach the server within a minute"
		check_both
		sleep 0.1
	done
}

print_hints() {
	cat <<-END

		Latchkey serves on $url
		  state directory  $home
		  accounts         $account
		  registration     $registration
		  mail             $home/mail, and its links in this log,
		                   unless mail.transport says otherwise
		Try:
		  curl -X POST $url/api/auth/login/ \\
		    -H "Content-Type: application/json" \\
		    -d '{"email":"$admin_email","password":"..."}'
		  $home/bin/latchkeyctl login --home $home --identifier $admin_email
		  $url/docs/ in a browser; "bazel/npm.sh docs"
		  brings what lets it send requests
		Ctrl-C stops it.

	END
}

check_home
check_ports
find_url
bash bazel/packages.sh run || exit 1
build
umask 077
make_home
make_superuser
check_ports
start latchkeyd
server=$!
start latchkey-gateway
gateway=$!
wait_ready
print_hints
# Whoever dies first is noticed by the trap, even before this line is reached.
trap check_both CHLD
check_both
while :; do
	wait "$server"
done
