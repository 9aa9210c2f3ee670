"""The hooks that make one boto3 or botocore client ask the balancer.

Each attempt gets its node before it is signed (`request-created`) and is reported when it ended (`response-received`). Whether
to retry stays the SDK's decision; only the pause before a retry is dropped when another node is about to be asked. With key
affinity, a write's plan is made from its body as it goes on the wire (`before-call`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary, ref

from . import _outcome, _pools, _table_keys, errors
from ._call import CONTEXT_KEY, Call
from ._core import Core
from ._hook_options import HookOptions
from ._log import logger

_ID: Final = "alternator-lb"
# The SDK registers its retry handler, in every retry mode, under this id.
_SDK_RETRY: Final = "retry-config-dynamodb"


class Hooks:
    """Everything that patching puts into one client. Holds no reference to the client, so that it can be collected."""

    def __init__(self, client: Any, owner: object, core: Callable[[], Core], options: HookOptions) -> None:
        self.owner: Final = owner
        self._client = ref(client)
        self._core = core
        self._options = options
        self._sdk_retry: Callable[..., Any] | None = None
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
        _pools.renew(client)

    def remove(self, client: Any) -> None:
        events = client.meta.events
        for event, _ in self._handlers():
            events.unregister(event, unique_id=f"{_ID} {event}")
        if self._sdk_retry is not None:
            _replace_retry_handler(events, self._sdk_retry)

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
            _table_keys.describe_wanted(self._core(), client)

    def _handlers(self) -> list[tuple[str, Callable[..., None]]]:
        # `.*` is more specific than the signer's own registration, and the more specific handler runs first.
        handlers: list[tuple[str, Callable[..., None]]] = [
            ("request-created.dynamodb.*", self._choose),
            ("response-received.dynamodb.*", self._report),
        ]
        if self._options.by_key:
            handlers += [(f"before-call.dynamodb.{operation}", self._plan) for operation in _table_keys.OPERATIONS]
            handlers += [(f"after-call.dynamodb.{operation}", self._look) for operation in _table_keys.OPERATIONS]
            handlers += [(f"after-call.dynamodb.{operation}", self._learn) for operation in _table_keys.TELLING]
            handlers.append(("before-call.dynamodb.DescribeTable", _limit_own_describe))
        return handlers

    def _plan(self, model: Any, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context[CONTEXT_KEY] = Call.by_key(self._core(), model.name.encode(), params["body"])

    def _choose(self, request: Any, **_: object) -> None:
        context = request.context
        call = context.get(CONTEXT_KEY)
        if call is None:
            call = context[CONTEXT_KEY] = Call(self._core())
        call.start_attempt()
        request.url = call.core.request_urls[call.node_id]

    def _report(self, context: dict[str, Any], exception: Any = None, parsed_response: Any = None, **_: object) -> None:
        call = context.get(CONTEXT_KEY)
        if call is not None:
            call.end_attempt(_outcome.classify(exception, parsed_response))

    def _retry(self, **event: Any) -> Any:
        assert self._sdk_retry is not None
        return self._hurry(self._sdk_retry(**event), event)

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
        if client is None or self._options.describe == "never":
            return
        table = core.next_wanted_table()
        if table is None:
            return
        if self._options.describe == "inline":
            _table_keys.describe(core, client, table)
        else:
            threading.Thread(target=_table_keys.describe, args=(core, client, table), daemon=True).start()


def patch(client: Any, owner: object, core: Callable[[], Core], options: HookOptions) -> None:
    """Makes the client ask `core()` for a node at each attempt; does nothing when `owner` has patched it already."""
    _require_dynamodb_client(client)
    hooks = _patched.get(client)
    if hooks is None:
        hooks = Hooks(client, owner, core, options)
        hooks.install(client)
        _patched[client] = hooks
    elif hooks.owner is not owner:
        raise errors.bad_value("this client is patched by another AlternatorLB: unpatch it there first")


def unpatch(client: Any, owner: object) -> None:
    """Takes the hooks out again; does nothing when `owner` has not patched the client."""
    _require_dynamodb_client(client)
    hooks = _patched.get(client)
    if hooks is not None and hooks.owner is owner:
        del _patched[client]
        hooks.remove(client)


def describe_wanted(owner: object) -> None:
    """Asks for the tables whose keys the core of `owner` wants, with the first client that it has patched."""
    hooks = next((hooks for hooks in list(_patched.values()) if hooks.owner is owner), None)
    if hooks is not None:
        hooks.describe_wanted()


def _limit_own_describe(context: dict[str, Any], **_: object) -> None:
    if _table_keys.in_progress():
        # Newer versions of botocore take a timeout from here; others use the client's.
        context["read_timeout"] = _table_keys.TIMEOUT_SECONDS


def _require_dynamodb_client(client: Any) -> None:
    model = getattr(getattr(client, "meta", None), "service_model", None)
    service = getattr(model, "service_name", None)
    if service == "dynamodb":
        return
    if hasattr(getattr(client, "meta", None), "client"):
        raise errors.bad_value(f"{client!r} is a boto3 resource: pass its client, resource.meta.client")
    what = repr(client) if service is None else f"a client of {service}"
    raise errors.bad_value(f"{what} cannot be patched: a boto3 or botocore client of dynamodb is needed")


def _registered(events: Any, unique_id: str) -> Callable[..., Any] | None:
    # Private: botocore has no way to ask for a handler. Guarded, and tests/test_retries.py fails when it moves.
    emitter = getattr(events, "_emitter", events)
    entry = getattr(emitter, "_unique_id_handlers", {}).get(unique_id, {})
    handler: Callable[..., Any] | None = entry.get("handler")
    return handler


def _replace_retry_handler(events: Any, handler: Callable[..., Any]) -> None:
    events.unregister("needs-retry.dynamodb", unique_id=_SDK_RETRY)
    events.register("needs-retry.dynamodb", handler, unique_id=_SDK_RETRY)


_patched: WeakKeyDictionary[Any, Hooks] = WeakKeyDictionary()


def _after_fork_in_child() -> None:
    for client, hooks in list(_patched.items()):
        hooks.renew_after_fork(client)


os.register_at_fork(after_in_child=_after_fork_in_child)
