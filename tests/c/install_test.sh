#!/bin/sh
# Installs the library into an empty prefix and uses it from there as a stranger would: by find_package and by
# pkg-config, shared and static, also after the tree was moved.
#
#   install_test.sh BUILD_DIR SOURCE_DIR CC
set -eu

build=$1
source=$2
cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs a program, under valgrind where there is one, and checks that it picked a node.
check_runs() {
    if command -v valgrind >/dev/null && [ "${VALGRIND:-ON}" = ON ]; then
        answer=$(valgrind --quiet --leak-check=full --error-exitcode=9 "$@")
    else
        answer=$("$@")
    fi
    echo "  $answer"
    case $answer in
    *" picks http://127.0.0."*) ;;
    *) echo "no pick from: $*" >&2; exit 1 ;;
    esac
}

# Whether the program needs the shared library must be as expected: yes or no.
check_needs_shared() {
    needs=no
    if readelf -d "$1" | grep -q 'NEEDED.*\[libalternator_lb\.so\.0\]'; then needs=yes; fi
    [ "$needs" = "$2" ] || { echo "$1 needs libalternator_lb.so.0: $needs, not $2" >&2; exit 1; }
}

echo "install"
cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix" # nothing in the tree may name the place that it was installed to
! grep -rqI "$work\|$build\|$source" "$work/prefix" || { echo "absolute paths in the install tree" >&2; exit 1; }
lib=$(dirname "$(find "$work/prefix" -name libalternator_lb.a)")
[ "$(readlink "$lib/libalternator_lb.so")" = libalternator_lb.so.0 ]
[ -L "$lib/libalternator_lb.so.0" ]
[ -f "$work/prefix/include/alternator_lb.h" ]

echo "find_package"
cmake -S "$source/tests/c/consumer" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_COMPILER="$cc" >/dev/null
cmake --build "$work/build" >/dev/null
check_needs_shared "$work/build/consumer_shared" yes
check_needs_shared "$work/build/consumer_static" no
check_runs "$work/build/consumer_shared"
check_runs "$work/build/consumer_static"

if ! command -v pkg-config >/dev/null; then
    echo "pkg-config is not installed: its half is not checked"
    exit 0
fi
export PKG_CONFIG_PATH="$lib/pkgconfig"

echo "pkg-config"
# shellcheck disable=SC2046 # the flags are words
"$cc" "$source/tests/c/consumer/consumer.c" -o "$work/by_pc" $(pkg-config --cflags --libs alternator_lb)
check_needs_shared "$work/by_pc" yes
LD_LIBRARY_PATH=$lib check_runs "$work/by_pc"

echo "pkg-config --static"
# shellcheck disable=SC2046
"$cc" -static "$source/tests/c/consumer/consumer.c" -o "$work/by_pc_static" \
    $(pkg-config --static --cflags --libs alternator_lb) 2>"$work/warnings"
# A static program still loads glibc's name services when it runs, of which the linker warns; of nothing else.
if grep -v -e 'in statically linked applications requires at runtime' -e 'in function' "$work/warnings"; then exit 1; fi
check_needs_shared "$work/by_pc_static" no
VALGRIND=OFF check_runs "$work/by_pc_static" # valgrind cannot stand before a static malloc
