#!/usr/bin/env python3
"""Builds the Debian packages twice, looks at them, installs them on this machine, uses what they installed, and removes them again.

    deb_test.py VERSION

Installing needs root, or sudo that asks for nothing, and that no package of the same name is installed already. Where that is not
so, it is said, and the packages are unpacked and used from there instead. What was installed is removed also when a check fails.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from consumers import COMPILERS, SOURCES, run, use

ROOT = Path(__file__).resolve().parent.parent.parent
LIBRARY, DEVELOPMENT, COMMAND = "libalternator-lb0", "libalternator-lb-dev", "alb"
APT = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "APT::Sandbox::User=root"]


def expect(holds: object, what: str) -> None:
    if not holds:
        sys.exit(f"not so: {what}")


def build(directory: Path) -> dict[str, Path]:
    run(ROOT / "packaging/deb/build.sh", directory)
    return {package.name.split("_")[0]: package for package in sorted(directory.glob("*.deb"))}


def field(package: Path, name: str) -> str:
    return run("dpkg-deb", "--field", package, name).strip()


def control_file(package: Path, name: str) -> str:
    with tempfile.TemporaryDirectory() as directory:
        run("dpkg-deb", "--control", package, directory)
        return (Path(directory) / name).read_text()


def contents(package: Path) -> list[str]:
    """The paths of its files and links, and of the directories that are its own."""
    lines = run("dpkg-deb", "--contents", package).splitlines()
    paths = [line.split(maxsplit=5)[5].split(" -> ")[0].removeprefix(".") for line in lines]
    return [path for path in paths if not path.endswith("/") or re.search(r"alternator|/alb/", path, flags=re.I)]


def look_at(packages: dict[str, Path], version: str) -> None:
    library, development = packages[LIBRARY], packages[DEVELOPMENT]
    for package in packages.values():
        expect(field(package, "Version") == f"{version}-1", f"{package.name} has the version {version}-1")
        owners = {line.split()[1] for line in run("dpkg-deb", "--contents", package).splitlines()}
        expect(owners == {"root/root"}, f"files are root's: {owners}")
    expect(re.search(r"libc6 \(>= ", field(library, "Depends")), "the library depends on a libc6")
    expect(field(development, "Depends") == f"{LIBRARY} (= {version}-1)", "headers go with one version of the library")
    expect("activate-noawait ldconfig" in control_file(library, "triggers"), "the linker's cache is told")
    expect(f"libalternator_lb 0 {LIBRARY} (>= {version})" in control_file(library, "shlibs"), "shlibs")
    symbols = re.findall(r"^ (alb_\w+)@Base ([\d.]+)$", control_file(library, "symbols"), flags=re.M)
    listed = re.findall(r"^(alb_\w+) ([\d.]+)$", (ROOT / "tests/abi/exports.txt").read_text(), flags=re.M)
    expect(sorted(symbols) == sorted(listed), "the symbols file is the list of exports")
    expect([path for path in contents(library) if path.endswith(f".so.{version}")], "the library is there")
    for name in ("alternator_lb.h", "alternator_lb.hpp", "libalternator_lb.a", "libalternator_lb.so", "alternator_lb.pc",
                 "AlternatorLBConfig.cmake"):  # fmt: skip
        expect([path for path in contents(development) if path.endswith(f"/{name}")], f"{name} is in {DEVELOPMENT}")
    for name in ("/usr/bin/alb", "/usr/share/man/man1/alb.1.gz", "/lib/systemd/system/alb-dns.service",
                 "/usr/share/bash-completion/completions/alb"):  # fmt: skip
        expect(name in contents(packages[COMMAND]), f"{name} is in {COMMAND}")
    print(f"ok: {', '.join(sorted(packages))} are as they should be")


def why_not_installed(packages: dict[str, Path]) -> str:
    asks = shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode != 0
    if os.getuid() != 0 and asks:
        return "installing needs root, or sudo without a password"
    for name in packages:
        if subprocess.run(["dpkg-query", "--show", name], capture_output=True).returncode == 0:
            return f"a package {name} is known to this machine already, and is not ours to remove"
    left = [path for package in packages.values() for path in contents(package) if os.path.lexists(path)]
    if left:
        return f"{left[0]} stands in the way, and belongs to no package"
    return ""


def as_root(*command: str | Path) -> str:
    return run(*([] if os.getuid() == 0 else ["sudo", "-n"]), *command, DEBIAN_FRONTEND="noninteractive")


def knows_library() -> bool:
    return "libalternator_lb.so.0" in run("/sbin/ldconfig", "--print-cache")


def install_use_remove(packages: dict[str, Path], version: str) -> None:
    try:
        as_root(*APT, "install", "--no-install-recommends", *packages.values())
        expect(knows_library(), "the linker's cache knows the library, which is the trigger's work")
        for name in packages:
            expect(run("dpkg", "--verify", name) == "", f"{name} is installed as it was packed")
        use(Path("/usr"))
        check_dependency_of_others(version)
        expect(version in run("alb", "--version"), "alb runs")
        check_unit()
    finally:
        as_root(*APT, "purge", *packages)
    for name, package in packages.items():
        expect(subprocess.run(["dpkg-query", "--show", name], capture_output=True).returncode != 0, f"dpkg has forgotten {name}")
        left = [path for path in contents(package) if os.path.lexists(path)]
        expect(not left, f"nothing is left of {name}: {left}")
    expect(not knows_library(), "the linker's cache has forgotten the library")
    print("ok: installed, used, removed, and nothing is left")


def check_dependency_of_others(version: str) -> None:
    """A package built against ours gets its dependency from the symbols file."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "debian").mkdir()
        (directory / "debian/control").write_text("Source: other\n\nPackage: other\nArchitecture: any\n")
        run(*COMPILERS["c"], SOURCES["c"], "-o", directory / "other", "-lalternator_lb")
        done = subprocess.run(["dpkg-shlibdeps", "-O", "other"], cwd=directory, capture_output=True, text=True)
        expect(f"{LIBRARY} (>= {version})" in done.stdout, f"a program of others depends on {LIBRARY}: {done.stdout}{done.stderr}")
    print(f"ok: a program of others depends on {LIBRARY} (>= {version})")


def check_unit() -> None:
    if shutil.which("systemd-analyze") is None:
        print("systemd-analyze is not here: the unit is not checked by it")
        return
    run("systemd-analyze", "verify", "/lib/systemd/system/alb-dns.service")
    print("ok: systemd accepts the unit")


def main() -> None:
    version = sys.argv[1]
    if shutil.which("dpkg-shlibdeps") is None:
        print("dpkg-dev is not here: the Debian packages are neither built nor checked")
        return
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        packages = build(directory / "first")
        again = build(directory / "second")
        for name, package in packages.items():
            expect(package.read_bytes() == again[name].read_bytes(), f"{package.name} is the same file when it is built again")
        print("ok: built twice, the same files")
        look_at(packages, version)
        reason = why_not_installed(packages)
        if not reason:
            directory.chmod(0o755)
            install_use_remove(packages, version)
            return
        print(f"NOT installed on this machine: {reason}. Unpacked and used from there instead.")
        for package in packages.values():
            run("dpkg-deb", "--extract", package, directory / "root")
        use(directory / "root/usr")


if __name__ == "__main__":
    main()
