#!/bin/sh
# Runs one program to its end and writes how it ended:
#   supervise.sh SECONDS -- PROGRAM ARG…
# The time limit (0: none), the end of the whole process tree and the record do not depend on anyone who watches.
# The record is JSON: {"format":1,"exit_code":N,"reason":"exited|timeout|stopped","started_at":S,"ended_at":S} (seconds since 1970).
records=/run/slipway/records
limit=$1
shift 2
started=$(date +%s)
reason=exited
grace=${SLIPWAY_GRACE:-5}

if [ -r /run/slipway/agent-config/env ]; then
  set -a
  . /run/slipway/agent-config/env
  set +a
fi

# Everything of this user but this script: kill -1 spares its caller and init.
end_tree() {
  trap '' TERM INT HUP ALRM
  kill -TERM -1 2>/dev/null
  tries=$(( grace * 10 ))
  while [ "$tries" -gt 0 ] && others; do
    sleep 0.1
    tries=$(( tries - 1 ))
  done
  kill -KILL -1 2>/dev/null
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

trap 'reason=stopped; end_tree' TERM INT HUP
trap 'reason=timeout; end_tree' ALRM

"$@" </dev/null &
child=$!
if [ "$limit" != 0 ]; then
  ( sleep "$limit"; kill -ALRM $$ ) >/dev/null 2>&1 &
fi

wait "$child"
code=$?
# A trapped signal ends the wait early; the child is then dead and its own status comes with the next one.
if [ "$reason" != exited ]; then
  wait "$child"
  code=$?
fi
[ "$reason" = timeout ] && code=124
ended=$(date +%s)
printf '{"format":1,"exit_code":%d,"reason":"%s","started_at":%d,"ended_at":%d}\n' "$code" "$reason" "$started" "$ended" > "$records/exit.json.new" &&
  mv -f "$records/exit.json.new" "$records/exit.json"
exit "$code"
