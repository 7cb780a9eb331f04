#!/usr/bin/env bash
# The tests that need root, Chromium, PostgreSQL or a foreign peer. What is missing is installed from Debian when
# root; otherwise one line says what is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

. tools/packages.sh

has_postgresql() { compgen -G '/usr/lib/postgresql/*/bin/pg_ctl' >/dev/null; }
mapfile -t missing < <(
    missing_packages chromium:chromium certutil:libnss3-tools ip:iproute2 nft:nftables ping:iputils-ping tshark:tshark npm:npm
)
has_postgresql || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ]; then
    install_packages "tests that are left out without" "${missing[@]}" fonts-noto-cjk || true
fi

# A PostgreSQL of our own on a socket in a temporary folder; it ends with this script, as what runs beside it does.
cluster= lane=
stop_all() {
    if [ -n "$lane" ]; then
        kill -- "-$lane" 2>/dev/null || true
    fi
    if [ -n "$cluster" ]; then
        "${as_postgres[@]}" "$pg_bin/pg_ctl" -D "$cluster/data" -m immediate -w stop >/dev/null || true
        rm -rf "$cluster"
    fi
}
trap stop_all EXIT
if has_postgresql; then
    pg_bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/pg_ctl' | tail -n 1)")
    cluster=$(mktemp -d /tmp/nfemu-pg.XXXXXX)
    as_postgres=()
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$cluster"
        as_postgres=(runuser -u postgres --)
    fi
    (
        cd "$cluster"
        "${as_postgres[@]}" "$pg_bin/initdb" -D "$cluster/data" -A trust -U nfemu >/dev/null
        "${as_postgres[@]}" "$pg_bin/pg_ctl" -D "$cluster/data" -w -l "$cluster/log" \
            -o "-c listen_addresses='' -c unix_socket_directories='$cluster'" start >/dev/null
        "${as_postgres[@]}" "$pg_bin/createdb" -h "$cluster" -U nfemu nfemu
    )
    export NFEMU_TEST_POSTGRES="postgresql+psycopg://nfemu@/nfemu?host=$cluster"
fi

# Two lanes of about the same length, one for each processor: the lab's tests that are no journeys; its journeys, and then
# the others once more on Python 3.12. Those of the lab say little of that.
journeys() {
    "$venv/bin/python" -m pytest tests/journeys -m "lab and not long" -q
    tools/second_python.sh
    if [ -x .venv-312/bin/python ]; then
        .venv-312/bin/python -m pytest tests/journeys -m "not long and not once and not lab" -q
    fi
}
said=$(mktemp)
set -m # else it would not hear of Ctrl-C, nor would what it starts
journeys >"$said" 2>&1 &
lane=$!
set +m

failed=0
"$venv/bin/python" -m pytest tests --ignore=tests/journeys -m "lab and not long" -q || failed=$?
wait "$lane" || failed=$?
lane=
cat "$said"
rm -f "$said"
exit "$failed"
