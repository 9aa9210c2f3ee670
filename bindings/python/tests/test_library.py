"""Where the shared library comes from, and what is said when it cannot be used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import alternator_lb
from alternator_lb import LibraryNotFoundError, _library

SEEDS = ["127.0.0.1"]


def library() -> Path:
    return Path(os.environ.get(_library.ENVIRONMENT_VARIABLE) or _library.BUNDLED)


def compile_library(folder: Path, source: str) -> Path:
    path = folder / "other.so"
    (folder / "other.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", path, folder / "other.c"], check=True)
    return path


def test_versions_of_package_and_core_agree() -> None:
    assert _library.load().alb_version().decode() == alternator_lb.__version__


def test_explicit_path_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    path = library()
    monkeypatch.setenv(_library.ENVIRONMENT_VARIABLE, "/nonexistent/lib.so")
    alternator_lb.AlternatorLB(SEEDS, library_path=path).close()


def test_environment_comes_before_the_bundled_copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copied = shutil.copy(library(), tmp_path / "copy.so")
    monkeypatch.setattr(_library, "BUNDLED", tmp_path / "not a library")
    (tmp_path / "not a library").write_text("")
    monkeypatch.setenv(_library.ENVIRONMENT_VARIABLE, str(copied))
    alternator_lb.AlternatorLB(SEEDS).close()


def test_bundled_copy_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_library, "BUNDLED", Path(shutil.copy(library(), tmp_path)))
    monkeypatch.delenv(_library.ENVIRONMENT_VARIABLE, raising=False)
    alternator_lb.AlternatorLB(SEEDS).close()


def test_missing_everywhere_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_library, "BUNDLED", tmp_path / "none")
    monkeypatch.setattr(_library, "FILE_NAME", "libalternator_lb_that_is_nowhere.so")
    monkeypatch.delenv(_library.ENVIRONMENT_VARIABLE, raising=False)
    with pytest.raises(LibraryNotFoundError, match="not bundled, ALTERNATOR_LB_LIBRARY not set"):
        alternator_lb.AlternatorLB(SEEDS)


def test_named_library_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_library.ENVIRONMENT_VARIABLE, "/nonexistent/lib.so")
    with pytest.raises(LibraryNotFoundError, match=r"/nonexistent/lib\.so \(from ALTERNATOR_LB_LIBRARY\) cannot be loaded"):
        alternator_lb.AlternatorLB(SEEDS)


def test_other_library_is_refused(tmp_path: Path) -> None:
    path = compile_library(tmp_path, "int something_else(void) { return 1; }")
    with pytest.raises(LibraryNotFoundError, match="is not a library of alternator-lb"):
        alternator_lb.AlternatorLB(SEEDS, library_path=path)


def test_other_abi_version_is_refused(tmp_path: Path) -> None:
    from alternator_lb import _native

    functions = "".join(
        f"void {name}(void) {{}}\n" for name in _native.PROTOTYPES if name not in ("alb_abi_version", "alb_version")
    )
    path = compile_library(
        tmp_path, functions + 'unsigned alb_abi_version(void) { return 7; } const char *alb_version(void) { return "9.9"; }'
    )
    with pytest.raises(LibraryNotFoundError, match=r"version 9\.9\) speaks ABI version 7, this package needs 1") as caught:
        alternator_lb.AlternatorLB(SEEDS, library_path=path)
    assert caught.value.code == "ALB_ERR_ABI_MISMATCH"


def test_import_and_picking_need_no_boto3() -> None:
    program = (
        "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None\n"
        "import alternator_lb\n"
        "with alternator_lb.AlternatorLB(['127.0.0.1'], refresh='manual') as lb: print(lb.next_node())\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "http://127.0.0.1:8000\n"


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (
            "AlternatorLB(['127.0.0.1'], refresh='manual').new_dynamodb_client()",
            "new clients need boto3 (pip install",
        ),
        (
            "import alternator_lb; alternator_lb.AsyncAlternatorLB",
            "AsyncAlternatorLB needs aiobotocore (pip install",
        ),
        ("AsyncHelper", "name 'AsyncHelper' is not defined"),
    ],
)
def test_what_is_not_installed_is_named_when_it_is_needed(use: str, said: str) -> None:
    missing = "import sys; sys.modules['boto3'] = sys.modules['botocore'] = sys.modules['aiobotocore'] = None\n"
    program = missing + "from alternator_lb import *\n" + use
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert said in done.stderr.splitlines()[-1]
