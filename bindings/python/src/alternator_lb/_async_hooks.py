"""The hooks of an aiobotocore client: those of botocore, and what differs on an event loop.

Nothing here blocks. Discovery and DescribeTable requests are tasks beside the requests; an attempt that ends because its task was
cancelled is reported at once.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from . import _async_transport, _table_keys
from ._call import CONTEXT_KEY, Call
from ._core import Core
from ._hooks import Hooks, Owner, _abandon


class AsyncHooks(Hooks):
    """Of one aiobotocore client. The owner's core is refreshed by a driver on the loop, or by a thread of the core."""

    def __init__(self, client: Any, owner: Owner) -> None:
        super().__init__(client, owner)
        self._describing: set[asyncio.Task[None]] = set()

    def renew_after_fork(self, client: Any) -> None:
        """An event loop does not outlive a fork, and neither do its clients."""

    async def describe_wanted_now(self) -> None:
        """Asks for the tables whose keys the core wants."""
        client, core, cooldown = self._client(), self.owner.open_core(), self.owner.cooldown
        while client is not None and (table := cooldown.next_wanted(core)) is not None:
            await _table_keys.describe_async(core, cooldown, client, table)

    def _install_transport(self, client: Any) -> Callable[[], None]:
        return _async_transport.install(client, self._wire)

    def _reported(self, make_request: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """The same on a loop, where a cancelled task fires no event either."""

        async def reported(operation_model: Any, request_dict: Any) -> Any:
            try:
                return await make_request(operation_model, request_dict)
            except BaseException as error:
                _abandon(request_dict, error)
                raise

        return reported

    def _choose(self, request: Any, operation_name: str = "", **_: object) -> None:
        super()._choose(request, operation_name)
        driver = self.owner.driver
        if driver is not None:
            call = request.context[CONTEXT_KEY]
            driver().look(call.core, call.started_ns)

    def _finish(self, request: Any, **_: object) -> None:
        self._wire.finish(request.headers, None)

    async def _hurry(self, delay: Any, call: Call | None) -> Any:
        return super()._hurry(await delay if inspect.isawaitable(delay) else delay, call)

    def _describe(self, core: Core, client: Any, table: str) -> None:
        task = asyncio.get_running_loop().create_task(_table_keys.describe_async(core, self.owner.cooldown, client, table))
        # The loop alone would not keep it.
        self._describing.add(task)
        task.add_done_callback(self._describing.discard)
