#!/usr/bin/env bash
# Runs benches/helper with the module's own helper, and with the official one, which comes from the module proxy into a
# module of its own.
set -euo pipefail
cd "$(dirname "$0")"

go run ./helper "this module's helper"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly official=github.com/scylladb/alternator-client-golang/sdkv2
sed "s|github.com/scylladb/alternator-lb/bindings/go/helper|$official|" helper/main.go >"$work/main.go"
cd "$work"
if ! { go mod init example.com/official && go get $official@latest && go mod tidy; } >log 2>&1; then
    echo "the official helper is not measured, since the module proxy does not give it: $(tail -n 1 log)"
    exit
fi
go run . "the official helper ($(go list -m -f '{{.Version}}' $official))"
