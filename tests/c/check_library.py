#!/usr/bin/env python3
"""Checks what the built libraries show to the world. One check a call:

    check_library.py exports|soname|size|dependencies LIBALTERNATOR_LB_SO HEADER
    check_library.py archive                          LIBALTERNATOR_LB_A  HEADER

The exports are those of the header, and of the list in tests/abi/exports.txt that tells since when.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

import header

EXPORTS = Path(__file__).resolve().parent.parent / "abi/exports.txt"
MAX_BYTES = 4 * 1000 * 1000
# What a C program links anyway; nothing else may become a run-time dependency of it.
ALLOWED_NEEDED = re.compile(r"(libc|libgcc_s|libm|libpthread|libdl|ld-linux[-\w]*)\.so\.\d+")


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(*nm_options: str) -> set[str]:
    """Names from `nm --format=posix`, without symbol versions."""
    lines = output("nm", "--defined-only", "--format=posix", *nm_options).splitlines()
    return {line.split()[0].split("@")[0] for line in lines if len(line.split()) > 1}


def compare(found: set[str], header_file: Path) -> list[str]:
    declared = {function.name for function in header.functions(header_file)}
    return [f"not in the header: {name}" for name in sorted(found - declared)] + [
        f"not in the library: {name}" for name in sorted(declared - found)
    ]


def dynamic(library: Path, tag: str) -> list[str]:
    return re.findall(rf"\({tag}\).*\[(.*)\]", output("readelf", "-d", "--wide", str(library)))


def exports(library: Path, header_file: Path) -> list[str]:
    return compare(symbols("-D", str(library)), header_file) + compare_with_list(header_file)


def compare_with_list(header_file: Path) -> list[str]:
    """The list and the header have the same functions in the same order, and agree on the release that first had each."""
    listed = re.findall(r"^(alb_\w+) (\d+\.\d+)\.\d+$", EXPORTS.read_text(), flags=re.M)
    documented = re.findall(r"Since: (\d+\.\d+)\s*\*/\s[^;]*?\b(alb_\w+)\(", header_file.read_text())
    since = [(name, version) for version, name in documented]
    return [] if since == listed else [f"{EXPORTS.name} and header differ: {sorted(set(since) ^ set(listed)) or 'the order'}"]


def archive(library: Path, header_file: Path) -> list[str]:
    return compare(symbols("-g", str(library)), header_file)


def soname(library: Path, _header: Path) -> list[str]:
    found = dynamic(library, "SONAME")
    return [] if found == ["libalternator_lb.so.0"] else [f"SONAME is {found}"]


def size(library: Path, _header: Path) -> list[str]:
    actual = os.path.getsize(os.path.realpath(library))
    print(f"{actual} bytes")
    return [] if actual < MAX_BYTES else [f"{actual} bytes are not less than {MAX_BYTES}"]


def dependencies(library: Path, _header: Path) -> list[str]:
    return [f"needs {name}" for name in dynamic(library, "NEEDED") if not ALLOWED_NEEDED.fullmatch(name)]


def main() -> int:
    checks = {check.__name__: check for check in (exports, archive, soname, size, dependencies)}
    faults = checks[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
