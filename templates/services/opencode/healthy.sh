#!/bin/sh
# Whether OpenCode's server answers, signed in where it has a password. The password stands in no command line.
set -eu
if [ -n "${OPENCODE_SERVER_PASSWORD:-}" ]; then
  # In curl's own quotes \ and " are escaped.
  escaped=$(printf '%s' "${OPENCODE_SERVER_USERNAME:-opencode}:$OPENCODE_SERVER_PASSWORD" | sed 's/[\\"]/\\&/g')
  printf 'user = "%s"\n' "$escaped"
fi | curl --config - --fail --silent --show-error --noproxy '*' --max-time 15 --output /dev/null http://127.0.0.1:3000/global/health
