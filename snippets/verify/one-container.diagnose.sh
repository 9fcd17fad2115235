#!/bin/sh
# Say what is wrong with a Gunicorn container, and which page explains it.
# It only reads, and prints neither log lines nor the values of environment variables.
# Exit codes: 0 if all is well, 1 if something is wrong, 2 if the script cannot look.
set -u

usage='usage: sh diagnose.sh [--compose | --pod] NAME [/PATH]'
names='DJANGO_SETTINGS_MODULE SECRET_KEY ALLOWED_HOSTS DATABASE_URL DEBUG PORT'
names="$names WEB_CONCURRENCY GUNICORN_CMD_ARGS FORWARDED_ALLOW_IPS PYTHONUNBUFFERED"
problems=0

stop() { echo "diagnose.sh: $1" >&2; exit 2; }
ok() { printf 'ok       %s\n' "$1"; }
note() { printf 'note     %s\n' "$1"; }
wrong() {
    problems=$((problems + 1))
    printf 'PROBLEM  %s\n         see %s%s.html\n' "$1" "${GUIDE:+$GUIDE/}" "$2"
}

# Print up to three entries whose lines are in the log, the most exact one first.
search_log() {
    { known_lines; echo '@log'; cat; } | awk -v restarts="$1" '
        function has(line,    parts, n, start, at, place, i) {
            n = split(line, parts, "…")
            start = 1
            while ((at = index(substr(log_text, start), parts[1]))) {
                place = start += at - 1 + length(parts[1])
                for (i = 2; i <= n; i++) {
                    near = substr(log_text, place, 300 + length(parts[i]))
                    if (!(at = index(near, parts[i]))) break
                    place += at - 1 + length(parts[i])
                }
                if (i > n) return 1000 * n + length(line)
            }
            return 0
        }
        $0 == "@log" { reading = 1; next }
        reading && /Starting gunicorn/ && !restarts { log_text = "" }
        reading {
            gsub("\033\\[[0-9;]*[A-Za-z]", "")
            log_text = log_text tolower($0) "\n"
            next
        }
        /^[^ ]/ { entry = $0; next }
        { entries[++count] = entry; lines[count] = substr($0, 2) }
        END {
            gsub(/pid: /, "pid:", log_text)
            rest = log_text
            while (match(rest, /pid:[0-9]+/)) {
                pids[substr(rest, RSTART, RLENGTH)]
                rest = substr(rest, RSTART + RLENGTH)
            }
            for (i = 1; i <= count; i++) {
                line = tolower(lines[i])
                score = 0
                if (line ~ /pid:n/) {
                    for (pid in pids) {
                        one = line
                        gsub(/pid:n/, pid, one)
                        if (has(one)) score = has(one)
                    }
                } else score = has(line)
                if (score > best[entries[i]]) {
                    best[entries[i]] = score
                    text[entries[i]] = lines[i]
                }
            }
            for (entry in text) print best[entry] "|" entry "|" text[entry]
        }' | sort -rn | head -n 3 | cut -d '|' -f 2-
}

# This runs inside, and prints ok, note or wrong, what it saw, and the page to read.
look_inside() {
    cat << 'END_OF_LOOK'
say() { printf '%s|%s|%s\n' "$1" "$2" "${3:-}"; }
first() { cat "$@" 2> /dev/null | head -n 1; }
inner='' outer=''
while read -r _ local _ state _; do
    [ "$state" = 0A ] || continue
    port=$((0x${local##*:}))
    case $local in
        0B00007F:*) ;; # the DNS server of Docker
        0100007F:* | 00000000000000000000000001000000:*) inner="${inner:-$port}" ;;
        *) outer="${outer:-$port}" ;;
    esac
done << END
$(cat /proc/net/tcp /proc/net/tcp6 2> /dev/null)
END
if [ "$outer" ]; then say ok "listens on port $outer"
elif [ "$inner" ]; then
    say wrong "listens only on 127.0.0.1, port $inner" troubleshooting/not-reachable
elif grep -q ' 00010000 .* 01 .*/' /proc/net/unix; then
    say ok 'listens on a Unix socket'
else say wrong 'nothing listens on a TCP port' troubleshooting/bad-gateway
fi

case $(cat /proc/1/comm) in
    sh | bash | dash | ash | *.sh)
        say wrong 'PID 1 is a shell, which keeps SIGTERM' troubleshooting/slow-stop ;;
