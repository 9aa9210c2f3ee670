"""The configuration of clients made by `client`, `create_client`, `Helper` and their kin, as immutable values.

Names and defaults are those of the official Alternator client for Python, so that its users change an import and nothing else.
What each field means for the core and the SDK is said once, in `_mapping`; what only the core can judge, it judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, TypeAlias, TypeVar

from . import _check
from ._user_agent import DEFAULT_USER_AGENT, UserAgent, UserAgentCustomizer, sent_user_agent
from .auth import Auth
from .backoff import Backoff, ExponentialBackoff
from .errors import ConfigurationError, bad_value
from .scopes import ClusterScope, DatacenterScope, RackScope, RoutingScope
from .tls import TLS, TlsSessionCacheConfig

__all__ = [
    "TLS",
    "AlternatorConfig",
    "Auth",
    "Backoff",
    "ClusterScope",
    "CompressionAlgorithm",
    "Config",
    "DatacenterScope",
    "ExponentialBackoff",
    "HeaderOptimizationConfig",
    "HeaderWhitelistCallback",
    "HeaderWhitelistContext",
    "KeyRouteAffinityConfig",
    "KeyRouteAffinityMode",
    "NodeListPollingConfig",
    "RackScope",
    "RequestCompressionConfig",
    "ResponseCompression",
    "RetryConfig",
    "RetryMode",
    "RoutingScope",
    "TimeoutConfig",
    "TlsConfig",
    "TlsSessionCacheConfig",
    "UserAgent",
    "UserAgentCustomizer",
]

_T = TypeVar("_T")


class CompressionAlgorithm(Enum):
    """How request bodies are compressed."""

    NONE = "none"
    GZIP = "gzip"
    DEFLATE = "deflate"


class ResponseCompression(Enum):
    """How the server may compress its answers."""

    GZIP = "gzip"
    DEFLATE = "deflate"


class KeyRouteAffinityMode(Enum):
    """Which writes go to the node of their partition key."""

    NONE = "none"
    RMW = "rmw"
    ANY_WRITE = "any_write"


class RetryMode(Enum):
    """The retry mode of the SDK."""

    LEGACY = "legacy"
    STANDARD = "standard"
    ADAPTIVE = "adaptive"


@dataclass(frozen=True)
class RequestCompressionConfig:
    """Bodies of at least `min_size_bytes` are compressed, and sent so when that makes them smaller."""

    algorithm: CompressionAlgorithm = CompressionAlgorithm.NONE
    min_size_bytes: int = 1024
    gzip_level: int = 9

    def __post_init__(self) -> None:
        _check.member("algorithm", self.algorithm, CompressionAlgorithm)
        _check.number("min_size_bytes", self.min_size_bytes, at_least=0)
        _check.number("gzip_level", self.gzip_level, at_least=0, at_most=9)

    @property
    def enabled(self) -> bool:
        return self.algorithm is not CompressionAlgorithm.NONE


@dataclass(frozen=True)
class HeaderWhitelistContext:
    """What a `HeaderWhitelistCallback` decides by."""

    config: Config
    auth_enabled: bool
    compression_enabled: bool
    required_headers: frozenset[str]


HeaderWhitelistCallback: TypeAlias = Callable[[HeaderWhitelistContext], AbstractSet[str]]


@dataclass(frozen=True)
class HeaderOptimizationConfig:
    """Sends only the headers that Alternator needs, those of `whitelist`, and those that `whitelist_callback` adds."""

    enabled: bool = False
    whitelist: frozenset[str] | None = None
    whitelist_callback: HeaderWhitelistCallback | None = None

    def __post_init__(self) -> None:
        _check.flag("enabled", self.enabled)
        if self.whitelist is not None:
            object.__setattr__(self, "whitelist", frozenset(_check.texts("whitelist", self.whitelist, "a set of header names")))
        _check.function("whitelist_callback", self.whitelist_callback)


@dataclass(frozen=True)
class KeyRouteAffinityConfig:
    """Sends writes of one partition key to one node. Keys of tables that are not told here are learned by DescribeTable."""

    mode: KeyRouteAffinityMode = KeyRouteAffinityMode.NONE
    table_pk_attributes: Mapping[str, str] = field(default_factory=dict)
    discovery_backoff: Backoff = field(default_factory=ExponentialBackoff)

    def __post_init__(self) -> None:
        _check.member("mode", self.mode, KeyRouteAffinityMode)
        keys = _check.mapping("table_pk_attributes", self.table_pk_attributes, "names of tables with those of their keys")
        object.__setattr__(self, "table_pk_attributes", keys)
        if not isinstance(self.discovery_backoff, Backoff):
            raise bad_value(
                f"discovery_backoff={self.discovery_backoff!r} is not accepted: something with delay_seconds(attempt)"
            )


@dataclass(frozen=True)
class NodeListPollingConfig:
    """How often the list of nodes is renewed, with and without traffic."""

    active_interval_ms: int = 1000
    idle_interval_ms: int = 60000

    def __post_init__(self) -> None:
        _check.number("active_interval_ms", self.active_interval_ms, at_least=1)
        _check.number("idle_interval_ms", self.idle_interval_ms, at_least=1)


@dataclass(frozen=True)
class RetryConfig:
    """How the SDK retries; `max_attempts` counts the first attempt too."""

    max_attempts: int = 3
    mode: RetryMode = RetryMode.STANDARD

    def __post_init__(self) -> None:
        _check.number("max_attempts", self.max_attempts, at_least=1)
        _check.member("mode", self.mode, RetryMode)


@dataclass(frozen=True)
class TimeoutConfig:
    """Of one request for the list of nodes, and of one attempt of the SDK: to connect, and between two bytes of an answer."""

    discovery_seconds: float = 5.0
    connect_seconds: float = 5.0
    read_seconds: float = 30.0

    def __post_init__(self) -> None:
        for name in ("discovery_seconds", "connect_seconds", "read_seconds"):
            _check.seconds(name, getattr(self, name))


@dataclass(frozen=True, init=False)
class Config:
    """Everything about a client. Immutable: `dataclasses.replace` makes a changed copy.

    The keyword-only names stand for fields of the nested configurations: `active_refresh_interval_ms` for that of
    `node_list_polling`, and so on. `options` are any options of the core by name, over what the other fields say.
    """

    seed_hosts: Sequence[str]
    port: int
    scheme: Literal["http", "https"]
    routing_scope: RoutingScope
    request_compression: RequestCompressionConfig
    response_compression: Sequence[ResponseCompression]
    header_optimization: HeaderOptimizationConfig
    tls: TLS
    key_affinity: KeyRouteAffinityConfig
    retries: RetryConfig
    max_pool_connections: int
    node_list_polling: NodeListPollingConfig
    timeouts: TimeoutConfig
    aws_region: str
    user_agent: UserAgent | None
    # False: requests are never signed, whatever credentials are given.
    authentication_enabled: bool
    options: Mapping[str, str]

    def __init__(
        self,
        seed_hosts: Sequence[str],
        port: int,
        scheme: Literal["http", "https"] = "http",
        routing_scope: RoutingScope | None = None,
        request_compression: RequestCompressionConfig | None = None,
        response_compression: Sequence[ResponseCompression] = (),
        header_optimization: HeaderOptimizationConfig | None = None,
        tls: TLS | None = None,
        key_affinity: KeyRouteAffinityConfig | None = None,
        retries: RetryConfig | None = None,
        max_pool_connections: int = 200,
        node_list_polling: NodeListPollingConfig | None = None,
        timeouts: TimeoutConfig | None = None,
        aws_region: str = "us-east-1",
        user_agent: UserAgent | None = DEFAULT_USER_AGENT,
        *,
        compression: CompressionAlgorithm | None = None,
        min_compression_size_bytes: int | None = None,
        gzip_level: int | None = None,
        optimize_headers: bool | None = None,
        headers_whitelist: AbstractSet[str] | None = None,
        header_whitelist_callback: HeaderWhitelistCallback | None = None,
        active_refresh_interval_ms: int | None = None,
        idle_refresh_interval_ms: int | None = None,
        discovery_timeout_seconds: float | None = None,
        connect_timeout_seconds: float | None = None,
        read_timeout_seconds: float | None = None,
        authentication_enabled: bool = True,
        options: Mapping[str, str] | None = None,
    ) -> None:
        fields: dict[str, Any] = {
            "seed_hosts": _hosts(seed_hosts),
            "port": _check.number("port", port, at_least=1, at_most=65535),
            "scheme": scheme,
            "routing_scope": _check.instance("routing_scope", routing_scope, RoutingScope) or ClusterScope(),
            "request_compression": _nested(
                RequestCompressionConfig,
                request_compression,
                "request_compression",
                algorithm=("compression", compression),
                min_size_bytes=("min_compression_size_bytes", min_compression_size_bytes),
                gzip_level=("gzip_level", gzip_level),
            ),
            "response_compression": _encodings(response_compression),
            "header_optimization": _nested(
                HeaderOptimizationConfig,
                header_optimization,
                "header_optimization",
                enabled=("optimize_headers", optimize_headers),
                whitelist=("headers_whitelist", headers_whitelist),
                whitelist_callback=("header_whitelist_callback", header_whitelist_callback),
            ),
            "tls": _check.instance("tls", tls, TLS) or TLS.system_default(),
            "key_affinity": _check.instance("key_affinity", key_affinity, KeyRouteAffinityConfig) or KeyRouteAffinityConfig(),
            "retries": _check.instance("retries", retries, RetryConfig) or RetryConfig(),
            "max_pool_connections": _check.number("max_pool_connections", max_pool_connections, at_least=1),
            "node_list_polling": _nested(
                NodeListPollingConfig,
                node_list_polling,
                "node_list_polling",
                active_interval_ms=("active_refresh_interval_ms", active_refresh_interval_ms),
                idle_interval_ms=("idle_refresh_interval_ms", idle_refresh_interval_ms),
            ),
            "timeouts": _nested(
                TimeoutConfig,
                timeouts,
                "timeouts",
                discovery_seconds=("discovery_timeout_seconds", discovery_timeout_seconds),
                connect_seconds=("connect_timeout_seconds", connect_timeout_seconds),
                read_seconds=("read_timeout_seconds", read_timeout_seconds),
            ),
            "aws_region": _check.text("aws_region", aws_region),
            "user_agent": _user_agent(user_agent),
            "authentication_enabled": _check.flag("authentication_enabled", authentication_enabled),
            "options": core_options(options),
        }
        if scheme not in ("http", "https"):
            raise bad_value(f"scheme={scheme!r} is not accepted: 'http' or 'https'")
        for name, value in fields.items():
            object.__setattr__(self, name, value)


# Names that the official client has deprecated.
AlternatorConfig = Config
TlsConfig = TLS


def core_options(options: Mapping[str, Any] | None) -> dict[str, str]:
    """Options of the core, as they are given to it."""
    accepted = "names of the core's options with their values as text"
    return {name: str(value) for name, value in _check.mapping("options", options, accepted, (str, int, float)).items()}


def _hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    listed = (hosts,) if isinstance(hosts, str) else _check.texts("seed_hosts", hosts, "hosts, each a text")
    if not listed:
        raise bad_value("seed_hosts is empty: at least one seed host is needed")
    return listed


def _encodings(encodings: Sequence[ResponseCompression]) -> tuple[ResponseCompression, ...]:
    if isinstance(encodings, ResponseCompression) or not isinstance(encodings, Iterable):
        raise _check.refused("response_compression", encodings, "a sequence of members of ResponseCompression")
    for encoding in encodings:
        _check.member("response_compression", encoding, ResponseCompression)
    return tuple(dict.fromkeys(encodings))


def _user_agent(user_agent: UserAgent | None) -> UserAgent | None:
    # A function is called when it is needed.
    return user_agent if callable(user_agent) else sent_user_agent(user_agent)


def _nested(kind: type[_T], given: _T | None, name: str, **flat: tuple[str, Any]) -> _T:
    """A nested configuration: as given, or made of the flat names, which exclude it."""
    said = {own: value for own, (_, value) in flat.items() if value is not None}
    if _check.instance(name, given, kind) is None:
        return _called_by_its_alias(kind, said, flat)
    if said:
        names = " and ".join(alias for alias, value in flat.values() if value is not None)
        raise bad_value(f"{name} and {names} exclude each other: give one of them")
    assert given is not None
    return given


def _called_by_its_alias(kind: type[_T], fields: Mapping[str, Any], flat: Mapping[str, tuple[str, Any]]) -> _T:
    try:
        return kind(**fields)
    except ConfigurationError as error:
        name, _, rest = str(error).partition("=")
        raise bad_value(f"{flat[name][0]}={rest}" if name in flat else str(error)) from None
