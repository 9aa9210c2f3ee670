"""`AlternatorConfigBuilder`: a `Config`, said step by step."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from .backoff import Backoff, ExponentialBackoff
from .config import (
    CompressionAlgorithm,
    Config,
    HeaderOptimizationConfig,
    HeaderWhitelistCallback,
    KeyRouteAffinityConfig,
    KeyRouteAffinityMode,
    NodeListPollingConfig,
    RequestCompressionConfig,
    ResponseCompression,
    RetryConfig,
    RetryMode,
    TimeoutConfig,
    UserAgent,
)
from .scopes import ClusterScope, DatacenterScope, RackScope, RoutingScope
from .tls import TLS


class AlternatorConfigBuilder:
    """Each `with_` sets its part anew and returns the builder; `build` checks the whole."""

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {"seed_hosts": (), "port": 8000}

    def build(self) -> Config:
        return Config(**self._fields)

    def with_seeds(self, *hosts: str) -> AlternatorConfigBuilder:
        return self._with(seed_hosts=hosts)

    def with_port(self, port: int) -> AlternatorConfigBuilder:
        return self._with(port=port)

    def with_http(self) -> AlternatorConfigBuilder:
        return self._with(scheme="http")

    def with_https(self, tls_config: TLS | None = None) -> AlternatorConfigBuilder:
        return self._with(scheme="https", tls=tls_config)

    def with_cluster_scope(self) -> AlternatorConfigBuilder:
        return self.with_scope(ClusterScope())

    def with_datacenter(self, dc: str) -> AlternatorConfigBuilder:
        return self.with_scope(DatacenterScope(dc))

    def with_rack(self, dc: str, rack: str) -> AlternatorConfigBuilder:
        return self.with_scope(RackScope(dc, rack))

    def with_scope(self, scope: RoutingScope) -> AlternatorConfigBuilder:
        """Any scope, with what it falls back to."""
        return self._with(routing_scope=scope)

    def with_compression(
        self, algorithm: CompressionAlgorithm, min_size: int = 1024, gzip_level: int = 9
    ) -> AlternatorConfigBuilder:
        return self._with(request_compression=RequestCompressionConfig(algorithm, min_size, gzip_level))

    def with_response_compression(
        self, encoding: ResponseCompression, *additional_encodings: ResponseCompression
    ) -> AlternatorConfigBuilder:
        """Encodings of answers, the preferred one first."""
        return self._with(response_compression=(encoding, *additional_encodings))

    def without_response_compression(self) -> AlternatorConfigBuilder:
        return self._with(response_compression=())

    def with_header_optimization(
        self, whitelist: AbstractSet[str] | None = None, whitelist_callback: HeaderWhitelistCallback | None = None
    ) -> AlternatorConfigBuilder:
        kept = None if whitelist is None else frozenset(whitelist)
        return self._with(header_optimization=HeaderOptimizationConfig(True, kept, whitelist_callback))

    def with_key_affinity(
        self,
        mode: KeyRouteAffinityMode,
        table_pk_map: Mapping[str, str] | None = None,
        *,
        discovery_backoff: Backoff | None = None,
    ) -> AlternatorConfigBuilder:
        backoff = ExponentialBackoff() if discovery_backoff is None else discovery_backoff
        return self._with(key_affinity=KeyRouteAffinityConfig(mode, table_pk_map or {}, backoff))

    def with_refresh_intervals(self, active_ms: int = 1000, idle_ms: int = 60000) -> AlternatorConfigBuilder:
        return self._with(node_list_polling=NodeListPollingConfig(active_ms, idle_ms))

    def with_retries(self, max_attempts: int = 3, mode: RetryMode = RetryMode.STANDARD) -> AlternatorConfigBuilder:
        return self._with(retries=RetryConfig(max_attempts, mode))

    def with_pool_connections(self, max_connections: int) -> AlternatorConfigBuilder:
        return self._with(max_pool_connections=max_connections)

    def with_timeouts(
        self, discovery_seconds: float = 5.0, connect_seconds: float = 5.0, read_seconds: float = 30.0
    ) -> AlternatorConfigBuilder:
        return self._with(timeouts=TimeoutConfig(discovery_seconds, connect_seconds, read_seconds))

    def with_aws_region(self, region_name: str) -> AlternatorConfigBuilder:
        return self._with(aws_region=region_name)

    def with_user_agent(self, user_agent: UserAgent | None) -> AlternatorConfigBuilder:
        return self._with(user_agent=user_agent)

    def with_options(self, options: Mapping[str, str]) -> AlternatorConfigBuilder:
        """Any options of the core by name."""
        return self._with(options=options)

    def _with(self, **fields: Any) -> AlternatorConfigBuilder:
        self._fields.update(fields)
        return self
