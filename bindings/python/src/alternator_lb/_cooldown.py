"""Waiting after failed look-ups of tables' partition keys by a policy of the user's, where that is more than the core waits."""

from __future__ import annotations

from time import monotonic

from ._core import Core
from .backoff import Backoff


class Cooldown:
    """Which table to describe next. Of threads that fail at the same time, one counts."""

    def __init__(self, policy: Backoff | None) -> None:
        self._policy = policy
        # By table: failures in a row, and when it may be asked again.
        self._failed: dict[str, tuple[int, float]] = {}

    def next_wanted(self, core: Core) -> str | None:
        """A table whose key the core wants, and that may be asked for now."""
        if self._policy is None:
            return core.next_wanted_table()
        now = monotonic()
        due = next((table for table, (_, until) in list(self._failed.items()) if until <= now), None)
        if due is not None:
            if core.table_key(due) is None:
                return due
            self.over(due)
        wanted = core.next_wanted_table()
        return None if wanted in self._failed else wanted

    def failed(self, table: str) -> None:
        if self._policy is not None:
            attempts = self._failed.get(table, (0, 0.0))[0] + 1
            self._failed[table] = attempts, monotonic() + self._policy.delay_seconds(attempts)

    def over(self, table: str) -> None:
        self._failed.pop(table, None)
