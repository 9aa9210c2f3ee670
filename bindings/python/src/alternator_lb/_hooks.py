"""The hooks that make one boto3 or botocore client ask the balancer.

Each attempt gets its node before it is signed (`request-created`) and is reported when it has ended (`needs-retry`, which
botocore asks after each). Whether to retry stays the SDK's decision; only the pause before a retry is dropped when another node
is about to be asked. With key affinity, a write's plan is made from its body.

botocore spends more on calling a handler than most of ours take, so there are as few as can be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from logging import DEBUG
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import ref

from urllib3.util import SKIP_HEADER

from . import _outcome, _pools, _table_keys, _transport
from ._call import CONTEXT_KEY, Call, plan_by_key
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
# Python calls a bound method of an imported object sooner than it finds it.
_is_logged: Final = logger.isEnabledFor
# Between two looks at what is beside a request; they would cost as much as the rest.
_LOOK_EVERY_NS: Final = 100_000_000
# Where in botocore's request context a plan waits for its call.
_PLAN_KEY: Final = "alternator_lb plan"
_NEEDS_RETRY: Final = "needs-retry.dynamodb"


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

    def open_core(self) -> Core:
        """The core; ClosedError after the balancer was closed."""

    def log_news(self, core: Core) -> None:
        """Forwards new events to the logger."""


class Hooks:
    """Everything that patching puts into one client. Holds no reference to the client, so that it can be collected."""

    def __init__(self, client: Any, owner: Owner) -> None:
        self.owner: Final = owner
        self._client = ref(client)
        self._settings = owner.request_settings
        self._wire = owner.wire
        # As the core is told them: the operations whose plans go by their key.
        self._names_by_key = {name: name.encode() for name in _table_keys.OPERATIONS} if self._settings.by_key else {}
        self._sdk_retry: Callable[..., Any] = _no_verdict
        self._restore_session: Callable[[], None] = lambda: None
        self._restore_requests: Callable[[], None] = lambda: None
        self._next_look_ns = 0

    def install(self, client: Any) -> None:
        events = client.meta.events
        for event, handler in self._handlers():
            events.register(event, handler, unique_id=f"{_ID} {event}")
        sdk_retry = _registered(events, _SDK_RETRY)
        if sdk_retry is None:
            logger.warning("cannot find the retry handler of this botocore: retries wait as long as the SDK says")
            events.register(_NEEDS_RETRY, self._ended, unique_id=f"{_ID} {_NEEDS_RETRY}")
        else:
            self._sdk_retry = sdk_retry
            _replace_retry_handler(events, self._ended)
        self._restore_session = self._install_transport(client)
        endpoint: Any = getattr(client, "_endpoint", None)
        if hasattr(endpoint, "make_request"):
            self._restore_requests = _transport.replace(endpoint, "make_request", self._reported(endpoint.make_request))
        else:
            logger.warning(
                "cannot reach the requests of this botocore: attempts that fire no event are reported late, as cancelled"
            )

    def remove(self, client: Any) -> None:
        events = client.meta.events
        for event, _ in self._handlers():
            events.unregister(event, unique_id=f"{_ID} {event}")
        if self._sdk_retry is _no_verdict:
            events.unregister(_NEEDS_RETRY, unique_id=f"{_ID} {_NEEDS_RETRY}")
        else:
            _replace_retry_handler(events, self._sdk_retry)
        self._restore_session()
        self._restore_requests()

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
            _table_keys.describe_wanted(self.owner.open_core(), self.owner.cooldown, client)

    def _install_transport(self, client: Any) -> Callable[[], None]:
        _pools.renew(client)
        return _transport.install(client, self._wire)

    def _handlers(self) -> list[tuple[str, Callable[..., Any]]]:
        # `.*` is more specific than the signer's own registration, and the more specific handler runs first.
        handlers: list[tuple[str, Callable[..., Any]]] = [("request-created.dynamodb.*", self._choose)]
        if self._wire.content_encoding:
            handlers.append(("before-call.dynamodb", self._compress))
        if self._wire.kept is not None:
            handlers.append(("before-sign.dynamodb.*", self._strip))
        if self._wire.changes_headers:
            handlers.append(("before-send.dynamodb.*", self._finish))
        if self._settings.by_key:
            handlers += [(f"after-call.dynamodb.{operation}", self._learn) for operation in _table_keys.TELLING]
            handlers.append(("before-call.dynamodb.DescribeTable", _limit_own_describe))
        return handlers

    def _reported(self, make_request: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """`make_request` that leaves no attempt open: an answer that the parser cannot read fires no event of botocore."""

        def reported(operation_model: Any, request_dict: Any) -> Any:
            try:
                return make_request(operation_model, request_dict)
            except BaseException as error:
                _abandon(request_dict, error)
                raise

        return reported

    def _choose(self, request: Any, operation_name: str = "", **_: object) -> None:
        context = request.context
        call = context.get(CONTEXT_KEY)
        if call is None:
            core = self.owner.open_core()
            name = self._names_by_key.get(operation_name)
            plan = None if name is None else context.pop(_PLAN_KEY, None) or plan_by_key(core, name, request.data)
            call = context[CONTEXT_KEY] = Call(core, plan)
        else:
            call.start_attempt()
        url = request.url = call.core.request_urls[call.node_id]
        if _is_logged(DEBUG):
            logger.debug("%s goes to %s", operation_name, url)

    def _compress(self, model: Any, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        core, name = self.owner.open_core(), self._names_by_key.get(model.name)
        if name is not None:
            # Later, the core could not read the body.
            context[_PLAN_KEY] = plan_by_key(core, name, params["body"])
        self._wire.compress(core, params)

    def _strip(self, request: Any, **_: object) -> None:
        self._wire.strip(request.headers)

    def _finish(self, request: Any, **_: object) -> None:
        self._wire.finish(request.headers, SKIP_HEADER)

    def _ended(self, **event: Any) -> Any:
        """Reports an attempt, and gives the SDK's verdict on a retry."""
        call = event["request_dict"]["context"].get(CONTEXT_KEY)
        if call is not None:
            response = event["response"]
            if response is not None and response[0].status_code < 300:
                call.end_attempt(OUTCOME_SUCCESS)
                if call.ended_ns >= self._next_look_ns:
                    self._look(call)
            else:
                call.end_attempt(_outcome.classify(event["caught_exception"], response))
                self.owner.log_news(call.core)
        delay = self._sdk_retry(**event)
        # After most calls: a success.
        return None if delay is None else self._hurry(delay, call)

    def _hurry(self, delay: Any, call: Call | None) -> Any:
        """The SDK's verdict on a retry, without its pause when another node is asked."""
        if delay is None or delay is False:
            return delay
        if _table_keys.in_progress():
            return None
        return 0 if call is not None and call.may_hurry() else delay

    def _learn(self, parsed: dict[str, Any], **_: object) -> None:
        _table_keys.learn(self.owner.open_core(), parsed)

    def _look(self, call: Call) -> None:
        """Sees what there is to log, and whether the core wants the key of a table."""
        self._next_look_ns = call.ended_ns + _LOOK_EVERY_NS
        self.owner.log_news(call.core)
        if self._names_by_key and not _table_keys.in_progress():
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


def _abandon(request_dict: dict[str, Any], error: BaseException) -> None:
    call = request_dict["context"].get(CONTEXT_KEY)
    if call is not None:
        call.abandon(error)


def _limit_own_describe(context: dict[str, Any], **_: object) -> None:
    if _table_keys.in_progress():
        # Newer versions of botocore take a timeout from here; others use the client's.
        context["read_timeout"] = _table_keys.TIMEOUT_SECONDS


def _no_verdict(**_: object) -> None:
    """In the place of a retry handler that cannot be found: the SDK asks that one itself."""


def _registered(events: Any, unique_id: str) -> Callable[..., Any] | None:
    # Private: botocore has no way to ask for a handler. Guarded, and tests/test_retries.py fails when it moves.
    emitter = getattr(events, "_emitter", events)
    entry = getattr(emitter, "_unique_id_handlers", {}).get(unique_id, {})
    handler: Callable[..., Any] | None = entry.get("handler")
    return handler


def _replace_retry_handler(events: Any, handler: Callable[..., Any]) -> None:
    events.unregister(_NEEDS_RETRY, unique_id=_SDK_RETRY)
    events.register(_NEEDS_RETRY, handler, unique_id=_SDK_RETRY)
