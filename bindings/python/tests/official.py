"""The official clients as the package index has them: what they document, and what they accept.

`make test-python` installs them, without their dependencies, into folders of their own: ALTERNATOR_OFFICIAL/1.0 and /2.0.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from cluster import ROOT

VERSIONS: Final = ("1.0", "2.0")

# Prints what the official package offers, by its own account.
_DESCRIBE: Final = """
import dataclasses, enum, inspect, json
import alternator
import alternator.async_client
def parameters(function):
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
found = {}
for name in alternator.__all__:
    thing = getattr(alternator, name)
    entry = found[name] = {"kind": "value"}
    if inspect.isclass(thing):
        entry["kind"] = "class"
        entry["members"] = {
            member: parameters(value) if inspect.isroutine(value) else None
            for member, value in inspect.getmembers(thing)
            if not member.startswith("_") and not issubclass(thing, BaseException)
        }
        if issubclass(thing, enum.Enum):
            entry["kind"] = "enum"
            entry["members"] = [member.name for member in thing]
        elif dataclasses.is_dataclass(thing):
            entry["kind"] = "dataclass"
            entry["fields"] = {
                field.name: repr(field.default) if isinstance(field.default, (int, float, str, bool, type(None))) else None
                for field in dataclasses.fields(thing) if not field.name.startswith("_")
            }
        elif "__init__" in vars(thing):
            entry["parameters"] = parameters(thing)
    elif inspect.isroutine(thing):
        entry["kind"] = "function"
        entry["parameters"] = parameters(thing)
print(json.dumps(found))
"""


def folder(version: str) -> Path:
    named = os.environ.get("ALTERNATOR_OFFICIAL")
    path = (Path(named) if named else ROOT / "build" / "official") / version
    if not (path / "alternator").is_dir():
        raise FileNotFoundError(
            f"the official client {version} is not at {path}: "
            f"`pip install --no-deps --target {path} 'alternator-client=={version}.*'` puts it there"
        )
    return path


@cache
def offered(version: str) -> dict[str, dict[str, Any]]:
    """Every public name of the package, with the parameters, fields and members it has."""
    environment = {**os.environ, "PYTHONPATH": str(folder(version)), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([sys.executable, "-c", _DESCRIBE], env=environment, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@cache
def readme(version: str) -> str:
    (metadata,) = folder(version).glob("*.dist-info/METADATA")
    return metadata.read_text(encoding="utf-8").split("\n\n", 1)[1]


def options(version: str) -> set[str]:
    """The names in the README's table of options."""
    section = readme(version).split("### Configuration Options")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))


def snippets(version: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", readme(version), flags=re.DOTALL | re.MULTILINE)
