#!/bin/sh
# Build the wheel, install it in a fresh environment, and run the tests against it from a copy of the tree that
# does not hold the package: what an editable install forgives (missing data files, wrong paths) fails here.
set -eu
venv=$1
root=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$work/dist" .
"$venv/bin/python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "$work"/dist/*.whl
mkdir "$work/tree"
for part in pyproject.toml constraints.txt README.md CHANGELOG.md docs reports sample_apks tests tools Makefile action.yml Dockerfile .dockerignore .pre-commit-hooks.yaml CONTRIBUTING.md SECURITY.md; do
    cp -R "$root/$part" "$work/tree/"
done
cd "$work/tree"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev
PINSCOPE_WHEEL_TEST=1 "$work/venv/bin/python" -m pytest tests -n auto -m "not browser and not slow" -p no:cacheprovider
