"""`AlternatorLB`: what users of this package hold.

A thin shell: options become config keys of the core, calls become calls of the core, and everything about boto3 is in the
modules imported on first use, so that this one works without boto3. No thread is ever started here and no lock is held.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Literal

from . import _clients, _library, _log, errors
from ._clients import ClientDefaults
from ._core import Core
from ._hook_options import HookOptions
from ._version import VERSION

_VERIFY: Final[Mapping[object, str]] = {True: "full", False: "none"}
# Who asks for the partition keys of tables, by `refresh`; in manual mode `AlternatorLB.refresh` alone does.
_DESCRIBE: Final[Mapping[str, Literal["inline", "thread"]]] = {"inline": "inline", "thread": "thread"}


class AlternatorLB:
    """Spreads the requests of boto3 and botocore DynamoDB clients over the nodes of an Alternator cluster.

    nodes:      hosts to start from: `host`, `host:port`, an IPv6 address. The others are discovered.
    port, scheme: where every node listens, "http" or "https".
    datacenter, rack: use the nodes of this datacenter, or of this rack of it, and no others.
    scope:      instead of the two above, a chain to fall back along: "rack:dc1/r1>dc:dc1>cluster", or its links as a list.
    refresh:    "inline" (a request that finds the list old renews it), "manual" (only `refresh()` does) or "thread".
    policy:     "random" or "round_robin".
    affinity:   "none", or which writes go to the node of their partition key: "rmw" or "any_write".
    table_keys: the partition keys of tables, {table: attribute}; those of others are learned by DescribeTable.
    aws_access_key_id, aws_secret_access_key, aws_session_token, region_name, config: defaults of the clients made here.
    ca_file, cert_file, key_file, verify: TLS of discovery and of the clients made here; verify is True, False or "no_hostname".
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
        scope: str | Iterable[str] | None = None,
        refresh: str = "inline",
        policy: str | None = None,
        affinity: str | None = None,
        table_keys: Mapping[str, str] | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        region_name: str = "us-east-1",
        config: Any = None,
        ca_file: str | os.PathLike[str] | None = None,
        cert_file: str | os.PathLike[str] | None = None,
        key_file: str | os.PathLike[str] | None = None,
        verify: bool | Literal["no_hostname"] = True,
        options: Mapping[str, str] | None = None,
        library_path: str | os.PathLike[str] | None = None,
    ) -> None:
        keys: dict[str, object] = {
            "seeds": nodes if isinstance(nodes, str) else ",".join(str(node) for node in nodes),
            "scheme": scheme,
            "port": port,
            "scope": _scope(datacenter, rack, scope),
            "refresh.mode": refresh,
            "policy": policy,
            "affinity": affinity,
            **{f"table.{table}.key": key for table, key in (table_keys or {}).items()},
            "tls.ca_file": _text(ca_file),
            "tls.cert_file": _text(cert_file),
            "tls.key_file": _text(key_file),
            "tls.verify": _VERIFY.get(verify, verify),
            "user_agent": _user_agent(),
            **(options or {}),
        }
        settings = ((key, str(value)) for key, value in keys.items() if value is not None)
        self._core: Core | None = Core(_library.load(library_path), settings)
        self._defaults = ClientDefaults(
            region_name=region_name,
            credentials={
                "aws_access_key_id": aws_access_key_id,
                "aws_secret_access_key": aws_secret_access_key,
                "aws_session_token": aws_session_token,
            },
            config=config,
            ca_file=_text(ca_file),
            cert_file=_text(cert_file),
            key_file=_text(key_file),
            verify=verify,
        )
        self._hook_options = HookOptions(
            by_key=keys["affinity"] not in (None, "none"), describe=_DESCRIBE.get(str(keys["refresh.mode"]), "never")
        )
        self._events_read = 0
        self._events_logged = 0
        self._generation_logged = 0

    def close(self) -> None:
        """Ends the balancer. Calls under way finish; later ones, also of patched clients, raise ClosedError."""
        if self._core is not None:
            self._log_events(self._core)
            self._core = None

    def __enter__(self) -> AlternatorLB:
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<AlternatorLB closed>" if self._core is None else f"<AlternatorLB {', '.join(self._core.nodes())}>"

    def new_dynamodb_client(self, **options: Any) -> Any:
        """A boto3 client that uses every node. Takes what `boto3.client("dynamodb", ...)` takes."""
        client = _clients.new_client(self._defaults, self._endpoint_url(), _user_agent(), options)
        self.patch_dynamodb_client(client)
        return client

    def new_dynamodb_resource(self, **options: Any) -> Any:
        """A boto3 resource that uses every node. Takes what `boto3.resource("dynamodb", ...)` takes."""
        resource = _clients.new_resource(self._defaults, self._endpoint_url(), _user_agent(), options)
        self.patch_dynamodb_client(resource.meta.client)
        return resource

    def patch_dynamodb_client(self, client: Any) -> None:
        """Makes an existing boto3 or botocore DynamoDB client use every node. Patching twice does nothing more.

        Its endpoint, credentials, timeouts and TLS settings stay as they are. Patch before the first request.
        """
        from . import _hooks

        self._open()
        _hooks.patch(client, self, self._for_request, self._hook_options)

    def unpatch_dynamodb_client(self, client: Any) -> None:
        """Gives the client back its own endpoint."""
        from . import _hooks

        _hooks.unpatch(client, self)

    def next_node(self) -> str:
        """The URL of the node for the next request, for clients other than boto3."""
        return self._open().next_node()

    @property
    def nodes(self) -> list[str]:
        """The URLs of the nodes that requests are routed to."""
        return self._open().nodes()

    def get_known_nodes(self) -> list[str]:
        """The same as `nodes`, under the name that users of the original helper know."""
        return self.nodes

    def refresh(self, timeout: float = 10.0) -> None:
        """Asks the cluster for its nodes now, for at most `timeout` seconds, and for partition keys that are wanted."""
        core = self._open()
        try:
            core.refresh(timeout)
        finally:
            self._log_events(core)
        if self._hook_options.by_key:
            from . import _hooks

            _hooks.describe_wanted(self)

    def get_partition_key_name(self, table: str) -> str | None:
        """The partition key's attribute of a table: as given, or as learned; None while it is not known."""
        return self._open().table_key(table)

    def check_if_rack_and_datacenter_set_correctly(self, timeout: float = 10.0) -> None:
        """Raises ValueError when the cluster does not know the datacenter or rack of the scope."""
        self._open().check_scope(timeout)

    def check_if_rack_datacenter_feature_is_supported(self, timeout: float = 10.0) -> bool:
        """Whether the server can list the nodes of one datacenter or rack; RuntimeError when it could not be asked."""
        return self._open().scope_supported(timeout)

    def statistics(self) -> dict[str, Any]:
        """The counters of the core."""
        return self._open().statistics()

    def events(self) -> list[dict[str, Any]]:
        """What happened since the last call, oldest first: nodes that joined or left, were set aside, were back..."""
        core = self._open()
        self._log_events(core)
        found = []
        for position, event in core.events_after(self._events_read):
            if position > self._events_read:
                self._events_read = position
                found.append(event)
        return found

    def _open(self) -> Core:
        core = self._core
        if core is None:
            raise errors.closed()
        return core

    def _for_request(self) -> Core:
        core = self._core
        if core is None:
            raise errors.closed()
        generation = core.generation.value
        if generation != self._generation_logged:
            self._generation_logged = generation
            self._log_events(core)
        return core

    def _endpoint_url(self) -> str:
        nodes = self.nodes
        if not nodes:
            raise errors.no_nodes()
        return nodes[0]

    def _log_events(self, core: Core) -> None:
        """Forwards new events to the logger `alternator_lb`."""
        for position, event in core.events_after(self._events_logged):
            # Another thread may be at it too.
            if position > self._events_logged:
                self._events_logged = position
                _log.write(event)


def _scope(datacenter: str | None, rack: str | None, scope: str | Iterable[str] | None) -> str | None:
    if rack is not None and datacenter is None:
        raise errors.bad_value(f"rack={rack!r} needs a datacenter: give both, or datacenter alone")
    if scope is not None:
        if datacenter is not None:
            raise errors.bad_value(f"scope={scope!r} and datacenter={datacenter!r} exclude each other: give one of them")
        return scope if isinstance(scope, str) else ">".join(scope)
    if datacenter is None:
        return None
    return f"dc:{_name(datacenter)}" if rack is None else f"rack:{_name(datacenter)}/{_name(rack)}"


def _name(text: str) -> str:
    """A datacenter or rack as the scope grammar wants it: its own separators escaped."""
    return text.replace("%", "%25").replace("/", "%2F").replace(">", "%3E")


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else os.fspath(path)


def _user_agent() -> str:
    return f"alternator-lb-python/{VERSION}"
