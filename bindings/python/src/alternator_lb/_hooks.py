"""The hooks that make one boto3 or botocore client ask the balancer.

Each attempt gets its node before it is signed (`request-created`) and is reported when it ended (`response-received`). Whether
to retry stays the SDK's decision; only the pause before a retry is dropped when another node is about to be asked. With key
affinity, a write's plan is made from its body as it goes on the wire (`before-call`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from logging import DEBUG
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import ref

from urllib3.util import SKIP_HEADER

from . import _outcome, _pools, _table_keys, _transport
from ._call import CONTEXT_KEY, Call
from ._cooldown import Cooldown
from ._core import Core
from ._log import logger
from ._native import OUTCOME_SUCCESS
from ._settings import RequestSettings
from ._wire import Wire

if TYPE_CHECKING:
    from ._async_driver import Driver

_ID: Final = "alternator-lb"
# The SDK registers its retry handler, in every retry mode, under this id.
_SDK_RETRY: Final = "retry-config-dynamodb"


class Owner(Protocol):
    """The balancer that patches a client, as its hooks see it."""

    @property
    def request_settings(self) -> RequestSettings: ...

    @property
    def wire(self) -> Wire: ...

    @property
    def cooldown(self) -> Cooldown: ...

    @property
    def blocks(self) -> bool:
        """Whether choosing a node may do I/O on the caller's thread."""

    @property
    def driver(self) -> Callable[[], Driver] | None:
        """What drives discovery on the running loop; None if that is not needed."""

    def core_for_request(self) -> Core:
        """The core; ClosedError after the balancer was closed."""


