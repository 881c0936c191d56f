# Runs the steps of one attempt of a job, one after another, and records how each ended. Slipway's driver starts it, on the
# host or in a container, and hands this text over on stdin, which is why it is one; from `go` on it needs nobody. Plain POSIX sh:
# images differ.
#   run MARKER GRACE LIMIT STEPS   LIMIT: seconds for the whole job, 0: none. STEPS: how many, `-`: stdin names each one
#   end MARKER GRACE               ends what is left of an attempt, supervisor included, and prints `oom COUNT .`
# MARKER is `<run>/<job>/<attempt>`: the environment of each process of a step has SLIPWAY_STEP=MARKER/NUMBER/, that of the
# supervisor and its subshells SLIPWAY_SUPERVISOR=@MARKER/.
#
# stdin of `run`: `lane FOLDER`, then for each secret `secret NAME LINES` and its lines, then `go`; with STEPS `-` then
# `step NUMBER` for each one, and the end of stdin ends the job.
# The folder holds N.sh, which becomes step N, N.limit with its seconds, N.out and N.err, which its output is appended to, and
# `records` and `errors`. Those two have their room already, so that a full disk cannot keep this from telling of it:
#   hello 1 SUPERVISOR WATCHER OOM .                     pids, and the cgroup's count of kills for memory (`-`: none counts)
#   start N UPTIME PID .                                 UPTIME: seconds since boot, as /proc/uptime tells
#   end N UPTIME CODE REASON OOM closed|open whole|cut . open: something left behind still holds its output, which goes on until
#                                                        the job ends; cut: some of it could not be written. REASON: exited, or
#                                                        timeout (the step's), limit (the job's), cancelled
#   done UPTIME REASON whole|cut .                       REASON: exited|failed|timeout|limit|cancelled; without it the attempt is lost
# FIFOs: `alive` has a reader as long as this lives; `secrets` gives a new driver what it has to mask.
# Variables begin with sw_, since an assignment to one that the environment has would change it for the steps.

sw_run() {
  sw_marker=$1 sw_grace=$2 sw_limit=$3 sw_steps=$4
  sw_secrets=0 sw_ending='' sw_open='' sw_timer='' sw_offer='' sw_last='' sw_told='' sw_coarse='' sw_code=0 sw_over='' sw_kept=whole
  sw_read_header || exit 1
  sw_session=$(command -v setsid) || sw_session=
  # Without it bash, which macOS has, can give each step a group of its own.
  sw_monitor='' sw_groups=' '
  [ -n "$sw_session" ] || sw_monitor=${BASH_VERSION:-}
  cd / || exit 1
  sw_make_pipes alive secrets out err || exit 1
  exec 7<>"$sw_lane/alive" 8<>"$sw_lane/records" 9<>"$sw_lane/errors"
  exec >/dev/null 2>&9
  trap 'sw_ending=cancelled' TERM
  trap 'sw_ending=limit' ALRM
  trap 'sw_over=timeout' USR1
  if [ "$sw_secrets" -gt 0 ]; then
    sw_offer_secrets &
    sw_offer=$!
  fi
  sw_watch "$sw_limit" ALRM &
  sw_watcher=$!
  sw_find_counter
  sw_count_kills
  printf 'hello 1 %s %s %s .\n' "$$" "$sw_watcher" "$sw_kills" >&8
  sw_number=0
  while [ -z "$sw_ending" ] && sw_next_step; do
    sw_run_step
    [ "$sw_steps" = - ] || [ "$sw_code$sw_over$sw_kept" = 0whole ] || break
  done
  sw_finish
}

sw_read_header() {
  sw_lane=
  while IFS= read -r sw_line; do
    case $sw_line in
      'lane '*) sw_lane=${sw_line#lane } ;;
      'secret '*)
        sw_secrets=$((sw_secrets + 1))
        sw_line=${sw_line#secret }
        sw_name=${sw_line%% *} sw_count=${sw_line##* } sw_value=
        eval "sw_lines_$sw_secrets=$sw_count"
        while IFS= read -r sw_line; do
          sw_count=$((sw_count - 1)) sw_value=$sw_value$sw_line
          [ "$sw_count" -gt 0 ] || break
          sw_value="$sw_value
"
        done
        eval "sw_name_$sw_secrets=\$sw_name sw_value_$sw_secrets=\$sw_value"
        ;;
      go) [ -n "$sw_lane" ] && return ;;
    esac
  done
  # The driver has died before it was ready.
  return 1
}

