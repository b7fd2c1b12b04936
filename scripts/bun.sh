#!/bin/sh
# Runs a TypeScript file with Bun, installing what is missing first, on a machine that has only Node and npm.
# usage: bun.sh production|all FILE [ARGUMENT...]
#   production  the packages that the server needs
#   all         development packages too
# FILE is relative to the project, ARGUMENTs to the directory the command was typed in.
set -u

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
wanted=$1
file=$project/$2
shift 2

modules=$project/node_modules
bun=$modules/.bin/bun
lock=$project/package-lock.json

fail() {
  echo "naru: $*" >&2
  exit 1
}

# A copy of the lock file that was installed from stands for each kind of install; `all` covers `production`.
installed() {
  cmp -s "$lock" "$modules/.installed-all" || { [ "$wanted" = production ] && cmp -s "$lock" "$modules/.installed-production"; }
}

install_packages() {
  case $(uname -s) in
    Linux | Darwin) ;;
    *) fail "runs on Linux and macOS; on Windows use WSL (this is $(uname -s))" ;;
  esac
  command -v npm >/dev/null 2>&1 || fail "needs npm to install its packages; install Node.js 20 or later"
  version=$(node -p 'process.versions.node' 2>/dev/null) || fail "needs Node.js 20 or later"
  [ "${version%%.*}" -ge 20 ] || fail "needs Node.js 20 or later to install its packages (this is $version)"

  # What a developer has installed is not pruned away by a start.
  [ "$wanted" = production ] && [ -d "$modules/typescript" ] && wanted=all
  if [ "$wanted" = all ]; then kinds=--include=dev; else kinds=--omit=dev; fi
  # `ci` is exact but begins by removing everything; `install` mends what is there and gives it back when it fails.
  if [ -d "$modules" ]; then verb="install --no-save"; else verb=ci; fi

  echo "naru: installing packages (Bun is about 100 MB; only the first time) ..." >&2
  output=$(mktemp) || exit 1
  trap 'rm -f "$output"' EXIT
  # shellcheck disable=SC2086 # $verb is two words
  if ! (cd "$project" && npm $verb "$kinds" --include=optional --fetch-retries=3 --fetch-retry-mintimeout=1000 \
    --fetch-retry-maxtimeout=5000 --loglevel=error) >"$output" 2>&1; then
    if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ENOTCACHED' "$output"; then
      fail "cannot reach the package registry $(cd "$project" && npm config get registry); check the network or proxy and try again"
    fi
    head -n 12 "$output" >&2
    fail "npm could not install the packages; its message is above"
  fi

  link_bun
  rm -f "$modules/.installed-production" "$modules/.installed-all"
  cp "$lock" "$modules/.installed-$wanted"
}

# Bun's binary lies in a package of its own per platform. Where the install script of the package `bun` has run, the
# binary stands behind the link already; .npmrc forbids it to run.
link_bun() {
  "$bun" --version >/dev/null 2>&1 && return
  for binary in "$modules"/@oven/bun-*/bin/bun; do
    if "$binary" --version >/dev/null 2>&1; then
      ln -sf "../${binary#"$modules"/}" "$bun"
      return
    fi
  done
  fail "there is no Bun for this machine ($(uname -sm)); it needs x64 or arm64, and on x64 a processor with SSE4.2"
}

installed || install_packages

# npm runs scripts in the project's directory; a file named on the command line is meant from where it was typed.
[ -d "${INIT_CWD:-}" ] && cd "$INIT_CWD"
exec "$bun" "$file" "$@"
