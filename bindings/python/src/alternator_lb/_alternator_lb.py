"""`AlternatorLB`: the interface of the original helper, and everything else by keyword."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from enum import Enum
from types import TracebackType
from typing import Any, Literal, cast

from . import _check, errors
from ._balancer import Balancer
from ._settings import DESCRIBE, RequestSettings, SdkSettings, Settings, UserAgentOfSdk
from ._sync import SyncBalancer
from ._tls import core_options as tls_options
from ._user_agent import DEFAULT_USER_AGENT, sent_user_agent
from .auth import Auth
from .config import CompressionAlgorithm, KeyRouteAffinityMode, ResponseCompression, UserAgent, core_options
from .scopes import RoutingScope, escape
from .tls import TLS


class Arguments(Balancer):
    """The arguments of `AlternatorLB` and `AsyncAlternatorLB`.

    nodes:      hosts to start from: `host`, `host:port`, an IPv6 address. The others are discovered.
    port, scheme: where every node listens, "http" or "https".
    datacenter, rack: use the nodes of this datacenter, or of this rack of it, and no others.
    scope:      instead of the two above, a chain to fall back along: "rack:dc1/r1>dc:dc1>cluster", its links as a list, or a
                RoutingScope.
    refresh:    "inline" (a request that finds the list old renews it), "manual" (only `refresh()` does) or "thread".
    policy:     how a node is chosen, as the core's option `policy`.
    affinity:   "none", or which writes go to the node of their partition key: "rmw" or "any_write".
    table_keys: the partition keys of tables, {table: attribute}; those of others are learned by DescribeTable.
    compression: "gzip" or "deflate" for bodies of requests.
    response_compression: what answers may be compressed with, such as "gzip, deflate".
    optimize_headers, keep_headers: send only the headers that servers read, and these.
    user_agent: the header as it is sent: a text, a function of the default, or None to send none.
    aws_access_key_id, aws_secret_access_key, aws_session_token, region_name, config: defaults of the clients made here.
    ca_file, cert_file, key_file, verify: TLS of discovery and of the clients made here; verify is True, False or "no_hostname".
    tls:        instead of the four above, a TLS.
    options:    any other option of the core by its name, as text.
    library_path: the shared library to load instead of the bundled one.
    """

    def __init__(
        self,
        nodes: str | Iterable[str],
        port: int = 8000,
        scheme: str = "http",
        datacenter: str | None = None,
        rack: str | None = None,
        *,
        scope: str | Iterable[str] | RoutingScope | None = None,
        refresh: str = "inline",
        policy: str | None = None,
        affinity: str | KeyRouteAffinityMode | None = None,
        table_keys: Mapping[str, str] | None = None,
        compression: str | CompressionAlgorithm | None = None,
        response_compression: str | ResponseCompression | Iterable[str | ResponseCompression] | None = None,
        optimize_headers: bool = False,
        keep_headers: str | Iterable[str] = (),
        user_agent: UserAgent | Literal[UserAgentOfSdk.UNCHANGED] | None = UserAgentOfSdk.UNCHANGED,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        region_name: str = "us-east-1",
        config: Any = None,
        ca_file: str | os.PathLike[str] | None = None,
        cert_file: str | os.PathLike[str] | None = None,
        key_file: str | os.PathLike[str] | None = None,
        verify: bool | Literal["no_hostname"] = True,
        tls: TLS | None = None,
        options: Mapping[str, str | int | float] | None = None,
        library_path: str | os.PathLike[str] | None = None,
    ) -> None:
        sent = user_agent if user_agent is UserAgentOfSdk.UNCHANGED else sent_user_agent(user_agent)
        if tls is None:
            tls = _tls(ca_file, cert_file, key_file, verify)
        elif (ca_file, cert_file, key_file, verify) != (None, None, None, True):
            raise errors.bad_value("tls excludes ca_file, cert_file, key_file and verify: say it there")
        else:
            _check.needed("tls", tls, TLS)
        tables = _check.mapping("table_keys", table_keys, "names of tables with those of their partition keys")
        keys: dict[str, object] = {
            "seeds": _listed("nodes", nodes, "hosts, each a text"),
            "scheme": scheme,
            "port": port,
            "scope": _scope(datacenter, rack, scope),
            "refresh.mode": _check.text("refresh", refresh, "'inline', 'manual' or 'thread'"),
            "policy": policy,
            "affinity": _value(affinity),
            **{f"table.{table}.key": key for table, key in tables.items()},
            "compression": _value(compression),
            "response_compression": None
            if response_compression is None
            else _listed("response_compression", response_compression, "'gzip', 'deflate', or both"),
            "headers.optimize": "on" if _check.flag("optimize_headers", optimize_headers) else "off",
            "headers.keep": _listed("keep_headers", keep_headers, "names of headers"),
            "user_agent": DEFAULT_USER_AGENT if sent is UserAgentOfSdk.UNCHANGED else sent or "",
            **tls_options(tls),
            **core_options(options),
        }
        core = {key: str(value) for key, value in keys.items() if value is not None}
        sdk = SdkSettings(
            region_name=_check.text("region_name", region_name),
            auth=Auth(aws_access_key_id, aws_secret_access_key, aws_session_token),
            auth_from_environment=True,
            config=_sdk_config(config),
            tls=tls,
        )
        requests = RequestSettings(
            by_key=core.get("affinity", "none") != "none",
            describe=DESCRIBE.get(core["refresh.mode"], "never"),
            user_agent=sent,
        )
        super().__init__(Settings(core, sdk, requests), library_path)


class AlternatorLB(Arguments, SyncBalancer):
    __doc__ = f"Spreads the requests of boto3 and botocore DynamoDB clients over the nodes of a cluster.\n\n{Arguments.__doc__}"

    def __enter__(self) -> AlternatorLB:
        self.open_core()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _value(given: object) -> object:
    """What the core calls it, of a member of the official interface's enumerations too."""
    return given.value if isinstance(given, Enum) else given