# For whoever can reach the folder. (`mkfifo -m` of some systems needs /proc.)
sw_make_pipes() {
  (cd "$sw_lane" && umask 0 && exec mkfifo "$@")
}

sw_next_step() {
  if [ "$sw_steps" != - ]; then
    [ "$sw_number" -lt "$sw_steps" ] || return 1
    sw_number=$((sw_number + 1))
    return 0
  fi
  # A signal may end the reading early; what it means stands in sw_ending.
  read -r sw_word sw_number && [ "$sw_word" = step ] && [ -z "$sw_ending" ]
}

# In the foreground: a command in the background would ignore SIGINT, and nothing that it runs could change that. So signals are
# acted on by sw_watch; here they only leave word of why the step has ended.
sw_run_step() {
  sw_over=
  LC_ALL=C cat <"$sw_lane/out" >>"$sw_lane/$sw_number.out" 2>&9 7>&- 8>&- 9>&- &
  sw_out=$!
  LC_ALL=C cat <"$sw_lane/err" >>"$sw_lane/$sw_number.err" 2>&9 7>&- 8>&- 9>&- &
  sw_err=$!
  if [ -r "$sw_lane/$sw_number.limit" ] && read -r sw_seconds <"$sw_lane/$sw_number.limit"; then
    sw_watch "$sw_seconds" USR1 &
    sw_timer=$!
  fi
  [ -z "$sw_monitor" ] || set -m
  (
    sw_become_step
    . "$sw_lane/$sw_number.sh"
  ) </dev/null >"$sw_lane/out" 2>"$sw_lane/err"
  sw_code=$?
  [ -z "$sw_monitor" ] || sw_note_group
  sw_now
  sw_ended=$sw_uptime
  if [ -n "$sw_timer" ]; then
    sw_stop_watch "$sw_timer"
    sw_timer=
  fi
  sw_before=$sw_kills sw_held=closed sw_kept=whole
  sw_count_kills
  [ "$sw_kills" = - ] || sw_before=$((sw_kills - sw_before))
  if sw_wait_for_output; then
    sw_collect "$sw_out"
    sw_collect "$sw_err"
  else
    # The names are for the next step's; those who have them open keep them.
    sw_held=open sw_open="$sw_open $sw_out $sw_err"
    rm -f "$sw_lane/out" "$sw_lane/err"
    sw_make_pipes out err
  fi
  printf 'end %s %s %s %s %s %s %s .\n' "$sw_number" "$sw_ended" "$sw_code" "${sw_ending:-${sw_over:-exited}}" "$sw_before" "$sw_held" "$sw_kept" >&8
}

# A group that has members after its step keeps its number: what the step left behind is found by it.
sw_note_group() {
  set +m
  sw_find_main
  if [ -n "$sw_main" ] && kill -0 -- "-$sw_main" 2>/dev/null; then sw_groups="$sw_groups$sw_main "; fi
}

sw_become_step() {
  sw_count=0
  while [ "$sw_count" -lt "$sw_secrets" ]; do
    sw_count=$((sw_count + 1))
    eval "export \"\$sw_name_$sw_count=\$sw_value_$sw_count\""
  done
  # A run within a step of another one is found by the markers of both.
  export SLIPWAY_STEP="$sw_marker/$sw_number/${SLIPWAY_STEP:+ $SLIPWAY_STEP}"
  unset SLIPWAY_SUPERVISOR
  sw_now
  sw_self
  printf 'start %s %s %s .\n' "$sw_number" "$sw_uptime" "$sw_pid" >&8
  exec 7>&- 8>&- 9>&-
}

