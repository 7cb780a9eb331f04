#!/usr/bin/env bash
# Build the image and check it, with a Docker engine of our own in a temporary folder. Needs root on Debian.
# $BASE names the base image. Without it python:3.12-slim is pulled; where that is not to be had, the base is Debian 12
# made by debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

. tools/packages.sh

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "left out: it starts a Docker engine of its own, which needs root and Debian's packages"
    exit 0
fi
mapfile -t missing < <(missing_packages dockerd:docker.io docker-compose:docker-compose debootstrap:debootstrap)
[ ${#missing[@]} = 0 ] || install_packages "a Docker engine and a base image" "${missing[@]}"

work=$(mktemp -d /tmp/nfemu-image.XXXXXX)
export DOCKER_HOST=unix://$work/docker.sock
engine() { # with further options of dockerd; returns when it answers
    dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" -H "$DOCKER_HOST" \
        --iptables=false "$@" >>"$work/log" 2>&1 &
    for _ in $(seq 60); do
        docker version >/dev/null 2>&1 && return
        sleep 0.5
    done
    tail -n 5 "$work/log" >&2
    say "the Docker engine does not start"
    exit 1
}
end_engine() {
    if [ -s "$work/pid" ]; then
        local pid
        pid=$(cat "$work/pid")
        kill "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
    fi
}
trap 'end_engine; umount "$work"/exec/netns/* 2>/dev/null || true; rm -rf "$work"' EXIT

# The build reaches package indices through the machine's network; running containers get one of their own below.
engine --bridge=none
base=${BASE:-python:3.12-slim}
if ! docker image inspect "$base" >/dev/null 2>&1 && ! timeout 60 docker pull -q "$base" >/dev/null 2>&1; then
    say "$base is not to be had; the base is Debian 12 made by debootstrap"
    base=nfemu-base
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$work/base" \
        "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$work/debootstrap.log"
    cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/" # what this machine trusts
    rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/*
    tar -C "$work/base" -c . | docker import - "$base" >/dev/null
    rm -rf "$work/base"
fi
docker build --network host --build-arg BASE="$base" -t nfemu . >"$work/build.log" || {
    tail -n 20 "$work/build.log" >&2
    exit 1
}
end_engine

export -f engine say
export work venv
unshare --net bash -euo pipefail -c '
    ip link set lo up
    engine
    "$venv/bin/python" -m pytest tests/image -m long -q -s
'
