"""Events of the core as records of the logger `alternator_lb`: what went wrong as warnings, the rest as information."""

from __future__ import annotations

import logging
from typing import Any, Final

_WARNINGS: Final = frozenset({"ask_failed", "entries_skipped", "fell_back", "node_set_aside", "refresh_failed", "thread_failed"})

logger = logging.getLogger("alternator_lb")
# Silent until the program configures logging.
logger.addHandler(logging.NullHandler())


def write(event: dict[str, Any]) -> None:
    """Writes one event; the whole of it is the record's attribute `event`."""
    level = logging.WARNING if event["kind"] in _WARNINGS else logging.INFO
    what = " ".join(filter(None, (event["kind"].replace("_", " "), event["at"])))
    logger.log(level, "%s: %s (scope %s)", what, event["reason"], event["scope"], extra={"event": event})
