#!/usr/bin/env bash
# Brings PostgreSQL (15 or newer), pgvector (0.8 or newer) and poppler-utils to Debian 12, 13 and Ubuntu. Run as root; safe to run again.
# Starts no server: rtmatch runs a private one of its own.
set -euo pipefail

readonly MIN_VECTOR=0.8
# Where a release's own pgvector is missing or too old, the source of a newer release of the same distribution is built.
readonly DEBIAN_SOURCE_SUITE=trixie
readonly UBUNTU_SOURCE_SUITE=devel

fail() { echo "install.sh: $*" >&2; exit 1; }

installed_version() { # the newest installed PostgreSQL server, empty where there is none
  local bin
  for bin in /usr/lib/postgresql/*/bin/postgres; do [ -x "$bin" ] && basename "${bin%/bin/postgres}"; done | sort -n | tail -n 1
}

vector_is_new_enough() { # $1: PostgreSQL's major version
  local control=/usr/share/postgresql/$1/extension/vector.control version
  [ -f "$control" ] || return 1
  version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$control")
  [ "$(printf '%s\n%s\n' "$MIN_VECTOR" "$version" | sort -V | head -n 1)" = "$MIN_VECTOR" ]
}

complete() {
  local version
  version=$(installed_version)
  [ -n "$version" ] && [ "$version" -ge 15 ] && vector_is_new_enough "$version" && command -v pdftotext prlimit >/dev/null
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >/dev/null; }

keep_apt_from_starting_a_cluster() {
  [ -n "$(installed_version)" ] && return
  mkdir -p /etc/postgresql-common/createcluster.d
  [ -e /etc/postgresql-common/createcluster.d/rtmatch.conf ] || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/rtmatch.conf
}

# The archive that this machine already installs from; its other releases stand beside this one.
archive_uri() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -i -m 1 -E '/(debian|ubuntu)/?$' || fail "apt names no archive of ${ID}; add one to its sources"
}

build_vector() ( # $1: PostgreSQL's major version. A subshell, so that its folder is removed whatever happens.
  local suite=$DEBIAN_SOURCE_SUITE work
  [ "$ID" = ubuntu ] && suite=$UBUNTU_SOURCE_SUITE
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/lists/partial" "$work/source"
  local keyring=/usr/share/keyrings/${ID}-archive-keyring.gpg
  echo "deb-src [signed-by=$keyring] $(archive_uri) $suite main$([ "$ID" = ubuntu ] && echo ' universe')" > "$work/sources.list"
  chmod -R a+rX "$work"
  local options=(-qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root)
  apt_install "postgresql-server-dev-$1" gcc make libc6-dev
  apt-get "${options[@]}" update >/dev/null
  cd "$work/source"
  apt-get "${options[@]}" source --download-only pgvector >/dev/null || fail "the source of pgvector is not in $suite"
  tar -xf pgvector_*.orig.tar.* --strip-components=1
  # OPTFLAGS empty: the library must also run on another processor of the same kind than the one it was built on.
  make -s OPTFLAGS="" PG_CONFIG="/usr/lib/postgresql/$1/bin/pg_config" with_llvm=no >/dev/null
  make -s install PG_CONFIG="/usr/lib/postgresql/$1/bin/pg_config" with_llvm=no >/dev/null
)

main() {
  complete && return
  [ "$(id -u)" = 0 ] || fail "needs root: sudo $0"
  [ -r /etc/os-release ] && . /etc/os-release
  case "${ID:-}" in
    debian | ubuntu) ;;
    *) fail "knows Debian and Ubuntu only; install PostgreSQL >= 15, pgvector >= $MIN_VECTOR and poppler-utils with your system's own tools" ;;
  esac

  apt-get -o DPkg::Lock::Timeout=300 update -qq
  keep_apt_from_starting_a_cluster
  apt_install postgresql poppler-utils util-linux
  local version
  version=$(installed_version)
  [ "$version" -ge 15 ] || fail "this release has PostgreSQL $version; 15 or newer is needed"
  if ! vector_is_new_enough "$version"; then
    apt_install "postgresql-$version-pgvector" 2>/dev/null || true   # Absent from Debian 12.
    vector_is_new_enough "$version" || build_vector "$version"
  fi
  complete || fail "PostgreSQL $version, pgvector or poppler-utils are still incomplete; see the messages above"
}

main "$@"
