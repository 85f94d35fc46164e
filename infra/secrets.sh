#!/bin/sh
# Makes up the passwords of the database's roles: a file each in infra/secrets, which is never committed. compose.yaml mounts them, and
# 'kubectl create secret generic database --from-file=infra/secrets' hands them to a cluster. Keeps what is there: remove a file to change it.
#
#     sh infra/secrets.sh [HOST]      where PostgreSQL is, as the containers call it (postgres)
set -eu
host=${1:-postgres}
folder=$(dirname "$0")/secrets
umask 022
mkdir -p "$folder"
chmod 700 "$folder"     # the files can be read by the containers' users, the folder by nobody else

random() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
keep() { [ -s "$folder/$1" ] || { printf '%s\n' "$2" >"$folder/$1.new" && mv "$folder/$1.new" "$folder/$1"; }; }

keep postgres-password "$(random)"
for role in owner writer reader; do keep "$role.pgpass" "$host:5432:*:rtmatch_$role:$(random)"; done
echo "$folder: $(ls "$folder" | tr '\n' ' ')" >&2