esac
busy() {  # print the threads that run or wait for a CPU in 15 of 20 looks
    for _ in $(seq 20); do
        for task in $1; do
            read -r line < "$task/stat" || continue
            case ${line##*) } in R*) echo "$task" ;; esac
        done 2> /dev/null
        sleep 0.1
    done | sort | uniq -c | while read -r looks task; do
        [ "$looks" -lt 15 ] || echo "$task"
    done
}
count=0 threads=0 tasks='' few=''
for process in /proc/[0-9]*; do
    case $(first "$process/comm") in sh | bash | dash | ash) continue ;; esac
    grep -aq '[g]unicorn' "$process/cmdline" 2> /dev/null || continue
    count=$((count + 1))
    for task in "$process"/task/*; do
        tasks="$tasks $task" threads=$((threads + 1))
    done
    limit=$(grep 'Max open files' "$process/limits" 2> /dev/null | tr -s ' ' |
        cut -d ' ' -f 4)
    used=$(ls "$process/fd" 2> /dev/null | wc -l)
    case $limit in '' | *[!0-9]*) continue ;; esac
    [ $((used * 10)) -lt $((limit * 9)) ] || few="$used of $limit"
done
if [ "$count" -gt 0 ]; then say ok "Gunicorn: $count processes, $threads threads"
else say wrong 'Gunicorn is not running' verify
fi
[ -z "$few" ] ||
    say wrong "$few file descriptors are in use" troubleshooting/too-many-open-files
[ -z "$(busy "$tasks")" ] ||
    say wrong 'a thread uses a CPU all the time' troubleshooting/busy-worker

group=/sys/fs/cgroup
limit=$(first $group/memory.max $group/memory/memory.limit_in_bytes)
used=$(first $group/memory.current $group/memory/memory.usage_in_bytes)
cache=$(cat $group/memory.stat $group/memory/memory.stat 2> /dev/null |
    grep -E '^(total_)?inactive_file ' | tail -n 1 | cut -d ' ' -f 2)
killed=$(cat $group/memory.events $group/memory/memory.oom_control 2> /dev/null |
    grep '^oom_kill ' | cut -d ' ' -f 2)
[ "${killed:-0}" = 0 ] ||
    say wrong "processes that the kernel killed: $killed" troubleshooting/out-of-memory
case $limit in
    '' | max | ???????????????????*) say note 'memory: no limit' ;;
    *)
        used=$(((used - ${cache:-0}) / 1048576)) limit=$((limit / 1048576))
        if [ $((used * 10)) -lt $((limit * 9)) ]; then
            say ok "memory: $used of $limit MiB"
        else say wrong "memory: $used of $limit MiB" troubleshooting/out-of-memory
        fi ;;
esac
limit=$(first $group/pids.max $group/pids/pids.max)
used=$(first $group/pids.current $group/pids/pids.current)
case $limit in
    '' | max) ;;
    *) [ $((used * 10)) -lt $((limit * 9)) ] ||
        say wrong "threads: $used of $limit" troubleshooting/cannot-start-thread ;;
esac

full() {
    df "-P$1" 2> /dev/null | while read -r _ _ _ _ percent mount; do
        case $mount in /proc/* | /sys/*) continue ;; esac
        case $percent in
            9[5-9]% | 100%)
                say wrong "$mount: $percent of $2" troubleshooting/no-space-left ;;
        esac
    done
}
found=$(full '' 'the space'; full i 'the inodes')
[ -z "$found" ] || echo "$found"
[ "$found" ] || say ok 'no file system is full'

port=${outer:-$inner}
python=$(command -v python || command -v python3)
if [ "$port" ] && [ "$python" ]; then
    answer=$("$python" -c '
import sys
from http.client import HTTPConnection
try:
    client = HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=10)
    client.request("GET", sys.argv[2])
    print(client.getresponse().status)
except Exception as error:
    print(type(error).__name__)' "$port" "$1")
    case $answer in
        5*) say wrong "GET $1 returns $answer" troubleshooting/nothing-in-the-log ;;
        400) say note "GET $1 returns 400: ALLOWED_HOSTS may lack 127.0.0.1" ;;
        [1-4]*) say ok "GET $1 returns $answer" ;;
        TimeoutError) say wrong "GET $1: no response in 10 seconds" stuck-workers ;;
        *) say wrong "GET $1: no response, $answer" troubleshooting/empty-reply ;;
    esac
else say note 'no request was sent, because there is no port or no Python'
fi
END_OF_LOOK
}

# Hide the values of variables whose names look secret, and the passwords in addresses.
hide() {
    awk -v first=1 '
        $0 == "@text" { first = 0; next }
        first {
            gsub(/^"|"$/, "")
            at = index($0, "=")
            name = substr($0, 1, at)
            if (name ~ /KEY|SECRET|PASS|TOKEN|URL|DSN|CRED/ && length($0) > at + 3)
                secrets[substr($0, at + 1)]
            next
        }
        {
            for (secret in secrets)
                while ((at = index($0, secret)))
                    $0 = substr($0, 1, at - 1) "***" substr($0, at + length(secret))
            gsub(/:\/\/[^@\/" ]*@/, "://***@")
            print substr($0, length($0) > 300 ? length($0) - 300 : 1)
        }'
}

in_docker() { "$engine" inspect --format "$1" "$id"; }

look_at_docker() {
    read_logs() { "$engine" logs --tail 500 "$id" 2>&1; in_docker '{{.State.Error}}'; }
    run_inside() { "$engine" exec "$id" sh -c "$(look_inside)" sh "$path"; }
    restarts=$(in_docker '{{.RestartCount}}')
    read -r status code killed << END
$(in_docker '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}')
END
    given=$(in_docker '{{range .Config.Env}}{{println (index (split . "=") 0)}}{{end}}')
    [ "$killed" = false ] ||
        wrong 'memory ran out: OOMKilled is true' troubleshooting/out-of-memory
    health=$(in_docker '{{if .State.Health}}{{.State.Health.Status}}{{end}}')
    case $health in
        '') note 'no health check' ;;
        unhealthy)
            wrong 'the health check fails; it printed:' health-checks
            {
                in_docker '{{range .Config.Env}}{{println (json .)}}{{end}}'
                echo '@text'
                in_docker '{{range .State.Health.Log}}{{println (json .Output)}}{{end}}'
            } | hide | grep . | tail -n 1 ;;
        *) ok "health check: $health" ;;
    esac
    [ "$("$engine" port "$id")" ] || note 'no port is published'
}

look_at_pod() {
    read_logs() {
        [ "$restarts" = 0 ] || kubectl logs --previous --tail=500 "$id" 2>&1
        kubectl logs --tail=500 "$id" 2>&1
    }
    run_inside() { kubectl exec "$id" -- sh -c "$(look_inside)" sh "$path"; }
    in_pod() { kubectl get pod "$id" --output "jsonpath={$1}"; }
    of_first='.status.containerStatuses[0]'
    status=$(in_pod .status.phase) ready=$(in_pod "$of_first.ready")
    restarts=$(in_pod "$of_first.restartCount")
    code=$(in_pod "$of_first.lastState.terminated.exitCode")
    reason=$(in_pod "$of_first.lastState.terminated.reason")
    [ "$status" != Running ] || status=running
    restarts=${restarts:-0} code=${code:-0}
    given=$(in_pod '.spec.containers[0].env[*].name')
    [ "$reason" != OOMKilled ] ||
        wrong 'memory ran out: the reason is OOMKilled' troubleshooting/out-of-memory
    if [ "$ready" = true ]; then ok 'the pod is ready'
    else wrong 'the pod is not ready' health-checks
    fi
}

look() {
    echo "== $id"
    "look_at_$kind"
    case $status in
        running) ok 'state: running' ;;
        paused) wrong 'state: paused' troubleshooting/paused-container ;;
        *)
            case $code in
                2) page=unrecognized-arguments ;;
                126) page=permission-denied ;;
                127) page=executable-not-found ;;
                *) page=exit-codes ;;
            esac
            wrong "state: $status, exit code $code" "troubleshooting/$page" ;;
    esac
    [ "$restarts" = 0 ] ||
        wrong "restarts: $restarts" troubleshooting/exit-codes
    set=
    for name in $names; do
        case " $(echo "$given" | tr '\n' ' ') " in *" $name "*) set="$set $name" ;; esac
    done
    note "environment variables:${set:- none that this script looks for}"

    found=$(read_logs | search_log "$restarts")
    [ "$found" ] || ok 'no known line in the last 500 lines of the log'
    while IFS='|' read -r entry line; do
        [ -z "$entry" ] || wrong "the log contains: $line" "troubleshooting/$entry"
    done << END
$found
END
    [ "$status" = running ] || return
    seen=$(run_inside 2> /dev/null)
    [ "$seen" ] || note 'cannot look inside, because no shell starts there'
    while IFS='|' read -r what text page; do
        case $what in
            ok | note) "$what" "$text" ;;
            wrong) wrong "$text" "$page" ;;
        esac
    done << END
$seen
END
}

# The lines of the troubleshooting page: below each entry, an ellipsis stands for up to
# 300 characters, and N for a process ID, the same one throughout.
known_lines() {
    cat << 'END_OF_LINES'
worker-failed-to-boot
 Worker failed to boot
 No module named
 No module named…failed to boot
 WORKER_BOOT_ERROR
 relative import for '.wsgi'
app-failed-to-load
 App failed to load
 Failed to find attribute
 Failed to find attribute…App failed to load
 Failed to find application object
 Failed to find application object…App failed to load
 as an attribute name or function call
path-for-a-module
 Failed to find application, did you mean …?
 Failed to find application
 Failed to find application…failed to boot
application-not-callable
 Application object must be callable
 Application object must be callable…App failed to load
missing-setting
 KeyError: 'SECRET_KEY'
 KeyError: '…failed to boot
 The SECRET_KEY setting must not be empty
settings-not-configured
 Requested setting …, but settings are not configured
 but settings are not configured
 but settings are not configured…failed to boot
apps-not-loaded
 AppRegistryNotReady: Apps aren't loaded yet
 Apps aren't loaded yet
 Apps aren't loaded yet…failed to boot
 populate() isn't reentrant
 populate() isn't reentrant…failed to boot
database-driver-missing
 Error loading psycopg2 or psycopg module
 Error loading psycopg
 Error loading psycopg…failed to boot
 no pq wrapper available
 couldn't import psycopg
 libpq.so.5
 No module named 'psycopg
 Error loading MySQLdb
 Error loading MySQLdb…failed to boot
 No module named 'MySQLdb'
 libmysqlclient.so
 pg_config executable not found
 libmariadb.so
 Can not find valid pkg-config name
connection-in-use
 Connection in use
 Address already in use
 port is already allocated
cannot-bind
 Invalid address, Can't connect to ('…', 8000)
 Address family not supported by protocol
 Cannot assign requested address
 Invalid address: ('
 connection to ('…failed: [Errno 13]
unrecognized-arguments
 gunicorn: error: unrecognized arguments
invalid-literal
 invalid literal for int() with base 10
port-not-a-number
 '$PORT' is not a valid port number
 is not a valid port number
entry-point-not-found
 Entry point ('gunicorn.workers', …) not found
 Entry point ('gunicorn.workers'
 class uri '
monkey-patch-warning
 MonkeyPatchWarning, RecursionError
 MonkeyPatchWarning
 ssl.py…RecursionError: maximum recursion depth exceeded
no-module-packaging
 No module named 'packaging'
 class uri 'gevent…No module named 'packaging'
no-module-pkg-resources
 No module named 'pkg_resources'
 No module named pkg_resources
 No module named 'gunicorn.six
 No module named 'distutils'
logger-not-configured
 Unable to configure logger 'gunicorn.error'
 Unable to configure logger
 Unable to configure handler
 Unable to configure formatter
executable-not-found
 executable file not found in $PATH
 gunicorn: not found
 gunicorn: command not found
 gunicorn: no such file or directory
 Failed to spawn
windows-line-ends
 exec ./entrypoint.sh: no such file or directory
 .sh: no such file or directory
 $'\r': command not found
 $'\r': command not found…failed to boot
 failed to boot…$'\r': command not found
 \r': No such file or directory
 ^M: bad interpreter
 .sh: cannot execute: required file not found
wrong-architecture
 exec format error
no-usable-temporary-directory
 No usable temporary directory found
permission-denied
 PermissionError: [Errno 13] Permission denied
 unable to open database file
 attempt to write a readonly database
 Permission denied: '/app/
 .sh: Permission denied
 exec: …permission denied
 failed to create directory…Permission denied
 Failed to initialize cache at
control-server-error
 Control server error: Permission denied
 Control server error
 Control server error…[Errno
hidden-by-a-mount
 No module named, only with a volume
 No module named
 can't open file '…manage.py'
 does not match the project environment path
static-root-missing
 without having set the STATIC_ROOT setting
 STATICFILES_DIRS setting should not contain the STATIC_ROOT
buildkit-missing
 The --mount option requires BuildKit
 the --mount option requires BuildKit
 BuildKit is enabled but the buildx component is missing
inconsistent-migrations
 InconsistentMigrationHistory
 is applied before its dependency
 Conflicting migrations detected
incompatible-database-files
 FATAL: database files are incompatible with server
 database files are incompatible with server
 The data directory was initialized by PostgreSQL version
 in 18+, these Docker images are configured
 collation version mismatch
schema-permission-denied
 permission denied for schema public
 permission denied for table
 must be owner of table
nginx-does-not-start
 nginx: [emerg]
 [emerg]
 failed (21: Is a directory)
container-unhealthy
 dependency failed to start: container is unhealthy
 is unhealthy
 exec: "curl": executable file not found
 curl: not found
 wget: not found
 curl: (7) Failed to connect to localhost
 curl: (7) Failed to connect to 127.0.0.1
 Readiness probe failed
 Liveness probe failed
worker-timeout
 WORKER TIMEOUT
 WORKER TIMEOUT (pid:N)…Error handling request GET
silent-client
 Error handling request (no URI read)
 WORKER TIMEOUT (pid:N)…Error handling request (no URI read)
stalled-disk
 WORKER TIMEOUT of idle workers, then SIGKILL
 TIMEOUT (pid:N)…(pid:N) was sent SIGKILL!
paused-container
 WORKER TIMEOUT, then exited with code 1
 WORKER TIMEOUT (pid:N)…Worker (pid:N) exited with code 1.
killed-by-gunicorn
 WORKER TIMEOUT, then was sent SIGKILL!
 WORKER TIMEOUT (pid:N)…Worker (pid:N) was sent SIGKILL!
 WORKER TIMEOUT…was terminated due to signal 9
out-of-memory
 was sent SIGKILL! Perhaps out of memory?
 was terminated due to signal 9
 WorkerLostError: Worker exited prematurely: signal 9
 exited with 'signal 9 (SIGKILL)'
memory-boot-loop
 Booting worker with pid, again and again
 out of memory?…out of memory?
memory-grows
 Memory grows until workers are killed
too-many-open-files
 OSError: [Errno 24] Too many open files
 Too many open files
no-space-left
 OSError: [Errno 28] No space left on device
 No space left on device
cannot-start-thread
 RuntimeError: can't start new thread
 can't start new thread
exit-codes
 Exit code 1, 2, 3, 4, 125, 126, 127, 137, 139, 143, 255
 exited with code
 Exited (
idle-workers
 Idle workers are regularly killed
invalid-http-host
 Invalid HTTP_HOST header
csrf-failed
 Forbidden (Origin checking failed)
 Origin checking failed
 CSRF verification failed
 Forbidden (CSRF
 Referer checking failed
 CSRF cookie not set
 CSRF token missing
redirect-loop
 ERR_TOO_MANY_REDIRECTS
 TooManyRedirects
 redirected you too many times
contradictory-scheme-headers
 Contradictory scheme headers
 Invalid request from ip=…Contradictory scheme headers
missing-manifest-entry
 Missing staticfiles manifest entry
 could not be found with <
static-files-404
 Not Found: /static/
 Not Found: /media/
 UserWarning: No directory at
websocket-not-found
 Not Found: /ws/
 WebSocket connection to…Unexpected response code: 404
bad-gateway
 502 Bad Gateway
 111: Connection refused
 (104: Connection reset by peer)
 upstream prematurely closed
 unix:…(13: Permission denied
 unix:…(11: Resource temporarily unavailable
 host not found in upstream
gateway-timeout
 504 Gateway Time-out
 Gateway Timeout
 upstream timed out
 upstream timed out…while reading
empty-reply
 Empty reply from server
 RemoteDisconnected
 Remote end closed connection without response
 'Connection aborted.', ConnectionResetError(104
 ERR_EMPTY_RESPONSE
request-too-large
 Request Line is too large, limit request headers fields size
 Invalid request from ip=…Request Line is too large
 Invalid request from ip=…limit request headers fields
 Request Line is too large
 limit request headers fields
body-too-large
 413 Request Entity Too Large
 client intended to send too large body
 RequestDataTooBig
 DATA_UPLOAD_MAX_MEMORY_SIZE
 The number of GET/POST parameters exceeded
header-too-big
 upstream sent too big header
 upstream sent too big header while reading
wrong-version-number
 SSL: WRONG_VERSION_NUMBER
 WRONG_VERSION_NUMBER
 wrong version number
bad-request
 400 Bad Request after an upgrade
invalid-request
 Invalid request from ip=
upload-cut
 A slow upload ends in a 500
 Error handling request POST
 WORKER TIMEOUT (pid:N)…Error handling request POST
stream-cut
 A stream or download breaks off
 IncompleteRead
 ERR_INCOMPLETE_CHUNKED_ENCODING
too-many-connections
 FATAL: sorry, too many clients already
 too many clients
 remaining connection slots are reserved
pool-timeout
 PoolTimeout: couldn't get a connection
 PoolTimeout
 couldn't get a connection after
server-closed-connection
 server closed the connection unexpectedly
 terminating connection due to administrator command
 terminating connection due to idle-in-transaction timeout
 terminating connection due to idle-session timeout
 the connection is closed
 connection already closed
shared-connection
 SSL error: decryption failed or bad record mac
 decryption failed or bad record mac
 SSL SYSCALL error
 SSL error: unexpected eof while reading
 lost synchronization with server
 PGRES_TUPLES_OK
 no message from the libpq
prepared-statement-exists
 prepared statement "_pg3_0" already exists
 prepared statement
database-locked
 database is locked
database-unreachable
 OperationalError: connection failed
 the database system is starting up
 could not translate host name
 failed to resolve host
 password authentication failed
 port 5432 failed: Connection refused
 could not connect to server: Connection refused
mysql-unreachable
 Can't connect to MySQL server, MySQL server has gone away
 Can't connect to MySQL server on
 Can't connect to server on
 Can't connect to local MySQL server through socket
 Can\'t connect to local MySQL server through socket
 Can't connect to local server through socket
 Unknown MySQL server host
 Unknown server host
 MySQL server has gone away
 Server has gone away
 Lost connection to MySQL server
 Lost connection to server
 (1045, "Access denied for user
redis-unreachable
 Error 111 connecting to redis:6379
 Error 111 connecting to
 Error -2 connecting to
 Error -3 connecting to
 Error -5 connecting to
 Redis ConnectionError
 Cannot connect to amqp
 Cannot connect to redis
 kombu.exceptions.OperationalError: [Errno 111]
 You can't write against a read only replica
relation-does-not-exist
 relation does not exist, no such table
 relation "…" does not exist
 no such table
 no such column
 column…does not exist
 Accessing the database during app initialization
role-does-not-exist
 FATAL: role does not exist
 role "…" does not exist
 role '…' does not exist
 database "…" does not exist
vanished-headers
 A header does not reach Django
synchronous-only
 SynchronousOnlyOperation
 You cannot call this from an async context
dead-address
 Timed out, or No route to host, while connecting to upstream
 No route to host
 upstream timed out…while connecting
not-reachable
 Listening at: http://127.0.0.1:8000
 Recv failure: Connection reset by peer
 curl: (7) Failed to connect to localhost
 curl: (7) Failed to connect to 127.0.0.1
nothing-in-the-log
 Nothing in the log, not even for a 500
 Server Error (500)
mixed-time-zones
 Lines of one log are in two time zones
slow-stop
 docker stop takes ten seconds, exit code 137
lost-requests
 Handling signal: term, and nothing after it
 Handling signal: term
 Handling signal: int
scheduler-runs-twice
 A scheduled job runs twice
unregistered-task
 Received unregistered task of type
 ignored and discarded
changing-values
 A value changes from request to request
busy-worker
 A worker at 100 % CPU
END_OF_LINES
}

kind=docker
case ${1:-} in
    --compose) service=${2:-}; shift ;;
    --pod) kind=pod; shift ;;
    -*) stop "$usage" ;;
esac
case $#:${1:-}:${2:-} in
    1:?*: | 2:?*:/*) path=${2:-/health/} ;;
    *) stop "$usage" ;;
esac
engine=docker
command -v docker > /dev/null || engine=podman
if [ "${service:-}" ]; then
    ids=$("$engine" compose ps --all --quiet "$service") && [ "$ids" ] ||
        stop "Compose has no container of the service $service"
elif [ "$kind" = pod ]; then
    ids=$1
    kubectl get pod "$ids" > /dev/null 2>&1 || stop "kubectl finds no pod $ids"
else
    ids=$1
    "$engine" container inspect "$ids" > /dev/null 2>&1 ||
        stop "$engine has no container $ids"
fi
for id in $ids; do look; done
if [ "$problems" = 0 ]; then echo 'All is well.'; exit 0; fi
echo "Problems: $problems"
exit 1
