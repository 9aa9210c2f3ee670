"""A balancer of either kind, synchronous or asyncio: the core, what it tells, and its end.

Nothing here imports an SDK, starts a thread or holds a lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import _check, _library, _log, errors
from ._cooldown import Cooldown
from ._core import Core
from ._settings import Settings
from ._wire import Wire

if TYPE_CHECKING:
    from ._async_driver import Driver


class Balancer:
    """What `AlternatorLB`, `AsyncAlternatorLB` and the official client's classes have in common."""

    # What drives discovery on the running event loop, where something has to.
    driver: Callable[[], Driver] | None = None

    def __init__(self, settings: Settings, library_path: str | os.PathLike[str] | None = None) -> None:
        self._core: Core | None = Core(_library.load(library_path), settings.core.items())
        self._sdk = settings.sdk
        self.request_settings = settings.requests
        self.wire = Wire(self._core, settings.requests)
        self.blocks = settings.core.get("refresh.mode", "inline") == "inline"
        self.cooldown = Cooldown(settings.requests.describe_backoff)
        self._events_read = 0
        self._events_logged = 0
        self._generation_logged = 0

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name} closed>" if self._core is None else f"<{name} {', '.join(self._core.nodes())}>"

    def next_node(self) -> str:
        """The URL of the node for the next request, for HTTP clients that this package does not know."""
        return self.open_core().next_node()

    def next_host(self) -> str:
        """The host of the node for the next request, as a seed is given."""
        return self.open_core().next_host()

    def standing(self) -> list[tuple[str, bool]]:
        """The host of each node that requests are routed to, and whether it is set aside."""
        return self.open_core().standing()

    @property
    def nodes(self) -> list[str]:
        """The URLs of the nodes that requests are routed to."""
        return self.open_core().nodes()

    def get_known_nodes(self) -> list[str]:
        """The same as `nodes`, under the name that users of the original helper know."""
        return self.nodes

    def get_partition_key_name(self, table: str) -> str | None:
        """The partition key's attribute of a table: as given, or as learned; None while it is not known."""
        return self.open_core().table_key(_check.text("table", table, "the name of a table"))

    def statistics(self) -> dict[str, Any]:
        """The counters of the core."""
        return self.open_core().statistics()

    def events(self) -> list[dict[str, Any]]:
        """What happened since the last call, oldest first: nodes that joined or left, were set aside, were back..."""
        core = self.open_core()
        self._log_events(core)
        found = []
        for position, event in core.events_after(self._events_read):
            if position > self._events_read:
                self._events_read = position
                found.append(event)
        return found

    def open_core(self) -> Core:
        """The core; ClosedError after the balancer was closed."""
        core = self._core
        if core is None:
            raise errors.closed(type(self).__name__)
        return core

    def log_news(self, core: Core) -> None:
        """Forwards new events to the logger; costs next to nothing while there are none."""
        generation = core.generation.value
        if generation != self._generation_logged:
            self._generation_logged = generation
            self._log_events(core)

    def _end(self) -> None:
        """Calls under way finish; later ones, also of patched clients, raise ClosedError."""
        if self._core is not None:
            self._log_events(self._core)
            self._core = None

    def _endpoint_url(self) -> str:
        nodes = self.nodes
        if not nodes:
            raise errors.no_nodes()
        return nodes[0]

    def _log_events(self, core: Core) -> None:
        """Forwards new events to the logger."""
        before = self._events_logged
        for position, event in core.events_after(before):
            # Another thread may be at it too.
            if position > self._events_logged:
                self._events_logged = position
                _log.write(event)
        if self._events_logged > before:
            _log.write_nodes(core)
