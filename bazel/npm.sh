#!/bin/bash
# bazel/npm.sh [docs] [tests]: installs packages of npm, exactly as a lock file
# says, into node_modules beside it; without a name all. Does nothing where that
# was done already.
#   docs   Swagger UI, for /docs/: 13 MB, into gateway/docs
#   tests  what the tests use: half a gigabyte, into tests/npm
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# install FOLDER WHAT
install() {
	# The lock file that the installation was made from lies beside it.
	local installed=node_modules/.installed-from.json
	cd "$1" || return 1
	cmp -s package-lock.json "$installed" && return 0
	command -v npm >/dev/null || {
		echo "npm.sh: npm is missing; bazel/packages.sh test installs" \
			"it, or: apt-get install npm" >&2
		return 1
	}
	echo "npm.sh: installing $2" >&2
	npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2 || {
		echo "npm.sh: npm could not install what" \
			"$1/package-lock.json names" >&2
		return 1
	}
	cp package-lock.json "$installed"
}

[ $# -gt 0 ] || set -- docs tests
for name; do
	case $name in
	docs) (install gateway/docs "Swagger UI") || exit 1 ;;
	tests) (install tests/npm "what the tests use of npm") || exit 1 ;;
	*)
		echo "npm.sh: $name is neither docs nor tests" >&2
		exit 2
		;;
	esac
done
