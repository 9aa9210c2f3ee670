"""Finds and loads the shared library of the core.

Order: the path given, the environment variable ALTERNATOR_LB_LIBRARY, the copy inside this package, the system. A path that
was asked for and does not load is an error, never a reason to try the next one. The ABI version is checked before use.
"""

from __future__ import annotations

import os
import sys
from ctypes import CDLL
from pathlib import Path
from typing import Final

from . import _check, _native, errors

ENVIRONMENT_VARIABLE: Final = "ALTERNATOR_LB_LIBRARY"
FILE_NAME: Final = "libalternator_lb.dylib" if sys.platform == "darwin" else "libalternator_lb.so"
BUNDLED: Final = Path(__file__).with_name(FILE_NAME)


def load(path: str | os.PathLike[str] | None = None) -> CDLL:
    """Loads the library and checks that it is the one this package was written for."""
    name, origin = _choose(path)
    try:
        # CDLL, not PyDLL: choosing a node may run a bounded discovery step, during which other threads must go on.
        library = CDLL(name)
    except OSError as error:
        raise _not_usable(f"{name} ({origin}) cannot be loaded: {error}") from error
    try:
        _native.declare(library)
    except AttributeError as error:
        raise _not_usable(f"{name} ({origin}) is not a library of alternator-lb: {error}") from error
    abi = library.alb_abi_version()
    if abi != _native.ABI_VERSION:
        raise errors.LibraryNotFoundError(
            f"{name} ({origin}, version {library.alb_version().decode()}) speaks ABI version {abi}, "
            f"this package needs {_native.ABI_VERSION}: install matching versions of both",
            errors.ABI_MISMATCH,
            "ALB_ERR_ABI_MISMATCH",
        )
    return library


def _choose(path: str | os.PathLike[str] | None) -> tuple[str, str]:
    if path is not None:
        _check.path("library_path", path)
        return os.fspath(path), "library_path"
    if from_environment := os.environ.get(ENVIRONMENT_VARIABLE):
        return from_environment, f"from {ENVIRONMENT_VARIABLE}"
    if BUNDLED.exists():
        return str(BUNDLED), "bundled"
    return FILE_NAME, f"not bundled, {ENVIRONMENT_VARIABLE} not set, so searched for in the system"


def _not_usable(message: str) -> errors.LibraryNotFoundError:
    return errors.LibraryNotFoundError(message, errors.IO, "ALB_ERR_IO")