def _listed(name: str, given: str | Enum | Iterable[Any], accepted: str) -> str:
    """One text, or several, as the core has lists."""
    if isinstance(given, (str, Enum)):
        return str(_value(given))
    several = map(_value, given) if isinstance(given, Iterable) and not isinstance(given, bytes) else given
    return ",".join(_check.texts(name, cast("Iterable[str]", several), accepted))


def _sdk_config(config: Any) -> Any:
    if config is not None and not hasattr(config, "merge"):
        raise _check.refused("config", config, "a botocore.config.Config")
    return config


def _tls(
    ca_file: str | os.PathLike[str] | None,
    cert_file: str | os.PathLike[str] | None,
    key_file: str | os.PathLike[str] | None,
    verify: bool | str,
) -> TLS:
    if not isinstance(verify, (bool, str)) or verify not in (True, False, "full", "no_hostname", "none"):
        raise _check.refused("verify", verify, "True, False or 'no_hostname' (the core's tls.verify)")
    for name, path in (("ca_file", ca_file), ("cert_file", cert_file), ("key_file", key_file)):
        _check.path(name, path)
    return TLS(
        custom_ca_cert_paths=() if ca_file is None else (ca_file,),
        # The file says whom to trust, and nobody else is.
        trust_system_ca_certs=ca_file is None,
        trust_all_certificates=verify in (False, "none"),
        verify_hostname=verify != "no_hostname",
        client_cert_path=cert_file,
        client_key_path=key_file,
    )


def _scope(datacenter: str | None, rack: str | None, scope: str | Iterable[str] | RoutingScope | None) -> str | None:
    if rack is not None and datacenter is None:
        raise errors.bad_value(f"rack={rack!r} needs a datacenter: give both, or datacenter alone")
    if scope is not None:
        if datacenter is not None:
            raise errors.bad_value(f"scope={scope!r} and datacenter={datacenter!r} exclude each other: give one of them")
        if isinstance(scope, RoutingScope):
            return scope.chain
        return (
            scope
            if isinstance(scope, str)
            else ">".join(_check.texts("scope", scope, "a chain of scopes, or its links as texts"))
        )
    if datacenter is None:
        return None
    _check.text("datacenter", datacenter, "a name that is not empty")
    if rack is not None:
        _check.text("rack", rack, "a name that is not empty")
    return f"dc:{escape(datacenter)}" if rack is None else f"rack:{escape(datacenter)}/{escape(rack)}"
