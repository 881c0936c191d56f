#!/bin/sh
# Puts Node.js of at least the given major version, and npm, on the PATH: the base's own, else the distribution's
# where that is new enough, else the one that npm's registry has. Runs as root when L1 is built.
#   node.sh MINIMUM FALLBACK
set -eu

minimum=$1
fallback=$2
registry=${npm_config_registry:-https://registry.npmjs.org}
registry=${registry%/}

# Major version of the Node.js on the PATH; 0: there is none.
have() {
  version=$(node --version 2>/dev/null || true)
  version=${version#v}
  echo "${version%%.*}" | grep -E '^[0-9]+$' || echo 0
}

# Major version that the distribution offers; 0: none.
offered() {
  if command -v apt-get >/dev/null 2>&1; then
    apt-get -o Acquire::Retries=3 update >&2
    apt-cache policy nodejs | sed -n 's/^ *Candidate: \([0-9]*\)\..*/\1/p'
  elif command -v dnf >/dev/null 2>&1; then
    dnf --quiet repoquery --latest-limit=1 --queryformat '%{version}\n' nodejs | sed -n '1s/\..*//p'
  elif command -v apk >/dev/null 2>&1; then
    apk update >&2
    apk policy nodejs | sed -n 's/^ *\([0-9]*\)\..*:$/\1/p' | sort -n | tail -n 1
  fi
}

from_distribution() {
  if command -v apt-get >/dev/null 2>&1; then
    DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install --yes --no-install-recommends nodejs
  elif command -v dnf >/dev/null 2>&1; then
    dnf install --assumeyes --setopt=install_weak_deps=False --nodocs nodejs
  else
    apk add --no-cache nodejs npm
  fi
}

clean() {
  if command -v apt-get >/dev/null 2>&1; then
    apt-get clean
    rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log
  elif command -v dnf >/dev/null 2>&1; then
    dnf clean all >/dev/null
    rm -rf /var/cache/dnf /var/cache/libdnf5 /var/log/dnf*
  fi
}

# Unpacks the newest PACKAGE of major version MAJOR into an empty directory, checked against the registry's digest.
#   from_registry PACKAGE MAJOR DIRECTORY
from_registry() {
  work=$(mktemp -d)
  curl -fsSL --retry 3 -H 'Accept: application/vnd.npm.install-v1+json' "$registry/$1" > "$work/versions.json"
  jq -r --arg major "$2." '
    .versions | to_entries
    | map(select(.key | startswith($major) and (contains("-") | not)))
    | sort_by(.key | split(".") | map(tonumber)) | last
    | if . == null then empty else "\(.key) \(.value.dist.tarball) \(.value.dist.integrity // "")" end
  ' "$work/versions.json" > "$work/newest"
  if ! read -r version address integrity < "$work/newest"; then
    echo "slipway: $registry has no $1 $2" >&2
    exit 1
  fi
  echo "slipway: $1 $version from $registry"
  curl -fsSL --retry 3 "$address" > "$work/package.tgz"
  case $integrity in
    sha512-*)
      expected=$(printf '%s' "${integrity#sha512-}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
      actual=$(sha512sum "$work/package.tgz" | cut -d ' ' -f 1)
      if [ "$expected" != "$actual" ]; then
        echo "slipway: what $address sent is not what the registry announced" >&2
        exit 1
      fi
      ;;
    *) echo "slipway: $registry gives no SHA-512 of $1 $version" >&2; exit 1 ;;
  esac
  mkdir -p "$3"
  tar -xzf "$work/package.tgz" -C "$3" --strip-components=1
  rm -rf "$work"
}

if [ "$(have)" -lt "$minimum" ]; then
  candidate=$(offered)
  if [ "${candidate:-0}" -ge "$minimum" ]; then
    from_distribution
  else
    case $(uname -m) in
      x86_64) machine=x64 ;;
      aarch64) machine=arm64 ;;
      *) machine=$(uname -m) ;;
    esac
    rm -rf /opt/slipway/node
    from_registry "node-linux-$machine" "$fallback" /opt/slipway/node
    ln -sf /opt/slipway/node/bin/node /usr/local/bin/node
  fi
  clean
fi
hash -r
if [ "$(have)" -lt "$minimum" ]; then
  echo "slipway: Node.js $minimum or newer is needed, and this base offers $(node --version 2>&1 || true)" >&2
  exit 1
fi

if ! command -v npm >/dev/null 2>&1; then
  rm -rf /usr/local/lib/node_modules/npm
  from_registry npm 10 /usr/local/lib/node_modules/npm
  mkdir -p /usr/local/bin
  for program in npm npx; do
    chmod 755 "/usr/local/lib/node_modules/npm/bin/$program-cli.js"
    ln -sf "../lib/node_modules/npm/bin/$program-cli.js" "/usr/local/bin/$program"
  done
fi
echo "slipway: node $(node --version), npm $(npm --version)"
