# Starts PostgreSQL and outlives whoever started it by just long enough to stop it again.
# Standard input is a pipe from the owning process: it closes when that process ends, even by kill -9.
# Arguments: log file, start deadline in seconds, server options, then pg_ctl with all it needs to find the data.
# Prints pg_ctl's exit status once the server accepts connections or has failed.
trap '' INT HUP TERM PIPE
log=$1 deadline=$2 options=$3
shift 3
"$@" -w -t "$deadline" -o "$options" start >>"$log" 2>&1 </dev/null
echo $?
exec >>"$log" 2>&1
while read -r _; do :; done
"$@" -w -t 30 -m fast stop </dev/null || "$@" -w -t 10 -m immediate stop </dev/null
