"""A pool of endpoints of any kind, each of which may fail: URLs, configurations, clients.

    pool = EndpointPool.from_list(configurations)
    while pool.data:
        with pool.get_endpoint() as configuration:
            return call(configuration)

What leaves the `with` as an exception counts against its endpoint and is swallowed, so that the loop tries the next one; it is
let through once all have failed since anything went well. The core keeps the books (latency, failures, who is set aside and
for how long), as it does for the nodes of a cluster; an `Algorithm`, or a function per call, decides where the core should not.
No lock is held and no thread started: a pool may be used by any number of threads, and in a forked child.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from time import perf_counter_ns
from typing import Any, Final, Generic, TypeAlias, TypeVar

from . import _check, _library, _native, errors
from ._core import Core
from ._log import logger
from .config import core_options

T = TypeVar("T")

_MOST: Final = 256
_SCORE: Final = 100
_SCORE_PER_FAILURE: Final = 50


class NoEndpointAvailable(errors.AlternatorError):
    """Every endpoint of the pool is isolated."""

    def __init__(self, message: str = "every endpoint of the pool is isolated") -> None:
        super().__init__(message, errors.NO_NODES, "ALB_ERR_NO_NODES")

    def __reduce__(self) -> Any:
        return type(self), (str(self),)


class Endpoint(Generic[T]):
    """One endpoint of a pool; there is one such object for each, and it shows what the core knows at the moment."""

    def __init__(self, raw: T, node_id: int, core: Core) -> None:
        self.raw: Final[T] = raw
        self.node_id: Final = node_id
        self.last_failure_time: datetime | None = None
        self._core: Final = core

    def __repr__(self) -> str:
        return f"<Endpoint {self.raw!r}, score {self.score}>"

    @property
    def failure_count(self) -> int:
        """Failures since the last success."""
        return int(self._core.health(self.node_id).failures_in_a_row)

    @property
    def success_count(self) -> int:
        """Successes ever."""
        return self._core.outcomes(self.node_id)["success"]

    @property
    def score(self) -> int:
        """From 100, when its last use went well, down to 0 after two failures in a row."""
        return max(0, _SCORE - _SCORE_PER_FAILURE * self.failure_count)

    @property
    def set_aside(self) -> bool:
        """Whether the core has set it aside: after three failures in a row, for 0.5 s doubling to 30 s; never more than half."""
        return bool(self._core.health(self.node_id).state == _native.HEALTH_SET_ASIDE)

    @property
    def may_return(self) -> bool:
        """Whether the core has it in use, or its time is over and it may be tried again."""
        health = self._core.health(self.node_id)
        return bool(health.state != _native.HEALTH_SET_ASIDE or health.probe_in_ms == 0)


Elect: TypeAlias = Callable[[Sequence[Endpoint[T]]], Endpoint[T]]
Judge: TypeAlias = Callable[[Endpoint[T]], bool]


class Algorithm(Generic[T]):
    """How a pool decides. Each method may be overridden; these say what the core says."""

    def find_best_endpoint(self, endpoints: Sequence[Endpoint[T]]) -> Endpoint[T]:
        """The next active endpoint, of those that are not isolated. They come in the order to try them: first those that have not
        failed since anything went well, and of these first the core's choice."""
        return endpoints[0]

    def should_be_isolated(self, endpoint: Endpoint[T]) -> bool:
        """Asked of each endpoint in use after a failure of any."""
        return endpoint.set_aside

    def should_be_recovered(self, endpoint: Endpoint[T]) -> bool:
        """Asked of each isolated endpoint when the pool recovers."""
        return endpoint.may_return


