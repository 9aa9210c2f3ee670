"""How a new boto3 client or resource for the cluster is made.

Everything it needs is given explicitly, so neither the AWS configuration files nor AWS_* variables that were set for real AWS
(an endpoint, a profile, a retry mode, a CA bundle...) or proxy variables bend it. The one exception is a pair of keys: the
standard two variables are used when no credentials are given, and requests are unsigned when there are none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from . import _pools

_KEY_PAIR: Final = ("aws_access_key_id", "aws_secret_access_key")
_KEY_NAMES: Final = (*_KEY_PAIR, "aws_session_token")


@dataclass(frozen=True)
class ClientDefaults:
    """What new clients get unless the caller says otherwise."""

    region_name: str
    credentials: Mapping[str, str | None] = field(repr=False)
    config: Any
    ca_file: str | None
    cert_file: str | None
    key_file: str | None
    verify: bool | str


def new_client(defaults: ClientDefaults, endpoint_url: str, user_agent: str, options: dict[str, Any]) -> Any:
    client = _session().client("dynamodb", **_arguments(defaults, endpoint_url, user_agent, options))
    _apply_host_name_rule(defaults, client)
    return client


def new_resource(defaults: ClientDefaults, endpoint_url: str, user_agent: str, options: dict[str, Any]) -> Any:
    resource = _session().resource("dynamodb", **_arguments(defaults, endpoint_url, user_agent, options))
    _apply_host_name_rule(defaults, resource.meta.client)
    return resource


def _session() -> Any:
    """A boto3 session that reads no AWS_* variable and no file."""
    import boto3.session
    import botocore.session

    variables = {
        name: (in_file, None, default, convert)
        for name, (in_file, _, default, convert) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    for name in ("config_file", "credentials_file"):
        variables[name] = (None, None, os.devnull, None)
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=variables))


def _arguments(defaults: ClientDefaults, endpoint_url: str, user_agent: str, options: dict[str, Any]) -> dict[str, Any]:
    credentials = _credentials(defaults, options)
    config = _config(defaults, user_agent, unsigned=credentials["aws_access_key_id"] is None)
    for given in (defaults.config, options.get("config")):
        config = config if given is None else config.merge(given)
    return {
        "endpoint_url": endpoint_url,
        "region_name": defaults.region_name,
        "verify": defaults.verify not in (False, "none") and (defaults.ca_file or True),
        **options,
        **credentials,
        "config": config,
    }


def _credentials(defaults: ClientDefaults, options: Mapping[str, Any]) -> dict[str, str | None]:
    for source in (options, defaults.credentials):
        if any(source.get(name) is not None for name in _KEY_PAIR):
            return {name: source.get(name) for name in _KEY_NAMES}
    environment = {name: os.environ.get(name.upper()) for name in _KEY_NAMES}
    return environment if all(environment[name] for name in _KEY_PAIR) else dict.fromkeys(_KEY_NAMES)


def _config(defaults: ClientDefaults, user_agent: str, *, unsigned: bool) -> Any:
    from botocore import UNSIGNED
    from botocore.config import Config

    return Config(
        # A fixed text spares botocore composing one for every request.
        user_agent=user_agent,
        signature_version=UNSIGNED if unsigned else None,
        # The SDK would wait a minute for a node that does not answer.
        connect_timeout=2,
        read_timeout=30,
        max_pool_connections=200,
        retries={"mode": "standard", "total_max_attempts": 4},
        proxies={},
        client_cert=_certificate(defaults),
    )


def _certificate(defaults: ClientDefaults) -> tuple[str, str] | None:
    # The core has made sure that the two come together.
    if defaults.cert_file is None or defaults.key_file is None:
        return None
    return defaults.cert_file, defaults.key_file


def _apply_host_name_rule(defaults: ClientDefaults, client: Any) -> None:
    if defaults.verify == "no_hostname":
        _pools.skip_host_name_check(client)
