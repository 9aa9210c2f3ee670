"""aiobotocore clients for a `Config`, as the official client offers them."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from . import _mapping, _official, _table_keys, errors
from ._async_balancer import AsyncBalancer
from .auth import Auth
from .config import Config
from .helper import UNCHANGED

if TYPE_CHECKING:
    from types_aiobotocore_dynamodb import DynamoDBClient

__all__ = ["AsyncAlternatorClient", "AsyncHelper", "close_async_client", "create_async_client"]


async def create_async_client(config: Config, *, auth: Auth | None = None, **boto_kwargs: Any) -> DynamoDBClient:
    """An aiobotocore client that uses every node, to be ended with `close_async_client`. Further arguments are aiobotocore's."""
    balancer = await _started(config, auth, boto_kwargs)
    client = await balancer.new_dynamodb_client(**boto_kwargs)
    _official.owners[client] = balancer
    return client


async def close_async_client(client: DynamoDBClient) -> None:
    """Ends a client and its balancer; later use raises ClosedError. Ending it twice does nothing more."""
    balancer = _official.owners.pop(client, None)
    if isinstance(balancer, AsyncBalancer):
        await balancer.close()


class AsyncAlternatorClient:
    """A context manager whose value is an aiobotocore client, made when it is entered and ended when it is left."""

    def __init__(self, config: Config, *, auth: Auth | None = None, **boto_kwargs: Any) -> None:
        self._config = config
        self._auth = auth
        self._boto_kwargs = boto_kwargs
        self._client: DynamoDBClient | None = None

    @property
    def client(self) -> DynamoDBClient:
        if self._client is None:
            raise errors.closed(f"{type(self).__name__} (outside of its `async with`)")
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await close_async_client(self._client)
            self._client = None

    async def __aenter__(self) -> DynamoDBClient:
        if self._client is None:
            self._client = await create_async_client(self._config, auth=self._auth, **self._boto_kwargs)
        return self._client

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


class AsyncHelper:
    """`Helper` on an event loop: what may wait is awaited."""

    def __init__(self, config: Config, *, auth: Auth | None = None, **boto_kwargs: Any) -> None:
        _mapping.authentication(config, auth, boto_kwargs)
        self._config = config
        self._auth = auth
        self._boto_kwargs = boto_kwargs
        self._balancer: AsyncBalancer | None = None

    @property
    def config(self) -> Config:
        return self._config

    def update(self, config: Config | None = None, *, auth: Auth | object | None = UNCHANGED, **boto_kwargs: Any) -> AsyncHelper:
        """A new helper that differs in what is given. This one stays as it is."""
        who = self._auth if auth is UNCHANGED else cast("Auth | None", auth)
        return type(self)(config or self._config, auth=who, **{**self._boto_kwargs, **boto_kwargs})

    async def start(self) -> AsyncHelper:
        await self._get_started()
        return self

    async def stop(self) -> None:
        """Ends the balancer and every client; `start` begins anew."""
        if self._balancer is not None:
            balancer, self._balancer = self._balancer, None
            await balancer.close()

    async def __aenter__(self) -> AsyncHelper:
        return await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def client(self, **boto_kwargs: Any) -> DynamoDBClient:
        """A new aiobotocore client. All clients of a helper share what is known of the nodes."""
        balancer = await self._get_started()
        return await balancer.new_dynamodb_client(**{**self._boto_kwargs, **boto_kwargs})

    async def update_live_nodes(self) -> bool:
        """Asks the cluster for its nodes now; whether it answered."""
        balancer = await self._get_started()
        try:
            await balancer.refresh(self._config.timeouts.discovery_seconds)
        except errors.AlternatorError:
            return False
        return True

    async def next_node(self) -> str | None:
        """The host for the next request of another HTTP client."""
        return (await self._get_started()).next_host()

    def get_nodes(self) -> list[str]:
        """The hosts that requests are routed to; none before the start."""
        return _official.hosts(self._balancer)

    def get_active_nodes(self) -> list[str]:
        """Those that are well."""
        return _official.hosts(self._balancer, set_aside=False)

    def get_quarantined_nodes(self) -> list[str]:
        """Those that failed, and serve only when all others were tried, until they are well again."""
        return _official.hosts(self._balancer, set_aside=True)

    async def check_rack_and_datacenter_set_correctly(self) -> bool:
        """True; ConfigurationError when the cluster does not know the datacenter or rack of the routing scope."""
        await self._any().check_if_rack_and_datacenter_set_correctly(self._config.timeouts.discovery_seconds)
        return True

    async def check_rack_datacenter_feature_supported(self) -> bool:
        """Whether the servers can list the nodes of one datacenter or rack."""
        return await self._any().check_if_rack_datacenter_feature_is_supported(self._config.timeouts.discovery_seconds)

    async def get_partition_key_name(self, table_name: str) -> str | None:
        """The partition key's attribute of a table: as given, as learned, or as DescribeTable says now; None if it cannot."""
        known = (await self._get_started()).get_partition_key_name(table_name)
        return known or await _table_keys.ask_async(await self.client(), table_name)

    def _any(self) -> AsyncBalancer:
        """One that can ask the cluster, also where a start would fail for its scope."""
        return self._balancer or AsyncBalancer(_mapping.settings(self._config, self._auth, self._boto_kwargs))

    async def _get_started(self) -> AsyncBalancer:
        if self._balancer is None:
            started = await _started(self._config, self._auth, self._boto_kwargs)
            # Another task may have been faster.
            if self._balancer is None:
                self._balancer = started
            else:
                await started.close()
        return self._balancer


async def _started(config: Config, auth: Auth | None, boto_kwargs: dict[str, Any]) -> AsyncBalancer:
    """A balancer that has its first list of nodes, or goes on without one where that is acceptable."""
    balancer = AsyncBalancer(_mapping.settings(config, auth, boto_kwargs))
    try:
        await balancer.refresh(config.timeouts.discovery_seconds)
    except errors.AlternatorError as error:
        try:
            _official.refresh_failed(config, balancer, error)
        except errors.AlternatorError:
            await balancer.close()
            raise
    return balancer