class Hooks:
    """Everything that patching puts into one client. Holds no reference to the client, so that it can be collected."""

    def __init__(self, client: Any, owner: Owner) -> None:
        self.owner: Final = owner
        self._client = ref(client)
        self._core = owner.core_for_request
        self._settings = owner.request_settings
        self._wire = owner.wire
        self._sdk_retry: Callable[..., Any] | None = None
        self._restore_session: Callable[[], None] = lambda: None
        self._next_look_ns = 0

    def install(self, client: Any) -> None:
        events = client.meta.events
        for event, handler in self._handlers():
            events.register(event, handler, unique_id=f"{_ID} {event}")
        self._sdk_retry = _registered(events, _SDK_RETRY)
        if self._sdk_retry is None:
            logger.warning("cannot find the retry handler of this botocore: retries wait as long as the SDK says")
        else:
            _replace_retry_handler(events, self._retry)
        self._restore_session = self._install_transport(client)

    def remove(self, client: Any) -> None:
        events = client.meta.events
        for event, _ in self._handlers():
            events.unregister(event, unique_id=f"{_ID} {event}")
        if self._sdk_retry is not None:
            _replace_retry_handler(events, self._sdk_retry)
        self._restore_session()

    def renew_after_fork(self, client: Any) -> None:
        """Parts the client of a forked child from its parent's: no shared connection, no lock that was left taken."""
        _pools.renew(client)
        # The SDK's retry quota, taken and given back in every call of the mode `standard`, has the one lock besides the pools'.
        quota: Any = getattr(getattr(getattr(self._sdk_retry, "__self__", None), "_retry_quota", None), "_quota", None)
        if hasattr(quota, "_lock"):
            quota._lock = threading.Lock()

    def describe_wanted(self) -> None:
        """Asks for the tables whose keys the core wants."""
        client = self._client()
        if client is not None:
            _table_keys.describe_wanted(self._core(), self.owner.cooldown, client)

    def _install_transport(self, client: Any) -> Callable[[], None]:
        _pools.renew(client)
        return _transport.install(client, self._wire)

    def _handlers(self) -> list[tuple[str, Callable[..., Any]]]:
        # `.*` is more specific than the signer's own registration, and the more specific handler runs first.
        handlers: list[tuple[str, Callable[..., Any]]] = [
            ("request-created.dynamodb.*", self._choose),
            ("response-received.dynamodb.*", self._report),
        ]
        if self._wire.content_encoding:
            # Less specific than `_plan`, which reads the body before it is compressed.
            handlers.append(("before-call.dynamodb", self._compress))
        if self._wire.kept is not None:
            handlers.append(("before-sign.dynamodb.*", self._strip))
        if self._wire.changes_headers:
            handlers.append(("before-send.dynamodb.*", self._finish))
        if self._settings.by_key:
            handlers += [(f"before-call.dynamodb.{operation}", self._plan) for operation in _table_keys.OPERATIONS]
            handlers += [(f"after-call.dynamodb.{operation}", self._look) for operation in _table_keys.OPERATIONS]
            handlers += [(f"after-call.dynamodb.{operation}", self._learn) for operation in _table_keys.TELLING]
            handlers.append(("before-call.dynamodb.DescribeTable", _limit_own_describe))
        return handlers

    def _plan(self, model: Any, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context[CONTEXT_KEY] = Call.by_key(self._core(), model.name.encode(), params["body"])

    def _choose(self, request: Any, operation_name: str = "", **_: object) -> None:
        context = request.context
        call = context.get(CONTEXT_KEY)
        if call is None:
            call = context[CONTEXT_KEY] = Call(self._core())
        call.start_attempt()
        url = request.url = call.core.request_urls[call.node_id]
        if logger.isEnabledFor(DEBUG):
            logger.debug("%s goes to %s", operation_name, url)

    def _compress(self, params: dict[str, Any], **_: object) -> None:
        self._wire.compress(self._core(), params)

    def _strip(self, request: Any, **_: object) -> None:
        self._wire.strip(request.headers)

    def _finish(self, request: Any, **_: object) -> None:
        self._wire.finish(request.headers, SKIP_HEADER)

    def _report(self, context: dict[str, Any], exception: Any = None, parsed_response: Any = None, **_: object) -> None:
        call = context.get(CONTEXT_KEY)
        if call is None:
            return
        if parsed_response is not None and parsed_response["ResponseMetadata"]["HTTPStatusCode"] < 300:
            call.end_attempt(OUTCOME_SUCCESS)
        else:
            call.end_attempt(_outcome.classify(exception, parsed_response))

    def _retry(self, **event: Any) -> Any:
        assert self._sdk_retry is not None
        delay = self._sdk_retry(**event)
        # After most calls: a success.
        return None if delay is None else self._hurry(delay, event)

    def _hurry(self, delay: Any, event: dict[str, Any]) -> Any:
        """The SDK's verdict on a retry, without its pause when another node is asked."""
        if delay is None or delay is False:
            return delay
        if _table_keys.in_progress():
            return None
        call = event["request_dict"]["context"].get(CONTEXT_KEY)
        return 0 if call is not None and call.may_hurry() else delay

    def _learn(self, parsed: dict[str, Any], **_: object) -> None:
        _table_keys.learn(self._core(), parsed)

    def _look(self, context: dict[str, Any], **_: object) -> None:
        """After a write: sees whether the core wants the key of a table."""
        call = context.get(CONTEXT_KEY)
        if call is not None and call.ended_ns >= self._next_look_ns:
            self._next_look_ns = call.ended_ns + _table_keys.LOOK_EVERY_NS
            self._ask(call.core)

    def _ask(self, core: Core) -> None:
        client = self._client()
        if client is None or self._settings.describe == "never":
            return
        table = self.owner.cooldown.next_wanted(core)
        if table is not None:
            self._describe(core, client, table)

    def _describe(self, core: Core, client: Any, table: str) -> None:
        arguments = (core, self.owner.cooldown, client, table)
        if self._settings.describe == "inline":
            _table_keys.describe(*arguments)
        else:
            threading.Thread(target=_table_keys.describe, args=arguments, daemon=True).start()


def _limit_own_describe(context: dict[str, Any], **_: object) -> None:
    if _table_keys.in_progress():
        # Newer versions of botocore take a timeout from here; others use the client's.
        context["read_timeout"] = _table_keys.TIMEOUT_SECONDS


def _registered(events: Any, unique_id: str) -> Callable[..., Any] | None:
    # Private: botocore has no way to ask for a handler. Guarded, and tests/test_retries.py fails when it moves.
    emitter = getattr(events, "_emitter", events)
    entry = getattr(emitter, "_unique_id_handlers", {}).get(unique_id, {})
    handler: Callable[..., Any] | None = entry.get("handler")
    return handler


def _replace_retry_handler(events: Any, handler: Callable[..., Any]) -> None:
    events.unregister("needs-retry.dynamodb", unique_id=_SDK_RETRY)
    events.register("needs-retry.dynamodb", handler, unique_id=_SDK_RETRY)
