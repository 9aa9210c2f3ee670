#!/usr/bin/env bash
# The demonstration: a local cluster of three node processes, a boto3 program and a C program that write and read on it while a node
# is killed with SIGKILL and started again. The exit status is 0 only if no acknowledged write was lost and no error reached either
# program. ITEMS sets how many items each of them writes (3000).
set -euo pipefail
cd "$(dirname "$0")/.."

readonly items=${ITEMS:-3000}
readonly build=$PWD/build
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

step() { printf '\n== %s\n' "$*"; }

step "Tools"
bash scripts/tools.sh demo
[ -x "$HOME/.cargo/bin/cargo" ] && PATH="$HOME/.cargo/bin:$PATH"
echo "all there"

step "Building the local cluster (the first time takes some minutes)"
cargo build --locked --release -p altcluster

step "Building the library and the C program"
cmake -S . -B "$build/demo" -DALTERNATOR_LB_EXAMPLES=ON \
    -DALTERNATOR_LB_CARGO_TARGET_DIR="$CARGO_TARGET_DIR" >/dev/null
cmake --build "$build/demo"

step "Installing the Python package into a virtual environment"
[ -x "$build/demo-venv/bin/python" ] || python3 -m venv "$build/demo-venv"
"$build/demo-venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade ./bindings/python
"$build/demo-venv/bin/python" -m pip install --quiet --disable-pip-version-check -r examples/python/requirements.txt

step "Starting a cluster of 3 nodes"
coproc CLUSTER { exec "$CARGO_TARGET_DIR/release/altcluster" --nodes 3; }
trap 'kill "$CLUSTER_PID" 2>/dev/null || true' EXIT
read -r start <&"${CLUSTER[0]}"
field() { "$build/demo-venv/bin/python" -c 'import json, sys; print(eval(sys.argv[2], {"start": json.loads(sys.argv[1])}))' "$start" "$1"; }
readonly control=$(field 'start["control"]') seed=$(field 'start["nodes"][0]["address"]')
echo "$(field '", ".join(node["url"] for node in start["nodes"])')"

step "Python: boto3 through the library, a node is killed half-way"
"$build/demo-venv/bin/python" examples/python/demo.py "$seed" --control "$control" --items "$items"

step "C: libcurl through the library, a node is killed half-way"
"$build/demo/examples/c/demo" "$seed" "$control" "$items"

step "Done: no acknowledged write was lost, no error reached an application"
