#!/bin/sh
# For each supported Python that is installed, plainly or through pyenv, makes .venv-X.Y with what the tests of chains
# need; tests/live/test_other_pythons.py runs them there. One that is there already is kept. The argument is the usual
# environment, whose Python is left out.
set -eu
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1

own=$("${1:-.venv}/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

for version in 3.11 3.12 3.13; do
    if [ "$version" = "$own" ]; then
        echo "Python $version: the tests run on it anyway"
        continue
    fi
    folder=".venv-$version"
    if [ -e "$folder/.made" ] && [ "$folder/.made" -nt constraints.txt ] && [ "$folder/.made" -nt pyproject.toml ]; then
        echo "Python $version: $folder is there"
        continue
    fi
    command -v "python$version" >/dev/null || { echo "Python $version: not installed"; continue; }
    started=
    for choice in "" $(pyenv versions --bare 2>/dev/null | grep "^$version" || true); do
        if (if [ -n "$choice" ]; then export PYENV_VERSION="$choice"; fi; "python$version" -m venv "$folder") 2>/dev/null; then
            started=yes
            break
        fi
    done
    [ -n "$started" ] || { echo "Python $version: does not start, or has no venv"; continue; }
    "$folder/bin/python" - >"$folder/needed" <<'EOF'
import tomllib
with open("pyproject.toml", "rb") as file:
    print("\n".join(tomllib.load(file)["project"]["dependencies"]))
EOF
    "$folder/bin/python" -m pip install --quiet --constraint constraints.txt --requirement "$folder/needed" \
        hypothesis pytest pytest-xdist trustme
    touch "$folder/.made"
    echo "Python $version: made $folder"
done
