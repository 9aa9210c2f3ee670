"""Uses an installed library as strangers do: C and C++ programs, shared and static, found by find_package and by pkg-config.

    consumers.py PREFIX     where the library was installed to; /usr for the system's own place
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = {"c": HERE.parent / "c/consumer/consumer.c", "cpp": HERE / "consumer/consumer.cpp"}
COMPILERS = {"c": ["cc"], "cpp": ["c++", "-std=c++17"]}


def run(*command: str | Path, **more: str) -> str:
    """Standard output of a command that must succeed; `more` goes into its environment."""
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **more})
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def library_directory(prefix: Path) -> Path:
    found = sorted(prefix.glob("lib/**/libalternator_lb.so")) + sorted(prefix.glob("lib64/libalternator_lb.so"))
    if not found:
        sys.exit(f"no libalternator_lb.so below {prefix}")
    return found[0].parent


def check_program(program: Path, shared: bool, **environment: str) -> None:
    needed = re.search(r"NEEDED.*\[libalternator_lb\.so\.0\]", run("readelf", "-d", program)) is not None
    if needed != shared:
        sys.exit(f"{program.name} {'needs' if needed else 'does not need'} libalternator_lb.so.0")
    answer = run(program, **environment)
    if " picks http://127.0.0." not in answer:
        sys.exit(f"{program.name} answers {answer}")
    print(f"ok: {program.name}: {answer.strip()}")


def by_find_package(prefix: Path, directory: Path, **environment: str) -> None:
    where = [] if prefix == Path("/usr") else [f"-DCMAKE_PREFIX_PATH={prefix}"]
    run("cmake", "-S", HERE / "consumer", "-B", directory, *where)
    run("cmake", "--build", directory)
    package = re.search(r"AlternatorLB_DIR:PATH=(.*)", (directory / "CMakeCache.txt").read_text())
    if package is None or not Path(package[1]).is_relative_to(prefix):
        sys.exit(f"find_package did not look in {prefix}: {package and package[1]}")
    for language in SOURCES:
        for kind in ("shared", "static"):
            check_program(directory / f"{language}_{kind}", kind == "shared", **environment)


def by_pkg_config(prefix: Path, directory: Path, **environment: str) -> None:
    where = {} if prefix == Path("/usr") else {"PKG_CONFIG_PATH": str(library_directory(prefix) / "pkgconfig")}
    for language, source in SOURCES.items():
        for kind, link, ask in (("shared", [], []), ("static", ["-static"], ["--static"])):
            flags = run("pkg-config", *ask, "--cflags", "--libs", "alternator_lb", **where).split()
            program = directory / f"{language}_{kind}_by_pkg_config"
            run(*COMPILERS[language], *link, source, "-o", program, *flags)
            check_program(program, kind == "shared", **environment)


def use(prefix: Path) -> None:
    # Only the system's own place is known to the dynamic linker.
    environment = {} if prefix == Path("/usr") else {"LD_LIBRARY_PATH": str(library_directory(prefix))}
    with tempfile.TemporaryDirectory() as name:
        by_find_package(prefix, Path(name) / "cmake", **environment)
        by_pkg_config(prefix, Path(name), **environment)


if __name__ == "__main__":
    use(Path(sys.argv[1]).resolve())
