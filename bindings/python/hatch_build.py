"""Build hook: puts the core's shared library into the wheel.

It is built with cargo from the crate this package lives in (profile `dist`), or taken from ALTERNATOR_LB_LIBRARY_BUILD when
that names a file built before. Nothing is written into the source tree: cargo's target directory is the crate's own or
CARGO_TARGET_DIR, and the wheel takes the file from there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PREBUILT = "ALTERNATOR_LB_LIBRARY_BUILD"
LIBRARY = "libalternator_lb.dylib" if sys.platform == "darwin" else "libalternator_lb.so"
PACKAGE = "alternator-lb"


class CoreBuildHook(BuildHookInterface[Any]):
    """Called by hatchling for each wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            self.app.display_info(f"editable install: set ALTERNATOR_LB_LIBRARY to a {LIBRARY} at run time")
            return
        library = _prebuilt() or _build(Path(self.root))
        build_data["force_include"][str(library)] = f"alternator_lb/{LIBRARY}"
        build_data["pure_python"] = False
        # ctypes needs no particular Python, but the library is of this platform.
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")


def _prebuilt() -> Path | None:
    named = os.environ.get(PREBUILT)
    if not named:
        return None
    library = Path(named).resolve()
    if not library.is_file():
        raise SystemExit(f"{PREBUILT}={named} is not a file: it must name a {LIBRARY}")
    return library


def _build(package: Path) -> Path:
    manifest = _manifest(package)
    cargo = shutil.which("cargo")
    if cargo is None:
        raise SystemExit(
            f"cargo was not found: building {PACKAGE} from source needs a Rust toolchain (https://rustup.rs), "
            f"or {PREBUILT} naming a {LIBRARY}"
        )
    command = [cargo, "build", "--profile", "dist", "--lib", "--package", PACKAGE, "--manifest-path", str(manifest)]
    print("building the core:", " ".join(command), file=sys.stderr, flush=True)
    # Cargo's own progress goes to stderr, which `pip -v` shows as it comes; its messages name the files it made.
    built = subprocess.run(
        [*command, "--message-format", "json-render-diagnostics"], stdout=subprocess.PIPE, text=True, check=False
    )
    if built.returncode != 0:
        raise SystemExit(f"cargo could not build {PACKAGE} (exit status {built.returncode}): see its messages above")
    for line in built.stdout.splitlines():
        for name in json.loads(line).get("filenames", ()):
            if Path(name).name == LIBRARY:
                return Path(name)
    raise SystemExit(f"cargo built {PACKAGE} but reported no {LIBRARY}")


def _manifest(package: Path) -> Path:
    """The Cargo.toml of the core: two levels up in the repository."""
    manifest = package.parent.parent / "Cargo.toml"
    if not manifest.is_file() or f'name = "{PACKAGE}"' not in manifest.read_text(encoding="utf-8"):
        raise SystemExit(
            f"the sources of the core were not found at {manifest.parent}: install from a full checkout of the repository, "
            f"or set {PREBUILT} to a {LIBRARY} built from it"
        )
    return manifest
