#!/usr/bin/env bash
# Builds the Debian packages libalternator-lb0, libalternator-lb-dev and alb with the tools of dpkg-dev alone.
#
#   packaging/deb/build.sh OUTPUT_DIR
#
# Dependencies come from dpkg-shlibdeps, the symbols file from tests/abi/exports.txt (dpkg-gensymbols refuses a library that exports
# anything else), the trees from `cmake --install`. All has the date of the last commit, or that of SOURCE_DATE_EPOCH, so that a second
# build is the same. Nothing runs at installation but the linker's cache; no service is started.
set -euo pipefail

readonly output=$(realpath -m "${1:?usage: build.sh OUTPUT_DIR}")
cd "$(dirname "$0")/../.."
readonly source=$PWD
readonly work=$source/build/deb
readonly version=$(sed -n 's/^version = "\([0-9.]*\)"/\1/p' Cargo.toml | head -n1)
readonly target=${CARGO_TARGET_DIR:-$source/target}
readonly soname=$(sed -n 's/^const ABI_MAJOR: u32 = \([0-9]*\);/\1/p' build.rs)
readonly library=libalternator-lb$soname
readonly date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
unset SOURCE_DATE_EPOCH # while cargo builds, which makes all anew when it changes

for tool in dpkg-deb dpkg-shlibdeps dpkg-gensymbols dpkg-gencontrol; do
    command -v $tool >/dev/null || { echo "build.sh: $tool is missing (Debian package dpkg-dev)" >&2; exit 1; }
done

# --- the trees that become packages --------------------------------------------------------------------------------------

rm -rf "$work/tree"
mkdir -p "$work/tree/debian" "$output"

cmake -S "$source" -B "$work/cmake" -DCMAKE_INSTALL_PREFIX=/usr -DALTERNATOR_LB_CARGO_TARGET_DIR="$target" >/dev/null
cmake --build "$work/cmake" --target alternator_lb_core >/dev/null
readonly packages=("$library" libalternator-lb-dev alb)
DESTDIR=$work/tree/debian/$library cmake --install "$work/cmake" --component runtime >/dev/null
DESTDIR=$work/tree/debian/libalternator-lb-dev cmake --install "$work/cmake" --component development >/dev/null
find "$work/tree/debian/$library" -name '*.so.*' -type f -exec chmod 644 {} + # Debian's shared libraries are not executable

readonly alb=$work/tree/debian/alb
cargo build --quiet --locked --release --package alb-cli --bin alb
install -D -s -m 755 "$target/release/alb" "$alb/usr/bin/alb"
"$alb/usr/bin/alb" man "$alb/usr/share/man/man1"
gzip -9n "$alb"/usr/share/man/man1/*.1
completions() { # completions SHELL PLACE
    mkdir -p "$(dirname "$alb/usr/share/$2")"
    "$alb/usr/bin/alb" completions "$1" >"$alb/usr/share/$2"
}
completions bash bash-completion/completions/alb
completions zsh zsh/vendor-completions/_alb
completions fish fish/vendor_completions.d/alb.fish
install -D -m 644 cli/systemd/alb-dns.service "$alb/lib/systemd/system/alb-dns.service"

# --- what dpkg knows of them -----------------------------------------------------------------------------------------------

export SOURCE_DATE_EPOCH=$date
cd "$work/tree"
cp "$source/packaging/deb/control" debian/control
cat >debian/changelog <<END
alternator-lb ($version-1) unstable; urgency=medium

  * Release $version: see changelog.gz.

 -- The libalternator_lb authors <maintainers@alternator-lb.invalid>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
{
    echo "libalternator_lb.so.$soname $library #MINVER#"
    sed -n 's/^\(alb_[a-z0-9_]*\) \([0-9.]*\)$/ \1@Base \2/p' "$source/tests/abi/exports.txt"
} >debian/$library.symbols

for package in "${packages[@]}"; do
    tree=debian/$package
    mkdir -p "$tree/DEBIAN" "$tree/usr/share/doc/$package"
    cp "$source/packaging/deb/copyright" "$tree/usr/share/doc/$package/copyright"
    cp debian/changelog "$tree/usr/share/doc/$package/changelog.Debian"
    cp "$source/CHANGELOG.md" "$tree/usr/share/doc/$package/changelog"
    gzip -9n "$tree"/usr/share/doc/"$package"/changelog*
done

echo "libalternator_lb $soname $library (>= $version)" >debian/$library/DEBIAN/shlibs
echo "activate-noawait ldconfig" >debian/$library/DEBIAN/triggers
# -c4: a symbol too many or too few is an error.
dpkg-gensymbols -c4 -q -p"$library" -v"$version" -Idebian/$library.symbols -Pdebian/$library -Odebian/$library/DEBIAN/symbols

for package in "${packages[@]}"; do
    tree=debian/$package
    mapfile -t programs < <(find "$tree" -type f \( -path '*/bin/*' -o -name '*.so.*' \))
    if [ ${#programs[@]} -gt 0 ]; then
        dpkg-shlibdeps --warnings=7 -x"$package" -Tdebian/"$package".substvars "${programs[@]}"
    fi
    chmod -R u=rwX,go=rX "$tree"
    (cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    touch debian/"$package".substvars
    echo "misc:Depends=" >>debian/"$package".substvars
    dpkg-gencontrol -p"$package" -P"$tree" -Tdebian/"$package".substvars -fdebian/files
    find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$output" >/dev/null
done
ls "$output"/*.deb