# Whether all output is in its files; not, where something that the step left behind holds it. The time is for a busy machine.
sw_wait_for_output() {
  sw_tries=0
  while sw_runs "$sw_out" || sw_runs "$sw_err"; do
    sw_tries=$((sw_tries + 1))
    if [ "$sw_tries" -ge 60 ]; then
      return 1
    elif [ "$sw_tries" -ge 50 ]; then
      sw_pause 0.05
    elif [ "$sw_tries" -ge 40 ]; then
      sw_pause 0.005
    fi
  done
}

# The end of a `cat`. A signal that comes just now ends the wait early; what it then was, a second one tells.
sw_collect() {
  wait "$1"
  sw_result=$?
  if [ "$sw_result" -gt 128 ]; then
    wait "$1"
    sw_again=$?
    [ "$sw_again" = 127 ] || sw_result=$sw_again
  fi
  [ "$sw_result" = 0 ] || sw_kept=cut
}

sw_runs() {
  if [ ! -d /proc/self ]; then
    case $(ps -o state= -p "$1") in '' | Z*) return 1 ;; *) return 0 ;; esac
  fi
  { read -r sw_line <"/proc/$1/stat"; } 2>/dev/null || return 1
  case ${sw_line##*) } in Z* | X*) return 1 ;; esac
}

sw_finish() {
  sw_stop_watch "$sw_watcher"
  # What steps have left behind ends with the job.
  sw_last=1
  sw_end_tree
  for sw_cat in $sw_open; do
    sw_tries=0
    while sw_runs "$sw_cat" && [ "$sw_tries" -lt 20 ]; do
      sw_tries=$((sw_tries + 1))
      sw_pause 0.05
    done
    if sw_runs "$sw_cat"; then kill "$sw_cat"; else sw_collect "$sw_cat"; fi
  done
  [ -z "$sw_offer" ] || kill -KILL "$sw_offer"
  if [ -z "$sw_ending" ] && [ "$sw_steps" != - ]; then
    sw_ending=${sw_over:-}
    [ "$sw_code$sw_kept" = 0whole ] || sw_ending=${sw_ending:-failed}
  fi
  sw_now
  printf 'done %s %s %s .\n' "$sw_uptime" "${sw_ending:-exited}" "$sw_kept" >&8
  exit 0
}

# To each who opens it for reading, as the supervisor got them. A reader that has gone is no failure.
sw_offer_secrets() {
  sw_let_go
  trap '' PIPE
  while sw_has_parent; do
    {
      sw_count=0
      while [ "$sw_count" -lt "$sw_secrets" ]; do
        sw_count=$((sw_count + 1))
        eval "printf 'secret %s %s\\n%s\\n' \"\$sw_name_$sw_count\" \"\$sw_lines_$sw_count\" \"\$sw_value_$sw_count\""
      done
      echo go
    } >"$sw_lane/secrets" 2>/dev/null
  done
}

# Ends the steps after so many seconds (0: never), when told to by TERM, and when the supervisor dies; then goes on ending whatever
# is started until HUP says that nothing will be.
sw_watch() {
  sw_let_go
  trap 'sw_told=TERM; kill $! 2>/dev/null' TERM
  trap 'sw_last=1; kill $! 2>/dev/null' HUP
  sw_left=${1%%.*} sw_fraction=
  case $1 in *.*) if sleep 0.01 2>/dev/null; then sw_fraction=.${1#*.}; else sw_left=$((sw_left + 1)); fi ;; esac
  while [ -z "$sw_told$sw_last" ]; do
    sw_nap=10
    if [ "$1" != 0 ] && [ "$sw_left" -le 10 ]; then sw_nap=$sw_left$sw_fraction; fi
    sleep "$sw_nap" &
    [ -n "$sw_told$sw_last" ] || wait $!
    kill $! 2>/dev/null
    sw_has_parent || sw_told=none
    sw_left=$((sw_left - 10))
    [ "$1" = 0 ] || [ "$sw_left" -gt 0 ] || [ -n "$sw_told$sw_last" ] || sw_told=$2
  done
  [ -n "$sw_told" ] || exit 0
  trap '' TERM
  trap 'sw_last=1' HUP
  if [ "$sw_told" = none ]; then
    [ -z "$sw_offer" ] || kill -KILL "$sw_offer"
  else
    kill -s "$sw_told" $$
  fi
  sw_end_tree
  exit 0
}