class EndpointPool(Generic[T]):
    """Made by `from_list`."""

    def __init__(
        self, endpoints: Iterable[T], *, algorithm: Algorithm[T] | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        if isinstance(endpoints, (str, bytes)) or not isinstance(endpoints, Iterable):
            raise _check.refused("endpoints", endpoints, "a list of endpoints, or something else to iterate over")
        _check.instance("algorithm", algorithm, Algorithm)
        raw: list[T] = []
        for endpoint in endpoints:
            if endpoint not in raw:
                raw.append(endpoint)
        if not 0 < len(raw) <= _MOST:
            raise errors.bad_value(f"{len(raw)} endpoints are not accepted: 1 to {_MOST} different ones")
        # The core knows them by names that nobody looks up: in a static list nothing is asked, and requests are the caller's.
        names = [f"endpoint-{number}" for number in range(len(raw))]
        settings = {
            "seeds": ",".join(names),
            "discovery": "static",
            "refresh.mode": "manual",
            # Other pools have the same names.
            "health.share": "handle",
            **core_options(options),
        }
        self._core: Final = Core(_library.load(), settings.items())
        ids = {host: node_id for node_id, host in self._core.hosts()}
        self.algorithm: Algorithm[T] = Algorithm() if algorithm is None else algorithm
        self.endpoints: Final = [Endpoint(thing, ids[name], self._core) for thing, name in zip(raw, names, strict=True)]
        self._isolated: set[Endpoint[T]] = set()
        # Since anything went well.
        self._failed: set[Endpoint[T]] = set()
        self._active: Endpoint[T] | None = None
        self._picked = threading.local()

    @classmethod
    def from_list(
        cls, raw_list: Iterable[T], *, algorithm: Algorithm[T] | None = None, options: Mapping[str, str] | None = None
    ) -> EndpointPool[T]:
        """A pool of these; equal ones count once. `options` are options of the core, such as {"health.eject_base_ms": "5000"}."""
        return cls(raw_list, algorithm=algorithm, options=options)

    def __len__(self) -> int:
        """How many are not isolated."""
        return len(self.data)

    @property
    def data(self) -> list[Endpoint[T]]:
        """Those that are not isolated."""
        return [endpoint for endpoint in self.endpoints if endpoint not in self._isolated]

    @property
    def isolated(self) -> list[Endpoint[T]]:
        return [endpoint for endpoint in self.endpoints if endpoint in self._isolated]

    isolated_eps = isolated

    @property
    def active(self) -> Endpoint[T] | None:
        """The one elected last, by any thread."""
        return self._active

    def pick(self, elect_method: Elect[T] | None = None) -> T:
        """Elects, and gives what was put into the pool."""
        return self.elect(elect_method).raw

    def elect(self, method: Elect[T] | None = None) -> Endpoint[T]:
        """Makes the best endpoint, as `method` or the algorithm has it, the active one, which `fail` and `succeed` then mean."""
        endpoints = self.data
        if not endpoints:
            raise NoEndpointAvailable
        chosen = self._core.pick()
        endpoints.sort(key=lambda endpoint: (endpoint in self._failed, endpoint.node_id != chosen))
        elected: Endpoint[T] | None = None
        try:
            elected = self._checked((method or self.algorithm.find_best_endpoint)(endpoints))
        finally:
            # The core takes its choice for the beginning of a use.
            if elected is None or elected.node_id != chosen:
                self._core.report(chosen, _native.OUTCOME_CANCELLED, 0)
        self._active = self._picked.endpoint = elected
        logger.debug("the active endpoint is %r", elected)
        return elected

    def fail(self, isolate_method: Judge[T] | None = None, *, endpoint: Endpoint[T] | None = None) -> None:
        """Marks a failure: of `endpoint`, or of the one that this thread has picked last; then isolates who is to be."""
        failed = self._own() if endpoint is None else self._checked(endpoint)
        self._failed.add(failed)
        self._report(failed, _native.OUTCOME_SERVER_ERROR, 0)
        failed.last_failure_time = datetime.now(timezone.utc)
        should_be_isolated = isolate_method or self.algorithm.should_be_isolated
        for candidate in self.data:
            if should_be_isolated(candidate):
                self._isolated.add(candidate)
                logger.warning("endpoint isolated: %r", candidate)

    def succeed(self, *, endpoint: Endpoint[T] | None = None, seconds: float = 0.0) -> None:
        """Marks a success: of `endpoint`, or of the one that this thread has picked last."""
        succeeded = self._own() if endpoint is None else self._checked(endpoint)
        if not 0 <= seconds < math.inf:
            raise _check.refused("seconds", seconds, "how long the use took, 0 or more")
        self._failed.clear()
        self._report(succeeded, _native.OUTCOME_SUCCESS, seconds)

    def recover(self, method: Judge[T] | None = None) -> None:
        """Takes isolated endpoints into use again, as `method` or the algorithm has it."""
        should_be_recovered = method or self.algorithm.should_be_recovered
        for candidate in self.isolated:
            if should_be_recovered(candidate):
                self._isolated.discard(candidate)
                logger.info("endpoint recovered: %r", candidate)

    @contextmanager
    def get_endpoint(
        self,
        auto_reelect: bool = True,
        auto_recover: bool = True,
        isolate_method: Judge[T] | None = None,
        elect_method: Elect[T] | None = None,
        recover_method: Judge[T] | None = None,
        exempt_exceptions: type[BaseException] | tuple[type[BaseException], ...] = (),
    ) -> Iterator[T]:
        """The active endpoint for the length of a `with`, whose end marks it. It stays the active one until it fails.

        An exception is a failure, and is swallowed until all endpoints have failed since anything went well. One of
        `exempt_exceptions` says nothing about the endpoint and is let through; so is KeyboardInterrupt and its like.
        """
        if not isinstance(exempt_exceptions, tuple):
            exempt_exceptions = (exempt_exceptions,)
        if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in exempt_exceptions):
            raise _check.refused("exempt_exceptions", exempt_exceptions, "classes of exceptions, as a tuple")
        if auto_recover:
            self.recover(recover_method)
        endpoint = self._active
        if endpoint is None or endpoint in self._isolated:
            endpoint = self.elect(elect_method)
        self._picked.endpoint = endpoint
        began = perf_counter_ns()
        try:
            yield endpoint.raw
        except exempt_exceptions:
            self._report(endpoint, _native.OUTCOME_CALLER_FAULT, _seconds_since(began))
            raise
        except Exception as error:
            logger.warning("endpoint failed: %r: %r", endpoint, error)
            self.fail(isolate_method, endpoint=endpoint)
            if auto_recover:
                self.recover(recover_method)
            if auto_reelect and self._active is endpoint and self.data:
                self.elect(elect_method)
            if self._failed.issuperset(self.data):
                self._failed.clear()
                raise
        except BaseException:
            self._report(endpoint, _native.OUTCOME_CANCELLED, _seconds_since(began))
            raise
        else:
            self.succeed(endpoint=endpoint, seconds=_seconds_since(began))

    def _own(self) -> Endpoint[T]:
        """The endpoint that this thread means: that of its last pick, else the active one, else one that is elected now."""
        picked: Endpoint[T] | None = getattr(self._picked, "endpoint", None)
        return picked or self._active or self.elect()

    def _checked(self, endpoint: Endpoint[T]) -> Endpoint[T]:
        if not any(endpoint is own for own in self.endpoints):
            raise _check.refused("endpoint", endpoint, "one of this pool's `endpoints`")
        return endpoint

    def _report(self, endpoint: Endpoint[T], outcome: int, seconds: float) -> None:
        self._core.report(endpoint.node_id, outcome, round(seconds * 1e6))


# The names of pyhapool.
HAEndpointPool = EndpointPool
BasicHAAlgorithm = Algorithm


def _seconds_since(began_ns: int) -> float:
    return (perf_counter_ns() - began_ns) / 1e9
