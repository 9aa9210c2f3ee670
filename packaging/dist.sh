#!/usr/bin/env bash
# Gathers what a release consists of, for this platform, in one directory that is made anew:
#
#   packaging/dist.sh OUTPUT_DIR          PYTHON= a Python that has hatchling, CARGO_CYCLONEDX= the tool for the bill of materials
#
# Libraries and headers as an archive that may be unpacked anywhere, Debian packages, the alb command, wheel and sdist, jar, Go module
# with its core, the source, bills of materials (CycloneDX), SHA256SUMS. Everything has the date of the last commit, or that of
# SOURCE_DATE_EPOCH, so that a second build is the same. The source archive is that of the last commit.
set -euo pipefail

readonly output=$(realpath -m "${1:?usage: dist.sh OUTPUT_DIR}")
cd "$(dirname "$0")/.."
readonly source=$PWD
readonly work=$source/build/dist-work
readonly target=${CARGO_TARGET_DIR:-$source/target}
readonly python=${PYTHON:?dist.sh: PYTHON has to name a Python that has hatchling}
readonly cyclonedx=${CARGO_CYCLONEDX:?dist.sh: CARGO_CYCLONEDX has to name the program cargo-cyclonedx}
readonly version=$(sed -n 's/^version = "\([0-9.]*\)"/\1/p' Cargo.toml | head -n1)
readonly platform=linux-$(uname -m)
readonly date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
unset SOURCE_DATE_EPOCH # while cargo builds, which makes all anew when it changes

rm -rf "$output" "$work"
mkdir -p "$output" "$work"
[ -z "$(git status --porcelain)" ] || echo "dist.sh: what is not committed is in the binaries, but not in the source archive" >&2

archive() { # archive NAME.tar.gz DIRECTORY MEMBER...: the same bytes for the same files
    tar --create --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$date" \
        --directory="$2" "${@:3}" | gzip -9n >"$output/$1"
}

# --- libraries, packages, command ------------------------------------------------------------------------------------------

SOURCE_DATE_EPOCH=$date packaging/deb/build.sh "$output" >/dev/null
name=libalternator_lb-$version-$platform
cmake -S . -B "$work/cmake" -DCMAKE_INSTALL_LIBDIR=lib -DALTERNATOR_LB_CARGO_TARGET_DIR="$target" >/dev/null
cmake --build "$work/cmake" --target alternator_lb_core >/dev/null
cmake --install "$work/cmake" --prefix "$work/$name" >/dev/null
cp LICENSE README.md CHANGELOG.md "$work/$name"
archive "$name.tar.gz" "$work" "$name"

name=alb-$version-$platform
cp -r build/deb/tree/debian/alb "$work/$name"
rm -r "$work/$name/DEBIAN"
archive "$name.tar.gz" "$work" "$name"

bash scripts/go_archive.sh >/dev/null
export SOURCE_DATE_EPOCH=$date

# --- languages -------------------------------------------------------------------------------------------------------------

(
    export ALTERNATOR_LB_LIBRARY_BUILD=$target/dist/libalternator_lb.so
    cd bindings/python && "$python" -m hatchling build -d "$output" >/dev/null
)

name=alternator-lb-go-$version-$platform
mkdir "$work/$name"
git archive HEAD:bindings/go | tar --extract --directory="$work/$name"
core=bindings/go/internal/core
cp --parents $core/lib/*/libalternator_lb.a $core/archive_*.h $core/alternator_lb.h "$work"
cp -r "$work/$core/." "$work/$name/internal/core"
cp LICENSE "$work/$name"
archive "$name.tar.gz" "$work" "$name"

if [ -f bindings/java/pom.xml ]; then
    bindings/java/scripts/build_native.sh "$target/dist/libalternator_lb.a" "$work/java/native-root"
    mvn --batch-mode --quiet --file bindings/java/pom.xml package -DskipTests -Dbuild.root="$work/java" \
        -Dproject.build.outputTimestamp="$SOURCE_DATE_EPOCH" ${MAVEN_REPOSITORY:+-Dmaven.repo.local="$MAVEN_REPOSITORY"}
    cp "$work"/java/maven/*.jar "$output"
fi

# --- source and bills of materials -----------------------------------------------------------------------------------------

name=libalternator_lb-$version
git archive --prefix="$name/" HEAD | gzip -9n >"$output/$name-source.tar.gz"
git archive --prefix="$name/" HEAD | tar --extract --directory="$work"
# Beside each Cargo.toml, so in the copy; that it lay here is nobody's business.
CARGO_TARGET_DIR=$work/cargo "$cyclonedx" cyclonedx --quiet --manifest-path "$work/$name/Cargo.toml" --format json \
    --spec-version 1.5 --target all --no-build-deps --override-filename bom
sed "s|file://$work/|file:///|g" "$work/$name/bom.json" >"$output/$name.cdx.json"
sed "s|file://$work/|file:///|g" "$work/$name/cli/bom.json" >"$output/alb-$version.cdx.json"

(cd "$output" && sha256sum -- * >"$work/SHA256SUMS" && mv "$work/SHA256SUMS" .)
ls "$output"
