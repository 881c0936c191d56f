#!/bin/sh
# Keeps a task's container up. On TERM every process of this user gets TERM and up to SLIPWAY_GRACE seconds, so that an
# agent can save its session; then what ignores TERM gets HUP, and the container ends.
end() {
  trap '' HUP TERM INT
  # Its own nap would be waited for like anybody's program.
  kill $! 2>/dev/null
  wait $! 2>/dev/null
  tries=$(( ${SLIPWAY_GRACE:-5} * 10 ))
  kill -TERM -1 2>/dev/null
  while [ "$tries" -gt 5 ] && others gentle; do
    sleep 0.1
    tries=$(( tries - 1 ))
  done
  # Interactive shells: they keep their history only on HUP, and pass it on to what they run, so it must not come first.
  kill -HUP -1 2>/dev/null
  while [ "$tries" -gt 0 ] && others; do
    sleep 0.1
    tries=$(( tries - 1 ))
  done
  exit 0
}

# Any process that this user may signal, but init, this script and zombies; `gentle`: one that does not ignore TERM.
others() {
  for stat in /proc/[0-9]*/stat; do
    { read -r line < "$stat"; } 2>/dev/null || continue
    pid=${line%% *}
    rest=${line##*) }
    [ "$pid" = 1 ] || [ "$pid" = $$ ] || [ "${rest%% *}" = Z ] || ! kill -0 "$pid" 2>/dev/null || { [ $# = 1 ] && ignores_term "$pid"; } || return 0
  done
  return 1
}

# TERM is bit 14 of the mask.
ignores_term() {
  while read -r key mask; do
    [ "$key" = SigIgn: ] || continue
    case $mask in *[4567cdef]???) return 0 ;; *) return 1 ;; esac
  done < "/proc/$1/status" 2>/dev/null
  return 1
}

trap end TERM INT HUP
while :; do
  sleep 86400 &
  wait $!
done
