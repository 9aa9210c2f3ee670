#!/usr/bin/env bash
# Makes sure that the tools for a target are there: `tools.sh demo` or `tools.sh test`.
#
# What is missing is named, then installed with the system's package manager (apt-get) and, for Rust, with rustup. Where that is not
# possible or not allowed, the command to run is printed and the exit status is 1.
set -euo pipefail

readonly purpose=${1:?usage: tools.sh demo|test}
readonly rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")

say() { printf '%s\n' "$*" >&2; }

root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)
apt_install() { # quiet but for errors; what apt says on standard output is not worth a screen
    "${root[@]}" apt-get update -qq >/dev/null
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_command() { command -v "$1" >/dev/null 2>&1; }
has_venv() { has_command python3 && python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }
has_header() { echo "#include <$1>" | cc -E - >/dev/null 2>&1; }
has_systemd_analyze() { has_command systemd-analyze && systemd-analyze security --help | grep -q -- --offline; }
has_jdk() { has_command javac && [ "$(javac -version 2>&1 | sed 's/javac \([0-9]*\).*/\1/')" -ge 17 ]; }
has_rust() {
    [ -x "$HOME/.cargo/bin/cargo" ] && PATH="$HOME/.cargo/bin:$PATH"
    has_command cargo || return 1
    local found
    found=$(rustc --version | cut -d' ' -f2)
    [ "$(printf '%s\n%s\n' "$rust_wanted" "$found" | sort -V | head -n1)" = "$rust_wanted" ]
}

readonly go_wanted=$(sed -n 's/^go //p' "$(dirname "$0")/../bindings/go/go.mod")
has_go() {
    [ -x /usr/local/go/bin/go ] && PATH="$PATH:/usr/local/go/bin"
    has_command go || return 1
    local found
    found=$(go env GOVERSION)
    [ "$(printf '%s\n%s\n' "$go_wanted" "${found#go}" | sort -V | head -n1)" = "$go_wanted" ]
}

packages=()
wants() { # wants "what it is" "test that finds it" packages...
    local what=$1 check=$2
    shift 2
    if ! eval "$check"; then
        say "missing: $what (packages: $*)"
        packages+=("$@")
    fi
}

wants "a C and C++ compiler" "has_command cc && has_command c++" gcc g++ libc6-dev
wants "make" "has_command make" make
wants "CMake" "has_command cmake" cmake
wants "pkg-config" "has_command pkg-config" pkg-config
wants "Python 3.10 or later with venv" "has_venv" python3 python3-venv
wants "curl" "has_command curl" curl ca-certificates
wants "libcurl's headers" "has_header curl/curl.h" libcurl4-openssl-dev
if [ "$purpose" = test ]; then
    wants "valgrind" "has_command valgrind" valgrind
    wants "binutils" "has_command objcopy && has_command readelf" binutils
    if ! has_go; then
        say "missing: Go $go_wanted or later. Install it as https://go.dev/doc/install says, then run this again."
        exit 1
    fi
    wants "dig" "has_command dig" bind9-dnsutils
    wants "drill" "has_command drill" ldnsutils
    wants "systemd-analyze 250 or later" "has_systemd_analyze" systemd
    wants "script" "has_command script" bsdutils
    wants "setpriv" "has_command setpriv" util-linux
    wants "libabigail's abidiff" "has_command abidiff" abigail-tools
    if has_command dpkg; then
        wants "Debian's packaging tools" "has_command dpkg-shlibdeps" dpkg-dev
    fi
    wants "a JDK, 17 or later" "has_jdk" openjdk-17-jdk-headless
    wants "Maven" "has_command mvn" maven
fi

if [ ${#packages[@]} -gt 0 ]; then
    if ! has_command apt-get; then
        say "Install them with this system's package manager (the names above are Debian's), then run this again."
        exit 1
    fi
    if [ ${#root[@]} -gt 0 ] && ! { has_command sudo && sudo -n true 2>/dev/null; }; then
        say "Installing needs root. Run this command, then the one you came from:"
        say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}"
        exit 1
    fi
    say "installing: ${packages[*]}"
    apt_install "${packages[@]}"
fi

if ! has_rust; then
    say "missing: Rust $rust_wanted or later"
    if ! has_command rustup && has_command apt-get && apt-cache show rustup >/dev/null 2>&1; then
        say "installing: rustup, as this system's package"
        apt_install rustup || true
    fi
    if has_command rustup; then
        say "installing: the stable toolchain, by rustup"
        rustup toolchain install stable --profile minimal --component clippy --component rustfmt >&2 && rustup default stable >&2
    else
        say "installing: rustup and the stable toolchain, into $HOME/.rustup and $HOME/.cargo"
        curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs \
            | sh -s -- -y --profile minimal --component clippy --component rustfmt >&2 || true
    fi
    has_rust || {
        say "Rust could not be installed. Install $rust_wanted or later as https://rustup.rs says, then run this again."
        exit 1
    }
fi
