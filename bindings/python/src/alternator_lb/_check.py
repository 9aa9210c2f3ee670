"""Checks of arguments, where Python sees more than the core, which gets all values as text.

Each gives the value, or raises a ConfigurationError with the argument's name, its value and what is accepted.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar

from .errors import ConfigurationError, bad_value

_T = TypeVar("_T")
_Path = TypeVar("_Path", bound="str | os.PathLike[str]")


def refused(name: str, value: object, accepted: str) -> ConfigurationError:
    return bad_value(f"{name}={value!r} is not accepted: {accepted}")


def number(name: str, value: int, *, at_least: int, at_most: int | None = None) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and at_least <= value and (at_most is None or value <= at_most):
        return value
    accepted = f"from {at_least} to {at_most}" if at_most is not None else f"of {at_least} or more"
    raise refused(name, value, f"a whole number {accepted}")


def seconds(name: str, value: float) -> float:
    """A length of time, above 0."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return value
    raise refused(name, value, "seconds, above 0")


def timeout(name: str, value: float) -> float:
    """The longest wait, 0 for none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return value
    raise refused(name, value, "seconds, 0 or more")


def flag(name: str, value: bool) -> bool:
    if isinstance(value, bool):
        return value
    raise refused(name, value, "True or False")


def text(name: str, value: str, accepted: str = "a text that is not empty") -> str:
    if isinstance(value, str) and value:
        return value
    raise refused(name, value, accepted)


def texts(name: str, values: Iterable[str], accepted: str) -> tuple[str, ...]:
    """Several, each of them a text."""
    if not isinstance(values, (str, bytes)) and isinstance(values, Iterable):
        listed = tuple(values)
        if all(isinstance(value, str) for value in listed):
            return listed
        values = listed
    raise refused(name, values, accepted)


def mapping(name: str, value: Mapping[str, Any] | None, accepted: str, kinds: tuple[type, ...] = (str,)) -> dict[str, Any]:
    """Texts with values of these kinds; nothing for None."""
    if value is None:
        return {}
    if isinstance(value, Mapping) and all(
        isinstance(key, str) and isinstance(each, kinds) and not isinstance(each, bool) for key, each in value.items()
    ):
        return dict(value)
    raise refused(name, value, accepted)


def path(name: str, value: _Path | None, *, optional: bool = True) -> _Path | None:
    if (value is None and optional) or isinstance(value, (str, os.PathLike)):
        return value
    raise refused(name, value, "the path of a file")


def function(name: str, value: _T | None) -> _T | None:
    if value is None or callable(value):
        return value
    raise refused(name, value, "a function")


def member(name: str, value: object, kind: type[Enum]) -> None:
    if not isinstance(value, kind):
        raise refused(name, value, f"a member of {kind.__name__}")


def instance(name: str, value: _T | None, kind: type[Any]) -> _T | None:
    if value is not None and not isinstance(value, kind):
        raise refused(name, value, f"a {kind.__name__}")
    return value


def needed(name: str, value: _T, kind: type[Any]) -> _T:
    """An instance that must be there."""
    if not isinstance(value, kind):
        raise refused(name, value, f"a {kind.__name__}")
    return value
