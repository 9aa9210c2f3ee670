#!/usr/bin/env bash
# Puts the core into the Go module: a static archive of one object whose only global symbols are alb_*, the C header, and a
# header that names the archive, which is what makes `go build` notice a new one.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly target=${CARGO_TARGET_DIR:-$PWD/target}
readonly core=bindings/go/internal/core
readonly platform=$(go env GOOS)_$(go env GOARCH)
readonly library=$core/lib/$platform/libalternator_lb.a
readonly stamp=$core/archive_$platform.h

if [ ! -d "$core/lib/$platform" ]; then
    echo "go_archive.sh: the Go module has no place for $platform; it has: $(ls "$core/lib" | tr '\n' ' ')" >&2
    exit 1
fi

cargo build --quiet --locked --lib --profile dist
cmake -D SHARED="$target/dist/libalternator_lb.so" -D ARCHIVE="$target/dist/libalternator_lb.a" -D OUTPUT="$library.new" \
    -P cmake/LocaliseArchive.cmake

foreign=$(nm --extern-only --defined-only --format=posix "$library.new" | awk '$2 ~ /[A-Z]/ && $1 !~ /^alb_/ { print $1 }')
if [ -n "$foreign" ]; then
    echo "go_archive.sh: symbols other than alb_* are global in the archive: $foreign" >&2
    exit 1
fi

# Untouched when nothing changed, so that Go's build cache stays good.
if ! cmp --quiet "$library.new" "$library"; then
    mv "$library.new" "$library"
    echo "$library: $(stat -c %s "$library") bytes"
fi
rm -f "$library.new"
cmp --quiet include/alternator_lb.h "$core/alternator_lb.h" || cp include/alternator_lb.h "$core/"
printf '#define ALB_ARCHIVE "%s"\n' "$(sha256sum "$library" | cut -d' ' -f1)" >"$stamp.new"
cmp --quiet "$stamp.new" "$stamp" || mv "$stamp.new" "$stamp"
rm -f "$stamp.new"
