#!/bin/sh
# A throwaway PostgreSQL cluster on 127.0.0.1 for one test run. Says "ready PORT" when it takes connections and
# removes everything when standard input ends, which it does however the run ends, killed outright included.
# Usage: PGPASSWORD=SECRET PGTLS=PEM postgres-cluster.sh BINARIES PORT…    (the first free port is taken; the superuser is "admin")
set -eu
bin=$1
shift

# In memory where a gigabyte is free: making and dropping databases mostly waits for the disk.
folder=${TMPDIR:-/tmp}
[ "$(df -Pk /dev/shm 2>/dev/null | awk 'END { print ($4 > 1048576) }')" != 1 ] || folder=/dev/shm
home=$(mktemp -d "$folder/tracevault-postgres.XXXXXX")
as=
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
  user=postgres
  id -u "$user" >/dev/null 2>&1 || user=nobody
  chown "$user" "$home"
  as="setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups"
fi
cd "$home"

clean_up() {
  $as "$bin/pg_ctl" stop --silent --mode=immediate --pgdata="$home/data" >"$home/stop.log" 2>&1 || true
  cd /
  rm -rf "$home"
}
trap clean_up EXIT
trap 'exit 1' HUP INT PIPE TERM

umask 077
printf '%s\n' "$PGPASSWORD" | $as tee "$home/password" >/dev/null # written by the user who reads it
$as "$bin/initdb" --pgdata="$home/data" --username=admin --pwfile="$home/password" \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync >"$home/initdb.log" 2>&1 || { cat "$home/initdb.log" >&2; exit 1; }

printf '%s\n' "$PGTLS" | $as tee "$home/data/server.pem" >/dev/null

# Nothing here outlives the run, so nothing needs to reach the disk.
cat >>"$home/data/postgresql.conf" <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.pem'
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 128MB
wal_level = minimal
max_wal_senders = 0
autovacuum = off
CONF

for port; do
  if $as "$bin/pg_ctl" start --silent --wait --timeout=60 --pgdata="$home/data" --log="$home/data/server.log" \
    --options="-p $port" >/dev/null 2>&1 </dev/null; then
    echo "ready $port"
    while read -r _; do :; done
    exit 0
  fi
done
cat "$home/data/server.log" >&2
exit 1
