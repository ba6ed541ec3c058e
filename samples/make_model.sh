#!/usr/bin/env bash
# make_model.sh SAMPLE [options of its train.py]: makes a sample's model.onnx and all that is derived from it
# again, in a virtual environment outside the source tree (NETSUKE_VENV, by default below ~/.cache/netsuke).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -eq 0 ] || [ ! -f "$here/$1/train.py" ]; then
  echo "usage: $0 fashion|motion|motion_mlp|sine [options of train.py]" >&2
  exit 1
fi
sample=$1
shift

venv=${NETSUKE_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/netsuke/venv-$sample}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/$sample/requirements.txt"

# Training allocates and frees tens of megabytes in every step; huge pages spare most of the page faults,
# which otherwise take as long as the arithmetic. glibc 2.35 or later, ignored elsewhere.
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}
exec "$venv/bin/python" "$here/$sample/train.py" "$@"
