#!/bin/sh
# Whether OpenCode's server answers, signed in where it has a password. The password stands in no command line.
# It never answers what it was asked while it started: a short wait first, then longer ones for a slow machine.
set -eu
ask() {
  if [ -n "${OPENCODE_SERVER_PASSWORD:-}" ]; then
    # In curl's own quotes \ and " are escaped.
    escaped=$(printf '%s' "${OPENCODE_SERVER_USERNAME:-opencode}:$OPENCODE_SERVER_PASSWORD" | sed 's/[\\"]/\\&/g')
    printf 'user = "%s"\n' "$escaped"
  fi | curl --config - --fail --silent --show-error --noproxy '*' --max-time "$1" --output /dev/null http://127.0.0.1:3000/global/health
}
ask 1 2>/dev/null || ask 2 2>/dev/null || ask 4 2>/dev/null || ask 8