# In a subshell: what only the supervisor itself has open. A redirection of the call would keep a copy in some shells.
sw_let_go() {
  exec 7>&- 8>&- </dev/null
}

sw_stop_watch() {
  kill -HUP "$1" 2>/dev/null
  # A signal of its own ends the wait early.
  while wait "$1"; [ $? -gt 128 ] && kill -0 "$1" 2>/dev/null; do :; done
}

# TERM once to each process of the steps, KILL after the grace, until none is left.
sw_end_tree() {
  sw_asked=' ' sw_late='' sw_tries=0
  sw_clock
  sw_term_until=$((sw_time + sw_grace * 100))
  while :; do
    sw_has_parent || sw_last=1
    sw_find_tree
    sw_clock
    if [ "$sw_tree" = ' ' ]; then
      [ -z "$sw_last" ] || return 0
    elif [ "$sw_time" -lt "$sw_term_until" ]; then
      for sw_pid in $sw_tree; do
        case $sw_asked in *" $sw_pid "*) continue ;; esac
        sw_asked="$sw_asked$sw_pid "
        kill -TERM "$sw_pid"
        kill -CONT "$sw_pid"
      done
    else
      kill -KILL $sw_tree
      # What another user owns cannot be ended from here.
      sw_late=x$sw_late
      if [ -n "$sw_last" ] && [ "${#sw_late}" -gt 50 ]; then return 1; fi
    fi
    sw_pause 0.05
  done 2>/dev/null
}

# sw_tree: what carries the marker in its environment; the running step's process, its session and group; and all their descendants.
sw_find_tree() {
  sw_tree=' '
  sw_find_main
  if [ ! -d /proc/self ]; then
    sw_table=$(ps -A -o pid= -o ppid= -o pgid=)
  else
    sw_find_marked "=$sw_marker/" " $sw_marker/"
    sw_table=$(cat /proc/[0-9]*/stat)
  fi 2>/dev/null
  sw_rows= sw_part=
  set -f
  sw_ifs=$IFS
  IFS='
'
  set -- $sw_table
  IFS=$sw_ifs
  # pid (name) state ppid pgrp session …; a name may hold blanks, brackets and newlines.
  for sw_line do
    if [ -d /proc/self ]; then
      sw_part=$sw_part$sw_line
      case $sw_line in *') '[A-Z]' '[0-9]*) ;; *) continue ;; esac
      sw_line="${sw_part%% *} ${sw_part##*) }" sw_part=
    fi
    set -- $sw_line
    [ -d /proc/self ] || set -- "$1" - "$2" "$3" "$3"
    [ "$2" != Z ] && [ "$2" != X ] || continue
    case $sw_groups in *" $4 "*) sw_tree="$sw_tree$1 " ;; esac
    if [ -n "$sw_main" ]; then
      case " $1 $4 $5 " in *" $sw_main "*) sw_tree="$sw_tree$1 " ;; esac
    fi
    sw_rows="$sw_rows $1:$3"
  done
  set +f
  sw_again=1
  while [ -n "$sw_again" ]; do
    sw_again=
    for sw_row in $sw_rows; do
      case $sw_tree in
        *" ${sw_row%:*} "*) ;;
        *" ${sw_row#*:} "*) sw_tree="$sw_tree${sw_row%:*} " sw_again=1 ;;
      esac
    done
  done
  # A process seen by its marker that has ended meanwhile, or is a zombie, is none.
  sw_seen=$sw_tree sw_tree=' '
  for sw_pid in $sw_seen; do
    case "$sw_rows " in *" $sw_pid:"*) case $sw_tree in *" $sw_pid "*) ;; *) sw_tree="$sw_tree$sw_pid " ;; esac ;; esac
  done
}

