#!/bin/sh
# First program of every task's container, under the engine's init process. Starts as root, gives `dev` the person's
# ids, drops to it and becomes what was asked for:
#   entry.sh hold                     stay up until told to stop, then end what runs inside, gently
#   entry.sh supervise SECONDS -- …   run one program under supervise.sh (0 seconds: no limit)
# SLIPWAY_USER is `dev` or `root`; SLIPWAY_UID and SLIPWAY_GID are the person's. Plain POSIX sh: bases differ.
set -eu

lib=/usr/local/lib/slipway
records=/run/slipway/records
user=${SLIPWAY_USER:-dev}

if [ "$(id -u)" = 0 ] && [ "$user" != root ]; then
  uid=${SLIPWAY_UID:-1000} gid=${SLIPWAY_GID:-1000}
  old_uid=$(id -u "$user") old_gid=$(id -g "$user")
  if [ "$old_uid:$old_gid" != "$uid:$gid" ]; then
    # usermod is not on every base and refuses an id that is taken; the files' format is the same everywhere.
    group=$(awk -F: -v gid="$old_gid" '$3 == gid { print $1; exit }' /etc/group)
    awk -F: -v OFS=: -v user="$user" -v uid="$uid" -v gid="$gid" '$1 == user { $3 = uid; $4 = gid } { print }' /etc/passwd > /etc/passwd.slipway
    awk -F: -v OFS=: -v group="$group" -v gid="$gid" '$1 == group { $3 = gid } { print }' /etc/group > /etc/group.slipway
    cat /etc/passwd.slipway > /etc/passwd
    cat /etc/group.slipway > /etc/group
    rm -f /etc/passwd.slipway /etc/group.slipway
    chown -R -h "$uid:$gid" "/home/$user"
  fi
fi

if [ "$user" = root ]; then home=/root; else home=/home/$user; fi

# An agent's shared credentials are mounted under /run/slipway/agents; SLIPWAY_AGENT_LINKS (`claude=.claude:codex=.codex`)
# says where in the home each belongs. What the home already has stays.
IFS=:
for link in ${SLIPWAY_AGENT_LINKS:-}; do
  mount=/run/slipway/agents/${link%%=*} place=${link#*=}
  [ -d "$mount" ] || continue
  if [ ! -e "$home/$place" ] && [ ! -L "$home/$place" ]; then
    mkdir -p "$(dirname "$home/$place")"
    ln -s "$mount" "$home/$place"
    while [ "$place" != . ]; do
      [ "$user" = root ] || chown -h "$user:" "$home/$place"
      place=$(dirname "$place")
    done
  fi
done
unset IFS

cd /workspace 2>/dev/null || cd /
: > "$records/ready" 2>/dev/null && chown -h "$user:" "$records/ready" 2>/dev/null || true

export HOME="$home" USER="$user" LOGNAME="$user"
program=$1
shift
if [ "$(id -u)" != 0 ] || [ "$user" = root ]; then
  exec "$lib/$program.sh" "$@"
elif command -v setpriv >/dev/null 2>&1; then
  exec setpriv --reuid "$(id -u "$user")" --regid "$(id -g "$user")" --init-groups "$lib/$program.sh" "$@"
else
  exec su-exec "$user" "$lib/$program.sh" "$@"
fi
