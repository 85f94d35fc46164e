#!/bin/sh
# roles.sql where passwords are files, as containers get them: RTMATCH_SECRETS (/run/secrets) holds postgres-password, the superuser's, and
# owner.pgpass, writer.pgpass and reader.pgpass, a line each of PostgreSQL's password file (infra/secrets.sh writes them). PGHOST and PGDATABASE
# say where. Any number of times: a password that has changed is changed.
set -eu
secrets=${RTMATCH_SECRETS:-/run/secrets}
password() { cut -d: -f5- "$secrets/$1.pgpass"; }

PGPASSWORD=$(cat "$secrets/postgres-password")
RTMATCH_OWNER_PASSWORD=$(password owner)
RTMATCH_WRITER_PASSWORD=$(password writer)
RTMATCH_READER_PASSWORD=$(password reader)
export PGPASSWORD RTMATCH_OWNER_PASSWORD RTMATCH_WRITER_PASSWORD RTMATCH_READER_PASSWORD
exec psql --no-psqlrc --quiet --username="${PGUSER:-postgres}" --file="$(dirname "$0")/roles.sql"
