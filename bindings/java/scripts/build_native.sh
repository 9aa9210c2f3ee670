#!/usr/bin/env bash
# Builds the native part for this machine: build_native.sh CORE.a OUT
#
# CORE.a is the core's static library; the result is OUT/native/<os>-<architecture>/libalternator_lb_jni.so (.dylib on macOS), one
# file that needs nothing but the system's libraries and exports Java_* alone. The signatures of Native.java are compiled against.
set -euo pipefail

core=${1:?usage: build_native.sh CORE.a OUT}
out=${2:?usage: build_native.sh CORE.a OUT}
here=$(cd "$(dirname "$0")/.." && pwd)
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}

case $(uname -s) in
    Linux)
        os=linux suffix=so headers=linux system=(-lpthread -ldl -lm -lgcc_s)
        hide=(-Wl,--exclude-libs,ALL -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,--no-undefined)
        ;;
    Darwin)
        os=macos suffix=dylib headers=darwin system=(-framework Security -framework CoreFoundation)
        hide=(-Wl,-exported_symbol,_Java_* -Wl,-dead_strip)
        ;;
    *) echo "build_native.sh: $(uname -s) is not supported: Linux and Darwin are" >&2; exit 1 ;;
esac
case $(uname -m) in
    x86_64 | amd64) architecture=x86_64 ;;
    aarch64 | arm64) architecture=aarch64 ;;
    *) architecture=$(uname -m) ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$java_home/bin/javac" -h "$scratch" -d "$scratch" "$here/src/main/java/io/alternatorlb/Native.java"

target=$out/native/$os-$architecture
mkdir -p "$target"
"${CC:-cc}" -std=c11 -O2 -g0 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Wpedantic -Werror -Wmissing-prototypes \
    -I"$scratch" -I"$java_home/include" \
    -I"$java_home/include/$headers" -I"$here/../../include" \
    "$here"/src/main/c/*.c "$core" "${hide[@]}" "${system[@]}" -o "$target/libalternator_lb_jni.$suffix.new"
strip -x "$target/libalternator_lb_jni.$suffix.new"
# In one step, so that a program that runs meanwhile never loads half a file.
mv "$target/libalternator_lb_jni.$suffix.new" "$target/libalternator_lb_jni.$suffix"
