#!/usr/bin/env sh
# Builds everything again in a throw-away Python environment and checks it.
set -eu
cd "$(dirname "$0")"
env=$(mktemp -d)
trap 'rm -rf "$env"' EXIT
python3 -m venv "$env"
"$env/bin/pip" install -q pillow pikepdf fonttools
export PYTHONDONTWRITEBYTECODE=1
"$env/bin/python" build.py "$@"
"$env/bin/python" verify.py
