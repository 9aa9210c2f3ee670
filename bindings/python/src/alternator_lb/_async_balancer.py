"""A balancer for aiobotocore: clients whose requests, and the discovery of nodes, run on their event loop."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from . import _async_clients, _patches, _tls
from ._async_driver import Driver
from ._balancer import Balancer
from ._settings import Settings

if TYPE_CHECKING:
    # Where the stubs are not installed, this is Any.
    from types_aiobotocore_dynamodb import DynamoDBClient


class AsyncBalancer(Balancer):
    """With `refresh="inline"` a request that finds the list old has it renewed by a task on the loop; nobody waits for it."""

    def __init__(self, settings: Settings, library_path: str | os.PathLike[str] | None = None) -> None:
        driven = settings.core.get("refresh.mode", "inline") == "inline"
        if driven:
            settings = replace(settings, core={**settings.core, "refresh.mode": "manual"})
        super().__init__(settings, library_path)
        self._drivers: WeakKeyDictionary[asyncio.AbstractEventLoop, Driver] = WeakKeyDictionary()
        self._context: ssl.SSLContext | None = None
        self._user_agent = settings.core.get("user_agent", "")
        self._clients: list[Any] = []
        if driven:
            self.driver = self._driver_here

    async def close(self) -> None:
        """Ends the balancer and the clients made by it; later use, also of patched clients, raises ClosedError."""
        self._end()
        driver = self._drivers.pop(asyncio.get_running_loop(), None)
        if driver is not None:
            await driver.close()
        clients, self._clients = self._clients, []
        for client in clients:
            await client.close()

    async def new_dynamodb_client(self, **options: Any) -> DynamoDBClient:
        """An aiobotocore client that uses every node. Takes what `create_client("dynamodb", ...)` of a session takes."""
        url = self._endpoint_url()
        context = await self._tls_context() if url.startswith("https:") else None
        client = await _async_clients.new_client(self._sdk, url, options, context)
        self.patch_dynamodb_client(client)
        self._clients.append(client)
        return cast("DynamoDBClient", client)

    def patch_dynamodb_client(self, client: Any) -> None:
        """Makes an existing aiobotocore or aioboto3 DynamoDB client use every node.

        Its endpoint, credentials, timeouts and TLS settings stay as they are. Patching twice does nothing more.
        """
        self.open_core()
        _patches.patch(client, self)

    def unpatch_dynamodb_client(self, client: Any) -> None:
        """Gives the client back its own endpoint."""
        _patches.unpatch(client, self)

    def patch_session(self, session: Any) -> None:
        """Makes a session of aiobotocore or aioboto3 patch every DynamoDB client that it makes from now on."""
        self.open_core()
        _patches.patch_session(session, self)

    def unpatch_session(self, session: Any) -> None:
        """Ends `patch_session`. Clients that the session has made stay patched."""
        _patches.unpatch_session(session, self)

    async def refresh(self, timeout: float = 10.0) -> None:
        """Asks the cluster for its nodes now, for at most `timeout` seconds, and for partition keys that are wanted."""
        core = self.open_core()
        try:
            await self._driver_here().refresh(timeout)
        finally:
            self._log_events(core)
        if self.request_settings.by_key:
            await _patches.describe_wanted_async(self)

    async def check_if_rack_and_datacenter_set_correctly(self, timeout: float = 10.0) -> None:
        """Raises ValueError when the cluster does not know the datacenter or rack of the scope."""
        await asyncio.to_thread(self.open_core().check_scope, timeout)

    async def check_if_rack_datacenter_feature_is_supported(self, timeout: float = 10.0) -> bool:
        """Whether the server can list the nodes of one datacenter or rack; RuntimeError when it could not be asked."""
        return await asyncio.to_thread(self.open_core().scope_supported, timeout)

    def _driver_here(self) -> Driver:
        loop = asyncio.get_running_loop()
        driver = self._drivers.get(loop)
        if driver is None:
            driver = self._drivers[loop] = Driver(self._tls_context, self._user_agent, self.open_core)
        return driver

    async def _tls_context(self) -> ssl.SSLContext:
        # Reads files. Two tasks that come here at once make two of the same.
        if self._context is None:
            self._context = await asyncio.to_thread(_tls.new_context, self._sdk.tls)
        return self._context
