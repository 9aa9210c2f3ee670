#!/usr/bin/env python3
"""Looks at what `make dist` gathered: every file is there and has its checksum, and what can be used on this machine is used.

    dist_test.py DIST_DIR VERSION
"""
import fnmatch
import json
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

from consumers import run, use

ROOT = Path(__file__).resolve().parent.parent.parent
DIST, VERSION = Path(sys.argv[1]).resolve(), sys.argv[2]
PLATFORM = f"linux-{platform.machine()}"
EXPECTED = [
    f"libalternator_lb-{VERSION}-{PLATFORM}.tar.gz",
    f"libalternator_lb-{VERSION}-source.tar.gz",
    f"libalternator_lb-{VERSION}.cdx.json",
    f"alb-{VERSION}-{PLATFORM}.tar.gz",
    f"alb-{VERSION}.cdx.json",
    f"alternator_lb-{VERSION}-py3-none-*.whl",
    f"alternator_lb-{VERSION}.tar.gz",
    f"alternator-lb-go-{VERSION}-{PLATFORM}.tar.gz",
    f"libalternator-lb0_{VERSION}-1_*.deb",
    f"libalternator-lb-dev_{VERSION}-1_*.deb",
    f"alb_{VERSION}-1_*.deb",
    "SHA256SUMS",
] + ([f"alternator-lb-{VERSION}.jar", f"alternator-lb-{VERSION}-javadoc.jar"] if (ROOT / "bindings/java/pom.xml").exists() else [])
PICK = """
from alternator_lb import AlternatorLB
with AlternatorLB(["127.0.0.1", "127.0.0.2"], port=8000) as lb:
    print("nodes", lb.nodes)
"""


def expect(holds: object, what: str) -> None:
    if not holds:
        sys.exit(f"not so: {what}")


def the(pattern: str) -> Path:
    found = sorted(DIST.glob(pattern))
    expect(len(found) == 1, f"one file {pattern}, not {[path.name for path in found]}")
    return found[0]


def unpacked(pattern: str, directory: Path) -> Path:
    run("tar", "--extract", "--directory", directory, "--file", the(pattern))
    with tarfile.open(the(pattern)) as archive:
        return directory / archive.getnames()[0].split("/")[0]


def every_file_is_there_with_its_checksum() -> None:
    names = {path.name for path in DIST.iterdir()}
    for pattern in EXPECTED:
        the(pattern)
    strange = [name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in EXPECTED)]
    expect(not strange, f"nothing else: {strange}")
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=DIST, capture_output=True, text=True)
    expect(done.returncode == 0, f"checksums match: {done.stdout}{done.stderr}")
    listed = set(re.findall(r"^\w{64}  (.+)$", (DIST / "SHA256SUMS").read_text(), flags=re.M))
    expect(listed == names - {"SHA256SUMS"}, f"every file has a checksum: {listed ^ names}")


def the_library_is_used_from_where_it_was_unpacked(directory: Path) -> None:
    use(unpacked(f"libalternator_lb-*-{PLATFORM}.tar.gz", directory))


def the_command_runs(directory: Path) -> None:
    alb = unpacked(f"alb-*-{PLATFORM}.tar.gz", directory) / "usr/bin/alb"
    expect(VERSION in run(alb, "--version"), "alb tells its version")


def the_wheel_installs_without_anything_else(directory: Path) -> None:
    venv.create(directory / "venv", with_pip=True)
    python = directory / "venv/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", the("*.whl"))
    expect("127.0.0.1" in run(python, "-c", PICK), "the wheel's library knows its seeds")


def archives_hold_what_they_are_for(directory: Path) -> None:
    source = unpacked("libalternator_lb-*-source.tar.gz", directory)
    for name in ("Cargo.toml", "Cargo.lock", "LICENSE", "include/alternator_lb.h", "src/ffi/mod.rs"):
        expect((source / name).is_file(), f"{name} is in the source archive")
    with tarfile.open(the(f"alternator_lb-{VERSION}.tar.gz")) as sdist:
        expect([name for name in sdist.getnames() if name.endswith("core/Cargo.toml")], "the sdist has the core's sources")
    module = unpacked("alternator-lb-go-*.tar.gz", directory)
    core = list(module.glob("internal/core/lib/*/libalternator_lb.a"))
    expect((module / "go.mod").is_file() and core, "the Go module has its core")
    for jar in DIST.glob(f"alternator-lb-{VERSION}.jar"):
        natives = [name for name in zipfile.ZipFile(jar).namelist() if name.startswith(f"native/{PLATFORM}/")]
        expect(any(name.endswith(".so") for name in natives), "the jar has the native code of this platform")


def bills_of_materials_name_what_is_inside() -> None:
    locked = set(re.findall(r'^name = "(.*)"\nversion = "(.*)"$', (ROOT / "Cargo.lock").read_text(), flags=re.M))
    expected = {f"libalternator_lb-{VERSION}.cdx.json": ["rustls", "ureq"], f"alb-{VERSION}.cdx.json": ["clap", "rustls"]}
    for pattern, inside in expected.items():
        text = the(pattern).read_text()
        bill = json.loads(text)
        expect(bill["bomFormat"] == "CycloneDX" and bill["metadata"]["component"]["version"] == VERSION, f"{pattern} is CycloneDX")
        crates = {(component["name"], component["version"]) for component in bill["components"]}
        for crate in inside:
            expect(any(name == crate for name, _ in crates & locked), f"{crate}, as it is locked, is in {pattern}")
        expect(str(ROOT) not in text, f"{pattern} does not tell where it was made")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        for check in (
            every_file_is_there_with_its_checksum,
            the_library_is_used_from_where_it_was_unpacked,
            the_command_runs,
            the_wheel_installs_without_anything_else,
            archives_hold_what_they_are_for,
            bills_of_materials_name_what_is_inside,
        ):
            check(Path(name)) if check.__code__.co_argcount else check()
            print(f"ok: {check.__name__}")


if __name__ == "__main__":
    main()
