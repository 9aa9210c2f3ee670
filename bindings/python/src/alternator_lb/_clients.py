"""How a new boto3 client or resource for the cluster is made.

Everything it needs is given explicitly, so neither the AWS configuration files nor AWS_* variables that were set for real AWS
(an endpoint, a profile, a retry mode, a CA bundle...) or proxy variables bend it. The one exception is a pair of keys: where the
settings allow it, the standard two variables are used when no credentials are given. Requests are unsigned when there are none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from . import _pools, _sessions, _tls
from ._settings import SdkSettings
from ._user_agent import DEFAULT_USER_AGENT

_KEY_PAIR: Final = ("aws_access_key_id", "aws_secret_access_key")
_KEY_NAMES: Final = (*_KEY_PAIR, "aws_session_token")


def new_client(settings: SdkSettings, endpoint_url: str, options: dict[str, Any]) -> Any:
    client = _session().client("dynamodb", **_arguments(settings, endpoint_url, options))
    _apply_tls(settings, client, options)
    return client


def new_resource(settings: SdkSettings, endpoint_url: str, options: dict[str, Any]) -> Any:
    resource = _session().resource("dynamodb", **_arguments(settings, endpoint_url, options))
    _apply_tls(settings, resource.meta.client, options)
    return resource


def _session() -> Any:
    try:
        import boto3.session
        import botocore.session
    except ModuleNotFoundError as error:
        raise ImportError(f"new clients need boto3 (pip install 'alternator-lb[boto3]'): {error}") from error
    return boto3.session.Session(botocore_session=_sessions.new_session(botocore.session.Session))


def _arguments(settings: SdkSettings, endpoint_url: str, options: dict[str, Any]) -> dict[str, Any]:
    from botocore.config import Config

    return client_arguments(settings, endpoint_url, options, Config)


def client_arguments(settings: SdkSettings, endpoint_url: str, options: dict[str, Any], kind: Any) -> dict[str, Any]:
    """The arguments of a new client; `kind` is the class of its configuration."""
    credentials = _credentials(settings, options)
    config = _config(settings, kind, unsigned=credentials["aws_access_key_id"] is None)
    for given in (settings.config, options.get("config")):
        config = config if given is None else config.merge(given)
    return {
        "endpoint_url": endpoint_url,
        "region_name": settings.region_name,
        "verify": _tls.sdk_verify(settings.tls),
        **options,
        **credentials,
        "config": config,
    }


def _credentials(settings: SdkSettings, options: Mapping[str, Any]) -> dict[str, str | None]:
    for source in (options, settings.auth.as_boto_kwargs()):
        if any(source.get(name) is not None for name in _KEY_PAIR):
            return {name: source.get(name) for name in _KEY_NAMES}
    if settings.auth_from_environment and all(os.environ.get(name.upper()) for name in _KEY_PAIR):
        return {name: os.environ.get(name.upper()) for name in _KEY_NAMES}
    return dict.fromkeys(_KEY_NAMES)


def _config(settings: SdkSettings, kind: Any, *, unsigned: bool) -> Any:
    from botocore import UNSIGNED

    return kind(
        # A fixed text spares botocore composing one for every request.
        user_agent=DEFAULT_USER_AGENT,
        signature_version=UNSIGNED if unsigned else None,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        max_pool_connections=settings.max_pool_connections,
        retries=dict(settings.retries),
        proxies={},
        client_cert=settings.tls.sdk_client_cert,
    )


def _apply_tls(settings: SdkSettings, client: Any, options: Mapping[str, Any]) -> None:
    # A caller who says whom to verify means nobody else.
    if client.meta.endpoint_url.startswith("https:") and "verify" not in options:
        _pools.apply_tls(client, settings.tls)
