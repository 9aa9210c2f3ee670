"""The wheel: what is in it, that it works where nothing else is, and what is said when it cannot be built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cluster import ROOT

import alternator_lb
from alternator_lb import _library

PACKAGE = ROOT / "bindings" / "python"


def build(package: Path, into: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Builds with the tools installed here, so that no package index is needed."""
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(into), str(package)]
    inherited = {name: value for name, value in os.environ.items() if name != "ALTERNATOR_LB_LIBRARY_BUILD"}
    return subprocess.run(command, env={**inherited, **environment}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("wheel")
    library = os.environ.get(_library.ENVIRONMENT_VARIABLE) or str(_library.BUNDLED)
    before = source_tree()
    done = build(PACKAGE, into, ALTERNATOR_LB_LIBRARY_BUILD=library)
    assert done.returncode == 0, done.stdout + done.stderr
    assert source_tree() == before, "building left something in the source tree"
    (built,) = into.iterdir()
    return built


def source_tree() -> set[Path]:
    return {path for path in PACKAGE.rglob("*") if "cache" not in str(path)}


def test_wheel_is_for_any_python_of_this_platform(wheel: Path) -> None:
    assert wheel.name.startswith(f"alternator_lb-{alternator_lb.__version__}-py3-none-")
    assert not wheel.name.endswith("-any.whl")


def test_wheel_holds_the_package_and_the_library_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = archive.read(f"alternator_lb-{alternator_lb.__version__}.dist-info/METADATA").decode()
    sources = {f"alternator_lb/{path.name}" for path in (PACKAGE / "src" / "alternator_lb").iterdir() if path.is_file()}
    assert names == sources | {f"alternator_lb/{_library.FILE_NAME}"}
    assert "Requires-Python: >=3.10" in metadata
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert required == []


def test_wheel_works_in_a_venv_that_has_nothing_else(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel], check=True)
    program = "import alternator_lb; print(alternator_lb.AlternatorLB(['127.0.0.1'], refresh='manual').next_node())"
    clean = {"PATH": os.environ["PATH"]}
    done = subprocess.run([python, "-c", program], env=clean, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "http://127.0.0.1:8000\n"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ALTERNATOR_LB_LIBRARY_BUILD": "/nonexistent.so"}, "ALTERNATOR_LB_LIBRARY_BUILD=/nonexistent.so is not a file"),
        ({"PATH": "/nonexistent"}, "cargo was not found"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, environment: dict[str, str], said: str) -> None:
    done = build(PACKAGE, tmp_path, **environment)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_missing_sources_of_the_core_are_named(tmp_path: Path) -> None:
    alone = tmp_path / "a" / "b" / "python"
    ignore: Any = shutil.ignore_patterns("*cache*")
    shutil.copytree(PACKAGE, alone, ignore=ignore)
    done = build(alone, tmp_path / "out")
    assert done.returncode != 0
    assert f"the sources of the core were not found at {tmp_path / 'a'}" in done.stdout + done.stderr
