"""Arguments of a wrong kind: one exception that names the argument and says what is accepted, and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alternator_lb import (
    TLS,
    AlternatorLB,
    Auth,
    CompressionAlgorithm,
    Config,
    ConfigurationError,
    EndpointPool,
    HeaderOptimizationConfig,
    Helper,
    KeyRouteAffinityConfig,
    KeyRouteAffinityMode,
    ResponseCompression,
    TimeoutConfig,
    TlsSessionCacheConfig,
    close_client,
    create_client,
)

INF, NAN = float("inf"), float("nan")


def refusal(make: Callable[[], Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        make()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("nodes", [None, [None], b"127.0.0.1", [b"127.0.0.1"], 5, [5], True]),
        ("datacenter", [1, b"dc1", ""]),
        ("scope", [1, b"cluster", [1]]),
        ("refresh", [None, 1, b"inline"]),
        ("table_keys", ["x", {1: "a"}, {"t": None}, {"t": 1}, [("t", "k")]]),
        ("response_compression", [5, [5], b"gzip"]),
        ("optimize_headers", ["yes", 1, None]),
        ("keep_headers", [None, [1], [b"x"], 5]),
        ("user_agent", [1, b"x", lambda default: 1, "a\r\nb"]),
        ("ca_file", [1, b"/ca.pem"]),
        ("verify", [1, 0, None, []]),
        ("tls", [1, "x", TLS, True]),
        ("options", ["x", [], {1: "2"}, {"refresh.active_ms": None}, {"health": True}, 5]),
        ("region_name", [1, None, ""]),
        ("config", [1, "x", {}]),
        ("library_path", [1]),
    ],
)
def test_arguments_of_a_balancer(name: str, values: list[Any]) -> None:
    for value in values:
        made: dict[str, Any] = {"nodes": ["127.0.0.1"], name: value}
        said = refusal(lambda made=made: AlternatorLB(**made))  # type: ignore[misc]
        assert name in said and "is not accepted: " in said, said


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("seed_hosts", [None, [None], 5, b"x", [b"x"]]),
        ("port", ["8000", None, True]),
        ("response_compression", [None, 5, "gzip", ResponseCompression.GZIP]),
        ("aws_region", [None, 1, ""]),
        ("authentication_enabled", ["x", None, 1]),
        ("options", ["x", [], {1: 2}, 5]),
        ("compression", ["gzip", 1]),
        ("min_compression_size_bytes", [-1, "1"]),
        ("headers_whitelist", ["X-A", [1]]),
        ("discovery_timeout_seconds", ["1", 0, INF]),
        ("idle_refresh_interval_ms", [0, 1.5]),
        ("tls", [1, True]),
        ("retries", [3]),
        ("timeouts", [5]),
    ],
)
def test_fields_of_a_configuration(name: str, values: list[Any]) -> None:
    for value in values:
        made: dict[str, Any] = {"seed_hosts": ["127.0.0.1"], "port": 8000, name: value}
        said = refusal(lambda made=made: Config(**made))  # type: ignore[misc]
        assert said.startswith(f"{name}=") and "is not accepted: " in said, said


@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        (TimeoutConfig, "discovery_seconds", ["1", None, INF, NAN, 0, True]),
        (TimeoutConfig, "read_seconds", ["1", INF, -1]),
        (KeyRouteAffinityConfig, "table_pk_attributes", ["x", {1: "2"}, {"t": None}]),
        (HeaderOptimizationConfig, "enabled", ["x", 1]),
        (HeaderOptimizationConfig, "whitelist", [5, "X-A", [1], {b"x"}]),
        (HeaderOptimizationConfig, "whitelist_callback", [1, "x"]),
        (TlsSessionCacheConfig, "enabled", ["x"]),
        (TlsSessionCacheConfig, "cache_size", ["x", 0, 1.5]),
        (TLS, "custom_ca_cert_paths", [5, "ca.pem", [1], [None]]),
        (TLS, "client_cert_path", [5]),
        (TLS, "verify_hostname", ["no"]),
        (TLS, "session_cache", [5, None]),
    ],
)
def test_fields_of_nested_configurations(kind: Callable[..., Any], name: str, values: list[Any]) -> None:
    for value in values:
        said = refusal(lambda value=value: kind(**{name: value}))  # type: ignore[misc]
        assert name in said and "is not accepted: " in said, said


@pytest.mark.parametrize("timeout", [None, "x", NAN, -1, True, b"1"])
def test_timeouts_of_calls(timeout: Any) -> None:
    with AlternatorLB(["127.0.0.1"], port=1, refresh="manual") as lb:
        assert f"timeout={timeout!r} is not accepted: " in refusal(lambda: lb.refresh(timeout=timeout))


def test_timeout_may_be_infinite() -> None:
    with (
        AlternatorLB(["127.0.0.1"], port=1, refresh="manual") as lb,
        pytest.raises(RuntimeError, match="Connection refused"),
    ):
        lb.refresh(timeout=INF)


def test_credentials_are_not_shown() -> None:
    odd: Any = b"a secret of bytes"
    said = refusal(lambda: Auth.static_credentials("id", odd))
    assert "secret_access_key is a bytes" in said
    assert "a secret" not in said
    nothing: Any = None
    assert "need both" in refusal(lambda: Auth.static_credentials(nothing, nothing))


@pytest.mark.parametrize("odd", [None, 1, "x"])
def test_things_that_are_no_configuration_and_no_client(odd: Any) -> None:
    for use in (Helper, create_client, close_client):
        assert f"{odd!r} is not accepted: " in refusal(lambda use=use: use(odd))  # type: ignore[misc]


def test_pools() -> None:
    for odd in (None, 5, "abc", b"abc"):
        bad: Any = odd
        assert "endpoints=" in refusal(lambda bad=bad: EndpointPool.from_list(bad))  # type: ignore[misc]
    pool = EndpointPool.from_list(["a", "b"])
    stranger: Any = EndpointPool.from_list(["a"]).elect()
    for odd in ("a", stranger):
        thing: Any = odd
        for use in (pool.fail, pool.succeed):
            assert "endpoint=" in refusal(lambda use=use, thing=thing: use(endpoint=thing))  # type: ignore[misc]
        assert "endpoint=" in refusal(lambda thing=thing: pool.elect(lambda endpoints: thing))  # type: ignore[misc]
    assert "seconds=" in refusal(lambda: pool.succeed(seconds=NAN))
    number: Any = 5
    assert "exempt_exceptions=" in refusal(lambda: pool.get_endpoint(exempt_exceptions=number).__enter__())
    with pytest.raises(KeyError), pool.get_endpoint(exempt_exceptions=KeyError):
        raise KeyError


def test_members_of_the_official_enumerations_are_names_too() -> None:
    with AlternatorLB(
        ["127.0.0.1"],
        affinity=KeyRouteAffinityMode.RMW,
        compression=CompressionAlgorithm.GZIP,
        response_compression=[ResponseCompression.DEFLATE, "gzip"],
        optimize_headers=True,
        keep_headers="X-A",
        options={"refresh.active_ms": 500},
    ) as lb:
        assert lb.request_settings.by_key
        assert lb.wire.content_encoding == "gzip"
        assert lb.wire.accept_encoding == "deflate, gzip"
        assert lb.wire.kept is not None and "x-a" in lb.wire.kept
