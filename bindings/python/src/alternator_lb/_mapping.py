"""What each field of a `Config` means: one row for each option of the core, the rest for the SDK and the hooks.

docs/PYTHON_MIGRATION.md shows the same to users; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import _check, _tls, errors
from ._log import logger
from ._settings import DESCRIBE, RequestSettings, SdkSettings, Settings
from ._user_agent import sent_user_agent
from .auth import Auth
from .config import Config, HeaderWhitelistContext
from .scopes import RoutingScope

_SHORTEST_REFRESH_MS: Final = 100
_LONGEST_DISCOVERY_MS: Final = 60_000
_STALL_MS: Final = 250


@dataclass(frozen=True)
class Row:
    """A field of `Config`, the option of the core that it becomes, and how; None leaves the core's default."""

    field: str
    option: str
    value: Callable[[Config], str | None]


def settings(config: Config, auth: Auth | None, boto: Mapping[str, Any], *, refresh_mode: str = "inline") -> Settings:
    """Everything that a balancer for these is made of."""
    who = authentication(config, auth, boto)
    core = {
        "refresh.mode": refresh_mode,
        **{row.option: value for row in ROWS if (value := row.value(config)) is not None},
        **{f"table.{table}.key": key for table, key in config.key_affinity.table_pk_attributes.items()},
        **_tls.core_options(config.tls),
        **config.options,
    }
    return Settings(core, _sdk(config, who), _requests(config, who, core))


def authentication(config: Config, auth: Auth | None, boto: Mapping[str, Any]) -> Auth:
    """Who signs: `auth`, or the credentials among boto's arguments; nobody without either."""
    _check.needed("config", config, Config)
    _check.instance("auth", auth, Auth)
    raw = {name: boto[f"aws_{name}"] for name in ("access_key_id", "secret_access_key", "session_token") if f"aws_{name}" in boto}
    if auth is not None and raw:
        raise errors.bad_value("auth and aws_access_key_id, aws_secret_access_key, aws_session_token exclude each other")
    if not config.authentication_enabled:
        return Auth.disabled()
    return auth or Auth(**raw)


def falls_back_to_cluster(config: Config) -> bool:
    scope: RoutingScope | None = config.routing_scope
    while scope is not None:
        if scope.link == "cluster":
            return True
        scope = scope.fallback
    return False


def _sdk(config: Config, auth: Auth) -> SdkSettings:
    return SdkSettings(
        region_name=config.aws_region,
        auth=auth,
        connect_timeout=config.timeouts.connect_seconds,
        read_timeout=config.timeouts.read_seconds,
        retries={"mode": config.retries.mode.value, "total_max_attempts": config.retries.max_attempts},
        max_pool_connections=config.max_pool_connections,
        tls=config.tls,
    )


def _requests(config: Config, auth: Auth, core: Mapping[str, str]) -> RequestSettings:
    return RequestSettings(
        by_key=core["affinity"] != "none",
        describe=DESCRIBE.get(core["refresh.mode"], "never"),
        describe_backoff=config.key_affinity.discovery_backoff,
        user_agent=sent_user_agent(config.user_agent),
        more_headers=_more_headers(config, auth),
    )


def _more_headers(config: Config, auth: Auth) -> Callable[[frozenset[str]], Iterable[str]] | None:
    callback = config.header_optimization.whitelist_callback
    if callback is None:
        return None
    compressed = config.request_compression.enabled
    return lambda required: callback(HeaderWhitelistContext(config, auth.enabled, compressed, required))


def _encodings(config: Config) -> str | None:
    return ",".join(encoding.value for encoding in config.response_compression) or None


def _active_ms(config: Config) -> int:
    wanted = config.node_list_polling.active_interval_ms
    if wanted < _SHORTEST_REFRESH_MS:
        logger.warning("active_interval_ms=%d: the list of nodes is renewed every %d ms at most", wanted, _SHORTEST_REFRESH_MS)
    return max(wanted, _SHORTEST_REFRESH_MS)


def _idle_ms(config: Config) -> int:
    polling = config.node_list_polling
    return max(polling.idle_interval_ms, polling.active_interval_ms, _SHORTEST_REFRESH_MS)


def _discovery_ms(config: Config) -> int:
    return min(max(10, round(config.timeouts.discovery_seconds * 1000)), _LONGEST_DISCOVERY_MS)


ROWS: Final = (
    Row("seed_hosts", "seeds", lambda config: ",".join(config.seed_hosts)),
    Row("port", "port", lambda config: str(config.port)),
    Row("scheme", "scheme", lambda config: config.scheme),
    Row("routing_scope", "scope", lambda config: config.routing_scope.chain),
    Row("request_compression.algorithm", "compression", lambda config: config.request_compression.algorithm.value),
    Row(
        "request_compression.min_size_bytes",
        "compression.min_bytes",
        lambda config: str(config.request_compression.min_size_bytes),
    ),
    Row("request_compression.gzip_level", "compression.level", lambda config: str(config.request_compression.gzip_level)),
    Row("response_compression", "response_compression", _encodings),
    Row("header_optimization.enabled", "headers.optimize", lambda config: "on" if config.header_optimization.enabled else "off"),
    Row("header_optimization.whitelist", "headers.keep", lambda config: ",".join(config.header_optimization.whitelist or ())),
    Row("key_affinity.mode", "affinity", lambda config: config.key_affinity.mode.value),
    Row("node_list_polling.active_interval_ms", "refresh.active_ms", lambda config: str(_active_ms(config))),
    Row("node_list_polling.idle_interval_ms", "refresh.idle_ms", lambda config: str(_idle_ms(config))),
    Row("timeouts.discovery_seconds", "discovery.timeout_ms", lambda config: str(_discovery_ms(config))),
    Row("timeouts.discovery_seconds", "discovery.stall_ms", lambda config: str(min(_discovery_ms(config), _STALL_MS))),
    Row("user_agent", "user_agent", lambda config: sent_user_agent(config.user_agent) or ""),
)
# Fields that become options by a rule of their own: `tls` by `_tls.core_options`, tables one by one, `options` as they are.
TABLE_KEYS: Final = Row("key_affinity.table_pk_attributes", "table.<name>.key", lambda config: None)
