"""boto3 clients and resources for a `Config`, as the official client offers them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from . import _mapping, _official, errors
from ._sync import SyncBalancer
from .auth import Auth
from .config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource


def create_client(config: Config, *, auth: Auth | None = None, **boto_kwargs: Any) -> DynamoDBClient:
    """A boto3 client that uses every node, to be ended with `close_client`. Further arguments are boto3's."""
    return _create(config, auth, boto_kwargs, resource=False)


def create_resource(config: Config, *, auth: Auth | None = None, **boto_kwargs: Any) -> DynamoDBServiceResource:
    """A boto3 resource that uses every node, to be ended with `close_resource`. Further arguments are boto3's."""
    return _create(config, auth, boto_kwargs, resource=True)


def close_client(client: DynamoDBClient | DynamoDBServiceResource) -> None:
    """Ends a client or resource and its balancer; later use raises ClosedError. Ending it twice does nothing more."""
    made = _client_of(client)
    balancer = _official.owners.pop(made, None)
    if isinstance(balancer, SyncBalancer):
        balancer.close()
    close = getattr(made, "close", None)
    if close is not None:
        close()


close_resource = close_client


def client(
    seeds: Sequence[str] | Config | None = None,
    *,
    port: int = 8000,
    scheme: Literal["http", "https"] = "http",
    auth: Auth | None = None,
    **boto_kwargs: Any,
) -> AlternatorClient:
    """A context manager whose value is a boto3 client: `with client(seeds=["10.0.0.1"]) as dynamodb: ...`."""
    if seeds is None:
        raise errors.bad_value("seeds is missing: hosts to start from, or a Config")
    config = seeds if isinstance(seeds, Config) else Config(seed_hosts=seeds, port=port, scheme=scheme)
    return AlternatorClient(config, auth=auth, **boto_kwargs)


class AlternatorClient:
    """A context manager whose value is a boto3 client, made when it is entered and ended when it is left."""

    def __init__(self, config: Config, *, auth: Auth | None = None, **boto_kwargs: Any) -> None:
        self._config = config
        self._auth = auth
        self._boto_kwargs = boto_kwargs
        self._client: DynamoDBClient | None = None

    @property
    def client(self) -> DynamoDBClient:
        if self._client is None:
            raise errors.closed(f"{type(self).__name__} (outside of its `with`)")
        return self._client

    def close(self) -> None:
        if self._client is not None:
            close_client(self._client)
            self._client = None

    def __enter__(self) -> DynamoDBClient:
        if self._client is None:
            self._client = create_client(self._config, auth=self._auth, **self._boto_kwargs)
        return self._client

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AlternatorResource:
    """A context manager whose value is a boto3 resource, made when it is entered and ended when it is left."""

    def __init__(self, config: Config, *, auth: Auth | None = None, **boto_kwargs: Any) -> None:
        self._config = config
        self._auth = auth
        self._boto_kwargs = boto_kwargs
        self._resource: DynamoDBServiceResource | None = None

    @property
    def resource(self) -> DynamoDBServiceResource:
        if self._resource is None:
            raise errors.closed(f"{type(self).__name__} (outside of its `with`)")
        return self._resource

    def close(self) -> None:
        if self._resource is not None:
            close_resource(self._resource)
            self._resource = None

    def __enter__(self) -> DynamoDBServiceResource:
        if self._resource is None:
            self._resource = create_resource(self._config, auth=self._auth, **self._boto_kwargs)
        return self._resource

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def started(config: Config, auth: Auth | None, boto_kwargs: dict[str, Any]) -> SyncBalancer:
    """A balancer that has its first list of nodes, or goes on without one where that is acceptable."""
    balancer = SyncBalancer(_mapping.settings(config, auth, boto_kwargs))
    try:
        balancer.refresh(config.timeouts.discovery_seconds)
    except errors.AlternatorError as error:
        with contextlib.ExitStack() as undo:
            undo.callback(balancer.close)
            _official.refresh_failed(config, balancer, error)
            undo.pop_all()
    return balancer


def _create(config: Config, auth: Auth | None, boto_kwargs: dict[str, Any], *, resource: bool) -> Any:
    balancer = started(config, auth, boto_kwargs)
    make = balancer.new_dynamodb_resource if resource else balancer.new_dynamodb_client
    made = make(**boto_kwargs)
    _official.owners[_client_of(made)] = balancer
    return made


def _client_of(made: Any) -> Any:
    meta = getattr(made, "meta", None)
    if meta is None:
        raise errors.bad_value(f"{made!r} is not accepted: a client or resource that was made here")
    return getattr(meta, "client", made)
