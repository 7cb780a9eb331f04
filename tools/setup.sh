#!/usr/bin/env bash
# Prepare a virtual environment with pinned dependencies: tools/setup.sh [VENV] [PYTHON]
# Says in one line what is missing and how to get it; installs it itself when root. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
wanted=${2:-}

. tools/packages.sh

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
    install_packages "Python 3.11 to 3.13" python3 python3-venv || exit 2
    python=$(find_python)
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || install_packages "Python's venv module" python3-venv || exit 2
command -v curl >/dev/null || install_packages "curl, the phone of the journey" curl || exit 2

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
