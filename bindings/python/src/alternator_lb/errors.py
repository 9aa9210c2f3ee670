"""What can go wrong, as exceptions.

Each carries the core's `status` (a negative number) and `code` (its name, as in the C header), so that a program can tell
causes apart without reading messages. Errors found in Python, before the core was asked, use the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

ABI_MISMATCH: Final = -2
BAD_VALUE: Final = -4
NO_NODES: Final = -5
INVALID_ARGUMENT: Final = -1
UNKNOWN_OPTION: Final = -3
TIMEOUT: Final = -7
UNREACHABLE: Final = -8
SCOPE_UNKNOWN: Final = -11
IO: Final = -14

_CONFIGURATION: Final = frozenset({INVALID_ARGUMENT, UNKNOWN_OPTION, BAD_VALUE, SCOPE_UNKNOWN, IO})


class AlternatorError(RuntimeError):
    """Base of every error this package raises."""

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def __reduce__(self) -> tuple[type[AlternatorError], tuple[str, int, str], dict[str, object]]:
        return type(self), (str(self), self.status, self.code), vars(self)


class ConfigurationError(AlternatorError, ValueError):
    """An option, a value or a combination that is not accepted, or a datacenter or rack the cluster does not know."""


class NoNodesAvailableError(AlternatorError):
    """No node is known that a request could be sent to; where known: in which scope, who was asked, and the last list."""

    def __init__(
        self,
        message: str,
        status: int = NO_NODES,
        code: str = "ALB_ERR_NO_NODES",
        *,
        scope_name: str | None = None,
        attempted_hosts: Sequence[str] = (),
        last_known_nodes: Sequence[str] = (),
    ) -> None:
        super().__init__(message, status, code)
        self.scope_name = scope_name
        self.attempted_hosts = list(attempted_hosts)
        self.last_known_nodes = list(last_known_nodes)


class LibraryNotFoundError(AlternatorError):
    """The shared library of the core was not found, could not be loaded, or speaks another ABI version."""


class ClosedError(AlternatorError):
    """The balancer was used after `close()`."""


def bad_value(message: str) -> ConfigurationError:
    """An error of the caller that Python can see without asking the core."""
    return ConfigurationError(message, BAD_VALUE, "ALB_ERR_BAD_VALUE")


def closed(what: str) -> ClosedError:
    return ClosedError(f"this {what} is closed", INVALID_ARGUMENT, "ALB_ERR_INVALID_ARGUMENT")


def no_nodes() -> NoNodesAvailableError:
    return NoNodesAvailableError("no node is known that a request could be sent to")


def from_status(status: int, code: str, message: str) -> AlternatorError:
    """The exception for a negative status of the core."""
    if status in _CONFIGURATION:
        return ConfigurationError(message, status, code)
    if status == NO_NODES:
        return NoNodesAvailableError(message, status, code)
    return AlternatorError(message, status, code)