# Adds the processes whose environment holds one of two texts.
sw_find_marked() {
  # BusyBox's reads a line only up to its first NUL.
  if printf 'a\0b\n' | grep -qF b; then
    for sw_file in $(LC_ALL=C grep -lsF -e "$1" -e "$2" /proc/[0-9]*/environ); do
      sw_pid=${sw_file#/proc/}
      sw_tree="$sw_tree${sw_pid%/environ} "
    done
    return 0
  fi
  for sw_file in /proc/[0-9]*/environ; do
    while IFS= read -r sw_line || [ -n "$sw_line" ]; do
      case $sw_line in *"$1"* | *"$2"*) ;; *) continue ;; esac
      sw_pid=${sw_file#/proc/}
      sw_tree="$sw_tree${sw_pid%/environ} "
      break
    done <"$sw_file"
  done
}

# The process of the step that runs now, of which nobody else can have the pid.
sw_find_main() {
  sw_main=
  [ -n "${sw_lane:-}" ] && sw_has_parent || return 0
  while read -r sw_word sw_rest; do
    case $sw_word in
      start) sw_main=${sw_rest% .} sw_main=${sw_main##* } ;;
      end) sw_main= ;;
      '') break ;;
    esac
  done <"$sw_lane/records"
}

# Whether the supervisor lives, of which this is a subshell with the same $$, or which this is.
sw_has_parent() {
  { read -r sw_line </proc/self/stat; } 2>/dev/null || {
    kill -0 $$ 2>/dev/null
    return
  }
  set -- ${sw_line##*) }
  [ "${sw_line%% *}" = $$ ] || [ "$2" = $$ ]
}

sw_self() {
  if { read -r sw_pid sw_rest </proc/self/stat; } 2>/dev/null; then return; fi
  sw_pid=$(exec sh -c 'echo $PPID')
}

sw_now() {
  sw_uptime=-
  { read -r sw_uptime sw_rest </proc/uptime; } 2>/dev/null
}

# sw_time: hundredths of a second.
sw_clock() {
  sw_now
  case $sw_uptime in
    -) sw_time=$(($(date +%s) * 100)) ;;
    *) sw_time=1${sw_uptime%.*}${sw_uptime#*.} ;;
  esac
}

# Not every `sleep` takes fractions.
sw_pause() {
  if [ -z "$sw_coarse" ]; then
    sleep "$1" 2>/dev/null && return
    sw_coarse=1
  fi
  sleep 1
  sw_tries=$((sw_tries + 10))
}

# Where the kernel counts what it killed for memory in the cgroup that this runs in.
sw_find_counter() {
  sw_counter=
  while IFS=: read -r sw_rest sw_name sw_line; do
    case ",$sw_name," in
      ,,) set -- "/sys/fs/cgroup${sw_line%/}/memory.events" /sys/fs/cgroup/memory.events ;;
      *,memory,*) set -- "/sys/fs/cgroup/memory${sw_line%/}/memory.oom_control" /sys/fs/cgroup/memory/memory.oom_control ;;
      *) continue ;;
    esac
    for sw_counter do
      sw_count_kills
      [ "$sw_kills" = - ] || return 0
    done
  done </proc/self/cgroup 2>/dev/null
  sw_counter=
}

sw_count_kills() {
  sw_kills=-
  [ -n "$sw_counter" ] || return 0
  while read -r sw_word sw_count; do
    [ "$sw_word" != oom_kill ] || sw_kills=$sw_count
  done <"$sw_counter" 2>/dev/null
}

# For an attempt that nobody looks after any more: its supervisor with all its subshells, then its steps.
sw_end() {
  sw_marker=$1 sw_grace=$2 sw_last=1 sw_coarse='' sw_tree=' ' sw_groups=' '
  exec 2>/dev/null
  sw_find_marked "=@$sw_marker/" "=@$sw_marker/"
  [ "$sw_tree" = ' ' ] || kill -KILL $sw_tree
  sw_end_tree
  sw_find_counter
  sw_count_kills
  echo "oom $sw_kills ."
}

sw_word=$1
shift
"sw_$sw_word" "$@"
