#!/bin/bash
# bazel/npm.sh: installs what the tests use of npm into tests/npm/node_modules,
# exactly as tests/npm/package-lock.json says. Does nothing when it is there.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../tests/npm" || exit 1

# The lock file that the installation was made from lies beside it.
installed=node_modules/.installed-from.json
cmp -s package-lock.json "$installed" && exit 0

command -v npm >/dev/null || {
	echo "npm.sh: npm is missing; bazel/packages.sh test installs it" >&2
	exit 1
}
echo "npm.sh: installing what the tests use of npm" >&2
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2 || {
	echo "npm.sh: npm could not install what package-lock.json names" >&2
	exit 1
}
cp package-lock.json "$installed"
