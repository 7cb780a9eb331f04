#!/usr/bin/env bash
# The foreign proxies that the attack matrix is measured against.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh

mapfile -t missing < <(missing_packages nginx:nginx-light haproxy:haproxy squid:squid)
[ ${#missing[@]} = 0 ] || install_packages "attack tests against foreign proxies" "${missing[@]}" || true
