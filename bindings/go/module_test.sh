#!/usr/bin/env bash
# Uses the module as a stranger does: from a module proxy, with an empty module cache, vendored, without cgo, without the
# archive, with the shared library. Run by `make test-go`, after scripts/go_archive.sh.
set -euo pipefail
cd "$(dirname "$0")"

readonly header=$PWD/../../include/alternator_lb.h
readonly module=github.com/scylladb/alternator-lb/bindings/go
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
# What the tests have downloaded already. The module cache is empty; the build cache is shared, for which paths are trimmed.
readonly downloaded=$(go env GOMODCACHE)/cache/download
fail() { echo "module_test.sh: $*" >&2; exit 1; }
says() { # says "text" command...: the command fails, and tells that in its output
    local text=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        fail "it worked: $*"
    fi
    [ "$(grep -c "\(error\|undefined\): .*$text" "$work/said")" -eq 1 ] || { cat "$work/said" >&2; fail "'$text' was not said once"; }
}

publish() { # publish version files...: a module proxy that has the module with these files
    version=$1 # of its own for each content: Go remembers what is in a version
    shift
    rm -rf "$work/proxy"
    local directory=$work/proxy/$module/@v
    mkdir -p "$directory" "$work/zip/$module@$version"
    echo "{\"Version\":\"$version\"}" >"$directory/$version.info"
    echo "$version" >"$directory/list"
    cp go.mod "$directory/$version.mod"
    tar cf - "$@" | tar xf - -C "$work/zip/$module@$version"
    (cd "$work/zip" && find . -type f | sed 's|^\./||' | python3 -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_STORED) as archive:
    for line in sys.stdin:
        archive.write(line.rstrip("\n"))
' "$directory/$version.zip")
    rm -rf "$work/zip"
}

application() { # application name: a program of its own that uses the module
    mkdir "$work/$1"
    cd "$work/$1"
    cat >main.go <<'GO'
package main

import (
	"fmt"

	alb "github.com/scylladb/alternator-lb/bindings/go"
)

func main() {
	lb, err := alb.NewAlternatorLB([]string{"127.0.0.1"}, alb.WithManualRefresh())
	if err != nil {
		panic(err)
	}
	defer lb.Close()
	lb.NewDynamoDB()
	node := lb.NextNode()
	fmt.Println(node.String())
}
GO
    [ ! -d "$work/modules" ] || chmod -R u+w "$work/modules" # files of a module cache are read-only
    rm -rf "$work/modules"
    export GOMODCACHE=$work/modules GOPROXY="file://$work/proxy,file://$downloaded" GOSUMDB=off GOFLAGS="-mod=mod -trimpath"
    { go mod init "example.com/$1" && go get "$module@$version"; } >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "go get failed"; }
}

mapfile -t sources < <(git ls-files | grep -v '_test\|\.sh$')
mapfile -t built < <(ls internal/core/archive_*.h internal/core/alternator_lb.h internal/core/lib/*/*.a)
[ ${#built[@]} -ge 3 ] || fail "there is no archive: run scripts/go_archive.sh"

publish v0.1.0 "${sources[@]}" "${built[@]}"
(
    application fetched
    [ "$(go run .)" = http://127.0.0.1:8000 ] || fail "a program that got the module does not run"
    says "alternator_lb_needs_cgo_so_set_CGO_ENABLED_to_1" env CGO_ENABLED=0 go build .
    export GOFLAGS="-mod=vendor -trimpath"
    go mod vendor
    [ "$(go run .)" = http://127.0.0.1:8000 ] || fail "a program that vendored the module does not run"
    test -f "vendor/$module/internal/core/lib/$(go env GOOS)_$(go env GOARCH)/libalternator_lb.a" || fail "the archive was not vendored"
    GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 says "alternator_lb_needs_cgo" go build .
)

publish v0.1.1 "${sources[@]}"
(
    application bare
    says "the core is missing: run scripts/go_archive.sh" go build .
    # The library as it is installed, found by pkg-config.
    mkdir "$work/prefix"
    ln -s "$ALTERNATOR_LB_SHARED" "$work/prefix/libalternator_lb.so"
    ln -s "$ALTERNATOR_LB_SHARED" "$work/prefix/$(readelf -d "$ALTERNATOR_LB_SHARED" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')"
    cp "$header" "$work/prefix/"
    printf '%s\n' 'Name: alternator_lb' 'Description: x' 'Version: 0.1.0' "Libs: -L$work/prefix -lalternator_lb" "Cflags: -I$work/prefix" \
        >"$work/prefix/alternator_lb.pc"
    export PKG_CONFIG_PATH=$work/prefix LD_LIBRARY_PATH=$work/prefix
    go build -tags alb_shared -o shared .
    [ "$(./shared)" = http://127.0.0.1:8000 ] || fail "a program with the shared library does not run"
    readelf -d shared | grep "NEEDED.*libalternator_lb" >/dev/null || fail "the shared library is not linked"
)
echo "the module can be fetched, vendored, and linked with the shared library"
