"""Build hook: puts the core's shared library into the wheel, and the core's sources into the sdist.

The library is built with cargo (profile `dist`) from the crate this package lives in, or from its copy in an sdist, or is taken
from ALTERNATOR_LB_LIBRARY_BUILD when that names a file built before. Nothing is written into the source tree: cargo's target
directory is the crate's own or CARGO_TARGET_DIR, and the archives take the files from there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PREBUILT = "ALTERNATOR_LB_LIBRARY_BUILD"
LIBRARY = "libalternator_lb.dylib" if sys.platform == "darwin" else "libalternator_lb.so"
PACKAGE = "alternator-lb"
# Where an sdist has the core.
CORE = "core"


class CoreBuildHook(BuildHookInterface[Any]):
    """Called by hatchling for each wheel and each sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "sdist":
            self._unpacked = tempfile.TemporaryDirectory()
            build_data["force_include"][str(_sources(Path(self.root), Path(self._unpacked.name)))] = CORE
            return
        if version == "editable":
            self.app.display_info(f"editable install: set ALTERNATOR_LB_LIBRARY to a {LIBRARY} at run time")
            return
        library = _prebuilt() or _build(Path(self.root))
        build_data["force_include"][str(library)] = f"alternator_lb/{LIBRARY}"
        build_data["pure_python"] = False
        # ctypes needs no particular Python, but the library is of this platform.
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self.target_name == "sdist":
            self._unpacked.cleanup()


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
    if manifest.parent.name == CORE:
        # Files of an archive are old, and cargo goes by time: another build in the same target directory would pass for this one.
        (manifest.parent / "src" / "lib.rs").touch()
    print(f"building the core: cargo build --profile dist, of {manifest}", file=sys.stderr, flush=True)
    # Cargo's own progress goes to stderr, which `pip -v` shows as it comes; its messages name the files it made.
    messages = _cargo(manifest, "build", "--locked", "--profile", "dist", "--lib", "--message-format", "json-render-diagnostics")
    for line in messages.splitlines():
        for name in json.loads(line).get("filenames", ()):
            if Path(name).name == LIBRARY:
                return Path(name)
    raise SystemExit(f"cargo built {PACKAGE} but reported no {LIBRARY}")


def _sources(package: Path, into: Path) -> Path:
    """A folder with the core's sources, as cargo would publish them; below `into` where they have to be gathered."""
    copied = package / CORE
    if copied.is_dir():
        return copied
    manifest = _manifest(package)
    _cargo(manifest, "package", "--locked", "--no-verify", "--allow-dirty", "--quiet", "--target-dir", str(into / "target"))
    (crate,) = (into / "target" / "package").glob("*.crate")
    with tarfile.open(crate) as archive:
        # Pythons that know filters warn when none is named; older ones know none.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(into / "crate")
    (gathered,) = (into / "crate").iterdir()
    for of_this_checkout in (".cargo_vcs_info.json", "Cargo.toml.orig"):
        (gathered / of_this_checkout).unlink(missing_ok=True)
    # Wherever the sdist is unpacked, cargo is not to take it for a part of a workspace around it.
    with (gathered / "Cargo.toml").open("a", encoding="utf-8") as text:
        text.write("\n[workspace]\n")
    return gathered


def _cargo(manifest: Path, command: str, *arguments: str) -> str:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise SystemExit(
            f"cargo was not found: building {PACKAGE} from source needs a Rust toolchain (https://rustup.rs), "
            f"or {PREBUILT} naming a {LIBRARY}"
        )
    done = subprocess.run(
        [cargo, command, "--package", PACKAGE, "--manifest-path", str(manifest), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"cargo {command} failed for {PACKAGE} (exit status {done.returncode}): see its messages above")
    return done.stdout


def _manifest(package: Path) -> Path:
    """The Cargo.toml of the core: in an sdist beside this file, in the repository two levels up."""
    for manifest in (package / CORE / "Cargo.toml", package.parent.parent / "Cargo.toml"):
        if manifest.is_file() and f'name = "{PACKAGE}"' in manifest.read_text(encoding="utf-8"):
            return manifest
    raise SystemExit(
        f"the sources of the core were not found at {package.parent.parent}: install from a full checkout of the repository or "
        f"from an sdist, or set {PREBUILT} to a {LIBRARY} built from it"
    )
