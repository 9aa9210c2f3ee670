"""What the core tells, as records of the logger `alternator`.

What went wrong is a warning, what did not work at all an error, the rest information; the list of nodes and each routing
decision are for debugging.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ._core import Core

_LEVELS: Final = {
    **dict.fromkeys(("ask_failed", "entries_skipped", "fell_back", "node_set_aside", "table_key_failed"), logging.WARNING),
    **dict.fromkeys(("refresh_failed", "thread_failed"), logging.ERROR),
}

logger = logging.getLogger("alternator")
# Silent until the program configures logging.
logger.addHandler(logging.NullHandler())


def write(event: dict[str, Any]) -> None:
    """Writes one event; the whole of it is the record's attribute `event`."""
    what = " ".join(filter(None, (event["kind"].replace("_", " "), event["at"])))
    level = _LEVELS.get(event["kind"], logging.INFO)
    logger.log(level, "%s: %s (scope %s)", what, event["reason"], event["scope"], extra={"event": event})


def write_nodes(core: Core) -> None:
    if logger.isEnabledFor(logging.DEBUG):
        logger.debug("nodes: %s", ", ".join(core.nodes()))
