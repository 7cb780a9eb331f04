#!/usr/bin/env bash
# The environment `.venv-312` for the journeys on Python 3.12, which brings mitmproxy 12, where there is that Python.
# Says in one line why there is none otherwise. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

. tools/packages.sh

for candidate in python3.12 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12*/bin/python3.12; do
    if "$candidate" -c 'import ensurepip' 2>/dev/null; then
        if [ "$("$venv/bin/python" -c 'import sys; print(sys.version_info[:2] == (3, 12))')" = True ]; then
            say "left out: a second run of the journeys, this is Python 3.12 already"
            exit 0
        fi
        exec tools/setup.sh .venv-312 "$candidate"
    fi
done
say "left out: the journeys on Python 3.12 (no python3.12 here)"
