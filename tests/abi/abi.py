#!/usr/bin/env python3
"""Holds the C ABI to what the first release of each ABI version had: types, signatures, numbers, and a program built against it.

    abi.py check [--library DIR]    with the directory of libalternator_lb.so: also runs the old program against it
    abi.py dump                     writes 0.1/ anew, from include/alternator_lb.h; to be reviewed, and not after the release

The dump is that of a shared library with a function of each prototype in the header and nothing in it. So it tells the ABI as C has
it and no more: the core's own debugging information would describe Rust's types, private ones included. That the core exports these
functions is checked by tests/c/check_library.py, that their Rust side has these types by tests/generated.rs.
"""
import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests/c"))

import header  # noqa: E402 (found by the line above)

FIRST = HERE / "0.1"
FIRST_HEADER = FIRST / "alternator_lb.h"
FIRST_DUMP = FIRST / "libalternator_lb.abi"
HEADER = ROOT / "include/alternator_lb.h"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def needs(tool: str, package: str) -> None:
    if shutil.which(tool) is None:
        sys.exit(f"abi.py: {tool} is missing (Debian package {package}); `bash scripts/tools.sh test` installs it")


def library_of(header_file: Path, directory: Path) -> Path:
    """A shared library with the header's functions, compiled with debugging information for abidw."""
    lines = ["#include <alternator_lb.h>"]
    for function in header.functions(header_file):
        parameters = ", ".join(f"{parameter.type} {parameter.name}" for parameter in function.parameters) or "void"
        unused = "".join(f" (void){parameter.name};" for parameter in function.parameters)
        result = "" if function.result == "void" else " return 0;"
        lines.append(f"{function.result} {function.name}({parameters}) {{{unused}{result} }}")
    source, library = directory / "abi.c", directory / "libalternator_lb.so"
    source.write_text("\n".join(lines) + "\n")
    run("cc", "-std=c11", *WARNINGS, "-g", "-O0", "-fno-eliminate-unused-debug-types", "-shared", "-fPIC",
        "-Wl,-soname,libalternator_lb.so.0", f"-ffile-prefix-map={directory}=.", f"-ffile-prefix-map={header_file.parent}=include",
        "-I", header_file.parent, source, "-o", library)  # fmt: skip
    return library


def dump(directory: Path) -> None:
    needs("abidw", "abigail-tools")
    FIRST.mkdir(exist_ok=True)
    # Without comments, which may go on getting better.
    FIRST_HEADER.write_text(run("cc", "-fpreprocessed", "-dD", "-E", "-P", HEADER))
    # Neither where it was compiled nor by what belongs to the ABI.
    quiet = ["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs"]
    run("abidw", *quiet, "--out-file", FIRST_DUMP, library_of(HEADER, directory))
    text = FIRST_DUMP.read_text()
    FIRST_DUMP.write_text(re.sub(r" path='[^']*'", " path='abi.c'", text))
    print(f"{FIRST_DUMP.relative_to(ROOT)}: {len(text)} bytes")


def check_types_and_signatures(directory: Path) -> None:
    needs("abidiff", "abigail-tools")
    if platform.machine() != "x86_64":
        print(f"not compared: the stored dump is that of x86_64, not {platform.machine()}")
        return
    # A struct that grows at its end, as it may, is reported too: abidiff can suppress that only together with changes that break.
    # It is then for a person to read the report, and to give abidiff a suppression for that one struct.
    run("abidiff", "--no-added-syms", FIRST_DUMP, library_of(HEADER, directory))
    print("ok: types and signatures are those of the stored dump; functions are only added")


def numbers(header_file: Path) -> dict[str, str]:
    macros = run("cc", "-E", "-dM", header_file)
    return dict(re.findall(r"^#define (ALB_\w+) (-?\w+)$", macros, flags=re.M))


def check_numbers() -> None:
    then, now = numbers(FIRST_HEADER), numbers(HEADER)
    if len(then) < 50:
        sys.exit(f"only {len(then)} numbers in {FIRST_HEADER}")
    changed = [f"{name} was {value} and is {now.get(name)}" for name, value in then.items() if now.get(name) != value]
    if changed:
        sys.exit("\n".join(changed))
    print(f"ok: all {len(then)} numbers are as they were")


def check_old_program(directory: Path, library: Path) -> None:
    program = directory / "old_program"
    run("cc", "-std=c99", *WARNINGS, "-I", FIRST, HERE / "old_program.c", "-o", program, "-L", library, "-lalternator_lb")
    print(run(program, env={**os.environ, "LD_LIBRARY_PATH": str(library)}).strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["check", "dump"])
    parser.add_argument("--library", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        if arguments.command == "dump":
            dump(directory)
            return
        check_types_and_signatures(directory)
        check_numbers()
        if arguments.library:
            check_old_program(directory, arguments.library)


if __name__ == "__main__":
    main()
