#!/usr/bin/env bash
# Prepare a virtual environment with pinned dependencies: tools/setup.sh [VENV] [PYTHON]
# Says in one line what is missing and how to get it; installs it itself when root. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
wanted=${2:-}

say() { printf 'setup: %s\n' "$*" >&2; }

# Debian packages: installed when root, else named with the exact command.
need_package() {
    local why=$1
    shift
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing $* ($why)"
        apt-get update -qq >/dev/null || true
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
    else
        say "missing: $why. Run this and try again:  sudo apt-get install -y $*"
        exit 2
    fi
}

works() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in $wanted python3.11 python3.12 python3.13 python3; do
        if command -v "$candidate" >/dev/null && works "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ]; then
    need_package "Python 3.11 to 3.13" python3 python3-venv
    python=$(find_python)
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || need_package "Python's venv module" python3-venv
command -v curl >/dev/null || need_package "curl, the phone of the journey" curl

version=$("$python" -c 'import sys; print("%d%d" % sys.version_info[:2])')
pins="constraints/py$version.txt"
stamp="$venv/.installed"
if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && cat pyproject.toml "$pins" | cmp -s - "$stamp"; then
    exit 0
fi

say "first set-up with $("$python" --version) in $venv: a minute or two"
"$python" -m venv --clear "$venv"
log="$venv/setup.log"
if ! "$venv/bin/python" -m pip install --disable-pip-version-check --quiet -c "$pins" hatchling editables setuptools >"$log" 2>&1 ||
    ! "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --no-build-isolation -c "$pins" -e '.[dev]' >>"$log" 2>&1; then
    grep -v '^WARNING' "$log" | tail -n 5 >&2
    say "pip could not install the packages; is a package index reachable? Everything it said: $log"
    exit 2
fi
cat pyproject.toml "$pins" >"$stamp"
say "done"
