#!/bin/sh
# Keeps a task's container up. On TERM every process of this user gets HUP and TERM (an interactive bash keeps its
# history only on HUP) and up to SLIPWAY_GRACE seconds, so that an agent can save its session; then the container ends.
end() {
  trap '' HUP TERM INT
  kill -HUP -1 2>/dev/null
  kill -TERM -1 2>/dev/null
  tries=$(( ${SLIPWAY_GRACE:-5} * 10 ))
  while [ "$tries" -gt 0 ] && others; do
    sleep 0.1
    tries=$(( tries - 1 ))
  done
  exit 0
}

# Any process that this user may signal, but init, this script and zombies.
others() {
  for stat in /proc/[0-9]*/stat; do
    read -r line < "$stat" 2>/dev/null || continue
    pid=${line%% *}
    rest=${line##*) }
    [ "$pid" = 1 ] || [ "$pid" = $$ ] || [ "${rest%% *}" = Z ] || ! kill -0 "$pid" 2>/dev/null || return 0
  done
  return 1
}

trap end TERM INT HUP
while :; do
  sleep 86400 &
  wait $!
done
