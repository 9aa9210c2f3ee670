"""The hooks that make one boto3 or botocore client ask the balancer.

Each attempt gets its node before it is signed (`request-created`) and is reported when it ended (`response-received`). Whether
to retry stays the SDK's decision; only the pause before a retry is dropped when another node is about to be asked. All
attempts of one API call share botocore's request context, and with it one query plan.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Final
from weakref import WeakKeyDictionary

from . import _native, _outcome, _pools, errors
from ._core import Core
from ._log import logger

_CONTEXT_KEY: Final = "alternator_lb"
_CHOOSE: Final = "alternator-lb-choose"
_REPORT: Final = "alternator-lb-report"
# The SDK registers its retry handler, in every retry mode, under this id.
_SDK_RETRY: Final = "retry-config-dynamodb"


class _Call:
    """One API call: the attempt under way (if any), the nodes tried before it, and, once a retry comes, its query plan."""

    __slots__ = ("core", "node_id", "outcome", "plan", "started_ns", "tried", "upcoming")

    def __init__(self, core: Core) -> None:
        self.started_ns = 0
        self.core = core
        self.plan: _native.Plan | None = None
        self.tried: tuple[int, ...] = ()
        self.upcoming = -1
        # The first attempt begins with the call. Most calls need no other, and so no plan.
        self.node_id: int = core.alb_next_node(core.handle, None)
        if self.node_id < 0:
            raise core.error(self.node_id)
        self.started_ns = perf_counter_ns()

    def __del__(self) -> None:
        # An attempt that was given up (KeyboardInterrupt, a timeout of gevent) fires no event: it ends with its call.
        if self.started_ns:
            self.end_attempt(_native.OUTCOME_CANCELLED)

    def start_retry(self) -> None:
        """Moves on to the plan's next node."""
        node_id = self.upcoming if self.upcoming >= 0 else self._next_of_plan()
        if node_id < 0:
            raise self.core.error(node_id)
        self.upcoming = -1
        self.node_id = node_id
        self.started_ns = perf_counter_ns()

    def _next_of_plan(self) -> int:
        """The plan's next node, or a negative status."""
        core = self.core
        if self.plan is None:
            self.plan = _native.Plan()
            status: int = core.alb_plan_after(core.handle, self.node_id, self.plan)
            if status < 0:
                return status
        node_id: int = core.alb_plan_next(core.handle, self.plan, None)
        return node_id

    def end_attempt(self, outcome: int) -> None:
        self.outcome = outcome
        core = self.core
        core.alb_report(core.handle, self.node_id, outcome, (perf_counter_ns() - self.started_ns) // 1000)
        self.started_ns = 0

    def may_hurry(self) -> bool:
        """Whether a retry need not wait: this node failed, and the next one has not been tried in this call yet."""
        self.tried = (*self.tried, self.node_id)
        if self.outcome not in _outcome.NODE_FAILED:
            return False
        # A negative status is the next attempt's to tell.
        self.upcoming = self._next_of_plan()
        return self.upcoming not in self.tried


class Hooks:
    """Everything that patching puts into one client. Holds no reference to the client, so that it can be collected."""

    def __init__(self, owner: object, core: Callable[[], Core]) -> None:
        self.owner: Final = owner
        self._core = core
        self._sdk_retry: Callable[..., Any] | None = None

    def install(self, client: Any) -> None:
        events = client.meta.events
        # `.*` is more specific than the signer's own registration, and the more specific handler runs first.
        events.register("request-created.dynamodb.*", self._choose, unique_id=_CHOOSE)
        events.register("response-received.dynamodb.*", self._report, unique_id=_REPORT)
        self._sdk_retry = _registered(events, _SDK_RETRY)
        if self._sdk_retry is None:
            logger.warning("cannot find the retry handler of this botocore: retries wait as long as the SDK says")
        else:
            _replace_retry_handler(events, self._retry)
        _pools.renew(client)

    def remove(self, client: Any) -> None:
        events = client.meta.events
        events.unregister("request-created.dynamodb.*", unique_id=_CHOOSE)
        events.unregister("response-received.dynamodb.*", unique_id=_REPORT)
        if self._sdk_retry is not None:
            _replace_retry_handler(events, self._sdk_retry)

    def renew_after_fork(self, client: Any) -> None:
        """Parts the client of a forked child from its parent's: no shared connection, no lock that was left taken."""
        _pools.renew(client)
        # The SDK's retry quota, taken and given back in every call of the mode `standard`, has the one lock besides the pools'.
        quota: Any = getattr(getattr(getattr(self._sdk_retry, "__self__", None), "_retry_quota", None), "_quota", None)
        if hasattr(quota, "_lock"):
            quota._lock = threading.Lock()

    def _choose(self, request: Any, **_: object) -> None:
        context = request.context
        call = context.get(_CONTEXT_KEY)
        if call is None:
            call = context[_CONTEXT_KEY] = _Call(self._core())
        else:
            call.start_retry()
        request.url = call.core.request_urls[call.node_id]

    def _report(self, context: dict[str, Any], exception: Any = None, parsed_response: Any = None, **_: object) -> None:
        call = context.get(_CONTEXT_KEY)
        if call is not None:
            call.end_attempt(_outcome.classify(exception, parsed_response))

    def _retry(self, **event: Any) -> Any:
        assert self._sdk_retry is not None
        delay = self._sdk_retry(**event)
        if delay is None or delay is False:
            return delay
        call = event["request_dict"]["context"].get(_CONTEXT_KEY)
        return 0 if call is not None and call.may_hurry() else delay


def patch(client: Any, owner: object, core: Callable[[], Core]) -> None:
    """Makes the client ask `core()` for a node at each attempt; does nothing when `owner` has patched it already."""
    _require_dynamodb_client(client)
    hooks = _patched.get(client)
    if hooks is None:
        hooks = Hooks(owner, core)
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
