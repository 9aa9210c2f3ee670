"""How long to wait after failed look-ups of a table's partition key."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from .errors import bad_value


@runtime_checkable
class Backoff(Protocol):
    """A policy of waiting. Stateless, shared by clients and threads, and it does not sleep itself."""

    def delay_seconds(self, attempt: int) -> float:
        """Seconds to wait after the failure number `attempt` in a row, the first being 1."""
        ...


@dataclass(frozen=True)
class ExponentialBackoff:
    """Doubles with each failure in a row."""

    initial_seconds: float = 1.0
    max_seconds: float = 60.0

    def __post_init__(self) -> None:
        for name in ("initial_seconds", "max_seconds"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and 0 <= value < math.inf):
                raise bad_value(f"{name}={value!r} is not accepted: seconds, 0 or more")
        if self.initial_seconds > self.max_seconds:
            raise bad_value(f"initial_seconds={self.initial_seconds!r} is more than max_seconds={self.max_seconds!r}")

    def delay_seconds(self, attempt: int) -> float:
        # Beyond 60 doublings the number no longer fits, and no maximum is so far away.
        return min(self.max_seconds, self.initial_seconds * 2.0 ** min(attempt - 1, 60))
